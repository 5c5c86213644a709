conda create -y -n a
conda activate a
conda install -y torchvision cuda90 -c pytorch
conda install -y -c pytorch pytorch
conda create -y -n b pytorch -c pytorch
conda install -y -n b torchvision cudatoolkit=11.3 -c pytorch
