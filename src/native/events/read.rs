//! An event from a line of JSON: every field by its name, its type and its range.

use super::event::{
    Amounts, BidInputs, CleanerFit, Event, EventBody, FeedbackKind, JobFit, Kind, ModelRef, OutcomeKind, SCHEMA, Served,
};
use super::json::Json;

/// The longest id or name, in UTF-16 units, as JavaScript counts.
pub const MAX_TEXT: usize = 256;
/// The longest comment, likewise.
pub const MAX_COMMENT: usize = 4000;
/// The last second of the year 9999.
const MAX_MOMENT: i64 = 253_402_300_799;
/// A score with the most that a house may boost it by.
const SCORE: (f64, f64) = (-100.0, 200.0);
/// Sums of parts may be off in their last bits.
const PERCENT: (f64, f64) = (-1e-3, 100.001);
const SHARE: (f64, f64) = (0.0, 1.000_001);
/// An amount, a distance: no marketplace has more.
const AMOUNT: (f64, f64) = (0.0, 1e12);
const MODES: [&str; 3] = ["rules", "neural", "ensemble"];

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// A stable code.
    pub code: &'static str,
    /// The field, e.g. `breakdown.quality`; empty where it is the line as a whole.
    pub field: String,
    /// What it is and what it should be.
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { code, field, message } = self;
        let of = if field.is_empty() { String::new() } else { format!("field {field}: ") };
        write!(f, "{code}: {of}{message}")
    }
}

impl Event {
    /// Reads one line.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the schema: `event.json`, `event.schema`, `event.type`,
    /// `event.missing_field`, `event.unknown_field`, `event.bad_value`, `event.out_of_range`.
    pub fn parse(line: &str) -> Result<Self, Vec<Problem>> {
        let whole = |code, message| vec![Problem { code, field: String::new(), message }];
        let fields = match Json::parse(line) {
            Ok(Json::Object(fields)) => fields,
            Ok(other) => return Err(whole("event.json", format!("the line is {}, not an object", other.what()))),
            Err((at, why)) => return Err(whole("event.json", format!("no JSON: {why} (byte {at})"))),
        };
        let mut problems = Vec::new();
        let event = event(&mut Fields::new(fields, "", &mut problems));
        // A field that is wrong gave a stand-in, which goes no further than here.
        if problems.is_empty() { Ok(event) } else { Err(problems) }
    }
}

/// Reads lines of JSON, empty ones left out.
///
/// # Errors
/// The number of the first line that is wrong, from 1, and everything that is wrong with it.
pub fn parse_lines(text: &str) -> Result<Vec<Event>, (usize, Vec<Problem>)> {
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    lines.map(|(line, number)| Event::parse(line).map_err(|problems| (number, problems))).collect()
}

fn event(fields: &mut Fields<'_>) -> Event {
    let schema = fields.whole("schema", 0, i64::from(u32::MAX));
    if schema.is_some_and(|schema| schema != i64::from(SCHEMA)) {
        // Of another version nothing more is known.
        let schema = schema.unwrap_or_default();
        fields.problem("event.schema", "schema", format!("version {schema} is not known, this build reads {SCHEMA}"));
        fields.left.clear();
    }
    let known = fields.problems.is_empty();
    let id = if known { fields.text("id", MAX_TEXT) } else { String::new() };
    let at = if known { fields.whole("at", 0, MAX_MOMENT).unwrap_or_default() } else { 0 };
    let body = if known { body(fields) } else { nothing() };
    fields.finish();
    Event { schema: SCHEMA, id, at, body }
}

/// Stands in for a body that cannot be read.
fn nothing() -> EventBody {
    EventBody::Outcome { recommendation_id: String::new(), outcome: OutcomeKind::Viewed, value: None }
}

