//! What the engine hands to a GPU.

use super::layout::{GpuRequest, Words};
use crate::engine::{Engine, EngineError, Request};
use crate::numeric::{MAX_PAIR_FEATURES, share_code};

impl Engine {
    /// The model as a GPU takes it: the bytes of a [`GpuModel`](super::GpuModel). `None` where there is no int8 model, or
    /// where the catalog comes and goes in tiles.
    pub fn gpu_model(&self) -> Option<Vec<u8>> {
        let model = self.model.as_ref().filter(|_| self.tile_index().is_none())?;
        let mut out = Words::model(MAX_PAIR_FEATURES);
        for branch in model.hybrid.int8()? {
            let (hidden, output) = (branch.stack.hidden(), branch.stack.output());
            out.branch(branch.width, hidden.len() + 1, branch.pair_weights);
            for layer in hidden {
                out.layer([layer.inputs(), layer.outputs()], &layer.codes(), layer.multipliers(), layer.biases());
            }
            out.layer([output.inputs(), 1], &output.codes(), &[output.multiplier()], &[output.bias()]);
        }
        Some(out.0)
    }

    /// The shares of some catalog places in the first layers, as the GPU takes them; nothing where there is no
    /// [`gpu_model`](Self::gpu_model), and no more places than there are.
    pub fn gpu_items(&self, places: std::ops::Range<usize>) -> Vec<u8> {
        let Some((model, codes)) = self.model.as_ref().and_then(|model| Some((model, model.items.codes()?))) else {
            return Vec::new();
        };
        let Some(branches) = model.hybrid.int8() else { return Vec::new() };
        let mut out = Words::default();
        for place in places.start..places.end.min(self.catalog.cleaners.len()) {
            for (codes, branch) in codes.iter().zip(&branches) {
                out.halves(codes.get(place * branch.width..(place + 1) * branch.width).unwrap_or_default());
            }
        }
        out.0
    }

    /// What a GPU with the [`gpu_model`](Self::gpu_model) and all [`gpu_items`](Self::gpu_items) is asked about a request: a
    /// [`GpuRequest`] as bytes, to whose answer [`recommend_near`](Self::recommend_near) keeps. `None` where no int8 model
    /// scores.
    ///
    /// # Errors
    /// As [`recommend`](Self::recommend).
    pub fn gpu_request(&self, request: &Request) -> Result<Option<Vec<u8>>, EngineError> {
        let branches = self.model.as_ref().and_then(|model| model.hybrid.int8());
        let Some([_, content]) = branches else { return Ok(None) };
        let asked = self.question(request, |query, places, pairs| {
            let mut codes = vec![0; pairs.len()];
            for (codes, pair) in codes.chunks_exact_mut(MAX_PAIR_FEATURES).zip(pairs.chunks_exact(MAX_PAIR_FEATURES)) {
                for ((code, x), scale) in codes.iter_mut().zip(pair).zip(content.pair_scales) {
                    *code = share_code(x * scale);
                }
            }
            Some(GpuRequest { query: query.codes()?, rows: places, pairs: &codes }.to_bytes())
        });
        Ok(asked?.flatten())
    }
}
