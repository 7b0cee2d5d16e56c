//! What would have to be otherwise for a better place: one thing at a time, scored as a ranking is scored.
//!
//! The others' scores stay as they are, and so does what the market asks: both would move with a changed price, a little. Only
//! changes within bounds are tried, the least first; where none does, that is said.

use super::explanation::{Counterfactual, Rivals};
use super::load::Engine;
use super::rank::{Context, known, percent};
use super::reason::{Reason, tenths};
use super::scratch::Scratch;
use super::select::Placed;
use crate::domain::Rates;
use crate::features::encode_item;
use crate::model::{self, ItemTable};
use crate::rules::{Record, RuleBase};

/// A price may fall by so much of itself.
const LEAST_PRICE: f32 = 0.5;
/// Kilometres that are tried at a time.
const STEP_KM: f64 = 0.5;
/// How many more reviews are tried.
const MOST_REVIEWS: usize = 10;
/// How many steps are tried.
const MOST_STEPS: usize = 200;

/// The cleaner as they could be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trial {
    /// Their record in this kind of job.
    base: RuleBase,
    /// Their place in a table of items.
    item: u32,
    price: f32,
    distance_km: f64,
}

impl Engine {
    /// The least changes that bring a cleaner into the list, to place 3 and to place 1.
    pub(super) fn counterfactuals(
        &self,
        context: &Context<'_>,
        scratch: &Scratch,
        placed: &Placed,
        rivals: &Rivals,
    ) -> Vec<Counterfactual> {
        let at = placed.at as usize;
        let (place, liked) = (scratch.candidates.places[at], scratch.scores.collaborative[at]);
        let boost = context.boost_of(placed.at);
        let mut targets: Vec<u32> = Vec::new();
        for target in [context.limit.min(rivals.rank as usize) as u32, 3, 1] {
            if target > 0 && target < targets.last().copied().unwrap_or(rivals.rank) {
                targets.push(target);
            }
        }
        let Some(kind) = self.columns.of_kind(&self.catalog, context.job.property_type) else { return Vec::new() };
        let now = Trial {
            base: kind.rules[place as usize],
            item: place,
            price: scratch.candidates.prices[at],
            distance_km: scratch.candidates.distances[at],
        };
        let (mut found, mut reached) = (Vec::new(), vec![false; targets.len()]);
        let mut consider = |table: &ItemTable, trials: &[Trial], say: &dyn Fn(usize, f64) -> Reason| {
            let mut scores = self.score_trials(context, table, liked, trials);
            scores.iter_mut().for_each(|score| *score += boost);
            let mut last = None;
            for (target, reached) in targets.iter().zip(reached.iter_mut()) {
                let enough = |score: &f32| rivals.place(*score, placed.row) <= *target;
                let Some(step) = scores.iter().position(enough) else { break };
                *reached = true;
                if last.replace(step) != Some(step) {
                    let rank = rivals.place(scores[step], placed.row);
                    found.push(Counterfactual { reason: say(step, f64::from(rank)), rank, score: scores[step] });
                }
            }
        };
        let none = ItemTable::default();
        let items = self.model.as_ref().map_or(&none, |model| &model.items);
        let unit = euro_steps(now.price);
        let cheaper: Vec<Trial> =
            steps(now.price * LEAST_PRICE, unit).map(|less| Trial { price: now.price - less, ..now }).collect();
        let currency = &self.catalog.market.currency;
        consider(items, &cheaper, &|step, rank| {
            let amount = f64::from(unit) * (step + 1) as f64;
            Reason::new("cheaper").number("rank", rank).number("amount", amount).text("currency", currency)
        });
        let nearer: Vec<Trial> = steps(now.distance_km as f32, STEP_KM as f32)
            .map(|less| Trial { distance_km: now.distance_km - f64::from(less), ..now })
            .collect();
        consider(items, &nearer, &|step, rank| {
            Reason::new("nearer").number("rank", rank).number("km", tenths(STEP_KM * (step + 1) as f64))
        });
        let (reviewed, table) = self.reviewed(context, place, &now);
        consider(&table, &reviewed, &|step, rank| {
            Reason::new("better_reviewed").number("rank", rank).number("count", (step + 1) as f64)
        });
        if let Some(target) = targets.iter().zip(&reached).find(|(_, reached)| !**reached).map(|(target, _)| *target) {
            let reason = Reason::new("out_of_reach")
                .number("percent", 100.0 * f64::from(LEAST_PRICE))
                .number("count", MOST_REVIEWS as f64)
                .number("rank", f64::from(target));
            found.push(Counterfactual { reason, rank: rivals.rank, score: placed.score });
        }
        found
    }

