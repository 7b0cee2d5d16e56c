//! What is measured on the validation part with the model as it is served, and released beside it: intervals of the expected
//! rating, and what is known of clients before any rating of theirs.

mod conformal;
mod curve;
mod foldin;
mod history;
mod predictions;

pub use conformal::{EDGES, intervals};
pub use curve::{Curve, KNOWN, Point, curve};
pub use foldin::{FittedFoldIn, fit_fold_in};
pub use history::history;
pub use predictions::{Prediction, predictions};
