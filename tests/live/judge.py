#!/usr/bin/env python3
"""Test `conda-torch-live` with a channel on loopback: formats, faults, caches, solutions.

    python3 tests/live/judge.py --live target/debug/conda-torch-live [--binary target/debug/conda-torch] [--only WORD]

Needs tests/live/requirements.txt. Expected values are in `expected.py`, by hand. Ends with
`N passed, N failed`, and with 1 where something failed.
"""

import argparse
import contextlib
import os
import pathlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "channel_server"), str(HERE.parent / "solver")]

import caches  # noqa: E402
import network  # noqa: E402
import product  # noqa: E402
import sound  # noqa: E402
from asking import Program  # noqa: E402
from ground import Ground  # noqa: E402


@contextlib.contextmanager
def folder() -> Iterator[pathlib.Path]:
    path = pathlib.Path(tempfile.mkdtemp(prefix="conda-torch-live-judge-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def judged(case: tuple[str, Callable[[], str | None]]) -> tuple[str, str | None]:
    """The name of a case and its error."""
    name, check = case
    try:
        return name, check()
    except Exception as error:  # the judge goes on, whatever one case does
        return name, f"{type(error).__name__}: {error}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--live", required=True, type=os.path.abspath)
    parser.add_argument("--binary", type=os.path.abspath, help="conda-torch with `matrix --diff`, to be judged too")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--jobs", type=int, default=4)
    arguments = parser.parse_args()
    passed = failed = skipped = 0
    with folder() as place:
        ground = Ground(Program(arguments.live), place)
        cases = [case for room in (sound, network, caches) for case in room.cases(ground)]
        cases += product.cases(ground, arguments.binary) if arguments.binary else []
        cases = [case for case in cases if arguments.only in case[0]]
        with ThreadPoolExecutor(arguments.jobs) as pool:
            for name, wrong in pool.map(judged, cases):
                if wrong is None:
                    passed += 1
                elif wrong.startswith("SKIPPED"):
                    skipped += 1
                    print(f"{wrong}: {name}", flush=True)
                else:
                    failed += 1
                    print(f"FAILED: {name}\n    {wrong}", flush=True)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    failed = main()
    sys.stdout.flush()
    os._exit(failed)  # while Python ends by itself, a thread of the solver can crash it
