"""A working channel: the same records in every format, few bytes, and the solutions of a solver."""

import functools
from collections.abc import Callable

import truth

from asking import records, solve
from expected import CELLS
from ground import NAMES, Ground
from network import right

Case = tuple[str, Callable[[], str | None]]
ALL = "json+zst+sharded"
EVERY = ("pytorch", "pytorch-gpu", "pytorch-cpu", "torchvision", "torchaudio", "cuda-version", "cudatoolkit", "python", "arm-variant",
         "nomkl", "cudnn", "triton", "libblas", "mkl")


def cases(ground: Ground) -> list[Case]:
    every: list[Case] = [(f"every record, {form}, {subdir}", functools.partial(same, ground, form, subdir))
                         for form in ("json", "zst", "sharded", ALL)
                         for subdir in ("linux-64", "linux-aarch64", "osx-arm64", "osx-64", "win-64")]
    every += [(f"the second run costs no bytes, {form}", functools.partial(vouched, ground, form))
              for form in ("json", "zst", "sharded", ALL)]
    every += [(f"solve: {name}, {form}", functools.partial(solved, ground, form, virtual, specs, there))
              for name, virtual, specs, there in CELLS for form in ("sharded", "zst")]
    return [*every,
            ("sharded costs little", functools.partial(little, ground)),
            ("a subdir that is not there is no fault", functools.partial(subdir_missing, ground)),
            ("a name that the channel lacks", functools.partial(lacking, ground))]


def same(ground: Ground, form: str, subdir: str) -> str | None:
    with ground.serving(form) as server:
        answer = ground.program.ask(server.channel, ground.cache(), records(*EVERY), subdirs=(subdir,))
        forms = {origin["form"] for origin in answer.origins}
        wanted = {"sharded" if "sharded" in form else "whole"}
        if forms != wanted or answer.faults:
            return f"wanted {wanted} without a fault: {answer.brief()}"
        if any(record["channel"] != server.channel or not record["url"].startswith(f"{server.channel}/{record['subdir']}/")
               for record in answer.records or []):
            return "an address of a record is not in the channel"
        ours, theirs = truth.told(answer.records), truth.records(ground.old, (subdir,), EVERY)
        if len(set(ours)) != len(ours):
            return "a record comes twice"
        missing, more = set(theirs) - set(ours), set(ours) - set(theirs)
        return f"{len(missing)} missing {list(missing)[:1]}, {len(more)} too many {list(more)[:1]}" if missing or more else None


def vouched(ground: Ground, form: str) -> str | None:
    """304 for cached data; the reported bytes match the server's log."""
    cache = ground.cache()
    with ground.serving(form) as server:
        first = ground.program.ask(server.channel, cache, records(*NAMES))
        log = server.summary()
        said = sum(origin["fetched"] for origin in first.origins)
        if not 0.9 <= said / max(1, log["bytes"]) <= 1.1:
            return f"said {said} bytes were fetched, the server sent {log['bytes']}"
        server.clear()
        second = ground.program.ask(server.channel, cache, records(*NAMES))
        log = server.summary()
        if wrong := right(ground, second, "old"):
            return wrong
        # That there is no index of shards is asked each time: there may be one by now. The answer is a few words.
        if log["bytes"] > 100 or log["statuses"].get("304", 0) < 2 or any(origin["fetched"] or origin["age"] for origin in second.origins):
            return f"{log['bytes']} bytes, {log['statuses']}: {second.brief()}"
        server.folder = ground.new
        return right(ground, ground.program.ask(server.channel, cache, records(*NAMES)), "new")


def little(ground: Ground) -> str | None:
    """A request about PyTorch reads less than 200 KB of a sharded channel."""
    with ground.serving("json+zst+sharded") as server:
        answer = ground.program.ask(server.channel, ground.cache(), records(*NAMES))
        sent = server.summary()["bytes"]
        return right(ground, answer, "old") or (None if sent < 200_000 else f"{sent} bytes")


def solved(ground: Ground, form: str, virtual: list[str], specs: list[str], there: bool) -> str | None:
    with ground.serving(form) as server:
        answer = ground.program.ask(server.channel, ground.cache(), solve(specs, virtual))
        wanted = truth.solution(server.channel, specs, virtual)
    if (wanted is not None) != there:
        return f"py-rattler itself says otherwise than expected by hand: {wanted}"
    said = answer.told.get("solved", {})
    if wanted is None:
        why = said.get("unsolvable", {}).get("why", "")
        return None if specs[0].split("=")[0] in why else f"wanted no solution, and why: {answer.brief()} {said}"
    ours = {f"{r['name']}-{r['version']}-{r['build']}" for r in said.get("solution", {}).get("records", [])}
    return None if ours == wanted else f"ours {sorted(ours - wanted)}, py-rattler's {sorted(wanted - ours)}: {answer.brief()}"


def subdir_missing(ground: Ground) -> str | None:
    """A channel without packages for a platform, as many have."""
    for form in ("json", "zst", "sharded", ALL):
        with ground.serving(form) as server:
            server.missing = {"linux-aarch64"}
            answer = ground.program.ask(server.channel, ground.cache(), records(*NAMES), subdirs=("linux-aarch64",))
            found = {origin["subdir"]: (origin["form"], origin["fault"]) for origin in answer.origins}
            if answer.records is None or found.get("linux-aarch64") != ("missing", None):
                return f"{form}: {answer.brief()}"
    return None


def lacking(ground: Ground) -> str | None:
    for form in ("zst", "sharded"):
        with ground.serving(form) as server:
            answer = ground.program.ask(server.channel, ground.cache(), records("no-such-package"))
            if answer.records != [] or answer.faults:
                return f"{form}: {answer.brief()}"
    return None
