#!/usr/bin/env python3
"""Check the files that `conda-torch migrate` writes with a solver.

    python3 tests/solver/files.py

Every `tests/files/NAME/after` of the form of `environment.yml` or `pixi.toml` is solved on the judge's
channel, for each of its platforms, on a machine with the oldest driver that ran the old file and on one
with a new driver: it must be solvable, select a build of the right kind (CUDA if the old file has CUDA, and at least its
major version if that exists), and contain every package of the old file. Packages that the channel
lacks are left out of the solve, and their lines must be unchanged. `tests/migrate_files` compares the
files with the program's output. Exit code 0 if all is right, 1 if not, 2 if it could not run.
"""

import fnmatch
import pathlib
import re
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import channel  # noqa: E402

try:
    import solver  # noqa: E402
except ImportError as error:
    print(f"cannot judge: {error} (pip install -r {HERE / 'requirements.txt'})", file=sys.stderr)
    sys.exit(2)

FILES = HERE.parent / "files"
BESIDE = {"after", "messages.txt", "args.txt"}
MACHINES = {"linux-64": {"glibc": "2.28"}, "linux-aarch64": {"glibc": "2.28"}, "win-64": {},
            "osx-64": {"macos": "13.0"}, "osx-arm64": {"macos": "13.0"}}
SELECTORS = {"linux64": ["linux-64"], "aarch64": ["linux-aarch64"], "linux": ["linux-64", "linux-aarch64"],
             "osx64": ["osx-64"], "arm64": ["osx-arm64"], "osx": ["osx-64", "osx-arm64"],
             "unix": ["linux-64", "linux-aarch64", "osx-64", "osx-arm64"], "win64": ["win-64"], "win": ["win-64"]}
