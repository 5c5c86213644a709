conda search -c pytorch "pytorch>=1.10"
conda search --override-channels -c pytorch -c nvidia torchvision
mamba repoquery search pytorch -c pytorch
# conda-forge has no package of that name.
conda search -c pytorch pytorch-cuda
conda build -c pytorch -c conda-forge conda/recipe
conda mambabuild . -c pytorch --output-folder out
conda build conda/recipe
CONDA_ARGS="-c pytorch -c conda-forge"
conda build $CONDA_ARGS conda/recipe
