//! What is known of clients before any rating of theirs, so that the ratings of the validation part are predicted best.

use super::history::history;
use crate::artifact::{ArtifactError, Tensors};
use crate::domain::{History, JobRecord};
use crate::engine::{Engine, EngineError, Interaction};
use crate::model::{FoldIn, FoldTerm, LEANINGS};
use crate::native::eval::request::Names;

/// Directions of the clients' vectors that are released.
const DIRECTIONS: usize = 2;
/// Standard deviations of leniency to choose from, 0 to 1.
const LENIENCY: [f32; 7] = [0.0, 0.005, 0.01, 0.014, 0.02, 0.028, 0.04];
/// Standard deviations of the weights of the part ratings to choose from.
const WEIGHT: [f32; 8] = [0.0, 0.05, 0.1, 0.2, 0.3, 0.45, 0.7, 1.0];
/// A job is predicted from so many of its client's first ratings, and from all: what is believed must suit clients with few and
/// with many.
const KNOWN: [usize; 4] = [1, 2, 5, usize::MAX];

/// What was fitted, and what it is worth on the part that it was fitted on.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedFoldIn {
    /// For the released file.
    pub fold: FoldIn,
    /// Standard deviations of the leniency and of each weight.
    pub scales: [f32; 2],
    /// Rated jobs of clients with an earlier rating.
    pub jobs: usize,
    /// Mean squared error for the unknown client.
    pub mse_unknown: f64,
    /// Mean squared error for the folded one.
    pub mse: f64,
}

/// Fits the two standard deviations by a grid. `jobs`: all jobs in order of time; `chosen`: those to choose by, as indices;
/// `state`: the trained fp32 state. The engine is left with what was fitted.
///
/// # Errors
/// What the engine refuses.
pub fn fit_fold_in(
    names: &Names<'_>,
    (jobs, chosen): (&[JobRecord], &[usize]),
    happened: &History,
    state: &Tensors,
    engine: &mut Engine,
) -> Result<Result<FittedFoldIn, EngineError>, ArtifactError> {
    let (mean, factors) = directions(state)?;
    let with = |scales: [f32; 2], noise: f32| {
        let mut all = vec![scales[1]; LEANINGS];
        all[0] = scales[0];
        FoldIn::new(mean.clone(), factors.clone(), all, noise)
    };
    engine.set_fold_in(with([1.0; 2], 1.0)?);
    let samples = match samples(names, jobs, chosen, happened, engine) {
        Ok(samples) => samples,
        Err(refused) => return Ok(Err(refused)),
    };
    let mse = |fold: Option<&FoldIn>| {
        let error = |(history, one): &(Vec<FoldTerm>, FoldTerm)| {
            let squared = |known: usize| {
                let first = &history[..known.min(history.len())];
                let known = fold.map_or_else(Vec::new, |fold| fold.coefficients(first));
                let left = one.residual - known.iter().zip(&one.row).map(|(by, x)| by * x).sum::<f64>();
                left * left
            };
            KNOWN.map(squared).iter().sum::<f64>() / KNOWN.len() as f64
        };
        samples.iter().map(error).sum::<f64>() / samples.len().max(1) as f64
    };
    let mse_unknown = mse(None);
    // Without a job to choose by nothing is believed.
    let noise = if samples.is_empty() { 1.0 } else { (mse_unknown as f32).max(1e-6) };
    let mut best = (with([0.0; 2], noise)?, [0.0; 2], mse_unknown);
    for scales in LENIENCY.iter().flat_map(|first| WEIGHT.map(|second| [*first, second])) {
        let fold = with(scales, noise)?;
        let found = mse(Some(&fold));
        if found < best.2 {
            best = (fold, scales, found);
        }
    }
    let (fold, scales, mse) = best;
    engine.set_fold_in(fold.clone());
    Ok(Ok(FittedFoldIn { fold, scales, jobs: samples.len(), mse_unknown, mse }))
}

