//! The learning rate of each epoch.

use super::recipe::{Decay, SchedulerConfig};

/// Warm-up, and what comes after it.
///
/// Warm-up over w epochs: epoch e of them has e / (w + 1) of the rate (`torch.optim.lr_scheduler.LinearLR` from 1 / (w + 1)).
/// Plateau: `ReduceLROnPlateau` with its defaults: mode `min`, relative threshold 1e-4, no cooldown; it takes no notice of the
/// epochs of the warm-up. Cosine: `CosineAnnealingLR` whose T_max is the number of epochs after the warm-up.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Schedule {
    config: SchedulerConfig,
    base: f64,
    epochs: usize,
    /// What a plateau has left of the rate, the least loss that it saw, and the epochs since.
    pub(super) plateau: (f64, f64, usize),
}

impl Schedule {
    /// Of a training that starts at this rate and takes at most so many epochs.
    pub(super) fn new(config: &SchedulerConfig, rate: f64, epochs: usize) -> Self {
        Self { config: config.clone(), base: rate, epochs, plateau: (rate, f64::INFINITY, 0) }
    }

    /// The learning rate of an epoch, from 1.
    pub(super) fn rate(&self, epoch: usize) -> f64 {
        let warmup = self.config.warmup_epochs;
        if epoch <= warmup {
            return self.base * epoch as f64 / (warmup + 1) as f64;
        }
        match self.config.decay {
            Decay::Constant => self.base,
            Decay::Plateau { .. } => self.plateau.0,
            Decay::Cosine { min_learning_rate: least } => {
                let part = (epoch - warmup - 1) as f64 / (self.epochs.saturating_sub(warmup)).max(1) as f64;
                least + (self.base - least) * 0.5 * (1.0 + libm::cos(std::f64::consts::PI * part.min(1.0)))
            }
        }
    }

    /// Takes notice of an epoch's validation loss.
    pub(super) fn step(&mut self, epoch: usize, loss: f64) {
        let Decay::Plateau { factor, patience, min_learning_rate } = self.config.decay else { return };
        if epoch <= self.config.warmup_epochs {
            return;
        }
        let (rate, best, bad_epochs) = &mut self.plateau;
        if loss < *best * (1.0 - 1e-4) {
            *best = loss;
            *bad_epochs = 0;
        } else {
            *bad_epochs += 1;
        }
        if *bad_epochs > patience {
            *rate = (*rate * factor).max(min_learning_rate.min(*rate));
            *bad_epochs = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn the_rate_falls_as_pytorch_lets_it_fall() {
        // Printed by tools/reference/train_pytorch.py --plateau (torch 2.15): the rate after each of these losses.
        let losses = [1.0, 0.9, 0.9, 0.95, 0.9, 0.89999, 0.91, 0.92, 0.93, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6];
        let rates = [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.25, 0.2, 0.2, 0.2, 0.2];
        let decay = Decay::Plateau { factor: 0.5, patience: 2, min_learning_rate: 0.2 };
        for warmup_epochs in [0, 3] {
            let mut schedule = Schedule::new(&SchedulerConfig { warmup_epochs, decay: decay.clone() }, 1.0, 60);
            // Losses of the warm-up leave no trace.
            (1..=warmup_epochs).for_each(|epoch| schedule.step(epoch, 0.001));
            for (at, (loss, rate)) in losses.into_iter().zip(rates).enumerate() {
                let epoch = warmup_epochs + at + 1;
                schedule.step(epoch, loss);
                assert_eq!(schedule.rate(epoch + 1), rate, "after epoch {epoch}");
            }
        }
    }

    #[test]
    fn cosine_constant_and_warm_up_follow_their_formulas() {
        let fixture: Value = serde_json::from_str(include_str!("../../../tests/fixtures/training.json")).unwrap();
        for row in fixture["schedules"].as_array().unwrap() {
            let number = |key: &str| row[key].as_f64().unwrap();
            let decay = match row["kind"].as_str().unwrap() {
                "cosine" => Decay::Cosine { min_learning_rate: number("min_learning_rate") },
                _ => Decay::Constant,
            };
            let config = SchedulerConfig { warmup_epochs: number("warmup_epochs") as usize, decay };
            let schedule = Schedule::new(&config, number("learning_rate"), number("epochs") as usize);
            for (at, rate) in row["rates"].as_array().unwrap().iter().enumerate() {
                let found = schedule.rate(at + 1);
                assert!((found - rate.as_f64().unwrap()).abs() < 1e-12, "{row}: epoch {} has {found}", at + 1);
            }
        }
    }
}
