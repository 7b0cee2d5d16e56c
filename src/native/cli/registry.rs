//! `tidyrank registry`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use serde::Serialize;
use serde_json::{Value, json};

use super::output::Output;
use super::{CliError, Context, Format, registry_table as shown, warn};
use crate::native::registry::{Limits, PublicKey, Registry, RegistryError, SHARES, SecretKey};

/// What a scheduler sees when the gate does not let a version through.
const NOT_LET_THROUGH: u8 = 3;

const EXAMPLES: &str = "\
Examples:
  tidyrank registry add models/cleaners/1.1.0
  tidyrank registry promote 1.1.0 --rollout 10 && tidyrank registry publish --out www/public/models
  tidyrank registry rollout 100
  tidyrank registry rollback
  tidyrank registry diff champion 1.1.0
  tidyrank registry keygen release.key && tidyrank registry sign 1.1.0 --key release.key
  tidyrank registry verify --key release.key.pub

VERSION is a version, or champion, challenger (the one that is being rolled out) or previous (the champion before). A
command that is broken off has happened or has not: the champion stays readable. docs/registry.md has the whole story.";

/// Flags of `tidyrank registry`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Folder of the registry
    #[arg(long, global = true, value_name = "DIR", default_value = "models/registry")]
    registry: PathBuf,
    /// The moment that is recorded, instead of the clock's: seconds since 1970, or like 2026-03-01T08:00:00Z
    #[arg(long, global = true, value_name = "TIME", value_parser = moment)]
    at: Option<i64>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Add the model of a folder; its version must be new, or have the same content
    Add {
        /// Folder of the model, the one with manifest.json
        #[arg(value_name = "MODEL_DIR")]
        model: PathBuf,
    },
    /// List the versions and who is what
    List,
    /// Show what a version consists of
    Show {
        /// Which one
        #[arg(id = "which", value_name = "VERSION")]
        version: String,
    },
    /// Show the settings, figures and files in which two versions differ
    Diff {
        /// The first one
        #[arg(value_name = "A")]
        a: String,
        /// The second one
        #[arg(value_name = "B")]
        b: String,
    },
    /// Roll a version out, if the gate lets it through (exit code 3 where it does not); at 100 it is the champion
    Promote(Promote),
    /// Change the share of the version that is being rolled out; at 100 it is the champion
    Rollout {
        /// To how many in a hundred
        #[arg(value_parser = share)]
        percent: u8,
    },
    /// Take back the version that is being rolled out, else the champion
    Rollback,
    /// Show what happened, oldest first
    History,
    /// Check every file, and the signatures
    Verify {
        /// Which one; all if left out
        #[arg(id = "which", value_name = "VERSION")]
        version: Option<String>,
        /// The public key that every version must be signed by
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
    /// Sign a version by Ed25519
    Sign {
        /// Which one
        #[arg(id = "which", value_name = "VERSION")]
        version: String,
        /// The secret key
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Make a pair of keys: FILE, the secret one, and FILE.pub
    Keygen {
        /// The file of the secret key; it must not be there
        file: PathBuf,
    },
    /// Write what pages load: registry.json and the folders of the versions that it names
    Publish {
        /// Folder to write to
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Make a damaged index anew from the lines that are whole and the entries
    Rebuild,
}

#[derive(Debug, clap::Args)]
struct Promote {
    /// Which one
    #[arg(id = "which", value_name = "VERSION")]
    version: String,
    /// To how many in a hundred
    #[arg(long, value_name = "PERCENT", default_value = "100", value_parser = share)]
    rollout: u8,
    /// A figure that counts, as in the manifest or in metrics.json (`ranking.ndcg@10`); again for more. Those of the champion if left out
    #[arg(long = "metric", value_name = "NAME")]
    metrics: Vec<String>,
    /// By what share of the champion's a figure without an interval may be worse
    #[arg(long, value_name = "SHARE", default_value_t = Limits::default().tolerance, value_parser = number)]
    tolerance: f64,
    /// The most bytes that a page may have to load
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().max_bytes)]
    max_bytes: u64,
    /// The largest difference between groups
    #[arg(long, value_name = "DIFFERENCE", default_value_t = Limits::default().max_unfairness, value_parser = number)]
    max_unfairness: f64,
    /// Let the version through although the gate fails; never a damaged one
    #[arg(long, requires = "reason")]
    force: bool,
    /// Why; kept in the history
    #[arg(long, value_name = "TEXT", requires = "force", value_parser = reason)]
    reason: Option<String>,
}

