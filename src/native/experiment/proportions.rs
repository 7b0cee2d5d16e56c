//! Two shares of units: the test, and intervals of each and of their difference.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

use crate::native::eval::metrics::wilson;

/// So many units of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Count {
    /// Units that did.
    pub hits: u64,
    /// All units.
    pub units: u64,
}

/// The difference `treatment - control` of two shares.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ShareDifference {
    /// Difference observed.
    pub difference: f64,
    /// Statistic of the pooled two-proportion z test.
    pub z: f64,
    /// Its two-sided p-value; 1 where nobody or everybody did.
    pub p: f64,
    /// Interval by the unpooled normal approximation (Wald).
    pub wald: (f64, f64),
    /// Interval from the two Wilson intervals (R. G. Newcombe 1998, method 10), which holds for small samples, too.
    pub newcombe: (f64, f64),
}

impl Count {
    /// The share; 0 of nobody.
    pub fn share(&self) -> f64 {
        self.hits as f64 / self.units.max(1) as f64
    }

    /// The interval of the share (E. B. Wilson 1927); everything of nobody.
    pub fn wilson(&self, level: f64) -> (f64, f64) {
        wilson(self.share(), self.units, z_of(level))
    }
}

/// Compares two shares; `None` where one side has no unit.
pub fn compare(control: Count, treatment: Count, level: f64) -> Option<ShareDifference> {
    if control.units == 0 || treatment.units == 0 {
        return None;
    }
    let (p0, p1) = (control.share(), treatment.share());
    let (n0, n1) = (control.units as f64, treatment.units as f64);
    let difference = p1 - p0;
    let pooled = (control.hits + treatment.hits) as f64 / (n0 + n1);
    let error = (pooled * (1.0 - pooled) * (1.0 / n0 + 1.0 / n1)).sqrt();
    let z = if error > 0.0 { difference / error } else { 0.0 };
    let half = z_of(level) * (p0 * (1.0 - p0) / n0 + p1 * (1.0 - p1) / n1).sqrt();
    let ((low0, high0), (low1, high1)) = (control.wilson(level), treatment.wilson(level));
    let newcombe = (difference - (p1 - low1).hypot(high0 - p0), difference + (high1 - p1).hypot(p0 - low0));
    Some(ShareDifference { difference, z, p: two_sided(z), wald: (difference - half, difference + half), newcombe })
}

/// The two-sided p-value of a standard normal statistic.
pub(super) fn two_sided(z: f64) -> f64 {
    (2.0 * Normal::standard().sf(z.abs())).min(1.0)
}

/// The normal quantile of a two-sided level.
pub(super) fn z_of(level: f64) -> f64 {
    Normal::standard().inverse_cdf(0.5 + level / 2.0)
}

#[cfg(test)]
mod tests {
    use super::super::golden::{cases, close};
    use super::*;

    #[test]
    fn agrees_with_statsmodels() {
        for case in cases("proportions") {
            let count = |at: usize| case["counts"][at].as_u64().unwrap();
            let (control, treatment) =
                (Count { hits: count(0), units: count(1) }, Count { hits: count(2), units: count(3) });
            let found = compare(control, treatment, 0.95).unwrap();
            close(found.z, &case["z"], 1e-10);
            close(found.p, &case["p"], 1e-10);
            for (name, (low, high)) in
                [("wald", found.wald), ("newcombe", found.newcombe), ("wilson", treatment.wilson(0.95))]
            {
                close(low, &case[name][0], 1e-9);
                close(high, &case[name][1], 1e-9);
            }
        }
    }

    #[test]
    fn nobody_and_everybody_are_no_alarm() {
        let all = Count { hits: 5, units: 5 };
        assert_eq!(compare(all, all, 0.95).map(|found| found.p), Some(1.0));
        assert_eq!(compare(Count::default(), all, 0.95), None);
        assert_eq!(Count::default().wilson(0.95), (0.0, 1.0));
    }
}
