"""The machines and requests of the tests with a solver."""

import random

LINUX_DRIVERS = [None, "440.33", "450.51.05", "450.80.02", "470.42.01", "520.61.05", "525.60.13", "525", "535", "550.54.14",
                 "560.35.05", "570.26", "575.51.03", "580.65.06", "580", "590.44.01", "610", "615.71.09", "620.70.06"]
WINDOWS_DRIVERS = [None, "441.22", "451.48", "452.39", "471.11", "520.06", "527.41", "536.25", "551.61", "560.76", "570.65",
                   "576.02", "580.88", "590", "610", "616.10", "616.56", "621.01"]
GPUS = [["3.5"], ["3.7"], ["5.0"], ["5.2"], ["6.0"], ["6.1"], ["7.0"], ["7.5"], ["8.0"], ["8.6"], ["8.9"], ["9.0"], ["10.0"],
        ["10.3"], ["10.7"], ["12.0"], ["13.0"], ["12.5"],
        ["3.5", "8.6"], ["6.1", "8.9"], ["6.1", "12.0"], ["7.0", "9.0"], ["9.0", "9.0"], ["8.6", "12.0"], ["5.2", "7.5", "8.9"], []]
# GPUs that come with an Arm processor; other platforms refuse them.
ARM = [["7.2"], ["8.7"], ["11.0"], ["12.1"]]
GLIBC = ["2.17", "2.27", "2.28", "2.36", "2.41"]
MACOS = {"osx-64": ["10.9", "10.12", "10.13", "10.15", "11.0", "11.7", "12.0", "12.7", "13.6", "14.5", "15.0", "26.0"],
         "osx-arm64": ["11.0", "11.7", "12.0", "12.2", "12.3", "12.7", "13.0", "13.6", "14.0", "14.5", "15.0", "26.0"]}
CUDA_VERSIONS = ["10.2", "11.0", "11.1", "11.2", "11.3", "11.7", "11.8", "12.0", "12.1", "12.4", "12.5", "12.6", "12.8", "12.9",
                 "13.0", "13.1", "13.2", "13.3", "13.4", "13.5"]
PYTORCHES = ["1.12", "1.12.1", "1.13", "2.0", "2.0.0", "2.1", "2.1.0", "2.3", "2.4", "2.4.0", "2.4.1", "2.5", "2.5.1", "2.6", "2.7",
             "2.7.0", "2.8", "2.9", "2.10", "2.11", "2.12", "2.12.0", "2.13", "2.13.0", "1", "2"]
PYTHONS = ["3.7", "3.8", "3.9", "3.10", "3.12", "3.13", "3.14"]
PACKAGES = [["torchvision"], ["torchaudio"], ["torchvision", "torchaudio"]]


def requests():
    """Each request alone, then the pairs that interact."""
    yield {}
    yield from ({"pytorch": v} for v in PYTORCHES)
    yield from ({"python": v} for v in PYTHONS)
    yield from ({"cuda_version": v} for v in CUDA_VERSIONS)
    yield from ({"accelerator": v} for v in ("cpu", "cuda"))
    yield from ({"blas": v} for v in ("mkl", "generic"))
    yield from ({"packages": v} for v in PACKAGES)
    for packages in PACKAGES:
        yield from ({"packages": packages, "python": v} for v in ("3.9", "3.12", "3.14"))
        yield from ({"packages": packages, "cuda_version": v} for v in ("11.8", "12.1", "12.6", "12.8", "12.9", "13.0"))
        yield from ({"packages": packages, "pytorch": v} for v in PYTORCHES)
        yield {"packages": packages, "accelerator": "cpu"}
        yield {"packages": packages, "blas": "generic"}
    for version in PYTORCHES:
        yield from ({"pytorch": version, "accelerator": v} for v in ("cpu", "cuda"))
        yield from ({"pytorch": version, "blas": v} for v in ("mkl", "generic"))
        yield from ({"pytorch": version, "cuda_version": v} for v in ("11.2", "11.8", "12.0", "12.4", "12.6", "12.9", "13.0"))
    yield from ({"cuda_version": c, "blas": "generic"} for c in CUDA_VERSIONS)


