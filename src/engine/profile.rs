//! A cleaner as a request names one: somebody of the catalog by id, or a newcomer by what they say of themselves.

#[cfg(feature = "native")]
use serde::{Deserialize, Serialize};

use super::error::EngineError;
use super::request::{amount, known_types, position};
use crate::domain::{Cleaner, GeoPoint, Hours, Market, Offer, Timestamp};

/// Whom a question is about.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(untagged))]
pub enum CleanerRef {
    /// Somebody of the catalog.
    Known(String),
    /// Somebody who is not in it.
    New(CleanerProfile),
}

/// A cleaner who is not in the catalog: nothing has happened to them yet.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase", deny_unknown_fields))]
pub struct CleanerProfile {
    /// An id to be answered with.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub cleaner_id: Option<String>,
    /// Where they start from.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub location: Option<GeoPoint>,
    /// Hourly rate in the market's currency.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub hourly_rate: Option<f32>,
    /// Whether they work with eco-friendly products.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub eco: Option<bool>,
    /// Names of the property types that they take; empty = every one.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub property_types: Vec<String>,
    /// When they work, in the market's local time; unknown by default.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub hours: Option<Vec<WorkSpan>>,
}

/// A part of a day, every week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(deny_unknown_fields))]
pub struct WorkSpan {
    /// 0 = Monday to 6 = Sunday.
    pub weekday: u32,
    /// The full hour at which it begins, 0 to 23.
    pub from: u32,
    /// The full hour at which it ends, 1 to 24.
    pub to: u32,
}

impl CleanerProfile {
    fn working_hours(&self) -> Result<Option<Hours>, EngineError> {
        let Some(spans) = &self.hours else { return Ok(None) };
        let mut hours = Hours::default();
        for span in spans {
            if !hours.add(span.weekday.into(), span.from.into(), span.to.into()) {
                let reason = "`weekday` must be 0 (Monday) to 6, and `from` and `to` full hours, 0 <= from < to <= 24";
                return Err(EngineError::request("cleaner.hours", reason));
            }
        }
        Ok(Some(hours))
    }

    /// The cleaner in the words of the domain, after checking every field.
    ///
    /// # Errors
    /// [`EngineError::Request`] with the field that cannot be used.
    pub(super) fn cleaner(&self, market: &Market) -> Result<Cleaner, EngineError> {
        let location = position("cleaner.location", self.location)?;
        let kinds = known_types(market, "cleaner.propertyTypes", &self.property_types)?;
        let offer = |property_type| Offer { property_type, hourly_rate: None, since: Timestamp::MIN };
        Ok(Cleaner {
            id: self.cleaner_id.clone().unwrap_or_default(),
            name: String::new(),
            location,
            hourly_rate: amount("cleaner.hourlyRate", self.hourly_rate)?,
            eco: self.eco,
            joined_at: Timestamp::MIN,
            offers: kinds.into_iter().map(offer).collect(),
            hours: self.working_hours()?,
        })
    }
}
