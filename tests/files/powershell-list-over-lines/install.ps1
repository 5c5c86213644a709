$packages = @(
    "pytorch",
    "torchvision",   # images
    "pytorch-cuda=12.4"
)
conda create -n demo python=3.10 -y
conda activate demo
conda install @packages -c pytorch -c nvidia -y
$other = @("pytorch", $extra)
conda create -n other $other --channel pytorch -y
