#!/usr/bin/env python3
"""Check the migrations of environments with a solver.

    python3 tests/solver/environments.py --binary target/debug/conda-torch

The environments of `tests/migrate` are solved from channels of the old kind and written down as clients record them. The
commands that `conda-torch migrate` prints are then carried out on the records: what a removal takes with it is gone, and
an installation is solved with what is left and what was requested before. Nothing may be removed unless the dry run
solves, everything after it must solve too, and `conda-torch check` must be content with the result.
`tests/migrate/judge.py` does the same with real clients. Exit code 0 if all is right, 1 if not, 2 if it could not run.
"""

import argparse
import asyncio
import functools
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "migrate")]

import channels  # noqa: E402
from cases import CASES, MACHINE  # noqa: E402

try:
    import solver
    from rattler import Channel, ChannelPriority, MatchSpec, SparseRepoData, solve_with_sparse_repodata
    from rattler.exceptions import SolverError
except ImportError as error:
    print(f"cannot judge: {error} (pip install -r {HERE / 'requirements.txt'})", file=sys.stderr)
    sys.exit(2)

HOSTS = {"conda-forge": "https://conda.anaconda.org", "pytorch": "https://conda.anaconda.org", "nvidia": "https://conda.anaconda.org",
         "example-lab": "https://conda.anaconda.org", "pkgs/main": "https://repo.anaconda.com", "anaconda-main": "https://mirror.example"}
PRIORITIES = {"strict": ChannelPriority.Strict, "flexible": ChannelPriority.Flexible}
VIRTUAL = solver.virtual_packages({"subdir": "linux-64"}, "12.4")


class Channels:
    def __init__(self, folder):
        self.folder = folder

    @functools.cache
    def repodata(self, name):
        address = f"{HOSTS[name]}/{name}"
        folder = self.folder / address.removeprefix("https://")
        return [SparseRepoData(Channel(address), part, folder / part / "repodata.json") for part in ("linux-64", "noarch")]

    def solve(self, names, specs, priority, locked=()):
        """The records, or the solver's error as text."""
        virtual = [solver.GenericVirtualPackage(solver.PackageName(name), solver.Version(version), solver.BuildString(build))
                   for name, version, build in VIRTUAL]
        data = [part for name in names for part in self.repodata(name)]
        try:
            return asyncio.run(solve_with_sparse_repodata([address(spec) for spec in specs], data, locked_packages=list(locked),
                                                          virtual_packages=virtual, channel_priority=PRIORITIES[priority]))
        except SolverError as error:
            return str(error)


def address(spec):
    """The spec with its channel as an address: the solver compares addresses."""
    channel, separator, rest = spec.rpartition("::")
    return MatchSpec(f"{HOSTS.get(channel, '')}/{channel}::{rest}" if separator and channel in HOSTS else spec)


class Environment:
    """An environment of a conda in a home of its own, as files."""

    def __init__(self, home, binary):
        self.home, self.binary = home, binary
        self.root = home / "miniforge3"
        self.write(self.root / "conda-meta" / "history", "")
        self.write(self.root / "bin" / "conda", "")
        conda = {"name": "conda", "version": "26.7.1", "build": "0", "build_number": 0, "subdir": "linux-64", "depends": [],
                 "channel": "https://conda.anaconda.org/conda-forge/linux-64"}
        self.write(self.root / "conda-meta" / "conda-26.7.1-0.json", json.dumps(conda))

    def write(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def record(self, name, records, requested, case):
        prefix = self.root / "envs" / name
        for record in records:
            text = {"name": record.name.normalized, "version": str(record.version), "build": str(record.build),
                    "build_number": record.build_number, "subdir": record.subdir, "depends": list(record.depends),
                    "channel": f"{str(record.channel).rstrip('/')}/{record.subdir}", "url": str(record.url)}
            self.write(prefix / "conda-meta" / f"{text['name']}-{text['version']}-{text['build']}.json", json.dumps(text))
        history = f"==> 2024-11-01 10:00:00 <==\n# cmd: conda create\n# update specs: {requested!r}\n"
        self.write(prefix / "conda-meta" / "history", history)
        if case.pinned:
            self.write(prefix / "conda-meta" / "pinned", case.pinned)

    def ask(self, *words):
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.home)}
        done = subprocess.run([self.binary, *words, "--json"], env=environment, capture_output=True, text=True, check=False)
        return json.loads(done.stdout)


def parse(command):
    """Channels, priority and specs of a command."""
    words = command["argv"][2:]
    names, specs = [], []
    while words:
        word = words.pop(0)
        if word in ("-n", "-p"):
            words.pop(0)
        elif word == "-c":
            names.append(words.pop(0))
        elif not word.startswith("-"):
            specs.append(word)
    is_strict = "--strict-channel-priority" in command["argv"]
    assert is_strict or "flexible" in command["env"].values(), f"the settings decide the priority: {command['posix']}"
    return names, "strict" if is_strict else "flexible", specs


