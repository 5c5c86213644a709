"""Runs `conda-torch-live`: one request in, one reply out (`crates/conda-torch-core/src/channel/protocol.rs`)."""

import dataclasses
import json
import os
import subprocess
import time
from typing import Any

PATIENCE = 2
# Whatever happens, an answer comes within this: some tries, each with its patience, and the waits between.
BOUND = 45.0
QUIET = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}


@dataclasses.dataclass
class Answer:
    """The reply. `kind` is that of the reported fault, `stood_in` whether cached data was used."""

    seconds: float
    code: int | None
    stdout: str
    stderr: str
    reply: dict[str, Any] | None

    @property
    def told(self) -> dict[str, Any]:
        return (self.reply or {}).get("told", {})

    @property
    def records(self) -> list[dict[str, Any]] | None:
        return self.told["records"]["records"] if "records" in self.told else None

    @property
    def failed(self) -> str | None:
        return self.told["failed"]["kind"] if "failed" in self.told else None

    @property
    def origins(self) -> list[dict[str, Any]]:
        return (self.reply or {}).get("origins", [])

    @property
    def faults(self) -> set[str]:
        return {origin["fault"]["kind"] for origin in self.origins if origin["fault"]}

    def brief(self) -> str:
        if self.reply is None:
            return f"no reply: code {self.code}, {self.stderr.strip()[-300:]!r}"
        what = f"failed {self.told['failed']}" if self.failed else ", ".join(self.told)
        parts = [f"{o['subdir']}:{o['form']} age {o['age']} {o['fault'] and o['fault']['kind']}" for o in self.origins]
        return f"{what}; {'; '.join(parts)}; {self.seconds:.1f} s"


def records(*names: str) -> dict[str, Any]:
    return {"records": {"names": list(names)}}


def solve(specs: list[str], virtual: list[str]) -> dict[str, Any]:
    return {"solve": {"specs": specs, "virtual_packages": virtual}}


class Program:
    """The tested program."""

    def __init__(self, path: str) -> None:
        self.path = path

    def start(self, document: dict[str, Any], env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        process = subprocess.Popen([self.path], stdin=pipe, stdout=pipe, stderr=pipe, text=True, env={**QUIET, **(env or {})})
        assert process.stdin
        process.stdin.write(json.dumps(document))
        process.stdin.close()
        process.stdin = None
        return process

    def ask(self, channel: str, cache: str, question: dict[str, Any], *, offline: bool = False,
            subdirs: tuple[str, ...] = ("linux-64",), env: dict[str, str] | None = None) -> Answer:
        document = {"protocol": 2, "channels": [channel], "subdirs": list(subdirs), "cache": str(cache),
                    "offline": offline, "patience": PATIENCE, "deadline": 60, "question": question}
        return self.end(self.start(document, env))

    def end(self, process: subprocess.Popen[str]) -> Answer:
        start = time.monotonic()
        try:
            stdout, stderr = process.communicate(timeout=BOUND)
            code: int | None = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            stdout, stderr = process.communicate()
            code, stdout = None, ""
            stderr += f"\nnot done after {BOUND} s"
        try:
            reply = json.loads(stdout)
        except ValueError:
            reply = None
        return Answer(time.monotonic() - start, code, stdout, stderr, reply)
