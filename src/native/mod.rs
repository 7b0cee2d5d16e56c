//! Everything that never compiles for the browser.

pub mod baselines;
pub mod calibrate;
pub mod canonical;
pub mod cli;
pub mod datagen;
pub mod datasets;
pub mod eval;
pub mod events;
pub mod experiment;
pub mod files;
pub mod interactions;
pub mod messages;
pub mod model_dir;
pub mod monitor;
pub mod quantize;
pub mod registry;
pub mod score;
pub mod tiles;
pub mod tracking;
pub mod train;
