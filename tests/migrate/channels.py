#!/usr/bin/env python3
"""Channels from the time of the old instructions, with installable packages.

    python3 tests/migrate/channels.py OUT_DIR

writes OUT_DIR/HOST/CHANNEL/{noarch,linux-64}/: conda-forge with its rules about PyTorch (those of
`tests/solver`), and `pytorch`, `nvidia` and `defaults` with what their packages asked for. A package
is an archive with nothing but its own description in it; Python alone has a program, which notes what
it was run with. The records of the old channels are written down from memory of their form: what
matters is which package holds which other fast.
"""

import hashlib
import io
import json
import pathlib
import sys
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "solver"))
import channel as conda_forge  # noqa: E402

FORGE, PYTORCH, NVIDIA = (f"conda.anaconda.org/{name}" for name in ("conda-forge", "pytorch", "nvidia"))
OWN = "conda.anaconda.org/example-lab"
MIRROR = "mirror.example/anaconda-main"  # of MAIN, with a name that says nothing
MAIN = "repo.anaconda.com/pkgs/main"
GLIBC = "__glibc >=2.17,<3.0.a0"
# Toolkit: the versions of its libraries on `nvidia`, and the bound of libcublas that `pytorch-cuda` sets.
TOOLKITS = {"11.8": ("11.8.89", "11.11.3.6", ">=11.11.3.6,<12"), "12.1": ("12.1.105", "12.1.0.26", ">=12.1.0.26,<12.1.3.1"),
            "12.4": ("12.4.127", "12.4.5.8", ">=12.4.5.8,<12.4.6")}
# PyTorch: torchvision, torchaudio, triton, the toolkits, the Pythons.
RELEASES = {"2.5.1": ("0.20.1", "2.5.1", "3.1.0", ("11.8", "12.1", "12.4"), ("3.9", "3.10", "3.11", "3.12")),
            "2.4.1": ("0.19.1", "2.4.1", "3.0.0", ("11.8", "12.1", "12.4"), ("3.8", "3.9", "3.10", "3.11", "3.12")),
            "2.1.2": ("0.16.2", "2.1.2", "2.1.0", ("11.8", "12.1"), ("3.8", "3.9", "3.10", "3.11"))}


def python_pin(python):
    return f"python >={python},<3.{int(python.split('.')[1]) + 1}.0a0"


class Old:
    """Records of one channel by subdir."""

    def __init__(self):
        self.records = {"noarch": [], "linux-64": []}

    def add(self, name, version, build="0", depends=(), constrains=(), subdir="linux-64", number=0, features=None):
        record = {"name": name, "version": version, "build": build, "build_number": number, "subdir": subdir,
                  "depends": list(depends), "constrains": list(constrains)}
        if features:
            record["track_features"] = features
        if subdir == "noarch":
            record["noarch"] = "generic"
        self.records[subdir].append(record)


def pytorch():
    old = Old()
    old.add("pytorch-mutex", "1.0", "cuda", subdir="noarch")
    old.add("pytorch-mutex", "1.0", "cpu", subdir="noarch", features="pytorch-mutex", number=100)
    old.add("cpuonly", "2.0", depends=["pytorch-mutex 1.0 cpu"], subdir="noarch", features="cpuonly")
    old.add("ffmpeg", "4.3", "hf484d3e_0", [GLIBC])
    for toolkit, (version, _, bound) in TOOLKITS.items():
        major = toolkit.split(".")[0]
        old.add("pytorch-cuda", toolkit, f"h{major}_6", number=6, constrains=["pytorch-mutex 1.0 cuda"],
                depends=[f"cuda-cudart >={toolkit},<{toolkit[:-1]}{int(toolkit[-1]) + 1}", "cuda-libraries",
                         f"libcublas {bound}", "cuda-runtime"])
        del version
    for release, (vision, audio, triton, toolkits, pythons) in RELEASES.items():
        for python in pythons:
            old.add("torchtriton", triton, f"py{python.replace('.', '')}", [python_pin(python), "filelock"])
            plain = [python_pin(python), "numpy >=1.11,<2", "filelock", "mkl >=2018", "blas * mkl"]
            variants = [(f"cuda{toolkit}_cudnn9.1.0_0", f"cu{toolkit.replace('.', '')}", toolkit) for toolkit in toolkits]
            for label, short, toolkit in [("cpu_0", "cpu", None), *variants]:
                if toolkit:
                    near = f"{toolkit[:-1]}{int(toolkit[-1]) + 1}"
                    ties = ["pytorch-mutex 1.0 cuda", f"pytorch-cuda >={toolkit},<{near}", f"torchtriton {triton}"]
                    rival = ["cpuonly <0"]
                else:
                    ties, rival = ["pytorch-mutex 1.0 cpu"], ["pytorch-cuda <0"]
                mutex = ties[:2] if toolkit else ties
                old.add("pytorch", release, f"py{python}_{label}", plain + ties, rival)
                tag = f"py{python.replace('.', '')}_{short}"
                old.add("torchvision", vision, tag, [python_pin(python), f"pytorch {release}", "pillow >=5.3", "requests",
                                                     "ffmpeg >=4.2", *mutex], rival)
                old.add("torchaudio", audio, tag, [python_pin(python), f"pytorch {release}", *mutex], rival)
    for python in ("3.9", "3.10", "3.11"):
        old.add("torchtext", "0.16.2", f"py{python.replace('.', '')}", [python_pin(python), "pytorch 2.1.2", "requests"])
    return old


