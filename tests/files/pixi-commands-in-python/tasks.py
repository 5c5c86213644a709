import subprocess

subprocess.run(["pixi", "add", "pytorch", "pytorch-cuda=12.1"], check=True)
subprocess.run("pixi global install -c pytorch 'pytorch==2.1.0' cpuonly", shell=True)
