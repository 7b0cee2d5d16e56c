//! Parts of the engine in the names of the npm package (`Capabilities`, `Catalog`).

use serde::Serialize;

use crate::domain::{Cleaner, GeoPoint, Market};
use crate::engine::{Engine, Mode, ModelIdentity, Notice};

/// What the engine can do with its files.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CapabilitiesView<'a> {
    backend: &'static str,
    kernel: &'static str,
    model: Option<&'a ModelIdentity>,
    fallback: Option<&'a Notice>,
    warnings: &'a [Notice],
    modes: &'static [Mode],
    rule_weight: f32,
    price_weight: f32,
    cleaners: usize,
    as_of: i64,
}

impl<'a> CapabilitiesView<'a> {
    /// What this engine can do. Without a model the first warning says why there is none.
    pub(super) fn of(engine: &'a Engine) -> Self {
        let model = engine.model();
        Self {
            backend: "cpu",
            kernel: engine.kernel().name(),
            model,
            fallback: if model.is_none() { engine.warnings().first() } else { None },
            warnings: engine.warnings(),
            modes: if model.is_none() { &[Mode::Rules] } else { &[Mode::Rules, Mode::Neural, Mode::Ensemble] },
            rule_weight: engine.rule_weight(),
            price_weight: engine.price_weight(),
            cleaners: engine.catalog().cleaners().len(),
            as_of: engine.catalog().as_of(),
        }
    }
}

/// The market and its cleaners.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CatalogView<'a> {
    market: MarketView<'a>,
    as_of: i64,
    cleaners: Vec<CleanerView<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MarketView<'a> {
    name: &'a str,
    centre: Option<GeoPoint>,
    currency: &'a str,
    utc_offset_minutes: i32,
    property_types: &'a [String],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CleanerView<'a> {
    cleaner_id: &'a str,
    name: &'a str,
    location: Option<GeoPoint>,
    hourly_rate: Option<f32>,
    eco: Option<bool>,
}

impl<'a> CatalogView<'a> {
    /// The catalog of this engine.
    pub(super) fn of(engine: &'a Engine) -> Self {
        let catalog = engine.catalog();
        Self {
            market: MarketView::of(catalog.market()),
            as_of: catalog.as_of(),
            cleaners: catalog.cleaners().iter().map(CleanerView::of).collect(),
        }
    }
}

impl<'a> MarketView<'a> {
    fn of(market: &'a Market) -> Self {
        Self {
            name: &market.name,
            centre: market.centre,
            currency: &market.currency,
            utc_offset_minutes: market.utc_offset_minutes,
            property_types: &market.property_types,
        }
    }
}

impl<'a> CleanerView<'a> {
    fn of(cleaner: &'a Cleaner) -> Self {
        Self {
            cleaner_id: &cleaner.id,
            name: &cleaner.name,
            location: cleaner.location,
            hourly_rate: cleaner.hourly_rate,
            eco: cleaner.eco,
        }
    }
}
