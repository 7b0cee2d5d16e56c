//! Adam (D. P. Kingma, J. Ba, ICLR 2015) in one pass over the values, outside candle's graph. Weight decay is taken off the
//! values and kept out of the moments (I. Loshchilov, F. Hutter, ICLR 2019): added to the gradients it would be scaled up
//! where gradients are rare, and empty the vectors of clients with few jobs.

use std::cell::RefCell;

use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, Var, backprop::GradStore};

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// A trained tensor.
pub(super) struct Parameter {
    /// Its name in the model file.
    pub(super) name: String,
    /// Its values.
    pub(super) var: Var,
    /// Pull toward 0: what is taken off per step, as a share of the value times the learning rate.
    pub(super) weight_decay: f32,
}

/// First and second moment of a parameter's gradient, value by value.
pub(super) type Moments = (Vec<f32>, Vec<f32>);

/// The moments of all parameters.
pub(super) struct Adam {
    /// In the order of the parameters.
    moments: Vec<Moments>,
    step: i32,
}

impl Adam {
    /// Moments of 0.
    pub(super) fn new(parameters: &[Parameter]) -> Self {
        let zeros = |p: &Parameter| (vec![0.0; p.var.elem_count()], vec![0.0; p.var.elem_count()]);
        Self { moments: parameters.iter().map(zeros).collect(), step: 0 }
    }

    /// Moves every parameter that has a gradient.
    pub(super) fn step(&mut self, parameters: &[Parameter], gradients: &GradStore, rate: f64) -> Result<()> {
        self.step += 1;
        let correction_2 = (1.0 - f64::from(BETA_2).powi(self.step)).sqrt();
        let pull = rate as f32;
        let rate = (rate / (1.0 - f64::from(BETA_1).powi(self.step))) as f32;
        for (parameter, moments) in parameters.iter().zip(&mut self.moments) {
            let Some(gradient) = gradients.get(parameter.var.as_tensor()) else { continue };
            let update = Update {
                moments: RefCell::new(moments),
                rate,
                correction: (1.0 / correction_2) as f32,
                kept: 1.0 - pull * parameter.weight_decay,
            };
            let gradient: Tensor = if gradient.is_contiguous() { gradient.clone() } else { gradient.contiguous()? };
            parameter.var.inplace_op2(&gradient, &update)?;
        }
        Ok(())
    }

    /// Steps taken so far, and the moments in the order of the parameters.
    pub(super) fn into_state(self) -> (i64, Vec<Moments>) {
        (i64::from(self.step), self.moments)
    }
}

/// One parameter's move.
struct Update<'a> {
    moments: RefCell<&'a mut Moments>,
    rate: f32,
    correction: f32,
    /// What weight decay leaves of a value.
    kept: f32,
}

impl InplaceOp2 for Update<'_> {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn cpu_fwd(&self, values: &mut CpuStorage, to: &Layout, gradient: &CpuStorage, from: &Layout) -> Result<()> {
        let CpuStorage::F32(values) = values else { candle_core::bail!("adam moves f32 only") };
        let gradient = &gradient.as_slice::<f32>()?[from.start_offset()..][..from.shape().elem_count()];
        let values = &mut values[to.start_offset()..][..gradient.len()];
        let mut moments = self.moments.borrow_mut();
        let (first, second) = &mut **moments;
        for (((value, gradient), m), v) in values.iter_mut().zip(gradient).zip(first.iter_mut()).zip(second.iter_mut())
        {
            *m += (gradient - *m) * (1.0 - BETA_1);
            *v += (gradient * gradient - *v) * (1.0 - BETA_2);
            *value = *value * self.kept - self.rate * *m / (v.sqrt() * self.correction + EPSILON);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn moves_as_pytorch_does() {
        // Printed by tools/reference/train_pytorch.py --adam (torch 2.15): the minimum of Σ (x - [1, 2, 3])² from 0, with
        // learning rate 0.1 and weight_decay 0.5, after 1, 2 and 10 steps.
        let expected =
            [(1, [0.1f32, 0.1, 0.1]), (2, [0.1945878, 0.1948335, 0.1948973]), (10, [0.7492045, 0.7844789, 0.7919308])];
        let var = Var::new(&[0.0f32, 0.0, 0.0], &Device::Cpu).unwrap();
        let goal = Tensor::new(&[1.0f32, 2.0, 3.0], &Device::Cpu).unwrap();
        let parameters = [Parameter { name: "x".into(), var, weight_decay: 0.5 }];
        let mut adam = Adam::new(&parameters);
        for step in 1..=10 {
            let loss = (parameters[0].var.as_tensor() - &goal).unwrap().sqr().unwrap().sum_all().unwrap();
            adam.step(&parameters, &loss.backward().unwrap(), 0.1).unwrap();
            if let Some((_, expected)) = expected.iter().find(|(at, _)| *at == step) {
                let found = parameters[0].var.to_vec1::<f32>().unwrap();
                let close = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6);
                assert!(close, "step {step}: {found:?} is not {expected:?}");
            }
        }
        assert_eq!(adam.into_state().0, 10);
    }
}
