//! How good the expected ratings were.

use serde::{Deserialize, Serialize};

use super::observe::Rated;

/// Bins of the reliability diagram, of equal size by the expected rating.
const BINS: usize = 10;

/// The errors of a window, on the scale 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RatingSummary {
    /// How many ratings.
    pub count: u64,
    /// Root mean square of the errors.
    pub rmse: f64,
    /// Mean of their sizes.
    pub mae: f64,
    /// Mean of expected minus actual.
    pub bias: f64,
    /// Expected calibration error: the mean over the bins of |mean expected - mean actual|, weighted by their counts
    /// (M. P. Naeini et al., AAAI 2015, for a number instead of a class).
    pub ece: f64,
}

/// One bin of the reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// How many ratings.
    pub count: u64,
    /// Mean of the expected ones.
    pub expected: f64,
    /// Mean of the actual ones.
    pub actual: f64,
}

/// The errors of a window with their reliability diagram.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rating {
    /// The figures.
    #[serde(flatten)]
    pub summary: RatingSummary,
    /// By expected rating, ascending.
    pub reliability: Vec<Bin>,
}

impl Rating {
    /// Of these ratings; `None` where there is none.
    pub fn of(rated: &[Rated]) -> Option<Self> {
        let count = rated.len();
        if count == 0 {
            return None;
        }
        let mean = |value: &dyn Fn(&Rated) -> f64| rated.iter().map(value).sum::<f64>() / count as f64;
        let mut order = rated.to_vec();
        order.sort_by(|a, b| a.expected.total_cmp(&b.expected));
        let bins = BINS.min(count);
        let bin = |at: usize| {
            let part = &order[at * count / bins..(at + 1) * count / bins];
            let mean = |value: fn(&Rated) -> f64| part.iter().map(value).sum::<f64>() / part.len() as f64;
            Bin { count: part.len() as u64, expected: mean(|one| one.expected), actual: mean(|one| one.actual) }
        };
        let reliability: Vec<Bin> = (0..bins).map(bin).collect();
        let off = |bin: &Bin| bin.count as f64 * (bin.expected - bin.actual).abs();
        Some(Self {
            summary: RatingSummary {
                count: count as u64,
                rmse: mean(&|one| (one.expected - one.actual).powi(2)).sqrt(),
                mae: mean(&|one| (one.expected - one.actual).abs()),
                bias: mean(&|one| one.expected - one.actual),
                ece: reliability.iter().map(off).sum::<f64>() / count as f64,
            },
            reliability,
        })
    }
}
