//! Numbers: stable functions, the int8 scheme, and the kernels (the only `unsafe` of the crate).
//!
//! It is not for anything that knows what a number means.

mod int8;
mod kernel;
mod linear;
mod stable;

pub use int8::{
    MAX_ACTIVATION, MAX_INPUTS, QuantisedRows, code_i16, quantise_activations, quantise_rows_i16, quantise_weights,
};
pub use kernel::Kernel;
pub use linear::{Int8Linear, accumulate, relu};
pub use stable::{log1p, logit, sigmoid, softplus};
