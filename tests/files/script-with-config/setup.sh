#!/bin/sh
set -e
conda config --add channels pytorch
conda create -y -n exp python=3.9
conda install -y -n exp 'pytorch=1.10.0' 'torchvision==0.11.1' cudatoolkit=11.3 -c pytorch -c conda-forge || exit 1
conda install -y -n exp scikit-learn
bash -c "source activate exp && conda install pytorch::torchtext"
