//! Who can take a job: rows of the catalog with the price and the distance that go with this job.

use super::catalog::Catalog;
use super::error::EngineError;
use super::ranking::Excluded;
use super::request::{CandidateSource, Request, amount};
use crate::domain::JobSpec;

/// One cleaner who can take the job.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    pub(super) row: u32,
    pub(super) price: Option<f32>,
    pub(super) bid: bool,
    pub(super) distance_km: Option<f64>,
}

/// The candidates in the order of their rows, and why the others are none.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Candidates {
    pub(super) list: Vec<Candidate>,
    pub(super) considered: u32,
    pub(super) excluded: Excluded,
}

impl Candidates {
    pub(super) fn of(request: &Request, job: &JobSpec, catalog: &Catalog) -> Result<Self, EngineError> {
        let limit = request.filters.max_distance_km;
        if limit.is_some_and(|km| !(km.is_finite() && km >= 0.0)) {
            return Err(EngineError::request("filters.maxDistanceKm", "it must be a finite number from 0 up"));
        }
        let bids = bids(request, catalog)?;
        let by_market =
            if catalog.market.candidates_are_bidders { CandidateSource::Bidders } else { CandidateSource::Catalog };
        let mut found = Self::default();
        match request.candidates.unwrap_or(by_market) {
            CandidateSource::Bidders => {
                bids.iter().for_each(|(row, bid)| found.consider(*row, Some(*bid), job, catalog, limit));
            }
            CandidateSource::Catalog => {
                let mut bids = bids.iter().peekable();
                for row in 0..catalog.cleaners.len() as u32 {
                    let bid = bids.next_if(|(bidder, _)| *bidder == row).map(|(_, bid)| *bid);
                    found.consider(row, bid, job, catalog, limit);
                }
            }
        }
        Ok(found)
    }

    fn consider(&mut self, row: u32, bid: Option<Option<f32>>, job: &JobSpec, catalog: &Catalog, limit: Option<f64>) {
        let cleaner = &catalog.cleaners[row as usize];
        self.considered += 1;
        // Who has bid has joined and offers the work, whatever the catalog says.
        if bid.is_none() && cleaner.joined_at > job.posted_at {
            self.excluded.joined += 1;
            return;
        }
        if bid.is_none() && !cleaner.offers(job.property_type, job.posted_at) {
            self.excluded.offer += 1;
            return;
        }
        let distance_km = job.location.zip(cleaner.location).map(|(a, b)| a.distance_km(&b));
        if limit.zip(distance_km).is_some_and(|(limit, distance)| distance > limit) {
            self.excluded.distance += 1;
            return;
        }
        let asked = bid.flatten();
        let price = asked.or_else(|| cleaner.expected_price(job));
        self.list.push(Candidate { row, price, bid: asked.is_some(), distance_km });
    }
}

/// The bids by row, each cleaner's first one.
fn bids(request: &Request, catalog: &Catalog) -> Result<Vec<(u32, Option<f32>)>, EngineError> {
    let mut bids: Vec<(u32, Option<f32>)> = Vec::with_capacity(request.job.bids.len());
    for bid in &request.job.bids {
        let unknown = || format!("no cleaner of the catalog has the id {:?}", bid.cleaner_id);
        let row = catalog.row(&bid.cleaner_id).ok_or_else(|| EngineError::request("job.bids.cleanerId", unknown()))?;
        let price = amount("job.bids.amount", bid.amount)?;
        if let Err(place) = bids.binary_search_by_key(&row, |(row, _)| *row) {
            bids.insert(place, (row, price));
        }
    }
    Ok(bids)
}
