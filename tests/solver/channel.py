#!/usr/bin/env python3
"""Write a small conda channel with conda-forge's rules about PyTorch.

    python3 tests/solver/channel.py OUT_DIR

writes OUT_DIR/{noarch,linux-64,linux-aarch64,osx-64,osx-arm64,win-64}/repodata.json from
`facts.json` next to this file. The facts are copied from the feedstocks, not from the program's rows: an error in
either is a disagreement.

One record for every build number and Python. Names, versions, build strings, `depends` and
`constrains` are real; hashes and sizes are made up, and packages that no rule depends on are left out. The channel can
be solved, not installed. It has only the label `main`, without release candidates and broken builds.

Simplifications:
* metapackages whose variants collided up to 2.4.1: of several toolkits only the oldest has one
  (the real channel lacks some; which ones is unknown);
* the CUDA libraries of a toolkit are one version each; those of 12.6 and later need glibc 2.28.
"""

import hashlib
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
SUBDIRS = ["linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64"]
PYTHONS = ["3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]
# cuDNN 9.11 to 9.13 for CUDA 12 are labelled broken: 9.10.2.21 is its last.
CUDNN = [("7.6.5.32", "10", "cudatoolkit 10.2|10.2.*", "2.17"), ("8.9.7.29", "11", "cudatoolkit >=11,<12", "2.17"),
         ("8.9.7.29", "12", "cuda-version >=12,<13", "2.17"), ("9.3.0.75", "11", "cudatoolkit >=11,<12", "2.17"),
         ("9.3.0.75", "12", "cuda-version >=12,<13", "2.17"),
         ("9.10.2.21", "12", "cuda-version >=12,<13", "2.28"), ("9.23.1.3", "13", "cuda-version >=13,<14", "2.28")]

CUDNN_BUILT_WITH = {"7": "7.6.5", "8": "8.8", "9": "9.3"}


def key(version):
    """`2.10` sorts after `2.9`."""
    return tuple(int(part) for part in version.split("."))


def digest(*parts):
    return "h" + hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:7]


def next_minor(version):
    major, minor = key(version)[:2]
    return f"{major}.{minor + 1}"


def python_pin(python):
    return f"python >={python},<{next_minor(python)}.0a0"


class Channel:
    """Records by subdir and file name."""

    def __init__(self):
        self.records = {subdir: {} for subdir in ["noarch", *SUBDIRS]}

    def add(self, subdir, name, version, build, number=0, depends=(), constrains=(), features=None):
        file = f"{name}-{version}-{build}.conda"
        assert file not in self.records[subdir], f"twice: {subdir}/{file}"
        sha = hashlib.sha256(f"{subdir}/{file}".encode()).hexdigest()
        record = {"name": name, "version": version, "build": build, "build_number": number, "subdir": subdir,
                  "depends": [d for d in depends if d], "constrains": list(constrains), "size": 1,
                  "md5": sha[:32], "sha256": sha}
        if subdir == "noarch":
            record["noarch"] = "generic"
        if features:
            record["track_features"] = features
        self.records[subdir][file] = record

    def write(self, out):
        for subdir, records in self.records.items():
            folder = pathlib.Path(out) / subdir
            folder.mkdir(parents=True, exist_ok=True)
            document = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": dict(sorted(records.items())),
                        "removed": [], "repodata_version": 1}
            (folder / "repodata.json").write_text(json.dumps(document, indent=0) + "\n")


