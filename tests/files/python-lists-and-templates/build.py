import os, subprocess
CHANNEL = "pytorch"
VERSION = "2.1.0"
subprocess.run(["conda", "install", "-y", "pytorch", "-c", CHANNEL])
subprocess.run(["conda", "install", "-n", env, f"pytorch={VERSION}", "pytorch-cuda=12.1", "-c", CHANNEL, "-c", "nvidia"])
subprocess.run(["conda", "install", "-n", "b", f"pytorch={other}", "-c", "pytorch"])
subprocess.run(["conda", "install", "-n", "c", *packages, "-c", "pytorch"])
os.system("conda install -n d -y pytorch=%s cudatoolkit=%s -c pytorch" % (a, b))
os.system("conda install -n e -y pytorch cuda{0} -c pytorch".format(b))
