PKGS=(pytorch torchvision
  "cudatoolkit=11.3" # old
)
CH="-c pytorch -c conda-forge"
conda create -y -n a python=3.9 "${PKGS[@]}" $CH
if [ "$1" = gpu ]; then
  TORCH="pytorch=2.1 pytorch-cuda=12.1"
else
  TORCH="pytorch=2.1 cpuonly"
fi
conda create -y -n b python=3.10 $TORCH -c pytorch -c nvidia
TORCH_VER=2.1.0
CUDA_VER=12.1
PKGS="pytorch=${TORCH_VER} torchvision torchaudio pytorch-cuda=${CUDA_VER}"
conda create -y --name retro python=3.10
conda activate retro
conda install -y $PKGS -c pytorch -c nvidia
