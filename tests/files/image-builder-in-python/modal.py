import modal
image = (
    modal.Image.from_registry("continuumio/miniconda3:latest")
    .run_commands("conda install -y pytorch torchvision pytorch-cuda=12.1 -c pytorch -c nvidia")
)
image2 = modal.Image.micromamba().micromamba_install("pytorch=2.1", "cudatoolkit=11.8", channels=["pytorch", "conda-forge"])
