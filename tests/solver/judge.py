#!/usr/bin/env python3
"""Compare `conda-torch advise` with a real solver and the facts, over a grid of machines and requests.

    python3 tests/solver/judge.py --binary target/release/conda-torch            # everything
    python3 tests/solver/judge.py --binary … --quick                             # one case per rule
    python3 tests/solver/judge.py --binary … --cases FILE                        # one case per line
    python3 tests/solver/judge.py --binary … --channel DIR                       # a second opinion

For every case: the specs are solvable with the machine's virtual packages and select exactly the
recommended build, with its first and its last Python; so do those of each alternative, after the changes
that it needs; no better build runs on the machine (`oracle.py`, from the facts); if the answer is that nothing
fits, nothing does. Exit code 0 if all agree, 1 if not, 2 if it could not run. A case is `{"machine": {…}, "request": {…}}` as in `grid.py`.
"""

import argparse
import collections
import concurrent.futures
import itertools
import json
import multiprocessing
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import channel  # noqa: E402
import grid  # noqa: E402
import oracle  # noqa: E402
import unlock  # noqa: E402

try:
    import solver  # noqa: E402
except ImportError as error:
    print(f"cannot judge: {error} (pip install -r {HERE / 'requirements.txt'})", file=sys.stderr)
    sys.exit(2)

WORKERS = os.cpu_count() or 2


def run(binary, case):
    """The program's document and exit code, or the error in its output."""
    done = subprocess.run([binary, *grid.arguments(*case)], capture_output=True, text=True, timeout=30, check=False)
    try:
        return json.loads(done.stdout), done.returncode
    except json.JSONDecodeError as error:
        detail = (done.stderr or done.stdout).strip().splitlines()[:1]
        return f"no JSON on stdout ({error}); exit {done.returncode}; {detail}", done.returncode


def solver_jobs(path, case, document):
    """What to solve for an answer: the recommendation on the machine, also with the first and the last
    supported Python, and each alternative on the machine with its changes."""
    machine, jobs = oracle.assume(*case), {}

    def job(specs, virtual):
        return (str(path), machine["subdir"], tuple(specs), virtual)

    recommendation = document.get("recommendation")
    if recommendation:
        specs = recommendation["specs"]
        jobs["recommendation"] = job(specs, solver.virtual_packages(machine, oracle.driver_cuda(machine)))
        for python in ends(case[1], recommendation):
            jobs[f"python {python}"] = job([*specs, f"python={python}"], plain(machine, "2.36"))
    for index, alternative in enumerate(document.get("alternatives", [])):
        changed, _ = unlock.apply(machine, case[1], alternative["unlocked_by"])
        jobs[f"alternative {index}"] = job(alternative["specs"], plain(changed, changed.get("glibc")))
    return jobs


def check(case, document, code, solved):
    """The errors of an answer, as (kind, sentence). `solved`: by the names of the jobs."""
    machine, request = oracle.assume(*case), case[1]
    right = oracle.answer(machine, request)
    wrong = []
    if document.get("exit_code") != code:
        wrong.append(("exit code", f"says {document.get('exit_code')}, exits with {code}"))
    for index, alternative in enumerate(document.get("alternatives", [])):
        wrong += unlock.check(machine, request, alternative)
        _, changed = unlock.apply(machine, request, alternative["unlocked_by"])
        found = check_solve(changed, alternative, solved[f"alternative {index}"])
        wrong += [("alternative", f"{kind}: {sentence} ({alternative['specs']})") for kind, sentence in found]
    recommendation = document.get("recommendation")
    if recommendation is None:
        if right is not None:
            wrong.append(("missed", f"says that nothing fits, but {oracle.promise(right)} does"))
        if (document.get("status"), code) != ("unsatisfiable", 3):
            wrong.append(("status", f"no recommendation with status {document.get('status')}, exit {code}"))
        return wrong
    if code != 0 or document["status"] not in ("ok", "degraded"):
        wrong.append(("status", f"a recommendation with status {document['status']}, exit {code}"))
    wrong += check_oracle(machine, request, recommendation, right)
    wrong += check_status(machine, request, document)
    wrong += check_virtual(machine, recommendation)
    wrong += check_solve(request, recommendation, solved["recommendation"])
    for python in ends(request, recommendation) if not wrong else ():
        found = check_solve(request | {"python": python}, recommendation, solved[f"python {python}"])
        wrong += [("python", f"with python={python}: {sentence}") for _, sentence in found]
    return wrong


