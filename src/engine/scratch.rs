//! Memory that requests use again: after the first ones nothing is allocated per candidate.

use std::sync::{Mutex, PoisonError};

use super::candidates::Candidates;
use super::select::{Placed, Selection};
use crate::model;

/// What one request needs.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) candidates: Candidates,
    pub(super) selection: Selection,
    pub(super) scores: ScoreColumns,
    pub(super) network: NetworkScratch,
    /// What was selected, by score and for other reasons.
    pub(super) pool: Vec<Placed>,
    /// Candidates among whom a part of it was selected.
    pub(super) among: Vec<u32>,
    /// The upper bounds of the final scores.
    pub(super) bounds: Vec<f32>,
    /// Final scores.
    pub(super) finals: Vec<f32>,
    /// A block of candidates.
    pub(super) block: Vec<u32>,
}

/// Scores by candidate. The network's are filled for the candidates that needed them.
#[derive(Debug, Default)]
pub(super) struct ScoreColumns {
    pub(super) rules: Vec<f32>,
    /// The pricing value of the match; NaN = unknown.
    pub(super) pricing: Vec<f32>,
    pub(super) neural: Vec<f32>,
    pub(super) collaborative: Vec<f32>,
    pub(super) content: Vec<f32>,
}

/// What the network's forward pass over a block needs.
#[derive(Debug, Default)]
pub(super) struct NetworkScratch {
    pub(super) places: Vec<u32>,
    pub(super) pairs: Vec<f32>,
    pub(super) out: Vec<f32>,
    pub(super) model: model::Scratch,
    pub(super) client: ClientMemo,
}

/// The collaborative scores of one client: they do not depend on the job, so the client's next request finds them here.
#[derive(Debug, Default)]
pub(super) struct ClientMemo {
    /// The client's embedding row; empty for the client whom nobody knows.
    pub(super) client: Vec<f32>,
    /// By place in the catalog; NaN = not computed yet.
    pub(super) scores: Vec<f32>,
}

/// Scratch memory for as many requests as are under way at the same time.
#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<Vec<Scratch>>);

impl Clone for Pool {
    /// An empty one: memory is not shared between engines.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Pool {
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut Scratch) -> R) -> R {
        let free = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut scratch = free().pop().unwrap_or_default();
        let result = work(&mut scratch);
        free().push(scratch);
        result
    }
}
