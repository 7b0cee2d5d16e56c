//! How many units an experiment needs, and what it can find with those that it gets.
//!
//! Shares: the normal approximation after the arcsine transformation (J. Cohen, *Statistical Power Analysis*, 1988; effect size
//! h), as `NormalIndPower` of statsmodels. Means: Student's t with the noncentral distribution (effect size d), as
//! `TTestIndPower`. Several variants: each is compared with the control, and alpha is shared out among the comparisons.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};
use statrs::function::gamma::ln_gamma;

use super::ExperimentError;

/// What the sample is for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Effect {
    /// Shares of units: Cohen's h.
    Shares(f64),
    /// Means: Cohen's d, the difference in standard deviations.
    Means(f64),
}

/// The rules of the test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    /// Probability of a false alarm of one comparison.
    pub alpha: f64,
    /// Whether differences in both directions count.
    pub two_sided: bool,
    /// Units of a variant per unit of the control.
    pub ratio: f64,
}

/// Cohen's h of two shares: positive where `other` is higher.
pub fn cohens_h(base: f64, other: f64) -> f64 {
    2.0 * (other.sqrt().asin() - base.sqrt().asin())
}

/// The share that lies `h` from `base`; `None` where there is none.
pub fn share_at(base: f64, h: f64) -> Option<f64> {
    let angle = base.sqrt().asin() + h / 2.0;
    (0.0..=std::f64::consts::FRAC_PI_2).contains(&angle).then(|| angle.sin().powi(2))
}

impl Test {
    /// Refuses what no test can have.
    ///
    /// # Errors
    /// [`ExperimentError::Number`].
    pub fn check(&self) -> Result<(), ExperimentError> {
        number("alpha", self.alpha, 0.0 < self.alpha && self.alpha < 0.5, "it must be between 0 and 0.5")?;
        number("ratio", self.ratio, self.ratio.is_finite() && self.ratio > 0.0, "it must be a number above 0")
    }

    /// The probability of finding an effect with `n` units in the control.
    pub fn power(&self, effect: Effect, n: f64) -> f64 {
        let (d, other) = (effect.size().abs(), n * self.ratio);
        let shift = d * (n * other / (n + other)).sqrt();
        let tail = if self.two_sided { self.alpha / 2.0 } else { self.alpha };
        match effect {
            Effect::Shares(_) => {
                let normal = Normal::standard();
                let critical = normal.inverse_cdf(1.0 - tail);
                let opposite = if self.two_sided { normal.cdf(-critical - shift) } else { 0.0 };
                normal.sf(critical - shift) + opposite
            }
            Effect::Means(_) => {
                let freedom = n + other - 2.0;
                let Ok(student) = StudentsT::new(0.0, 1.0, freedom) else { return 0.0 };
                let critical = if freedom > 1e6 {
                    Normal::standard().inverse_cdf(1.0 - tail)
                } else {
                    student.inverse_cdf(1.0 - tail)
                };
                let opposite = if self.two_sided { noncentral_t(-critical, freedom, shift) } else { 0.0 };
                1.0 - noncentral_t(critical, freedom, shift) + opposite
            }
        }
    }

    /// Units of the control that find an effect with this power; not rounded.
    ///
    /// # Errors
    /// [`ExperimentError::Number`] for a test or power that cannot be, and for no effect.
    pub fn units(&self, effect: Effect, power: f64) -> Result<f64, ExperimentError> {
        self.check()?;
        number("power", power, self.alpha < power && power < 1.0, "it must be between alpha and 1")?;
        let size = effect.size();
        number("effect", size, size.is_finite() && size != 0.0, "no sample finds an effect of 0")?;
        let least = (2.0 / self.ratio.min(1.0)).max(2.0) + 1e-6;
        let normal = solve(|n| self.power(Effect::Shares(size), n) - power, least, 1e15);
        Ok(match effect {
            Effect::Shares(_) => normal,
            // t needs a few units more; beyond a million the two agree to less than a unit in ten thousand.
            Effect::Means(_) if normal > 1e6 => normal,
            Effect::Means(_) => solve(|n| self.power(effect, n) - power, least, 2.0 * normal + 20.0),
        })
    }

    /// The smallest effect size that `n` units of the control find with this power.
    ///
    /// # Errors
    /// [`ExperimentError::Number`] for a test or power that cannot be, and for too few units.
    pub fn detectable(&self, kind: impl Fn(f64) -> Effect, n: f64, power: f64) -> Result<f64, ExperimentError> {
        self.check()?;
        number("power", power, self.alpha < power && power < 1.0, "it must be between alpha and 1")?;
        number("units", n, n.is_finite() && n.min(n * self.ratio) >= 2.0, "every variant needs at least two")?;
        let normal = solve(|size| self.power(Effect::Shares(size), n) - power, 1e-9, 1e3);
        match kind(normal) {
            Effect::Shares(_) => Ok(normal),
            Effect::Means(_) => Ok(solve(|size| self.power(kind(size), n) - power, normal / 2.0, normal * 20.0)),
        }
    }
}

