"""The expected kind of each fault, written by hand (kinds: `crates/conda-torch-core/src/conda/fault.rs`).

`OK`: the records come, and no fault that kept them away. Several kinds: a person would do the same about
each. Faults strike every path of the channel unless a row says otherwise.
"""

import dataclasses

OK = "ok"


@dataclasses.dataclass(frozen=True)
class Row:
    """A fault of the server, the offered formats, and the right kinds with an empty cache."""

    fault: str
    forms: str
    kinds: frozenset[str]
    on: str = ""
    times: int = 0

    @property
    def name(self) -> str:
        where = f" on {self.on}" if self.on else ""
        return f"{self.fault}{where}{f' {self.times} times' if self.times else ''}, {self.forms}"


def rows(fault: str, kinds: str, on: str = "", times: int = 0, forms: str = "json zst sharded") -> list[Row]:
    return [Row(fault, form, frozenset(kinds.split()), on, times) for form in forms.split()]


COLD = [
    *rows("silent", "slow"),
    *rows("stalled", "slow"),
    # Never silent for long, and never done: bounded by the smaller of patience and good sense.
    *rows("drip", "slow", forms="json"),
    *rows("truncated", "cut_short"),
    *rows("reset_half_way", "cut_short"),
    # Nothing said how long it would be: an end too early is then found in what came.
    *rows("unannounced", "cut_short damaged"),
    *rows("corrupt", "damaged"),
    *rows("empty", "cut_short damaged"),
    *rows("wrong_shard", "damaged", on="shards/", forms="sharded"),
    *rows("corrupt", "damaged", on="shards/", forms="sharded"),
    *rows("truncated", "cut_short", on="shards/", forms="sharded"),
    *rows("stalled", "slow", on="shards/", forms="sharded"),
    *rows("captive", "captive_page"),
    *rows("captive", "captive_page", on="shards/", forms="sharded"),
    *rows("login", "captive_page"),
    *rows("moved", OK),
    *rows("loop", "redirect_loop"),
    *rows("401", "refused"),
    *rows("403", "refused"),
    *rows("404", "no_channel"),
    *rows("410", "no_channel refused other", forms="json"),
    *rows("429", "too_many"),
    *rows("429_for_an_hour", "too_many"),
    *rows("500", "server"),
    *rows("502", "server", forms="json"),
    *rows("503", "server"),
    *rows("503", "server", on="shards/", forms="sharded"),
    *rows("404", "damaged no_channel", on="shards/", forms="sharded"),
    # An answer that would have come at the second time of asking.
    *rows("503", OK, times=1),
    *rows("reset", OK, times=1, forms="json sharded"),
    *rows("reset", "no_network cut_short"),
    *rows("not_http", "damaged captive_page other", forms="json"),
    # One form is ill, another sound: it stands in.
    *rows("404", OK, on="repodata_shards", forms="json+zst+sharded"),
    *rows("404", OK, on="repodata.json.zst", forms="json+zst"),
]

# A cache from a good run, then a channel that changed, then the fault.
WARM = ["silent", "stalled", "truncated", "reset_half_way", "unannounced", "corrupt", "captive", "login", "401", "429", "503",
        "reset"]

# Machines to solve for: virtual packages, specs, and whether there is a solution, from what the feedstocks say.
GLIBC, UNIX = ["__linux=6.8=0", "__glibc=2.35=0", "__archspec=1=x86_64_v3"], ["__unix=0=0"]
CELLS = [
    ("a driver for CUDA 12.8", [*UNIX, *GLIBC, "__cuda=12.8=0"], ["pytorch-gpu=2.7"], True),
    ("a driver for CUDA 13.0", [*UNIX, *GLIBC, "__cuda=13.0=0"], ["pytorch-gpu"], True),
    ("a driver for CUDA 11.4", [*UNIX, *GLIBC, "__cuda=11.4=0"], ["pytorch-gpu=2.1"], True),
    ("no driver", [*UNIX, *GLIBC], ["pytorch"], True),
    ("no driver and the GPU build", [*UNIX, *GLIBC], ["pytorch-gpu"], False),
    ("glibc 2.12", [*UNIX, "__linux=2.6=0", "__glibc=2.12=0"], ["pytorch=2.9"], False),
    ("a PyTorch that there never was", [*UNIX, *GLIBC], ["pytorch=2.5.0"], False),
    ("torchvision and Python 3.12", [*UNIX, *GLIBC, "__cuda=12.9=0"], ["torchvision", "pytorch-gpu", "python=3.12"], True),
]
