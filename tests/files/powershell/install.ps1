conda create -n win `
  python=3.11 `
  pytorch pytorch-cuda=12.1 `
  -c pytorch -c nvidia
