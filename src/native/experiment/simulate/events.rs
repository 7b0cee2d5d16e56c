//! Events as pages would have recorded them, had the market's clients been in an experiment.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::market::{Look, MODES, SimJob, SimMarket, explore};
use crate::native::events::{CleanerFit, Event, EventBody, ModelRef, OutcomeKind, SCHEMA, Served};
use crate::native::experiment::{Assignment, Experiment, ExperimentError};

const DAY: i64 = 86_400;

/// What to record.
#[derive(Debug, Clone, PartialEq)]
pub struct EventSettings {
    /// The experiment; the keys of its variants are modes: `rules`, `neural`, `ensemble`.
    pub experiment: Experiment,
    /// Visitors, each with one job.
    pub units: usize,
    /// Days over which they come.
    pub days: u32,
    /// First moment; by default the day after the market's last job.
    pub start: Option<i64>,
    /// Share of places that explore.
    pub epsilon: f64,
    /// Seed of ChaCha8.
    pub seed: u64,
}

/// Records events, in the order of time. A unit that takes no part is served the ensemble and has no variant.
///
/// # Errors
/// [`ExperimentError::Definition`] for an experiment that is none, or a variant that is no mode.
pub fn events(market: &SimMarket, settings: &EventSettings) -> Result<Vec<Event>, ExperimentError> {
    settings.experiment.check()?;
    for variant in &settings.experiment.variants {
        if MODES.iter().all(|(_, mode)| *mode != variant.key) {
            let reason = format!("the variant {:?} is none of rules, neural, ensemble", variant.key);
            return Err(ExperimentError::Definition { reason });
        }
    }
    let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
    let last = market.jobs.last().map_or(0, |job| job.posted_at);
    let start = settings.start.unwrap_or(last.div_euclid(DAY) * DAY + DAY);
    let span = i64::from(settings.days) * DAY;
    let mut events = Vec::new();
    for unit in 0..if market.jobs.is_empty() { 0 } else { settings.units } {
        let at = start + span * unit as i64 / settings.units.max(1) as i64;
        let job = &market.jobs[rng.random_range(0..market.jobs.len())];
        let assigned = settings.experiment.assign(&format!("visitor-{unit:06}"))?;
        events.extend(visit(market, settings, job, &assigned, at, &mut rng));
    }
    events.sort_by_key(|event| event.at);
    Ok(events)
}

fn visit(
    market: &SimMarket,
    settings: &EventSettings,
    job: &SimJob,
    assigned: &Assignment,
    at: i64,
    rng: &mut ChaCha8Rng,
) -> Vec<Event> {
    let key = assigned.variant.as_deref().unwrap_or(MODES[2].1);
    let mode = MODES.iter().position(|(_, name)| *name == key).unwrap_or(2);
    let shown = explore(&job.orders[mode], settings.epsilon, rng);
    let order: Vec<usize> = shown.iter().map(|(candidate, _)| *candidate).collect();
    let looks = market.go_through(job, &order, rng);
    let (request_id, model) = (uuid(rng), ModelRef { name: market.model.0.clone(), version: market.model.1.clone() });
    let mut events = Vec::new();
    for (place, (candidate, propensity)) in shown.into_iter().enumerate() {
        let candidate = &job.candidates[candidate];
        let item = &candidate.item;
        let part = |value: Option<f32>| value.map(f64::from);
        let served = Served {
            request_id: request_id.clone(),
            job_id: format!("{}-{}", job.id, assigned.unit_id),
            cleaner_id: item.cleaner_id.clone(),
            client_id: job.client.clone(),
            score: f64::from(candidate.scores[mode]),
            rank: place as u32 + 1,
            rule_score: Some(f64::from(item.rule_score)),
            neural_score: part(item.neural_score),
            interval: item.interval.map(|[low, high]| (f64::from(low), f64::from(high))),
            interval_level: item.interval.map(|_| 0.9),
            price: part(item.price),
            distance_km: item.distance_km,
            propensity: (settings.epsilon > 0.0).then_some(propensity),
            mode: MODES[mode].1.to_owned(),
            model: Some(model.clone()),
            experiment: assigned.variant.as_ref().map(|_| assigned.experiment.clone()),
            variant: assigned.variant.clone(),
            unit_id: Some(assigned.unit_id.clone()),
            segment: job.segment.clone(),
        };
        let fit = &item.breakdown;
        let breakdown = CleanerFit {
            quality: part(fit.quality),
            location: part(fit.location),
            specialisation: part(fit.specialisation),
            pricing: part(fit.pricing),
            availability: part(fit.availability),
            ..CleanerFit::default()
        };
        let price = served.price;
        let id = uuid(rng);
        events.push(Event {
            schema: SCHEMA,
            id: id.clone(),
            at,
            body: EventBody::CleanerRecommendation { served, breakdown },
        });
        if let Some(look) = looks.get(place) {
            let rating = rating(market, candidate.expected_rating, rng);
            for (later, outcome, value) in outcomes(*look, place, price, rating) {
                let body = EventBody::Outcome { recommendation_id: id.clone(), outcome, value };
                events.push(Event { schema: SCHEMA, id: uuid(rng), at: at + later, body });
            }
        }
    }
    events
}

/// What follows a look: seconds later, what, its value.
fn outcomes(look: Look, place: usize, price: Option<f64>, rating: f64) -> Vec<(i64, OutcomeKind, Option<f64>)> {
    let mut outcomes = vec![(20 * (place as i64 + 1), OutcomeKind::Viewed, None)];
    if look.contacted {
        outcomes.push((600 + 60 * place as i64, OutcomeKind::Contacted, None));
    }
    if look.hired {
        outcomes.push((3 * 3600, OutcomeKind::Hired, price));
        outcomes.push((5 * DAY, OutcomeKind::Rated, Some(rating)));
    }
    outcomes
}

/// A rating on the market's scale: the expectation with the market's noise, in tenths of the scale.
fn rating(market: &SimMarket, expected: f64, rng: &mut impl Rng) -> f64 {
    // Box and Muller.
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    let noise = radius * (std::f64::consts::TAU * rng.random::<f64>()).cos() * market.rating_sd;
    let share = ((expected + noise) * 10.0).round().clamp(1.0, 10.0) / 10.0;
    market.scale.0 + share * (market.scale.1 - market.scale.0)
}

/// A UUID of version 4, drawn from the seed.
fn uuid(rng: &mut impl Rng) -> String {
    let bits = rng.random::<u128>() & !(0xf << 76) & !(0x3 << 62) | (4 << 76) | (2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