def nvidia():
    old = Old()
    for toolkit, (version, cublas, _) in TOOLKITS.items():
        old.add("cuda-cudart", version, depends=[GLIBC])
        old.add("cuda-nvcc", version, depends=[GLIBC])
        old.add("libcublas", cublas, depends=[GLIBC])
        old.add("cuda-libraries", f"{toolkit}.1", depends=[f"cuda-cudart {version}", f"libcublas {cublas}"])
        old.add("cuda-runtime", f"{toolkit}.1", depends=[f"cuda-libraries {toolkit}.1"])
    return old


def plain(old, pythons, label):
    """Packages that both Anaconda's channel and conda-forge build."""
    old.add("_libgcc_mutex", "0.1", label)
    old.add("ca-certificates", "2026.1.1", f"h_{label}")
    old.add("tzdata", "2025b", f"h_{label}", subdir="noarch")
    old.add("filelock", "3.17.0", f"py_{label}", ["python"], subdir="noarch")
    old.add("requests", "2.32.3", f"py_{label}", ["python"], subdir="noarch")
    old.add("pip", "25.0", f"py_{label}", ["python"], subdir="noarch")
    for python in pythons:
        tag = f"py{python.replace('.', '')}_{label}"
        for numpy in ("1.24.4", "1.26.4", "2.0.1"):
            old.add("numpy", numpy, tag, [python_pin(python)])
        old.add("pandas", "2.2.3", tag, [python_pin(python), "numpy >=1.22"])
        old.add("pillow", "11.1.0", tag, [python_pin(python)])


def defaults():
    old = Old()
    pythons = ("3.8", "3.9", "3.10", "3.11", "3.12")
    plain(old, pythons, "d0")
    old.add("blas", "1.0", "mkl")
    old.add("mkl", "2023.1.0", "d0", [GLIBC])
    old.add("ffmpeg", "6.1", "d0", [GLIBC])
    old.add("only-main", "1.0", "d0", [GLIBC])
    for python in pythons:
        old.add("python", f"{python}.9", "d0", [GLIBC, "tzdata", "ca-certificates"])
        old.add("numexpr", "2.10", f"py{python.replace('.', '')}_d0", [python_pin(python), "numpy", "mkl"])
    return old


