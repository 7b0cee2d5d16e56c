//! Figures of quantiles and probabilities.

use serde::{Deserialize, Serialize};

/// The levels of a range: least, middle, highest.
pub(super) const LEVELS: [f64; 3] = [0.1, 0.5, 0.9];
/// Bins of a reliability table, each with as many bids.
const BINS: usize = 10;

/// A probability and what came of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// 0 to 1.
    pub probability: f64,
    /// Whether it happened.
    pub happened: bool,
}

/// A bin of a reliability table.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Mean of the probabilities.
    pub predicted: f64,
    /// Share of what happened.
    pub observed: f64,
    /// How many.
    pub count: usize,
}

/// Mean pinball loss at 10, 50 and 90 % (R. Koenker, G. Bassett, 1978), share inside the outer two, and their mean distance; of
/// (three quantiles, what came) pairs.
pub fn range_figures(rows: &[([f64; 3], f64)]) -> ([f64; 3], f64, f64) {
    let n = rows.len().max(1) as f64;
    let pinball = |at: usize| {
        let loss = |(range, found): &([f64; 3], f64)| {
            let error = found - range[at];
            (LEVELS[at] * error).max((LEVELS[at] - 1.0) * error)
        };
        rows.iter().map(loss).sum::<f64>() / n
    };
    let inside = rows.iter().filter(|(range, found)| range[0] <= *found && *found <= range[2]).count() as f64;
    let width = rows.iter().map(|(range, _)| range[2] - range[0]).sum::<f64>();
    ([pinball(0), pinball(1), pinball(2)], inside / n, width / n)
}

/// Mean log loss, Brier score, expected calibration error over ten bins of equal count, and the bins.
pub fn probability_figures(forecasts: &[Forecast]) -> (f64, f64, f64, Vec<Bin>) {
    let n = forecasts.len().max(1) as f64;
    let (mut log, mut brier) = (0.0, 0.0);
    for Forecast { probability, happened } in forecasts {
        let of_what_came = if *happened { *probability } else { 1.0 - probability };
        log -= of_what_came.max(1e-12).ln();
        brier += (probability - f64::from(u8::from(*happened))).powi(2);
    }
    let mut sorted = forecasts.to_vec();
    sorted.sort_by(|a, b| a.probability.total_cmp(&b.probability));
    let place = |bin: usize| bin * sorted.len() / BINS;
    let bin = |at: usize| {
        let part = &sorted[place(at)..place(at + 1)];
        let count = part.len();
        let mean = |value: &dyn Fn(&Forecast) -> f64| part.iter().map(value).sum::<f64>() / count.max(1) as f64;
        Bin { predicted: mean(&|f| f.probability), observed: mean(&|f| f64::from(u8::from(f.happened))), count }
    };
    let bins: Vec<Bin> = (0..BINS).map(bin).filter(|bin| bin.count > 0).collect();
    let ece = bins.iter().map(|bin| bin.count as f64 * (bin.predicted - bin.observed).abs()).sum::<f64>() / n;
    (log / n, brier / n, ece, bins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loss_of_a_quantile_worked_out_by_hand() {
        // 2 above the low end costs 0.1 * 2, 1 above the middle 0.5, 1 below the high end 0.1; 3 below all: 0.9 * 3, 0.5 * 4, 0.1 * 6.
        let (pinball, inside, width) = range_figures(&[([1.0, 2.0, 4.0], 3.0), ([1.0, 2.0, 4.0], -2.0)]);
        let expected = [(0.2 + 2.7) / 2.0, (0.5 + 2.0) / 2.0, (0.1 + 0.6) / 2.0];
        assert!(pinball.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{pinball:?}");
        assert_eq!((inside, width), (0.5, 3.0));
    }

    #[test]
    fn probabilities_worked_out_by_hand() {
        let forecast = |probability, happened| Forecast { probability, happened };
        let mut all = vec![forecast(0.25, true), forecast(0.75, true)];
        let (log, brier, ece, bins) = probability_figures(&all);
        assert!((log - (4f64.ln() + (4.0f64 / 3.0).ln()) / 2.0).abs() < 1e-12);
        assert!((brier - (0.5625 + 0.0625) / 2.0).abs() < 1e-12 && (ece - 0.5).abs() < 1e-12);
        assert_eq!(bins.iter().map(|bin| bin.count).sum::<usize>(), 2);
        all = (0..1000).map(|at| forecast(0.3, at % 10 < 3)).collect();
        let (_, _, ece, bins) = probability_figures(&all);
        assert!(ece < 1e-9 && bins.len() == 10, "{ece}");
        assert_eq!(probability_figures(&[]).3, []);
    }
}
