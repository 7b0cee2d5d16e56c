//! How alike two cleaners are to a client who looks at a list.

use super::PoolItem;

/// Two cleaners that are that far apart are half as alike as neighbours.
const HALF_KM: f64 = 5.0;

/// From 0 to 1: the mean of what is known of
/// * the price level: 1 - |a - b| / max(a, b),
/// * the distance between where they start from: 2^(-km / 5),
/// * the components of the rule score: 1 - the mean of |a - b| / 100 over those that both have.
///
/// 0 where nothing is known of both.
pub(super) fn similarity(a: &PoolItem<'_>, b: &PoolItem<'_>) -> f64 {
    let price = a.price.zip(b.price).map(|(a, b)| {
        let most = f64::from(a.max(b));
        if most > 0.0 { 1.0 - f64::from((a - b).abs()) / most } else { 1.0 }
    });
    let near =
        a.location.zip(b.location).map(|(a, b)| libm::exp(-std::f64::consts::LN_2 / HALF_KM * a.distance_km(&b)));
    let (mut apart, mut both) = (0.0, 0.0);
    for (a, b) in a.values.iter().zip(&b.values).filter(|(a, b)| !a.is_nan() && !b.is_nan()) {
        (apart, both) = (apart + f64::from((a - b).abs()) / 100.0, both + 1.0);
    }
    let record = (both > 0.0).then(|| 1.0 - apart / both);
    let (sum, known) = [price, near, record].into_iter().flatten().fold((0.0, 0.0), |(s, n), x| (s + x, n + 1.0));
    if known > 0.0 { (sum / known).clamp(0.0, 1.0) } else { 0.0 }
}
