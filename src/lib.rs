//! tidyrank ranks a service marketplace where the client is: in the browser, with no server round trip.
//!
//! The crate is one engine with two homes. Compiled to WebAssembly (feature `wasm`) it ranks inside a page; compiled
//! natively (feature `native`) it also generates data, trains, evaluates and quantises. `docs/architecture.md` walks the
//! modules in the order below and says what each may import.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod artifact;
pub mod domain;
pub mod engine;
pub mod features;
pub mod model;
#[cfg(feature = "native")]
pub mod native;
pub mod numeric;
pub mod rules;
#[cfg(any(feature = "wasm", feature = "gpu-web", test))]
pub mod wasm;
