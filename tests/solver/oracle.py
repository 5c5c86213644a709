"""The right answers, computed only from the facts, to compare the program with.

Nothing here comes from the program's code or rows. A machine and a request are plain
dictionaries as `grid.py` makes them; versions are compared as tuples.
"""

import functools
import itertools
import json
import pathlib

FACTS = json.loads((pathlib.Path(__file__).resolve().parent / "facts.json").read_text())
MISSING, JIT, SAME_MAJOR, NATIVE = range(4)
BUILDS = {subdir: [row for row in FACTS["builds"] if row["subdir"] == subdir]
          for subdir in ("linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64")}
SUPPORT = ["missing", "ptx-jit", "same-major", "native"]
SOC = {row["capability"] for row in FACTS["capabilities"] if row.get("soc")}
# The last driver branch: Kepler 470; Maxwell, Pascal and Volta 580 (NVIDIA's data centre driver notes).
LAST_BRANCH = {"3.5": "470", "3.7": "470", **dict.fromkeys(("5.0", "5.2", "6.0", "6.1", "7.0"), "580")}
FIRST_TOOLKIT = {row["capability"]: row["first_toolkit"] for row in FACTS["capabilities"]}
CUDA_LIBRARIES_GLIBC = ("12.6", "2.28")  # from this toolkit on, its libraries ask for this glibc


@functools.cache
def key(version):
    """`2.10` is newer than `2.9`, `12.0` the same as `12.0`."""
    return tuple(int(part) for part in version.split("."))


@functools.cache
def driver_at_least(driver, floor):
    """A branch (`580`) means a current release of it."""
    driver, floor = key(driver), key(floor)
    return driver[0] >= floor[0] if len(driver) == 1 else driver >= floor


def system(machine):
    return "windows" if machine["subdir"] == "win-64" else "linux"


def driver_cuda(machine):
    """conda's `__cuda` on the machine: given, or the newest toolkit of the driver."""
    if machine.get("cuda"):
        return machine["cuda"]
    if not machine.get("driver"):
        return None
    known = [row["cuda"] for row in FACTS["toolkits"] if driver_at_least(machine["driver"], row[system(machine)])]
    return max(known, key=key, default=None)


def assume(machine, request):
    """The machine that the answer is for.

    A machine described by flags with a GPU, or with a request for CUDA, is assumed to have a driver: that of
    the newest toolkit of any build, or, for GPUs that newer drivers dropped, a current one of their last
    branch.
    """
    asked = request.get("accelerator") == "cuda" or "cuda_version" in request or machine.get("capabilities")
    if machine.get("driver") or machine.get("cuda") or not asked or machine["subdir"].startswith("osx"):
        return machine
    last = [LAST_BRANCH[c] for c in machine.get("capabilities", []) if c in LAST_BRANCH]
    toolkit = max((row["cuda"] for row in FACTS["builds"] if "cuda" in row), key=key)
    newest = next(row[system(machine)] for row in FACTS["toolkits"] if row["cuda"] == toolkit)
    return {**machine, "driver": min(last, key=key, default=newest)}


def driver_runs(machine, toolkit):
    """The toolkit's own driver, a newer one, or minor-version compatibility."""
    cuda = driver_cuda(machine)
    if cuda is None:
        return False
    if key(cuda) >= key(toolkit):
        return True
    if key(cuda)[0] != key(toolkit)[0]:
        return False
    floor = next(row[system(machine)] for row in FACTS["majors"] if row["major"] == key(toolkit)[0])
    if machine.get("driver"):
        return driver_at_least(machine["driver"], floor)
    # Only the CUDA is known: whatever driver brings it is at least the one it came with.
    came_with = next((row[system(machine)] for row in FACTS["toolkits"] if row["cuda"] == cuda), None)
    return came_with is not None and driver_at_least(came_with, floor)


@functools.cache
def compiled_support(arches, capability):
    """How TORCH_CUDA_ARCH_LIST supports a GPU, apart from drivers."""
    sass = [arch.removesuffix("+PTX") for arch in arches.split()]
    ptx = [arch.removesuffix("+PTX") for arch in arches.split() if arch.endswith("+PTX")]
    if capability in sass:
        return NATIVE
    major, minor = key(capability)
    if capability not in SOC and any(
        key(arch)[0] == major and key(arch)[1] < minor and arch not in SOC for arch in sass
    ):
        return SAME_MAJOR
    return JIT if any(key(arch) <= (major, minor) for arch in ptx) else MISSING


def support(row, machine, capability):
    """How a build supports a GPU of this machine."""
    found = compiled_support(row["arches"], capability)
    if found != JIT:
        return found
    toolkit, first = key(row["cuda"]), FIRST_TOOLKIT.get(capability)
    translates = key(driver_cuda(machine)) >= toolkit
    libraries_know = first is None or key(first) <= toolkit
    return JIT if translates and libraries_know else MISSING


def accepts(row, version):
    """Whether a build (of PyTorch or a companion) can be installed with a `cuda-version`."""
    built, pin = key(row["cuda"]), key(version)
    # On Windows PyTorch looks for the CUPTI of its own toolkit; its metadata say so since 2.13.0 alone.
    is_windows = row["subdir"] == "win-64" and "blas" in row
    if row.get("exact_cuda") or is_windows or built < (11, 2):
        return built == pin
    return built <= pin and built[0] == pin[0]


