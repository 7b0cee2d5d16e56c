//! The cleaners and the clients, with what nobody knows about them.

use super::config::{Config, MAX_BIDS};
use super::constants::{ATHENS, BUDGET_TIERS, BudgetTier, TIERS, Tier};
use super::draw::{Draw, Stream};
use super::names::names;
use super::place::place;
use crate::domain::{DAY, GeoPoint, Hours, Timestamp};

/// A cleaner. What only the truth knows comes last.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticCleaner {
    /// Index, from 0.
    pub index: u32,
    /// Name to show.
    pub name: String,
    /// Where they start from.
    pub location: GeoPoint,
    /// EUR per hour, in cents precisely.
    pub hourly_rate: f64,
    /// Whether they have eco-friendly products.
    pub eco: bool,
    /// When they joined.
    pub joined_at: Timestamp,
    /// When they work.
    pub hours: Hours,
    /// Truth: the tier.
    pub tier: Tier,
    /// Truth: base quality in rating points.
    pub base: f64,
    /// Truth: strengths in quality, communication, professionalism and timeliness, rating points.
    pub strengths: [f64; 4],
    /// Truth: index of the property type they are best at.
    pub speciality: u16,
    /// Truth: probability that a job they won is done.
    pub reliability: f64,
    /// Truth: probability to begin on time.
    pub on_time: f64,
    /// Truth: probability to take photos.
    pub photos: f64,
}

/// A client. What only the truth knows comes last.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticClient {
    /// Index, from 0.
    pub index: u32,
    /// How freely they spend.
    pub tier: BudgetTier,
    /// When they joined.
    pub joined_at: Timestamp,
    /// One to three.
    pub properties: Vec<SyntheticProperty>,
    /// Truth: weights of the four aspects; they add up to 1.
    pub tastes: [f64; 4],
    /// Truth: what they add to every rating, rating points.
    pub leniency: f64,
    /// Truth: how often they post jobs, relative to others.
    pub activity: f64,
}

/// A property of a client.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticProperty {
    /// Index of the property type.
    pub property_type: u16,
    /// Where it is.
    pub location: GeoPoint,
    /// Square metres, a whole number.
    pub size_m2: f64,
}

/// All cleaners.
pub(super) fn cleaners(config: &Config) -> Vec<SyntheticCleaner> {
    let count = config.cleaners as usize;
    let tiers = quota(config.seed, 0, count, &ATHENS.tiers.map(|tier| tier.share));
    let names = names(config.seed, count);
    let people = tiers.into_iter().zip(names).zip(0..);
    people.map(|((tier, name), index)| cleaner(config.seed, index, TIERS[tier], name)).collect()
}

fn cleaner(seed: u64, index: u32, tier: Tier, name: String) -> SyntheticCleaner {
    let draw = &mut Draw::new(seed, Stream::Cleaner, u64::from(index));
    let means = ATHENS.tier(tier);
    let strengths = [(); 4].map(|()| draw.normal(ATHENS.satisfaction.strength_sd));
    SyntheticCleaner {
        index,
        name,
        location: place(draw, ATHENS.cleaner_sd_deg),
        hourly_rate: cents(draw.range(means.hourly_rate)),
        eco: draw.chance(ATHENS.eco_cleaners),
        // There are enough bidders from the first day on.
        joined_at: joined(draw, 0.7, 365, index < MAX_BIDS),
        hours: hours(seed, index),
        tier,
        base: draw.range(means.base),
        speciality: draw.below(ATHENS.properties.len()) as u16,
        reliability: draw.range(means.reliability),
        on_time: (draw.range(means.on_time) + 0.08 * strengths[3]).clamp(0.5, 0.99),
        photos: draw.range(means.photos),
        strengths,
    }
}

/// When a cleaner works: of a stream of its own, so that nothing else depends on it.
fn hours(seed: u64, index: u32) -> Hours {
    let draw = &mut Draw::new(seed, Stream::Hours, u64::from(index));
    let shift = &ATHENS.shifts[draw.pick(ATHENS.shifts.iter().map(|shift| shift.share))];
    let mut between = |(low, high): (u8, u8)| i64::from(low) + draw.below(usize::from(high - low) + 1) as i64;
    let (from, to) = (between(shift.from), between(shift.to));
    let mut days = [0, 1, 2, 3, 4];
    draw.shuffle(&mut days);
    let weekend = [(5, shift.saturday), (6, shift.sunday)].map(|(day, share)| draw.chance(share).then_some(day));
    let mut hours = Hours::default();
    for day in days.into_iter().take(shift.weekdays).chain(weekend.into_iter().flatten()) {
        hours.add(day, from, to);
    }
    hours
}

/// All clients.
pub(super) fn clients(config: &Config) -> Vec<SyntheticClient> {
    let tiers = quota(config.seed, 1, config.clients as usize, &ATHENS.choices.map(|choice| choice.share));
    tiers.into_iter().zip(0..).map(|(tier, index)| client(config.seed, index, BUDGET_TIERS[tier])).collect()
}

fn client(seed: u64, index: u32, tier: BudgetTier) -> SyntheticClient {
    let draw = &mut Draw::new(seed, Stream::Client, u64::from(index));
    let weights = [(); 4].map(|()| libm::exp(draw.normal(ATHENS.satisfaction.taste_sd)));
    let sum: f64 = weights.iter().sum();
    let properties = 1 + draw.pick([0.5, 0.3, 0.2].into_iter());
    SyntheticClient {
        index,
        tier,
        joined_at: joined(draw, 0.6, 450, index == 0),
        properties: (0..properties).map(|_| property(draw)).collect(),
        tastes: weights.map(|weight| weight / sum),
        leniency: draw.normal(ATHENS.satisfaction.leniency_sd),
        activity: libm::exp(draw.normal(0.6)),
    }
}

fn property(draw: &mut Draw) -> SyntheticProperty {
    let at = draw.pick(ATHENS.properties.iter().map(|kind| kind.share));
    let kind = &ATHENS.properties[at];
    let size = (kind.median_m2 * libm::exp(draw.normal(kind.log_sd))).clamp(kind.bounds_m2.0, kind.bounds_m2.1);
    SyntheticProperty { property_type: at as u16, location: place(draw, ATHENS.property_sd_deg), size_m2: size.round() }
}

/// Before the market's first day with this probability (up to two years), else within its first days.
fn joined(draw: &mut Draw, before: f64, within_days: i64, surely: bool) -> Timestamp {
    let (early, share) = (draw.chance(before) || surely, draw.unit());
    let days = if early { -730 } else { within_days };
    ATHENS.start + ((days * DAY) as f64 * share) as i64
}

/// Exactly these shares of `count` places (largest remainders), in random order.
fn quota(seed: u64, stream: u64, count: usize, shares: &[f64]) -> Vec<usize> {
    let exact: Vec<f64> = shares.iter().map(|share| share * count as f64).collect();
    let mut counts: Vec<usize> = exact.iter().map(|exact| (exact + 1e-9) as usize).collect();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by(|&a, &b| (exact[b] - counts[b] as f64).total_cmp(&(exact[a] - counts[a] as f64)).then(a.cmp(&b)));
    let missing = count - counts.iter().sum::<usize>();
    order.iter().take(missing).for_each(|&at| counts[at] += 1);
    let mut places: Vec<usize> = counts.iter().enumerate().flat_map(|(at, &n)| std::iter::repeat_n(at, n)).collect();
    Draw::new(seed, Stream::Tiers, stream).shuffle(&mut places);
    places
}

/// Rounded to cents.
pub(super) fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}
