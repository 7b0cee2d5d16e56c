//! One distribution against its reference.

use serde::Serialize;

use super::distribution::Distribution;

/// The middle of a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Side {
    /// How many values.
    pub count: u64,
    /// The median of those that are known.
    pub median: Option<f64>,
    /// The share of those that are not.
    pub missing: f64,
}

/// How far a window is from the reference in one number.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// Name of the feature, or `score`.
    pub name: String,
    /// Population stability index.
    pub psi: f64,
    /// Kolmogorov-Smirnov distance; `None` where a side knows no value.
    pub ks: Option<f64>,
    /// Probability of such a distance by chance.
    pub p_value: Option<f64>,
    /// At the release.
    pub reference: Side,
    /// In the window.
    pub window: Side,
}

impl Drift {
    /// Of a window's values.
    pub fn of(name: &str, reference: &Distribution, values: &[f64], units: u64) -> Self {
        let now = Distribution::of(values, units);
        let tested = reference.ks(values, units);
        Self {
            name: name.to_owned(),
            psi: reference.psi(values),
            ks: tested.map(|(distance, _)| distance),
            p_value: tested.map(|(_, p)| p),
            reference: side(reference),
            window: side(&now),
        }
    }

    /// The index, or 0 where chance explains as large a distance.
    pub fn beyond_chance(&self, significance: f64) -> f64 {
        // A gap among the unknown shows in no distance between the known.
        let gap = (self.reference.missing - self.window.missing).abs() > 0.05;
        let chance = self.p_value.is_none_or(|p| p >= significance) && !gap;
        if chance { 0.0 } else { self.psi }
    }
}

fn side(of: &Distribution) -> Side {
    let median = of.values.get(of.values.len() / 2).copied();
    Side { count: of.count, median, missing: of.shares.last().copied().unwrap_or(0.0) }
}
