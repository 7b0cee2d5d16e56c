//! From a request to a ranking.

use super::candidates::{Candidate, Candidates};
use super::error::EngineError;
use super::explain::{breakdown, parts, reasons};
use super::load::{Engine, Neural};
use super::ranking::{Item, Meta, Notice, Ranking};
use super::request::{Mode, Request};
use crate::domain::{JobSpec, Tally, top_k};
use crate::features::{encode_pair, encode_query};
use crate::model::Scores;
use crate::rules::{Match, RuleScore, Subject};

/// How many are returned where a request does not say.
const DEFAULT_LIMIT: u32 = 10;

/// How the scores are put together.
struct Blend {
    mode: Mode,
    fallback: Option<Notice>,
    rule_weight: f32,
    price_weight: f32,
}

impl Engine {
    /// Ranks the cleaners for a job. Order: higher score first, equal scores by catalog row (see
    /// [`top_k`](crate::domain::top_k)). No candidate is a legal answer, and so is a client or job that nobody knows.
    ///
    /// # Errors
    /// [`EngineError::Request`] with the field that cannot be used.
    pub fn recommend(&self, request: &Request) -> Result<Ranking, EngineError> {
        let job = request.job.spec(&self.catalog.market)?;
        let blend = self.blend(request)?;
        let candidates = Candidates::of(request, &job, &self.catalog)?;
        let client = self.client(request)?;
        let neural = match &self.model {
            Some(model) if blend.mode != Mode::Rules => Some(self.neural_scores(model, client, &job, &candidates.list)),
            _ => None,
        };
        let market_hourly = self.market_hourly(&job, &candidates.list);
        let scores = self.final_scores(&blend, &job, &candidates.list, market_hourly, neural.as_ref());
        let limit = request.limit.unwrap_or(DEFAULT_LIMIT) as usize;
        let item = |(place, at): (usize, u32)| {
            let candidate = &candidates.list[at as usize];
            let mut item = self.item(candidate, &job, market_hourly);
            item.rank = place as u32 + 1;
            item.score = 100.0 * scores[at as usize];
            if let Some(neural) = &neural {
                item.neural_score = Some(100.0 * neural.blend[at as usize]);
                item.collaborative_score = Some(100.0 * neural.collaborative[at as usize]);
                item.content_score = Some(100.0 * neural.content[at as usize]);
            }
            item
        };
        let items = top_k(&scores, limit).into_iter().enumerate().map(item).collect();
        let meta = Meta {
            mode: blend.mode,
            requested_mode: request.mode,
            fallback: blend.fallback,
            rule_weight: blend.rule_weight,
            price_weight: blend.price_weight,
            client_known: client.is_some(),
            backend: "cpu".into(),
            kernel: self.kernel.name().into(),
            model: self.identity.clone(),
            candidates: candidates.considered,
            scored: candidates.list.len() as u32,
            excluded: candidates.excluded,
        };
        Ok(Ranking { items, meta })
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
        if vector.len() != dim || vector.iter().any(|x| !x.is_finite()) {
            return Err(EngineError::request("clientVector", format!("it must be {dim} finite numbers")));
        }
        Ok(Some(vector))
    }

    fn subject<'a>(&'a self, candidate: &Candidate, job: &'a JobSpec, market_hourly: Option<f64>) -> Subject<'a> {
        let at = candidate.row as usize;
        Subject {
            market: &self.catalog.market_stats,
            stats: &self.catalog.stats[at],
            rates: &self.catalog.rates[at],
            job,
            price: candidate.price,
            market_hourly,
        }
    }

    fn neural_scores(&self, model: &Neural, client: Option<&[f32]>, job: &JobSpec, list: &[Candidate]) -> Scores {
        let Neural { hybrid, normaliser, items, columns } = model;
        let mut features = encode_query(&self.catalog.market, job);
        normaliser.apply_to(columns.query.iter().copied(), &mut features);
        let query = hybrid.query(client, job.property_type.map(usize::from), &features);
        let rows: Vec<u32> = list.iter().map(|candidate| candidate.row).collect();
        let mut pairs = Vec::with_capacity(rows.len() * columns.pair.len());
        for candidate in list {
            let mut pair = encode_pair(candidate.price, candidate.distance_km);
            normaliser.apply_to(columns.pair.iter().copied(), &mut pair);
            pairs.extend(pair);
        }
        hybrid.score(self.kernel, &query, items, &rows, &pairs)
    }

    fn final_scores(
        &self,
        blend: &Blend,
        job: &JobSpec,
        list: &[Candidate],
        market_hourly: Option<f64>,
        neural: Option<&Scores>,
    ) -> Vec<f32> {
        let score = |(at, candidate): (usize, &Candidate)| {
            let neural = neural.map_or(0.0, |scores| scores.blend[at]);
            if blend.mode == Mode::Neural {
                return neural;
            }
            let subject = self.subject(candidate, job, market_hourly);
            let rule = RuleScore::of(&subject);
            let both = blend.rule_weight * rule.score + (1.0 - blend.rule_weight) * neural;
            // A price that nobody knows neither helps nor harms.
            let priced = Match::of(&subject, &rule, None).pricing.filter(|_| blend.price_weight > 0.0);
            priced.map_or(both, |pricing| blend.price_weight * pricing + (1.0 - blend.price_weight) * both)
        };
        list.iter().enumerate().map(score).collect()
    }

    /// What an hour of such a job costs: by the bids of this kind so far, else by what these candidates ask, else by the
    /// bids of every kind.
    fn market_hourly(&self, job: &JobSpec, list: &[Candidate]) -> Option<f64> {
        let market = &self.catalog.market_stats;
        let asked = || {
            let mut prices = Tally::default();
            list.iter().filter_map(|candidate| candidate.price).for_each(|price| prices.add(f64::from(price)));
            prices.mean().zip(job.duration_h).map(|(price, hours)| price / f64::from(hours))
        };
        market.hourly_price_of_kind(job.property_type).or_else(asked).or_else(|| market.hourly.mean())
    }

    fn item(&self, candidate: &Candidate, job: &JobSpec, market_hourly: Option<f64>) -> Item {
        let cleaner = &self.catalog.cleaners[candidate.row as usize];
        let subject = self.subject(candidate, job, market_hourly);
        let rule = RuleScore::of(&subject);
        let fit = Match::of(&subject, &rule, candidate.distance_km);
        Item {
            cleaner_id: cleaner.id.clone(),
            name: cleaner.name.clone(),
            rank: 0,
            score: 0.0,
            rule_score: 100.0 * rule.score,
            neural_score: None,
            collaborative_score: None,
            content_score: None,
            price: candidate.price,
            bid: candidate.bid,
            distance_km: candidate.distance_km,
            location: cleaner.location,
            contributions: parts(&rule),
            breakdown: breakdown(&fit),
            reasons: reasons(&subject, &fit, candidate, cleaner, &self.catalog.market),
        }
    }
}

/// A weight between 0 and 1.
fn share(field: &'static str, weight: f32) -> Result<f32, EngineError> {
    if (0.0..=1.0).contains(&weight) {
        return Ok(weight);
    }
    Err(EngineError::request(field, "it must be a number from 0 to 1"))
}
