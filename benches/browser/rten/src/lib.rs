//! The two ONNX graphs of `tools/reference/export_onnx.py` in rten. What does not change between requests, the cleaners'
//! rows, is handed over once and stays in the module's memory.

use rten::{Model, ModelOptions, NodeId, OpRegistry, RegisterOp, ValueOrView, op_types};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, NdTensorView};
use wasm_bindgen::prelude::*;

/// A loaded graph with the cleaners' rows.
#[wasm_bindgen]
pub struct Scorer {
    model: Model,
    rows: Vec<f32>,
}

#[wasm_bindgen]
impl Scorer {
    /// Loads a graph, weights packed. `rows`: an embedding row of 64 or shares of 128 values per cleaner, in order.
    #[wasm_bindgen(constructor)]
    pub fn new(onnx: Vec<u8>, rows: Vec<f32>) -> Result<Scorer, JsError> {
        let ops: [&dyn RegisterOp; 9] = [
            &op_types::Add,
            &op_types::Clip,
            &op_types::Concat,
            &op_types::Expand,
            &op_types::Gather,
            &op_types::Gemm,
            &op_types::Mul,
            &op_types::Relu,
            &op_types::Shape,
        ];
        let model = ModelOptions::with_ops(OpRegistry::with_ops(&ops)).prepack_weights(true).load(onnx)?;
        Ok(Self { model, rows })
    }

    /// Scores of the first cleaners by the graph `hybrid`, `chunk` of them a run: `user` 64 values, `features` 18 of each.
    pub fn plain(&self, user: &[f32], category: i32, features: &[f32], chunk: usize) -> Result<Vec<f32>, JsError> {
        let (user, category) = (NdTensorView::from_data([1, 64], user), NdTensor::from_data([1], vec![category]));
        self.in_chunks(("item", 64), (features, 18), chunk, || {
            Ok([(self.node("user")?, user.into()), (self.node("category")?, category.view().into())])
        })
    }

    /// The same by the graph `hybrid.sep`: `client` and `job` 128 values, `features` 11 of each.
    pub fn separable(&self, client: &[f32], job: &[f32], features: &[f32], chunk: usize) -> Result<Vec<f32>, JsError> {
        let (client, job) = (NdTensorView::from_data([1, 128], client), NdTensorView::from_data([1, 128], job));
        self.in_chunks(("shares", 128), (features, 11), chunk, || {
            Ok([(self.node("client")?, client.into()), (self.node("job")?, job.into())])
        })
    }

    fn in_chunks<'a>(
        &'a self,
        (name, width): (&str, usize),
        (features, columns): (&'a [f32], usize),
        chunk: usize,
        query: impl Fn() -> Result<[(NodeId, ValueOrView<'a>); 2], JsError>,
    ) -> Result<Vec<f32>, JsError> {
        let (rows, table, scores) = (self.node(name)?, self.node("features")?, self.node("scores")?);
        let mut out = Vec::with_capacity(features.len() / columns);
        for (features, shares) in features.chunks(chunk * columns).zip(self.rows.chunks(chunk * width)) {
            let count = features.len() / columns;
            let [client, job] = query()?;
            let inputs = vec![
                (rows, NdTensorView::from_data([count, width], &shares[..count * width]).into()),
                (table, NdTensorView::from_data([count, columns], features).into()),
                client,
                job,
            ];
            let [found] = self.model.run_n(inputs, [scores], None)?;
            let found: NdTensor<f32, 2> = found.try_into()?;
            out.extend(found.iter());
        }
        Ok(out)
    }

    fn node(&self, name: &str) -> Result<NodeId, JsError> {
        Ok(self.model.node_id(name)?)
    }
}
