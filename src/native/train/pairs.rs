//! The losses of being hired: of single candidates, and of pairs.
//!
//! Scores are ratings, so they are turned into log-odds first. Pairs (BPR, S. Rendle et al., UAI 2009): mean of
//! softplus(-(s+ - s-) / T). Candidates (binary cross-entropy): with z = (s - mean rating) / T and y = 1 for the hired one, mean
//! of softplus(z) - y z. T is the temperature.

use candle_core::{CpuStorage, CustomOp1, Device, Layout, Result, Shape, Tensor};

use super::ops::with_values;
use crate::numeric::{sigmoid, softplus};

/// ln(1 + exp(x)), value by value; its gradient is 1 / (1 + exp(-x)).
struct Softplus;

impl CustomOp1 for Softplus {
    fn name(&self) -> &'static str {
        "softplus"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let Some((start, end)) = layout.contiguous_offsets() else {
            candle_core::bail!("a contiguous tensor was expected")
        };
        let values = &storage.as_slice::<f32>()?[start..end];
        let result = values.iter().map(|&x| softplus(f64::from(x)) as f32).collect();
        Ok((CpuStorage::F32(result), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let slopes: Vec<f32> = with_values(x, |x| x.iter().map(|&x| sigmoid(f64::from(x)) as f32).collect())?;
        Ok(Some((grad * Tensor::from_vec(slopes, x.shape(), &Device::Cpu)?)?))
    }
}

/// Which rows of a batch stand against each other.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Pairs {
    /// Of each pair, the row of the hired cleaner.
    pub(super) hired: Vec<u32>,
    /// Of each pair, the row of the other one.
    pub(super) other: Vec<u32>,
}

impl Pairs {
    fn rows(scores: &Tensor, rows: &[u32]) -> Result<Tensor> {
        scores.index_select(&Tensor::new(rows, &Device::Cpu)?, 0)
    }

    /// The hired cleaners that stand against anybody, each once.
    pub(super) fn positives(&self) -> Vec<u32> {
        let mut rows = self.hired.clone();
        rows.dedup();
        rows
    }

    /// The mean loss of the pairs; scores are `[rows, 1]`. `None` if there is no pair.
    pub(super) fn bpr(&self, scores: &Tensor, temperature: f64) -> Result<Option<Tensor>> {
        if self.hired.is_empty() {
            return Ok(None);
        }
        let behind = (Self::rows(scores, &self.other)? - Self::rows(scores, &self.hired)?)?;
        Ok(Some((behind * (1.0 / temperature))?.apply_op1(Softplus)?.mean_all()?))
    }

    /// The mean loss of hired cleaners and negatives; `None` if there is no pair.
    pub(super) fn bce(&self, scores: &Tensor, mean: f64, temperature: f64) -> Result<Option<Tensor>> {
        if self.hired.is_empty() {
            return Ok(None);
        }
        let (hired, scale) = (self.positives(), 1.0 / temperature);
        let odds = |rows: &[u32]| Self::rows(scores, rows)?.affine(scale, -mean * scale);
        // softplus(z) - z = softplus(-z).
        let sum = (odds(&hired)?.neg()?.apply_op1(Softplus)?.sum_all()?
            + odds(&self.other)?.apply_op1(Softplus)?.sum_all()?)?;
        Ok(Some((sum * (1.0 / (hired.len() + self.other.len()) as f64))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Var;
    use serde_json::Value;

    #[test]
    fn losses_and_gradients_are_those_of_the_formulas() {
        let fixture: Value = serde_json::from_str(include_str!("../../../tests/fixtures/training.json")).unwrap();
        for row in fixture["pairs"].as_array().unwrap() {
            let list = |key: &str| row[key].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect::<Vec<_>>();
            let rows = |key: &str| list(key).iter().map(|&at| at as u32).collect::<Vec<_>>();
            let pairs = Pairs { hired: rows("hired"), other: rows("other") };
            let values: Vec<f32> = list("scores").iter().map(|&s| s as f32).collect();
            let scores = Var::from_vec(values, (list("scores").len(), 1), &Device::Cpu).unwrap();
            let (mean, temperature) = (row["mean"].as_f64().unwrap(), row["temperature"].as_f64().unwrap());
            for (name, loss) in
                [("bpr", pairs.bpr(&scores, temperature)), ("bce", pairs.bce(&scores, mean, temperature))]
            {
                let loss = loss.unwrap().unwrap();
                let found = f64::from(loss.to_scalar::<f32>().unwrap());
                let expected = row[name]["loss"].as_f64().unwrap();
                assert!((found - expected).abs() < 1e-5 * expected.max(1.0), "{name} of {row}: {found}");
                let store = loss.backward().unwrap();
                let gradient = store.get(scores.as_tensor()).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
                let expected = row[name]["gradient"].as_array().unwrap();
                for (found, expected) in gradient.iter().zip(expected) {
                    let expected = expected.as_f64().unwrap();
                    let close = (f64::from(*found) - expected).abs() < 1e-5 * expected.abs().max(1.0);
                    assert!(close, "{name} of {row}: {gradient:?}");
                }
            }
        }
    }

    #[test]
    fn without_a_pair_there_is_no_loss() {
        let scores = Tensor::new(&[[0.5f32]], &Device::Cpu).unwrap();
        assert!(Pairs::default().bpr(&scores, 0.1).unwrap().is_none());
        assert!(Pairs::default().bce(&scores, 0.5, 0.1).unwrap().is_none());
    }
}
