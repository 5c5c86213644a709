# Without a channel, these would mix conda-forge's builds with those of `defaults`.
conda create -n a pytorch::pytorch=2.1.0 pytorch::torchvision numpy
conda activate a
conda install -y pytorch::pytorch-cuda=12.1
conda install -n a -y scipy
torch_packages="pytorch::pytorch cpuonly"
mamba create -n b $torch_packages
mamba create -n d -c lab $torch_packages
add() { conda install -y "$@"; }
conda create -n e python=3.10
conda activate e
add pytorch::pytorch cpuonly
add numpy
conda install -n f -c lab pytorch::pytorch
conda install -n i --channel=lab -c https://conda.example/x -y pytorch::pytorch
sh -c "conda install -n g pytorch::pytorch cpuonly"
CH="-c pytorch"
conda create -n h $CH pytorch cpuonly
conda install -n j conda-forge::numpy pytorch::pytorch=2.3.0
