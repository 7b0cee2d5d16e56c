//! From a trained fp32 state to the int8 model that is served.
//!
//! Batch norm is folded into the layers, every layer's weights are rounded so that its *outputs* on calibration inputs stay
//! where they were (not the weights themselves), and the activations between layers get static steps. `docs/model-format.md`
//! gives the scheme.

mod calibration;
mod equalise;
mod error;
mod linalg;
mod model;
mod rounding;
mod shares;

pub use calibration::{Calibration, CalibrationSource};
pub use error::QuantizeError;
pub use model::{LayerError, Quantised, Rounding, quantise};