# What the channel has. It has no other packages.
KNOWN = {"pytorch", "pytorch-gpu", "pytorch-cpu", "torchvision", "torchaudio", "cuda-version", "python"}
# Where the solver must end, whatever the driver: by hand, from the feedstocks' tables.
PROMISED = {
    "cuda-12.1-with-nvidia-and-defaults": ("2.13.0", "cuda129"),
    "pinned-2.2-with-companions": ("2.3.1", "cuda120"),
    "torchaudio-holds-pytorch": ("2.10.0", "cuda129"),
    "pin-2.5.0-never-there": ("2.5.1", "cuda126"),
    "cuda-11.8-for-old-drivers": ("2.5.1", "cuda118"),
    "cuda-11.8-on-a-named-machine": ("2.13.0", "cuda130"),
    "cudatoolkit-11.3-and-exact-build": ("1.12.1", "cuda112"),
    "pytorch-1.7-with-cuda-11.0": ("1.12.1", "cuda110"),
    "python-3.8-holds-back": ("2.4.0", "cuda120"),
    "version-range": ("2.1.2", "cuda120"),
    "torchvision-alone-is-pinned": ("2.3.1", "cuda120"),
    "windows-with-cuda-11.8": ("2.5.1", "cuda126"),
    "cpu-only": ("2.13.0", "cpu"),
    "python-3.8-with-a-version-it-lacks": ("2.4.0", "cpu"),
}
# What the commands of a session add to one environment, as `after` has it: the platform, the driver's CUDA, the specs
# of all commands, and where the solver must end.
SESSIONS = {
    "session-on-one-line": [
        ("linux-64", "11.3", "python=3.7 pytorch=1.12.1=cuda112* torchvision cuda-version=11.3", ("1.12.1", "cuda112")),
        ("linux-64", None, "python=3.8 pytorch=2.4.0=cpu* torchvision", ("2.4.0", "cpu"))],
    "session-in-a-document": [
        ("linux-64", "12.1", "python=3.11 pytorch=2.4.1=cuda120* cuda-version=12.1 torchaudio==2.4.1", ("2.4.1", "cuda120"))],
    "branches": [
        ("linux-64", "11.8", "python=3.10 pytorch=2.1.2=cuda118* cuda-version=11.8 torchvision", ("2.1.2", "cuda118")),
        ("linux-64", None, "python=3.10 pytorch=2.1.2=cpu* torchvision", ("2.1.2", "cpu"))],
    "batch": [("win-64", "12.8", "python=3.11 pytorch-gpu torchvision cuda-version=12.8", ("2.13.0", "cuda128"))],
    "image-build": [("linux-64", "12.4", "python=3.11 pytorch-gpu=2.5.1 cuda-version=12.4", ("2.5.1", "cuda120"))],
    "setup-actions": [
        ("linux-64", None, "pytorch=2.1.2=cpu* torchvision", ("2.1.2", "cpu")),
        ("linux-64", "11.8", "python=3.9 pytorch=2.0.0=cuda118* cuda-version=11.8", ("2.0.0", "cuda118"))],
    "makefile": [("linux-64", "11.8", "pytorch=2.0.0=cuda112* torchvision cuda-version=11.8", ("2.0.0", "cuda112"))],
    "slurm": [("linux-64", "11.7", "python=3.9 pytorch=1.13.1=cuda112* torchvision==0.14.1 cuda-version=11.7", ("1.13.1", "cuda112"))],
    "spec-list": [("linux-64", "11.8", "pytorch=2.1.2=cuda118* torchvision=0.16.1 cuda-version=11.8", ("2.1.2", "cuda118"))],
}
SESSIONS |= {
    "packages-in-variables": [
        ("linux-64", "11.8", "python=3.9 pytorch-gpu torchvision cuda-version=11.8", ("2.5.1", "cuda118")),
        ("linux-64", "12.1", "python=3.10 pytorch=2.1.2=cuda120* cuda-version=12.1", ("2.1.2", "cuda120")),
        ("linux-64", None, "python=3.10 pytorch=2.1.2=cpu*", ("2.1.2", "cpu")),
        ("linux-64", "12.1", "python=3.10 pytorch=2.4.1=cuda120* torchvision torchaudio", ("2.4.1", "cuda120"))],
    "makefile-variables": [("linux-64", "11.8", "python=3.9 pytorch=2.0.0=cuda118* cuda-version=11.8", ("2.0.0", "cuda118"))],
    "heredoc-environments": [
        ("linux-64", "12.1", "pytorch=2.4.1=cuda120* torchvision cuda-version=12.1", ("2.4.1", "cuda120")),
        ("linux-64", "11.3", "pytorch=1.12.1=cuda112* cuda-version=11.3", ("1.12.1", "cuda112"))],
    "image-from-a-heredoc": [("linux-64", "12.1", "python=3.10 pytorch=2.3.1=cuda120* cuda-version=12.1", ("2.3.1", "cuda120"))],
    "image-from-a-heredoc-in-run": [
        ("linux-64", "12.1", "python=3.10 pytorch=2.4.1=cuda120* cuda-version=12.1 torchaudio", ("2.4.1", "cuda120"))],
    "heredoc-in-a-workflow": [("linux-64", None, "python=3.10 pytorch=2.3.1=cpu*", ("2.3.1", "cpu"))],
    "pythons-of-a-matrix": [
        ("linux-64", None, "python=3.8 pytorch=2.4.0=cpu*", ("2.4.0", "cpu")),
        ("linux-64", None, "python=3.10 pytorch=2.4.0=cpu*", ("2.4.0", "cpu"))],
    "circleci": [("linux-64", None, "python=3.9 pytorch=2.4.1=cpu* torchaudio", ("2.4.1", "cpu"))],
    "channel-added-to-commands": [
        ("linux-64", "12.1", "pytorch=2.1.0=cuda120* torchvision cuda-version=12.1", ("2.1.0", "cuda120"))],
    "rows-with-a-channel-in-a-word": [("linux-64", None, "pytorch=2.1.0=cpu*", ("2.1.0", "cpu"))],
    "joined-options": [("linux-64", "11.8", "python=3.8 pytorch=2.4.0=cuda118* cuda-version=11.8 torchvision", ("2.4.0", "cuda118"))],
    "compiled-in-a-session": [
        ("linux-64", "11.8", "python=3.9 pytorch=2.4.1=cuda118* torchvision==0.19.1 torchaudio==2.4.1 cuda-version=11.8",
         ("2.4.1", "cuda118"))],
    "image-with-packages-in-arg": [
        ("linux-64", "11.8", "python=3.10 pytorch=2.4.1=cuda118* torchvision torchaudio", ("2.4.1", "cuda118"))],
}
SESSIONS |= {
    "tox-environments": [
        ("linux-64", None, "python=3.10 pytorch=1.13 pytorch=*=cpu*", ("1.13.1", "cpu")),
        ("linux-64", None, "python=3.10 pytorch=2.0 pytorch=*=cpu*", ("2.0.0", "cpu")),
        ("linux-64", "11.7", "python=3.10 pytorch=1.13 cuda-version=11.7", ("1.13.1", "cuda112")),
        ("linux-64", "11.7", "python=3.10 pytorch=2.0 cuda-version=11.7", ("2.0.0", "cuda112"))],
    "makefile-conditions": [
        ("linux-64", None, "python=3.9 pytorch=1.12 pytorch=1.12.1=cpu*", ("1.12.1", "cpu"))],
    "powershell-list-over-lines": [
        ("win-64", "12.8", "python=3.10 pytorch-gpu torchvision cuda-version=12.8", ("2.13.0", "cuda128"))],
    "python-lists-and-templates": [
        ("linux-64", "12.1", "python=3.10 pytorch=2.1.0=cuda120* cuda-version=12.1", ("2.1.0", "cuda120"))],
    "playbook-with-modules": [("linux-64", "12.1", "pytorch=2.1.2=cuda120* cuda-version=12.1", ("2.1.2", "cuda120"))],
    "azure-matrix": [
        ("linux-64", None, "python=3.8 pytorch=2.3.1=cpu*", ("2.3.1", "cpu")),
        ("linux-64", None, "python=3.12 pytorch=2.3.1=cpu*", ("2.3.1", "cpu"))],
    "gitlab-variables-in-several-jobs": [
        ("linux-64", None, f"python={python} pytorch=2.1.2=cpu*", ("2.1.2", "cpu")) for python in ("3.8", "3.9", "3.10")],
    "commands-for-platforms": [
        ("linux-aarch64", "12.0", "pytorch=2.1.2=cuda120* cuda-version=12.0", ("2.1.2", "cuda120")),
        ("win-64", "12.6", "pytorch-gpu=2.5.1 cuda-version=12.6", ("2.5.1", "cuda126"))],
    "steps-of-jenkins": [("win-64", None, "python=3.9 pytorch=2.5.1 pytorch-cpu", ("2.5.1", "cpu"))],
    "matrix-of-versions": [
        ("linux-64", None, f"python={python} pytorch={torch}=cpu*", (torch, "cpu"))
        for python in ("3.9", "3.10") for torch in ("1.13.1", "2.0.0", "2.1.2")],
    "rows-with-companions": [
        ("linux-64", "11.3", "python=3.8 pytorch=1.12.1=cuda* torchvision==0.13.0 cuda-version=11.3", ("1.12.1", "cuda112")),
        ("linux-64", "11.8", "python=3.10 pytorch=2.1.0=cuda* torchvision==0.16.1 cuda-version=11.8", ("2.1.0", "cuda112"))],
    "rows-of-a-matrix": [
        ("linux-64", "12.1", "python=3.9 pytorch=1.13.1=cuda* cuda-version=11.7", ("1.13.1", "cuda112")),
        ("linux-64", "12.1", "python=3.11 pytorch=2.1.0=cuda* cuda-version=12.1", ("2.1.0", "cuda120"))],
    "companion-before-pytorch": [("linux-64", "11.0", "pytorch-gpu cuda-version=11.8 torchvision", ("2.5.1", "cuda118"))],
    "notebook-markdown": [
        ("linux-64", "11.3", "python=3.8 pytorch=1.12.1=cuda112* cuda-version=11.3", ("1.12.1", "cuda112"))],
    "installer-with-python": [
        ("linux-64", "11.3", "python=3.7 pytorch=1.12.1=cuda112* cuda-version=11.3 torchvision", ("1.12.1", "cuda112"))],
    "expansions-of-bash": [("linux-64", "11.8", "pytorch=2.1.2=cuda118* cuda-version=11.8", ("2.1.2", "cuda118"))],
    "toolkit-of-nvidia-in-a-session": [
        ("linux-64", "11.7", "python=3.9 pytorch=1.13.1=cuda112* cuda-version=11.7", ("1.13.1", "cuda112"))],
}
OLD_ONLY = {"pytorch-cuda", "cudatoolkit", "cpuonly", "pytorch-mutex", "torchtriton"}


