//! How scores are put together, and what is known of one before the model has spoken.

use super::ranking::Notice;
use super::request::Mode;
use super::scratch::ScoreColumns;
use crate::model::Hybrid;

/// How the scores are put together.
pub(super) struct Blend {
    pub(super) mode: Mode,
    pub(super) fallback: Option<Notice>,
    pub(super) rule_weight: f32,
    pub(super) price_weight: f32,
}

impl Blend {
    /// The score of a candidate. Every step grows with `neural`, rounding included: with the highest neural score there is,
    /// this is what no other can exceed. `pricing` NaN = unknown.
    pub(super) fn score(&self, rules: f32, pricing: f32, neural: f32) -> f32 {
        if self.mode == Mode::Neural {
            return neural;
        }
        let both = self.rule_weight * rules + (1.0 - self.rule_weight) * neural;
        // A price that nobody knows neither helps nor harms.
        if pricing.is_nan() || self.price_weight == 0.0 {
            return both;
        }
        self.price_weight * pricing + (1.0 - self.price_weight) * both
    }
}

/// What somebody else computed of a request's candidates, e.g. a GPU.
#[derive(Debug, Clone, Copy)]
pub struct NearScores<'a> {
    /// Two for each candidate, the collaborative and the content branch.
    pub scores: &'a [f32],
    /// How far they can be from what is computed here.
    pub tolerance: [f32; 2],
}

/// What is known of the model's scores before they are computed.
pub(super) enum Bounds<'a> {
    /// That none is above 1.
    Highest,
    /// That each is near another.
    Near(&'a NearScores<'a>),
}

impl Bounds<'_> {
    /// What the model's score of a candidate cannot exceed.
    pub(super) fn highest(&self, hybrid: &Hybrid, at: usize) -> f32 {
        let Self::Near(NearScores { scores, tolerance }) = self else { return 1.0 };
        // A thousandth more than what is checked: more than these sums can lose by rounding.
        let most = |branch: usize| scores[2 * at + branch] + 1.001 * tolerance[branch];
        hybrid.blend(most(0), most(1))
    }

    /// Whether a candidate's scores keep to it.
    pub(super) fn holds(&self, found: &ScoreColumns, at: usize) -> bool {
        let Self::Near(NearScores { scores, tolerance }) = self else { return true };
        let off = [found.collaborative[at] - scores[2 * at], found.content[at] - scores[2 * at + 1]];
        off.iter().zip(tolerance).all(|(off, tolerance)| off.abs() <= *tolerance)
    }
}
