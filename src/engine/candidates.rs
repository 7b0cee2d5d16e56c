//! Who can take a job: rows of the catalog with the price and the distance that go with this job.

use std::ops::Range;

use super::catalog::Catalog;
use super::columns::{Columns, FilterColumns, KindColumns};
use super::error::EngineError;
use super::ranking::{Asked, Excluded};
use super::request::{CandidateSource, Filters, Request, amount, finite, known_types};
use crate::artifact::text::{Quoted, text};
use crate::domain::{Hours, JobSpec, Place};

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

/// What can leave a cleaner out, in the order in which it is looked at: who fails several is counted under the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    Joined,
    Offer,
    Distance,
    Price,
    Rating,
    Eco,
    Available,
    PropertyTypes,
    Hidden,
    Seen,
}

/// All of them.
pub(super) const FILTERS: [Filter; 10] = [
    Filter::Joined,
    Filter::Offer,
    Filter::Distance,
    Filter::Price,
    Filter::Rating,
    Filter::Eco,
    Filter::Available,
    Filter::PropertyTypes,
    Filter::Hidden,
    Filter::Seen,
];

impl Filter {
    /// Its bit in what somebody fails.
    pub(super) fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// What a scan compares every cleaner with.
pub(super) struct Scan<'a> {
    job: &'a JobSpec,
    catalog: &'a Catalog,
    columns: &'a Columns,
    kind: &'a KindColumns,
    from: Option<Place>,
    limit: f64,
    strict: bool,
    /// The filters beyond the distance, where there are any.
    more: Option<Box<More<'a>>>,
}

/// The filters that most requests do not have.
struct More<'a> {
    filters: &'a Filters,
    columns: &'a FilterColumns,
    needed: Option<Hours>,
    kinds: Vec<u16>,
    hidden: Vec<u32>,
    seen: Vec<u32>,
}

/// One cleaner, looked at.
pub(super) struct Looked {
    /// The bits of the filters that they fail.
    pub(super) fails: u32,
    /// Those of them of which it is only not known.
    pub(super) unknown: u32,
    pub(super) price: f32,
    pub(super) distance: f64,
}

impl<'a> Scan<'a> {
    /// `None` for a kind of job that the market does not have.
    ///
    /// # Errors
    /// [`EngineError::Request`] with the field that cannot be used.
    pub(super) fn new(
        request: &'a Request,
        job: &'a JobSpec,
        catalog: &'a Catalog,
        columns: &'a Columns,
    ) -> Result<Option<Self>, EngineError> {
        let filters = &request.filters;
        let limit = amount("filters.maxDistanceKm", filters.max_distance_km)?;
        amount("filters.maxPrice", filters.max_price)?;
        finite("filters.minRating", filters.min_rating)?;
        finite("filters.minScore", filters.min_score)?;
        let only_near = Filters { max_distance_km: limit, min_score: filters.min_score, ..Filters::default() };
        let more =
            if *filters == only_near { None } else { Some(Box::new(More::new(filters, job, catalog, columns)?)) };
        let Some(kind) = columns.of_kind(catalog, job.property_type) else { return Ok(None) };
        let from = job.location.map(Place::of);
        let (limit, strict) = (limit.unwrap_or(f64::INFINITY), filters.strict && limit.is_some());
        Ok(Some(Self { job, catalog, columns, kind, from, limit, strict, more }))
    }

    /// Looks at a cleaner: at every filter, or no further than the job's own conditions where `all` is false and they fail.
    pub(super) fn look(&self, place: u32, bid: Option<Option<f32>>, all: bool) -> Looked {
        let at = place as usize;
        let mut looked = Looked { fails: 0, unknown: 0, price: f32::NAN, distance: f64::NAN };
        // Who has bid has joined and offers the work, whatever the catalog says.
        if bid.is_none() && self.kind.since[at] > self.job.posted_at {
            let joined = self.catalog.cleaners[at].joined_at <= self.job.posted_at;
            looked.fails = if joined { Filter::Offer } else { Filter::Joined }.bit();
            if !all {
                return looked;
            }
        }
        if let (Some(from), Some(place)) = (&self.from, &self.columns.places[at]) {
            looked.distance = from.distance_km(place);
        }
        if looked.distance > self.limit || self.strict && looked.distance.is_nan() {
            looked.fail(Filter::Distance, looked.distance.is_nan());
        }
        let usual = || self.kind.rates[at] * self.job.duration_h.unwrap_or(f32::NAN);
        looked.price = bid.flatten().unwrap_or_else(usual);
        if let Some(more) = &self.more {
            more.look(self, place, bid.is_some(), &mut looked);
        }
        looked
    }
}

