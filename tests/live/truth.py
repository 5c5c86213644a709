"""The right results, found without the program: records from `repodata.json`, solutions from py-rattler."""

import asyncio
import json
import pathlib
import tempfile
from typing import Any

import rattler
from rattler.exceptions import SolverError

FIELDS = ("name", "version", "build", "build_number", "subdir", "depends", "constrains", "size")


def records(folder: pathlib.Path, subdirs: tuple[str, ...], names: tuple[str, ...]) -> list[str]:
    """The records of these names in the channel, in a comparable form."""
    found = []
    for subdir in (*subdirs, "noarch"):
        document = json.loads((folder / subdir / "repodata.json").read_text())
        for section in ("packages", "packages.conda"):
            for file, record in document[section].items():
                if record["name"] in names:
                    found.append(comparable({**record, "file": file}))
    return sorted(found)


def comparable(record: dict[str, Any]) -> str:
    file = record.get("file") or record["url"].rsplit("/", 1)[-1]
    features = record.get("track_features") or []
    features = features.split() if isinstance(features, str) else features
    empty: dict[str, Any] = {"depends": [], "constrains": []}
    return json.dumps([file, features, *((record.get(field) or empty.get(field)) for field in FIELDS)])


def told(answer: list[dict[str, Any]] | None) -> list[str]:
    return sorted(map(comparable, answer or []))


def solution(channel: str, specs: list[str], virtual: list[str]) -> set[str] | None:
    """The builds that py-rattler selects; None without a solution."""
    packages = []
    for package in virtual:
        name, version, build = package.split("=")
        packages.append(rattler.GenericVirtualPackage(rattler.PackageName(name), rattler.Version(version),
                                                     rattler.BuildString(build)))
    with tempfile.TemporaryDirectory() as cache:
        async def run() -> list[Any]:
            return await rattler.solve([channel], specs, rattler.Gateway(cache_dir=cache), ["linux-64", "noarch"],
                                       virtual_packages=packages)

        try:
            found = asyncio.run(run())
        except SolverError:
            return None
    return {f"{record.name.normalized}-{record.version}-{record.build}" for record in found}
