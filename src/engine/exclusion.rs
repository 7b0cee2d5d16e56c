//! Why a cleaner is not in a ranking, or where they are.

#[cfg(feature = "native")]
use serde::{Deserialize, Serialize};

use super::candidates::{Candidates, FILTERS, Filter, Looked, Scan};
use super::error::EngineError;
use super::load::Engine;
use super::reason::{Reason, tenths, whole};
use super::request::Request;
use crate::domain::{JobSpec, rank_order};

/// Whether a cleaner can be in a ranking.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase"))]
pub struct Exclusion {
    /// Id.
    pub cleaner_id: String,
    /// Whether anything leaves them out.
    pub excluded: bool,
    /// Every filter that they fail.
    pub by: Vec<Reason>,
    /// Place among all candidates by score, from 1, before pins and policies; `None` where they are left out.
    pub rank: Option<u32>,
    /// The score, what rules of the house add included; `None` where they are left out by anything but it.
    pub score: Option<f32>,
}

impl Engine {
    /// Says by which filters a cleaner is left out of a ranking, and where they stand if by none.
    ///
    /// # Errors
    /// [`EngineError::UnknownCleaner`] for a cleaner who is not here, and as [`recommend`](Self::recommend).
    pub fn explain_exclusion(&self, request: &Request, cleaner_id: &str) -> Result<Exclusion, EngineError> {
        let (row, by) = self.failed_filters(request, cleaner_id)?;
        let mut exclusion =
            Exclusion { cleaner_id: cleaner_id.to_owned(), excluded: !by.is_empty(), by, rank: None, score: None };
        if exclusion.excluded {
            return Ok(exclusion);
        }
        let scored = self.score_all(request)?;
        let Some(at) = scored.rows.iter().position(|other| *other == row) else { return Ok(exclusion) };
        let own = (scored.scores[at], row);
        let ahead = |(score, row): &(&f32, &u32)| rank_order((**score, **row), own).is_lt();
        exclusion.score = Some(own.0);
        match request.filters.min_score.filter(|least| own.0 < *least) {
            Some(least) => {
                let (score, limit) = (tenths(f64::from(own.0)), tenths(f64::from(least)));
                exclusion.by.push(Reason::new("excluded_score").number("score", score).number("limit", limit));
                exclusion.excluded = true;
            }
            None => exclusion.rank = Some(1 + scored.scores.iter().zip(&scored.rows).filter(ahead).count() as u32),
        }
        Ok(exclusion)
    }

    /// A cleaner's row, and every filter that they fail, but for the one by score.
    ///
    /// # Errors
    /// As [`explain_exclusion`](Self::explain_exclusion).
    pub fn failed_filters(&self, request: &Request, cleaner_id: &str) -> Result<(u32, Vec<Reason>), EngineError> {
        let unknown = || EngineError::UnknownCleaner { field: "cleanerId", id: cleaner_id.to_owned() };
        let place = self.catalog.place(cleaner_id).ok_or_else(unknown)?;
        let job = request.job.spec(&self.catalog.market)?;
        self.scratch.with(|scratch| {
            let candidates = &mut scratch.candidates;
            candidates.find(request, &job, &self.catalog, &self.columns, self.reach(request))?;
            let bid = candidates.bid(place);
            let mut by = Vec::new();
            if Candidates::only_bidders(request, &self.catalog) && bid.is_none() {
                by.push(Reason::new("excluded_bid"));
            }
            if let Some(scan) = Scan::new(request, &job, &self.catalog, &self.columns)? {
                let looked = scan.look(place, bid, true);
                let failed = FILTERS.into_iter().filter(|filter| looked.fails & filter.bit() != 0);
                by.extend(failed.map(|filter| self.reason(filter, request, &job, place, &looked)));
            }
            Ok((self.catalog.rows[place as usize], by))
        })
    }

    fn reason(&self, filter: Filter, request: &Request, job: &JobSpec, place: u32, looked: &Looked) -> Reason {
        let (filters, market, at) = (&request.filters, &self.catalog.market, place as usize);
        if looked.unknown & filter.bit() != 0 {
            return Reason::new("excluded_unknown").text("filter", filter.name());
        }
        let hundredths = |value: f32| whole(100.0 * f64::from(value)) / 100.0;
        match filter {
            Filter::Joined => Reason::new("excluded_joined"),
            Filter::Offer => {
                let kind = job.property_type.and_then(|kind| market.property_types.get(usize::from(kind)));
                Reason::new("excluded_offer").text("type", kind.map_or("", String::as_str))
            }
            Filter::Distance => Reason::new("excluded_distance")
                .number("km", tenths(looked.distance))
                .number("limit", tenths(filters.max_distance_km.unwrap_or(0.0))),
            Filter::Price => Reason::new("excluded_price")
                .number("amount", hundredths(looked.price))
                .number("limit", hundredths(filters.max_price.unwrap_or(0.0)))
                .text("currency", &market.currency),
            Filter::Rating => Reason::new("excluded_rating")
                .number("rating", hundredths(self.columns.filters(&self.catalog).ratings[at]))
                .number("limit", hundredths(filters.min_rating.unwrap_or(0.0))),
            Filter::Eco => Reason::new("excluded_eco"),
            Filter::Available => Reason::new("excluded_available"),
            Filter::PropertyTypes => {
                let offers =
                    |name: &&String| self.catalog.cleaners[at].offers(market.property_type(name), job.posted_at);
                let missing = filters.property_types.iter().find(|name| !offers(name));
                Reason::new("excluded_property_types").text("type", missing.map_or("", String::as_str))
            }
            Filter::Hidden => Reason::new("excluded_hidden"),
            Filter::Seen => Reason::new("excluded_seen"),
        }
    }
}

impl Filter {
    fn name(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::Rating => "rating",
            Self::Eco => "eco",
            Self::Available => "available",
            // The others are never unknown.
            _ => "distance",
        }
    }
}