def check_oracle(machine, request, recommendation, right):
    if right is None:
        return [("impossible", f"promises {summary(recommendation)}, but nothing fits")]
    wrong = []
    promised, best = summary(recommendation), oracle.promise(right)
    if promised != best:
        kind = "older" if oracle.key(promised["pytorch"]) < oracle.key(best["pytorch"]) else "other build"
        wrong.append((kind, f"promises {promised}, the facts say {best}"))
    elif "cuda" in right:
        for gpu, capability in zip(recommendation["kernels"], machine.get("capabilities", []), strict=False):
            expected = oracle.SUPPORT[oracle.support(right, machine, capability)]
            if gpu["support"] != expected or gpu["compute_capability"] != capability:
                wrong.append(("kernels", f"says {gpu}, the facts say {capability}: {expected}"))
        pin = recommendation["cuda_version"]
        if pin not in oracle.pins(right, request):
            wrong.append(("pin", f"`cuda-version` {pin} does not go with the build or the request"))
    return wrong


def summary(recommendation):
    return {name: recommendation[name] for name in ("pytorch", "build", "build_number", "blas", "arm_variant")}


def check_status(machine, request, document):
    unused = document["recommendation"]["accelerator"] != "cuda" and request.get("accelerator", "auto") == "auto"
    if unused and machine.get("capabilities") and document["status"] != "degraded":
        return [("status", f"a GPU stays unused, but the status is {document['status']}")]
    return []


def check_virtual(machine, recommendation):
    """The `__cuda` of the command must match the driver."""
    wanted, cuda = recommendation["virtual_packages"].get("__cuda"), oracle.driver_cuda(machine)
    if wanted and (cuda is None or oracle.key(wanted) > oracle.key(cuda)):
        return [("virtual packages", f"asks for __cuda {wanted}, the driver supports {cuda}")]
    if recommendation["channels"] != ["conda-forge"]:
        return [("channels", f"{recommendation['channels']}")]
    return []


def check_solve(request, recommendation, solved):
    """Compares the solution of the specs with the recommendation."""
    if isinstance(solved, str):
        return [("unsolvable", " ".join(solved.split())[:400])]
    if "pytorch" not in solved:
        return [("no pytorch", f"solved to {sorted(solved)}")]
    wrong, torch = [], solved["pytorch"]
    depends = {spec.split()[0] for spec in torch["depends"]}
    ended = {"pytorch": torch["version"], "build": recommendation["build"], "build_number": torch["build_number"],
             "blas": "mkl" if "mkl" in depends else "generic", "arm_variant": None}
    if not torch["build"].startswith(recommendation["build"]):
        ended["build"] = torch["build"]
    if "arm-variant" in depends:
        ended["arm_variant"] = solved["arm-variant"]["build"]
    if "libblas" not in depends and "mkl" not in depends:
        ended["blas"] = recommendation["blas"]  # a channel that leaves them out
    if ended != summary(recommendation):
        wrong.append(("other build solved", f"promises {summary(recommendation)}, the solver ends on {ended}"))
    for package in request.get("packages", []):
        if package not in solved:
            wrong.append(("companion", f"`{package}` is not in the environment"))
        elif package == "torchaudio" and not solved[package]["build"].startswith(recommendation["build"]):
            wrong.append(("companion", f"{solved[package]['build']} refuses to run with {torch['build']}"))
    for package, version in recommendation.get("companions", {}).items():
        if solved.get(package, {}).get("version") != version:
            wrong.append(("companion", f"promises {package} {version}, solved to {solved.get(package)}"))
    pin = recommendation["cuda_version"]
    if pin and "cuda-version" in solved and solved["cuda-version"]["version"] != pin:
        wrong.append(("pin", f"promises cuda-version {pin}, solved to {solved['cuda-version']['version']}"))
    python = ".".join(solved["python"]["version"].split(".")[:2])
    first, last = (oracle.key(recommendation["python"][end]) for end in ("from", "to"))
    if not first <= oracle.key(python) <= last or request.get("python") not in (None, python):
        wrong.append(("python", f"solved to {python}, promised {recommendation['python']}, asked {request.get('python')}"))
    return wrong


