//! The second WebAssembly file of the package: the model on a GPU, and nothing of the engine.

use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;

use crate::engine::gpu::{Arithmetic, GpuError, GpuModel, GpuScorer};

/// A model and a catalog's items on a GPU, as JavaScript holds it. One call at a time.
#[wasm_bindgen]
#[derive(Debug)]
pub struct WasmGpu {
    scorer: GpuScorer,
}

#[wasm_bindgen]
impl WasmGpu {
    /// Puts a model (the bytes of a [`GpuModel`]) on the GPU of this machine, with room for that many catalog rows.
    /// `arithmetic`: `"dot4"`, `"f32"`, or nothing for the best one that there is.
    ///
    /// # Errors
    /// `{code, message}` with a `webgpu.*` code.
    pub async fn create(model: Vec<u8>, rows: u32, arithmetic: Option<String>) -> Result<WasmGpu, JsValue> {
        let unreadable = || refusal(&GpuError::Unavailable { reason: "the model is of another version".into() });
        let model = GpuModel::from_bytes(&model).ok_or_else(unreadable)?;
        let wanted =
            [Arithmetic::Dot4, Arithmetic::F32].into_iter().find(|one| arithmetic.as_deref() == Some(one.name()));
        let scorer = GpuScorer::new(&model, rows, wanted).await.map_err(|error| refusal(&error))?;
        Ok(Self { scorer })
    }

    /// Replaces catalog rows from `first` on.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    #[wasm_bindgen(js_name = writeItems)]
    pub async fn write_items(&self, first: u32, shares: Vec<u8>) -> Result<(), JsValue> {
        self.scorer.write_items(first, &shares).await.map_err(|error| refusal(&error))
    }

    /// The two branches' scores of each candidate of a request (the bytes of a [`GpuRequest`](crate::engine::gpu::GpuRequest)).
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn score(&mut self, request: Vec<u8>) -> Result<Vec<f32>, JsValue> {
        self.scorer.score(&request).await.map_err(|error| refusal(&error))
    }

    /// The adapter's name; empty where the browser hides it.
    pub fn adapter(&self) -> String {
        self.scorer.adapter().to_owned()
    }

    /// Which shader computes: `"dot4"` or `"f32"`.
    pub fn arithmetic(&self) -> String {
        self.scorer.arithmetic().name().to_owned()
    }

    /// Bytes of one catalog row, and of the query's shares in a request.
    #[wasm_bindgen(js_name = rowBytes)]
    pub fn row_bytes(&self) -> usize {
        self.scorer.row_bytes()
    }

    /// For each branch, how far its scores can be from the CPU's.
    pub fn tolerance(&self) -> Vec<f32> {
        self.scorer.tolerance().to_vec()
    }
}

fn refusal(error: &GpuError) -> JsValue {
    let object = Object::new();
    for (key, value) in [("code", error.code()), ("message", &error.to_string())] {
        // Setting a key of a fresh plain object cannot fail.
        let _ = Reflect::set(&object, &JsValue::from_str(key), &JsValue::from_str(value));
    }
    object.into()
}
