//! From scored candidates to what is answered: the items in their order, and how they were found.

use super::arrange::{PlacedBy, PoolItem, arrange};
use super::candidates::Candidates;
use super::explain::{breakdown, parts, reasons};
use super::load::Engine;
use super::rank::{Context, known};
use super::ranking::{Cold, Item, Meta, Ranking};
use super::request::Request;
use super::scratch::Scratch;
use super::select::Placed;
use crate::rules::{Match, RuleScore, Subject};

impl Engine {
    pub(super) fn ranking(
        &self,
        request: &Request,
        context: &Context<'_>,
        scratch: &Scratch,
        neural_scored: u32,
    ) -> Ranking {
        let item = |(at, placed)| self.item(context, scratch, placed, at as u32 + 1);
        let mut items: Vec<Item> = scratch.pool.iter().enumerate().map(item).collect();
        let mut meta = self.meta(request, context, &scratch.candidates, neural_scored);
        let by_score = context.policy.is_none() && request.filters.min_score.is_none();
        if !by_score && !request.unarranged {
            let pool: Vec<PoolItem<'_>> = items.iter().map(PoolItem::of).collect();
            let arranged = arrange(&pool, &context.policy, context.limit, request.filters.min_score);
            meta.excluded.score = arranged.below;
            let mut shown = Vec::with_capacity(arranged.places.len());
            for (rank, place) in (1..).zip(&arranged.places) {
                let (placed_by, propensity) = (place.by, place.propensity);
                shown.push(Item { rank, placed_by, propensity, ..items[place.at].clone() });
            }
            items = shown;
        }
        Ranking { items, meta }
    }

    pub(super) fn item(&self, context: &Context<'_>, scratch: &Scratch, placed: &Placed, rank: u32) -> Item {
        let Scratch { candidates, scores, .. } = scratch;
        let at = placed.at as usize;
        let place = candidates.places[at] as usize;
        let cleaner = &self.catalog.cleaners[place];
        let subject = Subject {
            market: &self.catalog.market_stats,
            stats: &self.catalog.stats[place],
            rates: &self.catalog.rates[place],
            job: &context.job,
            price: known(candidates.prices[at]),
            market_hourly: context.market_hourly,
        };
        let distance_km = Some(candidates.distances[at]).filter(|km| !km.is_nan());
        let rule = RuleScore::of(&subject);
        let fit = Match::of(&subject, &rule, distance_km);
        let of_network = |column: &[f32]| context.network.as_ref().map(|_| 100.0 * column[at]);
        let neural_score = of_network(&scores.neural);
        let radii = self.conformal.as_ref().zip(neural_score);
        Item {
            cleaner_id: cleaner.id.clone(),
            name: cleaner.name.clone(),
            row: placed.row,
            rank,
            score: placed.score,
            boost: context.boost_of(placed.at),
            rule_score: 100.0 * rule.score,
            neural_score,
            collaborative_score: of_network(&scores.collaborative),
            content_score: of_network(&scores.content),
            interval: radii.map(|(known, score)| known.interval(score, subject.stats.overall.count, context.level)),
            price: subject.price,
            bid: candidates.is_bid(at),
            distance_km,
            location: cleaner.location,
            reviews: subject.stats.overall.count,
            is_new: context.policy.is_new(subject.stats.overall.count),
            placed_by: PlacedBy::Score,
            propensity: None,
            contributions: parts(&rule),
            breakdown: breakdown(&fit),
            reasons: reasons(&subject, &fit, distance_km, cleaner, &self.catalog.market),
        }
    }

    pub(super) fn meta(
        &self,
        request: &Request,
        context: &Context<'_>,
        candidates: &Candidates,
        neural_scored: u32,
    ) -> Meta {
        Meta {
            mode: context.blend.mode,
            requested_mode: request.mode,
            fallback: context.blend.fallback.clone(),
            rule_weight: context.blend.rule_weight,
            price_weight: context.blend.price_weight,
            client_known: context.client.is_some(),
            cold: Cold {
                client: context.client.is_none(),
                city: context.network.is_some() && self.is_elsewhere(&context.job),
            },
            backend: "cpu".into(),
            kernel: self.kernel.name().into(),
            model: self.identity.clone(),
            candidates: candidates.considered,
            scored: candidates.len() as u32,
            neural_scored,
            excluded: candidates.excluded,
            asked: context.asked,
            unknown_bids: candidates.unknown_bids.clone(),
        }
    }
}
