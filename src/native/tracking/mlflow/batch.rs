//! What is sent, within the limits of MLflow (`docs/rest-api`, "Request limits" of `runs/log-batch`).

use serde_json::{Value, json};

use super::super::EpochRecord;

/// Metrics of a request.
const METRICS: usize = 1000;
/// Parameters of a request.
const PARAMS: usize = 100;
/// Characters of a name.
const NAME: usize = 250;
/// Characters of a parameter: 6000 of late, 500 before MLflow 2.8.
pub(super) const PARAM_VALUE: usize = 500;
/// Characters of a tag.
pub(super) const TAG_VALUE: usize = 5000;

/// The numbers of an epoch, and when they came (milliseconds since 1970).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Logged {
    pub(super) step: u64,
    pub(super) at: u64,
    pub(super) values: Vec<(String, f64)>,
}

impl Logged {
    /// An epoch that came at this time.
    pub(super) fn new(epoch: &EpochRecord, at: u64) -> Self {
        Self { step: epoch.step, at, values: epoch.values.clone() }
    }
}

/// The requests for these settings.
pub(super) fn params<'a>(run_id: &'a str, params: &'a [(String, String)]) -> impl Iterator<Item = Value> + 'a {
    params.chunks(PARAMS).map(move |chunk| json!({"run_id": run_id, "params": pairs(chunk, PARAM_VALUE)}))
}

/// The requests for these epochs.
pub(super) fn metrics(run_id: &str, epochs: &[Logged]) -> Vec<Value> {
    let all: Vec<Value> = epochs
        .iter()
        .flat_map(|epoch| epoch.values.iter().map(move |(key, value)| (epoch, key, value)))
        .map(|(epoch, key, value)| json!({"key": name(key), "value": value, "timestamp": epoch.at, "step": epoch.step}))
        .collect();
    all.chunks(METRICS).map(|chunk| json!({"run_id": run_id, "metrics": chunk})).collect()
}

/// Names and values as MLflow takes them.
pub(super) fn pairs(pairs: &[(String, String)], longest: usize) -> Vec<Value> {
    pairs.iter().map(|(key, value)| json!({"key": name(key), "value": cut(value, longest)})).collect()
}

/// A text of at most `longest` characters; one that is cut shows it.
pub(super) fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    text.chars().take(longest.saturating_sub(1)).chain(['…']).collect()
}

/// A name in the characters that MLflow takes: letters, digits, `_-. /`.
fn name(text: &str) -> String {
    let fine = |c: char| c.is_ascii_alphanumeric() || "_-. /".contains(c);
    text.chars().take(NAME).map(|c| if fine(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(n: usize) -> Vec<(String, String)> {
        (0..n).map(|i| (format!("p{i}"), i.to_string())).collect()
    }

    #[test]
    fn no_request_is_larger_than_mlflow_takes() {
        for (n, expected) in [(0, vec![]), (1, vec![1]), (100, vec![100]), (201, vec![100, 100, 1])] {
            let given = named(n);
            let found: Vec<Value> = params("r", &given).collect();
            let sizes: Vec<usize> = found.iter().map(|body| body["params"].as_array().unwrap().len()).collect();
            assert_eq!(sizes, expected, "{n}");
            assert!(found.iter().all(|body| body["run_id"] == "r"));
        }
        // 3 values an epoch: a thousand is no multiple of it, and none is lost on the border.
        let epochs: Vec<Logged> = (1..=400)
            .map(|step| {
                let values = ["a", "b", "c"].map(|name| (name.to_owned(), step as f64)).to_vec();
                Logged::new(&EpochRecord { step, values, ..EpochRecord::default() }, 7)
            })
            .collect();
        let found = metrics("r", &epochs);
        let sizes: Vec<usize> = found.iter().map(|body| body["metrics"].as_array().unwrap().len()).collect();
        assert_eq!(sizes, [1000, 200]);
        assert_eq!(found[1]["metrics"][0], json!({"key": "b", "value": 334.0, "timestamp": 7, "step": 334}));
        assert_eq!(metrics("r", &[]), Vec::<Value>::new());
    }

    #[test]
    fn names_and_values_are_made_to_fit() {
        assert_eq!(name("loss/train-1.x y_z"), "loss/train-1.x y_z");
        assert_eq!(name("σ@10:a\n"), "__10_a_");
        assert_eq!(name(&"x".repeat(300)).len(), 250);
        assert_eq!((cut("four", 4), cut("fives", 4)), ("four".to_owned(), "fiv…".to_owned()));
        assert_eq!(cut("ώώώώώ", 3), "ώώ…");
    }
}
