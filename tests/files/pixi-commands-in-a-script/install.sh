#!/bin/bash
set -e
PKGS="pytorch pytorch-cuda=12.1"
pixi init . --channel=pytorch --channel=nvidia --channel conda-forge -p linux-64
pixi workspace platform edit linux-64 --cuda 12
pixi add python=3.11
pixi add $PKGS
~/.pixi/bin/pixi -v add --no-progress -f extra torchvision
pixi exec --channel pytorch --with cpuonly -- python -c 'print(1)'
pixi add --pypi torchmetrics
