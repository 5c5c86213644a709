"""The cache folder: offline, concurrent runs, a full disk, a folder that cannot be written, damage."""

import functools
import os
import pathlib
import subprocess
import time
from collections.abc import Callable

from asking import records
from ground import NAMES, SUBDIRS, Ground
from network import is_kind, right

Case = tuple[str, Callable[[], str | None]]


def cases(ground: Ground) -> list[Case]:
    each: list[Case] = []
    for form in ("json", "zst", "sharded"):
        each += [(f"offline with an empty cache, {form}", functools.partial(offline_empty, ground, form)),
                 (f"offline after a good run, with its age, {form}", functools.partial(offline_aged, ground, form)),
                 (f"two at once on one cache, {form}", functools.partial(two_at_once, ground, form)),
                 (f"killed half-way, {form}", functools.partial(killed, ground, form)),
                 (f"a damaged cache heals, {form}", functools.partial(damaged, ground, form)),
                 (f"a full disk, {form}", functools.partial(full_disk, ground, form)),
                 (f"a cache that cannot be written, {form}", functools.partial(unwritable, ground, form)),
                 (f"a cache that is a file, {form}", functools.partial(a_file, ground, form))]
    return each


def offline_empty(ground: Ground, form: str) -> str | None:
    with ground.serving(form) as server:
        answer = ground.program.ask(server.channel, ground.cache(), records(*NAMES), offline=True)
        asked = server.summary()["count"]
        return is_kind(answer, {"not_cached"}) or (f"{asked} requests while offline" if asked else None)


def offline_aged(ground: Ground, form: str) -> str | None:
    """The age counts from the last confirmation by the server."""
    cache = ground.cache()
    with ground.serving(form) as server:
        ground.program.ask(server.channel, cache, records(*NAMES))
        time.sleep(3)
        server.clear()
        answer = ground.program.ask(server.channel, cache, records(*NAMES), offline=True)
        ages = [origin["age"] for origin in answer.origins]
        if wrong := right(ground, answer, "old"):
            return wrong
        if not ages or not all(2 <= age <= 20 for age in ages) or server.summary()["count"]:
            return f"ages {ages} after 3 s, {server.summary()['count']} requests"
        ground.program.ask(server.channel, cache, records(*NAMES))
        ages = [o["age"] for o in ground.program.ask(server.channel, cache, records(*NAMES), offline=True).origins]
        return None if all(age <= 2 for age in ages) else f"a 304 did not make it young: ages {ages}"


def two_at_once(ground: Ground, form: str) -> str | None:
    cache = ground.cache()
    with ground.serving(form) as server:
        document = {"protocol": 2, "channels": [server.channel], "subdirs": list(SUBDIRS), "cache": cache, "offline": False,
                    "patience": 5, "deadline": 60, "question": records(*NAMES)}
        runs = [ground.program.start(document) for _ in range(4)]
        for answer in [ground.program.end(run) for run in runs]:
            if (wrong := right(ground, answer, "old")) or answer.faults:
                return wrong or answer.brief()
        return right(ground, ground.program.ask(server.channel, cache, records(*NAMES), offline=True), "old")


def killed(ground: Ground, form: str) -> str | None:
    """Killed during a download, it leaves no lock and no partial file."""
    from faults import Fault
    cache = ground.cache()
    with ground.serving(form) as server:
        server.fault = Fault("stalled")
        document = {"protocol": 2, "channels": [server.channel], "subdirs": list(SUBDIRS), "cache": cache, "offline": False,
                    "patience": 30, "deadline": 60, "question": records(*NAMES)}
        process = ground.program.start(document)
        time.sleep(1.5)
        process.kill()
        process.communicate()
        server.fault = None
        return right(ground, ground.program.ask(server.channel, cache, records(*NAMES)), "old")


def damaged(ground: Ground, form: str) -> str | None:
    """Cache files truncated, then emptied: never wrong records, and a new download repairs them."""
    cache = ground.cache()
    with ground.serving(form) as server:
        for share, how in ((2, "cut to half"), (10**9, "emptied")):
            ground.program.ask(server.channel, cache, records(*NAMES))
            for file in [file for file in pathlib.Path(cache).rglob("*") if file.is_file()]:
                data = file.read_bytes()
                file.write_bytes(data[:len(data) // share])
            offline = ground.program.ask(server.channel, cache, records(*NAMES), offline=True)
            if offline.records is not None and (wrong := right(ground, offline, "old")):
                return f"{how}, offline: {wrong}"
            if offline.reply is None:
                return f"{how}, offline: {offline.brief()}"
            if wrong := right(ground, ground.program.ask(server.channel, cache, records(*NAMES)), "old"):
                return f"{how}, online: {wrong}"
    return None


def full_disk(ground: Ground, form: str) -> str | None:
    """On a full disk of 32 KB: reported as such, or answered without caching."""
    place = pathlib.Path(ground.cache())
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", place], capture_output=True, check=False)
    if mounted.returncode:
        return "SKIPPED: no disk could be mounted"
    try:
        with ground.serving(form) as server:
            answer = ground.program.ask(server.channel, str(place / "cache"), records(*NAMES))
            return is_kind(answer, {"disk_full"}) if answer.failed or answer.reply is None else right(ground, answer, "old")
    finally:
        subprocess.run(["umount", place], check=False)


def unwritable(ground: Ground, form: str) -> str | None:
    """A read-only file system, which root cannot write to either."""
    place = pathlib.Path(ground.cache())
    place.mkdir()
    mounted = os.geteuid() == 0
    if mounted:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", place], capture_output=True, check=False)
        if done.returncode:
            return "SKIPPED: no disk could be mounted"
    else:
        place.chmod(0o555)
    try:
        with ground.serving(form) as server:
            answer = ground.program.ask(server.channel, str(place / "cache"), records(*NAMES))
            return is_kind(answer, {"cache"}) if answer.failed or answer.reply is None else right(ground, answer, "old")
    finally:
        if mounted:
            subprocess.run(["umount", place], check=False)
        else:
            place.chmod(0o755)


def a_file(ground: Ground, form: str) -> str | None:
    cache = ground.cache()
    pathlib.Path(cache).write_text("not a folder\n")
    with ground.serving(form) as server:
        answer = ground.program.ask(server.channel, cache, records(*NAMES))
        return is_kind(answer, {"cache"}) if answer.failed or answer.reply is None else right(ground, answer, "old")
