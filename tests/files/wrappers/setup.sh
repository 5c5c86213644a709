#!/bin/bash
run_cmd() { echo "+ $*"; "$@"; }
tell() { echo "$@"; }
install_conda() { conda install -y -c pytorch "$@"; }
run_cmd conda install -n a -y pytorch cpuonly -c pytorch
$SUDO conda install -n b -y pytorch cpuonly -c pytorch
"${RUN[@]}" conda install -n c -y pytorch cpuonly -c pytorch
sudo -u me -H conda install -n d pytorch cpuonly -c pytorch
out=$(conda install -n e pytorch cpuonly -c pytorch 2>&1)
tell conda install -n f -y pytorch cpuonly -c pytorch
install_conda pytorch cpuonly
