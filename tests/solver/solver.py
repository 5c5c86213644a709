"""conda's Rust solver on the judge's channel."""

import asyncio
import functools
import os
import pathlib
import sys

from rattler import BuildString, Channel, GenericVirtualPackage, MatchSpec, PackageName, SparseRepoData, Version, solve_with_sparse_repodata
from rattler.exceptions import InvalidMatchSpecError, SolverError


@functools.cache
def repodata(channel, subdir):
    name = Channel("conda-forge")
    return [SparseRepoData(name, part, pathlib.Path(channel) / part / "repodata.json") for part in (subdir, "noarch")]


def virtual_packages(machine, cuda):
    """The virtual packages that a client detects on the machine, as sorted pairs; `cuda` is its `__cuda`, if any."""
    subdir = machine["subdir"]
    arch = {"linux-64": "x86_64_v3", "osx-64": "x86_64_v3", "win-64": "x86_64_v3", "linux-aarch64": "aarch64", "osx-arm64": "m1"}
    seen = {"__archspec": ("1", arch[subdir])}
    if subdir == "win-64":
        seen["__win"] = ("10.0.26100", "0")
    else:
        seen["__unix"] = ("0", "0")
    if subdir.startswith("linux"):
        seen["__linux"] = ("6.8.0", "0")
        seen["__glibc"] = (machine.get("glibc", "2.35"), "0")
    if subdir.startswith("osx"):
        seen["__osx"] = (machine["macos"], "0")
    if cuda:
        seen["__cuda"] = (cuda, "0")
    return tuple(sorted((name, *value) for name, value in seen.items()))


def solve(channel, subdir, specs, virtual):
    """A map of name to record, or the solver's error as text. Strict priority, one channel."""
    packages = [GenericVirtualPackage(PackageName(name), Version(version), BuildString(build)) for name, version, build in virtual]
    try:  # MatchSpec reads leniently, as conda, mamba and pixi's command line do
        coroutine = solve_with_sparse_repodata([MatchSpec(spec) for spec in specs], repodata(channel, subdir), virtual_packages=packages)
        records = asyncio.run(coroutine)
    except (SolverError, InvalidMatchSpecError) as error:
        return str(error)
    return {record.name.normalized: {"version": str(record.version), "build": str(record.build),
                                     "build_number": record.build_number, "depends": list(record.depends)}
            for record in records}


def solve_job(job):
    """For a process pool: jobs and answers that can be pickled."""
    return job, solve(*job)


def end(failed):
    """Ends the script at once: while Python ends by itself, a thread of the solver can crash it."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(bool(failed))
