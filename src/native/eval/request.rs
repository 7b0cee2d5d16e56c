//! Requests of recorded jobs: what the job's client would have asked the engine.

use crate::domain::{Cleaner, JobRecord, Market, Vocabulary};
use crate::engine::{BidRequest, CandidateSource, Filters, JobRequest, Mode, Request};

/// The names that requests are written with.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// The market.
    pub market: &'a Market,
    /// Its cleaners, by index.
    pub cleaners: &'a [Cleaner],
    /// Its clients.
    pub clients: &'a Vocabulary,
}

/// What to ask for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ask {
    /// How many; `None` = the engine's default.
    pub limit: Option<u32>,
    /// How to score.
    pub mode: Mode,
    /// Share of the rules in the ensemble; `None` = the model's.
    pub rule_weight: Option<f32>,
    /// Share of the price in the ensemble; `None` = the model's.
    pub price_weight: Option<f32>,
    /// How probable it is that a rating lies in its interval; `None` = the engine's default.
    pub level: Option<f32>,
    /// Whom to rank; `None` = the market's default.
    pub candidates: Option<CandidateSource>,
    /// Leave out whoever is further away, in kilometres.
    pub max_distance_km: Option<f64>,
}

impl Names<'_> {
    /// The request for a recorded job, with its bids.
    pub fn request(&self, job: &JobRecord, ask: &Ask) -> Request {
        Request {
            job: self.job(job),
            limit: ask.limit,
            mode: ask.mode,
            rule_weight: ask.rule_weight,
            price_weight: ask.price_weight,
            level: ask.level,
            candidates: ask.candidates,
            client_vector: None,
            filters: Filters { max_distance_km: ask.max_distance_km, ..Filters::default() },
            ..Request::default()
        }
    }

    /// The job part of a request.
    pub fn job(&self, job: &JobRecord) -> JobRequest {
        let spec = &job.spec;
        let kind = spec.property_type.and_then(|kind| self.market.property_types.get(usize::from(kind)));
        let bids = job.bids.iter().filter_map(|bid| {
            let cleaner = self.cleaners.get(bid.cleaner as usize)?;
            Some(BidRequest { cleaner_id: cleaner.id.clone(), amount: bid.amount })
        });
        JobRequest {
            client_id: job.client.and_then(|client| self.clients.id(client)).map(str::to_owned),
            property_type: kind.cloned(),
            location: spec.location,
            size_m2: spec.size_m2,
            duration_h: spec.duration_h,
            eco: spec.eco,
            budget: spec.budget,
            posted_at: spec.posted_at,
            scheduled_at: Some(spec.scheduled_at),
            bids: bids.collect(),
        }
    }
}
