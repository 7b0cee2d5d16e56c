//! From the answers of the engine to a report beside baselines and, on generated data, ceilings.

use serde::{Deserialize, Serialize};

use super::ask::Asked;
use super::figures::{Bin, Forecast, LEVELS, probability_figures, range_figures};
use crate::engine::BidSource;

/// Prices that perfect knowledge chooses among: from half to twice the market's price.
const GRID: usize = 81;

/// How it was measured.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct BidProtocol {
    /// The data set.
    pub data_fingerprint: String,
    /// How the jobs were split.
    pub split: String,
    /// What is known to a suggestion.
    pub known: String,
    /// Bids and jobs that were measured on.
    pub bids: usize,
    /// See `bids`.
    pub jobs: usize,
    /// Whether the model or the market answered.
    pub source: String,
    /// What the prices of the figures are relative to.
    pub scale: String,
    /// What each ceiling knows.
    pub ceilings: Vec<String>,
}

/// Figures of a range, in parts of the market's price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RangeRow {
    /// Whose.
    pub name: String,
    /// Mean pinball loss at 10, 50 and 90 %.
    pub pinball: [f64; 3],
    /// Share of winning prices inside; nominal is 0.8.
    pub coverage: f64,
    /// Mean width.
    pub width: f64,
}

/// Figures of a win probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WinRow {
    /// Whose.
    pub name: String,
    /// Mean log loss.
    pub log_loss: f64,
    /// Brier score.
    pub brier: f64,
    /// Expected calibration error.
    pub ece: f64,
}

/// What a way to bid earns by the truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Earned {
    /// Which way.
    pub name: String,
    /// Mean expected revenue per bid, in the market's currency.
    pub revenue: f64,
    /// Mean probability of winning.
    pub wins: f64,
    /// Mean price relative to the market's.
    pub price: f64,
}

/// The truth about one bid of generated data.
#[derive(Debug, Clone, PartialEq)]
pub struct BidTruth {
    /// (price, utility of the choice) of the other bids on the job, later ones included.
    pub others: Vec<(f64, f64)>,
    /// Utility of this one at its own price.
    pub utility: f64,
    /// What the utility falls by when ln of the price rises by 1.
    pub slope: f64,
    /// Simulated futures, each the (price, utility) of the bids on the job besides this one: the earlier bids as they are, later
    /// ones redrawn. Empty where none were simulated.
    pub futures: Vec<Vec<(f64, f64)>>,
}

impl BidTruth {
    /// The true probability that this price wins against these bids (multinomial logit).
    fn win(&self, own: f64, price: f64, others: &[(f64, f64)]) -> f64 {
        let mine = self.utility - self.slope * (price / own).ln();
        1.0 / (1.0 + others.iter().map(|(_, utility)| (utility - mine).exp()).sum::<f64>())
    }

    /// The mean over the futures.
    fn win_simulated(&self, own: f64, price: f64) -> Option<f64> {
        let sum: f64 = self.futures.iter().map(|others| self.win(own, price, others)).sum();
        (!self.futures.is_empty()).then(|| sum / self.futures.len() as f64)
    }

    /// Quantiles of the winning price, every bid weighted by its probability to win.
    fn quantiles(&self, own: f64, futures: &[Vec<(f64, f64)>]) -> [f64; 3] {
        let mut weighted: Vec<(f64, f64)> = Vec::new();
        for others in futures {
            let odds = others.iter().map(|(price, utility)| (*price, (utility - self.utility).exp()));
            let mut odds: Vec<(f64, f64)> = odds.chain([(own, 1.0)]).collect();
            let sum: f64 = odds.iter().map(|(_, odds)| odds).sum();
            odds.iter_mut().for_each(|(_, odds)| *odds /= sum * futures.len() as f64);
            weighted.extend(odds);
        }
        weighted.sort_by(|a, b| a.0.total_cmp(&b.0));
        LEVELS.map(|level| {
            let mut sum = 0.0;
            let reached = weighted.iter().find(|(_, weight)| {
                sum += weight;
                sum >= level
            });
            reached.or(weighted.last()).map_or(own, |(price, _)| *price)
        })
    }
}

