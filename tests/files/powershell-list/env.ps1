$pkgs = "pytorch", "cpuonly"
conda create -n x python=3.10 @pkgs -c pytorch -y
