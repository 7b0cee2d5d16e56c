//! How often a rating lay in the interval that the engine gave for it, over all jobs and by reviews of the cleaner.

use serde::{Deserialize, Serialize};

use super::metrics::{Z_95, mean, wilson};
use super::scores::RatedJob;

/// The levels that are measured.
pub const LEVELS: [f32; 3] = [0.8, 0.9, 0.95];

/// Cleaners with so many reviews when the job was posted, the second number excluded.
const BINS: [(&str, u32, u32); 5] =
    [("all", 0, u32::MAX), ("0", 0, 1), ("1-4", 1, 5), ("5-19", 5, 20), ("20+", 20, u32::MAX)];

/// The intervals of one level, among jobs of cleaners with so many reviews.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// Reviews of the cleaner when the job was posted: `all`, `0`, `1-4`, `5-19`, `20+`.
    pub reviews: String,
    /// How probable it should be that a rating lies in its interval.
    pub level: f64,
    /// Rated jobs.
    pub jobs: usize,
    /// Share of them whose rating lay in its interval.
    pub coverage: f64,
    /// Where the share of further jobs lies: the 95 % interval of Wilson (1927).
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// Mean width, 0 to 1.
    pub mean_width: f64,
    /// Root mean squared error of the expected rating, 0 to 1.
    pub rmse: f64,
}

/// The rows of all levels and bins that have jobs; none where the model comes without intervals.
pub fn coverage(rated: &[RatedJob]) -> Vec<Coverage> {
    let levels = (0..LEVELS.len()).flat_map(|level| BINS.map(|bin| (level, bin)));
    levels.filter_map(|(level, bin)| row(rated, level, bin)).collect()
}

fn row(rated: &[RatedJob], level: usize, (reviews, from, to): (&str, u32, u32)) -> Option<Coverage> {
    let jobs = rated.iter().filter(|job| (from..to).contains(&job.reviews));
    let found: Vec<(&RatedJob, [f64; 2])> = jobs.filter_map(|job| Some((job, job.intervals?[level]))).collect();
    let mean_of = |value: &dyn Fn(&RatedJob, [f64; 2]) -> f64| {
        mean(&found.iter().map(|(job, ends)| value(job, *ends)).collect::<Vec<f64>>())
    };
    let covered = mean_of(&|job, [low, high]| f64::from(u8::from((low..=high).contains(&job.actual))))?;
    let (low, high) = wilson(covered, found.len() as u64, Z_95);
    Some(Coverage {
        reviews: reviews.to_owned(),
        // As it is written, not as an f32 is.
        level: (f64::from(LEVELS[level]) * 100.0).round() / 100.0,
        jobs: found.len(),
        coverage: covered,
        low,
        high,
        mean_width: mean_of(&|_, [low, high]| high - low)?,
        rmse: mean_of(&|job, _| (job.q8 - job.actual) * (job.q8 - job.actual))?.sqrt(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_by_level_and_reviews() {
        let job = |reviews, actual, half: f64| {
            let ends = [1.0, 2.0, 4.0].map(|by| [0.5 - half * by, 0.5 + half * by]);
            RatedJob { actual, fp32: 0.5, q8: 0.5, expected: None, reviews, intervals: Some(ends) }
        };
        let rows = coverage(&[job(0, 0.9, 0.2), job(3, 0.6, 0.1), job(30, 0.75, 0.1), job(31, 0.5, 0.1)]);
        let found = |name: &str, level| rows.iter().find(|row| row.reviews == name && row.level == level).unwrap();
        let all = found("all", 0.8);
        assert_eq!((all.jobs, all.coverage), (4, 0.5));
        assert!((all.mean_width - 0.25).abs() < 1e-12 && (all.rmse - 0.241_091_3).abs() < 1e-6, "{all:?}");
        // statsmodels 0.14: proportion_confint(2, 4, method="wilson").
        assert!((all.low - 0.150_039).abs() < 1e-6 && (all.high - 0.849_961).abs() < 1e-6, "{all:?}");
        assert_eq!(
            (found("20+", 0.8).coverage, found("20+", 0.9).coverage, found("20+", 0.95).coverage),
            (0.5, 0.5, 1.0)
        );
        assert_eq!((found("0", 0.8).coverage, found("0", 0.9).coverage, found("1-4", 0.8).jobs), (0.0, 1.0, 1));
        assert!(rows.iter().all(|row| row.reviews != "5-19"));
        assert!(
            coverage(&[RatedJob { actual: 0.5, fp32: 0.5, q8: 0.5, expected: None, reviews: 0, intervals: None }])
                .is_empty()
        );
    }
}
