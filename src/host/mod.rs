//! The only door to the outside: files, programs, the environment, NVML.