def pins(row, request):
    wanted = request.get("cuda_version")
    return [v for v in FACTS["cuda_versions"] if accepts(row, v) and wanted in (None, v)]


def glibc_floor(row, pin):
    floors = [row.get("glibc", "0")]
    if pin and max(key(row["cuda"]), key(pin)) >= key(CUDA_LIBRARIES_GLIBC[0]):
        floors.append(CUDA_LIBRARIES_GLIBC[1])
    return max(map(key, floors))


def loads(row, machine):
    """Whether glibc loads the build: from 2.41 on not with an executable stack. Its metadata does not say so."""
    below = row.get("glibc_below")
    return below is None or "glibc" not in machine or key(machine["glibc"]) < key(below)


def lacks_metal(row, machine):
    """Whether macOS is too old for the build to use Apple's GPU: it then computes on the processor."""
    if machine["subdir"] != "osx-arm64":
        return False
    floors = [floor["macos"] for floor in FACTS["metal"] if key(floor["pytorch"]) <= key(row["pytorch"])]
    return key(machine["macos"]) < key(floors[-1])


def goes_with(companion, row):
    """Whether a companion was built for this build of PyTorch."""
    if companion["subdir"] != row["subdir"] or key(companion["series"]) != key(row["pytorch"])[:2]:
        return False
    if ("cuda" in companion) != ("cuda" in row):
        return False
    # torchvision of 0.15.2 to 0.21 says so in its metadata, and what is older is held to the same;
    # torchaudio refuses at run time (pytorch/audio#4226).
    tied = companion["package"] == "torchaudio" or key(companion["version"]) < (0, 22)
    if tied and companion.get("cuda") != row.get("cuda"):
        return False
    if row.get("arm") == "tegra":
        return companion.get("arm") == "tegra"
    return companion.get("arm") != "tegra"


def companions_exist(row, machine, request):
    """Whether a Python and a `cuda-version` match the build and all companions."""
    wanted = [[c for c in FACTS["companions"] if c["package"] == package and goes_with(c, row)]
              for package in request.get("packages", [])]
    for chosen in itertools.product(*wanted):
        pythons = set(row["python"]).intersection(*(c["python"] for c in chosen))
        if request.get("python") and request["python"] not in pythons or not pythons:
            continue
        if "cuda" not in row:
            return True
        for pin in pins(row, request):
            libc = not machine.get("glibc") or key(machine["glibc"]) >= glibc_floor(row, pin)
            if libc and all(accepts(c, pin) for c in chosen):
                return True
    return False


def fits(row, machine, request):
    """Whether a build runs on the machine and satisfies the request."""
    cuda, accelerator = "cuda" in row, request.get("accelerator", "auto")
    if row["subdir"] != machine["subdir"] or "label" in row or "unsolvable" in row:
        return False
    wanted = request.get("pytorch")
    if wanted and key(row["pytorch"])[: len(key(wanted))] != key(wanted):
        return False
    if request.get("blas") not in (None, row["blas"]):
        return False
    if cuda and accelerator == "cpu" or not cuda and accelerator == "cuda":
        return False
    if not cuda and accelerator == "auto" and request.get("cuda_version"):
        return False
    if cuda:
        gpus = machine.get("capabilities", [])
        if not driver_runs(machine, row["cuda"]):
            return False
        if gpus and not any(support(row, machine, gpu) for gpu in gpus):
            return False
        if row.get("arm") == "tegra" and not {"5.3", "6.2", "7.2", "8.7"} & set(gpus):
            return False
    elif machine.get("glibc") and key(machine["glibc"]) < glibc_floor(row, None):
        return False
    if not loads(row, machine):
        return False
    if "macos" in row and key(machine["macos"]) < key(row["macos"]):
        return False
    return companions_exist(row, machine, request)


def rank(row, machine, request):
    """Better is greater, in the order that the project states."""
    mkl, number = row["blas"] == "mkl", max(row["numbers"])
    if "cuda" not in row:
        metal = machine["subdir"] == "osx-arm64" and not lacks_metal(row, machine) and request.get("accelerator") != "cpu"
        return (int(metal), 0, key(row["pytorch"]), (), 0, (0,), mkl, number)
    gpus = machine.get("capabilities", [])
    kernels = sorted(support(row, machine, gpu) for gpu in gpus)
    served = sum(kernel > MISSING for kernel in kernels)
    reach = 0 if gpus else sum(compiled_support(row["arches"], c) > JIT for c in FIRST_TOOLKIT)
    toolkit = key(row["cuda"])
    full = key(driver_cuda(machine)) >= toolkit
    return (1, served, key(row["pytorch"]), tuple(kernels), reach, (full, *toolkit), mkl, number)


def answer(machine, request):
    """The best build's row, or `None`."""
    fitting = [row for row in BUILDS[machine["subdir"]] if fits(row, machine, request)]
    return max(fitting, key=lambda row: rank(row, machine, request), default=None)


def promise(row):
    """A row in the terms of the program's JSON."""
    cuda = row.get("cuda")
    return {"pytorch": row["pytorch"], "build": "cuda" + cuda.replace(".", "") if cuda else "cpu",
            "build_number": max(row["numbers"]), "blas": row["blas"], "arm_variant": row.get("arm")}
