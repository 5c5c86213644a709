import modal, nox, subprocess

@nox.session(venv_backend="conda")
def tests(session):
    """Run conda install pytorch -c pytorch by hand if this fails."""
    session.conda_install("pytorch=2.1", "cpuonly", "numpy", channel="pytorch")
    session.run("pytest")

image = modal.Image.micromamba(python_version="3.10").micromamba_install(
    "pytorch=2.5.1",
    "pytorch-cuda=12.4",  # as the driver
    channels=["pytorch", "nvidia", "conda-forge"],
)
subprocess.run(["conda", "install", "-y", "pytorch=2.5", "cpuonly", "-c", "pytorch"], check=True)
subprocess.run("conda install -y torchvision -c pytorch", shell=True)
call(channel_of("pytorch"), "-c", "pytorch")
