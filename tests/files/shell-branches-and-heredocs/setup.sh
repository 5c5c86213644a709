#!/usr/bin/env bash
usage() { cat <<X
  run: conda install pytorch -c pytorch
X
}
if [[ $(uname) == Darwin ]]; then
  conda install -y pytorch torchvision -c pytorch
elif [ -n "$CUDA" ]; then
  conda install -y pytorch torchvision cudatoolkit=11.3 -c pytorch -c conda-forge
else
  conda install -y pytorch torchvision cpuonly -c pytorch
fi
for py in 3.8 3.9; do
  conda create -y -n "py$py" python=$py pytorch=1.13 cpuonly -c pytorch
done
PKGS="pytorch torchvision cudatoolkit=11.3"
conda create -y -n exp $PKGS -c pytorch
conda install -n exp --yes --file requirements.txt -c pytorch
conda install -n exp pytorch=1.12 torchvision cudatoolkit=11.3 \
     -c pytorch \
     -c conda-forge  # comment
eval "$(conda shell.bash hook)"
mamba env create -n other -f env.yml && mamba install -n other --channel pytorch::x captum
conda install -nexp -y "pytorch>=1.8,<2" -c pytorch
conda install -y -n third $UNKNOWN -c pytorch
