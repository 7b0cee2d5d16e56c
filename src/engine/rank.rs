//! From a request to a ranking.

use super::arrange::{HouseAction, Policy};
use super::blend::{Blend, Bounds, NearScores};
use super::candidates::Candidates;
use super::conformal::level_of;
use super::error::EngineError;
use super::load::{Engine, Neural};
use super::ranking::{Asked, Meta, Ranking, Scored};
use super::request::{Mode, Request};
use super::scratch::{ClientMemo, NetworkScratch, ScoreColumns, Scratch};
use super::select::Placed;
use crate::artifact::text::text;
use crate::domain::JobSpec;
use crate::features::encode_pair;
use crate::model::{LEANINGS, Query};

/// How many are returned where a request does not say.
pub(super) const DEFAULT_LIMIT: u32 = 10;
/// Candidates of a full pass that are scored together.
const BLOCK: usize = 256;
/// Bounds are only worth their while where at least this many candidates stand for every place.
const CANDIDATES_PER_PLACE: usize = 4;

/// A request as far as it concerns all candidates alike.
pub(super) struct Context<'a> {
    pub(super) job: JobSpec,
    /// How many of the best by score are needed.
    best: usize,
    /// How many are shown.
    pub(super) limit: usize,
    /// What is wanted of the order beyond the scores.
    pub(super) policy: Policy,
    /// Points of rules of the house, by candidate.
    boosts: Vec<(u32, f32)>,
    /// How probable it is that a rating lies in an interval.
    pub(super) level: f32,
    pub(super) blend: Blend,
    pub(super) client: Option<&'a [f32]>,
    /// The model with the query's share of its first layers, where a model scores.
    pub(super) network: Option<(&'a Neural, Query)>,
    pub(super) market_hourly: Option<f64>,
    /// What the candidates here ask, where the market's price rests on it.
    pub(super) asked: Option<Asked>,
}

/// One candidate with its scores, all 0 to 1; NaN = unknown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CandidateScore {
    /// Place in the catalog.
    pub place: u32,
    /// Row number.
    pub row: u32,
    /// The final score.
    pub score: f32,
    /// The rule score.
    pub rules: f32,
    /// The model's; NaN where none scored.
    pub neural: f32,
    /// What the cleaner asks or would usually ask.
    pub price: f32,
    /// Kilometres to the job.
    pub distance_km: f64,
}

impl Engine {
    /// Ranks the cleaners for a job. Order: higher score first, equal scores by row number (see
    /// [`rank_order`](crate::domain::rank_order)). No candidate is a legal answer, and so is a client or job that nobody
    /// knows. The model scores only candidates that can reach the first places; the answer is that of scoring all.
    ///
    /// # Errors
    /// [`EngineError::Request`] with the field that cannot be used.
    pub fn recommend(&self, request: &Request) -> Result<Ranking, EngineError> {
        self.scratch.with(|scratch| {
            let context = self.context(request, scratch)?;
            let scored = self.found(&context, scratch, &Bounds::Highest);
            Ok(self.ranking(request, &context, scratch, scored.unwrap_or_default()))
        })
    }

    /// The same ranking with the help of somebody who knows nearly what the model's branches say of each candidate, in the
    /// order of [`score_each`](Self::score_each); without any scores nothing is known. `None` where one of the scores that
    /// were looked at is off by more than its tolerance: then nothing of it can be trusted.
    ///
    /// # Errors
    /// As [`recommend`](Self::recommend).
    pub fn recommend_near(&self, request: &Request, near: &NearScores<'_>) -> Result<Option<Ranking>, EngineError> {
        self.scratch.with(|scratch| {
            let context = self.context(request, scratch)?;
            let bounds = match near.scores.len() {
                0 => Bounds::Highest,
                n if n == 2 * scratch.candidates.len() && context.network.is_some() => Bounds::Near(near),
                _ => return Ok(None),
            };
            let scored = self.found(&context, scratch, &bounds);
            Ok(scored.map(|scored| self.ranking(request, &context, scratch, scored)))
        })
    }