def name_of(spec):
    return re.split(r"[ =<>!~\[]", spec.split("::")[-1].strip(), maxsplit=1)[0]


def of_yaml(text):
    """Specs with their platforms, and the platforms of the file. Only the YAML of the cases."""
    specs, platforms, key = [], [], None
    for line in text.lstrip("\ufeff").splitlines():
        bare, _, comment = line.partition(" #") if " #" in line else line.partition("\t#")
        head = re.match(r"^([\w-]+):\s*(.*)$", bare)
        if head:
            key, rest = head.groups()
            rest = re.sub(r"^&\w+\s*", "", rest.strip())
            items = re.findall(r"\"[^\"]*\"|'[^']*'|[^,\[\]]+", rest) if rest.startswith("[") else []
        else:
            item = re.match(r"^(\s*)- (.+)$", bare)
            items = [item.group(2)] if item and len(item.group(1)) <= 2 else []
        for item in (item.strip().strip("\"'") for item in items):
            item = re.sub(r"^&\w+\s+", "", item)
            if not item or item.endswith(":"):
                continue
            if key == "platforms":
                platforms.append(item)
            elif key == "dependencies":
                selector = re.match(r"\s*\[([\w-]+)\]", comment)
                specs.append((item, SELECTORS.get(selector.group(1)) if selector else None))
    return specs, platforms


