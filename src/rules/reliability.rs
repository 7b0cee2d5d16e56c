//! Reliability: jobs completed 40 %, on time 30 %, not cancelled 15 %, documented with photos 15 %.

use super::score::{Subject, weighted};

/// 0 to 1, or `None` where the market knows none of it.
pub(super) fn value(subject: &Subject<'_>) -> Option<f64> {
    let rates = subject.rates;
    weighted(&[
        (0.4, rates.completion),
        (0.3, rates.on_time),
        (0.15, rates.cancellation.map(|cancelled| 1.0 - cancelled)),
        (0.15, rates.photos),
    ])
}
