//! What to bid for a job: a range, a price, and how likely each price wins.
//!
//! With a model the range is that of winning prices (10 to 90 %) and the win curve the model's. Without one both come from what the
//! market knows; see [`by_market`]. The suggested price is one like those that were learned from; see [`optimal_log_ratio`].

#[cfg(feature = "native")]
use serde::{Deserialize, Serialize};

use super::error::EngineError;
use super::load::{Engine, ModelIdentity};
use super::profile::CleanerRef;
use super::rank::share;
use super::reason::{Reason, whole};
use super::request::{JobRequest, amount, moment};
use crate::domain::CleanerStats;
use crate::features::BidSubject;
use crate::model::{BidCurve, Support};
use crate::numeric::{logit, sigmoid};

/// Points of the curve where no prices are asked for.
const POINTS: u32 = 25;
/// The curve then goes from this share of the least price …
const CURVE_FROM: f64 = 0.7;
/// … to this multiple of the highest.
const CURVE_TO: f64 = 1.4;
/// Without a model: what the logit of winning falls by when ln of the price rises by 1. Bids within the usual spread of a market then
/// win between half and one and a half times as often as the middle one.
const MARKET_SLOPE: f64 = 3.0;
/// Without a model: how far the range reaches below and above its middle.
const MARKET_RANGE: [f64; 2] = [0.85, 1.2];

/// What is asked: which price to offer for a job.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase", deny_unknown_fields))]
pub struct BidQuestion {
    /// The job with the bids so far. A bid of the cleaner asked about is left out.
    pub job: JobRequest,
    /// Who would bid.
    pub cleaner: CleanerRef,
    /// The prices of the curve, in the market's currency; by default some around the range.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub prices: Vec<f32>,
    /// The share of the price that the platform keeps, 0 to 1; 0 by default.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub fee: Option<f32>,
    /// When the bid would be placed, in seconds since 1970 UTC; unknown by default.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub at: Option<i64>,
}

/// One price.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase"))]
pub struct BidPoint {
    /// In the market's currency.
    pub price: f64,
    /// How likely it wins, 0 to 1.
    pub win_probability: f64,
    /// Price less fee, times that.
    pub expected_revenue: f64,
}

/// What an answer rests on; `None` = unknown.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase"))]
pub struct BidInputs {
    /// What the client means to spend.
    pub client_budget: Option<f64>,
    /// What such a job costs by the market's bids so far.
    pub market_average: Option<f64>,
    /// What this cleaner usually asks for such a job.
    pub cleaner_average: Option<f64>,
    /// The share of their bids that win, 0 to 1, shrunk toward the market's.
    pub win_rate: Option<f64>,
    /// How many others have bid.
    pub bid_count: u32,
    /// The lowest of their bids.
    pub lowest_bid: Option<f64>,
}

/// Where an answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "lowercase"))]
pub enum BidSource {
    /// The trained model.
    Model,
    /// What is known of the market.
    Market,
}

/// What to bid. Prices are in the market's currency, rounded to hundredths; `min <= median <= max` and `min <= optimal <= max`.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase"))]
pub struct BidSuggestion {
    /// Who would bid; `None` for a newcomer without an id.
    pub cleaner_id: Option<String>,
    /// ISO 4217 code of every amount.
    pub currency: String,
    /// The job goes for less than this in one of ten cases.
    pub min: f64,
    /// The job goes for less as often as for more.
    pub median: f64,
    /// The job goes for more than this in one of ten cases.
    pub max: f64,
    /// Of the prices from `min` to `max` that are like those that cleaners ask, the one with the highest expected revenue; without a
    /// model, or with one that does not say what cleaners ask, the median.
    pub optimal: f64,
    /// How likely `optimal` wins, 0 to 1.
    pub win_probability: f64,
    /// The point of the curve with the highest expected revenue; of equals the lowest price.
    pub best: BidPoint,
    /// By price, ascending. A higher price never wins more often.
    pub curve: Vec<BidPoint>,
    /// What it rests on.
    pub inputs: BidInputs,
    /// Where it comes from.
    pub source: BidSource,
    /// The model, where one was asked.
    pub model: Option<ModelIdentity>,
    /// Why these prices.
    pub reasons: Vec<Reason>,
}

