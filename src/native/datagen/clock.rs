//! When jobs are posted: at random, by the habits of the week, in order of time.

use super::config::Config;
use super::constants::ATHENS;
use super::draw::{Draw, Stream};
use crate::domain::{HOUR, Timestamp, day_of_week, hour_of_day};

/// Relative number of jobs by day, Monday first.
const DAYS: [f64; 7] = [1.10, 1.10, 1.05, 1.00, 1.00, 0.80, 0.70];
/// Relative number of jobs by local hour.
const HOURS: [f64; 24] = [
    0.15, 0.08, 0.05, 0.05, 0.05, 0.10, 0.25, 0.60, 1.10, 1.40, 1.40, 1.30, 1.10, 1.00, 0.90, 0.90, 1.00, 1.20, 1.40,
    1.40, 1.30, 1.00, 0.60, 0.30,
];

/// The moments of posting, in order, from a Poisson process given its number of events. Each is drawn from the one before
/// (J. L. Bentley and J. B. Saxe, "Generating sorted lists of random numbers", 1980), so none is kept.
#[derive(Debug)]
pub(super) struct Clock {
    draw: Draw,
    /// Sum of the intensity up to the end of each hour.
    cumulative: Vec<f64>,
    left: u64,
    /// 1 minus the last uniform number.
    above: f64,
}

impl Clock {
    pub(super) fn new(config: &Config) -> Self {
        // Nothing is posted in the last six hours, so that every job has time for bids.
        let hours = (ATHENS.now - ATHENS.start) / HOUR - 6;
        let mut sum = 0.0;
        let cumulative = (0..hours).map(|hour| {
            let at = ATHENS.start + hour * HOUR;
            let of_day = hour_of_day(at, ATHENS.utc_offset_minutes) as usize;
            sum += DAYS[usize::from(day_of_week(at, ATHENS.utc_offset_minutes))] * HOURS[of_day];
            sum
        });
        let cumulative = cumulative.collect();
        Self { draw: Draw::new(config.seed, Stream::Clock, 0), cumulative, left: config.jobs, above: 1.0 }
    }
}

impl Iterator for Clock {
    type Item = Timestamp;

    fn next(&mut self) -> Option<Timestamp> {
        if self.left == 0 {
            return None;
        }
        self.above *= libm::exp(libm::log(self.draw.unit()) / self.left as f64);
        self.left -= 1;
        let target = (1.0 - self.above) * self.cumulative.last()?;
        let hour = self.cumulative.partition_point(|&sum| sum <= target).min(self.cumulative.len() - 1);
        let before = hour.checked_sub(1).map_or(0.0, |before| self.cumulative[before]);
        let share = ((target - before) / (self.cumulative[hour] - before)).clamp(0.0, 1.0);
        Some(ATHENS.start + hour as i64 * HOUR + ((HOUR as f64 * share) as i64).min(HOUR - 1))
    }
}
