//! The golden figures of `tests/fixtures/experiment_stats.py`, for tests.

use serde_json::Value;

/// The cases of one part.
pub(super) fn cases(part: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../../../tests/fixtures/experiment_stats.json")).unwrap();
    let cases = all[part].as_array().cloned().unwrap();
    assert!(!cases.is_empty());
    cases
}

/// A number of a case.
pub(super) fn float(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// The numbers of a case.
pub(super) fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(float).collect()
}

/// Equal up to this share of the expected value (absolute below 1).
#[track_caller]
pub(super) fn close(found: f64, expected: &Value, tolerance: f64) {
    let expected = float(expected);
    assert!((found - expected).abs() <= tolerance * expected.abs().max(1.0), "{found} for {expected}");
}
