//! What the ranking of a job reads of every cleaner, in columns: computed once per catalog, or once per kind of job.

use std::sync::OnceLock;

use super::catalog::Catalog;
use crate::domain::{Place, Timestamp};
use crate::rules::{Record, RuleBase};

/// The columns of a catalog. Those of a kind of job are filled by the first request for it.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    /// Where each cleaner starts from.
    pub(super) places: Vec<Option<Place>>,
    /// By kind of job; the first entry is for jobs that name none.
    kinds: Vec<OnceLock<KindColumns>>,
}

/// The columns of one kind of job.
#[derive(Debug, Clone)]
pub(super) struct KindColumns {
    /// From when on each cleaner has joined and offers it; [`Timestamp::MAX`] = never.
    pub(super) since: Vec<Timestamp>,
    /// Hourly rate, NaN where it is unknown.
    pub(super) rates: Vec<f32>,
    /// What the rule score takes from the record.
    pub(super) rules: Vec<RuleBase>,
}

impl Columns {
    /// Of a catalog.
    pub(super) fn of(catalog: &Catalog) -> Self {
        let place = |cleaner: &crate::domain::Cleaner| cleaner.location.map(Place::of);
        let mut kinds = Vec::new();
        kinds.resize_with(1 + catalog.market.property_types.len(), OnceLock::new);
        Self { places: catalog.cleaners.iter().map(place).collect(), kinds }
    }

    /// Those of a kind that the market knows, or of none.
    pub(super) fn of_kind(&self, catalog: &Catalog, kind: Option<u16>) -> Option<&KindColumns> {
        let at = kind.map_or(0, |kind| 1 + usize::from(kind));
        Some(self.kinds.get(at)?.get_or_init(|| KindColumns::of(catalog, kind)))
    }
}

impl KindColumns {
    fn of(catalog: &Catalog, kind: Option<u16>) -> Self {
        let rules = catalog.stats.iter().zip(&catalog.rates).map(|(stats, rates)| {
            RuleBase::of(&Record { market: &catalog.market_stats, stats, rates, property_type: kind })
        });
        Self {
            since: catalog.cleaners.iter().map(|cleaner| cleaner.available_since(kind)).collect(),
            rates: catalog.cleaners.iter().map(|cleaner| cleaner.rate_for(kind).unwrap_or(f32::NAN)).collect(),
            rules: rules.collect(),
        }
    }
}
