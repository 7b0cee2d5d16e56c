//! From the best by score to the order that is shown: rules of the house, diversity, exposure, exploration.
//!
//! A pure function of what stands in the items, so that the bests of several engines can be put together before it. Places are
//! filled from the first to the last. Whose place is pinned gets it. Else the *choice* is made among the best by score that have no
//! place yet; among the new ones of them alone where all places that are left are needed for the least share of new
//! cleaners. Of the choice that one is taken who has the highest value: the score, or with diversity the maximal marginal relevance
//! (J. Carbonell and J. Goldstein, SIGIR 1998)
//!
//! ```text
//! value = lambda * score - (1 - lambda) * 100 * the highest similarity to anybody who has a place
//! ```
//!
//! Exploration may take another one of the choice instead, and says with what probability each place was given away, those before it
//! being as they are. Ties go to the higher score, then the lower row.

mod policy;
mod similar;
#[cfg(test)]
mod tests;
mod thompson;

use super::ranking::Item;
use crate::domain::{GeoPoint, SeededRng, rank_order};
use similar::similarity;
use thompson::Belief;

pub use policy::{Diversity, Explore, ExploreMethod, Exposure, HouseAction, HouseRule, Policy};

#[cfg(feature = "native")]
use serde::{Deserialize, Serialize};

/// What an order is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolItem<'a> {
    /// Id.
    pub id: &'a str,
    /// Row number.
    pub row: u32,
    /// Score, 0 to 100 and what rules of the house add.
    pub score: f32,
    /// Reviews so far.
    pub reviews: u32,
    /// Price.
    pub price: Option<f32>,
    /// Where they start from.
    pub location: Option<GeoPoint>,
    /// The values of the components of the rule score, 0 to 100; NaN = unknown.
    pub values: [f32; 5],
}

/// What gave somebody their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "lowercase"))]
pub enum PlacedBy {
    /// The score.
    #[default]
    Score,
    /// Being different.
    Diversity,
    /// The least share of new cleaners.
    Exposure,
    /// Chance.
    Explore,
    /// A rule of the house.
    Pin,
    /// A rule of the house.
    Bury,
}

/// One place of the order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placement {
    /// Index in the pool.
    pub at: usize,
    /// What gave them the place.
    pub by: PlacedBy,
    /// With what probability, those before it being as they are; `None` where nothing explores.
    pub propensity: Option<f64>,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Arranged {
    /// The places, first to last.
    pub places: Vec<Placement>,
    /// How many of the pool have less than the least score.
    pub below: u32,
}

impl<'a> PoolItem<'a> {
    /// Of a ranked cleaner.
    pub(super) fn of(item: &'a Item) -> Self {
        let mut values = [f32::NAN; 5];
        for (to, part) in values.iter_mut().zip(&item.contributions) {
            *to = part.value.unwrap_or(f32::NAN);
        }
        let Item { row, score, reviews, price, location, .. } = *item;
        Self { id: &item.cleaner_id, row, score, reviews, price, location, values }
    }
}

/// Somebody of the pool with what the house says.
#[derive(Clone, Copy)]
struct Member {
    at: usize,
    is_new: bool,
    buried: bool,
    /// The place, and the number of the rule, which decides between two for one place.
    pin: Option<(u32, usize)>,
    /// Whether policies may choose them.
    chosen_from: bool,
    /// Highest similarity to anybody who has a place.
    nearest: f64,
}