    /// What somebody else would have to know for [`NearScores`]: `put` is given the query's shares of the first layers, the
    /// candidates' places, and their normalised pair features one after the other. `None` where no network scores.
    ///
    /// # Errors
    /// As [`recommend`](Self::recommend).
    pub(super) fn question<R>(
        &self,
        request: &Request,
        put: impl FnOnce(&Query, &[u32], &[f32]) -> R,
    ) -> Result<Option<R>, EngineError> {
        self.scratch.with(|scratch| {
            let context = self.context(request, scratch)?;
            let Some((model, query)) = &context.network else { return Ok(None) };
            // What a folded client leans to is no part of the network.
            if context.client.is_some_and(|client| client.len() > model.hybrid.user_dim()) {
                return Ok(None);
            }
            let Scratch { candidates, network: NetworkScratch { pairs, .. }, .. } = scratch;
            pairs.clear();
            let places = candidates.prices.iter().zip(&candidates.distances);
            places.for_each(|(price, km)| pairs.extend(model.pair_features(*price, *km)));
            Ok(Some(put(query, &candidates.places, pairs)))
        })
    }

    /// Scores every candidate for a job, in the order of their places; how they were found comes back.
    ///
    /// # Errors
    /// As [`recommend`](Self::recommend).
    pub fn score_each(&self, request: &Request, mut each: impl FnMut(CandidateScore)) -> Result<Meta, EngineError> {
        self.scratch.with(|scratch| {
            let context = self.context(request, scratch)?;
            if context.blend.mode == Mode::Neural {
                // Not scored by yet, but told.
                self.score_by_rules(&context, scratch);
            }
            let neural_scored = self.score_all_candidates(&context, scratch);
            let Scratch { candidates, scores, finals, .. } = scratch;
            for (at, score) in finals.iter().enumerate() {
                each(CandidateScore {
                    place: candidates.places[at],
                    row: candidates.rows[at],
                    score: *score,
                    rules: scores.rules.get(at).copied().unwrap_or(f32::NAN),
                    neural: if context.network.is_some() { scores.neural[at] } else { f32::NAN },
                    price: candidates.prices[at],
                    distance_km: candidates.distances[at],
                });
            }
            Ok(self.meta(request, &context, candidates, neural_scored))
        })
    }

    /// The scores of all cleaners for a job, what rules of the house add included. The limit of the request, its least score
    /// and its policies do not count.
    ///
    /// # Errors
    /// As [`recommend`](Self::recommend).
    pub fn score_all(&self, request: &Request) -> Result<Scored, EngineError> {
        let mut all = vec![f32::NAN; self.catalog.cleaners.len()];
        let meta = self.score_each(request, |candidate| all[candidate.place as usize] = percent(candidate.score))?;
        for (place, points) in self.boosts(request) {
            all[place as usize] += points;
        }
        let (mut rows, mut scores) = (Vec::with_capacity(all.len()), Vec::with_capacity(all.len()));
        for places in self.reach(request).map(|places| places.start as usize..places.end as usize) {
            rows.extend_from_slice(&self.catalog.rows[places.clone()]);
            scores.extend_from_slice(&all[places]);
        }
        Ok(Scored { rows, scores, meta })
    }

