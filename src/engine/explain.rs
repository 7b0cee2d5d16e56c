//! Why a cleaner stands where they stand: contributions, breakdown, and reasons.

use super::ranking::{Breakdown, Part};
use super::reason::{Reason, tenths, whole};
use crate::domain::{Cleaner, Market};
use crate::rules::{Match, RuleScore, Subject};

/// How many reasons are given.
const MOST_REASONS: usize = 4;

/// The parts of a rule score, in points of 100.
pub(super) fn parts(rule: &RuleScore) -> Vec<Part> {
    let part = |part: &crate::rules::Contribution| Part {
        component: part.component.name().to_owned(),
        weight: 100.0 * part.weight,
        value: part.value.map(|value| 100.0 * value),
        contribution: 100.0 * part.points,
    };
    rule.contributions.iter().map(part).collect()
}

/// A match in percent.
pub(super) fn breakdown(fit: &Match) -> Breakdown {
    let percent = |value: Option<f32>| value.map(|value| 100.0 * value);
    Breakdown {
        quality: percent(fit.quality),
        location: percent(fit.location),
        specialisation: percent(fit.specialisation),
        pricing: percent(fit.pricing),
        availability: percent(fit.availability),
        reliability: percent(fit.reliability),
    }
}

/// The strongest reasons for and against, at most [`MOST_REASONS`]; warnings first, then by how far above the ordinary.
pub(super) fn reasons(
    subject: &Subject<'_>,
    fit: &Match,
    distance_km: Option<f64>,
    cleaner: &Cleaner,
    market: &Market,
) -> Vec<Reason> {
    let mut found: Vec<(f64, Reason)> = Vec::new();
    let mut say = |strength: f64, reason: Reason| found.push((strength, reason));
    let over = subject.price.zip(subject.job.budget).map(|(price, budget)| whole(f64::from(price - budget)));
    if let Some(amount) = over.filter(|amount| *amount > 0.0) {
        say(9.0, Reason::new("over_budget").number("amount", amount).text("currency", &market.currency));
    }
    if subject.job.eco && cleaner.eco == Some(false) {
        say(8.0, Reason::new("no_eco"));
    }
    if subject.stats.overall.count == 0 {
        say(7.0, Reason::new("new"));
    }
    praise(&mut say, subject, fit, market);
    if let Some(km) = distance_km.filter(|km| *km <= 5.0) {
        say(1.2 - km / 10.0, Reason::new("near").number("km", tenths(km)));
    }
    if subject.job.eco && cleaner.eco == Some(true) {
        say(0.9, Reason::new("eco"));
    }
    strongest(found)
}

/// The strongest ones, of equals the first said. There are a dozen at most: a general sort would only be larger.
pub(super) fn strongest(mut found: Vec<(f64, Reason)>) -> Vec<Reason> {
    let mut best = Vec::with_capacity(MOST_REASONS);
    while best.len() < MOST_REASONS && !found.is_empty() {
        let stronger = |best: usize, at: usize| if found[at].0 > found[best].0 { at } else { best };
        let at = (0..found.len()).fold(0, stronger);
        best.push(found.remove(at).1);
    }
    best
}

fn praise(say: &mut dyn FnMut(f64, Reason), subject: &Subject<'_>, fit: &Match, market: &Market) {
    let (stats, rates) = (subject.stats, subject.rates);
    let above = |own: Option<f64>, all: Option<f64>| own.zip(all).map(|(own, all)| own - all).unwrap_or(0.0);
    let better = above(rates.overall, subject.market.total.overall.mean());
    if let Some(mean) = stats.overall.mean().filter(|_| better > 0.0) {
        let stars = f64::from(market.rating_min) + mean * f64::from(market.rating_max - market.rating_min);
        let (of, reviews) = (whole(f64::from(market.rating_max)), f64::from(stats.overall.count));
        let reason =
            Reason::new("well_rated").number("rating", tenths(stars)).number("of", of).number("count", reviews);
        say(0.5 + 5.0 * better, reason);
    }
    if let Some(kind) = subject.job.property_type.filter(|_| fit.specialisation.is_some_and(|value| value > 0.55)) {
        let jobs = f64::from(stats.in_type(Some(kind)).completed);
        let name = market.property_types.get(usize::from(kind)).map_or("", String::as_str);
        let strength = 4.0 * (f64::from(fit.specialisation.unwrap_or(0.5)) - 0.5);
        say(0.3 + strength, Reason::new("specialised").number("count", jobs).text("type", name));
    }
    if let Some(ratio) = subject.price_ratio().filter(|ratio| *ratio < 0.9) {
        say(0.4 + 2.0 * (1.0 - ratio), Reason::new("cheap").number("percent", whole(100.0 * (1.0 - ratio))));
    }
    if stats.completed >= 10 && stats.completed * 4 >= subject.market.max_completed {
        say(0.4, Reason::new("experienced").number("count", f64::from(stats.completed)));
    }
    if let Some(rate) = rates.completion.filter(|rate| *rate > 0.93 && stats.completed >= 10 && stats.wins > 0) {
        say(0.2 + rate - 0.93, Reason::new("reliable").number("percent", whole(100.0 * rate)));
    }
}
