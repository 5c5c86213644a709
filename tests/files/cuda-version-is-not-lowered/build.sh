#!/bin/bash
conda install -y -c conda-forge cuda-nvcc "cuda-version>=13.0,<14"
conda install -y "pytorch<2.5" -c pytorch
conda create -n other -c pytorch -c nvidia pytorch=2.4 pytorch-cuda=12.1
