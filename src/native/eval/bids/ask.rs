//! Asks the engine about every bid of recorded jobs, as it stood at the moment when it was placed.

use crate::domain::{History, JobRecord};
use crate::engine::{BidQuestion, BidSource, CleanerRef, Engine, EngineError};
use crate::native::eval::request::Names;

/// A recorded bid and what would have been suggested in its place. Prices are in the market's currency.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Index of the job.
    pub job: u32,
    /// Index of the bidder.
    pub cleaner: u32,
    /// The bid.
    pub own: f64,
    /// The bid that won the job.
    pub winning: f64,
    /// Whether they are one.
    pub won: bool,
    /// How many bid on the job in the end.
    pub bidders: u32,
    /// The suggested range: least, median and highest price.
    pub range: [f64; 3],
    /// The probability that the bid wins.
    pub win: f64,
    /// The suggested price.
    pub optimal: f64,
    /// The price with the highest expected revenue.
    pub best: f64,
    /// The market's price of the job.
    pub market: Option<f64>,
    /// What the cleaner usually asks.
    pub usual: Option<f64>,
    /// The lowest bid before this one.
    pub lowest: Option<f64>,
    /// What the client means to spend.
    pub budget: Option<f64>,
    /// Where the suggestion comes from.
    pub source: BidSource,
}

impl Asked {
    /// What the prices of this job are compared with in figures.
    pub fn scale(&self) -> f64 {
        self.market.or(self.budget).or(self.usual).unwrap_or(self.winning)
    }
}

/// Asks about the bids of these jobs, which must be in order of time. Jobs without a winner whose price is known, and bids without
/// a price, are left out. Known of cleaners and market is what had happened before the job was posted, of the other bids what had
/// been placed before; `step` hears of every job.
///
/// # Errors
/// As [`Engine::suggest_bid`].
pub fn ask_bids(
    names: &Names<'_>,
    jobs: &[JobRecord],
    history: &History,
    engine: &mut Engine,
    step: &mut dyn FnMut(),
) -> Result<Vec<Asked>, EngineError> {
    let mut asked = Vec::new();
    let mut replay = history.replay();
    for (at, job) in jobs.iter().enumerate() {
        step();
        let paid = job.hired.and_then(|winner| job.bid_of(winner)).filter(|paid| *paid > 0.0);
        let (Some(winner), Some(paid)) = (job.hired, paid) else { continue };
        replay.advance_to(job.spec.posted_at);
        let rows: Vec<u32> = job.bids.iter().map(|bid| bid.cleaner).collect();
        engine.refresh(&mut replay, &rows);
        for bid in &job.bids {
            let (Some(own), Some(cleaner)) =
                (bid.amount.filter(|own| *own > 0.0), names.cleaners.get(bid.cleaner as usize))
            else {
                continue;
            };
            let before = JobRecord {
                bids: job.bids.iter().filter(|other| other.placed_at < bid.placed_at).copied().collect(),
                ..job.clone()
            };
            let question = |prices| BidQuestion {
                job: names.job(&before),
                cleaner: CleanerRef::Known(cleaner.id.clone()),
                prices,
                fee: None,
                at: Some(bid.placed_at),
            };
            let found = engine.suggest_bid(&question(Vec::new()))?;
            let own_point = engine.suggest_bid(&question(vec![own]))?.best;
            asked.push(Asked {
                job: at as u32,
                cleaner: bid.cleaner,
                own: f64::from(own),
                winning: f64::from(paid),
                won: bid.cleaner == winner,
                bidders: job.bids.iter().filter(|bid| bid.amount.is_some()).count() as u32,
                range: [found.min, found.median, found.max],
                optimal: found.optimal,
                win: own_point.win_probability,
                best: found.best.price,
                market: found.inputs.market_average,
                usual: found.inputs.cleaner_average,
                lowest: found.inputs.lowest_bid,
                budget: found.inputs.client_budget,
                source: found.source,
            });
        }
    }
    Ok(asked)
}