impl Effect {
    fn size(self) -> f64 {
        match self {
            Self::Shares(h) => h,
            Self::Means(d) => d,
        }
    }
}

/// Refuses a number that does not fit.
pub(super) fn number(field: &'static str, value: f64, fits: bool, reason: &'static str) -> Result<(), ExperimentError> {
    if fits { Ok(()) } else { Err(ExperimentError::Number { field, value, reason }) }
}

/// Where an ascending function is 0, by halving on a logarithmic scale.
fn solve(function: impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    let (mut low, mut high) = (low.ln(), high.ln());
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if function(middle.exp()) < 0.0 { low = middle } else { high = middle }
    }
    high.exp()
}

/// P(T <= t) of the noncentral t distribution: the normal probability, averaged over the distribution of the estimated
/// standard deviation s by Simpson's rule.
fn noncentral_t(t: f64, freedom: f64, shift: f64) -> f64 {
    const STEPS: usize = 600;
    let reach = 10.0 / (2.0 * freedom).sqrt();
    let (low, high) = ((1.0 - reach).max(0.0), 1.0 + reach);
    let log_scale = (2.0f64).ln() + freedom / 2.0 * (freedom / 2.0).ln() - ln_gamma(freedom / 2.0);
    let normal = Normal::standard();
    let value = |s: f64| {
        if s <= 0.0 {
            return 0.0;
        }
        normal.cdf(t * s - shift) * (log_scale + (freedom - 1.0) * s.ln() - freedom * s * s / 2.0).exp()
    };
    let step = (high - low) / STEPS as f64;
    let weight = |at: usize| if at == 0 || at == STEPS { 1.0 } else { 2.0 + 2.0 * (at % 2) as f64 };
    let sum: f64 = (0..=STEPS).map(|at| weight(at) * value(low + step * at as f64)).sum();
    (sum * step / 3.0).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::super::golden::{cases, close, float};
    use super::*;

    fn test(case: &serde_json::Value) -> Test {
        let two_sided = case["two_sided"].as_bool().unwrap();
        Test { alpha: float(&case["alpha"]), ratio: float(&case["ratio"]), two_sided }
    }

    #[test]
    fn shares_agree_with_statsmodels() {
        for case in cases("power") {
            let (test, goal) = (test(&case), float(&case["power"]));
            let effect = cohens_h(float(&case["rates"][0]), float(&case["rates"][1]));
            close(effect, &case["effect"], 1e-12);
            close(test.units(Effect::Shares(effect), goal).unwrap(), &case["n"], 1e-5);
            close(test.power(Effect::Shares(effect), 300.0), &case["power_at_300"], 1e-9);
            close(test.detectable(Effect::Shares, 1000.0, goal).unwrap(), &case["effect_at_1000"], 1e-5);
            let back = share_at(float(&case["rates"][0]), effect).unwrap();
            close(back, &case["rates"][1], 1e-12);
        }
    }

    #[test]
    fn means_agree_with_statsmodels() {
        for case in cases("power_means") {
            let (test, goal, effect) = (test(&case), float(&case["power"]), Effect::Means(float(&case["d"])));
            close(test.units(effect, goal).unwrap(), &case["n"], 1e-5);
            close(test.detectable(Effect::Means, 200.0, goal).unwrap(), &case["effect_at_200"], 1e-5);
            for (at, n) in [4.0, 20.0, 50.0].into_iter().enumerate() {
                close(test.power(effect, n), &case["power_at_4_20_50"][at], 1e-7);
            }
        }
    }

    #[test]
    fn what_cannot_be_planned_is_refused() {
        let fine = Test { alpha: 0.05, ratio: 1.0, two_sided: true };
        assert_eq!(fine.units(Effect::Shares(0.0), 0.8).unwrap_err().code(), "experiment.number");
        assert_eq!(fine.units(Effect::Shares(0.1), 1.0).unwrap_err().code(), "experiment.number");
        assert!(Test { alpha: 0.0, ..fine }.check().is_err() && Test { ratio: f64::NAN, ..fine }.check().is_err());
        assert!(fine.detectable(Effect::Means, 1.0, 0.8).is_err());
        assert_eq!((share_at(0.9, 1.0), share_at(0.1, -1.0)), (None, None));
    }
}
