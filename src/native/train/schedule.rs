//! When the learning rate falls, and when to stop.

use super::recipe::SchedulerConfig;

/// `torch.optim.lr_scheduler.ReduceLROnPlateau` with its defaults: mode `min`, relative threshold 1e-4, no cooldown.
#[derive(Debug, Clone)]
pub(super) struct Plateau {
    config: SchedulerConfig,
    rate: f64,
    best: f64,
    bad_epochs: usize,
}

impl Plateau {
    /// Starts at this learning rate.
    pub(super) fn new(config: &SchedulerConfig, rate: f64) -> Self {
        Self { config: config.clone(), rate, best: f64::INFINITY, bad_epochs: 0 }
    }

    /// The learning rate of the next epoch.
    pub(super) fn rate(&self) -> f64 {
        self.rate
    }

    /// Takes notice of an epoch's validation loss.
    pub(super) fn step(&mut self, loss: f64) {
        if loss < self.best * (1.0 - 1e-4) {
            self.best = loss;
            self.bad_epochs = 0;
        } else {
            self.bad_epochs += 1;
        }
        if self.bad_epochs > self.config.patience {
            self.rate = (self.rate * self.config.factor).max(self.config.min_learning_rate.min(self.rate));
            self.bad_epochs = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_falls_as_pytorch_lets_it_fall() {
        // Printed by tools/reference/train_pytorch.py --plateau (torch 2.15): the rate after each of these losses.
        let losses = [1.0, 0.9, 0.9, 0.95, 0.9, 0.89999, 0.91, 0.92, 0.93, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6];
        let rates = [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.25, 0.2, 0.2, 0.2, 0.2];
        let mut plateau = Plateau::new(&SchedulerConfig { factor: 0.5, patience: 2, min_learning_rate: 0.2 }, 1.0);
        for (at, (loss, rate)) in losses.into_iter().zip(rates).enumerate() {
            plateau.step(loss);
            assert_eq!(plateau.rate(), rate, "after epoch {at}");
        }
    }
}