impl<'a> More<'a> {
    fn new(
        filters: &'a Filters,
        job: &JobSpec,
        catalog: &'a Catalog,
        columns: &'a Columns,
    ) -> Result<Self, EngineError> {
        let kinds = known_types(&catalog.market, "filters.propertyTypes", &filters.property_types)?;
        let places = |ids: &[String]| {
            let mut places: Vec<u32> = Vec::with_capacity(ids.len());
            for place in ids.iter().filter_map(|id| catalog.place(id)) {
                if let Err(at) = places.binary_search(&place) {
                    places.insert(at, place);
                }
            }
            places
        };
        let offset = catalog.market.utc_offset_minutes;
        Ok(Self {
            columns: columns.filters(catalog),
            needed: filters.available.then(|| Hours::needed(job.scheduled_at, job.duration_h, offset)),
            kinds,
            hidden: places(&filters.hide),
            seen: places(&filters.seen),
            filters,
        })
    }

    fn look(&self, scan: &Scan<'_>, place: u32, bids: bool, looked: &mut Looked) {
        let (at, filters, columns, price) = (place as usize, self.filters, self.columns, looked.price);
        let mut check = |filter, breaks: Option<bool>| {
            if breaks.unwrap_or(filters.strict) {
                looked.fail(filter, breaks.is_none());
            }
        };
        let known = |value: f32| (!value.is_nan()).then_some(value);
        if let Some(most) = filters.max_price {
            check(Filter::Price, known(price).map(|price| price > most));
        }
        if let Some(least) = filters.min_rating {
            check(Filter::Rating, known(columns.ratings[at]).map(|rating| rating < least));
        }
        if filters.eco {
            check(Filter::Eco, columns.eco[at].map(|eco| !eco));
        }
        if let Some(needed) = self.needed.filter(|_| !bids) {
            check(Filter::Available, columns.hours[at].map(|hours| !hours.hold(&needed)));
        }
        if !self.kinds.is_empty() {
            let offers = |kind: &u16| scan.catalog.cleaners[at].offers(Some(*kind), scan.job.posted_at);
            check(Filter::PropertyTypes, Some(!self.kinds.iter().all(offers)));
        }
        check(Filter::Hidden, Some(self.hidden.binary_search(&place).is_ok()));
        check(Filter::Seen, Some(self.seen.binary_search(&place).is_ok()));
    }
}

impl Looked {
    fn fail(&mut self, filter: Filter, unknown: bool) {
        self.fails |= filter.bit();
        if unknown {
            self.unknown |= filter.bit();
        }
    }
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
        let scan = Scan::new(request, job, catalog, columns)?;
        self.read_bids(request, catalog)?;
        let Some(scan) = scan else { return Ok(()) };
        let bids = std::mem::take(&mut self.bids);
        if Self::only_bidders(request, catalog) {
            bids.iter().for_each(|(at, bid)| self.consider(&scan, *at, Some(*bid)));
        } else {
            let mut waiting = bids.iter().peekable();
            for range in 0..self.reach.len() {
                for at in self.reach[range].clone() {
                    let bid = waiting.next_if(|(bidder, _)| *bidder == at).map(|(_, bid)| *bid);
                    self.consider(&scan, at, bid);
                }
            }
        }
        self.bids = bids;
        Ok(())
    }

    /// Whether those who bid are ranked, and nobody else.
    pub(super) fn only_bidders(request: &Request, catalog: &Catalog) -> bool {
        request.candidates.map_or(catalog.market.candidates_are_bidders, |who| who == CandidateSource::Bidders)
    }

    /// The candidate at a place of the catalog.
    pub(super) fn at(&self, place: u32) -> Option<u32> {
        // Places are looked at in ascending order.
        self.places.binary_search(&place).ok().map(|at| at as u32)
    }

    /// The bid of the cleaner at a place of the catalog, whether they are a candidate or not.
    pub(super) fn bid(&self, place: u32) -> Option<Option<f32>> {
        let bid = self.bids.binary_search_by_key(&place, |(place, _)| *place);
        bid.ok().map(|bid| self.bids[bid].1)
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
        self.bid(self.places[at]).flatten().is_some()
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
        self.considered += 1;
        let looked = scan.look(place, bid, false);
        if looked.fails != 0 {
            *self.excluded.of(FILTERS[looked.fails.trailing_zeros() as usize]) += 1;
            return;
        }
        self.places.push(place);
        self.rows.push(scan.catalog.rows[place as usize]);
        self.prices.push(looked.price);
        self.distances.push(looked.distance);
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

impl Excluded {
    fn of(&mut self, filter: Filter) -> &mut u32 {
        match filter {
            Filter::Joined => &mut self.joined,
            Filter::Offer => &mut self.offer,
            Filter::Distance => &mut self.distance,
            Filter::Price => &mut self.price,
            Filter::Rating => &mut self.rating,
            Filter::Eco => &mut self.eco,
            Filter::Available => &mut self.available,
            Filter::PropertyTypes => &mut self.property_types,
            Filter::Hidden => &mut self.hidden,
            Filter::Seen => &mut self.seen,
        }
    }
}
