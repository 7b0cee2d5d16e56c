//! A data set in memory, in dense indices.

use std::path::Path;

use super::index::Indexer;
use super::reader::{read_market, read_required};
use super::{DataError, fingerprint, read_table};
use crate::domain::{Cleaner, History, JobRecord, Market, Vocabulary};

/// A data set as the rest of the crate works with it.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// What holds for the whole market.
    pub market: Market,
    /// The clients; a job holds an index into it.
    pub client_ids: Vocabulary,
    /// The cleaners.
    pub cleaners: Vec<Cleaner>,
    /// Their ids, in the same order.
    pub cleaner_ids: Vocabulary,
    /// The jobs by (moment of posting, id).
    pub jobs: Vec<JobRecord>,
    /// Everything that happened.
    pub history: History,
    /// Which data these are; see [`fingerprint`](super::fingerprint()).
    pub fingerprint: String,
}

impl Dataset {
    /// Reads and checks the data set in `dir`. The latent truth is not touched.
    ///
    /// Errors name the file, the column, and the row counted from 1; see [`DataError`].
    pub fn read(dir: &Path) -> Result<Self, DataError> {
        let mut indexer = Indexer::new(read_market(dir)?);
        read_required(dir, |row, client| indexer.client(row, client))?;
        read_required(dir, |row, cleaner| indexer.cleaner(row, cleaner))?;
        read_table(dir, |row, offer| indexer.offer(row, offer))?;
        read_table(dir, |row, hours| indexer.availability(row, hours))?;
        read_required(dir, |row, job| indexer.job(row, job))?;
        indexer.sort_jobs();
        read_required(dir, |row, bid| indexer.bid(row, bid))?;
        read_required(dir, |row, payment| indexer.payment(row, payment))?;
        read_required(dir, |row, review| indexer.review(row, review))?;
        read_table(dir, |row, listing| indexer.listing(row, listing))?;
        Ok(indexer.finish(fingerprint(dir)?))
    }
}
