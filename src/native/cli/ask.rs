//! `tidyrank ask`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::output::Output;
use super::{CliError, load};
use crate::engine::{Engine, EngineError, Interaction, Precision, Reason, Request};
use crate::native::canonical::{canonical, canonical_failure};
use crate::native::messages::Locale;

const EXAMPLES: &str = r#"Examples:
  echo '{"op":"recommendCleaners","job":{"propertyType":"villa"},"options":{"limit":3}}' | tidyrank ask --model models/cleaners/1.0.0
  tidyrank ask --model models/cleaners/1.0.0 requests.jsonl > answers.jsonl

Each line asks what a method of the package's Recommender asks, by its name and the names of its arguments. Each line of the
output is the canonical JSON of the answer, byte by byte that of canonicalJson() in a browser, or {"error":{"code","message"}}."#;

/// Flags of `tidyrank ask`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Folder of the model
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// File of requests, one JSON object a line; - for standard input
    #[arg(value_name = "REQUESTS", default_value = "-")]
    requests: PathBuf,
}

/// What can be asked.
const OPS: [&str; 6] = ["recommendCleaners", "recommendJobs", "explain", "explainExclusion", "foldIn", "suggestBid"];

/// Why a request has no answer.
enum Refusal {
    /// It has not the form of a request.
    Shape(String),
    /// The engine cannot answer it.
    Engine(EngineError),
    /// What the package refuses before the engine is asked: a code and what is wrong.
    Failure(&'static str, String),
}

impl From<EngineError> for Refusal {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

/// Runs the command.
pub(super) fn run(args: Args) -> Result<(), CliError> {
    let engine = load::engine(&args.model, Precision::Int8)?;
    let mut output = Output::new();
    for (number, line) in (1..).zip(lines(&args.requests)?) {
        let line = line.map_err(|error| unreadable(&args.requests, &error))?;
        if line.trim().is_empty() {
            continue;
        }
        let text = match answer(&engine, &line) {
            Ok(answer) => canonical(&answer),
            Err(Refusal::Engine(error)) => canonical_failure(error.code(), &error.message()),
            Err(Refusal::Failure(code, message)) => canonical_failure(code, &message),
            Err(Refusal::Shape(message)) => {
                // What a browser says of the same line is worded otherwise: the answer has the code alone.
                super::warn(&format!("{}:{number}: {message}", args.requests.display()));
                canonical_failure("request.shape", &message)
            }
        };
        output.text(&text)?;
        output.text("\n")?;
        if !output.is_open() {
            break;
        }
    }
    output.finish()
}

fn lines(path: &Path) -> Result<Box<dyn Iterator<Item = std::io::Result<String>>>, CliError> {
    if path == Path::new("-") {
        return Ok(Box::new(std::io::stdin().lines()));
    }
    let file = std::fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    Ok(Box::new(BufReader::new(file).lines()))
}

fn unreadable(path: &Path, error: &std::io::Error) -> CliError {
    let message = format!("cannot read {}: {error}", path.display());
    CliError::new("ask.requests", message, "give a file of JSON objects in UTF-8, one a line, or - for standard input")
}

fn answer(engine: &Engine, line: &str) -> Result<Value, Refusal> {
    let Value::Object(mut asked) = serde_json::from_str(line).map_err(shape)? else {
        return Err(Refusal::Shape("a request is an object".to_owned()));
    };
    let op = asked.remove("op");
    let mut locale = Locale::default();
    let mut question = match asked.remove("options").map(tidy) {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(mut options)) => {
            // There are no words in a client's vector.
            let spoken = op.as_ref().is_none_or(|op| op != "foldIn");
            if let Some(wanted) = spoken.then(|| options.remove("locale")).flatten() {
                locale = language(&wanted)?;
            }
            options
        }
        Some(_) => return Err(Refusal::Shape("`options` is no object".to_owned())),
    };
    question.extend(asked.into_iter().map(|(name, value)| (name, tidy(value))).filter(|(_, value)| !value.is_null()));
    let mut answer = match op.as_ref().and_then(Value::as_str) {
        Some("recommendCleaners") => {
            date(engine, question.get_mut("job"));
            answered(&engine.recommend(&read(question)?)?)
        }
        Some("recommendJobs") => {
            let jobs = question.get_mut("jobs").and_then(Value::as_array_mut);
            jobs.into_iter().flatten().for_each(|job| date(engine, Some(job)));
            answered(&engine.recommend_jobs(&read(question)?)?)
        }
        Some("explain") => {
            date(engine, question.get_mut("job"));
            explain(engine, question)
        }
        Some("explainExclusion") => {
            date(engine, question.get_mut("job"));
            let cleaner = subject(&mut question)?;
            answered(&engine.explain_exclusion(&read(question)?, &cleaner)?)
        }
        Some("foldIn") => {
            let history = question.get_mut("history").and_then(Value::as_array_mut);
            history.into_iter().flatten().for_each(|one| date(engine, one.get_mut("job")));
            let Asked { history } = read(question)?;
            answered(&engine.fold_in(&history)?)
        }
        Some("suggestBid") => {
            date(engine, question.get_mut("job"));
            answered(&engine.suggest_bid(&read(question)?)?)
        }
        _ => Err(Refusal::Shape(format!("`op` must be one of {}", OPS.join(", ")))),
    }?;
    say(&mut answer, locale);
    Ok(answer)
}

/// What `foldIn` is asked with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    history: Vec<Interaction>,
}

