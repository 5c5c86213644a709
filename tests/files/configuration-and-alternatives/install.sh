# old: conda install pytorch -c pytorch
conda install --quiet --yes \
  'pytorch=2.1.0' \
  'pytorch-cuda=11.8' \
  --channel=pytorch --channel=nvidia || conda install pytorch -c pytorch
conda config --prepend channels pytorch
conda config --env --add channels nvidia
conda install torchtext