def machines(subdir):
    if subdir.startswith("osx"):
        yield from ({"subdir": subdir, "macos": version} for version in MACOS[subdir])
        return
    drivers = WINDOWS_DRIVERS if subdir == "win-64" else LINUX_DRIVERS
    gpus = GPUS + (ARM if subdir == "linux-aarch64" else [])
    for glibc in [None] if subdir == "win-64" else GLIBC:
        for driver in drivers:
            for capabilities in gpus:
                machine = {"subdir": subdir, "driver": driver, "capabilities": capabilities, "glibc": glibc}
                yield {name: value for name, value in machine.items() if value not in (None, [])}


def full():
    """Every machine with the default request; every request on typical machines; a seeded sample of the product."""
    everything, wishes = [], list(requests())
    for subdir in ("linux-64", "linux-aarch64", "win-64", "osx-64", "osx-arm64"):
        everything += list(machines(subdir))
    cases = [(machine, {}) for machine in everything]
    cases += [(machine, wish) for machine in typical() for wish in wishes]
    dice = random.Random(2)
    cases += [(dice.choice(everything), dice.choice(wishes)) for _ in range(2000)]
    cases += cuda_only()
    return cases


def typical():
    linux = [("580.65.06", ["8.6"]), ("580.65.06", ["6.1"]), ("470.42.01", ["8.0"]), ("535", ["7.5"]), (None, []), ("570.26", ["12.0"])]
    for driver, capabilities in linux:
        for subdir, glibc in (("linux-64", "2.35"), ("linux-64", "2.17"), ("linux-aarch64", "2.35")):
            machine = {"subdir": subdir, "glibc": glibc}
            yield {**machine, "driver": driver, "capabilities": capabilities} if driver else machine
    for driver, capabilities in [("580.88", ["8.9"]), ("560.76", ["6.1"]), (None, [])]:
        yield {"subdir": "win-64", "driver": driver, "capabilities": capabilities} if driver else {"subdir": "win-64"}
    yield {"subdir": "linux-aarch64", "driver": "580.65.06", "capabilities": ["8.7"], "glibc": "2.35"}
    yield {"subdir": "linux-aarch64", "driver": "540.4.0", "capabilities": ["8.7"], "glibc": "2.35"}
    yield {"subdir": "osx-arm64", "macos": "14.5"}
    yield {"subdir": "osx-arm64", "macos": "13.6"}
    yield {"subdir": "osx-64", "macos": "11.7"}


def cuda_only():
    """The CUDA version of `nvidia-smi`, without the driver's version."""
    for cuda in ("11.4", "11.8", "12.0", "12.2", "12.4", "12.6", "12.8", "12.9", "13.0", "13.2"):
        for capabilities in (["6.1"], ["8.9"], ["9.0"], ["12.0"], []):
            for subdir in ("linux-64", "win-64"):
                machine = {"subdir": subdir, "cuda": cuda, "glibc": "2.35"}
                if subdir == "win-64":
                    del machine["glibc"]
                yield ({**machine, "capabilities": capabilities} if capabilities else machine, {})


