#!/usr/bin/env python3
"""Run the commands of `conda-torch migrate` with real clients.

    python3 tests/migrate/judge.py --binary target/debug/conda-torch [--only WORD] CLIENT…

A CLIENT is the path of `conda`, `mamba` or `micromamba`; behind a conda its solvers may stand:
`/opt/conda/bin/conda=libmamba,classic`. For each client environments are made as the old instructions
made them, from channels on this machine; then the printed commands are run as they are, through a
shell, and what is in the environment afterwards is compared with what was promised. Nothing reaches
the internet.
"""

import argparse
import json
import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import channels  # noqa: E402
import clients  # noqa: E402
import hosts  # noqa: E402
import settings  # noqa: E402
from cases import CASES, MACHINE  # noqa: E402

# What a change in place may leave of `defaults`.
MIXES = ["ca-certificates", "tzdata", "filelock", "requests", "pip"]


def printed(text, wanted):
    """The commands of a text: the indented lines below titles, with continuations joined, a chain as one."""
    commands, title = [], ""
    for line in text.replace("\\\n", "").replace(" &&\n", " && ").splitlines():
        if line.startswith("  ") and title.endswith(":"):
            if not any(word in title for word in wanted):
                commands.append(" ".join(line.split()))
        else:
            title = line if line and not line.startswith("  ") else title
    return commands


# A check needs a GPU, and restoring is for failures.
UNRUN = ["Check the installation", "Restore the old environment"]


class Judge:
    def __init__(self, binary):
        self.binary = str(pathlib.Path(binary).absolute())
        self.failures, self.passed = [], 0

    def ask(self, client, words):
        done = client.run([self.binary, "migrate", *words])
        if done.returncode:
            raise AssertionError(f"conda-torch migrate {' '.join(words)}: exit {done.returncode}\n{done.stdout}")
        return done.stdout

    def run(self, client, commands):
        for command in commands:
            client.run(command, shell=True, check=True)

    def case(self, client, case, in_place):
        (client.home / ".condarc").write_text(case.condarc)
        client.create("old", case.channels, case.specs)
        folder = client.environments / "old"
        if case.pinned:
            (folder / "conda-meta" / "pinned").write_text(case.pinned)
        for package in case.pip:
            name, version = package.split("==")
            site = folder / "lib" / "python3.11" / "site-packages" / f"{name}-{version}.dist-info"
            site.mkdir(parents=True)
            (site / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            (site / "INSTALLER").write_text("pip\n")
            (site / "RECORD").write_text("")
        before = client.packages("old")
        assert before["pytorch"][2] == "pytorch", f"the old environment is none: {before['pytorch']}"
        words = ["-n", "old", "--client", client.kind, *MACHINE, *case.flags]
        words += ["--accelerator", "cpu"] if case.build == "cpu" and "--accelerator" in case.flags else []
        if in_place:
            words.append("--in-place")
        page = self.ask(client, words)
        document = json.loads(self.ask(client, [*words, "--json"]))
        assert (document["recommendation"]["pytorch"], document["recommendation"]["build"]) == (case.pytorch, case.build), \
            f"promised: {document['recommendation']['pytorch']} {document['recommendation']['build']}"
        obstacles = document["in_place"]["obstacles"]
        assert bool(obstacles) != case.in_place, f"obstacles: {obstacles}"
        if in_place and not case.in_place:
            assert "Cannot change it in place" in page and not document["in_place"]["commands"]
            return
        commands = printed(page, UNRUN)
        assert commands, page
        said = document["in_place" if in_place else "new"]["commands"]
        said = [step["posix"] for step in said if step["step"] != "check"]
        said = [" && ".join(said)] if in_place else said
        assert commands == said, f"the page and the JSON differ:\n{commands}\n{said}"
        if not case.is_solvable:
            done = client.run(commands[0], shell=True)
            assert done.returncode, f"solved: {done.stdout}"
            assert client.packages("old") == before, "changed, though the solve failed"
            return
        self.run(client, commands)
        self.content(client, "old" if in_place else "old-cf", case)
        self.verdict(client, case, "old" if in_place else "old-cf", before if not in_place else None)
        if in_place:
            back = [document["in_place"]["way_back"]["posix"]]
            self.run(client, back)
            again = {name: record[:2] for name, record in client.packages("old-before").items()}
            assert again == {name: record[:2] for name, record in before.items()}, "the way back leads elsewhere"

    def content(self, client, name, case):
        """`check` finds nothing to fix."""
        machine = MACHINE if case.build != "cpu" else []
        done = client.run([self.binary, "check", "-n", name, *machine, "--json"])
        found = json.loads(done.stdout)["environments"][0]
        problems = [one for one in found["findings"] if one["severity"] in ("error", "warning")]
        assert done.returncode == 0 and found["verdict"] == "ok", f"check: {found['verdict']} {problems}"

    def verdict(self, client, case, name, before):
        after = client.packages(name)
        version, build, channel = after["pytorch"]
        assert (version, channel) == (case.pytorch, "conda-forge") and build.startswith(case.build), f"{after['pytorch']}"
        left = {name: record for name, record in after.items() if record[2] in ("pytorch", "nvidia")}
        assert not left, f"left of the old channels: {left}"
        missing = [name for name in case.keeps if name not in after]
        assert not missing, f"asked for and not there: {missing}"
        stayed = [name for name in [*case.gone, "pytorch-cuda", "pytorch-mutex", "cpuonly"] if name in after]
        assert not stayed, f"still there: {stayed}"
        of_lab = {name for name, record in after.items() if record[2] == "example-lab"}
        assert of_lab == case.of_lab, f"from the lab: {of_lab}"
        foreign = {name: record for name, record in after.items() if record[2] not in ("conda-forge", "example-lab")}
        if before is None:  # these mix
            foreign = {name: record for name, record in foreign.items() if name not in MIXES}
        assert not foreign, f"not from conda-forge: {foreign}"
        if before is not None:
            assert client.packages("old") == before, "the old environment was changed"
            if case.pip:
                ran = (client.environments / name / "ran.txt").read_text()
                assert ran == f"-m pip install {' '.join(case.pip)}\n", ran

    def all(self, client, only):
        for case in CASES:
            for in_place in (False, True):
                label = f"{client.name}: {case.name}, {'in place' if in_place else 'new'}"
                if only and not all(word in label for word in only) or case.not_by and case.not_by == client.solver:
                    continue
                self.judge(label, lambda case=case, in_place=in_place: self.case(client, case, in_place))
                for name in ("old", "old-cf", "old-before"):
                    client.remove(name)
                (client.home / ".condarc").unlink(missing_ok=True)
        for case in settings.CASES:
            label = f"{client.name}: settings, {case.name}"
            if not only or all(word in label for word in only):
                self.judge(label, lambda case=case: settings.judge(self, client, case))

    def judge(self, label, run):
        try:
            run()
        except Exception as error:  # noqa: BLE001
            self.failures.append(label)
            print(f"FAILED {label}\n  {str(error) or type(error).__name__}", flush=True)
        else:
            self.passed += 1
            print(f"ok     {label}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("clients", nargs="+")
    arguments = parser.parse_args()
    judge = Judge(arguments.binary)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        channels.make(folder / "channels")
        proxy, root = hosts.serve(folder / "channels", folder)
        for client in clients.clients(arguments.clients, folder / "clients", proxy, root):
            judge.all(client, arguments.only)
            shutil.rmtree(client.folder, ignore_errors=True)
    print(f"{judge.passed} held, {len(judge.failures)} failed")
    sys.exit(1 if judge.failures else 0)


if __name__ == "__main__":
    main()