def of_toml(text):
    """The same for each feature of a manifest together with the default one."""
    root = tomllib.loads(text)
    tools = root.get("tool", {})
    root = tools.get("pixi", tools.get("conda-lock", root))
    workspace = root.get("workspace", root.get("project", root))
    # From pixi 0.71 on, a platform can be a table, which may have a name.
    tables = [{"subdir": one} if isinstance(one, str) else one for one in workspace["platforms"]]
    names = [one.get("subdir", one.get("platform")) for one in tables]
    named = {one.get("name", subdir): subdir for one, subdir in zip(tables, names, strict=True)}

    def meant(target):
        found = sorted({subdir for name, subdir in named.items() if fnmatch.fnmatchcase(name, target)})
        return SELECTORS.get("osx" if target == "macos" else target) or found or [target]

    def specs(table, *kinds):
        kinds = kinds or ("dependencies", "constraints")

        def entries_of(table):
            return {name: value for kind in kinds for name, value in table.get(kind, {}).items()}

        def one(entries, platforms):
            for name, value in entries.items():
                if isinstance(value, dict) and {"path", "workspace"} & value.keys():
                    continue
                if isinstance(value, str):  # of conda-lock also a version and a build
                    value = dict(zip(("version", "build"), value.split(" "), strict=False))
                brackets = ",".join(f"{key}='{value[key]}'" for key in ("version", "build") if key in value)
                yield f"{name}[{brackets}]", platforms.get(name) if isinstance(platforms, dict) else platforms

        targets = {target: entries_of(inner) for target, inner in table.get("target", {}).items()}
        # What a target has stands instead of what all platforms have.
        elsewhere = {}
        for target, inner in targets.items():
            for name in inner:
                rest = elsewhere.setdefault(name, list(MACHINES))
                elsewhere[name] = [platform for platform in rest if platform not in meant(target)]
        found = list(one(entries_of(table), elsewhere))
        for target, inner in targets.items():
            found += one(inner, meant(target))
        return found

    default = specs(root)
    sets = [(default, names)]
    for feature in root.get("feature", {}).values():
        platforms = [named.get(name, name) for name in feature.get("platforms", named)]
        sets.append((default + specs(feature), platforms))
    # Environments with packages of their own, and what a package is made and run with.
    environments = root.get("environments", {}).values()
    sets += [(default + specs(one), names) for one in environments if isinstance(one, dict) and "dependencies" in one]
    if package := root.get("package"):
        sets += [(default + specs(package, f"{kind}-dependencies"), names) for kind in ("host", "run")]
    return sets


def environments(case):
    """The old and the new environments of a case, one after the other."""
    file = next(path for path in case.iterdir() if path.name not in BESIDE)
    after = case / "after" if (case / "after").exists() else file
    if file.name.startswith("environment"):
        return [(of_yaml(file.read_text()), of_yaml(after.read_text()))]
    if file.suffix == ".toml":
        return list(zip(of_toml(file.read_text()), of_toml(after.read_text()), strict=True))
    return []


def old_cuda(specs):
    """The major version of the requested CUDA; None without CUDA, 0 for any."""
    for spec, _ in specs:
        if name_of(spec) in ("pytorch-cuda", "cudatoolkit"):
            found = re.search(r"[=<>'\"~ ](\d+)", spec)
            return int(found.group(1)) if found else 0
        if re.search(r"=\S*cuda", spec) and name_of(spec) in ("pytorch", "pytorch-mutex"):
            return 0
    return None


