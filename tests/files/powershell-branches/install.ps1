$Env:PY = "3.10"
$name = "demo"
# conda install pytorch -c pytorch
conda create -y -n $name python=$Env:PY
conda activate $name
if ($gpu) {
  conda install -y pytorch==2.1.0 pytorch-cuda=11.8 `
     -c pytorch -c nvidia
} else {
  & conda install -y pytorch==2.1.0 cpuonly -c pytorch
}
