//! What the engine hands to a GPU.

use super::layout::{GpuBranch, GpuLayer, GpuModel, GpuRequest};
use crate::engine::{Engine, EngineError, Request};
use crate::model::Int8Branch;
use crate::numeric::{Int8Linear, Int8Output, MAX_PAIR_FEATURES, share_code};

impl Engine {
    /// The model as a GPU takes it. `None` where there is no int8 model, or where the catalog comes and goes in tiles.
    pub fn gpu_model(&self) -> Option<GpuModel> {
        let model = self.model.as_ref().filter(|_| self.tile_index().is_none())?;
        Some(GpuModel { pair_features: MAX_PAIR_FEATURES, branches: model.hybrid.int8()?.map(|one| branch(&one)) })
    }

    /// The shares of some catalog places in the first layers, as the GPU takes them; nothing where there is no
    /// [`gpu_model`](Self::gpu_model), and no more places than there are.
    pub fn gpu_items(&self, places: std::ops::Range<usize>) -> Vec<u8> {
        let Some((model, codes)) = self.model.as_ref().and_then(|model| Some((model, model.items.codes()?))) else {
            return Vec::new();
        };
        let Some(branches) = model.hybrid.int8() else { return Vec::new() };
        let mut out = Vec::new();
        for place in places.start..places.end.min(self.catalog.cleaners.len()) {
            for (codes, branch) in codes.iter().zip(&branches) {
                let row = codes.get(place * branch.width..(place + 1) * branch.width).unwrap_or_default();
                out.extend(row.iter().flat_map(|share| share.to_le_bytes()));
            }
        }
        out
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
            let scales = content.pair_scales.iter().cycle();
            let pairs: Vec<i16> = pairs.iter().zip(scales).map(|(pair, scale)| share_code(pair * scale)).collect();
            Some(GpuRequest { query: query.codes()?, rows: places, pairs: &pairs }.to_bytes())
        });
        Ok(asked?.flatten())
    }
}

fn branch(branch: &Int8Branch<'_>) -> GpuBranch {
    let (hidden, output) = (branch.stack.hidden(), branch.stack.output());
    let mut layers: Vec<GpuLayer> = hidden.iter().map(layer).collect();
    layers.push(last(output));
    // The first layer's outputs are padded in the shares, and so must be the inputs that they are.
    if let Some(first) = layers.first_mut() {
        first.widen(branch.width);
    }
    GpuBranch { width: branch.width, pair_weights: branch.pair_weights.to_vec(), layers }
}

fn layer(layer: &Int8Linear) -> GpuLayer {
    let (inputs, outputs) = (layer.inputs(), layer.outputs());
    let (multipliers, biases) = (layer.multipliers().to_vec(), layer.biases().to_vec());
    GpuLayer { inputs, outputs, codes: layer.codes(), multipliers, biases }
}

fn last(output: &Int8Output) -> GpuLayer {
    let (multipliers, biases) = (vec![output.multiplier()], vec![output.bias()]);
    GpuLayer { inputs: output.inputs(), outputs: 1, codes: output.codes(), multipliers, biases }
}

impl GpuLayer {
    /// More inputs, whose weights are 0.
    fn widen(&mut self, inputs: usize) {
        if inputs > self.inputs {
            let rows = self.codes.chunks_exact(self.inputs.max(1));
            self.codes = rows.flat_map(|row| row.iter().copied().chain(vec![0; inputs - row.len()])).collect();
            self.inputs = inputs;
        }
    }
}
