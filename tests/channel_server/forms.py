"""The forms in which a channel offers its records, written beside `repodata.json`.

`repodata.json.zst` is the same document, compressed. Sharded (CEP 16) is an index,
`repodata_shards.msgpack.zst`, of the SHA-256 of a file for each name, `shards/HASH.msgpack.zst`; the
hash is that of the compressed file.
"""

import hashlib
import json
import pathlib
from collections import defaultdict
from typing import Any

import msgpack
import zstandard

FORMS = ("json", "zst", "sharded")
INDEX = "repodata_shards.msgpack.zst"
SECTIONS = ("packages", "packages.conda")
HASHES = ("md5", "sha256")


def form_of(path: str) -> str | None:
    """Which form a file of a channel belongs to."""
    name = path.rsplit("/", 1)[-1]
    if name.endswith(".msgpack.zst"):
        return "sharded"
    return {"repodata.json": "json", "repodata.json.zst": "zst"}.get(name)


def packed(value: Any) -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(msgpack.packb(value))


def record_of_shard(record: dict[str, Any]) -> dict[str, Any]:
    """In a shard hashes are bytes, not digits."""
    return {key: bytes.fromhex(value) if key in HASHES else value for key, value in record.items()}


def write_shard(folder: pathlib.Path, sections: dict[str, dict[str, Any]]) -> bytes:
    """Writes the shard of one name; its hash."""
    whole = {section: {file: record_of_shard(record) for file, record in sorted(sections.get(section, {}).items())}
             for section in SECTIONS}
    data = packed({**whole, "removed": []})
    digest = hashlib.sha256(data)
    (folder / "shards").mkdir(exist_ok=True)
    (folder / "shards" / f"{digest.hexdigest()}.msgpack.zst").write_bytes(data)
    return digest.digest()


def write_index(folder: pathlib.Path, shards: dict[str, bytes]) -> None:
    info = {"subdir": folder.name, "base_url": "./", "shards_base_url": "./shards/", "created_at": "2026-11-24T00:00:00Z"}
    (folder / INDEX).write_bytes(packed({"info": info, "shards": dict(sorted(shards.items()))}))


def write(channel: pathlib.Path) -> None:
    """Every form of every subdir, from its `repodata.json`."""
    for source in channel.glob("*/repodata.json"):
        text = source.read_bytes()
        source.with_name("repodata.json.zst").write_bytes(zstandard.ZstdCompressor(level=10).compress(text))
        document = json.loads(text)
        names: dict[str, dict[str, dict[str, Any]]] = defaultdict(lambda: {section: {} for section in SECTIONS})
        for section in SECTIONS:
            for file, record in document.get(section, {}).items():
                names[record["name"]][section][file] = record
        write_index(source.parent, {name: write_shard(source.parent, sections) for name, sections in names.items()})
