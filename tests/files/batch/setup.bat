@echo off
REM conda install -y pytorch -c pytorch
set ENV=demo
call conda create -y -n %ENV% python=3.11
call conda activate %ENV%
call conda.bat install -y pytorch torchvision pytorch-cuda=12.1 -c pytorch -c nvidia
if "%1"=="cpu" (
  conda create -n c pytorch cpuonly -c pytorch
) else (
  conda create -n c pytorch pytorch-cuda=11.8 -c pytorch -c nvidia
)
