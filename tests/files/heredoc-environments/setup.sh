tee environment.yml <<'EOF' >/dev/null
channels:
  - pytorch
  - conda-forge
dependencies:
  - pytorch::pytorch=2.4
  - pytorch::torchvision
EOF
conda env create -n z -f environment.yml
conda activate z
conda install -y pytorch-cuda=12.1 -c pytorch -c nvidia
cat > other.yml <<EOF
name: $NAME
channels:
  - pytorch
dependencies:
  - python=$PY
  - pytorch=1.12
  - cudatoolkit=11.3
EOF
