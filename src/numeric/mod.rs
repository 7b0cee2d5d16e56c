//! Numbers: stable functions, the int8 scheme, kernels.
