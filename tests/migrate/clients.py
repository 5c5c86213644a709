"""Real clients, each in its own home."""

import json
import os
import pathlib
import shutil
import subprocess

GPU = {"CONDA_OVERRIDE_CUDA": "12.4"}
FLEXIBLE = {"CONDA_CHANNEL_PRIORITY": "flexible", "MAMBA_CHANNEL_PRIORITY": "flexible"}


class Client:
    """A client as users have it: a program on PATH, a root prefix, settings, environments."""

    def __init__(self, program, solver, folder, proxy, root_certificate):
        self.program = pathlib.Path(program).absolute()
        self.solver = solver
        self.folder = pathlib.Path(folder).absolute()
        self.home = self.folder / "home"
        self.home.mkdir(parents=True)
        (self.folder / "pkgs").mkdir()
        self.kind = self.program.name
        self.is_native = self.kind != "conda"
        self.environment = {
            "PATH": f"{self.program.parent}:/usr/bin:/bin", "HOME": str(self.home), "LANG": "C.UTF-8", "SHELL": "/bin/sh",
            "HTTPS_PROXY": proxy, "https_proxy": proxy, "CONDA_SSL_VERIFY": str(root_certificate),
            "REQUESTS_CA_BUNDLE": str(root_certificate), "MAMBA_SSL_VERIFY": str(root_certificate),
            "CONDA_PKGS_DIRS": str(self.folder / "pkgs"), "CONDA_ALWAYS_COPY": "false", "CONDA_NOTIFY_OUTDATED_CONDA": "false",
            "CONDA_NUMBER_CHANNEL_NOTICES": "0", "CONDA_REPORT_ERRORS": "false", "PYTHONWARNINGS": "ignore",
        }
        if self.is_native:
            self.root = self.folder / "root"
            (self.root / "bin").mkdir(parents=True)
            (self.root / "conda-meta").mkdir()
            (self.root / "conda-meta" / "history").touch()
            shutil.copy2(self.program, self.root / "bin" / self.kind)
            version = self.run([str(self.root / "bin" / self.kind), "--version"]).stdout.split()[-1]
            record = {"name": self.kind, "version": version, "subdir": "linux-64", "depends": [], "files": []}
            (self.root / "conda-meta" / f"{self.kind}-{version}-0.json").write_text(json.dumps(record))
            self.environment |= {"PATH": f"{self.root / 'bin'}:/usr/bin:/bin", "MAMBA_ROOT_PREFIX": str(self.root)}
            self.environments = self.root / "envs"
        else:
            self.environment |= {"CONDA_ENVS_DIRS": str(self.folder / "envs"), "CONDA_SOLVER": solver}
            version = self.run(["conda", "--version"]).stdout.split()[-1]
            self.environments = self.folder / "envs"
            if version.split(".") < ["23"]:
                del self.environment["CONDA_SOLVER"]  # an option that it does not know yet
        self.version = version
        self.name = f"{self.kind} {version}" + ("" if self.is_native else f" ({solver})")

    def run(self, words, shell=False, more=None, check=False):
        done = subprocess.run(words, shell=shell, env={**self.environment, **(more or {})}, cwd=self.folder, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=900)
        if check and done.returncode:
            raise AssertionError(f"{self.name}: {words}\nexit {done.returncode}\n{done.stdout[-4000:]}")
        return done

    def create(self, name, channels, specs, more=None):
        """An environment from the old instructions."""
        words = [self.kind, "create", "-y", "-n", name, "--override-channels"]
        for channel in channels:
            words += ["-c", channel]
        self.run([*words, *specs], more={**GPU, **FLEXIBLE, **(more or {})}, check=True)

    def packages(self, name):
        """The packages of an environment, by name: (version, build, channel)."""
        folder = self.environments / name / "conda-meta"
        found = {}
        for file in sorted(folder.glob("*.json")):
            record = json.loads(file.read_text())
            where = record.get("url") or record.get("channel") or ""
            found[record["name"]] = (record["version"], record["build"], channel(where))
        return found

    def remove(self, name):
        shutil.rmtree(self.environments / name, ignore_errors=True)


def channel(url):
    """The channel's name in a package URL."""
    for host in ("https://conda.anaconda.org/", "https://repo.anaconda.com/"):
        if url.startswith(host):
            path = url.removeprefix(host).split("/")
            return "/".join(path[:2]) if path[0] == "pkgs" else path[0]
    return url


def clients(programs, folder, proxy, root_certificate):
    """One for each program, and for conda one for each of its solvers that works."""
    for number, program in enumerate(programs):
        path, _, solvers = program.partition("=")
        if not os.access(path, os.X_OK):
            raise SystemExit(f"{path} is no program")
        for solver in (solvers or "classic").split(",") if path.endswith("conda") else [""]:
            place = pathlib.Path(folder) / f"{number}-{solver or 'own'}"
            yield Client(path, solver, place, proxy, root_certificate)
