#!/usr/bin/env python3
"""Check what the program prints: every JSON document against its published schema, commands against real shells.

    .venv/bin/python .ci/outputs.py target/release/conda-torch
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINUX = ["--platform", "linux-64", "--glibc", "2.35"]
AMPERE = [*LINUX, "--driver", "580.65.06", "--compute-capability", "8.6"]
A100 = ["--driver", "550.54.14", "--gpu", "A100"]
TEGRA = ["--platform", "linux-aarch64", "--cuda", "12.6", "--compute-capability", "8.7", "--glibc", "2.35"]
ADVISE = [  # arguments of `advise --json`, exit code, status
    (AMPERE, 0, "ok"),
    ([*AMPERE, "--all"], 0, "ok"),
    ([*AMPERE, "torchvision", "torchaudio"], 0, "ok"),
    ([*LINUX], 0, "ok"),
    ([*LINUX, "--driver", "440.33", "--compute-capability", "8.6"], 0, "degraded"),
    ([*AMPERE, "--pytorch", "2.2"], 3, "unsatisfiable"),
    (["--platform", "win-64", "--driver", "580", "torchaudio"], 3, "unsatisfiable"),
    (TEGRA, 0, "ok"),
    (["--platform", "osx-arm64", "--macos", "14.5"], 0, "ok"),
    ([], None, None),  # this machine
]
CLIENTS = ["conda", "mamba", "micromamba", "pixi"]
SHELLS = [  # the key of its commands, and how to check a script without running it
    ("posix", ["bash", "-n"]), ("posix", ["dash", "-n"]), ("posix", ["zsh", "-n"]), ("posix", ["shellcheck", "-s", "sh"]),
    ("fish", ["fish", "--no-execute"]),
]


def machines(*names):
    """Files of recorded machines."""
    return [str(ROOT / "tests" / "machines" / f"{name}.json") for name in names]


def cases(home):
    """Every JSON output: schema, arguments, exit code, status."""
    every = [("advise", ["advise", "--json", *more], code, status) for more, code, status in ADVISE]
    every += [
        ("advise", ["advise", "--json", *more, "--client", client], code, status)
        for more, code, status in ADVISE
        for client in CLIENTS
    ]
    advise, live = ["advise", "--json", *AMPERE], ["--channel", "conda-forge"]
    every += [
        ("advise", [*advise, "--verify=solver"], 1, "ok"),  # the fake does not solve
        ("advise", [*advise, "--live"], 0, "ok"),
        ("advise", ["advise", "--json", "--machine", "/nowhere/m.json"], 1, "error"),
        ("advise", ["advise", "--json", "--driver", "new"], 2, "error"),
        ("advise", ["advise", "--json", "--gpu", "Voodoo2"], 2, "error"),
        ("check", ["check", "--json", *A100], 4, "problems"),
        ("check", ["check", "--json", "-n", "torch", *A100], 4, "problems"),
        ("check", ["check", "--json", "-n", "base", *A100], 4, "problems"),
        ("check", ["check", "--json", "-p", "/nowhere"], 1, "error"),
        ("check", ["check", "--json", "-n", "nope"], 2, "error"),
        ("check", ["check", "--json", "--driver", "new"], 2, "error"),
        ("explain", ["explain", "--json", "no-kernels"], 0, "explained"),
        ("explain", ["explain", "--json", "driver version mismatch in nvml", *A100], 2, "error"),
        ("explain", ["explain", "--json", "NVML: Driver/library version mismatch", *A100], 0, "explained"),
        ("migrate", ["migrate", "--json", "-n", "torch", *A100], 0, "ok"),
        ("migrate", ["migrate", "--json", "-n", "torch", "--in-place", *A100], 0, "ok"),
        ("migrate", ["migrate", "--json", "-n", "base", *A100], 0, "nothing-to-do"),
        ("migrate", ["migrate", "--json", "-n", "torch", *LINUX, "--driver", "440.33", "--compute-capability", "12.0"], 3, "unsatisfiable"),
        ("migrate", ["migrate", "--json", "--config"], 0, "ok"),
        ("migrate", ["migrate", "--json", "-p", home], 1, "error"),
        ("migrate", ["migrate", "--json", "-n", "nope"], 2, "error"),
        ("migrate", ["migrate", "--json", "--driver", "new"], 2, "error"),
        ("migrate-files", ["migrate", "--json", "/nowhere/environment.yml"], 1, None),
        ("clean", ["clean", "--json"], 0, None),
        ("install", ["install", "--json", "--yes", "--cpu", "--pytorch", "2.13.0", "-n", "work", "--client", "conda"], 0, None),
        ("fleet", ["fleet", "--json", *machines("v100-driver-580", "a100-driver-470", "no-gpu", "macos-15-rosetta")], 0, "ok"),
        ("fleet", ["fleet", "--json", "--redact", *machines("rtx5090-driver-580", "a100-driver-470", "alpine-musl", "gtx1080ti-nouveau-no-driver")], 4, "problems"),
        ("fleet", ["fleet", "--json", *machines("v100-driver-580"), "--compare", *machines("v100-driver-440")], 4, "problems"),
        ("fleet", ["fleet", "--json", *machines("alpine-musl")], 3, "unsatisfiable"),
        ("error", ["fleet", "--json", "/nowhere/nodes.jsonl"], 1, "error"),
        ("node", ["probe", "--json", "--node=gpu001"], 0, None),
        ("matrix", ["matrix", "--format", "json"], 0, None),
        ("matrix", ["matrix", "--all", "--format", "json", *AMPERE], 0, None),
        ("matrix", ["matrix", "--live", "--format", "json", "--platform", "linux-64"], 0, None),
        ("matrix-diff", ["matrix", "--diff", "--format", "json", "--platform", "linux-64", *live], 4, None),
        ("error", ["matrix", "--format", "json", "--machine", "/nowhere/m.json"], 1, "error"),
        ("error", ["matrix", "--format", "json", "--driver", "new"], 2, "error"),
        ("probe", ["probe", "--json"], 0, None),
        ("probe", ["probe", "--json", *TEGRA], 0, None),
        ("error", ["probe", "--json", "--machine", "/nowhere/m.json"], 1, "error"),
        ("error", ["probe", "--json", "--driver", "new"], 2, "error"),
    ]
    every += [("probe", ["probe", "--json", "--machine", str(file)], 0, None) for file in sorted((ROOT / "tests" / "machines").glob("*.json"))]
    given = (ROOT / "tests" / "files").glob("*/*")
    files = sorted(str(file) for file in given if file.name not in ("after", "messages.txt", "args.txt"))
    return [*every, ("migrate-files", ["migrate", *files, "--json"], None, None)]


def record(folder, channel, name, version, build, depends=()):
    """A package of an environment."""
    text = {"name": name, "version": version, "build": build, "build_number": 0, "subdir": "linux-64", "depends": list(depends),
            "channel": f"https://conda.anaconda.org/{channel}/linux-64"}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}-{version}-{build}.json").write_text(json.dumps(text))


def make_home(home):
    """A home with conda, an environment `torch` from the `pytorch` channel, and that channel in the configuration."""
    base, torch = home / "miniforge3" / "conda-meta", home / "miniforge3" / "envs" / "torch" / "conda-meta"
    record(base, "conda-forge", "conda", "26.7.1", "py312_0")
    (base / "history").write_text("")
    (home / "miniforge3" / "bin").mkdir()
    make_conda(home / "miniforge3")
    record(torch, "conda-forge", "python", "3.11.9", "h0")
    record(torch, "pytorch", "pytorch", "2.5.1", "py3.11_cuda12.1_cudnn9.1.0_0", ["pytorch-cuda"])
    record(torch, "pytorch", "pytorch-cuda", "12.1", "h0_6")
    record(torch, "pytorch", "torchvision", "0.19.0", "py311_cu121")
    (torch / "history").write_text("==> 2024-11-01 10:00:00 <==\n# cmd: conda create\n# update specs: ['python=3.11', 'pytorch', 'pytorch-cuda=12.1']\n")
    (home / ".condarc").write_text("channels:\n  - pytorch\n  - conda-forge\n  - defaults\n")


def make_conda(root):
    """A fake `conda`: what it creates has PyTorch for the CPU, and a Python that prints the result of the test."""
    device = {"kind": "cpu", "index": None, "name": None, "capability": None, "multiprocessors": None, "clock_khz": None, "seconds": 0.1, "rates": {}, "error": None}
    result = {"torch": "2.13.0", "file": None, "cuda": None, "python": "3.12.9", "architectures": [], "devices": [device], "error": None}
    made = root / "made"
    for name, version, build in (("python", "3.12.9", "h0_cpython"), ("pytorch", "2.13.0", "cpu_mkl_py312_h0_102"), ("pytorch-cpu", "2.13.0", "cpu_mkl_h0_102")):
        record(made / "conda-meta", "conda-forge", name, version, build)
    (made / "conda-meta" / "history").write_text("")
    (made / "bin").mkdir()
    script(made / "bin" / "python", f"echo 'conda-torch test: {json.dumps(result)}'")
    script(root / "bin" / "conda", f"[ \"$1\" = create ] || exit 1\nmkdir -p '{root}/envs' && cp -R '{made}' '{root}/envs/work'")


def script(path, text):
    """A program."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def make_live(home):
    """A fake `conda-torch-live`: a channel with a build newer than the data, and a damaged record."""
    origins = [{"channel": "https://conda.anaconda.org/conda-forge", "subdir": subdir, "form": "whole", "age": 90, "fetched": 1,
                "fault": {"kind": "no_network", "at": "conda-forge", "detail": "offline"}} for subdir in ("linux-64", "noarch")]
    depends = ["cuda-version >=13.1,<14", "mkl", "python >=3.12,<3.13.0a0", "__glibc >=2.28,<3.0.a0", "__cuda"]
    records = [{"name": "pytorch", "version": version, "build": build, "build_number": number, "subdir": "linux-64", "depends": depends,
                "channel": "https://conda.anaconda.org/conda-forge", "url": f"https://conda.anaconda.org/conda-forge/linux-64/pytorch-{version}-{build}.conda"}
               for version, build, number in (("2.14.0", "cuda131_mkl_py312_h0_300", 300), ("2.14.0", "rocm72_mkl_py312_h0_300", 300))]
    (home / "reply.json").write_text(json.dumps({"protocol": 2, "origins": origins, "told": {"records": {"records": records}}}))
    live = home / "conda-torch-live"
    script(live, f"cat > /dev/null\ncat '{home}/reply.json'")
    return live


