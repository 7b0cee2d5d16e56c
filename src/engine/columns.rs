//! What the ranking of a job reads of every cleaner, in columns: computed once per catalog, or once per kind of job.

use std::sync::OnceLock;

use super::catalog::Catalog;
use crate::domain::{CleanerStats, Hours, Place, Timestamp};
use crate::rules::{Record, RuleBase};

/// The columns of a catalog. Those of a kind of job are filled by the first request for it.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    /// Where each cleaner starts from.
    pub(super) places: Vec<Option<Place>>,
    filters: OnceLock<FilterColumns>,
    /// By kind of job; the first entry is for jobs that name none.
    kinds: Vec<OnceLock<KindColumns>>,
}

/// What filters compare; filled by the first request that has one.
#[derive(Debug, Clone)]
pub(super) struct FilterColumns {
    /// Mean rating on the market's scale, to four decimals; NaN without any.
    pub(super) ratings: Vec<f32>,
    pub(super) eco: Vec<Option<bool>>,
    pub(super) hours: Vec<Option<Hours>>,
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
        Self { places: catalog.cleaners.iter().map(place).collect(), filters: OnceLock::new(), kinds }
    }

    /// Those of the filters.
    pub(super) fn filters(&self, catalog: &Catalog) -> &FilterColumns {
        self.filters.get_or_init(|| FilterColumns::of(catalog))
    }

    /// Those of a kind that the market knows, or of none.
    pub(super) fn of_kind(&self, catalog: &Catalog, kind: Option<u16>) -> Option<&KindColumns> {
        let at = kind.map_or(0, |kind| 1 + usize::from(kind));
        Some(self.kinds.get(at)?.get_or_init(|| KindColumns::of(catalog, kind)))
    }
}

impl FilterColumns {
    fn of(catalog: &Catalog) -> Self {
        let (low, high) = (f64::from(catalog.market.rating_min), f64::from(catalog.market.rating_max));
        let shown = |mean: f64| ((low + mean * (high - low)) * 1e4).round() / 1e4;
        let rating = |stats: &CleanerStats| stats.overall.mean().map_or(f32::NAN, |mean| shown(mean) as f32);
        Self {
            ratings: catalog.stats.iter().map(rating).collect(),
            eco: catalog.cleaners.iter().map(|cleaner| cleaner.eco).collect(),
            hours: catalog.cleaners.iter().map(|cleaner| cleaner.hours).collect(),
        }
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
