//! One number's distribution, small enough to be kept beside a model, and how far another is from it.

use serde::{Deserialize, Serialize};

/// Parts of about equal size that the reference is cut into.
const BINS: usize = 10;
/// Values of a reference that are kept for the Kolmogorov-Smirnov distance, at equal distances in their order.
const KEPT: usize = 500;
/// What a share of 0 counts as: the index would be infinite.
const LEAST_SHARE: f64 = 1e-4;

/// A distribution of finite numbers, with the share of those that are unknown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// How many there were, unknown ones included.
    pub count: u64,
    /// How many of them are independent: values of one job, or of one cleaner, count as one.
    pub units: u64,
    /// Ascending inner edges of the bins: a bin holds what is at most its upper edge. Equal deciles are one edge.
    pub edges: Vec<f64>,
    /// Share of each bin among all, and last that of the unknown.
    pub shares: Vec<f64>,
    /// Ascending values at equal distances in the order of all that are known.
    pub values: Vec<f64>,
}

impl Distribution {
    /// Of these values, of which so many are independent; what is not finite is unknown.
    pub fn of(values: &[f64], units: u64) -> Self {
        let known = sorted(values);
        let edge = |part: usize| known[(part * known.len() / BINS).saturating_sub(1).min(known.len() - 1)];
        let mut edges: Vec<f64> = if known.is_empty() { Vec::new() } else { (1..BINS).map(edge).collect() };
        edges.dedup();
        let kept = known.len().min(KEPT);
        let at = |place: usize| known[(2 * place + 1) * known.len() / (2 * kept)];
        let shares = shares(&edges, values);
        Self { count: values.len() as u64, units, edges, shares, values: (0..kept).map(at).collect() }
    }

    /// The population stability index of other values against these: the sum over the bins of
    /// `(q - p) ln(q / p)`, with the unknown as a bin of their own and shares of at least 0.0001. 0 = the same.
    pub fn psi(&self, values: &[f64]) -> f64 {
        let other = shares(&self.edges, values);
        let term = |(p, q): (&f64, f64)| {
            let (p, q) = (p.max(LEAST_SHARE), q.max(LEAST_SHARE));
            (q - p) * (q / p).ln()
        };
        self.shares.iter().zip(other).map(term).sum()
    }

    /// The two-sample Kolmogorov-Smirnov distance of the known values, 0 to 1, and the probability of one as large where
    /// nothing has changed (of the limiting distribution, for as many values as are independent; Smirnov 1948). `None` where
    /// either side knows none.
    pub fn ks(&self, values: &[f64], units: u64) -> Option<(f64, f64)> {
        let other = sorted(values);
        let (n, m) = (self.values.len(), other.len());
        if n == 0 || m == 0 {
            return None;
        }
        let (mut i, mut j, mut distance) = (0, 0, 0.0f64);
        while i < n && j < m {
            let at = self.values[i].min(other[j]);
            i += self.values[i..].iter().take_while(|value| **value <= at).count();
            j += other[j..].iter().take_while(|value| **value <= at).count();
            distance = distance.max((i as f64 / n as f64 - j as f64 / m as f64).abs());
        }
        let (here, there) = (self.units.max(1) as f64, units.max(1) as f64);
        Some((distance, kolmogorov((here * there / (here + there)).sqrt() * distance)))
    }
}

/// The survival function of Kolmogorov's distribution.
pub fn kolmogorov(x: f64) -> f64 {
    if x < 0.2 {
        return 1.0;
    }
    let term = |k: i32| f64::from(if k % 2 == 0 { -1 } else { 1 }) * (-2.0 * f64::from(k * k) * x * x).exp();
    (2.0 * (1..=100).map(term).sum::<f64>()).clamp(0.0, 1.0)
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut known: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    known.sort_by(f64::total_cmp);
    known
}

fn shares(edges: &[f64], values: &[f64]) -> Vec<f64> {
    let mut counts = vec![0u64; edges.len() + 2];
    for value in values {
        let bin = if value.is_finite() { edges.partition_point(|edge| edge < value) } else { edges.len() + 1 };
        counts[bin] += 1;
    }
    counts.iter().map(|count| *count as f64 / values.len().max(1) as f64).collect()
}