    /// Reads the request, finds the candidates, and scores them by rules where these are part of the score.
    pub(super) fn context<'a>(
        &'a self,
        request: &'a Request,
        scratch: &mut Scratch,
    ) -> Result<Context<'a>, EngineError> {
        let job = request.job.spec(&self.catalog.market)?;
        let (blend, level) = (self.blend(request)?, level_of(request.level)?);
        scratch.candidates.find(request, &job, &self.catalog, &self.columns, self.reach(request))?;
        let client = self.client(request)?;
        let network = match &self.model {
            Some(model) if blend.mode != Mode::Rules => Some((model, self.query(model, client, &job))),
            _ => None,
        };
        let (market_hourly, asked) = self.market_hourly(&job, request.asked, &scratch.candidates);
        let limit = request.limit.unwrap_or(DEFAULT_LIMIT) as usize;
        let policy = request.policy();
        policy.check()?;
        let candidate = |(place, points)| Some((scratch.candidates.at(place)?, points));
        let boosts = self.boosts(request).into_iter().filter_map(candidate).collect();
        // Who is pinned or buried takes no place of the best.
        let best = if limit == 0 { 0 } else { policy.pool(limit).saturating_add(policy.set_apart()) };
        let context = Context { job, best, limit, policy, boosts, level, blend, client, network, market_hourly, asked };
        scratch.scores.rules.clear();
        scratch.scores.pricing.clear();
        if context.blend.mode != Mode::Neural {
            self.score_by_rules(&context, scratch);
        }
        let n = scratch.candidates.len();
        let ScoreColumns { neural, collaborative, content, .. } = &mut scratch.scores;
        for column in [neural, collaborative, content] {
            column.clear();
            column.resize(n, 0.0);
        }
        if context.network.is_some() {
            scratch.network.client.turn_to(client, self.catalog.cleaners.len());
        }
        Ok(context)
    }

    /// The points that rules of the house give, by place in the catalog: their sum for each cleaner.
    fn boosts(&self, request: &Request) -> Vec<(u32, f32)> {
        let mut sums: Vec<(u32, f32)> = Vec::new();
        for rule in request.house.iter().filter(|rule| rule.action == HouseAction::Boost) {
            let Some((place, points)) = self.catalog.place(&rule.cleaner_id).zip(rule.points) else { continue };
            match sums.iter_mut().find(|(known, _)| *known == place) {
                Some((_, sum)) => *sum += points,
                None => sums.push((place, points)),
            }
        }
        sums
    }

    fn blend(&self, request: &Request) -> Result<Blend, EngineError> {
        let rule_weight = share("ruleWeight", request.rule_weight.unwrap_or(self.rule_weight))?;
        let price_weight = share("priceWeight", request.price_weight.unwrap_or(self.price_weight))?;
        let missing = self.model.is_none() && request.mode != Mode::Rules;
        let mode = if missing { Mode::Rules } else { request.mode };
        let (rule_weight, price_weight) = match mode {
            Mode::Rules => (1.0, 0.0),
            Mode::Neural => (0.0, 0.0),
            Mode::Ensemble => (rule_weight, price_weight),
        };
        Ok(Blend { mode, fallback: missing.then(|| self.no_model.clone()), rule_weight, price_weight })
    }

    /// The client's embedding row: that of the request, or the one kept here; `None` for a client whom nobody knows.
    fn client<'a>(&'a self, request: &'a Request) -> Result<Option<&'a [f32]>, EngineError> {
        let Some(vector) = &request.client_vector else {
            return Ok(request.job.client_id.as_ref().and_then(|id| self.clients.get(id)));
        };
        let dim = self.model.as_ref().map_or(vector.len(), |model| model.hybrid.user_dim());
        let fits = vector.len() == dim || vector.len() == dim + LEANINGS;
        if !fits || vector.iter().any(|x| !x.is_finite()) {
            let lengths = text!("it must be ", dim, " or ", dim + LEANINGS, " finite numbers");
            return Err(EngineError::request("clientVector", lengths));
        }
        Ok(Some(vector))
    }

    fn query(&self, model: &Neural, client: Option<&[f32]>, job: &JobSpec) -> Query {
        let client = client.and_then(|row| row.get(..model.hybrid.user_dim()));
        model.hybrid.query(client, job.property_type.map(usize::from), &self.query_features(model, job))
    }

    /// What an hour of such a job costs: by the bids of this kind so far, else by what these candidates ask, else by the
    /// bids of every kind.
    fn market_hourly(
        &self,
        job: &JobSpec,
        asked: Option<Asked>,
        candidates: &Candidates,
    ) -> (Option<f64>, Option<Asked>) {
        let market = &self.catalog.market_stats;
        let of_kind = market.hourly_price_of_kind(job.property_type);
        if of_kind.is_some() || job.duration_h.is_none() {
            return (of_kind.or_else(|| market.hourly.mean()), None);
        }
        let here = candidates.asked();
        let all = asked.unwrap_or(here);
        let hourly = all.mean().zip(job.duration_h).map(|(price, hours)| price / f64::from(hours));
        (hourly.or_else(|| market.hourly.mean()), Some(here))
    }

    fn score_by_rules(&self, context: &Context<'_>, scratch: &mut Scratch) {
        let ScoreColumns { rules, pricing, .. } = &mut scratch.scores;
        let Some(kind) = self.columns.of_kind(&self.catalog, context.job.property_type) else { return };
        for (place, price) in scratch.candidates.places.iter().zip(&scratch.candidates.prices) {
            let base = &kind.rules[*place as usize];
            let (rule, priced) = base.score(&context.job, known(*price), context.market_hourly);
            rules.push(rule);
            pricing.push(priced.unwrap_or(f32::NAN));
        }
    }

    /// Finds who can be shown, as the pool of the scratch memory: the best by score, and whom a policy needs besides. How many
    /// the model had to score for it comes back, or nothing where the bounds turn out to be wrong.
    fn found(&self, context: &Context<'_>, scratch: &mut Scratch, bounds: &Bounds<'_>) -> Option<u32> {
        scratch.pool.clear();
        let n = scratch.candidates.len();
        let few = n < CANDIDATES_PER_PLACE.saturating_mul(context.best);
        // That no score is above 1 says nothing where the model's is all that counts.
        let telling = context.blend.mode == Mode::Ensemble || matches!(bounds, Bounds::Near(_));
        let by_bounds = context.network.is_some() && telling && !few;
        let mut scored = if by_bounds { 0 } else { self.score_all_candidates(context, scratch) };
        let bounds = Some(bounds).filter(|_| by_bounds);
        scratch.among.clear();
        scratch.among.extend(0..n as u32);
        scored += self.select(context, scratch, bounds, context.best)?;
        let Context { policy, limit, .. } = context;
        if policy.is_none() || *limit == 0 {
            return Some(scored);
        }
        for rule in &policy.house {
            scratch.among.clear();
            let place = self.catalog.place(&rule.cleaner_id).filter(|_| rule.action != HouseAction::Boost);
            scratch.among.extend(place.and_then(|place| scratch.candidates.at(place)));
            scored += self.select(context, scratch, bounds, 1)?;
        }
        let new = policy.new_ones(*limit);
        if new > 0 {
            let Scratch { among, candidates, .. } = scratch;
            let reviews = |at: &u32| self.catalog.stats[candidates.places[*at as usize] as usize].overall.count;
            among.clear();
            among.extend((0..n as u32).filter(|at| policy.is_new(reviews(at))));
            scored += self.select(context, scratch, bounds, new.saturating_add(policy.set_apart()))?;
        }
        Some(scored.min(n as u32))
    }

    /// Puts the `k` best of some candidates into the pool. Without bounds their scores are known already.
    fn select(
        &self,
        context: &Context<'_>,
        scratch: &mut Scratch,
        known: Option<&Bounds<'_>>,
        k: usize,
    ) -> Option<u32> {
        let Scratch { candidates, selection, scores, network: memory, bounds, among, block: asked, pool, .. } = scratch;
        let rows: Vec<u32>;
        let rows = if among.len() == candidates.len() {
            &candidates.rows
        } else {
            rows = among.iter().map(|at| candidates.rows[*at as usize]).collect();
            &rows
        };
        bounds.clear();
        let mut right = true;
        let scored = if let Some((known, network)) = known.zip(context.network.as_ref()) {
            bounds.extend(among.iter().map(|at| {
                let at = *at as usize;
                let highest = known.highest(&network.0.hybrid, at);
                percent(context.score_with(scores, at, highest))
            }));
            context.boost(among, bounds);
            right = bounds.iter().all(|bound| !bound.is_nan());
            selection.bounded(bounds, rows, if right { k } else { 0 }, |block, out| {
                asked.clear();
                asked.extend(block.iter().map(|at| among[*at as usize]));
                self.score_block(network, candidates, asked, scores, memory);
                right &= asked.iter().all(|at| known.holds(scores, *at as usize));
                out.extend(asked.iter().map(|at| percent(context.score(scores, *at as usize))));
                context.boost(asked, out);
            })
        } else {
            bounds.extend(among.iter().map(|at| percent(context.score(scores, *at as usize))));
            context.boost(among, bounds);
            selection.of_all(bounds, rows, k);
            0
        };
        let first = pool.is_empty();
        for placed in selection.best() {
            let placed = Placed { at: among[placed.at as usize], ..*placed };
            if first || pool.iter().all(|other| other.at != placed.at) {
                pool.push(placed);
            }
        }
        right.then_some(scored)
    }

    fn score_all_candidates(&self, context: &Context<'_>, scratch: &mut Scratch) -> u32 {
        let Scratch { candidates, scores, network: memory, block, finals, .. } = scratch;
        let n = candidates.len();
        let mut scored = 0;
        if let Some(network) = &context.network {
            for start in (0..n as u32).step_by(BLOCK) {
                block.clear();
                block.extend(start..(start + BLOCK as u32).min(n as u32));
                self.score_block(network, candidates, block, scores, memory);
            }
            scored = n as u32;
        }
        finals.clear();
        finals.extend((0..n).map(|at| context.score(scores, at)));
        scored
    }

    /// Fills in the model's scores of some candidates.
    pub(super) fn score_block(
        &self,
        (model, query): &(&Neural, Query),
        candidates: &Candidates,
        block: &[u32],
        scores: &mut ScoreColumns,
        memory: &mut NetworkScratch,
    ) {
        let NetworkScratch { places, pairs, out, model: scratch, client } = memory;
        let place = |at: &u32| candidates.places[*at as usize];
        places.clear();
        places.extend(block.iter().map(place).filter(|place| client.scores[*place as usize].is_nan()));
        out.resize(places.len().max(block.len()), 0.0);
        model.hybrid.collaborative(self.kernel, query, &model.items, places, scratch, &mut out[..places.len()]);
        let ClientMemo { client, scores: memo } = client;
        let leanings = client.get(model.hybrid.user_dim()..).unwrap_or_default();
        for (place, score) in places.iter().zip(out.iter()) {
            memo[*place as usize] = *score + self.leaning(model, leanings, *place);
        }
        places.clear();
        pairs.clear();
        for at in block {
            pairs.extend(model.pair_features(candidates.prices[*at as usize], candidates.distances[*at as usize]));
            places.push(place(at));
        }
        model.hybrid.content(self.kernel, query, &model.items, places, pairs, scratch, &mut out[..block.len()]);
        for ((at, place), content) in block.iter().zip(places.iter()).zip(out.iter()) {
            let (at, collaborative) = (*at as usize, memo[*place as usize]);
            scores.collaborative[at] = collaborative;
            scores.content[at] = *content;
            scores.neural[at] = model.hybrid.blend(collaborative, *content);
        }
    }
}