impl Engine {
    /// Suggests a bid.
    ///
    /// # Errors
    /// [`EngineError::UnknownCleaner`] for an id that is not in this catalog or part of it; [`EngineError::Request`] with the field
    /// that cannot be used, `job.durationH` where neither market, budget, bids nor cleaner give a price to start from.
    pub fn suggest_bid(&self, question: &BidQuestion) -> Result<BidSuggestion, EngineError> {
        let market = &self.catalog.market;
        let job = question.job.spec(market)?;
        let fee = f64::from(share("fee", question.fee.unwrap_or(0.0))?);
        let at = question.at.map(|at| moment("at", at)).transpose()?;
        let none = CleanerStats::new(market.property_types.len());
        let newcomer;
        let (id, cleaner, stats) = match &question.cleaner {
            CleanerRef::Known(id) => {
                let unknown = || EngineError::UnknownCleaner { field: "cleaner", id: id.clone() };
                let place = self.catalog.place(id).ok_or_else(unknown)? as usize;
                (Some(id), &self.catalog.cleaners[place], &self.catalog.stats[place])
            }
            CleanerRef::New(profile) => {
                newcomer = profile.cleaner(market)?;
                (profile.cleaner_id.as_ref(), &newcomer, &none)
            }
        };
        let mut bids = Vec::with_capacity(question.job.bids.len());
        for bid in &question.job.bids {
            let asked = amount("job.bids.amount", bid.amount)?;
            bids.extend(asked.filter(|_| Some(&bid.cleaner_id) != id));
        }
        let market_stats = &self.catalog.market_stats;
        let subject = BidSubject { market, market_stats, job: &job, cleaner, stats, bids: &bids, at };
        let nothing = "there is no price to start from: give it, or a budget, bids, or the cleaner's hourly rate";
        let reference = subject.reference().ok_or_else(|| EngineError::request("job.durationH", nothing))?;
        let modelled = self.bids.as_ref().and_then(|(model, identity)| {
            let kind = job.property_type.map(usize::from);
            Some((model.curve(&subject.features(reference), kind)?, model.support(), identity.clone()))
        });
        let (curve, support, model) = match modelled {
            Some((curve, support, identity)) => (curve, support, Some(identity)),
            // The curve is an assumption there: no ground to earn on.
            None => (by_market(&subject, reference), None, None),
        };
        let point = |price: f64| {
            let win_probability = sigmoid(curve.logit(libm::log(price / reference)));
            BidPoint { price, win_probability, expected_revenue: price * (1.0 - fee) * win_probability }
        };
        let [min, median, max] = curve.quantiles.map(|log_ratio| hundredths(reference * libm::exp(log_ratio)));
        let usual = subject.usual_price().map(|usual| libm::log(usual / reference));
        let optimal =
            point(support.map_or(median, |support| {
                hundredths(reference * libm::exp(optimal_log_ratio(&curve, &support, usual)))
            }));
        let curve: Vec<BidPoint> = prices(&question.prices, min, max)?.into_iter().map(point).collect();
        let (bid_count, lowest_bid) = subject.rivals();
        let inputs = BidInputs {
            client_budget: job.budget.map(f64::from),
            market_average: subject.market_price(),
            cleaner_average: subject.usual_price(),
            win_rate: subject.win_rate(),
            bid_count,
            lowest_bid,
        };
        Ok(BidSuggestion {
            cleaner_id: id.cloned(),
            currency: market.currency.clone(),
            min,
            median,
            max,
            optimal: optimal.price,
            win_probability: optimal.win_probability,
            best: best(&curve, optimal),
            curve,
            reasons: reasons(&inputs, optimal.price, &market.currency),
            inputs,
            source: if model.is_some() { BidSource::Model } else { BidSource::Market },
            model,
        })
    }
}

/// What the prices are to be compared with, and whether the middle one is beyond the budget.
fn reasons(inputs: &BidInputs, optimal: f64, currency: &str) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if let Some(beyond) = inputs.client_budget.map(|budget| optimal - budget).filter(|beyond| whole(*beyond) > 0.0) {
        reasons.push(Reason::new("over_budget").number("amount", whole(beyond)).text("currency", currency));
    }
    if let Some(lowest) = inputs.lowest_bid {
        let count = f64::from(inputs.bid_count);
        let reason = Reason::new("bid_lowest").number("count", count).number("amount", whole(lowest));
        reasons.push(reason.text("currency", currency));
    }
    if let Some(price) = inputs.market_average {
        reasons.push(Reason::new("bid_market").number("amount", whole(price)).text("currency", currency));
    }
    if let Some(price) = inputs.cleaner_average {
        reasons.push(Reason::new("bid_usual").number("amount", whole(price)).text("currency", currency));
    }
    if let Some(rate) = inputs.win_rate {
        reasons.push(Reason::new("bid_win_rate").number("percent", whole(100.0 * rate)));
    }
    reasons
}

