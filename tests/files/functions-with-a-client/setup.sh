#!/bin/bash
set -e
install_conda() {
  echo "installing $*"
  conda install -y -n work "$@"
}
add() { conda install -q -y -c pytorch -c nvidia "$@"; }
conda create -y -n work python=3.10
install_conda pytorch=2.1.0 cpuonly -c pytorch
install_conda numpy
conda activate other
add pytorch==2.5.1 pytorch-cuda=12.4
add scipy