/// The order of a pool: the best by score, pinned and buried ones, and the best new ones, of one or more engines.
pub fn arrange(pool: &[PoolItem<'_>], policy: &Policy, limit: usize, min_score: Option<f32>) -> Arranged {
    let mut arranged = Arranged::default();
    let mut members = trim(pool, policy, limit);
    if let Some(least) = min_score {
        let before = members.len();
        members.retain(|member| pool[member.at].score >= least);
        arranged.below = (before - members.len()) as u32;
    }
    let (mut pins, others): (Vec<Member>, Vec<Member>) = members.into_iter().partition(|member| member.pin.is_some());
    let (buried, mut base): (Vec<Member>, Vec<Member>) = others.into_iter().partition(|member| member.buried);
    sort(&mut pins, &|a, b| a.pin < b.pin);
    let length = limit.min(pins.len() + base.len() + buried.len());
    let shown = shown_pins(&pins, length);
    let mut open = (length - shown).min(base.len());
    let new_pins = pins[..shown].iter().filter(|pin| pin.is_new).count();
    let new_ones = base.iter().filter(|member| member.is_new).count();
    let mut needed = policy.new_ones(length).saturating_sub(new_pins).min(new_ones);
    let mut rng = SeededRng::new(policy.explore.map_or(0, |explore| explore.seed as u64));
    let certain = policy.explore.map(|_| 1.0);
    let (mut pins, mut buried) = (pins.into_iter().peekable(), buried.into_iter());
    let mut beliefs = Vec::new();
    for place in 1..=length as u64 {
        let pinned = pins.next_if(|pin| open == 0 || pin.pin.is_some_and(|(wanted, _)| u64::from(wanted) <= place));
        let (member, by, propensity) = if let Some(pin) = pinned {
            (pin, PlacedBy::Pin, certain)
        } else if open > 0 && !base.is_empty() {
            let only_new = needed > 0 && needed >= open;
            let (at, by, propensity) = choose(&base, pool, policy, only_new, &mut rng, &mut beliefs);
            let member = base.remove(at);
            open -= 1;
            needed -= usize::from(member.is_new && needed > 0);
            (member, by, propensity)
        } else if let Some(member) = buried.next() {
            (member, PlacedBy::Bury, certain)
        } else {
            break;
        };
        arranged.places.push(Placement { at: member.at, by, propensity });
        if policy.diversity.is_some() {
            for other in base.iter_mut().filter(|other| other.chosen_from) {
                other.nearest = other.nearest.max(similarity(&pool[other.at], &pool[member.at]));
            }
        }
    }
    arranged
}

/// Who counts, best first: as many as one engine with all candidates would have found.
fn trim(pool: &[PoolItem<'_>], policy: &Policy, limit: usize) -> Vec<Member> {
    let mut members: Vec<Member> = (0..pool.len()).map(|at| member(at, &pool[at], policy)).collect();
    let key = |member: &Member| (pool[member.at].score, pool[member.at].row);
    sort(&mut members, &|a, b| rank_order(key(a), key(b)).is_lt());
    let (window, best, new) = (policy.window(limit), policy.pool(limit), policy.new_ones(limit));
    let (mut ranked, mut found) = (0, 0);
    members.retain_mut(|member| {
        if member.buried || member.pin.is_some() {
            return true;
        }
        ranked += 1;
        found += usize::from(member.is_new);
        let wanted_new = member.is_new && found <= new;
        member.chosen_from = ranked <= window || window > 0 && wanted_new;
        ranked <= best || wanted_new
    });
    members
}

fn member(at: usize, item: &PoolItem<'_>, policy: &Policy) -> Member {
    let (mut pin, mut buried) = (None, false);
    for (number, rule) in policy.house.iter().enumerate().filter(|(_, rule)| rule.cleaner_id == item.id) {
        match rule.action {
            HouseAction::Pin => pin = pin.or(Some((rule.position.unwrap_or(1), number))),
            HouseAction::Bury => buried = true,
            HouseAction::Boost => (),
        }
    }
    buried &= pin.is_none();
    Member { at, is_new: policy.is_new(item.reviews), buried, pin, chosen_from: false, nearest: 0.0 }
}

/// How many pins get a place of a list of that length.
fn shown_pins(pins: &[Member], length: usize) -> usize {
    let mut free = 0u64;
    let fits = |pin: &&Member| {
        free = (free + 1).max(pin.pin.map_or(0, |(wanted, _)| u64::from(wanted)));
        free <= length as u64
    };
    pins.iter().take_while(fits).count()
}

/// Whom to give the next place, as the index in what is left of the base, which is in order of the scores.
fn choose(
    base: &[Member],
    pool: &[PoolItem<'_>],
    policy: &Policy,
    only_new: bool,
    rng: &mut SeededRng,
    beliefs: &mut Vec<Belief>,
) -> (usize, PlacedBy, Option<f64>) {
    let certain = policy.explore.map(|_| 1.0);
    let choice = |at: &usize| base[*at].chosen_from && (base[*at].is_new || !only_new);
    let lambda = policy.diversity.map_or(1.0, |diversity| diversity.lambda);
    let value = |member: &Member| lambda * f64::from(pool[member.at].score) - (1.0 - lambda) * 100.0 * member.nearest;
    let best = |of: &mut dyn Iterator<Item = usize>| {
        of.reduce(|best, at| if value(&base[at]) > value(&base[best]) { at } else { best })
    };
    let Some(greedy) = best(&mut (0..base.len()).filter(choice)) else {
        // Nothing is chosen from: by score.
        let first = (0..base.len()).find(|at| base[*at].is_new || !only_new).unwrap_or(0);
        return (first, if first > 0 { PlacedBy::Exposure } else { PlacedBy::Score }, certain);
    };
    let by = match best(&mut (0..base.len()).filter(|at| base[*at].chosen_from)) {
        Some(all) if all != greedy => PlacedBy::Exposure,
        _ if (0..base.len()).find(choice) != Some(greedy) => PlacedBy::Diversity,
        _ => PlacedBy::Score,
    };
    let Some(explore) = policy.explore else { return (greedy, by, None) };
    let all: Vec<usize> = (0..base.len()).filter(choice).collect();
    let (at, propensity) = match explore.method {
        ExploreMethod::Epsilon => {
            let explores = rng.unit() < explore.epsilon();
            let at = if explores { all[rng.below(all.len())] } else { greedy };
            let greedily = if at == greedy { 1.0 - explore.epsilon() } else { 0.0 };
            (at, explore.epsilon() / all.len() as f64 + greedily)
        }
        ExploreMethod::Thompson => {
            beliefs.clear();
            beliefs.extend(all.iter().map(|at| {
                let deviation = lambda * thompson::deviation(pool[base[*at].at].reviews);
                Belief { mean: value(&base[*at]), deviation }
            }));
            let drawn = thompson::draw(beliefs, rng);
            (all[drawn], thompson::propensity(beliefs, drawn))
        }
    };
    (at, if at == greedy { by } else { PlacedBy::Explore }, Some(propensity))
}

/// By insertion: pools come nearly in order, and the standard library's sort is much more code.
fn sort(members: &mut [Member], before: &dyn Fn(&Member, &Member) -> bool) {
    for end in 1..members.len() {
        let mut at = end;
        while at > 0 && before(&members[at], &members[at - 1]) {
            members.swap(at, at - 1);
            at -= 1;
        }
    }
}
