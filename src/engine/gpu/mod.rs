//! The neural forward pass on a GPU, for catalogs so large that it pays.
//!
//! The GPU's scores are bounds, never answers: they lie within a known tolerance of what the CPU computes,
//! and whoever uses them computes on the CPU what the tolerance leaves open. So a ranking does not depend on the GPU.
//!
//! [`GpuModel`] and [`GpuRequest`] are what the engine hands over, as bytes: in the browser the two sides are two
//! WebAssembly modules. It is not for deciding when a GPU pays: that takes a clock.

mod export;
mod layout;
#[cfg(feature = "gpu")]
mod pack;
#[cfg(feature = "gpu")]
mod scorer;
#[cfg(feature = "gpu")]
mod tolerance;

pub use layout::{GpuBranch, GpuLayer, GpuModel, GpuRequest};
#[cfg(feature = "gpu")]
pub use scorer::{Arithmetic, GpuError, GpuScorer};