/// Runs the command; the exit code says whether the gate let a version through.
pub(super) fn run(args: Args, context: &Context) -> Result<ExitCode, CliError> {
    let at = args.at.map_or_else(now, Ok)?;
    let path = &args.registry;
    match args.command {
        Command::Add { model } => {
            let added = Registry::add(path, &model, at)?;
            if !added.left_out.is_empty() {
                warn(&format!("left out, since no manifest names them: {}", added.left_out.join(", ")));
            }
            let what = if added.new { "added" } else { "there already, the same" };
            let text = format!("{}: {what}, {} objects written", added.version, added.written);
            let answer = json!({ "version": added.version, "new": added.new, "written": added.written, "left_out": added.left_out });
            say(context, &text, &answer)
        }
        Command::List => {
            let registry = Registry::read(path)?;
            let rows = shown::rows(&registry);
            say(context, &shown::list(&registry, &rows), &json!({ "state": registry.state(), "versions": rows }))
        }
        Command::Show { version } => {
            let registry = Registry::read(path)?;
            let entry = registry.entry(&registry.resolve(&version)?)?;
            say(context, &shown::entry(&registry, &entry), &entry)
        }
        Command::Diff { a, b } => {
            let differences = Registry::read(path)?.diff(&a, &b)?;
            say(context, &shown::diff(&a, &b, &differences), &differences)
        }
        Command::Promote(flags) => return promote(path, flags, at, context),
        Command::Rollout { percent } => {
            let mut registry = Registry::write(path)?;
            let version = registry.rollout(percent, at)?;
            say_state(context, &format!("{version} is rolled out to {percent} %"), &registry)
        }
        Command::Rollback => {
            let mut registry = Registry::write(path)?;
            let (from, to) = registry.rollback(at)?;
            let to = to.map_or_else(String::new, |to| format!(", {to} serves"));
            say_state(context, &format!("{from} is taken back{to}"), &registry)
        }
        Command::History => {
            let registry = Registry::read(path)?;
            say(context, &shown::history(registry.history()), registry.history())
        }
        Command::Verify { version, key } => verify(path, version.as_deref(), key, context),
        Command::Sign { version, key } => {
            let key = SecretKey::read(&key)?;
            let mut registry = Registry::write(path)?;
            registry.sign(&version, &key, at)?;
            let public = key.public().to_hex();
            say(context, &format!("{version} is signed by {public}"), &json!({ "version": version, "key": public }))
        }
        Command::Keygen { file } => {
            let public = SecretKey::generate(&file)?.to_hex();
            let text = format!("{} is the secret key, keep it; {0}.pub is the public one, {public}", file.display());
            say(context, &text, &json!({ "key": public }))
        }
        Command::Publish { out } => {
            // As a writer, so that two of them do not write the same files at once.
            let published = Registry::write(path)?.publish(&out, at)?;
            let challenger = published
                .challenger
                .as_ref()
                .map_or_else(String::new, |challenger| format!(", {} to {} %", challenger.version, published.rollout));
            let text = format!("{}: {} serves{challenger}", out.display(), published.champion.version);
            say(context, &text, &published)
        }
        Command::Rebuild => {
            let (registry, rebuilt) = Registry::rebuild(path, at)?;
            for damaged in &rebuilt.damaged {
                warn(&format!("{damaged} is damaged and was left out"));
            }
            let champion = registry.state().champion.as_deref().unwrap_or("nobody");
            let text = format!(
                "{} lines kept, {} lost, {} versions found in their entries; {champion} serves. The damaged file is index.damaged.jsonl",
                rebuilt.kept,
                rebuilt.dropped,
                rebuilt.found.len()
            );
            say_state(context, &text, &registry)
        }
    }?;
    Ok(ExitCode::SUCCESS)
}

