//! A synthetic cleaning market in Athens whose latent truth is known.
//!
//! Seed 001 says what it looks like: tiers of cleaners, budget tiers of clients, a full job life cycle, three to eight
//! bids a job, reviews that follow the tier. Beyond it there is a truth that a model can learn: the tastes of clients
//! times the strengths of cleaners, distance, speciality, and value for money ([`Constants`] holds every number). The
//! truth is handed to the [`Sink`] with the data, so that the best possible score of any model can be computed.
//!
//! Same [`Config`], same market, bit for bit, on every machine: every cleaner, client and job draws from a ChaCha8 stream
//! of its own and transcendental functions come from `libm`. Jobs come in order of time and none is kept, so a million
//! of them need no more memory than a thousand.

mod clock;
mod config;
mod constants;
mod draw;
mod job;
mod names;
mod people;
mod place;
mod satisfaction;
#[cfg(test)]
mod tests;

use clock::Clock;

pub use config::{Config, DatagenError};
pub use constants::{ATHENS, BudgetTier, Choice, Constants, Property, Range, Satisfaction, Shift, Tier, TierConstants};
pub use constants::{BUDGET_TIERS, TIERS};
pub use job::{Life, Status, SyntheticBid, SyntheticJob, SyntheticPayment, SyntheticReview};
pub use people::{SyntheticCleaner, SyntheticClient, SyntheticProperty};
pub use place::COASTLINE;
pub use satisfaction::expected_rating;

use crate::domain::{GeoPoint, JobSpec, Market};
use draw::{Draw, Stream};

/// Takes what is generated: all cleaners, then all clients, then the jobs in order of time.
pub trait Sink {
    /// What can go wrong on its side.
    type Error;
    /// Takes a cleaner.
    fn cleaner(&mut self, cleaner: &SyntheticCleaner) -> Result<(), Self::Error>;
    /// Takes a client with their properties.
    fn client(&mut self, client: &SyntheticClient) -> Result<(), Self::Error>;
    /// Takes a job with its bids, life, review and payment.
    fn job(&mut self, job: &SyntheticJob) -> Result<(), Self::Error>;
}

/// The people of a market, ready to give its jobs.
#[derive(Debug, Clone)]
pub struct Generator {
    config: Config,
    cleaners: Vec<SyntheticCleaner>,
    clients: Vec<SyntheticClient>,
    /// Running sum of the clients' activity: how a job finds its client.
    activity: Vec<f64>,
}

impl Generator {
    /// Generates the people. Errors: a size that no market can have.
    pub fn new(config: Config) -> Result<Self, DatagenError> {
        config.check()?;
        let cleaners = people::cleaners(&config);
        let clients = people::clients(&config);
        let mut sum = 0.0;
        let activity = clients.iter().map(|client| {
            sum += client.activity;
            sum
        });
        Ok(Self { activity: activity.collect(), config, cleaners, clients })
    }

    /// What holds for the whole market.
    pub fn market(&self) -> Market {
        Market {
            name: "athens".to_owned(),
            centre: Some(GeoPoint { latitude: ATHENS.centre.0, longitude: ATHENS.centre.1 }),
            currency: "EUR".to_owned(),
            utc_offset_minutes: ATHENS.utc_offset_minutes,
            rating_min: 0.0,
            rating_max: 10.0,
            property_types: ATHENS.properties.iter().map(|kind| kind.name.to_owned()).collect(),
            candidates_are_bidders: false,
        }
    }

    /// Variance of the noise of one overall rating before it is rounded, on the normalised scale.
    pub fn noise_variance(&self) -> f64 {
        (ATHENS.satisfaction.noise_sd / 10.0) * (ATHENS.satisfaction.noise_sd / 10.0)
    }

    /// The hourly rates of the cleaners, by index.
    pub fn hourly_rates(&self) -> impl Iterator<Item = f64> {
        self.cleaners.iter().map(|cleaner| cleaner.hourly_rate)
    }

    /// The bids that a job of this client could have had as well; `draw` says which of the possible ones. Utilities are relative
    /// to the lowest bid among them. Empty for a client that there is not.
    pub fn redraw_bids(&self, client: u32, spec: &JobSpec, draw: u64) -> Vec<SyntheticBid> {
        let draw = &mut Draw::new(self.config.seed, Stream::WhatIf, draw);
        self.clients.get(client as usize).map_or_else(Vec::new, |client| self.bids(draw, client, spec))
    }

    /// Gives everything to `sink`; `progress` hears the number of jobs done after each.
    pub fn run<S: Sink>(&self, sink: &mut S, mut progress: impl FnMut(u64)) -> Result<(), S::Error> {
        self.cleaners.iter().try_for_each(|cleaner| sink.cleaner(cleaner))?;
        self.clients.iter().try_for_each(|client| sink.client(client))?;
        for (posted_at, index) in Clock::new(&self.config).zip(0..) {
            sink.job(&self.job(index, posted_at))?;
            progress(index + 1);
        }
        Ok(())
    }
}
