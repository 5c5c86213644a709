from flytekit import ImageSpec, task
image = ImageSpec(
    name="gpu",
    python_version="3.11",
    packages=["pandas", "flytekit"],
    conda_packages=["pytorch=2.4.1", "pytorch-cuda=12.1", "torchvision"],
    conda_channels=["pytorch", "nvidia", "conda-forge"],
    registry=REGISTRY,
)
deps = CondaDependencies.create(conda_packages=["pytorch", "cpuonly", "numpy"], pip_packages=["azureml-defaults"])
conda_env = {
    "name": "mlflow-env",
    "channels": ["pytorch", "defaults"],
    "dependencies": [
        "python=3.10",
        "pytorch=2.1.0",
        "cpuonly",
        {"pip": ["mlflow"]},
    ],
}
