#!/usr/bin/env python3
"""Run the steps of `.github/workflows/release.yml` as GitHub's runners do, and install what they publish.

    python3 .ci/release.py BINARY LIVE GENERATED

BINARY and LIVE are the programs `conda-torch` and `conda-torch-live`, GENERATED what `packaging/generate` writes. Every row
of the matrix is run in a checkout of its own. Only what compiles or asks another server is replaced, by programs that leave
the same files; other targets than this machine's get small ones. Needs PyYAML. Exit code 0 if all is right, else 1.
"""

import glob
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())
VERSION = re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.M)[1]
# Actions that change no file.
QUIET = {"actions/checkout", "actions/setup-python", "rust-lang/crates-io-auth-action", "pypa/gh-action-pypi-publish"}
HERE = f"{os.uname().machine}-unknown-linux-gnu"
# In place of what compiles: the programs under the names of the target.
BUILD = f"""
mkdir -p target/$1/dist
for program in conda-torch conda-torch-live; do
    suffix=''
    if [[ $1 == *windows* ]]; then suffix=.exe; fi
    if [[ $1 == {HERE} ]]; then cp "$PROGRAMS/$program" target/$1/dist/; else echo "$1" >target/$1/dist/$program$suffix; fi
done
"""
STUBS = {
    "packaging/build": BUILD,
    "packaging/generate": 'mkdir -p "$1"; cp -r "$GENERATED/." "$1/"',
    "packaging/wheel": 'mkdir -p "$2"; echo "$1" >"$2/conda_torch-0-py3-none-$1.whl"',
    "packaging/try-wheel": '[[ -s $1 ]]',
    "packaging/try-programs": f'if [[ $1 == *{HERE}* ]]; then exec "$TRY" "$1"; fi; compgen -G "$1/conda-torch*" >/dev/null',
}
TOOLS = {
    "rustup": "[[ $1 == target && $2 == add ]]",
    "gh": '[[ $1 == release && $2 == create ]]; shift 3; printf "%s\\n" "$@" >>"$PUBLISHED"',
    "cargo": """case $1 in
    install | publish) ;;
    cyclonedx) for manifest in Cargo.toml crates/*/Cargo.toml; do
        name=$(sed -n 's/^name = "\\(.*\\)"$/\\1/p' "$manifest" | head -n 1)
        echo '{}' >"${manifest%/*}/$name.cdx.json" 2>/dev/null || echo '{}' >"$name.cdx.json"
    done ;;
    *) exec "$CARGO" "$@" ;;
esac""",
}


def script(path, text):
    path.write_text(f"#!/usr/bin/env bash\nset -euo pipefail\n{text}\n")
    path.chmod(0o755)


def holds(condition, values):
    """An expression of a workflow with `||`, `&&`, `!` and `contains`, as Python's."""
    python = condition.replace("||", " or ").replace("&&", " and ").replace("!", " not ")
    python = re.sub(r"\b(matrix|vars)\.(\w+)", lambda it: repr(values.get(it[0], "")), python)
    return bool(eval(python, {"contains": lambda text, part: part in text}))


