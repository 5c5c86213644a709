"""`conda torch …` runs `conda-torch …`.

Source: https://docs.conda.io/projects/conda/en/stable/dev-guide/plugins/subcommands.html
"""

import os
import shutil
import subprocess
import sys

from conda import plugins


def find_program():
    """The program beside this Python, else on PATH."""
    beside = os.pathsep.join([os.path.join(sys.prefix, "bin"), os.path.join(sys.prefix, "Scripts"), os.path.join(sys.prefix, "Library", "bin")])
    return shutil.which("conda-torch", path=beside) or shutil.which("conda-torch")


def run(arguments):
    """Runs the program with the arguments as they are; its exit code is conda's."""
    program = find_program()
    if program is None:
        sys.exit("error: `conda-torch` not found; install it with `conda install -n base -c conda-forge conda-torch`")
    try:
        return subprocess.call([program, *arguments])
    except KeyboardInterrupt:
        return 130


@plugins.hookimpl
def conda_subcommands():
    """The subcommand `torch`."""
    summary = "Find the PyTorch from conda-forge that works on this machine."
    yield plugins.types.CondaSubcommand(name="torch", summary=summary, action=run)
