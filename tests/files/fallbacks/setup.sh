conda install -n torch -c pytorch -c nvidia pytorch pytorch-cuda=12.1 || conda install -n torch -c pytorch pytorch cpuonly
conda install -n torch-b -c pytorch -c nvidia pytorch pytorch-cuda=12.1 || {
    echo "No CUDA, trying the CPU build..."
    conda install -n torch-b -c pytorch pytorch cpuonly
}
conda install -n torch-b -c pytorch torchvision
mamba install -n torch-c pytorch::pytorch cpuonly \
    || micromamba install -n torch-c pytorch::pytorch cpuonly \
    || conda install -n torch-c pytorch::pytorch cpuonly
conda create -y -n torch-d -c pytorch pytorch=2.1.0 cpuonly || exit 1
conda install -n torch-d -c pytorch torchvision=0.16.0
# What follows needs both.
conda install -n torch-e -c pytorch pytorch=2.3.1 && conda install -n torch-e -c pytorch cpuonly
conda install -n torch-f -c pytorch pytorch cudatoolkit=11.8 -c nvidia || (sleep 5 && conda install -n torch-f -c pytorch pytorch cpuonly)
