#!/usr/bin/env python3
"""Check what the program prints: JSON against the published schema, commands against real shells.

    .venv/bin/python .ci/outputs.py target/release/conda-torch
"""

import json
import pathlib
import shutil
import subprocess
import sys

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINUX = ["--platform", "linux-64", "--glibc", "2.35"]
AMPERE = [*LINUX, "--driver", "580.65.06", "--compute-capability", "8.6"]
CASES = [  # arguments of `advise --json`, exit code, status
    (AMPERE, 0, "ok"),
    ([*AMPERE, "torchvision", "torchaudio"], 0, "ok"),
    ([*LINUX], 0, "ok"),
    ([*LINUX, "--driver", "440.33", "--compute-capability", "8.6"], 0, "degraded"),
    ([*AMPERE, "--pytorch", "2.2"], 3, "unsatisfiable"),
    (["--platform", "win-64", "--driver", "580", "torchaudio"], 3, "unsatisfiable"),
    (["--platform", "linux-aarch64", "--cuda", "12.6", "--compute-capability", "8.7", "--glibc", "2.35"], 0, "ok"),
    (["--platform", "osx-arm64", "--macos", "14.5"], 0, "ok"),
    (["--machine", "/there/is/no/such/file.json"], 1, "error"),
    ([], None, None),  # this machine, whatever it is
]
CLIENTS = ["conda", "mamba", "micromamba", "pixi"]
SHELLS = [  # which form of a command it reads, and how it is asked without running it
    ("posix", ["bash", "-n"]), ("posix", ["dash", "-n"]), ("posix", ["zsh", "-n"]), ("posix", ["shellcheck", "-s", "sh"]),
    ("fish", ["fish", "--no-execute"]),
]


def run(program, arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def schema(program, of="advise"):
    """What `conda-torch schema` prints, which must be a published file."""
    printed = run(program, ["schema", of])
    if printed.returncode != 0:
        sys.exit(f"`conda-torch schema {of}` fails: {printed.stderr.strip()}")
    document = json.loads(printed.stdout)
    published = sorted((ROOT / "docs" / "schema").glob("*.json"))
    if not any(json.loads(file.read_text()) == document for file in published):
        sys.exit(f"`conda-torch schema {of}` prints none of {[str(file.relative_to(ROOT)) for file in published]}")
    jsonschema.validators.validator_for(document).check_schema(document)
    return document


def check_others(program):
    """The documents of `matrix` and of `migrate FILE` against their schemas."""
    given = (ROOT / "tests" / "files").glob("*/*")
    files = sorted(str(file) for file in given if file.name not in ("after", "messages.txt"))
    every = [("matrix", ["matrix", "--all", "--format", "json"]), ("migrate-files", ["migrate", *files, "--json"])]
    faults = []
    for of, arguments in every:
        document = schema(program, of)
        done = run(program, arguments)
        try:
            jsonschema.validators.validator_for(document)(document).validate(json.loads(done.stdout))
        except (json.JSONDecodeError, jsonschema.ValidationError) as error:
            faults.append(f"{' '.join(arguments[:2])}: {str(error)[:300]}")
    return faults


def check_document(program, validator, arguments, code, status):
    done = run(program, ["advise", "--json", *arguments])
    shown = " ".join(["advise --json", *arguments])
    try:
        document = json.loads(done.stdout)
    except json.JSONDecodeError as error:
        return None, [f"{shown}: stdout is not one document: {error}"]
    faults = [f"{shown}: {'/'.join(map(str, error.path))}: {error.message}" for error in validator.iter_errors(document)]
    if code is not None and (done.returncode, document.get("status")) != (code, status):
        faults.append(f"{shown}: exit {done.returncode} and {document.get('status')}, expected {code} and {status}")
    if document.get("exit_code") != done.returncode:
        faults.append(f"{shown}: says exit {document.get('exit_code')}, exits with {done.returncode}")
    return document, faults


def check_shells(commands):
    """Every shell that is there reads every command; which are not is said."""
    faults = []
    for form, shell in SHELLS:
        if not shutil.which(shell[0]):
            print(f"SKIPPED: {shell[0]} is not installed")
            continue
        for command in sorted(command for name, command in commands if name == form):
            script = "#!/bin/sh\n" + command + "\n"
            if shell[0] == "shellcheck":
                done = subprocess.run([*shell, "-"], input=script, capture_output=True, text=True, check=False)
            else:
                done = subprocess.run([*shell, "/dev/stdin"], input=script, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                faults.append(f"{shell[0]} does not like `{command}`: {(done.stdout + done.stderr).strip()}")
    return faults


def main():
    program = sys.argv[1]
    document = schema(program)
    validator = jsonschema.validators.validator_for(document)(document)
    faults, commands, count = [], set(), 0
    for arguments, code, status in CASES:
        for client in [[], *(["--client", name] for name in CLIENTS)]:
            found, wrong = check_document(program, validator, [*arguments, *client], code, status)
            faults += wrong
            count += 1
            commands |= {(form, step[form]) for step in (found or {}).get("commands", []) for form, _ in SHELLS if step.get(form)}
    if not commands:
        faults.append("no command in any answer")
    faults += check_shells(commands) + check_others(program)
    for fault in faults:
        print(fault)
    print(f"{count} documents, {len(commands)} different commands, {len(faults)} faults")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
