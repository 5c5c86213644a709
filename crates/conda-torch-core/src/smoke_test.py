"""Runs real kernels on every device that PyTorch has, and prints what happened as one line of JSON.

Its argument `measure` adds how many operations a second a GPU reaches in a matrix product.
"""

import json
import sys
import time
import traceback

# Not a file `torch.py` of the current folder.
sys.path[:] = [folder for folder in sys.path if folder]
MEASURE = "measure" in sys.argv[1:]
result = {"torch": None, "file": None, "cuda": None, "python": sys.version.split()[0], "architectures": [], "devices": [], "error": None}


def first_line(error):
    """The error of a person: its type and its first line."""
    return "{}: {}".format(type(error).__name__, (str(error).strip() or "?").splitlines()[0])


def exercise(torch, device):
    """A matrix product, a convolution and a backward pass, compared with the CPU."""
    torch.manual_seed(0)
    a, b = torch.randn(64, 64), torch.randn(64, 64)
    x, w = torch.randn(2, 3, 16, 16), torch.randn(8, 3, 3, 3)
    answers = []
    for where in ("cpu", device):
        left, weight = a.to(where).requires_grad_(), w.to(where).requires_grad_()
        product = left @ b.to(where)
        image = torch.nn.functional.conv2d(x.to(where), weight)
        (product.sum() + image.sum()).backward()
        answers.append([tensor.detach().cpu() for tensor in (product, image, left.grad, weight.grad)])
    for expected, found in zip(*answers):
        if not torch.allclose(expected, found, rtol=0.02, atol=0.05):
            raise RuntimeError("wrong result: off by up to {:.3g}".format((expected - found).abs().max().item()))


def rate(torch, device, dtype, size):
    """Operations a second of a matrix product."""
    a = torch.ones(size, size, device=device, dtype=dtype)
    (a @ a).sum().item()
    repeats, start = 0, time.perf_counter()
    while time.perf_counter() - start < 0.5:
        for _ in range(4):
            product = a @ a
        torch.cuda.synchronize(device)
        repeats += 4
    del product
    return repeats * 2 * size**3 / (time.perf_counter() - start)


def measure(torch, device, capability):
    """Rates by type of number."""
    rates, size = {}, 4096
    torch.backends.cuda.matmul.allow_tf32 = False
    rates["fp32"] = rate(torch, device, torch.float32, size)
    if capability >= (8, 0):
        torch.backends.cuda.matmul.allow_tf32 = True
        rates["tf32"] = rate(torch, device, torch.float32, size)
        rates["bf16"] = rate(torch, device, torch.bfloat16, size)
    return rates


def test(torch, kind, index):
    """One device."""
    device = {"kind": kind, "index": index, "name": None, "capability": None, "multiprocessors": None, "clock_khz": None,
              "seconds": None, "rates": {}, "error": None}
    result["devices"].append(device)
    where = kind if index is None else "{}:{}".format(kind, index)
    try:
        if kind == "cuda":
            properties = torch.cuda.get_device_properties(index)
            device["name"] = properties.name
            device["capability"] = "{}.{}".format(properties.major, properties.minor)
            device["multiprocessors"] = properties.multi_processor_count
            device["clock_khz"] = getattr(properties, "clock_rate", None)
        start = time.perf_counter()
        exercise(torch, where)
        device["seconds"] = round(time.perf_counter() - start, 3)
        if MEASURE and kind == "cuda":
            device["rates"] = measure(torch, where, (properties.major, properties.minor))
    except Exception as error:
        device["error"] = first_line(error)
        result["error"] = result["error"] or traceback.format_exc()


try:
    import torch

    result["torch"], result["file"], result["cuda"] = str(torch.__version__), torch.__file__, torch.version.cuda
    test(torch, "cpu", None)
    if torch.cuda.is_available():
        result["architectures"] = torch.cuda.get_arch_list()
        for index in range(torch.cuda.device_count()):
            test(torch, "cuda", index)
    elif torch.version.cuda:
        try:
            torch.zeros(1).cuda()
        except Exception:
            result["error"] = traceback.format_exc()
    mps = getattr(torch.backends, "mps", None)
    if mps is not None and mps.is_available():
        test(torch, "mps", None)
except BaseException:
    result["error"] = traceback.format_exc()
print("\nconda-torch test: " + json.dumps(result))
