conda create -nml python=3.8
conda install -nml -c pytorch pytorch cudatoolkit=11.3
conda install -p/opt/envs/ml -cpytorch torchvision
