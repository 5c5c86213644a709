"""Tests of the judge: hand-made answers, right and wrong, and the expected errors."""

import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import channel  # noqa: E402
import judge  # noqa: E402
import solver  # noqa: E402

PASCAL = {"subdir": "linux-64", "driver": "580.65.06", "capabilities": ["6.1"], "glibc": "2.35"}
PLAIN = {"subdir": "linux-64", "glibc": "2.35"}
PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]


def document(**changes):
    """A right answer for the GTX 1080 Ti with driver 580, with changes."""
    recommendation = {
        "pytorch": "2.13.0", "accelerator": "cuda", "build": "cuda129", "build_number": 302, "blas": "mkl",
        "cuda_version": "12.9", "arm_variant": None, "python": {"from": PYTHONS[0], "to": PYTHONS[-1]},
        "kernels": [{"gpu": 0, "compute_capability": "6.1", "support": "same-major"}],
        "channels": ["conda-forge"], "specs": ["pytorch-gpu=2.13.0", "cuda-version=12.9"],
        "virtual_packages": {"__cuda": "13.0"}, **changes}
    return {"status": "ok", "exit_code": 0, "recommendation": recommendation}


def cpu(**changes):
    return document(**{"accelerator": "cpu", "build": "cpu", "build_number": 102, "cuda_version": None, "kernels": [],
                       "specs": ["pytorch-cpu=2.13.0"], "virtual_packages": {}, **changes})


def instead(by, **changes):
    """Nothing fits, but this would."""
    return {**NOTHING, "alternatives": [{**document(**changes)["recommendation"], "unlocked_by": by}]}


NOTHING = {"status": "unsatisfiable", "exit_code": 3, "recommendation": None}
COMPAT = {"build": "cuda130", "cuda_version": "13.0",
          "specs": ["pytorch-gpu=2.13.0", "cuda-version=13.0", "cuda-compat=13.2"]}
A100 = {"subdir": "linux-64", "driver": "535.183.01", "capabilities": ["8.0"], "glibc": "2.35"}
TABLE = [  # machine, request, answer, exit code, the kinds of findings expected
    (PASCAL, {}, document(), 0, []),
    (PASCAL, {}, document(), 1, ["exit code", "status"]),
    (A100, {"cuda_version": "13.0"}, instead({"cuda_compat": "13.2"}, **COMPAT), 3, []),
    (A100, {}, instead({"python": "3.12"}, **COMPAT), 3, ["alternative", "missed"]),
    (PASCAL, {}, document(build="cuda130", cuda_version="13.0", specs=["pytorch-gpu=2.13.0", "cuda-version=13.0"]), 0, ["other build"]),
    (PASCAL, {}, document(specs=["pytorch-gpu=2.13.0"]), 0, ["other build solved", "pin"]),
    (PASCAL, {}, document(specs=["pytorch-gpu=2.13.0", "cuda-version=12.4"]), 0, ["unsolvable"]),
    (PASCAL, {}, document(specs=["pytorch=*=cuda(", "cuda-version=12.9"]), 0, ["unsolvable"]),
    (PASCAL, {}, document(build_number=301), 0, ["other build", "other build solved"]),
    (PASCAL, {}, document(pytorch="2.12.1", build_number=300, specs=["pytorch-gpu=2.12.1", "cuda-version=12.9"]), 0, ["older"]),
    (PASCAL, {}, document(kernels=[{"gpu": 0, "compute_capability": "6.1", "support": "native"}]), 0, ["kernels"]),
    (PASCAL, {}, document(virtual_packages={"__cuda": "13.1"}), 0, ["virtual packages"]),
    (PASCAL, {}, document(python={"from": "3.9", "to": "3.9"}), 0, ["python"]),
    (PASCAL, {}, document(channels=["pytorch", "conda-forge"]), 0, ["channels"]),
    (PASCAL, {}, cpu(), 0, ["other build", "status"]),
    (PASCAL, {"accelerator": "cpu"}, cpu(), 0, []),
    (PASCAL, {"packages": ["torchvision"]}, document(), 0, ["companion"]),
    (PASCAL, {"packages": ["torchvision"]}, document(specs=["pytorch-gpu=2.13.0", "cuda-version=12.9", "torchvision"]), 0, []),
    (PASCAL, {"cuda_version": "13.0"}, document(), 0, ["impossible"]),
    (PASCAL, {"cuda_version": "13.0"}, NOTHING, 3, []),
    (PASCAL, {}, NOTHING, 3, ["missed"]),
    (PASCAL, {"cuda_version": "13.0"}, instead({"cuda_version": "12.9"}), 3, []),
    (PASCAL, {"cuda_version": "13.0"}, instead({"cuda_version": None}), 3, []),
    (PASCAL, {"cuda_version": "13.0"}, instead({}), 3, ["alternative"]),
    (PASCAL, {"cuda_version": "13.0"}, instead({"driver": ">=590.44.01"}), 3, ["alternative"]),
    (PASCAL, {"cuda_version": "13.0"}, instead({"cuda_version": "12.9"}, specs=["pytorch-gpu"]), 3, ["alternative"]),
    (PLAIN, {}, cpu(), 0, []),
    (PLAIN, {}, document(kernels=[], virtual_packages={"__cuda": "12.9"}), 0, ["other build", "unsolvable", "virtual packages"]),
    (PLAIN, {"accelerator": "cuda"}, document(kernels=[]), 0, []),
    (PLAIN, {"accelerator": "cuda"}, NOTHING, 3, ["missed"]),
    (PLAIN, {"pytorch": "2.2"}, NOTHING, 3, []),
    (PLAIN, {"pytorch": "2.2"}, NOTHING, 0, ["exit code", "status"]),
]


def main():
    wrong = 0
    with tempfile.TemporaryDirectory() as path:
        channel.make(path)
        for machine, request, answer, code, expected in TABLE:
            jobs = judge.solver_jobs(path, (machine, request), answer)
            solved = {name: solver.solve(*job) for name, job in jobs.items()}
            findings = judge.check((machine, request), answer, code, solved)
            if sorted({kind for kind, _ in findings}) != sorted(expected):
                wrong += 1
                print(f"expected {expected}, got {findings}\n  {machine} {request} {answer}")
    print(f"{len(TABLE) - wrong} of {len(TABLE)} hand-made answers judged as expected")
    return wrong


if __name__ == "__main__":
    solver.end(main())
