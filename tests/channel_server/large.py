"""Write a channel as large as conda-forge's: the reference records among hundreds of thousands of others.

    python3 tests/solver/channel.py OUT && python3 tests/channel_server/large.py OUT [--records 840000]

Every form is written as it grows, a name at a time, so that memory stays small. Most records are of linux-64,
the rest noarch; names, builds and dependencies are made up, but of the lengths and numbers of real ones.
The other subdirs hold the reference records alone.
"""

import argparse
import hashlib
import json
import pathlib
import random
from collections.abc import Iterator
from typing import IO, Any

import zstandard

import forms

SHARE = {"linux-64": 0.62, "noarch": 0.38}
LIBRARIES = ["libstdcxx >=13", "libgcc >=13", "libzlib >=1.3.1,<2.0a0", "openssl >=3.4.1,<4.0a0", "libblas >=3.9.0,<4.0a0", "numpy >=1.21,<3",
             "libcurl >=8.12.1,<9.0a0", "zstd >=1.5.7,<1.6.0a0", "icu >=75.1,<76.0a0", "libpng >=1.6.47,<1.7.0a0", "xorg-libx11 >=1.8.12,<2.0a0",
             "hdf5 >=1.14.3,<1.14.4.0a0", "libprotobuf >=5.28.3,<5.28.4.0a0", "libabseil * cxx17*", "_openmp_mutex >=4.5"]
PYTHONS = ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"]
# How many records a name has: many have few, a few have hundreds.
SIZES = [4, 6, 9, 12, 20, 30, 45, 70, 120, 400]


def filler(subdir: str, wanted: int, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """So many records, as names with their records by file."""
    chance = random.Random(f"{subdir}{seed}")
    number = 0
    while wanted > 0:
        name = f"{chance.choice(['lib', 'py', 'r-', 'perl-', 'go-', ''])}filler-{number:06d}"
        number += 1
        size = min(wanted, chance.choice(SIZES))
        wanted -= size
        yield name, dict(filler_record(chance, subdir, name, at) for at in range(size))


def filler_record(chance: random.Random, subdir: str, name: str, at: int) -> tuple[str, dict[str, Any]]:
    python = PYTHONS[at % len(PYTHONS)]
    version = f"{1 + at // 60}.{at // 6 % 10}.{chance.randrange(9)}"
    build = f"py{python.replace('.', '')}h{chance.getrandbits(28):07x}_{at}" if subdir != "noarch" else f"pyhd8ed1ab_{at}"
    minor = int(python[2:])
    depends = [f"python >={python},<3.{minor + 1}.0a0", f"python_abi {python}.* *_cp3{minor}"] if subdir != "noarch" else ["python >=3.9"]
    depends += sorted(chance.sample(LIBRARIES, chance.randrange(1, 8)))
    extension = "conda" if chance.random() < 0.7 else "tar.bz2"
    file = f"{name}-{version}-{build}.{extension}"
    sha = hashlib.sha256(f"{subdir}/{file}".encode()).hexdigest()
    record = {"build": build, "build_number": at, "depends": depends, "license": "BSD-3-Clause", "license_family": "BSD", "md5": sha[:32],
              "name": name, "sha256": sha, "size": chance.randrange(10_000, 20_000_000), "subdir": subdir,
              "timestamp": 1_500_000_000_000 + chance.randrange(260_000_000) * 1000, "version": version}
    return file, {**record, "noarch": "python"} if subdir == "noarch" else record


class Document:
    """`repodata.json`, a section after the other, and the same compressed on the way."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.plain = (folder / "repodata.json").open("wb")
        self.packed = zstandard.ZstdCompressor(level=6).stream_writer((folder / "repodata.json.zst").open("wb"), closefd=True)
        self.put(json.dumps({"info": {"subdir": folder.name}})[:-1] + ', "repodata_version": 1, "removed": []')

    def put(self, text: str) -> None:
        self.plain.write(text.encode())
        self.packed.write(text.encode())

    def section(self, name: str, source: IO[str]) -> None:
        source.seek(0)
        self.put(f', "{name}": {{')
        for number, line in enumerate(source):
            self.put(("," if number else "") + line)
        self.put("}")

    def close(self) -> None:
        self.put("}\n")
        self.plain.close()
        self.packed.close()


def write_subdir(folder: pathlib.Path, wanted: int, seed: int) -> int:
    """The filler, and after it what `repodata.json` holds now."""
    reference = json.loads((folder / "repodata.json").read_text())
    by_name: dict[str, dict[str, Any]] = {}
    for section in forms.SECTIONS:
        for file, record in reference[section].items():
            by_name.setdefault(record["name"], {})[file] = record
    shards: dict[str, bytes] = {}
    parts = {section: (folder / f"{section}.part").open("w+") for section in forms.SECTIONS}
    count = 0
    for names in (filler(folder.name, wanted, seed), by_name.items()):
        for name, records in names:
            sections: dict[str, dict[str, Any]] = {section: {} for section in forms.SECTIONS}
            for file, record in records.items():
                section = "packages.conda" if file.endswith(".conda") else "packages"
                sections[section][file] = record
                parts[section].write(f"{json.dumps(file)}: {json.dumps(record)}\n")
            shards[name] = forms.write_shard(folder, sections)
            count += len(records)
    document = Document(folder)
    for section, part in parts.items():
        document.section(section, part)
        part.close()
        pathlib.Path(part.name).unlink()
    document.close()
    forms.write_index(folder, shards)
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path, help="a folder that tests/solver/channel.py has written")
    parser.add_argument("--records", type=int, default=840_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    forms.write(arguments.out)
    for subdir, share in SHARE.items():
        print(f"{subdir}: {write_subdir(arguments.out / subdir, int(arguments.records * share), arguments.seed)} records", flush=True)


if __name__ == "__main__":
    main()
