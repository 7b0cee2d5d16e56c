//! Requests to an MLflow server, with patience.

use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::Response;

use super::{Address, Patience};
use crate::native::tracking::TrackingError;

/// Bytes that an answer may have.
const LONGEST_ANSWER: u64 = 1 << 20;
/// Characters of a refusal that are shown.
const SHOWN: usize = 300;

/// A server and the patience with it.
#[derive(Debug)]
pub(super) struct Client {
    agent: Agent,
    address: Address,
    patience: Patience,
}

impl Client {
    pub(super) fn new(address: Address, patience: Patience) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(patience.request))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // The server is the one that was named, whatever the environment says.
            .proxy(None)
            .user_agent(concat!("tidyrank/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.into(), address, patience }
    }

    /// Posts something without which there is no run.
    pub(super) fn opening(&self, method: &str, body: &Value) -> Result<Value, TrackingError> {
        self.post(method, body, self.patience.opening)
    }

    /// Posts something to a run.
    pub(super) fn later(&self, method: &str, body: &Value) -> Result<Value, TrackingError> {
        self.post(method, body, self.patience.later)
    }

    /// What is there under a name; `None` where there is nothing (404 in MLflow's words).
    pub(super) fn find(&self, method: &str, key: &str, name: &str) -> Result<Option<Value>, TrackingError> {
        let url = self.url(method);
        let found =
            self.patiently(self.patience.opening, || self.answer(&url, self.agent.get(&url).query(key, name).call()));
        match found {
            Err(TrackingError::Refused { status: 404, message, .. }) if message.contains("RESOURCE_DOES_NOT_EXIST") => {
                Ok(None)
            }
            other => other.map(Some),
        }
    }

    /// A text in an answer.
    pub(super) fn text(&self, answer: &Value, pointer: &str, method: &str) -> Result<String, TrackingError> {
        let found = answer.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        found.ok_or_else(|| TrackingError::Answer { url: self.url(method), reason: format!("there is no {pointer}") })
    }

    fn url(&self, method: &str) -> String {
        format!("{}/api/2.0/mlflow/{method}", self.address)
    }

    fn post(&self, method: &str, body: &Value, attempts: u32) -> Result<Value, TrackingError> {
        let url = self.url(method);
        let body = body.to_string();
        self.patiently(attempts, || {
            self.answer(&url, self.agent.post(&url).content_type("application/json").send(&body))
        })
    }

    /// Asks until there is an answer that stays the same however often one asks. What was sent and not answered is sent again:
    /// MLflow takes the same numbers twice for the same ones.
    fn patiently(&self, attempts: u32, ask: impl Fn() -> Result<Value, TrackingError>) -> Result<Value, TrackingError> {
        let mut pause = self.patience.pause;
        for _ in 1..attempts {
            match ask() {
                Err(error) if passes(&error) => std::thread::sleep(pause),
                answer => return answer,
            }
            pause = pause.saturating_mul(2).min(Duration::from_secs(60));
        }
        ask()
    }

    fn answer(&self, url: &str, sent: Result<Response<ureq::Body>, ureq::Error>) -> Result<Value, TrackingError> {
        let unreachable =
            |error: ureq::Error| TrackingError::Unreachable { url: url.to_owned(), reason: error.to_string() };
        let mut response = sent.map_err(unreachable)?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(LONGEST_ANSWER).lossy_utf8(true).read_to_string();
        if status != 200 {
            // The status says more than that its explanation could not be read.
            let message = super::batch::cut(&said(&body.unwrap_or_default()), SHOWN);
            return Err(TrackingError::Refused { url: url.to_owned(), status, message });
        }
        let body = body.map_err(unreachable)?;
        serde_json::from_str(&body)
            .map_err(|error| TrackingError::Answer { url: url.to_owned(), reason: error.to_string() })
    }
}

/// What a refusal says: MLflow's code and text, or whatever there is, in one line.
fn said(body: &str) -> String {
    let parsed: Value = serde_json::from_str(body).unwrap_or_default();
    let text = match (parsed["error_code"].as_str(), parsed["message"].as_str()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        _ => body.to_owned(),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether it may be better the next time.
fn passes(error: &TrackingError) -> bool {
    match error {
        TrackingError::Unreachable { .. } => true,
        TrackingError::Refused { status, .. } => *status >= 500 || *status == 429,
        _ => false,
    }
}
