"""The setup of all cases: two states of one channel, servers, and folders for caches."""

import contextlib
import itertools
import json
import pathlib
import shutil
from collections.abc import Iterator

import channel
import forms
from server import Server

from asking import Program

NAMES = ("pytorch", "cuda-version")
SUBDIRS = ("linux-64",)


class Ground:
    """`old` is the reference channel; `new` has one more build and one less."""

    def __init__(self, program: Program, place: pathlib.Path) -> None:
        self.program, self.place = program, place
        self.numbers = itertools.count()
        self.old, self.new = place / "old", place / "new"
        channel.make(self.old)
        shutil.copytree(self.old, self.new)
        changed = self.new / "linux-64" / "repodata.json"
        document = json.loads(changed.read_text())
        records = document["packages.conda"]
        taken = next(file for file, record in records.items() if record["name"] == "pytorch")
        record = records.pop(taken)
        records["pytorch-99.0-later_0.conda"] = {**record, "version": "99.0", "build": "later_0", "build_number": 0}
        changed.write_text(json.dumps(document))
        for folder in (self.old, self.new):
            forms.write(folder)

    def cache(self) -> str:
        """A new folder that does not exist yet."""
        return str(self.place / f"cache-{next(self.numbers)}")

    @contextlib.contextmanager
    def serving(self, offered: str = "json+zst+sharded", tls: tuple[str, str] | None = None) -> Iterator[Server]:
        """A server with these formats, and another with its login page."""
        elsewhere = Server(self.old).start()
        server = Server(self.old, tuple(offered.split("+")), tls).start()
        server.elsewhere = elsewhere.base
        try:
            yield server
        finally:
            server.stop()
            elsewhere.stop()
