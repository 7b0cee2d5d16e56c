//! The browser's side of the engine: conversion only, nothing is computed here. What goes in and out are bytes, which the
//! TypeScript in `js/` turns from and into plain objects; an answer says itself whether it is one or a `{code, message}`.
//!
//! It is not the npm package's API: that is the TypeScript in `js/`, which adds workers, caching and cancellation.

#[cfg(feature = "wasm")]
mod answer;
#[cfg(feature = "wasm")]
mod arrange;
#[cfg(feature = "wasm")]
mod bids;
#[cfg(feature = "wasm")]
mod bindings;
#[cfg(feature = "wasm")]
mod explain;
#[cfg(feature = "wasm")]
mod foldin;
#[cfg(feature = "gpu-web")]
mod gpu;
#[cfg(feature = "wasm")]
mod jobs;
#[cfg(feature = "wasm")]
mod manifest;
#[cfg(feature = "wasm")]
mod request;
// Its tests run natively, where nothing else needs it.
#[cfg_attr(not(feature = "wasm"), allow(dead_code))]
mod wire;

#[cfg(feature = "wasm")]
pub use bindings::WasmEngine;
#[cfg(feature = "gpu-web")]
pub use gpu::WasmGpu;
