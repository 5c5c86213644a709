set PY 3.9
conda create -n x python=$PY
conda activate x
conda install -c pytorch pytorch=1.12 cudatoolkit=11.3
