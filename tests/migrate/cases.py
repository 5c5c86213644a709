"""Environments from the old instructions, and what is expected after a migration."""

OLD = ["pytorch", "nvidia", "defaults"]
MACHINE = ["--driver", "550.54.14", "--gpu", "A100"]
TORCH = ["pytorch", "torchvision", "torchaudio"]


class Case:
    """An old environment, and the expected one afterwards."""

    def __init__(self, name, specs, *, channels=OLD, build="cuda129", pytorch="2.13.0", keeps=(), gone=(), in_place=True,
                 pinned="", pip=(), flags=(), condarc="", of_lab=(), is_solvable=True, not_by=""):
        self.name, self.specs, self.channels = name, specs, channels
        self.build, self.pytorch, self.keeps, self.gone = build, pytorch, keeps, gone
        self.in_place, self.pinned, self.pip, self.flags = in_place, pinned, pip, list(flags)
        self.condarc, self.of_lab, self.is_solvable, self.not_by = condarc, set(of_lab), is_solvable, not_by


# What is expected is written down here by hand; PyTorch, build and the rest follow from the channels.
CASES = [
    Case("cu121", ["python=3.11", *TORCH, "pytorch-cuda=12.1", "requests"], keeps=["torchvision", "torchaudio", "requests"],
         pytorch="2.10.0"),  # the last that has a torchaudio
    Case("cu118", ["python=3.10", *TORCH, "pytorch-cuda=11.8", "pandas"], keeps=["torchvision", "torchaudio", "pandas"],
         pytorch="2.10.0"),
    Case("cu124-without-python", ["pytorch", "torchvision", "pytorch-cuda=12.4"], keeps=["torchvision", "python"]),
    Case("channel-in-the-history", ["python=3.11", "pytorch::pytorch", "pytorch::torchvision", "pytorch::pytorch-cuda=12.1",
                                    "numpy<2"], keeps=["torchvision", "numpy"]),
    Case("on-conda-forge", ["python=3.11", "pytorch::pytorch", "pytorch::torchvision", "pytorch-cuda=12.1", "pandas"],
         channels=["conda-forge", "pytorch", "nvidia", "defaults"], keeps=["torchvision", "pandas"]),
    Case("cpuonly", ["python=3.11", *TORCH, "cpuonly", "requests"], build="cpu", pytorch="2.10.0",
         keeps=["torchvision", "torchaudio", "requests"]),
    Case("nvcc-of-nvidia", ["python=3.11", "pytorch", "pytorch-cuda=12.1", "cuda-nvcc=12.1.105"], keeps=["cuda-nvcc"]),
    Case("pinned-by-number", ["python=3.11", "pytorch=2.5.1", "pytorch-cuda=12.1"], pytorch="2.5.1", build="cuda120"),
    Case("torchtext", ["python=3.10", "pytorch", "torchtext", "pytorch-cuda=12.1", "requests"], gone=["torchtext"],
         keeps=["requests"]),
    Case("ffmpeg-of-pytorch", ["python=3.11", "pytorch", "torchvision", "pytorch-cuda=12.1", "pytorch::ffmpeg"],
         keeps=["ffmpeg", "torchvision"]),
    Case("python-3.8", ["python=3.8", "pytorch=2.4.1", "pytorch-cuda=12.1", "requests"], in_place=False, keeps=["requests"],
         pytorch="2.13.0", flags=["--pytorch", "2.13"]),
    Case("pinned-file", ["python=3.11", "pytorch", "pytorch-cuda=12.1", "numpy"], pinned="pytorch 2.5.*\nnumpy 1.26.*\n",
         pytorch="2.5.1", build="cuda120", in_place=False, keeps=["numpy"]),
    Case("own-channel", ["python=3.11", "pytorch", "pytorch-cuda=12.1", "lab-tools", "lab-ops"], channels=[*OLD, "example-lab"],
         keeps=["lab-tools"], gone=["lab-ops"], of_lab=["lab-tools"]),
    Case("own-channel-with-a-name-of-conda-forge", ["python=3.11", "pytorch", "pytorch-cuda=12.1", "example-lab::pandas", "requests"],
         channels=[*OLD, "example-lab"], keeps=["pandas", "requests"], of_lab=["pandas"], condarc="channel_priority: strict\n"),
    Case("own-channel-needs-its-own", ["python=3.11", "pytorch", "torchvision", "pytorch-cuda=12.1", "lab-frames"],
         channels=[*OLD, "example-lab"], keeps=["lab-frames", "torchvision"], of_lab=["lab-frames", "pandas"]),
    Case("own-channel-needs-the-old-one", ["python=3.11", "pytorch", "pytorch-cuda=12.1", "lab-models", "lab-tools"],
         channels=[*OLD, "example-lab"], keeps=["lab-tools"], gone=["lab-models", "lab-ops"], of_lab=["lab-tools"]),
    Case("mirror-of-defaults", ["python=3.11", "pytorch", "torchvision", "pytorch-cuda=12.1", "pandas",
                               "https://mirror.example/anaconda-main::numexpr"],
         keeps=["torchvision", "pandas", "numexpr"], condarc="default_channels:\n  - https://mirror.example/anaconda-main\n"),
    Case("mkl-of-defaults", ["python=3.11", "pytorch", "pytorch-cuda=12.1", "numexpr", "numpy"], keeps=["numexpr", "numpy"]),
    Case("channel-of-what-stays", ["python=3.11", "pytorch::pytorch", "pytorch-cuda=12.1", "pkgs/main::requests", "pkgs/main::tzdata"],
         channels=["conda-forge", "pytorch", "nvidia", "defaults"], keeps=["requests", "tzdata"],
         not_by="rattler"),  # which does not take packages from `defaults` by name
    Case("not-on-conda-forge", ["python=3.11", "pytorch", "pytorch-cuda=12.1", "only-main"], is_solvable=False),
    Case("pip-beside-it", ["python=3.11", "pytorch", "pytorch-cuda=12.1", "pip"], keeps=["pip"], pip=["einops==0.8.1"]),
]
