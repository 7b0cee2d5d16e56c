//! Bidding: how often bids win 50 %, how the price compares with the market's 50 %. In both, 0.5 is the market's mean.

use super::score::{Subject, weighted};

/// 0 to 1, or `None` where neither is known.
pub(super) fn value(subject: &Subject<'_>) -> Option<f64> {
    let total = &subject.market.total;
    let market_wins = f64::from(total.wins) / f64::from(total.bids.max(1));
    let wins = subject.rates.win.filter(|_| market_wins > 0.0).map(|win| win / (win + market_wins));
    weighted(&[(0.5, wins), (0.5, subject.price_ratio().map(cheapness))])
}

/// 1 for free, 0.5 at the market's price, 1/3 at twice it: the logistic function of minus the log of the ratio.
pub(super) fn cheapness(price_ratio: f64) -> f64 {
    1.0 / (1.0 + price_ratio)
}