def foundations(channel, facts):
    """cuda-version, arm-variant, Python, BLAS: the base of everything else."""
    for version in facts["cuda_versions"]:
        channel.add("noarch", "cuda-version", version, digest("cuda-version", version) + "_3", 3,
                    constrains=[f"__cuda >={key(version)[0]}", f"cudatoolkit {version}|{version}.*"])
    channel.add("noarch", "arm-variant", "1.2.0", "sbsa")
    channel.add("noarch", "arm-variant", "1.2.0", "tegra", features="arm-variant-tegra")
    channel.add("noarch", "nomkl", "1.0", "h5ca1d4c_0")
    for subdir in ("linux-64", "linux-aarch64"):
        channel.add(subdir, "cuda-compat", "13.2.0", "h0000000_0", depends=[glibc(subdir, "2.17")])
    for subdir in SUBDIRS:
        for python in PYTHONS:
            if not (subdir == "osx-arm64" and python == "3.7"):
                channel.add(subdir, "python", f"{python}.0", "0_cpython", depends=[glibc(subdir, "2.17")])
        if subdir in ("linux-64", "osx-64", "win-64"):
            channel.add(subdir, "mkl", "2025.3.0", "0")
        channel.add(subdir, "libblas", "3.11.0", "0")


def glibc(subdir, floor):
    return f"__glibc >={floor},<3.0.a0" if subdir.startswith("linux") and floor else None


def cuda_libraries(channel, facts):
    """The CUDA dependencies of a build, with their minimum versions."""
    for subdir in ("linux-64", "linux-aarch64", "win-64"):
        for version in facts["cuda_versions"]:
            major = key(version)[0]
            if major < 12:
                channel.add(subdir, "cudatoolkit", f"{version}.0", digest("cudatoolkit", version) + "_13", 13,
                            depends=[glibc(subdir, "2.17")], constrains=[f"__cuda >={major}"])
                continue
            floor = "2.28" if key(version) >= (12, 6) else "2.17"
            own = f"cuda-version >={version},<{next_minor(version)}.0a0"
            channel.add(subdir, "cuda-cudart", f"{version}.50", digest("cudart", version) + "_0",
                        depends=[own, glibc(subdir, "2.17")])
            channel.add(subdir, "libcublas", f"{version}.1.1", digest("cublas", version) + "_0",
                        depends=[own, glibc(subdir, floor)])
            channel.add(subdir, "cuda-cupti", f"{version}.90", digest("cupti", version) + "_0",
                        depends=[own, glibc(subdir, floor)])
        for version, major, tie, floor in CUDNN:
            channel.add(subdir, "cudnn", version, f"cuda{major}_{digest('cudnn', version, major)}_0",
                        depends=[tie, glibc(subdir, floor)])
        if subdir.startswith("linux"):
            for version in sorted({row["triton"] for row in facts["builds"] if "triton" in row}):
                channel.add(subdir, "triton", version, digest("triton", version) + "_0", depends=[glibc(subdir, "2.17")])


def cuda_depends(row):
    """The run dependencies that the CUDA compiler and libraries add."""
    toolkit = row["cuda"]
    depends = ["__cuda", row["rule"]]
    if key(toolkit) >= (12, 0):
        depends += [f"cuda-cudart >={toolkit},<{key(toolkit)[0] + 1}.0a0",
                    f"libcublas >={toolkit},<{key(toolkit)[0] + 1}.0a0"]
    if row.get("exact_cuda"):
        # Windows, 2.13.0: `pin_compatible("cuda-cupti", max_pin="x.x.x")`
        depends.append(f"cuda-cupti >={toolkit}.90,<{toolkit}.91.0a0")
    depends.append(f"cudnn >={CUDNN_BUILT_WITH.get(row['cudnn'], row['cudnn'])},<{key(row['cudnn'])[0] + 1}.0a0")
    if "triton" in row:
        depends.append(f"triton =={row['triton']}")
    if "arm" in row:
        depends.append(f"arm-variant * {row['arm']}")
    return depends


def build_string(row, python, number):
    parts = row["string"].replace("{py}", python.replace(".", ""))
    tie = digest(row["pytorch"], row["subdir"], row.get("cuda"), row["blas"], row.get("arm"), python, number)
    return f"{parts}{tie[1:]}_{number}"


