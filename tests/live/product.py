"""`conda-torch matrix --diff` with the same setup: its output and exit code."""

import functools
import os
import subprocess
from collections.abc import Callable

from faults import Fault

from asking import BOUND, QUIET
from ground import Ground

Case = tuple[str, Callable[[], str | None]]
SAME, DIFFERS, FAILED = 0, 4, 1


def cases(ground: Ground, binary: str) -> list[Case]:
    return [(f"matrix --diff: {check.__doc__}", functools.partial(check, Diff(ground, binary)))
            for check in (well, changed, failing, standing_in, offline, offline_empty)]


class Diff:
    """Runs of the program with one cache."""

    def __init__(self, ground: Ground, binary: str) -> None:
        self.ground, self.binary, self.cache = ground, binary, ground.cache()

    def run(self, channel: str, *flags: str) -> tuple[int, str]:
        done = subprocess.run([self.binary, "matrix", "--diff", "--channel", channel, *flags], capture_output=True, text=True, check=False,
                              timeout=BOUND, env={**QUIET, "XDG_CACHE_HOME": self.cache,
                                                  "CONDA_TORCH_LIVE": os.path.abspath(self.ground.program.path)})
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    def wrong(self, channel: str, code: int, *words: str, flags: tuple[str, ...] = ()) -> str | None:
        got, said = self.run(channel, *flags)
        lacks = [word for word in words if word not in said]
        return None if got == code and not lacks else f"wanted {code} and {words}: {got}, {said[:600]}"


def well(diff: Diff) -> str | None:
    """the reference channel equals the rows"""
    with diff.ground.serving() as server:
        return diff.wrong(server.channel, SAME, "No differences", "compared with built-in data")


def changed(diff: Diff) -> str | None:
    """a new build is reported, with exit code 4"""
    with diff.ground.serving() as server:
        server.folder = diff.ground.new
        return diff.wrong(server.channel, DIFFERS, "99.0")


def failing(diff: Diff) -> str | None:
    """a failing server and an empty cache"""
    with diff.ground.serving() as server:
        server.fault = Fault("503")
        return diff.wrong(server.channel, FAILED, server.channel, "cannot read", "server error")


def standing_in(diff: Diff) -> str | None:
    """a failing server and cached data"""
    with diff.ground.serving() as server:
        diff.run(server.channel)
        server.fault = Fault("503")
        return diff.wrong(server.channel, SAME, "cannot read", "No differences", "ago")


def offline(diff: Diff) -> str | None:
    """offline after a successful run, with its age"""
    with diff.ground.serving() as server:
        diff.run(server.channel)
        return diff.wrong(server.channel, SAME, "No differences", "ago", flags=("--offline",))


def offline_empty(diff: Diff) -> str | None:
    """offline with an empty cache"""
    with diff.ground.serving() as server:
        wrong = diff.wrong(server.channel, FAILED, server.channel, flags=("--offline",))
        return wrong or (f"{server.summary()['count']} requests while offline" if server.summary()["count"] else None)