class Runner:
    def __init__(self, scratch, binary, live, generated):
        self.scratch, self.published = scratch, scratch / "published"
        programs, tools = scratch / "programs", scratch / "tools"
        for folder in (programs, tools, scratch / "artifacts"):
            folder.mkdir()
        for source, name in ((binary, "conda-torch"), (live, "conda-torch-live")):
            subprocess.run(["strip", "-o", programs / name, source], check=True)
        for name, text in TOOLS.items():
            script(tools / name, text)
        self.environment = {
            **os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "CARGO": shutil.which("cargo"), "PROGRAMS": str(programs),
            "GENERATED": str(pathlib.Path(generated).resolve()), "PUBLISHED": str(self.published),
            "TRY": str(ROOT / "packaging/try-programs"), "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "someone/conda-torch", "GITHUB_REF_NAME": f"v{VERSION}",
        }

    def job(self, name, row, values):
        """Runs a job for a row of its matrix, in a checkout of its own."""
        checkout = self.scratch / f"{name}-{row.get('target', '')}"
        subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{ROOT}", checkout], check=True)
        for path, text in STUBS.items():
            script(checkout / path, text)
        values = {**values, **{f"matrix.{key}": value for key, value in row.items()}}
        fill = lambda text: re.sub(r"\$\{\{\s*([\w.]+)\s*\}\}", lambda it: values.get(it[1], ""), str(text))
        for step in WORKFLOW["jobs"][name]["steps"]:
            if not holds(step.get("if", "True"), values):
                continue
            environment = {key: fill(value) for key, value in step.get("env", {}).items()}
            if step.get("run") == ".ci/run":
                continue
            if "run" in step:
                # https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
                command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", fill(step["run"])]
                environment = {**self.environment, **environment}
                done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True)
                assert done.returncode == 0, f"{row}: `{step['run']}`\n{done.stdout}{done.stderr}"
                continue
            with_ = {key: fill(value) for key, value in step.get("with", {}).items()}
            match step["uses"].split("@")[0]:
                case "actions/attest-build-provenance":
                    for pattern in with_["subject-path"].split():
                        assert glob.glob(pattern, root_dir=checkout), f"{row}: nothing to attest: {pattern}"
                case "actions/upload-artifact":
                    shutil.copytree(checkout / with_["path"].removesuffix("/*"), self.scratch / "artifacts" / with_["name"])
                case "actions/download-artifact":
                    for folder in (self.scratch / "artifacts").iterdir():
                        for file in folder.iterdir():
                            assert not (checkout / with_["path"] / file.name).exists(), f"two artifacts have {file.name}"
                            (checkout / with_["path"]).mkdir(exist_ok=True)
                            shutil.copy(file, checkout / with_["path"])
                case action:
                    assert action in QUIET, f"unknown action: {action}"
        return checkout


def main(binary, live, generated):
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        runner = Runner(scratch, binary, live, generated)
        runner.job("check", {}, {})
        rows = WORKFLOW["jobs"]["build"]["strategy"]["matrix"]["include"]
        for row in rows:
            runner.job("build", row, {})
        checkout = runner.job("publish", {}, {})
        for job in ("pypi", "crates"):
            runner.job(job, {}, {"vars.PYPI": "true", "vars.CRATES_IO": "true"})
        published = {pathlib.Path(line).name for line in runner.published.read_text().split() if line.startswith("dist/")}
        # What docs/install.md promises, by the target.
        targets = set(re.findall(r"`([\w]+-(?:unknown-linux|apple|pc-windows)-?\w+)`", (ROOT / "docs/install.md").read_text()))
        archives = {f"conda-torch-{it}.{'zip' if 'windows' in it else 'tar.gz'}" for it in targets}
        others = {"install.sh", "install.ps1", "SHA256SUMS", "conda-torch.cdx.json", "conda-torch-live.cdx.json"}
        wheels = {f"conda_torch-0-py3-none-{it}.whl" for it in targets if "musl" not in it}
        assert len(targets) == 7 and published == archives | others | wheels, sorted(published ^ (archives | others | wheels))
        listed = {line.split()[1] for line in (checkout / "dist/SHA256SUMS").read_text().splitlines()}
        assert listed == published - {"SHA256SUMS"}, sorted(listed ^ published)
        for name in ("install.sh", "install.ps1"):
            assert "https://github.com/someone/conda-torch/releases" in (checkout / "dist" / name).read_text(), name
        # The newest release, as a user installs it.
        (scratch / "releases/latest").mkdir(parents=True)
        shutil.copytree(checkout / "dist", scratch / "releases/latest/download")
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "CONDA_TORCH_DOWNLOADS": f"file://{scratch}/releases"}
        subprocess.run(["sh", checkout / "dist/install.sh", "--to", scratch / "bin"], env=environment, check=True)
        subprocess.run([ROOT / "packaging/try-programs", scratch / "bin"], check=True)
        print(f"a release has {len(published)} files, and installs")


if __name__ == "__main__":
    main(*sys.argv[1:])