/// For each rated job of a client with earlier ratings: their terms, and the job's own, as of its time.
fn samples(
    names: &Names<'_>,
    jobs: &[JobRecord],
    chosen: &[usize],
    happened: &History,
    engine: &mut Engine,
) -> Result<Vec<(Vec<FoldTerm>, FoldTerm)>, EngineError> {
    let mut replay = happened.replay();
    let rows: Vec<u32> = (0..names.cleaners.len() as u32).collect();
    let mut found = Vec::new();
    for job in chosen.iter().map(|at| &jobs[*at]) {
        let Some((client, own)) = job.client.zip(super::history::interaction(names, job)) else { continue };
        let earlier = history(names, jobs, client, job.spec.posted_at);
        if earlier.is_empty() {
            continue;
        }
        replay.advance_to(job.spec.posted_at);
        engine.refresh(&mut replay, &rows);
        let terms = |ratings: &[Interaction]| -> Result<Vec<FoldTerm>, EngineError> {
            Ok(engine.fold_terms(ratings)?.into_iter().map(|(_, term)| term).collect())
        };
        if let Some(own) = terms(&[own])?.pop() {
            found.push((terms(&earlier)?, own));
        }
    }
    Ok(found)
}

/// The row of the unknown client, and the directions in which the trained clients' rows vary most around their mean, each one
/// standard deviation long: by power iteration.
fn directions(state: &Tensors) -> Result<(Vec<f32>, Vec<f32>), ArtifactError> {
    let name = "collaborative.user_embedding";
    let shape = state.shape(name)?.to_vec();
    let values = state.f32(name, &shape)?;
    let dim = shape.last().copied().unwrap_or_default().max(1);
    let (unknown, rows) = values.split_at(dim.min(values.len()));
    let count = (rows.len() / dim).max(1) as f64;
    let mut centred: Vec<f64> = rows.iter().map(|x| f64::from(*x)).collect();
    for column in 0..dim {
        let mean = centred.iter().skip(column).step_by(dim).sum::<f64>() / count;
        centred.iter_mut().skip(column).step_by(dim).for_each(|x| *x -= mean);
    }
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut factors = Vec::new();
    for start in 0..DIRECTIONS.min(dim) {
        let mut along: Vec<f64> = (0..dim).map(|at| if at == start { 1.0 } else { 0.1 }).collect();
        let mut length = 0.0;
        for _ in 0..200 {
            let mut next = vec![0.0; dim];
            for row in centred.chunks_exact(dim) {
                let by = dot(row, &along);
                next.iter_mut().zip(row).for_each(|(next, x)| *next += by * x);
            }
            length = dot(&next, &next).sqrt();
            if length <= 1e-18 {
                break;
            }
            along = next.into_iter().map(|x| x / length).collect();
        }
        // The length is that of the direction's variance times the number of rows.
        factors.extend(along.iter().map(|x| (x * (length / count).sqrt()) as f32));
        for row in centred.chunks_exact_mut(dim) {
            let by = dot(row, &along);
            row.iter_mut().zip(&along).for_each(|(x, along)| *x -= by * along);
        }
    }
    Ok((unknown.to_vec(), factors))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directions_are_the_principal_ones() {
        let mut state = Tensors::new();
        let rows = [9.0, 9.0, 9.0, 3.0, 0.0, 1.0, -3.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, -1.0, 1.0];
        state.insert_f32("collaborative.user_embedding", &[5, 3], &rows).unwrap();
        let (mean, factors) = directions(&state).unwrap();
        assert_eq!(mean, [9.0, 9.0, 9.0]);
        // Variances 18 / 4 and 2 / 4 along the first two axes.
        let expected = [4.5f32.sqrt(), 0.0, 0.0, 0.0, 0.5f32.sqrt(), 0.0];
        for (found, expected) in factors.iter().zip(expected) {
            assert!((found.abs() - expected).abs() < 1e-6, "{factors:?}");
        }
    }
}
