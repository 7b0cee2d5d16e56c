//! Adam and AdamW in one pass over the values, outside candle's graph. They differ in weight decay: Adam (D. P. Kingma, J. Ba,
//! ICLR 2015) is given it in the gradient, as an L2 term of the loss; AdamW (I. Loshchilov, F. Hutter, ICLR 2019) takes it off the
//! values and keeps it out of the moments. Added to the gradients it is scaled up where gradients are rare, and empties the
//! vectors of clients with few jobs.

use std::cell::RefCell;

use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Var};

use super::gradients::Gradients;
use super::recipe::{OptimizerConfig, OptimizerKind};

/// A trained tensor.
pub(super) struct Parameter {
    /// Its name in the model file.
    pub(super) name: String,
    /// Its values.
    pub(super) var: Var,
    /// Pull toward 0, as the optimiser takes it.
    pub(super) weight_decay: f32,
    /// What the learning rate is multiplied with.
    pub(super) rate: f64,
}

impl Parameter {
    /// A parameter without decay, at the full learning rate.
    pub(super) fn new(name: impl Into<String>, var: Var) -> Self {
        Self { name: name.into(), var, weight_decay: 0.0, rate: 1.0 }
    }
}

/// First and second moment of a parameter's gradient, value by value.
pub(super) type Moments = (Vec<f32>, Vec<f32>);

/// The moments of all parameters.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Adam {
    betas: [f32; 2],
    epsilon: f32,
    coupled: bool,
    /// In the order of the parameters.
    pub(super) moments: Vec<Moments>,
    /// Steps taken so far.
    pub(super) step: i32,
}

impl Adam {
    /// Moments of 0.
    pub(super) fn new(config: &OptimizerConfig, parameters: &[Parameter]) -> Self {
        let zeros = |p: &Parameter| (vec![0.0; p.var.elem_count()], vec![0.0; p.var.elem_count()]);
        Self {
            betas: config.betas.map(|beta| beta as f32),
            epsilon: config.epsilon as f32,
            coupled: config.kind == OptimizerKind::Adam,
            moments: parameters.iter().map(zeros).collect(),
            step: 0,
        }
    }

    /// Moves every parameter that has a gradient; gradients are multiplied with `scale` first.
    pub(super) fn step(
        &mut self,
        parameters: &[Parameter],
        gradients: &Gradients,
        rate: f64,
        scale: f32,
    ) -> Result<()> {
        self.step += 1;
        let [beta_1, beta_2] = self.betas.map(f64::from);
        let correction_2 = (1.0 - beta_2.powi(self.step)).sqrt();
        for (at, gradient) in gradients.each() {
            let (parameter, moments) = (&parameters[at], &mut self.moments[at]);
            let pull = (rate * parameter.rate) as f32;
            let update = Update {
                moments: RefCell::new(moments),
                betas: self.betas,
                epsilon: self.epsilon,
                rate: (rate * parameter.rate / (1.0 - beta_1.powi(self.step))) as f32,
                correction: (1.0 / correction_2) as f32,
                kept: if self.coupled { 1.0 } else { 1.0 - pull * parameter.weight_decay },
                l2: if self.coupled { parameter.weight_decay } else { 0.0 },
                scale,
            };
            parameter.var.inplace_op2(gradient, &update)?;
        }
        Ok(())
    }
}

