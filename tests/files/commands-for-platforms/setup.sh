CONDA_SUBDIR=osx-64 conda create -n u pytorch=2.2 -c pytorch
micromamba create -n v --platform linux-aarch64 pytorch=2.1 pytorch-cuda=11.8 -c pytorch -c nvidia
mamba create -n w --platform=win-64 pytorch=2.1 pytorch-cuda=11.8 -c pytorch -c nvidia
export CONDA_SUBDIR=osx-arm64
conda create -n x pytorch=2.2 -c pytorch
conda install -n x torchvision -c pytorch
