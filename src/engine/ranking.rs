//! What the engine answers. Scores are 0 to 100; the JSON names are those of the npm package.

#[cfg(feature = "native")]
use serde::{Deserialize, Serialize};

use super::arrange::PlacedBy;
use super::reason::Reason;
use super::request::Mode;
use crate::domain::GeoPoint;

/// A ranking.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
pub struct Ranking {
    /// The best candidates, best first.
    pub items: Vec<Item>,
    /// How they were found.
    pub meta: Meta,
}

/// One ranked cleaner.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase"))]
pub struct Item {
    /// Id.
    pub cleaner_id: String,
    /// Name to show.
    pub name: String,
    /// Row number in the whole catalog, which decides ties.
    pub row: u32,
    /// Place, from 1.
    pub rank: u32,
    /// The score that made the ranking.
    pub score: f32,
    /// How much of it rules of the house add.
    pub boost: f32,
    /// The rule score: the sum of the contributions.
    pub rule_score: f32,
    /// The model's score; `None` where no model scored.
    pub neural_score: Option<f32>,
    /// The model's collaborative branch (who likes whom), before blending; may leave 0..100.
    pub collaborative_score: Option<f32>,
    /// The model's content branch (what fits what), before blending; may leave 0..100.
    pub content_score: Option<f32>,
    /// Where the client's rating lies, on the scale of the neural score, with the probability asked for; `None` where no
    /// model scored or it comes without a file of intervals.
    pub interval: Option<[f32; 2]>,
    /// What the cleaner asks, or would usually ask, for this job.
    pub price: Option<f32>,
    /// Whether the price is a bid.
    pub bid: bool,
    /// Distance to the job in kilometres.
    pub distance_km: Option<f64>,
    /// Where the cleaner starts from.
    pub location: Option<GeoPoint>,
    /// How many reviews there are.
    pub reviews: u32,
    /// Whether that is few: fewer than the request says, or than 5.
    pub is_new: bool,
    /// What gave the place.
    pub placed_by: PlacedBy,
    /// With what probability it was given, those before it being as they are; `None` where nothing explores.
    pub propensity: Option<f64>,
    /// What the rule score is made of.
    pub contributions: Vec<Part>,
    /// How the cleaner fits this job.
    pub breakdown: Breakdown,
    /// Why; the strongest first.
    pub reasons: Vec<Reason>,
}

/// One component of the rule score.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
pub struct Part {
    /// Its name.
    pub component: String,
    /// Its weight in percent.
    pub weight: f32,
    /// Its value; `None` where nobody in the market is known to have any.
    pub value: Option<f32>,
    /// The points that it gives.
    pub contribution: f32,
}

/// How a cleaner fits a job, six times 0 to 100; `None` = unknown.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
pub struct Breakdown {
    /// What clients thought of the work.
    pub quality: Option<f32>,
    /// 100 on the spot, halving every 10 km.
    pub location: Option<f32>,
    /// 50 = as much of this kind of work as everybody.
    pub specialisation: Option<f32>,
    /// 50 = the market's price, more = cheaper; half of it is how far a stated budget reaches.
    pub pricing: Option<f32>,
    /// Work done lately.
    pub availability: Option<f32>,
    /// Jobs that were done, and on time.
    pub reliability: Option<f32>,
}

/// What is amiss: a code that stays the same and a text for developers.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
pub struct Notice {
    /// Stable code.
    pub code: String,
    /// Text in English.
    pub text: String,
}

impl Notice {
    /// A notice.
    pub fn new(code: impl Into<String>, text: impl Into<String>) -> Self {
        Self { code: code.into(), text: text.into() }
    }
}

/// How a ranking was found.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase"))]
pub struct Meta {
    /// The mode that made the ranking.
    pub mode: Mode,
    /// The mode asked for.
    pub requested_mode: Mode,
    /// Why the two differ.
    pub fallback: Option<Notice>,
    /// Weight of the rule score against the model's.
    pub rule_weight: f32,
    /// Weight of the price (the pricing value of the breakdown) against both.
    pub price_weight: f32,
    /// Whether the model knows the client; if not, the trained unknown client stands in.
    pub client_known: bool,
    /// Of what the model has seen nothing.
    #[cfg_attr(feature = "native", serde(default))]
    pub cold: Cold,
    /// What computed the scores.
    pub backend: String,
    /// Which kernel multiplied.
    pub kernel: String,
    /// The model, if one is loaded.
    pub model: Option<super::load::ModelIdentity>,
    /// How many were considered.
    pub candidates: u32,
    /// How many were scored.
    pub scored: u32,
    /// How many of them needed the model's score. Fewer than were scored where the others could not reach the first places.
    pub neural_scored: u32,
    /// How many were left out, and why.
    pub excluded: Excluded,
    /// What the candidates ask, where the market's price of an hour rests on it. Where a catalog is ranked in parts, these
    /// are to be added up and handed to every part.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub asked: Option<Asked>,
    /// Ids of bids that this part of a catalog does not have.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub unknown_bids: Vec<String>,
}

/// What a model has learned nothing of, so that it takes it for the average.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
pub struct Cold {
    /// The client: neither a row of the model nor a vector of the request.
    pub client: bool,
    /// The place of the job: outside the positions of the training part, so that it counts as unknown.
    pub city: bool,
}

/// Prices that were asked: a sum that does not depend on the order in which it was added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
pub struct Asked {
    /// How many prices.
    pub count: u32,
    /// Their sum in millionths.
    pub sum: i64,
}

impl Asked {
    /// With one more price.
    pub(super) fn plus(self, price: f32) -> Self {
        // Saturates for prices that nobody asks.
        let millionths = (f64::from(price) * 1e6).round_ties_even() as i64;
        Self { count: self.count + 1, sum: self.sum.saturating_add(millionths) }
    }

    /// The mean price, if there is any.
    pub(super) fn mean(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / 1e6 / f64::from(self.count))
    }
}

/// The scores of all candidates of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// Row numbers of every cleaner of the catalog or part, place by place.
    pub rows: Vec<u32>,
    /// Their scores, 0 to 100; NaN = no candidate.
    pub scores: Vec<f32>,
    /// How they were found.
    pub meta: Meta,
}

/// How many candidates were left out, by the first filter that they fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase"))]
pub struct Excluded {
    /// Too far away.
    pub distance: u32,
    /// Does not offer this kind of job.
    pub offer: u32,
    /// Had not joined when the job was posted.
    pub joined: u32,
    /// Asks too much.
    pub price: u32,
    /// Is rated too low.
    pub rating: u32,
    /// Does not work with eco-friendly products.
    pub eco: u32,
    /// Does not work at these hours.
    pub available: u32,
    /// Does not offer all kinds of job that are asked for.
    pub property_types: u32,
    /// Is on the list of those to hide.
    pub hidden: u32,
    /// Was seen.
    pub seen: u32,
    /// Of the best by score: scores too low.
    pub score: u32,
}