def pytorch(channel, row):
    """All records of one row, and its metapackage."""
    cuda, version, subdir = "cuda" in row, row["pytorch"], row["subdir"]
    own, other = ("pytorch-gpu", "pytorch-cpu") if cuda else ("pytorch-cpu", "pytorch-gpu")
    depends = [glibc(subdir, row.get("glibc")), f"__osx >={row['macos']}" if "macos" in row else None]
    depends += cuda_depends(row) if cuda else []
    depends.append(row.get("unsolvable"))
    if row["blas"] == "mkl":
        depends.append("mkl >=2025.3.0,<2026.0a0")
    else:
        depends += ["libblas >=3.9.0,<4.0a0", "nomkl" if not subdir.startswith("win") else None]
    for number in row["numbers"]:
        for python in row["python"]:
            build = build_string(row, python, number)
            channel.add(subdir, "pytorch", version, build, number, depends=[*depends, python_pin(python)],
                        constrains=[f"{own} =={version}", f"{other} <0.0a0"])
            if row["meta"] == "exact":
                channel.add(subdir, own, version, build, number, depends=[f"pytorch {version} {build}"])
        if row["meta"] not in ("exact", "missing"):
            loose_metapackage(channel, row, own, number)


def loose_metapackage(channel, row, name, number):
    """A metapackage that names the device, the BLAS and perhaps the number, but no toolkit."""
    device = "cuda" if "cuda" in row else "cpu"
    glob = {"device": f"{device}*", "blas": f"{device}*_{row['blas']}*", "number": f"{device}*_{row['blas']}*{number}"}
    if device == "cpu":
        glob = {"device": "cpu*", "blas": f"cpu_{row['blas']}*", "number": f"cpu_{row['blas']}*{number}"}
    label = f"cuda{row['cuda'].replace('.', '')}" if "cuda" in row else "cpu"
    tie = digest("meta", row["pytorch"], row["subdir"], label, row["blas"], row.get("arm"), number)
    channel.add(row["subdir"], name, row["pytorch"], f"{label}_{row['blas']}_{tie}_{number}", number,
                depends=[f"pytorch {row['pytorch']} {glob[row['meta']]}"])


def companion(channel, row):
    """torchvision or torchaudio of one variant."""
    cuda, subdir = row.get("cuda"), row["subdir"]
    device = "cpu"
    depends = []
    if cuda:
        device = "cuda"
        ties = {True: f"cuda-version >={cuda},<{key(cuda)[0] + 1}", False: f"cudatoolkit >={cuda},<12"}
        depends = ["__cuda", ties[key(cuda) >= (12, 0)] if key(cuda) >= (11, 2) else f"cudatoolkit {cuda}|{cuda}.*"]
        if row.get("same_toolkit"):
            device = "cuda" + cuda.replace(".", "")
        if "arm" in row:
            depends.append(f"arm-variant * {row['arm']}")
    depends.append(f"pytorch >={row['series']}.0,<{next_minor(row['series'])}.0a0")
    depends.append(f"pytorch * {device}*")
    label = "cuda" + cuda.replace(".", "") if cuda else "cpu"
    for python in row["python"]:
        tie = digest(row["package"], row["version"], row["number"], subdir, cuda, row.get("arm"), python)
        build = f"{label}_py{python.replace('.', '')}_{tie}_{row['number']}"
        channel.add(subdir, row["package"], row["version"], build, row["number"], depends=[*depends, python_pin(python)])


def make(out):
    facts = json.loads((HERE / "facts.json").read_text())
    channel = Channel()
    foundations(channel, facts)
    cuda_libraries(channel, facts)
    for row in facts["builds"]:
        if "label" not in row:
            pytorch(channel, row)
    for row in facts["companions"]:
        companion(channel, row)
    channel.write(out)
    return {subdir: len(records) for subdir, records in channel.records.items()}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for name, count in make(sys.argv[1]).items():
        print(f"{name}: {count} records")
