"""Whether an alternative becomes installable after the changes that it needs."""

import oracle

REQUEST = ("pytorch", "python", "cuda_version", "accelerator", "blas")
MACHINE = ("driver", "glibc", "macos")
# The driver of the libcuda in conda-forge's package `cuda-compat`.
CUDA_COMPAT = {"13.2": "595.45.04"}


def values(by, name):
    """One value or several with commas; `>=580.65.06` is 580.65.06, null and "" are none."""
    return [value.removeprefix(">=") for value in (by.get(name) or "").split(",") if value]


def apply(machine, request, by):
    """The machine and the request after the changes."""
    machine, request = dict(machine), dict(request)
    for name in MACHINE:
        if values(by, name):
            machine[name] = max(values(by, name), key=oracle.key)
    if "cuda_compat" in by:
        machine["driver"] = CUDA_COMPAT[by["cuda_compat"]]
    if "driver" in by or "cuda_compat" in by:
        machine.pop("cuda", None)
    for name in REQUEST:
        if name in by:
            request.pop(name, None)
            if values(by, name):
                request[name] = values(by, name)[0]
    left_out = values(by, "without") + values(by, "packages")
    request["packages"] = [package for package in request.get("packages", []) if package not in left_out]
    return machine, request


def row_of(alternative, subdir):
    """The facts of an alternative's build."""
    number = alternative["build_number"]
    named = {name: alternative[name] for name in ("pytorch", "build", "build_number", "blas", "arm_variant")}
    rows = (row for row in oracle.BUILDS[subdir] if number in row["numbers"])
    return next((row for row in rows if oracle.promise(row) | {"build_number": number} == named), None)


def check(machine, request, alternative):
    """The facts that exclude an alternative."""
    by = alternative["unlocked_by"]
    if not by:
        return [("alternative", f"nothing is said to unlock {alternative['build']} {alternative['pytorch']}")]
    changed = apply(machine, request, by)
    row = row_of(alternative, machine["subdir"])
    name = f"{alternative['pytorch']} {alternative['build']} #{alternative['build_number']}"
    if row is None:
        return [("alternative", f"{name} does not exist")]
    if oracle.fits(row, machine, request) and not oracle.lacks_metal(row, machine):
        return [("alternative", f"{name} fits already, without {by}")]
    if not oracle.fits(row, *changed):
        return [("alternative", f"{name} does not fit after {by} either")]
    return []
