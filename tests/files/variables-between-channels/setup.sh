PKGS="pytorch=1.13 cudatoolkit=11.3"
conda create -y -n a python=3.10
conda install -n a $PKGS -c pytorch -c conda-forge
conda install -n a \
  -c pytorch ${PKGS} -c conda-forge
