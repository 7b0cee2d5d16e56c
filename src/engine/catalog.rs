//! The cleaners of a market with what was known of them at one moment.

use crate::domain::{Cleaner, CleanerStats, Market, MarketStats, Rates, Replay, Timestamp, Vocabulary};
use crate::model::Embeddings;

/// Everything about cleaners that a ranking needs: one row per cleaner, in an order that decides ties.
#[derive(Debug, Clone)]
pub struct Catalog {
    pub(super) market: Market,
    pub(super) as_of: Timestamp,
    pub(super) cleaners: Vec<Cleaner>,
    pub(super) ids: Vocabulary,
    pub(super) stats: Vec<CleanerStats>,
    pub(super) rates: Vec<Rates>,
    pub(super) market_stats: MarketStats,
    pub(super) embeddings: Embeddings,
    /// The row of each in the whole catalog, in ascending order; it decides ties where a catalog is ranked in parts.
    pub(super) rows: Vec<u32>,
}

impl Catalog {
    /// The cleaners with nothing known of them yet; [`refresh`](Self::refresh) fills in what is known at a moment.
    ///
    /// # Errors
    /// The id that comes twice.
    pub fn new(market: Market, cleaners: Vec<Cleaner>) -> Result<Self, String> {
        let kinds = market.property_types.len();
        Ok(Self {
            as_of: Timestamp::MIN,
            ids: Vocabulary::from_ids(cleaners.iter().map(|cleaner| cleaner.id.as_str()))?,
            stats: vec![CleanerStats::new(kinds); cleaners.len()],
            rates: vec![Rates::default(); cleaners.len()],
            market_stats: MarketStats::new(kinds),
            embeddings: Embeddings::default(),
            rows: (0..cleaners.len() as u32).collect(),
            market,
            cleaners,
        })
    }

    /// Puts in what is known of these rows at the moment a replay of the same cleaners has reached, and what is known of
    /// the market. Rows that are not named keep what was known before, but for the market's part in it.
    pub fn refresh(&mut self, replay: &mut Replay<'_>, rows: impl IntoIterator<Item = u32>) {
        self.as_of = replay.now();
        self.market_stats.clone_from(replay.market());
        for row in rows.into_iter().filter(|row| (*row as usize) < self.cleaners.len()) {
            self.stats[row as usize].clone_from(replay.cleaner(row));
            self.rates[row as usize] = Rates::of(&self.stats[row as usize], &self.market_stats);
        }
    }

    /// Gives every cleaner that a model knows its embedding row.
    pub fn set_embeddings(&mut self, embeddings: Embeddings) {
        self.embeddings = embeddings;
    }

    /// A catalog of some of these rows, which keep what is known of them, their numbers and their order.
    ///
    /// # Errors
    /// The id that comes twice: `rows` must be ascending.
    pub fn select(&self, rows: &[u32]) -> Result<Self, String> {
        let chosen = || rows.iter().map(|row| *row as usize).filter(|row| *row < self.cleaners.len());
        let mut part = Self::new(self.market.clone(), chosen().map(|row| self.cleaners[row].clone()).collect())?;
        part.as_of = self.as_of;
        part.stats = chosen().map(|row| self.stats[row].clone()).collect();
        part.rates = chosen().map(|row| self.rates[row]).collect();
        part.rows = chosen().map(|row| self.rows[row]).collect();
        part.market_stats = self.market_stats.clone();
        part.embeddings = self.embeddings.select(part.ids.ids().iter().map(String::as_str))?;
        Ok(part)
    }

    /// The market and what is known of it, without its cleaners.
    pub(super) fn emptied(&self) -> Self {
        Self {
            market: self.market.clone(),
            as_of: self.as_of,
            cleaners: Vec::new(),
            ids: Vocabulary::default(),
            stats: Vec::new(),
            rates: Vec::new(),
            market_stats: self.market_stats.clone(),
            embeddings: Embeddings::default(),
            rows: Vec::new(),
        }
    }

    /// The row of each cleaner in the whole catalog, of which this may be a part.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// The market.
    pub fn market(&self) -> &Market {
        &self.market
    }

    /// The moment up to which history counts.
    pub fn as_of(&self) -> Timestamp {
        self.as_of
    }

    /// The cleaners, row by row.
    pub fn cleaners(&self) -> &[Cleaner] {
        &self.cleaners
    }

    /// What is known of a row.
    pub fn stats(&self, row: u32) -> Option<&CleanerStats> {
        self.stats.get(row as usize)
    }

    /// What is known of the market.
    pub fn market_stats(&self) -> &MarketStats {
        &self.market_stats
    }

    /// The row of an id.
    pub fn row(&self, id: &str) -> Option<u32> {
        self.ids.get(id)
    }

    pub(super) fn embedding(&self, row: u32) -> Option<&[f32]> {
        self.embeddings.get(self.ids.id(row)?)
    }

    pub(super) fn update_rates(&mut self) {
        self.rates = self.stats.iter().map(|stats| Rates::of(stats, &self.market_stats)).collect();
    }
}
