set PKGS=pytorch=2.5 torchvision pytorch-cuda=12.4
call conda create -y -n a python=3.11 %PKGS% -c pytorch -c nvidia
