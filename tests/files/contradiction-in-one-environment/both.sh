conda create -n e python=3.10
conda install -n e pytorch cpuonly -c pytorch
conda install -n e pytorch pytorch-cuda=12.1 -c pytorch -c nvidia
conda create -n f python=3.10 pytorch cpuonly -c pytorch
conda create -n g python=3.10 pytorch pytorch-cuda=12.1 -c pytorch -c nvidia
