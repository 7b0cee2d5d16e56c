//! `tidyrank recommend --cleaner`: the open jobs of a data set for a cleaner.

use std::fmt::Write;
use std::path::Path;

use super::known;
use super::output::{Output, number, table};
use super::{CliError, Format};
use crate::engine::{CleanerRef, Engine, JobItem, JobPosting, JobRanking, JobsRequest};
use crate::native::datasets::Dataset;
use crate::native::eval::request::Names;
use crate::native::messages::Locale;
use crate::native::score::{Lives, as_known_at, end_of};

/// Ranks the jobs that are open at the end of the data set in `dir`; `request` names the cleaner and has no jobs yet.
pub(super) fn run(
    dir: &Path,
    data: &Dataset,
    engine: &Engine,
    mut request: JobsRequest,
    (format, locale): (Format, Locale),
    output: &mut Output,
) -> Result<(), CliError> {
    let CleanerRef::Known(cleaner) = request.cleaner.clone() else { return Ok(()) };
    known::cleaner(engine, &cleaner)?;
    request.jobs = postings(dir, data)?;
    let mut ranking = engine.recommend_jobs(&request)?;
    ranking.items.iter_mut().for_each(|item| locale.fill(&mut item.reasons));
    match format {
        Format::Json => {
            output.json(&ranking)?;
            output.text("\n")
        }
        Format::Table => output.text(&jobs_table(&cleaner, &ranking)),
    }
}

fn postings(dir: &Path, data: &Dataset) -> Result<Vec<JobPosting>, CliError> {
    let (lives, at) = (Lives::read(dir, data)?, end_of(data));
    let names = Names { market: &data.market, cleaners: &data.cleaners, clients: &data.client_ids };
    let posting = |job: usize| {
        let record = as_known_at(&data.jobs[job], at);
        let client = record.client.map(|client| lives.client(&data.jobs, client, at));
        JobPosting {
            job_id: record.id.clone(),
            job: names.job(&record),
            client_jobs: client.map(|[jobs, _]| jobs),
            client_completed: client.map(|[_, completed]| completed),
        }
    };
    Ok(lives.open(&data.jobs, at).into_iter().map(posting).collect())
}

fn jobs_table(cleaner: &str, ranking: &JobRanking) -> String {
    let mut rows = table(&["#", "job", "score", "rules", "neural", "pays", "asks", "bids", "km", "fit", "why"]);
    for item in &ranking.items {
        rows.add_row(row(item));
    }
    let meta = &ranking.meta;
    let mode = format!("{:?}", meta.mode).to_lowercase();
    let mut text = format!("Cleaner {cleaner}: {} of {} open jobs, mode {mode}", meta.scored, meta.candidates);
    if let Some(model) = &meta.model {
        // Writing to a String cannot fail.
        let _ = write!(text, ", model {} {}, kernel {}", model.name, model.version, meta.kernel);
    }
    if let Some(fallback) = &meta.fallback {
        let _ = write!(text, "\n{}", fallback.text);
    }
    let left_out = [("too far", meta.excluded.distance), ("other work", meta.excluded.offer)];
    for (why, count) in left_out.into_iter().filter(|(_, count)| *count > 0) {
        let _ = write!(text, "; left out, {why}: {count}");
    }
    let _ = write!(text, "\n{rows}\n");
    text + "fit = quality / location / specialisation / pricing / availability, 0 to 100; - = unknown\n"
}

fn row(item: &JobItem) -> Vec<String> {
    let fit = &item.breakdown;
    let fit = [fit.quality, fit.location, fit.specialisation, fit.pricing, fit.availability];
    let contributions = item.contributions.iter().map(|part| format!("{} {:.1}", part.component, part.contribution));
    let why = item.reasons.iter().map(|reason| reason.text.clone());
    vec![
        item.rank.to_string(),
        item.job_id.clone(),
        format!("{:.1}", item.score),
        format!("{:.1}", item.rule_score),
        number(item.neural_score.map(f64::from), 1),
        number(item.pay.map(f64::from), 0),
        number(item.price.map(f64::from), 0),
        item.bid_count.to_string(),
        number(item.distance_km, 1),
        fit.map(|value| number(value.map(f64::from), 0)).join(" / "),
        why.chain([contributions.collect::<Vec<_>>().join(", ")]).collect::<Vec<_>>().join("\n"),
    ]
}
