#!/usr/bin/env bash
if [ -z "${CUDA_VERSION:-}" ] ; then
    case "$(uname -s)" in
        Darwin*) cudatoolkit="";;
        *) cudatoolkit="cpuonly"
    esac
else
    cudatoolkit="cudatoolkit=${version}"
fi
conda install ${CONDA_CHANNEL_FLAGS:-} -y -c "pytorch-${UPLOAD_CHANNEL}" pytorch "${cudatoolkit}"
