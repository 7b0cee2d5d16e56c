//! The whole score of one cleaner, taken apart: rules, model and price, the model's part by groups of features, and what would have
//! to be otherwise for a better place.

#[cfg(feature = "native")]
use serde::{Deserialize, Serialize};

use super::blend::Blend;
use super::error::EngineError;
use super::load::{Engine, Neural};
use super::rank::{Context, percent};
use super::ranking::{Item, Scored};
use super::reason::Reason;
use super::request::{Mode, Request};
use super::scratch::Scratch;
use super::select::Placed;
use super::shapley::{COALITIONS, FEATURE_GROUPS, Facts, shapley};
use crate::domain::rank_order;
use crate::features::encode_item;

/// Why a cleaner has their score and their place.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
pub struct Explanation {
    /// The cleaner as in a ranking; the rank is that by score.
    #[cfg_attr(feature = "native", serde(flatten))]
    pub item: Item,
    /// The score's parts, whose points add up to it.
    pub parts: Parts,
    /// The model's score by groups of features; `None` where no model scored.
    pub neural: Option<NeuralParts>,
    /// What would bring a better place.
    pub counterfactuals: Vec<Counterfactual>,
}

/// The parts of a score.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
pub struct Parts {
    /// The rule score, which the contributions split further.
    pub rules: Share,
    /// The model's score, which [`NeuralParts`] split further.
    pub neural: Share,
    /// The pricing value of the breakdown.
    pub price: Share,
    /// Points that rules of the house add.
    pub boost: f64,
}

/// One part of a score.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
pub struct Share {
    /// Its weight in percent; what is unknown has none, and the others share it.
    pub weight: f64,
    /// Its value, 0 to 100.
    pub value: Option<f64>,
    /// Weight times value. What the f32 arithmetic of the score rounds away is in the heaviest part.
    pub points: f64,
}

/// The model's score as a baseline and what each group of features adds to it: exact Shapley values.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
pub struct NeuralParts {
    /// The score where nothing is known: 0 to 100.
    pub baseline: f64,
    /// The model's score: the baseline and the points of all groups.
    pub score: f64,
    /// The groups, in the order of [`FEATURE_GROUPS`].
    pub groups: Vec<GroupPoints>,
}

/// What one group of features adds.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
pub struct GroupPoints {
    /// Its name.
    pub group: String,
    /// Points of 100, negative where it lowers the score.
    pub points: f64,
}

/// A change to one cleaner and what it would bring, everything else being as it is.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
pub struct Counterfactual {
    /// The change.
    #[cfg_attr(feature = "native", serde(flatten))]
    pub reason: Reason,
    /// The place then.
    pub rank: u32,
    /// The score then.
    pub score: f32,
}

/// The others of a ranking, as far as somebody's place depends on them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rivals {
    /// The place of the one whom they are rivals of.
    pub rank: u32,
    /// Scores and rows of the best others, best first: as many as the best places that are looked at, or all.
    pub best: Vec<(f32, u32)>,
}

impl Rivals {
    /// Among these scores; `None` where the row is none of a candidate.
    pub fn of(scored: &Scored, row: u32, limit: usize) -> Option<Self> {
        let all = scored.scores.iter().copied().zip(scored.rows.iter().copied());
        let mut others: Vec<(f32, u32)> = all.filter(|(score, _)| !score.is_nan()).collect();
        others.sort_unstable_by(|a, b| rank_order(*a, *b));
        let at = others.iter().position(|(_, other)| *other == row)?;
        others.remove(at);
        others.truncate(limit.max(3));
        Some(Self { rank: at as u32 + 1, best: others })
    }

    /// The place of a score among them; exact for the places that they are many enough for.
    pub(super) fn place(&self, score: f32, row: u32) -> u32 {
        1 + self.best.iter().take_while(|rival| rank_order(**rival, (score, row)).is_lt()).count() as u32
    }
}

impl Engine {
    /// The row of a cleaner who is here.
    pub fn row_of(&self, cleaner_id: &str) -> Option<u32> {
        self.catalog.place(cleaner_id).map(|place| self.catalog.rows[place as usize])
    }

    /// Explains a cleaner's score and place for a job, for a catalog that is here as a whole. `None` for who is no candidate.
    ///
    /// # Errors
    /// [`EngineError::UnknownCleaner`], or as [`recommend`](Self::recommend).
    pub fn explain(
        &self,
        request: &Request,
        cleaner_id: &str,
        counterfactuals: bool,
    ) -> Result<Option<Explanation>, EngineError> {
        let row = self.row_of(cleaner_id).ok_or_else(|| unknown(cleaner_id))?;
        let scored = self.score_all(request)?;
        let Some(rivals) = Rivals::of(&scored, row, limit_of(request)) else { return Ok(None) };
        self.explain_among(request, cleaner_id, &rivals, counterfactuals)
    }

