//! Who can take a job: rows of the catalog with the price and the distance that go with this job.

use std::ops::Range;

use super::catalog::Catalog;
use super::columns::{Columns, KindColumns};
use super::error::EngineError;
use super::ranking::{Asked, Excluded};
use super::request::{CandidateSource, Request, amount};
use crate::artifact::text::{Quoted, text};
use crate::domain::{JobSpec, Place};

/// The candidates in the order of their places in the catalog, column by column, and why the others are none.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    /// Places in the catalog.
    pub(super) places: Vec<u32>,
    /// Their row numbers, which decide ties.
    pub(super) rows: Vec<u32>,
    /// What they ask for the job; NaN = unknown.
    pub(super) prices: Vec<f32>,
    /// Kilometres to the job; NaN = unknown.
    pub(super) distances: Vec<f64>,
    /// The places that were looked at, ascending.
    pub(super) reach: Vec<Range<u32>>,
    pub(super) considered: u32,
    pub(super) excluded: Excluded,
    pub(super) unknown_bids: Vec<String>,
    /// The bids by place in the catalog, each cleaner's first one.
    bids: Vec<(u32, Option<f32>)>,
}

/// What a scan compares every cleaner with.
struct Scan<'a> {
    job: &'a JobSpec,
    catalog: &'a Catalog,
    columns: &'a Columns,
    kind: &'a KindColumns,
    from: Option<Place>,
    limit: f64,
}

impl Candidates {
    /// Finds the candidates of a request among the places that can have any.
    ///
    /// # Errors
    /// [`EngineError::Request`] with the field that cannot be used.
    pub(super) fn find(
        &mut self,
        request: &Request,
        job: &JobSpec,
        catalog: &Catalog,
        columns: &Columns,
        reach: impl Iterator<Item = Range<u32>>,
    ) -> Result<(), EngineError> {
        self.clear();
        self.reach.extend(reach);
        let limit = request.filters.max_distance_km;
        if limit.is_some_and(|km| !(km.is_finite() && km >= 0.0)) {
            return Err(EngineError::request("filters.maxDistanceKm", "it must be a finite number from 0 up"));
        }
        self.read_bids(request, catalog)?;
        let Some(kind) = columns.of_kind(catalog, job.property_type) else { return Ok(()) };
        let from = job.location.map(Place::of);
        let scan = Scan { job, catalog, columns, kind, from, limit: limit.unwrap_or(f64::INFINITY) };
        let by_market =
            if catalog.market.candidates_are_bidders { CandidateSource::Bidders } else { CandidateSource::Catalog };
        let bids = std::mem::take(&mut self.bids);
        match request.candidates.unwrap_or(by_market) {
            CandidateSource::Bidders => bids.iter().for_each(|(at, bid)| self.consider(&scan, *at, Some(*bid))),
            CandidateSource::Catalog => {
                let mut waiting = bids.iter().peekable();
                for range in 0..self.reach.len() {
                    for at in self.reach[range].clone() {
                        let bid = waiting.next_if(|(bidder, _)| *bidder == at).map(|(_, bid)| *bid);
                        self.consider(&scan, at, bid);
                    }
                }
            }
        }
        self.bids = bids;
        Ok(())
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// What they ask together, in millionths: a sum that does not depend on the order.
    pub(super) fn asked(&self) -> Asked {
        let prices = self.prices.iter().filter(|price| !price.is_nan());
        prices.fold(Asked::default(), |asked, price| asked.plus(*price))
    }

    /// Whether a candidate's price is a bid.
    pub(super) fn is_bid(&self, at: usize) -> bool {
        let bid = self.bids.binary_search_by_key(&self.places[at], |(place, _)| *place);
        bid.is_ok_and(|bid| self.bids[bid].1.is_some())
    }

    fn clear(&mut self) {
        let Self { reach, places, rows, prices, distances, considered, excluded, unknown_bids, bids } = self;
        reach.clear();
        places.clear();
        rows.clear();
        prices.clear();
        distances.clear();
        unknown_bids.clear();
        bids.clear();
        (*considered, *excluded) = (0, Excluded::default());
    }

    fn consider(&mut self, scan: &Scan<'_>, place: u32, bid: Option<Option<f32>>) {
        let at = place as usize;
        self.considered += 1;
        // Who has bid has joined and offers the work, whatever the catalog says.
        if bid.is_none() && scan.kind.since[at] > scan.job.posted_at {
            let joined = scan.catalog.cleaners[at].joined_at <= scan.job.posted_at;
            *(if joined { &mut self.excluded.offer } else { &mut self.excluded.joined }) += 1;
            return;
        }
        let distance = match (&scan.from, &scan.columns.places[at]) {
            (Some(from), Some(place)) => from.distance_km(place),
            _ => f64::NAN,
        };
        if distance > scan.limit {
            self.excluded.distance += 1;
            return;
        }
        let usual = || scan.kind.rates[at] * scan.job.duration_h.unwrap_or(f32::NAN);
        self.places.push(place);
        self.rows.push(scan.catalog.rows[at]);
        self.prices.push(bid.flatten().unwrap_or_else(usual));
        self.distances.push(distance);
    }

    fn read_bids(&mut self, request: &Request, catalog: &Catalog) -> Result<(), EngineError> {
        for bid in &request.job.bids {
            let price = amount("job.bids.amount", bid.amount)?;
            let place = catalog.place(&bid.cleaner_id);
            match place.filter(|place| self.reach.iter().any(|range| range.contains(place))) {
                Some(place) => {
                    if let Err(at) = self.bids.binary_search_by_key(&place, |(place, _)| *place) {
                        self.bids.insert(at, (place, price));
                    }
                }
                None if catalog.is_part => self.unknown_bids.push(bid.cleaner_id.clone()),
                None => {
                    let unknown = text!("no cleaner of the catalog has the id ", Quoted(&bid.cleaner_id));
                    return Err(EngineError::request("job.bids.cleanerId", unknown));
                }
            }
        }
        Ok(())
    }
}
