//! The marketplace itself, its cleaners, and what a job asks for.

#[cfg(feature = "native")]
use serde::{Deserialize, Serialize};

use super::{GeoPoint, Hours, Timestamp};

/// What holds for a whole marketplace.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(deny_unknown_fields))]
pub struct Market {
    /// A short name, e.g. `athens`.
    pub name: String,
    /// The city centre, from which the position features are measured; `None` where the data have no positions.
    pub centre: Option<GeoPoint>,
    /// ISO 4217 code of every amount.
    pub currency: String,
    /// Local time minus UTC, in minutes, the whole year round.
    pub utc_offset_minutes: i32,
    /// The rating that counts as 0 after normalisation.
    pub rating_min: f32,
    /// The rating that counts as 1 after normalisation.
    pub rating_max: f32,
    /// Kinds of job (property types in the cleaning market); a job holds an index into this list.
    pub property_types: Vec<String>,
    /// Whether a job is ranked over the cleaners that bid on it (listings, tenders) rather than over the catalog.
    pub candidates_are_bidders: bool,
}

impl Market {
    /// A rating on the market's scale as a number in [0, 1]; outside the scale it is clamped.
    pub fn normalise_rating(&self, rating: f32) -> f32 {
        ((rating - self.rating_min) / (self.rating_max - self.rating_min)).clamp(0.0, 1.0)
    }

    /// The index of a property type by its name.
    pub fn property_type(&self, name: &str) -> Option<u16> {
        self.property_types.iter().position(|known| known == name).map(|at| at as u16)
    }
}

/// One kind of job that a cleaner offers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Offer {
    /// Index of the property type.
    pub property_type: u16,
    /// Hourly rate for it in the market's currency; `None` = the cleaner's general rate.
    pub hourly_rate: Option<f32>,
    /// From when on it is offered.
    pub since: Timestamp,
}

/// A cleaner as the catalog knows them: what does not change with every job. What does is in
/// [`CleanerStats`](super::CleanerStats).
#[derive(Debug, Clone, PartialEq)]
pub struct Cleaner {
    /// Id in the outside world.
    pub id: String,
    /// Name to show; empty if unknown.
    pub name: String,
    /// Where they start from.
    pub location: Option<GeoPoint>,
    /// General hourly rate in the market's currency.
    pub hourly_rate: Option<f32>,
    /// Whether they work with eco-friendly products; `None` if nobody asked.
    pub eco: Option<bool>,
    /// When they joined.
    pub joined_at: Timestamp,
    /// The kinds of job they offer; empty = every kind.
    pub offers: Vec<Offer>,
    /// When they work; `None` = nobody knows.
    pub hours: Option<Hours>,
}

impl Cleaner {
    /// Whether they take jobs of this kind at this time. A kind that nobody knows is refused to nobody.
    pub fn offers(&self, property_type: Option<u16>, at: Timestamp) -> bool {
        let Some(kind) = property_type else { return true };
        self.offers.is_empty() || self.offers.iter().any(|o| o.property_type == kind && o.since <= at)
    }

    /// From when on they have joined and take jobs of this kind; [`Timestamp::MAX`] = never.
    pub fn available_since(&self, property_type: Option<u16>) -> Timestamp {
        let offers = self.offers.iter().filter(|offer| Some(offer.property_type) == property_type);
        let offered = match property_type {
            Some(_) if !self.offers.is_empty() => offers.map(|offer| offer.since).min().unwrap_or(Timestamp::MAX),
            _ => Timestamp::MIN,
        };
        offered.max(self.joined_at)
    }

    /// Their hourly rate for this kind of job.
    pub fn rate_for(&self, property_type: Option<u16>) -> Option<f32> {
        let special = self.offers.iter().find(|o| Some(o.property_type) == property_type).and_then(|o| o.hourly_rate);
        special.or(self.hourly_rate)
    }

    /// What they would probably ask for a job of that length, where they have made no bid.
    pub fn expected_price(&self, job: &JobSpec) -> Option<f32> {
        Some(self.rate_for(job.property_type)? * job.duration_h?)
    }
}

/// What a job asks for, known at the moment it is posted. `None` means unknown, never zero.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JobSpec {
    /// Index of the property type.
    pub property_type: Option<u16>,
    /// Where the work is.
    pub location: Option<GeoPoint>,
    /// Floor area in square metres.
    pub size_m2: Option<f32>,
    /// Estimated duration in hours.
    pub duration_h: Option<f32>,
    /// Whether eco-friendly products are asked for.
    pub eco: bool,
    /// What the client means to spend, in the market's currency.
    pub budget: Option<f32>,
    /// When it was posted: history counts up to here and no further.
    pub posted_at: Timestamp,
    /// When the work is to be done.
    pub scheduled_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaner(offers: Vec<Offer>) -> Cleaner {
        Cleaner {
            id: "a".into(),
            name: String::new(),
            location: None,
            hourly_rate: Some(10.0),
            eco: None,
            joined_at: 0,
            offers,
            hours: None,
        }
    }

    #[test]
    fn offers_decide_what_a_cleaner_takes_and_charges() {
        let job = JobSpec { property_type: Some(1), duration_h: Some(3.0), ..JobSpec::default() };
        let all = cleaner(vec![]);
        assert!(all.offers(Some(1), 0));
        assert_eq!(all.expected_price(&job), Some(30.0));
        let one = cleaner(vec![Offer { property_type: 1, hourly_rate: Some(20.0), since: 100 }]);
        assert!(!one.offers(Some(1), 99) && one.offers(Some(1), 100) && !one.offers(Some(0), 100));
        assert!(one.offers(None, 0));
        assert_eq!(one.expected_price(&job), Some(60.0));
        assert_eq!(one.expected_price(&JobSpec::default()), None);
    }

    #[test]
    fn ratings_are_normalised_by_the_scale_of_the_market() {
        let market = Market {
            name: "m".into(),
            centre: None,
            currency: "EUR".into(),
            utc_offset_minutes: 0,
            rating_min: 1.0,
            rating_max: 5.0,
            property_types: vec!["flat".into()],
            candidates_are_bidders: false,
        };
        assert_eq!(market.normalise_rating(4.0), 0.75);
        assert_eq!(market.normalise_rating(9.0), 1.0);
        assert_eq!((market.property_type("flat"), market.property_type("yacht")), (Some(0), None));
    }
}
