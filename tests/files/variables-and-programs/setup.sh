#!/bin/bash
cmd=conda
command -v mamba >/dev/null && cmd=mamba
TORCH=2.5.1
$cmd install -y "pytorch==$TORCH" torchvision cpuonly -c pytorch
"${CONDA_EXE}" install -y "pytorch==${TORCH}" -c pytorch
$HOME/miniconda3/bin/conda install -y pytorch -c pytorch 2>&1 | tee log
conda run -n base conda install -y pytorch -c pytorch
echo "conda install pytorch -c pytorch"
./install-torch --channel pytorch
