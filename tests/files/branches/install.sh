#!/bin/bash
conda create -y -n e python=3.10
source activate e
if command -v nvidia-smi; then
    conda install -y pytorch=2.1 pytorch-cuda=11.8 -c pytorch -c nvidia
else
    conda install -y pytorch=2.1 cpuonly -c pytorch
fi
conda install -y torchvision -c pytorch