fn promote(path: &std::path::Path, flags: Promote, at: i64, context: &Context) -> Result<ExitCode, CliError> {
    let Promote { version, rollout, metrics, tolerance, max_bytes, max_unfairness, reason, .. } = flags;
    let limits = Limits { tolerance, metrics, max_bytes, max_unfairness };
    let mut registry = Registry::write(path)?;
    let promotion = registry.promote(&version, rollout, &limits, reason.as_deref(), at)?;
    let answer = json!({
        "version": promotion.version,
        "replaces": promotion.replaces,
        "rollout": rollout,
        "checks": promotion.checks,
        "passed": promotion.passed,
        "done": promotion.done,
    });
    say(context, &shown::promotion(&promotion), &answer)?;
    Ok(if promotion.done { ExitCode::SUCCESS } else { ExitCode::from(NOT_LET_THROUGH) })
}

fn verify(
    path: &std::path::Path,
    version: Option<&str>,
    key: Option<PathBuf>,
    context: &Context,
) -> Result<(), CliError> {
    let key = key.map(|path| PublicKey::read(&path)).transpose()?;
    let verified = Registry::read(path)?.verify(version, key.as_ref())?;
    say(context, &shown::verified(&verified), &verified)?;
    let Some(first) = verified.problems.first() else { return Ok(()) };
    let told: Vec<String> = verified.problems.iter().map(|problem| format!("\n  {}", problem.text)).collect();
    let message = format!("{} things are not what was added:{}", told.len(), told.concat());
    let hint = match first.code {
        "registry.signature" => "do not serve it; sign it again if you know that it is right",
        _ => "add the model's folder again, which writes what is missing or damaged, or restore the file from a copy",
    };
    Err(CliError::new(first.code, message, hint))
}

fn say(context: &Context, text: &str, answer: &(impl Serialize + ?Sized)) -> Result<(), CliError> {
    let mut output = Output::new();
    match context.format {
        Format::Json => output.json(&answer)?,
        Format::Table => output.text(text)?,
    }
    output.text("\n")?;
    output.finish()
}

fn say_state(context: &Context, text: &str, registry: &Registry) -> Result<(), CliError> {
    let state: Value = json!(registry.state());
    say(context, text, &state)
}

fn now() -> Result<i64, CliError> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map(|since| since.as_secs() as i64).map_err(|_| {
        CliError::new("cli.clock", "the clock of this machine stands before 1970", "give the moment with --at")
    })
}

fn moment(text: &str) -> Result<i64, String> {
    let iso = || text.parse::<jiff::Timestamp>().ok().map(|moment| moment.as_second());
    let known = text.parse::<i64>().ok().filter(|at| jiff::Timestamp::from_second(*at).is_ok()).or_else(iso);
    known.ok_or_else(|| "give seconds since 1970, or a moment like 2026-03-01T08:00:00Z".to_owned())
}

fn share(text: &str) -> Result<u8, String> {
    let known = text.parse().ok().filter(|share| SHARES.contains(share));
    known.ok_or_else(|| "a share is 10, 25, 50 or 100".to_owned())
}

fn number(text: &str) -> Result<f64, String> {
    let known = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    known.ok_or_else(|| "give a number from 0 up".to_owned())
}

fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() { Err("say why".to_owned()) } else { Ok(text.to_owned()) }
}

impl From<RegistryError> for CliError {
    fn from(error: RegistryError) -> Self {
        Self::new(error.code(), error.to_string(), error.hint())
    }
}
