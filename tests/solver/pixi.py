#!/usr/bin/env python3
"""Run pixi on what `conda-torch` prints and writes for it.

    python3 tests/solver/pixi.py --binary target/release/conda-torch

For each of `tests/machines`, the commands of `advise --client pixi` are run, without the install, on the judge's
channel: what pixi locks must be the build that is recommended. For each case of `tests/files` with a manifest of
pixi, `pixi lock` must solve the new file; a package that the channel lacks is made up. In each of `PROJECTS`,
`install` must run to the lock of the build, and the manifest must be the one that is written here. Needs pixi 0.71 or newer
on PATH, and no network. Exit code 0 if all is right, 1 if not, 2 if it could not run.
"""

import argparse
import contextlib
import functools
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import channel  # noqa: E402

MACHINES = HERE.parent / "machines"
FILES = HERE.parent / "files"


GPU = ["--gpu", "RTX 4090", "--driver", "580.65.06"]
# Parts of a manifest of linux-64, what `install` is asked, the build that pixi locks, and a line that is then in the manifest.
PROJECTS = [
    ("channels = ['conda-forge']\nplatforms = ['linux-64']", GPU, "cuda130", 'platforms = [{ platform = "linux-64", cuda = "13.0" }]'),
    ("channels = ['conda-forge']\nplatforms = ['linux-64', 'osx-arm64']", ["--cpu"], "cpu", "[target.linux-64.dependencies]"),
    ("channels = ['nvidia']\nplatforms = ['win-64']\n[system-requirements]\ncuda = '12'", GPU, "cuda130",
     "[target.linux-64-cuda-13-0.dependencies]"),
    ("channels = ['conda-forge']\nplatforms = ['linux-64']\n[dependencies]\npython = '3.12.*'\n"
     "[system-requirements]\ncuda = '12'\nlibc = '2.34'", GPU, "cuda130",
     'platforms = [{ platform = "linux-64", cuda = "13.0", glibc = "2.34" }]'),
    ("channels = ['conda-forge']\nplatforms = ['linux-64', {name='gpu', platform='linux-64', cuda='12'}]", GPU, "cuda130",
     "[target.gpu.dependencies]"),
    ("channels = ['conda-forge']\nplatforms = [{name='gpu', platform='linux-64', cuda='12'}, 'linux-64']", ["--cpu"], "cpu",
     "[target.linux-64.dependencies]"),
]
# Of packages from PyPI and a build backend, which need the network.
ONLY_PARSED = {"pyproject-with-pixi", "pixi-package-and-constraints"}
# Its packages stay, and the output says so.
UNSOLVABLE = {"pixi-inherited-packages"}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(folder):
    """The address of a server of the folder, on this machine alone."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Pixi:
    """pixi with a home of its own, whose only channels are those of a folder."""

    def __init__(self, home, address):
        config = home / ".pixi" / "config.toml"
        config.parent.mkdir(parents=True)
        config.write_text(f'[mirrors]\n"https://conda.anaconda.org/" = ["{address}"]\n')
        self.env = {"PATH": os.environ["PATH"], "HOME": str(home), "PIXI_HOME": str(config.parent),
                    "PIXI_CACHE_DIR": str(home / "cache"), "NO_COLOR": "1"}

    def install(self, binary, flags, folder):
        """Runs `install`, whose `pixi add` installs nothing: the channel's packages are not there."""
        shim = folder.parent / "shim" / "pixi"
        shim.parent.mkdir(exist_ok=True)
        pixi = shutil.which("pixi")
        shim.write_text(f'#!/bin/sh\n[ "$1" = add ] && exec {pixi} "$@" --no-install\nexec {pixi} "$@"\n')
        shim.chmod(0o755)
        env = self.env | {"PATH": f"{shim.parent}:/usr/bin:/bin"}
        done = subprocess.run([binary, "install", "--yes", "--client", "pixi", *flags], cwd=folder, env=env,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
        return " ".join(done.stderr.split())[-600:]

    def run(self, argv, folder):
        """pixi's error, or nothing."""
        done = subprocess.run(argv, cwd=folder, env=self.env, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            return f"`{' '.join(argv)}`: {' '.join((done.stderr or done.stdout).split())[-600:]}"
        return None


def locked(manifest):
    """File names of the packages that are locked, by environment and platform."""
    text, found, at = (manifest.parent / "pixi.lock").read_text(), {}, [None] * 5
    for line in text.split("\npackages:")[0].splitlines():  # YAML of one form
        depth, bare = (len(line) - len(line.lstrip())) // 2, line.strip()
        if bare.startswith("- conda: "):
            found.setdefault((at[1], at[3]), []).append(bare.rsplit("/", 1)[1])
        elif bare.endswith(":") and depth < len(at):
            at[depth] = bare[:-1]
    return found


def parts(file):
    """Name, version and build of a package's file."""
    return re.sub(r"\.conda$|\.tar\.bz2$", "", file).rsplit("-", 2)


def machine_faults(pixi, binary, path, folder):
    """What is wrong with the commands for a machine; nothing, if there is no advice."""
    done = subprocess.run([binary, "advise", "--machine", path, "--client", "pixi", "--json"],
                          capture_output=True, text=True, timeout=60, check=False)
    document = json.loads(done.stdout)
    recommendation = document.get("recommendation")
    if recommendation is None:
        return None
    for step in document["commands"]:
        if step["step"] in ("prepare", "install"):
            # Packages cannot be installed, and the machine may be another platform.
            argv = step["argv"] if "init" in step["argv"] else [*step["argv"], "--no-install"]
            if error := pixi.run(argv, folder):
                return [error]
    found = locked(folder / "torch" / "pixi.toml")
    if len(found) != 1:
        return [f"locked for {sorted(found)}"]
    packages = {name: (version, build) for name, version, build in map(parts, *found.values())}
    version, build = packages.get("pytorch", ("none", "none"))
    wrong = []
    number = build.rsplit("_", 1)[-1]
    if version != recommendation["pytorch"] or not build.startswith(recommendation["build"]) \
            or number != str(recommendation["build_number"]):
        wrong.append(f"locked pytorch {version} {build}, promised {recommendation['pytorch']} "
                     f"{recommendation['build']} {recommendation['build_number']}")
    pin = recommendation["cuda_version"]
    if pin and packages.get("cuda-version", (None,))[0] != pin:
        wrong.append(f"locked cuda-version {packages.get('cuda-version')}, promised {pin}")
    return wrong


def project_faults(pixi, binary, project, folder):
    manifest, flags, build, line = project
    file = folder / "pixi.toml"
    file.write_text(f"[workspace]\nname = 'x'\n{manifest}\n")
    said = pixi.install(binary, flags, folder)
    if line not in file.read_text().splitlines():
        return [f"no line `{line}` in {file.read_text()}; {said}"]
    if not (folder / "pixi.lock").exists():
        return [f"nothing is locked: {said}"]
    files = [parts(file) for files in locked(file).values() for file in files]
    # What is added for a subdir goes to all its platforms.
    builds = {found for name, _, found in files if name == "pytorch"}
    return [] if len(builds) == 1 and builds.pop().startswith(build) else [f"locked {builds}, expected {build}: {said}"]


def manifests():
    """The cases with a manifest of pixi: the name of its file, and the new text."""
    for case in sorted(FILES.iterdir()):
        for file in (case / "pixi.toml", case / "pyproject.toml"):
            if file.exists():
                text = (case / "after" if (case / "after").exists() else file).read_text()
                if file.name == "pixi.toml" or "pixi" in tomllib.loads(text).get("tool", {}):
                    yield case.name, file.name, text


def wanted(table):
    """Names and specs of packages, anywhere in a manifest."""
    for key, value in table.items():
        if isinstance(value, dict):
            if key.endswith("dependencies") and key != "pypi-dependencies" or key == "constraints":
                for name, spec in value.items():
                    yield name, spec if isinstance(spec, str) else spec.get("version", "*")
            yield from wanted(value)


def channels_of(table):
    """Names or addresses of channels, anywhere in a manifest."""
    for key, value in table.items():
        if key == "channels":
            yield from (one["channel"] if isinstance(one, dict) else one for one in value)
        elif isinstance(value, dict):
            yield from channels_of(value)


def make_channel(path):
    """The judge's channel, with the other packages of the manifests, and their other channels without any."""
    channel.make(path / "conda-forge")
    file = path / "conda-forge" / "noarch" / "repodata.json"
    document = json.loads(file.read_text())
    known = {record["name"] for part in path.glob("conda-forge/*/repodata.json")
             for record in json.loads(part.read_text())["packages.conda"].values()}
    more = channel.Channel()
    others = {"nvidia"}
    for _, _, text in manifests():
        others |= {name.rsplit("/", 1)[-1] for name in channels_of(tomllib.loads(text))} - {"conda-forge"}
        for name, spec in wanted(tomllib.loads(text)):
            for version in re.findall(r"\d+(?:\.\d+)*", spec) or ["1.0"]:
                if name not in known and f"{name}-{version}-0.conda" not in more.records["noarch"]:
                    more.add("noarch", name, version, "0")
    document["packages.conda"] |= more.records["noarch"]
    file.write_text(json.dumps(document))
    for name in others:
        channel.Channel().write(path / name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, required=True)
    options = parser.parse_args()
    if shutil.which("pixi") is None:
        print("cannot judge: no pixi on PATH", file=sys.stderr)
        sys.exit(2)
    binary, failed, judged, none = options.binary.resolve(), 0, 0, 0
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        make_channel(scratch / "channels")
        with served(scratch / "channels") as address:
            pixi = Pixi(scratch / "home", address)
            for path in sorted(MACHINES.glob("*.json")):
                folder = scratch / path.stem
                folder.mkdir()
                faults = machine_faults(pixi, binary, path, folder)
                judged, none = judged + (faults is not None), none + (faults is None)
                for line in faults or []:
                    failed += 1
                    print(f"{path.stem}: {line}")
            for at, project in enumerate(PROJECTS):
                folder = scratch / f"project-{at}"
                folder.mkdir()
                judged += 1
                for line in project_faults(pixi, binary, project, folder):
                    failed += 1
                    print(f"{project[0]!r} {project[1]}: {line}")
            for name, file, text in manifests():
                folder = scratch / name
                folder.mkdir()
                (folder / file).write_text(text)
                judged += 1
                verb = ["workspace", "platform", "list"] if name in ONLY_PARSED else ["lock"]
                error = pixi.run(["pixi", *verb, "--manifest-path", file], folder)
                if name in UNSOLVABLE:
                    error = None if error else "can be solved"
                if error:
                    failed += 1
                    print(f"{name}: {error}")
    print(f"{judged} judged, {none} machines without advice, {failed} faults")
    sys.exit(bool(failed) or judged < 60)


if __name__ == "__main__":
    main()
