//! The gradients of one step: of one batch, or the mean of several; and their length.

use candle_core::{Result, Tensor};

use super::adam::Parameter;
use super::ops::with_values;

/// One gradient for each parameter, in their order; `None` where the loss does not depend on it.
pub(super) struct Gradients(Vec<Option<Tensor>>);

impl Gradients {
    /// The gradients of a loss.
    pub(super) fn of(loss: &Tensor, parameters: &[Parameter]) -> Result<Self> {
        let store = loss.backward()?;
        let one = |parameter: &Parameter| store.get(parameter.var.as_tensor()).map(Tensor::contiguous).transpose();
        Ok(Self(parameters.iter().map(one).collect::<Result<_>>()?))
    }

    /// Adds those of another batch.
    pub(super) fn add(&mut self, other: Self) -> Result<()> {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum = match (sum.take(), more) {
                (Some(sum), Some(more)) => Some((sum + more)?),
                (sum, more) => sum.or(more),
            };
        }
        Ok(())
    }

    /// The gradients with their parameters' places.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, &Tensor)> {
        self.0.iter().enumerate().filter_map(|(at, gradient)| Some((at, gradient.as_ref()?)))
    }

    /// What they are to be multiplied with so that their norm over all values is no larger than `norm`; 1 for a `norm` of 0. As
    /// `torch.nn.utils.clip_grad_norm_`: norm / (their norm + 1e-6).
    pub(super) fn clip(&self, norm: f64) -> Result<f32> {
        if norm <= 0.0 {
            return Ok(1.0);
        }
        let mut sum = 0.0;
        for (_, gradient) in self.each() {
            sum += with_values(gradient, |values| values.iter().map(|&g| f64::from(g) * f64::from(g)).sum::<f64>())?;
        }
        Ok((norm / (sum.sqrt() + 1e-6)).min(1.0) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Var};

    fn parameter(name: &str, values: &[f32]) -> Parameter {
        Parameter::new(name, Var::new(values, &Device::Cpu).unwrap())
    }

    fn values(gradients: &Gradients) -> Vec<Vec<f32>> {
        gradients.each().map(|(_, tensor)| tensor.to_vec1().unwrap()).collect()
    }

    #[test]
    fn gradients_add_up_and_are_clipped_to_their_norm_over_all() {
        let parameters = [parameter("a", &[1.0, 2.0]), parameter("b", &[3.0]), parameter("unused", &[1.0])];
        // 0.5 Σ x²: the gradient is x.
        let half_square = |of: &[&Parameter]| {
            let terms = of.iter().map(|p| (p.var.as_tensor().sqr().unwrap() * 0.5).unwrap().sum_all().unwrap());
            terms.reduce(|a, b| (a + b).unwrap()).unwrap()
        };
        let mut gradients = Gradients::of(&half_square(&[&parameters[0]]), &parameters).unwrap();
        assert_eq!(values(&gradients), [vec![1.0, 2.0]]);
        gradients.add(Gradients::of(&half_square(&[&parameters[0], &parameters[1]]), &parameters).unwrap()).unwrap();
        assert_eq!(values(&gradients), [vec![2.0, 4.0], vec![3.0]]);
        // √(4 + 16 + 9) = 5.3851648.
        assert!((gradients.clip(1.0).unwrap() - 1.0 / 5.385_165_8).abs() < 1e-7);
        assert_eq!((gradients.clip(6.0).unwrap(), gradients.clip(0.0).unwrap()), (1.0, 1.0));
    }
}