fn body(fields: &mut Fields<'_>) -> EventBody {
    let Some(kind) = fields.one_of("type", "event.type", &Kind::ALL.map(|kind| (kind.name(), kind))) else {
        fields.left.clear();
        return nothing();
    };
    match kind {
        Kind::CleanerRecommendation => EventBody::CleanerRecommendation {
            served: served(fields),
            breakdown: fields.object("breakdown", |of| CleanerFit {
                quality: of.number("quality", PERCENT),
                location: of.number("location", PERCENT),
                specialisation: of.number("specialisation", PERCENT),
                pricing: of.number("pricing", PERCENT),
                availability: of.number("availability", PERCENT),
                reliability: of.number("reliability", PERCENT),
            }),
        },
        Kind::JobRecommendation => EventBody::JobRecommendation {
            served: served(fields),
            breakdown: fields.object("breakdown", |of| JobFit {
                quality: of.number("quality", PERCENT),
                location: of.number("location", PERCENT),
                specialisation: of.number("specialisation", PERCENT),
                pricing: of.number("pricing", PERCENT),
                availability: of.number("availability", PERCENT),
            }),
        },
        Kind::BidSuggestion => EventBody::BidSuggestion {
            served: served(fields),
            amounts: fields.object("amounts", amounts),
            inputs: fields.object("inputs", |of| BidInputs {
                client_budget: of.number("clientBudget", AMOUNT),
                market_average: of.number("marketAverage", AMOUNT),
                cleaner_average: of.number("cleanerAverage", AMOUNT),
                win_rate: of.number("winRate", SHARE),
                bid_count: of.whole("bidCount", 0, i64::from(u32::MAX)).unwrap_or_default() as u32,
                lowest_bid: of.number("lowestBid", AMOUNT),
            }),
        },
        Kind::Feedback => EventBody::Feedback {
            recommendation_id: fields.text("recommendationId", MAX_TEXT),
            kind: fields
                .one_of("kind", "event.bad_value", &FeedbackKind::ALL.map(|kind| (kind.name(), kind)))
                .unwrap_or(FeedbackKind::Other),
            comment: fields.maybe_text("comment", MAX_COMMENT),
        },
        Kind::Outcome => EventBody::Outcome {
            recommendation_id: fields.text("recommendationId", MAX_TEXT),
            outcome: fields
                .one_of("outcome", "event.bad_value", &OutcomeKind::ALL.map(|kind| (kind.name(), kind)))
                .unwrap_or(OutcomeKind::Viewed),
            value: fields.number("value", AMOUNT),
        },
    }
}

fn served(fields: &mut Fields<'_>) -> Served {
    let served = Served {
        request_id: fields.text("requestId", MAX_TEXT),
        job_id: fields.text("jobId", MAX_TEXT),
        cleaner_id: fields.text("cleanerId", MAX_TEXT),
        client_id: fields.maybe_text("clientId", MAX_TEXT),
        score: fields.needed_number("score", SCORE),
        rank: fields.whole("rank", 1, i64::from(u32::MAX)).unwrap_or_default() as u32,
        rule_score: fields.number("ruleScore", PERCENT),
        neural_score: fields.number("neuralScore", PERCENT),
        interval: fields.interval("interval"),
        interval_level: fields.number("intervalLevel", (0.5, 0.99)),
        price: fields.number("price", AMOUNT),
        distance_km: fields.number("distanceKm", (0.0, 20_100.0)),
        propensity: fields.number("propensity", SHARE),
        mode: fields.one_of("mode", "event.bad_value", &MODES.map(|mode| (mode, mode))).unwrap_or_default().to_owned(),
        model: fields.maybe_object("model", |of| ModelRef {
            name: of.text("name", MAX_TEXT),
            version: of.text("version", MAX_TEXT),
        }),
        experiment: fields.maybe_text("experiment", MAX_TEXT),
        variant: fields.maybe_text("variant", MAX_TEXT),
        unit_id: fields.maybe_text("unitId", MAX_TEXT),
        segment: fields.maybe_text("segment", MAX_TEXT),
    };
    if served.propensity == Some(0.0) {
        fields.problem("event.out_of_range", "propensity", "0 is impossible: it was shown".to_owned());
    }
    if served.experiment.is_some() != served.variant.is_some() {
        fields.problem("event.missing_field", "variant", "an experiment and its variant come together".to_owned());
    }
    served
}

fn amounts(of: &mut Fields<'_>) -> Amounts {
    let mut number = |name| of.needed_number(name, AMOUNT);
    let amounts = Amounts { min: number("min"), optimal: number("optimal"), max: number("max") };
    if !(amounts.min <= amounts.optimal && amounts.optimal <= amounts.max) {
        of.problem("event.out_of_range", "optimal", "min, optimal, max are not ascending".to_owned());
    }
    amounts
}