/// ln of the ratio of the suggested price: where the expected revenue is highest inside the range and among prices that were learned
/// from. Those are what cleaners ask relative to what they usually ask (`usual`, ln of its ratio), and from there on to the reference
/// price, which the others ask; where the usual price is unknown, what cleaners ask relative to the reference. How winning falls with the
/// price beyond is extrapolated, and where it falls slowly the revenue of a curve only grows: the highest price of all would be
/// suggested, at which this cleaner wins next to nothing. Where the range has none of these prices, its nearest end.
fn optimal_log_ratio(curve: &BidCurve, support: &Support, usual: Option<f64>) -> f64 {
    let [low, _, high] = curve.quantiles;
    let ends = usual.map_or(support.reference, |usual| {
        let [below, above] = support.usual;
        [(usual + below).min(0.0), (usual + above).max(0.0)]
    });
    let [from, to] = ends.map(|end| end.clamp(low, high));
    best_log_ratio(curve).clamp(from, to)
}

/// ln of the price ratio with the highest expected revenue on a whole curve, infinite where revenue only grows. The revenue
/// `p * sigmoid(level - slope * ln p)` grows as long as `1 > slope * (1 - P(p))`, that is up to `P = 1 - 1 / slope`.
fn best_log_ratio(curve: &BidCurve) -> f64 {
    if curve.slope <= 1.0 {
        return f64::INFINITY;
    }
    (curve.level - libm::log(curve.slope - 1.0)) / curve.slope
}

/// What the market knows: the middle is the geometric mean of what the cleaner usually asks and what the job would cost, which is the
/// market's price, halfway (in the logarithm) to the lowest bid where there is one. The cleaner's usual price wins as often as their
/// bids do; one of a cleaner of whom nothing is known, as often as chance says with the others who have bid and one more. Rivals
/// below the market's price shift the curve by as much as the middle.
fn by_market(subject: &BidSubject<'_>, reference: f64) -> BidCurve {
    let usual = subject.usual_price().unwrap_or(reference);
    let (rivals, lowest) = subject.rivals();
    let pull = 0.5 * libm::log(lowest.unwrap_or(reference) / reference);
    let usual = libm::log(usual / reference);
    let middle = 0.5 * (usual + pull);
    let rate = subject.win_rate().unwrap_or(1.0 / f64::from(rivals.saturating_add(2))).clamp(0.02, 0.9);
    let [below, above] = MARKET_RANGE.map(libm::log);
    BidCurve {
        quantiles: [middle + below, middle, middle + above],
        level: logit(rate) + MARKET_SLOPE * (usual + pull.min(0.0)),
        slope: MARKET_SLOPE,
    }
}

/// The prices of a curve: those asked for, ascending, or evenly spread in the logarithm around the range.
fn prices(asked: &[f32], min: f64, max: f64) -> Result<Vec<f64>, EngineError> {
    let mut prices: Vec<f64> = Vec::with_capacity(asked.len().max(POINTS as usize));
    for price in asked {
        let wrong = || EngineError::request("prices", "each must be a finite number above 0");
        let price = f64::from(Some(*price).filter(|price| *price > 0.0 && price.is_finite()).ok_or_else(wrong)?);
        prices.push(price);
    }
    if asked.is_empty() {
        let (from, to) = (libm::log(CURVE_FROM * min), libm::log(CURVE_TO * max));
        let at = |step: u32| hundredths(libm::exp(from + (to - from) * f64::from(step) / f64::from(POINTS - 1)));
        prices.extend((0..POINTS).map(at));
    }
    prices.sort_unstable_by(f64::total_cmp);
    prices.dedup();
    Ok(prices)
}

fn best(curve: &[BidPoint], or: BidPoint) -> BidPoint {
    let higher = |best: BidPoint, point: &BidPoint| {
        if point.expected_revenue > best.expected_revenue { *point } else { best }
    };
    curve.iter().fold(*curve.first().unwrap_or(&or), higher)
}

/// A price in whole hundredths, at least one.
fn hundredths(price: f64) -> f64 {
    (100.0 * price).round().max(1.0) / 100.0
}