def quick():
    """A small fixed subset: about one case per rule."""
    def linux(driver, *gpus, glibc="2.35", **request):
        return ({"subdir": "linux-64", "driver": driver, "capabilities": list(gpus), "glibc": glibc}, request)

    cpu = {"subdir": "linux-64", "glibc": "2.35"}
    cases = [
        linux("580.65.06", "6.1"), linux("580.65.06", "7.0"), linux("535", "6.1"), linux("570.26", "12.0"), linux("580.65.06", "12.0"),
        linux("470.42.01", "8.0"), linux("470.42.01", "3.7"), linux("450.80.02", "6.0"), linux("450.51.05", "6.0"),
        linux("440.33", "7.0"), linux("580.65.06", "8.9"), linux("575.51.03", "8.9"), linux("616.10", "13.0"), linux("535", "13.0"),
        linux("580.65.06", "6.1", "8.9"), linux("580.65.06", "3.5", "8.6"), linux("535", "8.0", glibc="2.17"),
        linux("580.65.06", "8.0", glibc="2.27"), linux("580.65.06", "8.6", cuda_version="12.4"),
        linux("580.65.06", "8.6", cuda_version="11.8"), linux("580.65.06", "8.6", cuda_version="12.8"),
        linux("580.65.06", "8.6", pytorch="2.9"), linux("580.65.06", "8.6", python="3.9"), linux("580.65.06", "8.6", blas="generic"),
        linux("580.65.06", "8.6", packages=["torchvision", "torchaudio"]), linux("580.65.06", "8.6", accelerator="cpu"),
        linux("535", "8.6", pytorch="2.1"), linux("535", "8.6", pytorch="2.4.1", cuda_version="11.8"),
        linux("470.42.01", "8.0", glibc="2.40"), linux("470.42.01", "8.0", glibc="2.41"), linux("470.42.01", "3.7", glibc="2.41"),
        linux("580.65.06", "8.6", glibc="2.41", cuda_version="11.8"), linux("580.65.06", "8.6", glibc="2.41", cuda_version="12.4"),
        linux("580.65.06", "8.6", glibc="2.41", pytorch="2.5.1"), linux("580.65.06", "8.6", glibc="2.41", pytorch="2.3"),
        (cpu, {}), (cpu, {"accelerator": "cuda"}), (cpu, {"python": "3.7"}), (cpu, {"pytorch": "2.2"}),
        ({"subdir": "win-64", "driver": "560.76", "capabilities": ["6.1"]}, {}),
        ({"subdir": "win-64", "driver": "580.88", "capabilities": ["8.9"]}, {"cuda_version": "12.9"}),
        ({"subdir": "win-64", "driver": "580.88", "capabilities": ["8.9"]}, {"cuda_version": "12.8"}),
        ({"subdir": "win-64", "driver": "560.76", "capabilities": ["6.1"]}, {"pytorch": "2.12"}),
        ({"subdir": "win-64", "driver": "560.76", "capabilities": ["6.1"]}, {"pytorch": "2.9", "packages": ["torchvision"]}),
        ({"subdir": "linux-aarch64", "driver": "575.51.03", "capabilities": ["9.0"], "glibc": "2.35"}, {"pytorch": "2.7.1"}),
        ({"subdir": "win-64", "driver": "580.88", "capabilities": ["8.9"]}, {"packages": ["torchaudio"]}),
        ({"subdir": "osx-64", "macos": "10.15"}, {}), ({"subdir": "osx-64", "macos": "11.0"}, {}),
        ({"subdir": "osx-arm64", "macos": "14.0"}, {}), ({"subdir": "osx-arm64", "macos": "13.6"}, {}),
        ({"subdir": "osx-arm64", "macos": "13.6"}, {"accelerator": "cpu"}), ({"subdir": "osx-arm64", "macos": "13.6"}, {"pytorch": "2.13"}),
        ({"subdir": "osx-arm64", "macos": "12.3"}, {}), ({"subdir": "osx-arm64", "macos": "12.2"}, {}), ({"subdir": "osx-arm64", "macos": "11.0"}, {}),
        ({"subdir": "linux-aarch64", "driver": "540.4.0", "capabilities": ["8.7"], "glibc": "2.35"}, {}),
        ({"subdir": "linux-aarch64", "driver": "580.65.06", "capabilities": ["8.7"], "glibc": "2.35"}, {}),
        ({"subdir": "linux-aarch64", "driver": "580.65.06", "capabilities": ["9.0"], "glibc": "2.35"}, {}),
        ({"subdir": "linux-aarch64", "driver": "580.65.06", "capabilities": ["11.0"], "glibc": "2.39"}, {}),
    ]
    return cases


def arguments(machine, request):
    """The flags of a case."""
    flags = ["advise", "--json", "--platform", machine["subdir"]]
    for name in ("driver", "cuda", "glibc", "macos"):
        if name in machine:
            flags += [f"--{name}", machine[name]]
    for capability in machine.get("capabilities", []):
        flags += ["--compute-capability", capability]
    for name in ("accelerator", "pytorch", "python", "cuda_version", "blas"):
        if name in request:
            flags += ["--" + name.replace("_", "-"), request[name]]
    return flags + (["pytorch", *request["packages"]] if "packages" in request else [])
