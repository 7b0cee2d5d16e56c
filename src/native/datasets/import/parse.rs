//! What a column of the data set means, and the text of a CSV field as such a value.

use arrow_schema::DataType;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::Offset;

use super::problem::ProblemKind;
use crate::domain::Timestamp;

/// A value of a table.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Missing,
    /// Something that has been reported: no later check may take it for missing.
    Bad,
    Text(String),
    Number(f64),
    Whole(i64),
    Flag(bool),
}

/// What a column means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Meaning {
    Text,
    Status,
    Flag,
    Time,
    Count,
    /// A whole number up to this one.
    Whole(u8),
    /// A number from the first to the second bound.
    Number(f64, f64),
    /// A degree, up to so many either way.
    Degrees(f64),
    Rating,
}

impl Meaning {
    /// By the name and type of the column: names mean the same in every table.
    pub(super) fn of(table: &str, column: &str, data_type: &DataType) -> Self {
        match (data_type, column) {
            (DataType::Boolean, _) => Self::Flag,
            (DataType::Int64, "ratings" | "completed") => Self::Count,
            (DataType::Int64, "weekday") => Self::Whole(6),
            (DataType::Int64, "from_hour" | "to_hour") => Self::Whole(24),
            (DataType::Int64, _) => Self::Time,
            (DataType::Float64, "latitude") => Self::Degrees(90.0),
            (DataType::Float64, "longitude") => Self::Degrees(180.0),
            (DataType::Float64, "rating") => Self::Rating,
            (DataType::Float64, _) if table == "reviews" => Self::Rating,
            (DataType::Float64, _) => Self::Number(0.0, f64::MAX),
            (_, "status") if table == "jobs" => Self::Status,
            _ => Self::Text,
        }
    }
}

/// How moments and numbers are to be read.
pub(super) struct Reading<'a> {
    pub(super) scale: f64,
    pub(super) offset: f64,
    pub(super) time: &'a str,
    pub(super) utc_offset_minutes: i32,
    pub(super) ratings: (f64, f64),
}

/// Reads one text that is not missing.
pub(super) fn parse(text: &str, meaning: Meaning, reading: &Reading<'_>) -> Result<Value, ProblemKind> {
    match meaning {
        Meaning::Text => Ok(Value::Text(text.to_owned())),
        Meaning::Status if super::super::index::STATUSES.contains(&text) => Ok(Value::Text(text.to_owned())),
        Meaning::Status => Err(ProblemKind::UnknownValue),
        Meaning::Flag => flag(text),
        Meaning::Time => moment(text, reading).map(Value::Whole).ok_or(ProblemKind::BadDate),
        Meaning::Count => whole(text, reading, 1e9),
        Meaning::Whole(most) => whole(text, reading, f64::from(most)),
        Meaning::Number(low, high) => number(text, reading, (low, high), ProblemKind::OutOfRange).map(Value::Number),
        Meaning::Degrees(most) => number(text, reading, (-most, most), ProblemKind::BadPosition).map(Value::Number),
        Meaning::Rating => number(text, reading, reading.ratings, ProblemKind::OutOfRange).map(Value::Number),
    }
}

fn whole(text: &str, reading: &Reading<'_>, most: f64) -> Result<Value, ProblemKind> {
    let number = number(text, reading, (0.0, most), ProblemKind::OutOfRange)?;
    if number.fract() == 0.0 { Ok(Value::Whole(number as i64)) } else { Err(ProblemKind::BadNumber) }
}

fn number(text: &str, reading: &Reading<'_>, bounds: (f64, f64), outside: ProblemKind) -> Result<f64, ProblemKind> {
    let number = text.trim().parse::<f64>().map_err(|_| ProblemKind::BadNumber)? * reading.scale + reading.offset;
    if !number.is_finite() {
        return Err(ProblemKind::BadNumber);
    }
    if (bounds.0..=bounds.1).contains(&number) { Ok(number) } else { Err(outside) }
}

fn flag(text: &str) -> Result<Value, ProblemKind> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "t" | "yes" | "y" => Ok(Value::Flag(true)),
        "0" | "false" | "f" | "no" | "n" => Ok(Value::Flag(false)),
        _ => Err(ProblemKind::BadFlag),
    }
}

/// A moment in the market's local time, or seconds since 1970 for the format `unix`. The years 1970 to 2199 are possible.
pub(super) fn moment(text: &str, reading: &Reading<'_>) -> Option<Timestamp> {
    const END: Timestamp = 7_258_118_400;
    let at = if reading.time == "unix" {
        text.trim().parse::<i64>().ok()?
    } else {
        let parts = BrokenDownTime::parse(reading.time, text.trim()).ok()?;
        // A date alone is its midnight.
        let local = parts.to_datetime().or_else(|_| parts.to_date().map(|date| date.at(0, 0, 0, 0))).ok()?;
        let offset = Offset::from_seconds(reading.utc_offset_minutes.checked_mul(60)?).ok()?;
        offset.to_timestamp(local).ok()?.as_second()
    };
    (0..END).contains(&at).then_some(at)
}