    /// The same where the others were ranked elsewhere, too.
    ///
    /// # Errors
    /// As [`explain`](Self::explain).
    pub fn explain_among(
        &self,
        request: &Request,
        cleaner_id: &str,
        rivals: &Rivals,
        counterfactuals: bool,
    ) -> Result<Option<Explanation>, EngineError> {
        let place = self.catalog.place(cleaner_id).ok_or_else(|| unknown(cleaner_id))?;
        self.scratch.with(|scratch| {
            let context = self.context(request, scratch)?;
            let Some(at) = scratch.candidates.places.iter().position(|other| *other == place) else {
                return Ok(None);
            };
            if let Some(network) = &context.network {
                let Scratch { candidates, scores, network: memory, .. } = scratch;
                self.score_block(network, candidates, &[at as u32], scores, memory);
            }
            let score = percent(context.score(&scratch.scores, at)) + context.boost_of(at as u32);
            let placed = Placed { score, row: scratch.candidates.rows[at], at: at as u32 };
            let item = self.item(&context, scratch, &placed, rivals.rank);
            let network = context.network.as_ref();
            let counterfactuals =
                if counterfactuals { self.counterfactuals(&context, scratch, &placed, rivals) } else { Vec::new() };
            Ok(Some(Explanation {
                parts: parts(&context.blend, &item),
                neural: network.map(|(model, _)| self.neural_parts(model, &context, scratch, at)),
                item,
                counterfactuals,
            }))
        })
    }

    /// The model's score in percent of every coalition of [`FEATURE_GROUPS`] (bit by bit), for checks elsewhere. `None` for who is no
    /// candidate, and where no model scores.
    ///
    /// # Errors
    /// As [`explain`](Self::explain).
    #[cfg(feature = "native")]
    pub fn coalitions(&self, request: &Request, cleaner_id: &str) -> Result<Option<Vec<f64>>, EngineError> {
        let place = self.catalog.place(cleaner_id).ok_or_else(|| unknown(cleaner_id))?;
        self.scratch.with(|scratch| {
            let context = self.context(request, scratch)?;
            let at = scratch.candidates.places.iter().position(|other| *other == place);
            let found = at.zip(context.network.as_ref());
            Ok(found.map(|(at, (model, _))| self.values(model, &context, scratch, at).to_vec()))
        })
    }

    fn neural_parts(&self, model: &Neural, context: &Context<'_>, scratch: &Scratch, at: usize) -> NeuralParts {
        let values = self.values(model, context, scratch, at);
        let points = FEATURE_GROUPS.iter().zip(shapley(&values));
        NeuralParts {
            baseline: values[0],
            score: values[values.len() - 1],
            groups: points.map(|(group, points)| GroupPoints { group: (*group).to_owned(), points }).collect(),
        }
    }

    fn values(&self, model: &Neural, context: &Context<'_>, scratch: &Scratch, at: usize) -> [f64; COALITIONS] {
        let candidates = &scratch.candidates;
        let place = candidates.places[at] as usize;
        let mut item = encode_item(&self.catalog.rates[place], &self.catalog.stats[place]);
        model.normaliser.apply_to(model.columns.item.iter().copied(), &mut item);
        // A folded client is an embedding row and what the client leans to, of which leniency alone needs no ratings.
        let (row, leanings) = context.client.map_or((None, &[][..]), |client| {
            let (row, leanings) = client.split_at(client.len().min(model.hybrid.user_dim()));
            (Some(row), leanings)
        });
        let alone: Vec<f32> = leanings.iter().zip(0..).map(|(x, at)| if at == 0 { *x } else { 0.0 }).collect();
        let facts = Facts {
            client: row,
            leanings: [&alone[..], leanings].map(|leanings| self.leaning(model, leanings, place as u32)),
            category: context.job.property_type.map(usize::from),
            query: self.query_features(model, &context.job),
            cleaner: self.catalog.embedding(place as u32),
            item,
            pair: model.pair_features(candidates.prices[at], candidates.distances[at]),
        };
        model.coalitions(self.kernel, &facts)
    }
}

fn unknown(cleaner_id: &str) -> EngineError {
    EngineError::UnknownCleaner { field: "cleanerId", id: cleaner_id.to_owned() }
}

/// How many places a request's list has.
fn limit_of(request: &Request) -> usize {
    request.limit.unwrap_or(super::rank::DEFAULT_LIMIT) as usize
}

fn parts(blend: &Blend, item: &Item) -> Parts {
    let pricing = item.breakdown.pricing.filter(|_| blend.mode == Mode::Ensemble);
    let price_weight = pricing.map_or(0.0, |_| f64::from(blend.price_weight));
    let rule_weight = f64::from(blend.rule_weight) * (1.0 - price_weight);
    let share = |weight: f64, value: Option<f32>| {
        let value = value.map(f64::from);
        Share { weight: 100.0 * weight, value, points: weight * value.unwrap_or(0.0) }
    };
    let mut rules = share(rule_weight, Some(item.rule_score));
    let mut neural = share(1.0 - price_weight - rule_weight, item.neural_score);
    let mut price = share(price_weight, item.breakdown.pricing);
    let boost = f64::from(item.boost);
    let rest = f64::from(item.score) - rules.points - neural.points - price.points - boost;
    let heaviest = if price.weight > rules.weight { &mut price } else { &mut rules };
    let heaviest = if neural.weight > heaviest.weight { &mut neural } else { heaviest };
    heaviest.points += rest;
    Parts { rules, neural, price, boost }
}
