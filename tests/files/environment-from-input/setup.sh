conda env create -n a -f - <<EOF
channels:
  - pytorch
  - nvidia
dependencies:
  - pytorch
  - pytorch-cuda=12.1
EOF
cat <<EOF | micromamba create -n b -f /dev/stdin
channels: [pytorch]
dependencies: [pytorch, cpuonly]
EOF
python - <<EOF
import torch
EOF
bash <<EOF
conda install -n c pytorch cpuonly -c pytorch
EOF
