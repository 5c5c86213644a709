conda install -n m1 pytorch-mutex -y
conda install -n m2 -y -c pytorch pytorch-mutex
conda install -n m3 pytorch-mutex pytorch -c conda-forge -qyc pytorch -c a
conda create -n e -c pytorch --file reqs.txt
conda install -c conda-forge -yc pytorch captum
conda install "pytorch-cuda=12.1" -c nvidia
conda install pytorch=2.1 torchvision=0.16 -c pytorch -c nvidia --override-channels
if [ x ]; then conda install -n k pytorch cpuonly -c pytorch; fi; conda install -n k torchvision -c pytorch
source /opt/conda/bin/activate k2 && conda install -c pytorch pytorch=2.4 cpuonly
conda deactivate
nohup conda install -n k3 pytorch=1.4 cudatoolkit=10.1 -c pytorch &
conda install -n k4 python=3.12 pytorch=1.13 -c pytorch
conda create -n two python=3.9
conda install -n two pytorch=2.1 -c pytorch
conda install -n two cpuonly -c pytorch
conda install -n three pytorch-mutex -c pytorch
