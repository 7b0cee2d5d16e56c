//! What only shows when rows are looked at together: references, the order of moments, whole positions.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::mapping::{Mapping, TableName};
use super::parse::Value;
use super::problem::{Problem, ProblemKind, Report};
use super::table::Parsed;

/// Columns that point to a table, by name.
const REFERENCES: [(&str, TableName, &str); 5] = [
    ("client_id", TableName::Clients, "client_id"),
    ("cleaner_id", TableName::Cleaners, "cleaner_id"),
    ("hired_cleaner_id", TableName::Cleaners, "cleaner_id"),
    ("job_id", TableName::Jobs, "job_id"),
    ("property_id", TableName::Properties, "property_id"),
];

/// Moments of a job in the only possible order.
const ORDER: [&str; 4] = ["posted_at", "accepted_at", "confirmed_at", "completed_at"];

/// Checks the tables together; gives the kinds of job.
pub(super) fn check(tables: &BTreeMap<TableName, Parsed>, mapping: &Mapping, report: &mut Report) -> Vec<String> {
    references(tables, mapping, report);
    if let Some(jobs) = tables.get(&TableName::Jobs) {
        lives(jobs, report);
    }
    if let Some(hours) = tables.get(&TableName::Availability) {
        spans(hours, report);
    }
    tables.iter().for_each(|(name, table)| positions(*name, table, report));
    property_types(tables, mapping, report)
}

fn references(tables: &BTreeMap<TableName, Parsed>, mapping: &Mapping, report: &mut Report) {
    for (column, to, id) in REFERENCES {
        // A table that could not be read has been reported; what points to it would only repeat that.
        if mapping.tables.contains_key(&to) && !tables.contains_key(&to) {
            continue;
        }
        let known: HashSet<&str> = tables
            .get(&to)
            .map_or_else(HashSet::new, |t| (0..t.rows.len()).filter_map(|row| t.text(row, id)).collect());
        for (name, table) in tables.iter().filter(|(name, _)| **name != to) {
            for row in 0..table.rows.len() {
                if let Some(value) = table.text(row, column).filter(|value| !known.contains(value)) {
                    problem(report, ProblemKind::UnknownId, *name, table, row, column, value.to_owned());
                }
            }
        }
    }
}

fn lives(jobs: &Parsed, report: &mut Report) {
    let name = TableName::Jobs;
    for row in 0..jobs.rows.len() {
        let moments: Vec<(&str, i64)> =
            ORDER.iter().filter_map(|&column| Some((column, jobs.whole(row, column)?))).collect();
        let late = moments.windows(2).find(|pair| pair[1].1 < pair[0].1).map(|pair| pair[1].0);
        let posted = jobs.whole(row, "posted_at");
        let early = ["scheduled_at", "cancelled_at"]
            .into_iter()
            .find(|c| jobs.whole(row, c) < posted && jobs.whole(row, c).is_some());
        if let Some(column) = late.or(early) {
            let value = jobs.whole(row, column).unwrap_or_default().to_string();
            problem(report, ProblemKind::DateOrder, name, jobs, row, column, value);
        }
        let needed: &[&str] = match jobs.text(row, "status") {
            Some("completed") => &["hired_cleaner_id", "completed_at"],
            Some("cancelled" | "failed") => &["cancelled_at"],
            _ => &[],
        };
        for column in needed {
            if *jobs.value(row, column) == Value::Missing {
                problem(report, ProblemKind::MissingValue, name, jobs, row, column, String::new());
            }
        }
    }
}

fn spans(hours: &Parsed, report: &mut Report) {
    for row in 0..hours.rows.len() {
        let (from, to) = (hours.whole(row, "from_hour"), hours.whole(row, "to_hour"));
        if let Some((_, to)) = from.zip(to).filter(|(from, to)| from >= to) {
            let (kind, name) = (ProblemKind::OutOfRange, TableName::Availability);
            problem(report, kind, name, hours, row, "to_hour", to.to_string());
        }
    }
}

fn positions(name: TableName, table: &Parsed, report: &mut Report) {
    for row in 0..table.rows.len() {
        let missing = |column| *table.value(row, column) == Value::Missing;
        if missing("latitude") != missing("longitude") {
            let column = if missing("latitude") { "latitude" } else { "longitude" };
            problem(report, ProblemKind::BadPosition, name, table, row, column, String::new());
        }
    }
}

/// The kinds of job: those of the mapping, or those in the data by the alphabet.
fn property_types(tables: &BTreeMap<TableName, Parsed>, mapping: &Mapping, report: &mut Report) -> Vec<String> {
    let declared = &mapping.market.property_types;
    let mut found = BTreeSet::new();
    for (name, table) in tables {
        for row in 0..table.rows.len() {
            let Some(kind) = table.text(row, "property_type") else { continue };
            if !declared.is_empty() && !declared.iter().any(|known| known == kind) {
                problem(report, ProblemKind::UnknownId, *name, table, row, "property_type", kind.to_owned());
            }
            found.insert(kind.to_owned());
        }
    }
    if declared.is_empty() { found.into_iter().collect() } else { declared.clone() }
}

fn problem(
    report: &mut Report,
    kind: ProblemKind,
    name: TableName,
    table: &Parsed,
    row: usize,
    column: &str,
    value: String,
) {
    let origin = table.columns.get(column).map(|&at| table.origins[at].clone()).unwrap_or_default();
    let (file, line) = (table.file.clone(), table.lines[row]);
    report.add(Problem { kind, file, line, column: origin, target: format!("{}.{column}", name.as_str()), value });
}
