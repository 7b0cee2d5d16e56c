//! Reliability: jobs completed 40 %, on time 30 %, not cancelled 15 %, documented with photos 15 %.

use super::score::{Record, weighted};

/// 0 to 1, or `None` where the market knows none of it.
pub(super) fn value(record: &Record<'_>) -> Option<f64> {
    let rates = record.rates;
    weighted(&[
        (0.4, rates.completion),
        (0.3, rates.on_time),
        (0.15, rates.cancellation.map(|cancelled| 1.0 - cancelled)),
        (0.15, rates.photos),
    ])
}