def traps(path):
    """Facts about the channel that can be checked by hand: a test of the harness."""
    new, old = {"subdir": "linux-64", "glibc": "2.35"}, {"subdir": "linux-64", "glibc": "2.17"}
    win, osx = {"subdir": "win-64"}, {"subdir": "osx-64", "macos": "11.7"}
    arm = {"subdir": "linux-aarch64", "glibc": "2.35"}
    table = [  # machine, __cuda, specs, the pytorch that a strict solve ends on (None: unsolvable)
        (new, "12.4", ["pytorch", "cuda-version=12.4"], ("2.13.0", "cpu_mkl", 102)),
        (new, "12.4", ["pytorch-gpu", "cuda-version=12.4"], ("2.5.1", "cuda120_py", 303)),
        (new, "13.0", ["pytorch-gpu=*=cuda129*"], ("2.13.0", "cuda130_mkl", 302)),
        (new, "13.0", ["pytorch"], ("2.13.0", "cuda130_mkl", 302)),
        (new, "12.4", ["pytorch-gpu"], ("2.13.0", "cuda129_mkl", 302)),
        (new, None, ["pytorch"], ("2.13.0", "cpu_mkl", 102)),
        (new, None, ["pytorch-gpu"], None),
        (new, "12.9", ["pytorch-gpu", "cuda-version=13.0"], None),
        (new, "12.8", ["pytorch-gpu", "cuda-version=12.8"], ("2.7.1", "cuda126_mkl", 300)),
        (new, "11.4", ["pytorch", "cuda-version=11.8"], ("2.13.0", "cpu_mkl", 102)),
        (new, "11.4", ["pytorch-gpu", "cuda-version=11.8"], ("2.5.1", "cuda118_py", 303)),
        (new, "13.0", ["pytorch-gpu=2.1.2", "cuda-version=12.0"], None),  # lost metapackage
        (new, "13.0", ["pytorch-gpu=2.10", "torchaudio"], ("2.10.0", "cuda1", 305)),
        (new, "13.0", ["pytorch-gpu=2.12", "torchaudio"], None),
        (new, "13.0", ["pytorch=2.10.0.rc3"], None),
        (old, "12.9", ["pytorch-gpu", "cuda-version=12.9"], None),  # the CUDA libraries' glibc
        (old, "12.9", ["pytorch=2.5.1=cuda120*", "cuda-version=12.0"], ("2.5.1", "cuda120_py", 303)),
        (win, "13.0", ["pytorch-gpu", "cuda-version=12.9"], ("2.12.1", "cuda128_mkl", 300)),
        (win, "13.0", ["pytorch-gpu", "cuda-version=12.8"], ("2.13.0", "cuda128_mkl", 302)),
        (win, "13.0", ["torchaudio"], None),
        (osx, None, ["pytorch"], ("2.12.0", "cpu_mkl", 100)),
        ({**osx, "macos": "10.15"}, None, ["pytorch"], ("2.7.1", "cpu_mkl", 102)),
        (arm, "12.9", ["pytorch-gpu", "arm-variant=*=tegra"], ("2.13.0", "cuda129_generic", 202)),
    ]
    wrong = []
    for machine, cuda, specs, expected in table:
        solved = solver.solve(str(path), machine["subdir"], specs, solver.virtual_packages(machine, cuda))
        torch = None if isinstance(solved, str) else solved["pytorch"]
        good = torch is None and expected is None or torch is not None and expected is not None and (
            torch["version"] == expected[0] and torch["build"].startswith(expected[1]) and torch["build_number"] == expected[2])
        if not good:
            wrong.append(f"{machine['subdir']} __cuda={cuda} {specs}: expected {expected}, got {torch or 'no solution'}")
    return wrong, len(table)