def solves(path, case, before, after):
    """The errors of one environment."""
    (old, platforms), (new, _) = before, after
    arguments = (case / "args.txt").read_text() if (case / "args.txt").exists() else ""
    named = re.search(r"--platform (\S+)", arguments)
    text = "".join(spec for spec, _ in old)
    windows = "C:\\" in next(p for p in case.iterdir() if p.name not in BESIDE).read_text()
    platforms = platforms or [named.group(1) if named else "win-64" if windows else "linux-64"]
    kept = {name_of(spec) for spec, _ in new}
    lost = {name_of(spec) for spec, _ in old} - kept - OLD_ONLY - {"pytorch"}
    lost = {name for name in lost if not name.startswith("magma-cuda")}
    wrong = [f"lost {sorted(lost)}"] if lost else []
    if "torch" in text and not kept & {"pytorch", "pytorch-gpu", "pytorch-cpu", "torchvision"}:
        wrong.append("no PyTorch is left")
    for platform in platforms:
        here = [(spec, scope) for spec, scope in old if scope is None or platform in scope]
        cuda = None if platform.startswith("osx") else old_cuda(here)
        specs = [spec.split("::")[-1] for spec, scope in new if (scope is None or platform in scope) and name_of(spec) in KNOWN]
        pin = next((re.search(r"(\d+)\.(\d+)", spec) for spec in specs if name_of(spec) == "cuda-version"), None)
        # The channel has one patch a Python, and no builds of others.
        specs = [re.sub(r"^(python=\d+\.\d+)\S*", r"\1", spec) for spec in specs]
        drivers = [None] if cuda is None else [f"{pin.group(1)}.0" if pin else "12.0", "13.2"]
        for driver in drivers:
            machine = {"subdir": platform, **MACHINES[platform]}
            solved = solver.solve(str(path), platform, specs, solver.virtual_packages(machine, driver))
            if isinstance(solved, str):
                wrong.append(f"{platform} __cuda={driver} {specs}: {' '.join(solved.split())[:300]}")
                continue
            torch = solved.get("pytorch")
            if torch is None:  # the default environment of a manifest whose features have it
                if any("torch" in spec for spec, _ in here):
                    wrong.append(f"{platform} __cuda={driver} {specs}: no PyTorch")
                continue
            kind = re.match(r"cpu|cuda\d+", torch["build"]).group()
            version, build = PROMISED.get(case.name, (torch["version"], kind))
            if (torch["version"], kind) != (version, build):
                wrong.append(f"{platform} __cuda={driver} {specs}: {torch['version']} {kind}, promised {version} {build}")
            if cuda is not None and not kind.startswith("cuda"):
                wrong.append(f"{platform} __cuda={driver} {specs}: ended on {torch['version']} {torch['build']}")
            if cuda == 12 and kind.startswith("cuda") and int(kind[4:6]) < 12:
                wrong.append(f"{platform} __cuda={driver} {specs}: CUDA 12 became {kind}")
            if cuda is None and "cpuonly" in {name_of(spec) for spec, _ in here} and not kind.startswith("cpu"):
                wrong.append(f"{platform} {specs}: cpuonly became {kind}")
    return wrong


def session_faults(path, case, platform, driver, specs, promised):
    """The errors of one environment of a session."""
    after = (case / "after").read_text()
    # A variable may have the number.
    is_there = lambda spec: spec in after or "${{" in after and re.search(r"[\d.]+", spec).group() in after
    wrong = [f"`{spec}` is not in the new file" for spec in specs.split() if not spec.startswith("python") and not is_there(spec)]
    machine = {"subdir": platform, **MACHINES[platform]}
    solved = solver.solve(str(path), platform, specs.split(), solver.virtual_packages(machine, driver))
    if isinstance(solved, str):
        return [*wrong, f"{platform} __cuda={driver} {specs}: {' '.join(solved.split())[:300]}"]
    torch = solved["pytorch"]
    found = (torch["version"], re.match(r"cpu|cuda\d+", torch["build"]).group())
    return wrong if found == promised else [*wrong, f"{platform} __cuda={driver} {specs}: {found}, promised {promised}"]


def main():
    judged, failed = 0, 0
    with tempfile.TemporaryDirectory() as scratch:
        channel.make(scratch)
        for case in sorted(FILES.iterdir()):
            if not (case / "after").exists():
                continue
            for before, after in environments(case):
                judged += 1
                for line in solves(scratch, case, before, after):
                    failed += 1
                    print(f"{case.name}: {line}")
        for name, sessions in SESSIONS.items():
            for session in sessions:
                judged += 1
                for line in session_faults(scratch, FILES / name, *session):
                    failed += 1
                    print(f"{name}: {line}")
    print(f"{judged} environments, {failed} faults")
    return failed or judged < 30


if __name__ == "__main__":
    solver.end(main())
