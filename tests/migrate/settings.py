"""The configuration: typical files, the printed commands, and the files afterwards."""

import json
import pathlib

import yaml_like


class Case:
    """Files below the home before and after; the YAML of conda and mamba is read back."""

    def __init__(self, name, before, after, *, only=None):
        self.name, self.before, self.after, self.only = name, before, after, only


CASES = [
    Case("no file at all", {}, {".condarc": {"channels": ["conda-forge"], "channel_priority": "strict"}}),
    Case("the three old channels", {".condarc": "channels:\n  - pytorch\n  - nvidia\n  - defaults\n"},
         {".condarc": {"channels": ["conda-forge"], "channel_priority": "strict"}}),
    Case("a flow list, and an address", {".condarc": "channels: [https://conda.anaconda.org/pytorch, conda-forge]\nssl_verify: true\n"},
         {".condarc": {"channels": ["conda-forge"], "channel_priority": "strict", "ssl_verify": "true"}}),
    Case("another file than the user's own", {".conda/.condarc": "channels:\n  - nvidia\n  - conda-forge\nchannel_priority: flexible\n"},
         {".conda/.condarc": {"channels": ["conda-forge"], "channel_priority": "strict"}}),
    Case("somebody's own channel stays", {".condarc": "channels:\n  - corp\n  - pytorch-nightly\n"},
         {".condarc": {"channels": ["conda-forge", "corp"], "channel_priority": "strict"}}),
    Case("mamba's own file", {".mambarc": "channels:\n  - pytorch\n  - conda-forge\n"},
         {".mambarc": {"channels": ["conda-forge"]}}, only="mamba"),
]


def judge(judge, client, case):
    if case.only and client.kind != case.only and not client.is_native:
        return
    for name in (".condarc", ".mambarc", ".conda/.condarc"):
        (client.home / name).unlink(missing_ok=True)
    for name, text in case.before.items():
        file = client.home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    words = ["--config", "--client", client.kind]
    document = json.loads(judge.ask(client, [*words, "--json"]))
    judge.ask(client, words)
    for step in document["settings"]["commands"]:
        client.run(step["posix"], shell=True, check=True)
    for name, expected in case.after.items():
        found = yaml_like.read((client.home / name).read_text())
        for key, value in expected.items():
            assert found.get(key) == value, f"{name}: {key} is {found.get(key)}, not {value}"
    again = json.loads(judge.ask(client, [*words, "--json"]))
    assert not again["settings"]["commands"], f"still to do: {[step['posix'] for step in again['settings']['commands']]}"
    for name in {**case.before, **case.after}:
        pathlib.Path(client.home / name).unlink(missing_ok=True)
