#!/usr/bin/env python3
"""Run `.pre-commit-hooks.yaml` with pre-commit, and the steps of `action.yml` as GitHub's runner does.

    python3 .ci/services.py BINARY LIVE [--build]

BINARY and LIVE are the programs `conda-torch` and `conda-torch-live`. pre-commit (PyPI) runs the hook of this repository
in a repository made for it; `--build` has pre-commit build the program from the last commit, otherwise BINARY is the one
on PATH. The action installs an archive of the programs from a folder, and is judged by what it prints and its exit code.
Exit code 0 if all is right, 1 if not, 2 if pre-commit is not installed.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

try:
    import yaml
except ImportError:
    print("cannot run: pip install pre-commit", file=sys.stderr)
    sys.exit(2)

ROOT = pathlib.Path(__file__).resolve().parent.parent
# By name: whether it has something of the old channel.
FILES = {
    "environment.yml": ("channels: [pytorch, conda-forge]\ndependencies: [python=3.11, pytorch=2.5, pytorch-cuda=12.4]\n", True),
    "docker/Dockerfile.gpu": ("FROM condaforge/miniforge3\nRUN conda install -y -c pytorch pytorch cpuonly\n", True),
    ".condarc": ("channels:\n  - pytorch\n", True),
    "README.md": ("# Nothing old\n\nInstall PyTorch from conda-forge.\n", False),
    "src/main.c": ('const char *x = "conda install -c pytorch pytorch";\n', False),
}


def run(command, folder, **environment):
    done = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def repository(folder):
    """A repository with the files, and what is wrong with git."""
    for name, (text, _) in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for words in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *words], cwd=folder, check=True)


def judge(what, code, output, expected_code, patterns, faults):
    if code != expected_code:
        faults.append(f"{what}: exit code {code}, not {expected_code}\n{output}")
    for pattern, is_there in patterns:
        if bool(re.search(pattern, output, re.M)) != is_there:
            faults.append(f"{what}: `{pattern}` is {'missing' if is_there else 'there'}\n{output}")


def hook(scratch, binary, build, faults):
    folder = scratch / "hooked"
    folder.mkdir()
    repository(folder)
    hooks = scratch / "hooks"
    if build:
        subprocess.run(["git", "clone", "-q", str(ROOT), str(hooks)], check=True)
        how = ""
    else:
        hooks.mkdir()
        shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
        for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "hooks"]):
            subprocess.run(["git", *words], cwd=hooks, check=True)
        how = "        language: system\n"
    revision = run(["git", "rev-parse", "HEAD"], hooks)[1].strip()
    (folder / ".pre-commit-config.yaml").write_text(
        f"repos:\n  - repo: {hooks}\n    rev: {revision}\n    hooks:\n      - id: conda-torch-migrate\n{how}"
    )
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
    environment = {"PRE_COMMIT_HOME": str(scratch / "cache"), "PATH": f"{binary.parent}:{os.environ['PATH']}"}
    command = [sys.executable, "-m", "pre_commit", "run", "--all-files"]
    code, output = run(command, folder, **environment)
    patterns = [(rf"^--- {re.escape(name)}$", is_old) for name, (_, is_old) in FILES.items()]
    judge("hook", code, output, 1, [*patterns, (r"Failed", True)], faults)
    names = [name for name, (_, is_old) in FILES.items() if is_old]
    code, output = run([str(binary), "migrate", "--write", "--platform", "linux-64", *names], folder)
    judge("migrate --write", code, output, 0, [], faults)
    code, output = run(command, folder, **environment)
    judge("hook after the migration", code, output, 0, [(r"Passed", True)], faults)


def action(scratch, binary, live, faults):
    folder = scratch / "workspace"
    folder.mkdir()
    repository(folder)
    releases = scratch / "server/owner/name/releases/latest/download"
    programs = scratch / "programs"
    programs.mkdir()
    shutil.copy(binary, programs / "conda-torch")
    shutil.copy(live, programs / "conda-torch-live")
    machine = os.uname().machine
    target = f"{'aarch64' if machine in ('aarch64', 'arm64') else machine}-unknown-linux-gnu"
    subprocess.run([str(ROOT / "packaging/archive"), target, str(programs), str(releases)], check=True)
    subprocess.run([str(ROOT / "packaging/checksums"), str(releases)], check=True)
    document = yaml.safe_load((ROOT / "action.yml").read_text())

    def steps(inputs):
        values = {f"inputs.{name}": str(it.get("default", "")) for name, it in document["inputs"].items()}
        values |= {f"inputs.{name}": value for name, value in inputs.items()}
        values |= {"github.action_path": str(ROOT), "github.action_repository": "owner/name",
                   "github.server_url": f"file://{scratch / 'server'}"}
        fill = lambda text: re.sub(r"\$\{\{\s*([\w.]+)\s*\}\}", lambda it: values[it.group(1)], str(text))
        code, output = 0, ""
        for step in document["runs"]["steps"]:
            assert step["shell"] == "bash", step
            script = scratch / "step.sh"
            script.write_text(fill(step["run"]))
            environment = {name: fill(value) for name, value in step.get("env", {}).items()}
            temporary = scratch / "runner"
            temporary.mkdir(exist_ok=True)
            environment |= {"RUNNER_TEMP": str(temporary), "GITHUB_ACTIONS": "true"}
            # As the runner starts it.
            command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
            code, text = run(command, folder, **environment)
            output += text
            if code:
                break
        return code, output

    code, output = steps({})
    places = [(rf"^::(error|warning|notice) .*file={re.escape(name)},.*line=\d+", is_old) for name, (_, is_old) in FILES.items()]
    judge("action", code, output, 4, [*places, (r"^Checked \d+ files", True)], faults)
    code, output = steps({"paths": "README.md src"})
    judge("action with paths", code, output, 0, [(r"^::", False)], faults)
    code, output = steps({"paths": "README.md\nsrc\n.condarc\n"})
    judge("action with a path a line", code, output, 4, [(r"^::.*file=\.condarc", True)], faults)
    code, output = steps({"arguments": "--platform osx-arm64", "paths": ".condarc"})
    judge("action with arguments", code, output, 4, [(r"^::.*file=\.condarc", True)], faults)
    code, output = steps({"version": "9.9.9"})
    judge("action with a version that is not there", code, output, 1, [(r"cannot download", True)], faults)


def main():
    binary, live = (pathlib.Path(it).resolve() for it in sys.argv[1:3])
    faults = []
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        hook(scratch, binary, "--build" in sys.argv[3:], faults)
        action(scratch, binary, live, faults)
    print("\n".join(faults) or "the hook and the action do what they say")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
