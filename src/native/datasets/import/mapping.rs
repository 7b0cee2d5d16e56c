//! The mapping file: which column of which CSV file is what. Unknown keys are refused.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::ImportError;
use super::table::{column_default, schema};
use crate::domain::GeoPoint;

/// A mapping file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    pub(super) market: MarketMapping,
    pub(super) tables: BTreeMap<TableName, TableMapping>,
}

/// A table of the data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum TableName {
    Clients,
    Properties,
    Cleaners,
    Offers,
    Availability,
    Jobs,
    Bids,
    Reviews,
    Payments,
    Listings,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MarketMapping {
    pub(super) name: String,
    pub(super) currency: String,
    #[serde(default)]
    pub(super) utc_offset_minutes: i32,
    pub(super) rating_min: f32,
    pub(super) rating_max: f32,
    pub(super) centre: Option<Centre>,
    /// Empty = those found in the data, in order of the alphabet.
    #[serde(default)]
    pub(super) property_types: Vec<String>,
    #[serde(default)]
    pub(super) candidates_are_bidders: bool,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
pub(super) enum Centre {
    At(GeoPoint),
    Of(CentreOf),
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) enum CentreOf {
    #[serde(rename = "mean of cleaners")]
    Cleaners,
}

/// Where a table comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableMapping {
    pub(super) file: String,
    #[serde(default)]
    pub(super) encoding: Encoding,
    /// Texts that mean "unknown".
    #[serde(default = "empty_is_missing")]
    pub(super) missing: Vec<String>,
    /// Format of moments, for `strptime`; `unix` = seconds since 1970.
    #[serde(default = "iso_time")]
    pub(super) time: String,
    /// Whether rows of one key are one row.
    #[serde(default)]
    pub(super) distinct: bool,
    #[serde(default)]
    pub(super) join: Vec<Join>,
    pub(super) columns: BTreeMap<String, ColumnMapping>,
}

fn empty_is_missing() -> Vec<String> {
    vec![String::new()]
}

fn iso_time() -> String {
    "%Y-%m-%d %H:%M:%S".to_owned()
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) enum Encoding {
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "latin-1")]
    Latin1,
}

/// Columns of another file, found by a key and named `<prefix>.<column>`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Join {
    pub(super) file: String,
    #[serde(default)]
    pub(super) encoding: Encoding,
    /// The column here.
    pub(super) on: String,
    /// The column there; the same name if it is left out.
    pub(super) key: Option<String>,
    pub(super) prefix: String,
}

/// Where a column comes from.
#[derive(Debug, Clone, Default)]
pub(super) struct ColumnMapping {
    pub(super) from: From,
    pub(super) map: Option<BTreeMap<String, Literal>>,
    pub(super) default: Option<Literal>,
    pub(super) scale: f64,
    pub(super) offset: f64,
    pub(super) time: Option<String>,
    pub(super) take: Take,
    pub(super) when: Option<When>,
}

#[derive(Debug, Clone, Default)]
pub(super) enum From {
    Column(String),
    Template(String),
    Value(Literal),
    Synthetic(Synthetic),
    #[default]
    Nothing,
}

/// A clock for data with no times: row n, or the n-th of the shuffled rows, happens at start + n steps + plus.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Synthetic {
    pub(super) start: String,
    pub(super) step_minutes: u32,
    pub(super) shuffle_seed: Option<u64>,
    #[serde(default)]
    pub(super) plus_minutes: u32,
}

/// Which of several rows of one key gives the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Take {
    #[default]
    First,
    Min,
}

/// The only lines in which a column has a value: those where another column of the file holds this text.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct When {
    pub(super) column: String,
    pub(super) is: Literal,
}

/// A text, number or flag as it would stand in a CSV file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Literal(pub(super) String);

