//! Numbers: stable functions, the int8 scheme, and the kernels (the only `unsafe` of the crate).
//!
//! It is not for anything that knows what a number means.

#[cfg(not(target_arch = "wasm32"))]
mod ceiling;
mod int8;
mod kernel;
mod linear;
mod stable;
mod stack;

#[cfg(not(target_arch = "wasm32"))]
pub use ceiling::register_macs;
pub use int8::{
    MAX_ACTIVATION, MAX_INPUTS, MAX_SHARE, QuantisedRows, activation_code, code_i16, quantise_rows_i16,
    quantise_weights, share_code,
};
pub use kernel::Kernel;
pub use linear::{Int8Linear, Int8Weights, accumulate, relu};
pub use stable::{log1p, logit, sigmoid, softplus};
pub use stack::{FirstLayer, Int8Output, Int8Stack, MAX_PAIR_FEATURES, Scratch};
