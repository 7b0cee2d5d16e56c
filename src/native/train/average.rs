//! The running average of the weights: what is validated and kept, while the optimiser walks on without it.
//!
//! Averaging the end of the walk takes out the noise of small batches (B. T. Polyak, A. B. Juditsky, SIAM J. Control Optim.
//! 1992).

use super::TrainError;
use super::adam::Parameter;
use super::fit::{Snapshot, Trainable};
use super::ops::with_values;

/// An exponential average of all parameters.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Average {
    decay: f32,
    pub(super) steps: f32,
    pub(super) values: Snapshot,
}

impl Average {
    /// Starts at these values. A decay of 0 means no average.
    pub(super) fn new(parameters: &[Parameter], decay: f64) -> Result<Self, TrainError> {
        let values = parameters.iter().map(|p| with_values(&p.var, <[f32]>::to_vec));
        let values = if decay > 0.0 { values.collect::<Result<_, _>>()? } else { Vec::new() };
        Ok(Self { decay: decay as f32, steps: 0.0, values })
    }

    /// Takes in the values after a step. The first steps count more, so that the start is soon forgotten.
    pub(super) fn step(&mut self, parameters: &[Parameter]) -> Result<(), TrainError> {
        self.steps += 1.0;
        let share = 1.0 - self.decay.min(self.steps / (self.steps + 10.0));
        for (mean, parameter) in self.values.iter_mut().zip(parameters) {
            with_values(&parameter.var, |values| {
                mean.iter_mut().zip(values).for_each(|(mean, value)| *mean += share * (value - *mean));
            })?;
        }
        Ok(())
    }

    /// Puts the average into the model and gives back what was there; `None` if there is no average.
    pub(super) fn put_in<M: Trainable>(&self, model: &mut M) -> Result<Option<Snapshot>, TrainError> {
        if self.values.is_empty() {
            return Ok(None);
        }
        let walked = model.snapshot()?;
        let mut averaged = walked.clone();
        averaged.iter_mut().zip(&self.values).for_each(|(to, from)| to.clone_from(from));
        model.restore(&averaged)?;
        Ok(Some(walked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Tensor, Var};

    #[test]
    fn the_average_follows_with_its_decay() {
        let var = Var::new(&[1.0f32, 0.0], &Device::Cpu).unwrap();
        let parameters = [Parameter::new("x", var)];
        let mut average = Average::new(&parameters, 0.5).unwrap();
        parameters[0].var.set(&Tensor::new(&[0.0f32, 1.0], &Device::Cpu).unwrap()).unwrap();
        for _ in 0..100 {
            average.step(&parameters).unwrap();
        }
        assert!(average.values[0][0] < 1e-6 && average.values[0][1] > 1.0 - 1e-6);
        let mut early = Average::new(&parameters, 0.99).unwrap();
        parameters[0].var.set(&Tensor::new(&[11.0f32, 1.0], &Device::Cpu).unwrap()).unwrap();
        early.step(&parameters).unwrap();
        // The first step has weight 10 / 11.
        assert!((early.values[0][0] - 10.0).abs() < 1e-5, "{:?}", early.values);
        assert!(Average::new(&parameters, 0.0).unwrap().values.is_empty());
    }
}