/// One parameter's move.
struct Update<'a> {
    moments: RefCell<&'a mut Moments>,
    betas: [f32; 2],
    epsilon: f32,
    rate: f32,
    correction: f32,
    /// What weight decay leaves of a value.
    kept: f32,
    /// What of a value is added to its gradient.
    l2: f32,
    /// What gradients are multiplied with.
    scale: f32,
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
        let [share_1, share_2] = self.betas.map(|beta| 1.0 - beta);
        for (((value, gradient), m), v) in values.iter_mut().zip(gradient).zip(first.iter_mut()).zip(second.iter_mut())
        {
            // A scale of 1 and an L2 term of 0 leave the gradient as it is, to the bit.
            let gradient = gradient * self.scale + self.l2 * *value;
            *m += (gradient - *m) * share_1;
            *v += (gradient * gradient - *v) * share_2;
            *value = *value * self.kept - self.rate * *m / (v.sqrt() * self.correction + self.epsilon);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Tensor};
    use serde_json::Value;

    /// Steps toward the minimum of Σ (x - [1, 2, 3])² from 0, in learning rate, decay and clipping as a row of the fixture says.
    fn walk(config: &OptimizerConfig, decay: f32, steps: usize) -> Vec<f32> {
        let var = Var::new(&[0.0f32, 0.0, 0.0], &Device::Cpu).unwrap();
        let goal = Tensor::new(&[1.0f32, 2.0, 3.0], &Device::Cpu).unwrap();
        let parameters = [Parameter { weight_decay: decay, ..Parameter::new("x", var) }];
        let mut adam = Adam::new(config, &parameters);
        for _ in 0..steps {
            let loss = (parameters[0].var.as_tensor() - &goal).unwrap().sqr().unwrap().sum_all().unwrap();
            let gradients = Gradients::of(&loss, &parameters).unwrap();
            let scale = gradients.clip(config.clip_norm).unwrap();
            adam.step(&parameters, &gradients, config.learning_rate, scale).unwrap();
        }
        assert_eq!(adam.step as usize, steps);
        parameters[0].var.to_vec1().unwrap()
    }

    fn close(found: &[f32], expected: &[f64]) -> bool {
        found.iter().zip(expected).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-6)
    }

    #[test]
    fn moves_as_pytorch_does() {
        // Printed by tools/reference/train_pytorch.py --adam (torch 2.15): torch.optim.AdamW with learning rate 0.1 and
        // weight_decay 0.5, after 1, 2 and 10 steps.
        let expected =
            [(1, [0.1, 0.1, 0.1]), (2, [0.1945878, 0.1948335, 0.1948973]), (10, [0.7492045, 0.7844789, 0.7919308])];
        let config = OptimizerConfig { learning_rate: 0.1, ..OptimizerConfig::default() };
        for (steps, expected) in expected {
            let found = walk(&config, 0.5, steps);
            assert!(close(&found, &expected), "step {steps}: {found:?} is not {expected:?}");
        }
    }

    #[test]
    fn both_optimisers_move_as_their_papers_say() {
        let fixture: Value = serde_json::from_str(include_str!("../../../tests/fixtures/training.json")).unwrap();
        for row in fixture["optimizers"].as_array().unwrap() {
            let number = |key: &str| row[key].as_f64().unwrap();
            let list = |key: &str| row[key].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect::<Vec<_>>();
            let betas = list("betas");
            let kind = if row["kind"] == "adam" { OptimizerKind::Adam } else { OptimizerKind::AdamW };
            let config = OptimizerConfig {
                kind,
                learning_rate: number("learning_rate"),
                betas: [betas[0], betas[1]],
                epsilon: number("epsilon"),
                clip_norm: number("clip_norm"),
                ..OptimizerConfig::default()
            };
            let found = walk(&config, number("weight_decay") as f32, number("steps") as usize);
            assert!(close(&found, &list("values")), "{row}: {found:?}");
        }
    }

    #[test]
    fn a_factor_of_the_rate_is_a_factor_of_the_first_step() {
        let vars = [1.0, 0.5, 0.0]
            .map(|rate| Parameter { rate, ..Parameter::new("x", Var::new(&[1.0f32], &Device::Cpu).unwrap()) });
        let terms = vars.iter().map(|p| p.var.as_tensor().sqr().unwrap().sum_all().unwrap());
        let loss = terms.reduce(|a, b| (a + b).unwrap()).unwrap();
        let mut adam = Adam::new(&OptimizerConfig::default(), &vars);
        adam.step(&vars, &Gradients::of(&loss, &vars).unwrap(), 0.1, 1.0).unwrap();
        let found = vars.each_ref().map(|p| p.var.to_vec1::<f32>().unwrap()[0]);
        assert!((found[0] - 0.9).abs() < 1e-6 && (found[1] - 0.95).abs() < 1e-6 && found[2] == 1.0, "{found:?}");
    }
}
