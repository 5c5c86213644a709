# conda-forge has the packages of the toolkit from CUDA 12.0 on.
conda create -n one pytorch cuda-toolkit=11.8 torchvision -c nvidia -c pytorch
conda create -n two pytorch-gpu cuda-nvcc=11.7 -c pytorch -c nvidia -c conda-forge
conda create -n three pytorch cpuonly cuda-nvcc=11.8 -c pytorch -c nvidia
conda create -n four pytorch cuda-toolkit=12.1 -c pytorch -c nvidia
