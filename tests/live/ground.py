"""The ground that all cases stand on: two states of one channel, servers, and folders for caches."""

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
    """`old` is the reference channel; `new` is it with one build more and one less."""

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
        """A folder of its own that is not there yet."""
        return str(self.place / f"cache-{next(self.numbers)}")

    @contextlib.contextmanager
    def serving(self, offered: str = "json+zst+sharded", tls: tuple[str, str] | None = None) -> Iterator[Server]:
        """A server of these forms, and another where its login page is."""
        elsewhere = Server(self.old).start()
        server = Server(self.old, tuple(offered.split("+")), tls).start()
        server.elsewhere = elsewhere.base
        try:
            yield server
        finally:
            server.stop()
            elsewhere.stop()
