conda create -y -n ${ENV_NAME} python=${MATRIX_PYTHON_VERSION} numpy
conda activate ${ENV_NAME}
export CONDA_CHANNEL="pytorch"
if [[ ${MATRIX_CHANNEL} = 'nightly' ]]; then
    export CONDA_CHANNEL="pytorch-nightly"
elif [[ ${MATRIX_CHANNEL} = 'test' ]]; then
    export CONDA_CHANNEL="pytorch-test"
fi
conda install -y -c ${CONDA_CHANNEL} pytorch cpuonly