def schemas(run):
    """Each published schema with its validator; `conda-torch schema` must print that file."""
    validators, faults = {}, []
    for file in sorted((ROOT / "docs" / "schema").glob("*-1.json")):
        name = file.stem.removesuffix("-1")
        printed = run(["schema", name])
        if printed.returncode != 0 or printed.stdout != file.read_text():
            faults.append(f"`conda-torch schema {name}` does not print docs/schema/{file.name}")
        document = json.loads(file.read_text())
        validator = jsonschema.validators.validator_for(document)
        validator.check_schema(document)
        validators[name] = validator(document)
    return validators, faults


def check_document(run, validator, arguments, code, status):
    """The document of a run, and its errors."""
    done, shown = run(arguments), " ".join(arguments)[:120]
    try:
        document = json.loads(done.stdout)
    except json.JSONDecodeError as error:
        return {}, [f"{shown}: exit {done.returncode}, stdout is not one document: {error}: {done.stderr[:200]}"]
    faults = [f"{shown}: {'/'.join(map(str, error.path))}: {error.message[:300]}" for error in validator.iter_errors(document)]
    if code is not None and done.returncode != code:
        faults.append(f"{shown}: exit {done.returncode}, expected {code}")
    if status is not None and document.get("status") != status:
        faults.append(f"{shown}: status {document.get('status')}, expected {status}")
    if document.get("exit_code", done.returncode) != done.returncode:
        faults.append(f"{shown}: says exit {document.get('exit_code')}, exits with {done.returncode}")
    return document, faults