def forge():
    """conda-forge with its rules about PyTorch, and with the packages that everything else needs."""
    facts = json.loads((HERE.parent / "solver" / "facts.json").read_text())
    channel = conda_forge.Channel()
    conda_forge.foundations(channel, facts)
    conda_forge.cuda_libraries(channel, facts)
    for row in facts["builds"]:
        if "label" not in row:
            conda_forge.pytorch(channel, row)
    for row in facts["companions"]:
        conda_forge.companion(channel, row)
    new = Old()
    for subdir, records in new.records.items():
        for record in channel.records[subdir].values():
            record = {key: value for key, value in record.items() if key not in ("md5", "sha256", "size")}
            records.append(record)
    plain(new, ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"), "cf0")
    new.add("ffmpeg", "7.1.1", "cf0", [GLIBC])
    for python in ("3.10", "3.11", "3.12"):
        new.add("numexpr", "2.14", f"py{python.replace('.', '')}_cf0", [python_pin(python), "numpy"])
    new.add("torchdata", "0.11.0", "cf0", ["python", "pytorch >=2"], subdir="noarch")
    for version in facts["cuda_versions"]:
        if int(version.split(".")[0]) >= 12:
            major, minor = version.split(".")
            new.add("cuda-nvcc", f"{version}.86", "cf0", [f"cuda-version >={version},<{major}.{int(minor) + 1}.0a0"])
    return new


def own():
    """A private channel: packages of its own, some that need the old PyTorch, and names that conda-forge has too."""
    old = Old()
    old.add("lab-tools", "1.2", "0", ["python"], subdir="noarch")
    old.add("lab-ops", "0.9", "0", ["python", "pytorch 2.5.1.*"], subdir="noarch")
    old.add("lab-models", "0.1", "0", ["python", "lab-ops"], subdir="noarch")
    for python in ("3.10", "3.11"):
        old.add("pandas", "1.5.3", f"py{python.replace('.', '')}_lab", [python_pin(python), "numpy"])
    old.add("lab-frames", "1.0", "0", ["python", "pandas 1.5.3 *_lab"], subdir="noarch")
    old.add("requests", "99.0", "lab", ["python"], subdir="noarch")
    return old


def archive(record):
    """The bytes of a package."""
    files = {"info/index.json": json.dumps(record)}
    paths = []
    if record["name"] == "python":
        # Stands for Python where pip is asked: it notes what it was told.
        files["bin/python"] = '#!/bin/sh\necho "$@" >> "${0%/bin/python}/ran.txt"\n'
        digest = hashlib.sha256(files["bin/python"].encode()).hexdigest()
        size = len(files["bin/python"])
        paths = [{"_path": "bin/python", "path_type": "hardlink", "sha256": digest, "size_in_bytes": size}]
    files["info/files"] = "".join(f"{path['_path']}\n" for path in paths)
    files["info/paths.json"] = json.dumps({"paths": paths, "paths_version": 1})
    files["info/about.json"] = "{}"
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:bz2", compresslevel=1) as tar:
        for name, text in sorted(files.items()):
            data = text.encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            member.mode = 0o755 if name.startswith("bin/") else 0o644
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()


def zstandard(data):
    """A Zstandard frame of blocks that are stored, not compressed (RFC 8878): mamba reads no other format."""
    frame = b"\x28\xb5\x2f\xfd\xa0" + len(data).to_bytes(4, "little")
    blocks = [data[at:at + (1 << 17)] for at in range(0, len(data), 1 << 17)]
    for at, block in enumerate(blocks):
        frame += (len(block) << 3 | (at + 1 == len(blocks))).to_bytes(3, "little") + block
    return frame


def write(out, place, old):
    for subdir, records in old.records.items():
        folder = pathlib.Path(out) / place / subdir
        folder.mkdir(parents=True, exist_ok=True)
        packages = {}
        for record in records:
            data = archive(record)
            name = f"{record['name']}-{record['version']}-{record['build']}.tar.bz2"
            assert name not in packages, f"twice: {place}/{subdir}/{name}"
            (folder / name).write_bytes(data)
            packages[name] = {**record, "size": len(data), "md5": hashlib.md5(data).hexdigest(),
                              "sha256": hashlib.sha256(data).hexdigest(), "timestamp": 1700000000000}
        document = {"info": {"subdir": subdir}, "packages": packages, "packages.conda": {}, "repodata_version": 1}
        text = json.dumps(document).encode()
        (folder / "repodata.json").write_bytes(text)
        (folder / "repodata.json.zst").write_bytes(zstandard(text))


def make(out):
    for place, old in ((FORGE, forge()), (PYTORCH, pytorch()), (NVIDIA, nvidia()), (MAIN, defaults()), (MIRROR, defaults()), (OWN, own()),
                       ("repo.anaconda.com/pkgs/r", Old())):
        write(out, place, old)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    make(sys.argv[1])
