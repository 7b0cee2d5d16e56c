//! Bidding: how often bids win 75 %, how the price compares with the market's 25 %. In both, 0.5 is the market's mean, and
//! so a part of which nothing is known counts as 0.5.

use crate::domain::{MarketStats, Rates};

/// How often bids win against the market's, 0 to 1; `None` where the market's bids never do.
pub(super) fn wins(market: &MarketStats, rates: &Rates) -> Option<f64> {
    let market_wins = f64::from(market.total.wins) / f64::from(market.total.bids.max(1));
    rates.win.filter(|_| market_wins > 0.0).map(|win| win / (win + market_wins))
}

/// 0 to 1, or `None` where neither is known.
pub(super) fn value(wins: Option<f64>, price_ratio: Option<f64>) -> Option<f64> {
    let price = price_ratio.map(cheapness);
    (wins.is_some() || price.is_some()).then(|| 0.75 * wins.unwrap_or(0.5) + 0.25 * price.unwrap_or(0.5))
}

/// 1 for free, 0.5 at the market's price, 1/3 at twice it: the logistic function of minus the log of the ratio.
pub(super) fn cheapness(price_ratio: f64) -> f64 {
    1.0 / (1.0 + price_ratio)
}
