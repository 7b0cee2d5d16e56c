//! The latent truth of generated bids: who would have won at which price.

use std::collections::HashMap;
use std::path::Path;

use crate::native::cli::CliError;
use crate::native::datagen::{Config, Generator};
use crate::native::datasets::rows::TruthClientRow;
use crate::native::datasets::{Dataset, read_table, read_truth};
use crate::native::eval::bids::{Asked, BidTruth};

/// How futures are simulated.
pub(super) struct Simulation {
    /// Seed of the data set.
    pub(super) seed: u64,
    /// How many per job.
    pub(super) futures: u64,
}

/// What the choice of a client weighs, out of the generator's constants.
struct Weights {
    /// How the utility falls with ln of the price.
    slope: f64,
    /// The part of it that the generator takes relative to the lowest bid.
    relative: f64,
}

/// The truth of the measured bids in order; `None` for data without a truth.
pub(super) fn of_bids(
    dir: &Path,
    data: &Dataset,
    asked: &[Asked],
    first: u32,
    simulation: &Simulation,
) -> Result<Option<Vec<BidTruth>>, CliError> {
    let Some(truth) = read_truth(dir, data)? else { return Ok(None) };
    let tiers = tiers(&truth.market.constants);
    let mut weights: HashMap<u32, &Weights> = HashMap::new();
    read_table(dir, |_, row: TruthClientRow| {
        if let (Some(client), Some(tier)) = (data.client_ids.get(&row.client_id), tiers.get(&row.budget_tier)) {
            weights.insert(client, tier);
        }
        Ok(())
    })?;
    let generator = generator(data, simulation);
    let (mut found, mut redrawn) = (Vec::new(), (u32::MAX, Vec::new()));
    for bid in asked.iter().filter(|bid| bid.job >= first) {
        let job = &data.jobs[bid.job as usize];
        let weights = job.client.and_then(|client| weights.get(&client));
        let utility = |cleaner: u32| truth.choice_utility.get(&(bid.job, cleaner)).map(|utility| f64::from(*utility));
        let (Some(weights), Some(own)) = (weights, utility(bid.cleaner)) else { return Ok(None) };
        let of_others = |earlier: Option<i64>| -> Vec<(f64, f64)> {
            let others = job.bids.iter().filter(|other| other.cleaner != bid.cleaner);
            let others = others.filter(|other| earlier.is_none_or(|at| other.placed_at < at));
            others.filter_map(|other| Some((f64::from(other.amount?), utility(other.cleaner)?))).collect()
        };
        let mut futures = Vec::new();
        if let Some((generator, client)) = generator.as_ref().zip(job.client) {
            if redrawn.0 != bid.job {
                let draw = |at| generator.redraw_bids(client, &job.spec, u64::from(bid.job) << 32 | at);
                redrawn = (bid.job, (0..simulation.futures).map(draw).collect());
            }
            let placed_at =
                job.bids.iter().find(|own| own.cleaner == bid.cleaner).map_or(i64::MAX, |own| own.placed_at);
            let earlier = of_others(Some(placed_at));
            let came = |cleaner| job.bids.iter().any(|known| known.cleaner == cleaner && known.placed_at <= placed_at);
            let lowest = job.bids.iter().filter_map(|bid| bid.amount).fold(f32::INFINITY, f32::min);
            for bids in &redrawn.1 {
                let before = bids.iter().filter(|other| other.cleaner != bid.cleaner && other.placed_at < placed_at);
                if before.count() != earlier.len() {
                    continue;
                }
                // Utilities are relative to the lowest bid of their own set: brought to that of the recorded one.
                let least = bids.iter().map(|bid| bid.amount).fold(f64::INFINITY, f64::min);
                let shift = weights.relative * (f64::from(lowest) / least).ln();
                let later = bids.iter().filter(|other| other.placed_at >= placed_at && !came(other.cleaner));
                let later = later.map(|other| (other.amount, other.utility + shift));
                futures.push(earlier.iter().copied().chain(later).collect());
            }
            // A course that no simulated one shared: what came before is all that is known.
            if futures.is_empty() {
                futures.push(earlier);
            }
        }
        found.push(BidTruth { others: of_others(None), utility: own, slope: weights.slope, futures });
    }
    Ok(Some(found))
}

/// By the name of the client's tier.
fn tiers(constants: &serde_json::Value) -> HashMap<String, Weights> {
    let choices = constants["choices"].as_array().map_or(&[][..], Vec::as_slice);
    let one = |choice: &serde_json::Value| {
        let number = |key: &str| choice[key].as_f64();
        // The price counts by itself and as value for money in the satisfaction.
        let slope = number("satisfaction")? * number("value")? + number("price")?;
        Some((choice["tier"].as_str()?.to_owned(), Weights { slope, relative: number("price")? }))
    };
    choices.iter().filter_map(one).collect()
}

/// The generator of these data; `None` where its seed is another.
fn generator(data: &Dataset, simulation: &Simulation) -> Option<Generator> {
    if simulation.futures == 0 {
        return None;
    }
    let (jobs, cleaners) = (data.jobs.len() as u64, data.cleaners.len() as u32);
    let config = Config { jobs, cleaners, clients: data.client_ids.len() as u32, seed: simulation.seed };
    let generator = Generator::new(config).ok()?;
    let same =
        generator.hourly_rates().zip(&data.cleaners).all(|(rate, cleaner)| cleaner.hourly_rate == Some(rate as f32));
    if !same {
        crate::native::cli::warn(
            "the data are of another seed: give it with --data-seed for the ceiling without later bids",
        );
    }
    same.then_some(generator)
}