/// The fields of an object that are still to be read, and what was wrong so far.
struct Fields<'a> {
    left: Vec<(String, Json)>,
    path: &'static str,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Fields<'a> {
    fn new(left: Vec<(String, Json)>, path: &'static str, problems: &'a mut Vec<Problem>) -> Self {
        Self { left, path, problems }
    }

    fn problem(&mut self, code: &'static str, name: &str, message: String) {
        let dot = if self.path.is_empty() { "" } else { "." };
        self.problems.push(Problem { code, field: format!("{}{dot}{name}", self.path), message });
    }

    /// Takes a field; null is as good as nothing.
    fn take(&mut self, name: &str) -> Option<Json> {
        let at = self.left.iter().position(|(known, _)| known == name)?;
        Some(self.left.swap_remove(at).1).filter(|value| *value != Json::Null)
    }

    fn missing(&mut self, name: &str) {
        self.problem("event.missing_field", name, "is missing".to_owned());
    }

    fn wrong(&mut self, name: &str, found: &Json, expected: &str) {
        self.problem("event.bad_value", name, format!("is {}, not {expected}", found.what()));
    }

    fn maybe_text(&mut self, name: &str, longest: usize) -> Option<String> {
        match self.take(name)? {
            Json::Text(text) => {
                let length = text.encode_utf16().count();
                if length == 0 || length > longest {
                    let message = format!("has {length} characters, not 1 to {longest}");
                    self.problem("event.out_of_range", name, message);
                }
                Some(text)
            }
            other => {
                self.wrong(name, &other, "a text");
                None
            }
        }
    }

    fn text(&mut self, name: &str, longest: usize) -> String {
        let before = self.problems.len();
        let text = self.maybe_text(name, longest);
        if text.is_none() && self.problems.len() == before {
            self.missing(name);
        }
        text.unwrap_or_default()
    }

    fn number(&mut self, name: &str, (low, high): (f64, f64)) -> Option<f64> {
        let found = self.take(name)?;
        let Json::Number(digits) = &found else {
            self.wrong(name, &found, "a number");
            return None;
        };
        // What was read as JSON is a number of Rust's, too.
        let number = digits.parse::<f64>().unwrap_or(f64::NAN);
        if !(low..=high).contains(&number) {
            self.problem("event.out_of_range", name, format!("is {digits}, not {low} to {high}"));
        }
        Some(number)
    }

    fn needed_number(&mut self, name: &str, range: (f64, f64)) -> f64 {
        let before = self.problems.len();
        let number = self.number(name, range);
        if number.is_none() && self.problems.len() == before {
            self.missing(name);
        }
        number.unwrap_or_default()
    }

    /// A whole number that must be there.
    fn whole(&mut self, name: &str, low: i64, high: i64) -> Option<i64> {
        let Some(found) = self.take(name) else {
            self.missing(name);
            return None;
        };
        let Json::Number(digits) = &found else {
            self.wrong(name, &found, "a whole number");
            return None;
        };
        let number = digits.parse::<i64>().ok().filter(|number| (low..=high).contains(number));
        if number.is_none() {
            self.problem("event.out_of_range", name, format!("is {digits}, not a whole number from {low} to {high}"));
        }
        number
    }

    /// One of these words.
    fn one_of<T: Copy>(&mut self, name: &str, code: &'static str, words: &[(&str, T)]) -> Option<T> {
        let Some(found) = self.take(name) else {
            self.missing(name);
            return None;
        };
        let expected = || words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        let Json::Text(text) = &found else {
            self.wrong(name, &found, &format!("one of {}", expected()));
            return None;
        };
        let known = words.iter().find(|(word, _)| word == text).map(|(_, value)| *value);
        if known.is_none() {
            let shown: String = text.chars().take(MAX_TEXT).collect();
            self.problem(code, name, format!("is {shown:?}, expected one of {}", expected()));
        }
        known
    }

    fn interval(&mut self, name: &str) -> Option<(f64, f64)> {
        let found = self.take(name)?;
        let ends: Vec<f64> = match &found {
            Json::List(list) => list.iter().filter_map(number_of).collect(),
            _ => Vec::new(),
        };
        match (&found, ends.as_slice()) {
            (Json::List(list), &[low, high]) if list.len() == 2 => {
                if !(PERCENT.0 <= low && low <= high && high <= PERCENT.1) {
                    self.problem(
                        "event.out_of_range",
                        name,
                        format!("is {low} to {high}, not ascending within 0 to 100"),
                    );
                }
                Some((low, high))
            }
            _ => {
                self.wrong(name, &found, "a list of two numbers");
                None
            }
        }
    }

    /// An object that must be there.
    fn object<T: Default>(&mut self, name: &'static str, read: impl FnOnce(&mut Fields<'_>) -> T) -> T {
        let before = self.problems.len();
        let object = self.maybe_object(name, read);
        if object.is_none() && self.problems.len() == before {
            self.missing(name);
        }
        object.unwrap_or_default()
    }

    fn maybe_object<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Fields<'_>) -> T) -> Option<T> {
        match self.take(name)? {
            Json::Object(fields) => {
                let mut inner = Fields::new(fields, name, self.problems);
                let value = read(&mut inner);
                inner.finish();
                Some(value)
            }
            other => {
                self.wrong(name, &other, "an object");
                None
            }
        }
    }

    /// Whatever nobody asked for is unknown.
    fn finish(&mut self) {
        for (name, _) in std::mem::take(&mut self.left) {
            let shown: String = name.chars().take(MAX_TEXT).collect();
            self.problem("event.unknown_field", &format!("{shown:?}"), "the schema has no such field".to_owned());
        }
    }
}

fn number_of(value: &Json) -> Option<f64> {
    match value {
        Json::Number(digits) => digits.parse().ok(),
        _ => None,
    }
}