/// Everything that is measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BidReport {
    /// How.
    pub protocol: BidProtocol,
    /// The range of winning prices.
    pub range: Vec<RangeRow>,
    /// The probability that a bid wins.
    pub winning: Vec<WinRow>,
    /// Of the suggestions' probabilities, ten bins of equal count.
    pub reliability: Vec<Bin>,
    /// What ways to bid earn; empty where the truth is not known.
    pub revenue: Vec<Earned>,
}

/// A price that a baseline names.
type Baseline = (&'static str, fn(&Asked) -> Option<f64>);

const BASELINES: [Baseline; 4] = [
    ("market mean", |asked| asked.market),
    ("cleaner's usual rate", |asked| asked.usual.or(asked.market)),
    ("lowest bid - 5 %, else market", |asked| asked.lowest.map(|lowest| 0.95 * lowest).or(asked.market)),
    ("budget or reserve price, else market", |asked| asked.budget.or(asked.market)),
];

/// The report of the bids from `first` (the first hold-out job) on; the ones before give the baselines their spread. `truth`: of
/// the measured bids, in order, or nothing.
pub fn report(asked: &[Asked], first: u32, truth: Option<&[BidTruth]>, protocol: BidProtocol) -> BidReport {
    let (past, test) = asked.split_at(asked.partition_point(|asked| asked.job < first));
    let truth = truth.filter(|truth| truth.len() == test.len());
    let mut jobs: Vec<u32> = test.iter().map(|asked| asked.job).collect();
    jobs.dedup();
    let all_model = test.iter().all(|asked| asked.source == BidSource::Model);
    let protocol = BidProtocol {
        bids: test.len(),
        jobs: jobs.len(),
        source: if all_model { "model" } else { "market" }.to_owned(),
        ..protocol
    };
    let (winning, reliability) = winning(past, test, truth);
    BidReport { protocol, range: range(past, test, truth), winning, reliability, revenue: revenue(test, truth) }
}

fn range(past: &[Asked], test: &[Asked], truth: Option<&[BidTruth]>) -> Vec<RangeRow> {
    let mut rows = Vec::new();
    let mut add = |name: String, predict: &dyn Fn(usize, &Asked) -> [f64; 3]| {
        let relative = |(at, asked): (usize, &Asked)| {
            (predict(at, asked).map(|price| price / asked.scale()), asked.winning / asked.scale())
        };
        let all: Vec<_> = test.iter().enumerate().map(relative).collect();
        let (pinball, coverage, width) = range_figures(&all);
        rows.push(RangeRow { name, pinball, coverage, width });
    };
    add("suggestion".to_owned(), &|_, asked| asked.range);
    for (name, price) in BASELINES {
        let mut spread: Vec<f64> = past.iter().filter_map(|asked| Some(asked.winning / price(asked)?)).collect();
        spread.sort_by(f64::total_cmp);
        let spread = LEVELS.map(|level| {
            let at = (level * spread.len() as f64) as usize;
            spread.get(at.min(spread.len().saturating_sub(1))).copied().unwrap_or(1.0)
        });
        let middle = |asked: &Asked| price(asked).unwrap_or_else(|| asked.scale());
        add(name.to_owned(), &|_, asked| [middle(asked); 3]);
        add(format!("{name}, times its past quantiles"), &|_, asked| spread.map(|share| share * middle(asked)));
    }
    if let Some(truth) = truth {
        if truth.iter().any(|truth| !truth.futures.is_empty()) {
            add("ceiling: truth, later bids unknown".to_owned(), &|at, asked| {
                truth[at].quantiles(asked.own, &truth[at].futures)
            });
        }
        add("ceiling: truth and all bids".to_owned(), &|at, asked| {
            truth[at].quantiles(asked.own, std::slice::from_ref(&truth[at].others))
        });
    }
    rows
}

fn winning(past: &[Asked], test: &[Asked], truth: Option<&[BidTruth]>) -> (Vec<WinRow>, Vec<Bin>) {
    let mut rows = Vec::new();
    let mut add = |name: &str, predict: &dyn Fn(usize, &Asked) -> f64| {
        let forecast = |(at, asked): (usize, &Asked)| Forecast { probability: predict(at, asked), happened: asked.won };
        let all: Vec<Forecast> = test.iter().enumerate().map(forecast).collect();
        let (log_loss, brier, ece, bins) = probability_figures(&all);
        rows.push(WinRow { name: name.to_owned(), log_loss, brier, ece });
        bins
    };
    let reliability = add("suggestion", &|_, asked| asked.win);
    let rate = past.iter().filter(|asked| asked.won).count() as f64 / past.len().max(1) as f64;
    add("base rate of the past", &|_, _| rate);
    add("1 / bidders in the end", &|_, asked| 1.0 / f64::from(asked.bidders.max(1)));
    if let Some(truth) = truth {
        if truth.iter().all(|truth| !truth.futures.is_empty()) {
            add("ceiling: truth, later bids unknown", &|at, asked| {
                truth[at].win_simulated(asked.own, asked.own).unwrap_or(0.5)
            });
        }
        add("ceiling: truth and all bids", &|at, asked| truth[at].win(asked.own, asked.own, &truth[at].others));
    }
    (rows, reliability)
}

fn revenue(test: &[Asked], truth: Option<&[BidTruth]>) -> Vec<Earned> {
    let Some(truth) = truth else { return Vec::new() };
    let mut rows = Vec::new();
    let mut add = |name: &str, price: &dyn Fn(usize, &Asked) -> f64| {
        let n = test.len().max(1) as f64;
        let mut sums = [0.0; 3];
        for (at, asked) in test.iter().enumerate() {
            let price = price(at, asked);
            let wins = truth[at].win(asked.own, price, &truth[at].others);
            for (sum, value) in sums.iter_mut().zip([price * wins, wins, price / asked.scale()]) {
                *sum += value / n;
            }
        }
        rows.push(Earned { name: name.to_owned(), revenue: sums[0], wins: sums[1], price: sums[2] });
    };
    let grid = |asked: &Asked| {
        let scale = asked.scale();
        (0..GRID).map(move |at| scale * 0.5 * 4f64.powf(at as f64 / (GRID - 1) as f64))
    };
    let argmax = |prices: &mut dyn Iterator<Item = f64>, revenue: &dyn Fn(f64) -> f64| {
        prices.map(|price| (revenue(price), price)).max_by(|a, b| a.0.total_cmp(&b.0)).map_or(0.0, |best| best.1)
    };
    add("best (highest expected revenue)", &|_, asked| asked.best);
    add("optimal (the same, inside the range)", &|_, asked| asked.optimal);
    add("median of the range", &|_, asked| asked.range[1]);
    add("cleaner's usual price", &|_, asked| asked.usual.unwrap_or(asked.own));
    add("the bid that was made", &|_, asked| asked.own);
    add("market mean", &|_, asked| asked.scale());
    if truth.iter().all(|truth| !truth.futures.is_empty()) {
        add("ceiling: truth, later bids unknown", &|at, asked| {
            let win = |price: f64| truth[at].win_simulated(asked.own, price).unwrap_or(0.0);
            argmax(&mut grid(asked), &|price| price * win(price))
        });
    }
    add("ceiling: truth and all bids", &|at, asked| {
        argmax(&mut grid(asked), &|price| price * truth[at].win(asked.own, price, &truth[at].others))
    });
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_truth_of_equal_bids_is_even_and_falls_with_the_price() {
        let others = vec![(20.0, 1.0), (30.0, 1.0), (40.0, 1.0)];
        let truth = BidTruth { futures: vec![others.clone()], others, utility: 1.0, slope: 2.0 };
        assert_eq!(truth.win(10.0, 10.0, &truth.others), 0.25);
        // The odds fall by the price's square.
        assert!((truth.win(10.0, 20.0, &truth.others) - 0.25 / 3.25).abs() < 1e-12);
        assert_eq!(truth.win_simulated(10.0, 10.0), Some(0.25));
        assert_eq!(truth.quantiles(10.0, &truth.futures), [10.0, 20.0, 40.0]);
    }
}
