//! The figures of a version by name, out of its manifest and whatever shape its metrics.json has.

use serde_json::Value;

use super::store::Registry;
use super::{Entry, RegistryError};

/// Name of the report of an evaluation.
const METRICS: &str = "metrics.json";
/// Names of an estimate beside its interval.
const ESTIMATES: [&str; 3] = ["value", "mean", "estimate"];

/// A figure, with its interval where there is one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figure {
    /// Where it stands: `ranking.ndcg@10`, `differences[rules,mrr,ensemble_q8]`, or the name that the manifest gives it.
    pub(super) name: String,
    pub(super) value: f64,
    pub(super) interval: Option<(f64, f64)>,
}

/// What is known of a version's quality.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Figures {
    all: Vec<Figure>,
    /// SHA-256 of the data that was measured on.
    pub(super) measured_on: Option<String>,
}

impl Figures {
    /// Of a version.
    pub(super) fn of(registry: &Registry, entry: &Entry) -> Result<Self, RegistryError> {
        let plain = |(name, value): (&String, &f64)| Figure { name: name.clone(), value: *value, interval: None };
        let mut figures = Self { all: entry.metrics.iter().map(plain).collect(), measured_on: None };
        let Some(file) = entry.file(METRICS) else { return Ok(figures) };
        let bytes = registry.file(&entry.version, file)?;
        let report: Value = serde_json::from_slice(&bytes).map_err(|error| RegistryError::Text {
            version: entry.version.clone(),
            file: METRICS,
            reason: error.to_string(),
        })?;
        figures.measured_on = report["protocol"]["data_fingerprint"].as_str().map(str::to_owned);
        figures.walk("", &report);
        Ok(figures)
    }

    /// The figure of this name.
    pub(super) fn get(&self, name: &str) -> Option<&Figure> {
        self.all.iter().find(|figure| figure.name == name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Figure> {
        self.all.iter()
    }

    fn walk(&mut self, at: &str, value: &Value) {
        match value {
            Value::Number(number) => {
                let value = number.as_f64().unwrap_or(f64::NAN);
                self.all.push(Figure { name: at.to_owned(), value, interval: None });
            }
            Value::Object(fields) => {
                let number = |name: &str| fields.get(name).and_then(Value::as_f64);
                let estimate = ESTIMATES.iter().find_map(|name| number(name));
                if let (Some(value), Some(low), Some(high)) = (estimate, number("low"), number("high")) {
                    return self.all.push(Figure { name: at.to_owned(), value, interval: Some((low, high)) });
                }
                for (name, value) in fields {
                    match (at, name.as_str()) {
                        // How it was measured, and the wrapper of seed 004's shape.
                        ("", "protocol") => {}
                        ("", "metrics") => self.walk("", value),
                        ("", name) => self.walk(name, value),
                        (at, name) => self.walk(&format!("{at}.{name}"), value),
                    }
                }
            }
            Value::Array(values) => {
                for (number, value) in values.iter().enumerate() {
                    let label = label(value).unwrap_or_else(|| number.to_string());
                    self.walk(&format!("{at}[{label}]"), value);
                }
            }
            Value::Null | Value::Bool(_) | Value::String(_) => {}
        }
    }
}

/// What the row of a list is about: its texts, and its level.
fn label(row: &Value) -> Option<String> {
    let fields = row.as_object()?;
    let part = |(name, value): (&String, &Value)| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if name == "level" => Some(number.to_string()),
        _ => None,
    };
    // By name, so that the order in which a report was written makes no other label.
    let mut sorted: Vec<_> = fields.iter().collect();
    sorted.sort_by_key(|(name, _)| *name);
    let parts: Vec<String> = sorted.into_iter().filter_map(part).collect();
    (!parts.is_empty()).then(|| parts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_named_by_where_they_stand() {
        let report = serde_json::json!({
            "protocol": { "k": 10 },
            "metrics": { "ranking": { "ndcg@10": 0.5 }, "fairness": { "demographic_parity": { "value": 0.1, "low": 0.0, "high": 0.2 } } },
            "rating": { "q8": { "r2": 0.7 } },
            "hiring": [{ "scorer": "rules", "top1": 0.4 }],
            "differences": [{ "model": "a", "baseline": "b", "metric": "mrr", "mean": 0.1, "low": 0.0, "high": 0.3, "excludes_zero": false }],
            "plain": [1, 2],
            "no": null,
        });
        let mut figures = Figures::default();
        figures.walk("", &report);
        let mut found: Vec<_> =
            figures.iter().map(|figure| (figure.name.as_str(), figure.value, figure.interval)).collect();
        found.sort_by(|a, b| a.0.cmp(b.0));
        let expected = [
            ("differences[b,mrr,a]", 0.1, Some((0.0, 0.3))),
            ("fairness.demographic_parity", 0.1, Some((0.0, 0.2))),
            ("hiring[rules].top1", 0.4, None),
            ("plain[0]", 1.0, None),
            ("plain[1]", 2.0, None),
            ("ranking.ndcg@10", 0.5, None),
            ("rating.q8.r2", 0.7, None),
        ];
        assert_eq!(found, expected);
    }
}