def judge(binary, path, cases):
    """All disagreements, and the number of solves."""
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        answers = list(pool.map(lambda case: run(binary, case), cases))
    jobs = [{} if isinstance(document, str) else guarded_jobs(path, case, document)
            for case, (document, _) in zip(cases, answers, strict=True)]
    distinct = sorted({job for named in jobs for job in named.values()})
    with multiprocessing.get_context("spawn").Pool(WORKERS) as pool:
        solved = dict(pool.imap_unordered(solver.solve_job, distinct, chunksize=16))
    solves = [{name: solved[job] for name, job in named.items()} for named in jobs]
    marked = [verdict(case, *answer, found) for case, answer, found in zip(cases, answers, solves, strict=True)]
    wrong = [(case, *finding) for case, findings in zip(cases, marked, strict=True) for finding in findings]
    return wrong, len(distinct)


def plain(machine, glibc):
    """The relevant facts of a machine, without CUDA's minor version: fewer solves."""
    cuda = oracle.driver_cuda(machine)
    recent = machine | {"glibc": glibc} if "glibc" in machine else machine
    return solver.virtual_packages(recent, f"{oracle.key(cuda)[0]}.0" if cuda else None)


def ends(request, recommendation):
    """The first and the last supported Python, if none is requested."""
    return set() if request.get("python") else set(recommendation["python"].values())


def guarded_jobs(path, case, document):
    try:
        return solver_jobs(path, case, document)
    except (KeyError, TypeError, AttributeError, ValueError):
        return {}  # `verdict` says what is wrong with the document


def verdict(case, document, code, solved):
    if isinstance(document, str):
        return [("output", document)]
    try:
        return check(case, document, code, solved)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        return [("output", f"the document is not what docs/json.md says: {error!r}")]


def report(wrong, binary, limit):
    kinds = collections.defaultdict(list)
    for finding in wrong:
        kinds[finding[1]].append(finding)
    # The first of each kind, then the second of each, …
    shown = [finding for row in itertools.zip_longest(*kinds.values()) for finding in row if finding]
    for case, kind, sentence in shown[:limit]:
        print(f"\n{kind}: {sentence}\n  {shlex.join([str(binary), *grid.arguments(*case)])}")
    for kind, count in collections.Counter(kind for _, kind, _ in wrong).most_common():
        print(f"{count:6} {kind}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, help="the program; without it only the harness tests itself")
    parser.add_argument("--channel", type=pathlib.Path, help="a channel made by another script")
    parser.add_argument("--cases", type=pathlib.Path, help="JSON lines instead of the grid")
    parser.add_argument("--quick", action="store_true", help="a small fixed subset")
    parser.add_argument("--limit", type=int, default=20, help="how many disagreements to print")
    options = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        path = options.channel or pathlib.Path(scratch)
        if options.channel is None:
            channel.make(path)
        failed, count = traps(path)
        print(f"channel {options.channel or 'from facts.json'}: {count - len(failed)} of {count} known traps as expected")
        for line in failed:
            print(f"  {line}")
        if options.binary is None:
            return failed
        cases = grid.quick() if options.quick else grid.full()
        if options.cases:
            lines = [json.loads(line) for line in options.cases.read_text().splitlines() if line.strip()]
            cases = [(line["machine"], line.get("request", {})) for line in lines]
        wrong, solves = judge(options.binary, path, cases)
    report(wrong, options.binary, options.limit)
    bad = len({json.dumps(case) for case, _, _ in wrong})
    print(f"{len(cases)} cases, {solves} distinct solves, {bad} cases in disagreement, {time.monotonic() - start:.1f} s")
    # The traps are about the own channel: of another one they are reported, not judged.
    return wrong or failed and options.channel is None


if __name__ == "__main__":
    solver.end(main())
