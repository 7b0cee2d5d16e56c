//! What `tidyrank registry` shows to people.

use serde::Serialize;

use super::output::table;
use crate::native::registry::{Action, Check, Difference, Entry, Event, Promotion, Registry, Stage, Verified};

/// A version in a list.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    version: String,
    stage: Stage,
    rollout: Option<u8>,
    /// `None` where the entry is damaged.
    created_at: Option<i64>,
    bytes: Option<u64>,
}

/// All versions, in the order in which they were added.
pub(super) fn rows(registry: &Registry) -> Vec<Row> {
    let state = registry.state();
    let row = |known: &crate::native::registry::Known| {
        let entry = registry.entry(&known.version).ok();
        let rollout = state.rollout.as_ref().filter(|(version, _)| *version == known.version);
        Row {
            version: known.version.clone(),
            stage: known.stage,
            rollout: rollout.map(|(_, percent)| *percent),
            created_at: entry.as_ref().map(|entry| entry.created_at),
            bytes: entry.as_ref().map(Entry::size),
        }
    };
    state.versions.iter().map(row).collect()
}

pub(super) fn list(registry: &Registry, rows: &[Row]) -> String {
    let mut shown = table(&["version", "stage", "share", "added", "bytes"]);
    let taken = registry.state().rollout.as_ref().map_or(0, |(_, percent)| *percent);
    for row in rows {
        let share = match (row.stage, row.rollout) {
            (Stage::Champion, _) => format!("{} %", 100 - taken),
            (_, Some(percent)) => format!("{percent} %"),
            _ => "-".to_owned(),
        };
        let bytes = row.bytes.map_or_else(|| "damaged".to_owned(), |bytes| bytes.to_string());
        let added = row.created_at.map_or_else(|| "-".to_owned(), moment);
        shown.add_row([row.version.clone(), row.stage.name().to_owned(), share, added, bytes]);
    }
    format!("{shown}\n{}: {} versions", registry.state().name, rows.len())
}

pub(super) fn entry(registry: &Registry, entry: &Entry) -> String {
    let stage = registry.state().known(&entry.version).map_or("-", |known| known.stage.name());
    let mut files = table(&["file", "bytes", "SHA-256"]);
    for file in &entry.files {
        files.add_row([file.path.clone(), file.size.to_string(), file.sha256.clone()]);
    }
    let mut figures = table(&["figure", "value"]);
    for (name, value) in &entry.metrics {
        figures.add_row([name.clone(), format!("{value:.6}")]);
    }
    format!(
        "{} {}: {stage}, added {} (model by {})\n{files}\n{figures}",
        entry.name,
        entry.version,
        moment(entry.created_at),
        entry.created_by
    )
}

pub(super) fn diff(a: &str, b: &str, differences: &[Difference]) -> String {
    let mut shown = table(&["what", "name", a, b]);
    let side = |text: &Option<String>| match text {
        // Sums are compared, not read.
        Some(sum) if sum.len() == 64 => format!("{}…", &sum[..12]),
        Some(text) => text.clone(),
        None => "-".to_owned(),
    };
    for row in differences {
        shown.add_row([row.kind.to_owned(), row.name.clone(), side(&row.a), side(&row.b)]);
    }
    format!("{shown}\n{} differences", differences.len())
}

pub(super) fn promotion(promotion: &Promotion) -> String {
    let Promotion { version, rollout, .. } = promotion;
    let outcome = match (promotion.done, promotion.passed, rollout) {
        (false, _, _) => format!("{version} is not let through; nothing has changed"),
        (true, true, 100) => format!("{version} is the champion"),
        (true, true, _) => format!("{version} is rolled out to {rollout} %"),
        (true, false, _) => format!("{version} is rolled out to {rollout} %, although the gate failed"),
    };
    format!("{}\n{outcome}", checks(&promotion.checks))
}

fn checks(checks: &[Check]) -> String {
    let mut shown = table(&["check", "value", "bound", "verdict", ""]);
    for check in checks {
        let number = |value: Option<f64>| match value {
            Some(value) if value.fract() == 0.0 && value.abs() >= 10.0 => format!("{value:.0}"),
            value => super::output::number(value, 6),
        };
        let verdict = check.verdict.name().to_owned();
        shown.add_row([check.name.clone(), number(check.value), number(check.bound), verdict, check.note.clone()]);
    }
    shown.to_string()
}

pub(super) fn history(events: &[Event]) -> String {
    let mut shown = table(&["", "when", "what"]);
    for event in events {
        shown.add_row([event.seq.to_string(), moment(event.at), said(&event.action)]);
    }
    shown.to_string()
}

fn said(action: &Action) -> String {
    match action {
        Action::Create { name } => format!("made for {name}"),
        Action::Add { version, .. } => format!("{version} added"),
        Action::Promote { version, rollout, replaces, forced, .. } => {
            let over = replaces.as_ref().filter(|_| *rollout == 100);
            let over = over.map_or_else(String::new, |old| format!(" in place of {old}"));
            let forced =
                forced.as_ref().map_or_else(String::new, |reason| format!(", although the gate failed: {reason}"));
            format!("{version} promoted to {rollout} %{over}{forced}")
        }
        Action::Rollout { version, percent } => format!("{version} rolled out to {percent} %"),
        Action::Rollback { from, to } => {
            let to = to.as_ref().map_or_else(String::new, |to| format!(", {to} serves"));
            format!("{from} taken back{to}")
        }
        Action::Sign { version, key } => format!("{version} signed by {key}"),
        Action::Rebuild { kept, dropped } => format!("index made anew: {kept} lines kept, {dropped} lost"),
    }
}

pub(super) fn verified(verified: &Verified) -> String {
    let mut shown = table(&["version", "files", "bytes", "signature", ""]);
    for one in &verified.versions {
        let answer = if one.ok { "ok" } else { "DAMAGED" }.to_owned();
        let signature = one.signature.name().to_owned();
        shown.add_row([one.version.clone(), one.files.to_string(), one.bytes.to_string(), signature, answer]);
    }
    let mut lines = vec![shown.to_string()];
    let left = "left by a command that was broken off, cleared away by the next one that writes";
    lines.extend(verified.leftovers.iter().map(|name| format!("{name}: {left}")));
    let unknown = "not in the index: `tidyrank registry rebuild` takes it in";
    lines.extend(verified.unknown.iter().map(|name| format!("{name}: {unknown}")));
    lines.push(if verified.problems.is_empty() { "ok".to_owned() } else { "NOT ok".to_owned() });
    lines.join("\n")
}

fn moment(at: i64) -> String {
    jiff::Timestamp::from_second(at).map_or_else(|_| at.to_string(), |moment| moment.to_string())
}