impl Neural {
    /// The normalised features of a candidate and the job together.
    pub(super) fn pair_features(&self, price: f32, distance_km: f64) -> [f32; 2] {
        let mut pair = encode_pair(known(price), Some(distance_km));
        self.normaliser.apply_to(self.columns.pair.iter().copied(), &mut pair);
        pair
    }
}

impl Context<'_> {
    /// The final score of a candidate whose parts are in the columns.
    pub(super) fn score(&self, scores: &ScoreColumns, at: usize) -> f32 {
        self.score_with(scores, at, scores.neural[at])
    }

    /// The same with another score of the model. By the model alone there are no rule scores.
    fn score_with(&self, scores: &ScoreColumns, at: usize, neural: f32) -> f32 {
        let of = |column: &[f32]| column.get(at).copied().unwrap_or(f32::NAN);
        self.blend.score(of(&scores.rules), of(&scores.pricing), neural)
    }

    /// Adds the points of rules of the house to the scores of these candidates.
    fn boost(&self, of: &[u32], scores: &mut [f32]) {
        if !self.boosts.is_empty() {
            scores.iter_mut().zip(of).for_each(|(score, at)| *score += self.boost_of(*at));
        }
    }

    pub(super) fn boost_of(&self, at: u32) -> f32 {
        self.boosts.iter().find(|(candidate, _)| *candidate == at).map_or(0.0, |(_, points)| *points)
    }
}

impl ClientMemo {
    /// Keeps what is known of this client, and forgets any other's.
    fn turn_to(&mut self, client: Option<&[f32]>, places: usize) {
        let client = client.unwrap_or_default();
        if self.scores.len() == places && self.client == client {
            return;
        }
        self.client.clear();
        self.client.extend_from_slice(client);
        self.scores.clear();
        self.scores.resize(places, f32::NAN);
    }
}

/// A score as it is shown. Candidates are ordered by this: two scores that differ in their last bit may be shown as one, and
/// then go by row, as they do where the answers of several engines are merged.
pub(super) fn percent(score: f32) -> f32 {
    100.0 * score
}

/// A column's value, unless it is unknown.
pub(super) fn known(value: f32) -> Option<f32> {
    (!value.is_nan()).then_some(value)
}

/// A weight between 0 and 1.
pub(super) fn share(field: &'static str, weight: f32) -> Result<f32, EngineError> {
    if (0.0..=1.0).contains(&weight) {
        return Ok(weight);
    }
    Err(EngineError::request(field, "it must be a number from 0 to 1"))
}
