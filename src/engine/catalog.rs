//! The cleaners of a market with what was known of them at one moment.

use std::sync::OnceLock;

use crate::domain::{Cleaner, CleanerStats, Market, MarketStats, Rates, Replay, Timestamp};
use crate::model::Embeddings;

/// Everything about cleaners that a ranking needs. Every cleaner has a row number, which decides ties and stays the same
/// when the catalog is cut into parts; and a place in this catalog or part of one.
#[derive(Debug, Clone)]
pub struct Catalog {
    pub(super) market: Market,
    pub(super) as_of: Timestamp,
    pub(super) cleaners: Vec<Cleaner>,
    /// Row numbers by place.
    pub(super) rows: Vec<u32>,
    /// Places in order of the cleaners' ids; made when somebody is looked up.
    by_id: OnceLock<Vec<u32>>,
    pub(super) stats: Vec<CleanerStats>,
    pub(super) rates: Vec<Rates>,
    pub(super) market_stats: MarketStats,
    pub(super) embeddings: Embeddings,
    /// Whether there may be cleaners elsewhere.
    pub(super) is_part: bool,
}

impl Catalog {
    /// The cleaners with nothing known of them yet; [`refresh`](Self::refresh) fills in what is known at a moment.
    ///
    /// # Errors
    /// The id that comes twice.
    pub fn new(market: Market, cleaners: Vec<Cleaner>) -> Result<Self, String> {
        let kinds = market.property_types.len();
        let catalog = Self {
            as_of: Timestamp::MIN,
            rows: (0..cleaners.len() as u32).collect(),
            by_id: OnceLock::new(),
            stats: vec![CleanerStats::new(kinds); cleaners.len()],
            rates: vec![Rates::default(); cleaners.len()],
            market_stats: MarketStats::new(kinds),
            embeddings: Embeddings::default(),
            is_part: false,
            market,
            cleaners,
        };
        let twice = catalog.by_id().windows(2).find(|pair| catalog.id(pair[0]) == catalog.id(pair[1]));
        twice.map_or(Ok(()), |pair| Err(catalog.id(pair[0]).to_owned()))?;
        Ok(catalog)
    }

    /// Puts in what is known of these places at the moment a replay of the same cleaners has reached, and what is known of
    /// the market. Places that are not named keep what was known before, but for the market's part in it.
    pub fn refresh(&mut self, replay: &mut Replay<'_>, places: impl IntoIterator<Item = u32>) {
        self.as_of = replay.now();
        self.market_stats.clone_from(replay.market());
        for place in places.into_iter().filter(|place| (*place as usize) < self.cleaners.len()) {
            self.stats[place as usize].clone_from(replay.cleaner(place));
            self.rates[place as usize] = Rates::of(&self.stats[place as usize], &self.market_stats);
        }
    }

    /// The market and what is known of it, without its cleaners: a catalog to which parts are added.
    pub(super) fn emptied(&self) -> Self {
        self.part(&[])
    }

    /// Gives every cleaner that a model knows its embedding row.
    pub fn set_embeddings(&mut self, embeddings: Embeddings) {
        self.embeddings = embeddings;
    }

    /// The market.
    pub fn market(&self) -> &Market {
        &self.market
    }

    /// The moment up to which history counts.
    pub fn as_of(&self) -> Timestamp {
        self.as_of
    }

    /// The cleaners, place by place.
    pub fn cleaners(&self) -> &[Cleaner] {
        &self.cleaners
    }

    /// Their row numbers, place by place.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// What is known of the cleaner at a place.
    pub fn stats(&self, place: u32) -> Option<&CleanerStats> {
        self.stats.get(place as usize)
    }

    /// What is known of the market.
    pub fn market_stats(&self) -> &MarketStats {
        &self.market_stats
    }

    /// The place of an id.
    pub fn place(&self, id: &str) -> Option<u32> {
        let by_id = self.by_id();
        let found = by_id.binary_search_by(|place| self.id(*place).cmp(id));
        found.ok().map(|at| by_id[at])
    }

    /// The part that holds these places, in this order, and keeps their row numbers. A bid of somebody who is not in a part
    /// is no error.
    pub fn part(&self, places: &[u32]) -> Self {
        let at = |place: &u32| *place as usize;
        Self {
            market: self.market.clone(),
            as_of: self.as_of,
            cleaners: places.iter().map(|place| self.cleaners[at(place)].clone()).collect(),
            rows: places.iter().map(|place| self.rows[at(place)]).collect(),
            by_id: OnceLock::new(),
            stats: places.iter().map(|place| self.stats[at(place)].clone()).collect(),
            rates: places.iter().map(|place| self.rates[at(place)]).collect(),
            market_stats: self.market_stats.clone(),
            embeddings: self.embeddings.of(places.iter().map(|place| self.id(*place))),
            is_part: true,
        }
    }

    /// Puts the cleaners of another part behind those of this one.
    ///
    /// # Errors
    /// The row that is in both.
    pub(super) fn append(&mut self, other: Self) -> Result<(), u32> {
        let mut rows = self.rows.clone();
        rows.sort_unstable();
        if let Some(both) = other.rows.iter().find(|row| rows.binary_search(row).is_ok()) {
            return Err(*both);
        }
        self.by_id = OnceLock::new();
        self.is_part = true;
        self.cleaners.extend(other.cleaners);
        self.rows.extend(other.rows);
        self.stats.extend(other.stats);
        self.rates.extend(other.rates);
        self.embeddings.append(&other.embeddings);
        Ok(())
    }

    /// Takes the cleaners of these places out.
    pub(super) fn remove(&mut self, places: &std::ops::Range<u32>) {
        let kept: Vec<u32> = (0..self.cleaners.len() as u32).filter(|place| !places.contains(place)).collect();
        *self = self.part(&kept);
    }

    pub(super) fn embedding(&self, place: u32) -> Option<&[f32]> {
        self.embeddings.get(self.id(place))
    }

    pub(super) fn update_rates(&mut self) {
        self.rates = self.stats.iter().map(|stats| Rates::of(stats, &self.market_stats)).collect();
    }

    fn id(&self, place: u32) -> &str {
        &self.cleaners[place as usize].id
    }

    fn by_id(&self) -> &[u32] {
        self.by_id.get_or_init(|| {
            let mut by_id: Vec<u32> = (0..self.cleaners.len() as u32).collect();
            by_id.sort_unstable_by(|a, b| self.id(*a).cmp(self.id(*b)));
            by_id
        })
    }
}
