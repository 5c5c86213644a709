cat > environment.yml <<EOF
dependencies:
  - pytorch::pytorch
  - cpuonly
EOF
conda env create -n x -f environment.yml
conda env create -n y -f - <<EOF
channels: [lab]
dependencies:
  - pytorch::pytorch
  - cpuonly
EOF
