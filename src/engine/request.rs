//! What is asked of the engine. The JSON names are those of the npm package; unknown fields are refused.

#[cfg(feature = "native")]
use serde::{Deserialize, Serialize};

use super::arrange::{Diversity, Explore, Exposure, HouseRule, Policy};
use super::error::EngineError;
use super::ranking::Asked;
use crate::artifact::text::{Quoted, text};
use crate::domain::{GeoPoint, JobSpec, Market};

/// Which scores make the ranking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "lowercase"))]
pub enum Mode {
    /// The rule score alone.
    Rules,
    /// The model's score alone.
    Neural,
    /// Both, by weight.
    #[default]
    Ensemble,
}

/// Who is ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "lowercase"))]
pub enum CandidateSource {
    /// Every cleaner of the catalog that can take the job.
    Catalog,
    /// Those who bid on it.
    Bidders,
}

/// A request: rank the cleaners for a job.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase", deny_unknown_fields))]
pub struct Request {
    /// The job.
    pub job: JobRequest,
    /// How many to return; 10 by default, 0 for none.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub limit: Option<u32>,
    /// Which scores make the ranking.
    #[cfg_attr(feature = "native", serde(default))]
    pub mode: Mode,
    /// Weight of the rule score in the ensemble, 0 to 1; by default the model's own.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub rule_weight: Option<f32>,
    /// Weight of the price in the ensemble, 0 to 1; by default the model's own. The score is
    /// `price_weight * pricing + (1 - price_weight) * (rule_weight * rules + (1 - rule_weight) * neural)`.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub price_weight: Option<f32>,
    /// How probable it is that the rating lies in an item's interval, 0.5 to 0.99; 0.9 by default.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub level: Option<f32>,
    /// Who is ranked; by default what the market says.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub candidates: Option<CandidateSource>,
    /// The client's embedding row, where the page keeps it itself.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub client_vector: Option<Vec<f32>>,
    /// Who is left out.
    #[cfg_attr(feature = "native", serde(default))]
    pub filters: Filters,
    /// Rules of the house.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub house: Vec<HouseRule>,
    /// Diversity of the list.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub diversity: Option<Diversity>,
    /// The least share of new cleaners in the list.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub exposure: Option<Exposure>,
    /// Places that are given away by chance.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub explore: Option<Explore>,
    /// What the candidates of all parts of a catalog ask, where each part is ranked on its own.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub asked: Option<Asked>,
    /// Whether the best are wanted as they are, to be put together with those of other parts before
    /// [`arrange`](super::arrange()).
    #[cfg_attr(feature = "native", serde(skip))]
    pub unarranged: bool,
}

impl Request {
    /// What is wanted of the order beyond the scores.
    pub fn policy(&self) -> Policy {
        let Self { house, diversity, exposure, explore, .. } = self;
        Policy { house: house.clone(), diversity: *diversity, exposure: *exposure, explore: *explore }
    }
}

/// Who is left out of a ranking: who is known to break a limit, and with `strict` also who may.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase", deny_unknown_fields))]
pub struct Filters {
    /// Cleaners farther away than this many kilometres.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub max_distance_km: Option<f64>,
    /// Who asks more.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub max_price: Option<f32>,
    /// Whose mean rating, on the market's scale and to four decimals, is lower.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub min_rating: Option<f32>,
    /// `true`: who does not work with eco-friendly products.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "is_false"))]
    pub eco: bool,
    /// `true`: who does not work at the hours of the job. Who has bid on it does.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "is_false"))]
    pub available: bool,
    /// Who does not offer all of these kinds of job.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub property_types: Vec<String>,
    /// Whose score is lower, what rules of the house add included.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub min_score: Option<f32>,
    /// These ids.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub hide: Vec<String>,
    /// These ids, which the client has seen.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub seen: Vec<String>,
    /// Whether to leave out those too of whom it is not known.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "is_false"))]
    pub strict: bool,
}