/// Whom a question is about.
fn subject(question: &mut Map<String, Value>) -> Result<String, Refusal> {
    match question.remove("cleanerId") {
        Some(Value::String(cleaner)) => Ok(cleaner),
        _ => Err(Refusal::Shape("`cleanerId` must be a text".to_owned())),
    }
}

/// The language that a tag names: its part before the region counts, and English where there is no such catalogue.
fn language(tag: &Value) -> Result<Locale, Refusal> {
    let Some(tag) = tag.as_str().filter(|tag| !tag.is_empty()) else {
        let message = format!("`locale` must be a language tag such as \"en\", not {tag}");
        return Err(Refusal::Failure("request.invalid", message));
    };
    let language = tag.split(['-', '_']).next();
    Ok(Locale::ALL.into_iter().find(|locale| Some(locale.tag()) == language).unwrap_or_default())
}

/// Gives every reason, however deep, its text.
fn say(answer: &mut Value, locale: Locale) {
    match answer {
        Value::Array(parts) => parts.iter_mut().for_each(|part| say(part, locale)),
        Value::Object(fields) if fields.contains_key("code") && fields.contains_key("params") => {
            if let Ok(reason) = serde_json::from_value::<Reason>(Value::Object(fields.clone())) {
                fields.insert("text".to_owned(), locale.render(&reason).into());
            }
        }
        Value::Object(fields) => fields.values_mut().for_each(|field| say(field, locale)),
        _ => {}
    }
}

/// As `explain()` of the package puts it together.
fn explain(engine: &Engine, mut question: Map<String, Value>) -> Result<Value, Refusal> {
    let cleaner = subject(&mut question)?;
    let counterfactuals = question.remove("counterfactuals").and_then(|wanted| wanted.as_bool()).unwrap_or(true);
    let request: Request = read(question)?;
    let found = engine.explain(&request, &cleaner, counterfactuals)?;
    let meta = engine.score_all(&request)?.meta;
    let excluded = engine.explain_exclusion(&request, &cleaner)?.by;
    let item = found.as_ref().map(|found| &found.item);
    Ok(json!({
        "cleanerId": cleaner,
        "rank": item.map(|item| item.rank),
        "score": item.map(|item| item.score),
        "parts": found.as_ref().map(|found| &found.parts),
        "contributions": item.map_or(&[][..], |item| &item.contributions),
        "neural": found.as_ref().and_then(|found| found.neural.as_ref()),
        "counterfactuals": found.as_ref().map_or(&[][..], |found| &found.counterfactuals),
        "reasons": item.map_or(&[][..], |item| &item.reasons),
        "excluded": excluded,
        "cleaner": item,
        "meta": meta,
    }))
}

/// What a page means: a field that is null is not there, and 10.0 is 10.
fn tidy(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name, tidy(value))).collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(tidy).collect()),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) if float.fract() == 0.0 && float.abs() < 9e15 => Value::from(float as i64),
            _ => Value::Number(number),
        },
        value => value,
    }
}

/// A job that does not say when it was posted is of the catalog's moment.
fn date(engine: &Engine, job: Option<&mut Value>) {
    if let Some(job) = job.and_then(Value::as_object_mut) {
        job.entry("postedAt").or_insert_with(|| engine.catalog().as_of().into());
    }
}

fn read<T: DeserializeOwned>(question: Map<String, Value>) -> Result<T, Refusal> {
    serde_json::from_value(Value::Object(question)).map_err(shape)
}

fn answered(answer: &impl Serialize) -> Result<Value, Refusal> {
    serde_json::to_value(answer).map_err(shape)
}

fn shape(error: serde_json::Error) -> Refusal {
    Refusal::Shape(error.to_string())
}