impl<'de> Deserialize<'de> for Literal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(deserializer)? {
            toml::Value::String(text) => Ok(Self(text)),
            toml::Value::Integer(number) => Ok(Self(number.to_string())),
            toml::Value::Float(number) => Ok(Self(number.to_string())),
            toml::Value::Boolean(flag) => Ok(Self(flag.to_string())),
            other => Err(D::Error::custom(format!("expected a text, number or flag, found {}", other.type_str()))),
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Unit {
    M2,
    Sqft,
    Hours,
    Minutes,
    Cents,
}

impl Unit {
    fn scale(self) -> f64 {
        match self {
            Self::M2 | Self::Hours => 1.0,
            // The international foot is 0.3048 m exactly.
            Self::Sqft => 0.3048 * 0.3048,
            Self::Minutes => 1.0 / 60.0,
            Self::Cents => 0.01,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnKeys {
    column: Option<String>,
    template: Option<String>,
    value: Option<Literal>,
    synthetic: Option<Synthetic>,
    map: Option<BTreeMap<String, Literal>>,
    default: Option<Literal>,
    scale: Option<f64>,
    unit: Option<Unit>,
    offset: Option<f64>,
    time: Option<String>,
    #[serde(default)]
    take: Take,
    when: Option<When>,
}

impl ColumnMapping {
    fn of(from: From) -> Self {
        Self { from, scale: 1.0, ..Self::default() }
    }

    fn from_keys(keys: ColumnKeys) -> Result<Self, &'static str> {
        let from = match (keys.column, keys.template, keys.value, keys.synthetic) {
            (Some(column), None, None, None) => From::Column(column),
            (None, Some(template), None, None) => From::Template(template),
            (None, None, Some(value), None) => From::Value(value),
            (None, None, None, Some(synthetic)) => From::Synthetic(synthetic),
            _ => return Err("exactly one of `column`, `template`, `value` and `synthetic` is needed"),
        };
        let scale = keys.scale.unwrap_or(1.0) * keys.unit.map_or(1.0, Unit::scale);
        let offset = keys.offset.unwrap_or(0.0);
        if !(scale.is_finite() && offset.is_finite()) {
            return Err("`scale` and `offset` are finite numbers");
        }
        Ok(Self {
            from,
            map: keys.map,
            default: keys.default,
            scale,
            offset,
            time: keys.time,
            take: keys.take,
            when: keys.when,
        })
    }
}

impl<'de> Deserialize<'de> for ColumnMapping {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrKeys;
        impl<'de> Visitor<'de> for NameOrKeys {
            type Value = ColumnMapping;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a column, or a table like { column = \"…\", … }")
            }
            fn visit_str<E: Error>(self, name: &str) -> Result<ColumnMapping, E> {
                Ok(ColumnMapping::of(From::Column(name.to_owned())))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ColumnMapping, A::Error> {
                let keys = ColumnKeys::deserialize(MapAccessDeserializer::new(map))?;
                ColumnMapping::from_keys(keys).map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_any(NameOrKeys)
    }
}

impl Mapping {
    /// Reads and checks a mapping file.
    pub fn read(path: &Path) -> Result<Self, ImportError> {
        let file = path.display().to_string();
        let error = |detail: String| ImportError::Mapping { file: file.clone(), detail };
        let text = std::fs::read_to_string(path).map_err(|source| error(source.to_string()))?;
        let mut mapping: Self = toml::from_str(&text).map_err(|source| error(source.to_string()))?;
        mapping.check().map_err(error)?;
        Ok(mapping)
    }

    /// Checks the names of the columns and adds those that have a default.
    fn check(&mut self) -> Result<(), String> {
        if !self.tables.contains_key(&TableName::Cleaners) {
            return Err("[tables.cleaners] is missing: there is nobody to rank".to_owned());
        }
        for (&name, table) in &mut self.tables {
            let schema = schema(name);
            let known = |column: &str| schema.fields().iter().any(|field| field.name() == column);
            if let Some(column) = table.columns.keys().find(|column| !known(column)) {
                return Err(format!("[tables.{}.columns]: the table has no column {column}", name.as_str()));
            }
            for field in schema.fields().iter().filter(|field| !field.is_nullable()) {
                if table.columns.contains_key(field.name()) {
                    continue;
                }
                let Some(default) = column_default(field.name(), table) else {
                    return Err(format!("[tables.{}.columns]: {} is missing", name.as_str(), field.name()));
                };
                table.columns.insert(field.name().clone(), default);
            }
        }
        Ok(())
    }
}

impl TableName {
    /// Its name in the data set.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clients => "clients",
            Self::Properties => "properties",
            Self::Cleaners => "cleaners",
            Self::Offers => "offers",
            Self::Availability => "availability",
            Self::Jobs => "jobs",
            Self::Bids => "bids",
            Self::Reviews => "reviews",
            Self::Payments => "payments",
            Self::Listings => "listings",
        }
    }
}

impl ColumnMapping {
    /// The same value in every row.
    pub(super) fn constant(text: &str) -> Self {
        Self::of(From::Value(Literal(text.to_owned())))
    }
}