#[cfg(feature = "native")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// A job as a page knows it.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase", deny_unknown_fields))]
pub struct JobRequest {
    /// Id of the client.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub client_id: Option<String>,
    /// Name of the property type.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub property_type: Option<String>,
    /// Where the work is.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub location: Option<GeoPoint>,
    /// Floor area in square metres.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub size_m2: Option<f32>,
    /// Estimated duration in hours.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub duration_h: Option<f32>,
    /// Whether eco-friendly products are asked for.
    #[cfg_attr(feature = "native", serde(default))]
    pub eco: bool,
    /// What the client means to spend.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub budget: Option<f32>,
    /// When it was posted, in seconds since 1970 UTC.
    pub posted_at: i64,
    /// When the work is to be done; by default when it was posted.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub scheduled_at: Option<i64>,
    /// The bids so far.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub bids: Vec<BidRequest>,
}

/// A bid on the job.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase", deny_unknown_fields))]
pub struct BidRequest {
    /// Id of the cleaner.
    pub cleaner_id: String,
    /// The price offered; unknown where somebody is only on offer.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub amount: Option<f32>,
}

impl JobRequest {
    /// The job in the words of the domain, after checking every field.
    pub(super) fn spec(&self, market: &Market) -> Result<JobSpec, EngineError> {
        let named = self.property_type.as_ref();
        let property_type = named.map(|name| known_type(market, "job.propertyType", name)).transpose()?;
        Ok(JobSpec {
            property_type,
            location: position("job.location", self.location)?,
            size_m2: amount("job.sizeM2", self.size_m2)?,
            duration_h: amount("job.durationH", self.duration_h)?,
            eco: self.eco,
            budget: amount("job.budget", self.budget)?,
            posted_at: moment("job.postedAt", self.posted_at)?,
            scheduled_at: moment("job.scheduledAt", self.scheduled_at.unwrap_or(self.posted_at))?,
        })
    }
}

/// The index of a property type by its name.
pub(super) fn known_type(market: &Market, field: &'static str, name: &str) -> Result<u16, EngineError> {
    market.property_type(name).ok_or_else(|| {
        let known = market.property_types.join(", ");
        EngineError::request(field, text!(Quoted(name), " is not known; known are: ", &known))
    })
}

/// The indices of several.
pub(super) fn known_types(market: &Market, field: &'static str, names: &[String]) -> Result<Vec<u16>, EngineError> {
    let mut kinds = Vec::with_capacity(names.len());
    for name in names {
        kinds.push(known_type(market, field, name)?);
    }
    Ok(kinds)
}

/// A position that must be on the globe where it is given.
pub(super) fn position(field: &'static str, location: Option<GeoPoint>) -> Result<Option<GeoPoint>, EngineError> {
    if location.is_some_and(|location| !location.is_valid()) {
        return Err(EngineError::request(field, "latitude must be in -90..90 and longitude in -180..180"));
    }
    Ok(location)
}

/// A number that must be finite and not negative where it is given.
pub(super) fn amount<N: Copy + Into<f64>>(field: &'static str, value: Option<N>) -> Result<Option<N>, EngineError> {
    match value.map(Into::into) {
        Some(number) if !(number.is_finite() && number >= 0.0) => {
            Err(EngineError::request(field, "it must be a finite number from 0 up"))
        }
        _ => Ok(value),
    }
}

/// A number that must be finite where it is given.
pub(super) fn finite(field: &'static str, value: Option<f32>) -> Result<(), EngineError> {
    match value {
        Some(value) if !value.is_finite() => Err(EngineError::request(field, "it must be a finite number")),
        _ => Ok(()),
    }
}

/// A time between the years 0 and 9999.
pub(super) fn moment(field: &'static str, at: i64) -> Result<i64, EngineError> {
    if (-62_167_219_200..=253_402_300_799).contains(&at) {
        return Ok(at);
    }
    Err(EngineError::request(field, text!(at, " is no time between the years 0 and 9999, in seconds since 1970")))
}