def without(records, names):
    """What is left after a removal, which takes what needs a removed package."""
    gone = set(names)
    while True:
        more = {record.name.normalized for record in records if record.name.normalized not in gone
                and any(MatchSpec(depend).name.normalized in gone for depend in record.depends)}
        if not more:
            return [record for record in records if record.name.normalized not in gone]
        gone |= more


def name_of(spec):
    return address(spec).name.normalized


class Judge:
    def __init__(self, binary, channels_folder):
        self.binary, self.channels = binary, Channels(channels_folder)

    def case(self, case, home):
        """What is wrong with a case."""
        main = "anaconda-main" if case.condarc.startswith("default_channels") else "pkgs/main"
        names = [main if name == "defaults" else name for name in case.channels]
        old = self.channels.solve(names, case.specs, "flexible")
        if isinstance(old, str):
            yield f"the old environment cannot be solved: {old}"
            return
        environment = Environment(home, self.binary)
        environment.write(home / ".condarc", case.condarc)
        environment.record("old", old, case.specs, case)
        document = environment.ask("migrate", "-n", "old", *MACHINE, *case.flags, "--in-place")
        step = {one["step"]: one for one in document["new"]["commands"]}["install"]
        new = self.channels.solve(*self.arguments(step))
        yield from self.verdict(case, environment, "new", step, new)
        yield from self.pixi(case, environment)
        steps = {one["step"]: one for one in document["in_place"]["commands"]}
        if bool(steps) != case.in_place:
            yield f"in place: {[one['code'] for one in document['in_place']['obstacles']]}"
        if not steps:
            return
        order = [one["step"] for one in document["in_place"]["commands"]]
        if order != ["dry-run", "backup", "remove", "install", "check"]:
            yield f"in place: {order}"
        is_solvable = not isinstance(self.channels.solve(*self.arguments(steps["dry-run"])), str)
        if is_solvable != case.is_solvable:
            yield f"the dry run solves: {is_solvable}"
        if not is_solvable:
            return
        left = without(old, [word for word in parse_removed(steps["remove"])])
        channels_, specs, priority = self.arguments(steps["install"])
        named = {name_of(spec) for spec in specs}
        left_names = {record.name.normalized for record in left}
        # A client keeps what was requested before, and what it finds.
        history = [spec for spec in case.specs if name_of(spec) in left_names - named]
        stays = sorted(left_names - named - {name_of(spec) for spec in history})
        after = self.channels.solve([*channels_, *[n for n in names if n not in channels_]], [*specs, *history, *stays], priority, left)
        yield from self.verdict(case, environment, "in-place", steps["install"], after)

    def pixi(self, case, environment):
        """The project of pixi, whose priority is strict."""
        document = environment.ask("migrate", "-n", "old", *MACHINE, *case.flags, "--client", "pixi")
        steps = {one["step"]: one for one in document["new"]["commands"] if one["step"] != "prepare"}
        words = document["new"]["commands"][0]["argv"]
        names = [word for word, before in zip(words[1:], words) if before == "-c"]
        specs = steps["install"]["argv"][4:]
        found = self.channels.solve(names, specs, "strict")
        if isinstance(found, str) and case.is_solvable:
            yield f"pixi: {names} {specs} cannot be solved: {' '.join(found.split())[:500]}"

    def arguments(self, command):
        names, priority, specs = parse(command)
        return names, specs, priority

    def verdict(self, case, environment, way, command, records):
        if isinstance(records, str):
            if case.is_solvable:
                yield f"{way}: `{command['posix']}` cannot be solved: {' '.join(records.split())[:500]}"
            return
        environment.record(way, records, command["argv"][-len(parse(command)[2]):], case)
        checked = environment.ask("check", "-n", way, *(MACHINE if case.build != "cpu" else ["--platform", "linux-64"]))
        found = checked["environments"][0]
        if found["verdict"] != "ok":
            yield f"{way}: check: {[one['message'] for one in found['findings']]}"
        have = {record.name.normalized: record for record in records}
        pytorch = have["pytorch"]
        if str(pytorch.version) != case.pytorch or not str(pytorch.build).startswith(case.build):
            yield f"{way}: PyTorch {pytorch.version} {pytorch.build}"
        missing = [name for name in case.keeps if name not in have]
        if missing:
            yield f"{way}: missing {missing}"
        of_lab = {name for name, record in have.items() if "example-lab" in str(record.channel)}
        if of_lab != case.of_lab:
            yield f"{way}: from the lab: {of_lab}"


def parse_removed(command):
    words = command["argv"][4:]
    return [word for word, before in zip(words, ["", *words]) if not word.startswith("-") and before != "-c"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    binary = str(pathlib.Path(parser.parse_args().binary).absolute())
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        channels.make(folder / "channels")
        judge = Judge(binary, folder / "channels")
        for case in CASES:
            for fault in judge.case(case, folder / case.name):
                failed += 1
                print(f"{case.name}: {fault}", flush=True)
    print(f"{len(CASES)} environments, {failed} faults", flush=True)
    return failed


if __name__ == "__main__":
    solver.end(main())
