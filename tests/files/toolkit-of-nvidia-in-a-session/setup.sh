conda create -n x python=3.9 pytorch==1.13.1 pytorch-cuda=11.7 -c pytorch -c nvidia
conda install -n x cudatoolkit-dev=11.3.1 -c conda-forge
conda install -n x -c nvidia cuda-nvcc=11.7
conda install -n x -c "nvidia/label/cuda-11.7.0" cuda-toolkit
