//! What is measured on the validation part with the model as it is served, and released beside it: intervals of the expected
//! rating.

mod conformal;
mod predictions;

pub use conformal::{EDGES, intervals};
pub use predictions::{Prediction, predictions};
