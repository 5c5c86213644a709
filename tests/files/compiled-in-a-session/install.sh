set -e
set -x
SCRIPT_DIR=$(dirname $0)
cd $SCRIPT_DIR
eval "$(conda "shell.$(basename "${SHELL}")" hook)"
conda create -n wham python=3.9 -y
conda activate wham
# Install PyTorch libraries
conda install pytorch==1.13.1 torchvision==0.14.1 torchaudio==0.13.1 pytorch-cuda=11.7 -c pytorch -c nvidia -y
conda install -c fvcore -c iopath -c conda-forge fvcore iopath -y
conda install pytorch3d -c pytorch3d -y
conda install pytorch-scatter=2.0.9 -c rusty1s -y