def check_shells(commands):
    """Every installed shell parses every command."""
    faults = []
    for form, shell in SHELLS:
        if not shutil.which(shell[0]):
            print(f"SKIPPED: {shell[0]} is not installed")
            continue
        for command in sorted(command for name, command in commands if name == form):
            script = "#!/bin/sh\n" + command + "\n"
            file = "-" if shell[0] == "shellcheck" else "/dev/stdin"
            done = subprocess.run([*shell, file], input=script, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                faults.append(f"{shell[0]} does not like `{command}`: {(done.stdout + done.stderr).strip()}")
    return faults


def steps_of(value):
    """Every command in a document."""
    if isinstance(value, dict):
        if "step" in value and "argv" in value:
            yield value
        for one in value.values():
            yield from steps_of(one)
    elif isinstance(value, list):
        for one in value:
            yield from steps_of(one)


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        home = pathlib.Path(folder)
        make_home(home)
        environment = {"PATH": os.environ["PATH"], "HOME": folder, "CONDA_TORCH_LIVE": str(make_live(home))}

        def run(arguments):
            return subprocess.run([program, *arguments], capture_output=True, text=True, check=False, env=environment)

        validators, faults = schemas(run)
        every, commands, printed, kinds = cases(folder), set(), set(), set()
        for of, arguments, code, status in every:
            document, wrong = check_document(run, validators[of], arguments, code, status)
            faults += wrong
            printed.add(of)
            for step in steps_of(document):
                kinds.add(step["step"])
                commands |= {(form, step[form]) for form, _ in SHELLS if step.get(form)}
    faults += [f"no document was validated by the schema `{name}`" for name in validators if name not in printed]
    known = validators["migrate"].schema["$defs"]["StepKind"]["examples"]
    faults += [f"no document has a step `{kind}`" for kind in known if kind not in kinds | {"pip"}]
    faults += [f"the schema does not list the step `{kind}`" for kind in kinds if kind not in known]
    faults += check_shells(commands)
    for fault in faults:
        print(fault)
    print(f"{len(every)} documents, {len(commands)} different commands, {len(faults)} faults")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
