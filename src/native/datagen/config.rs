//! How large a market, and which one.

use thiserror::Error;

/// Most bids on a job, and so the fewest cleaners of a market.
pub(super) const MAX_BIDS: u32 = 8;

/// Size and seed of a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Number of jobs, 1 to 99,999,999.
    pub jobs: u64,
    /// Number of cleaners, 8 to 999,999: a job has up to eight bidders.
    pub cleaners: u32,
    /// Number of clients, 1 to 999,999.
    pub clients: u32,
    /// Which of the possible markets.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { jobs: 5000, cleaners: 200, clients: 500, seed: 42 }
    }
}

/// A size that no market can have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DatagenError {
    /// A number out of range.
    #[error("a market of {value} {what} cannot be generated: {min} to {max} {what} can")]
    Size {
        /// Of what.
        what: &'static str,
        /// How many were asked for.
        value: u64,
        /// At least so many.
        min: u64,
        /// At most so many.
        max: u64,
    },
}

impl DatagenError {
    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Size { .. } => "datagen.size",
        }
    }
}

impl Config {
    pub(super) fn check(&self) -> Result<(), DatagenError> {
        let sizes = [
            ("jobs", self.jobs, 1, 99_999_999),
            ("cleaners", u64::from(self.cleaners), u64::from(MAX_BIDS), 999_999),
            ("clients", u64::from(self.clients), 1, 999_999),
        ];
        match sizes.into_iter().find(|&(_, value, min, max)| !(min..=max).contains(&value)) {
            Some((what, value, min, max)) => Err(DatagenError::Size { what, value, min, max }),
            None => Ok(()),
        }
    }
}