    /// The scores of trials, 0 to 100, by the path that ranks. `liked`: the collaborative score, which no trial changes.
    pub(super) fn score_trials(
        &self,
        context: &Context<'_>,
        table: &ItemTable,
        liked: f32,
        trials: &[Trial],
    ) -> Vec<f32> {
        let mut fitting = vec![0.0; trials.len()];
        if let Some((model, query)) = &context.network {
            let rows: Vec<u32> = trials.iter().map(|trial| trial.item).collect();
            let pairs: Vec<f32> =
                trials.iter().flat_map(|trial| model.pair_features(trial.price, trial.distance_km)).collect();
            let mut scratch = model::Scratch::default();
            model.hybrid.content(self.kernel, query, table, &rows, &pairs, &mut scratch, &mut fitting);
            fitting.iter_mut().for_each(|score| *score = model.hybrid.blend(liked, *score));
        }
        let score = |(trial, neural): (&Trial, &f32)| {
            let (rules, pricing) = trial.base.score(&context.job, known(trial.price), context.market_hourly);
            percent(context.blend.score(rules, pricing.unwrap_or(f32::NAN), *neural))
        };
        trials.iter().zip(&fitting).map(score).collect()
    }

    /// The cleaner with 1, 2, 3, … more reviews of the best rating there is, in this kind of job.
    fn reviewed(&self, context: &Context<'_>, place: u32, now: &Trial) -> (Vec<Trial>, ItemTable) {
        let market = &self.catalog.market_stats;
        let model = self.model.as_ref();
        let mut table = model.map_or_else(ItemTable::default, |model| model.hybrid.items(MOST_REVIEWS));
        let mut stats = self.catalog.stats[place as usize].clone();
        let mut trials = Vec::with_capacity(MOST_REVIEWS);
        for item in 0..MOST_REVIEWS {
            let parts = [
                (&mut stats.overall, &market.total.overall),
                (&mut stats.quality, &market.total.quality),
                (&mut stats.communication, &market.total.communication),
                (&mut stats.professionalism, &market.total.professionalism),
                (&mut stats.timeliness, &market.total.timeliness),
            ];
            // A market that has no reviews of timeliness gets none.
            parts.into_iter().filter(|(_, all)| all.count > 0).for_each(|(own, _)| own.add(1.0));
            if let Some(kind) = context.job.property_type.and_then(|kind| stats.by_type.get_mut(usize::from(kind))) {
                kind.rating.add(1.0);
            }
            let rates = Rates::of(&stats, market);
            let record = Record { market, stats: &stats, rates: &rates, property_type: context.job.property_type };
            trials.push(Trial { base: RuleBase::of(&record), item: item as u32, ..*now });
            if let Some(model) = model {
                let mut features = encode_item(&rates, &stats);
                model.normaliser.apply_to(model.columns.item.iter().copied(), &mut features);
                model.hybrid.set_item(&mut table, item, self.catalog.embedding(place), &features);
            }
        }
        (trials, table)
    }
}

/// By how much a price falls at a time: 1, or 5, 10, 50, … where that would be too many steps.
fn euro_steps(price: f32) -> f32 {
    let mut unit = 1.0;
    let mut five = true;
    while price * LEAST_PRICE > unit * MOST_STEPS as f32 {
        unit *= if five { 5.0 } else { 2.0 };
        five = !five;
    }
    unit
}

/// `unit`, twice it, … up to `most`; nothing where that is unknown.
fn steps(most: f32, unit: f32) -> impl Iterator<Item = f32> {
    // A NaN is no step.
    (1..=MOST_STEPS).map(move |step| step as f32 * unit).take_while(move |step| *step <= most)
}
