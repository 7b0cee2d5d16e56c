//! A ranking as a table for people.

use std::fmt::Write;

use super::output::{number, table};
use crate::engine::{Item, PlacedBy, Ranking};

/// The table of one job's ranking: scores, match breakdown, contributions, reasons, and how it was found.
pub(super) fn ranking_table(job: &str, ranking: &Ranking) -> String {
    let mut rows = table(&["#", "cleaner", "score", "rules", "neural", "interval", "price", "km", "fit", "why"]);
    for item in &ranking.items {
        rows.add_row(row(item));
    }
    let meta = &ranking.meta;
    let mode = |mode| format!("{mode:?}").to_lowercase();
    let mut text = format!("Job {job}: {} of {} candidates, mode {}", meta.scored, meta.candidates, mode(meta.mode));
    if let Some(model) = &meta.model {
        // Writing to a String cannot fail.
        let _ = write!(text, ", model {} {}, kernel {}", model.name, model.version, meta.kernel);
    }
    if let Some(fallback) = &meta.fallback {
        let _ = write!(text, "\n{}", fallback.text);
    }
    let left_out = [
        ("too far", meta.excluded.distance),
        ("other work", meta.excluded.offer),
        ("not yet joined", meta.excluded.joined),
        ("too dear", meta.excluded.price),
        ("rated too low", meta.excluded.rating),
        ("not eco-friendly", meta.excluded.eco),
        ("other hours", meta.excluded.available),
        ("not all kinds of job", meta.excluded.property_types),
        ("hidden", meta.excluded.hidden),
        ("seen", meta.excluded.seen),
        ("score too low", meta.excluded.score),
    ];
    for (why, count) in left_out.into_iter().filter(|(_, count)| *count > 0) {
        let _ = write!(text, "; left out, {why}: {count}");
    }
    let _ = write!(text, "\n{rows}\n");
    text + "fit = quality / location / specialisation / pricing / availability / reliability, 0 to 100\n\
            - = unknown; interval = where the rating lies\n"
}

fn row(item: &Item) -> Vec<String> {
    let fit = &item.breakdown;
    let fit = [fit.quality, fit.location, fit.specialisation, fit.pricing, fit.availability, fit.reliability];
    let contributions = item.contributions.iter().map(|part| format!("{} {:.1}", part.component, part.contribution));
    let placed = (item.placed_by != PlacedBy::Score).then(|| format!("placed by {:?}", item.placed_by).to_lowercase());
    let chance = item.propensity.map(|propensity| format!("propensity {propensity:.3}"));
    let why = placed.into_iter().chain(chance).chain(item.reasons.iter().map(|reason| reason.text.clone()));
    let named =
        if item.name.is_empty() { item.cleaner_id.clone() } else { item.name.clone() + "\n" + &item.cleaner_id };
    vec![
        item.rank.to_string(),
        named,
        number(Some(item.score.into()), 1),
        number(Some(item.rule_score.into()), 1),
        number(item.neural_score.map(Into::into), 1),
        item.interval.map_or_else(|| "-".to_owned(), |[low, high]| format!("{low:.0} – {high:.0}")),
        number(item.price.map(Into::into), 2) + if item.bid { " bid" } else { "" },
        number(item.distance_km, 1),
        fit.map(|value| number(value.map(Into::into), 0)).join(" / "),
        why.chain([contributions.collect::<Vec<_>>().join(", ")]).collect::<Vec<_>>().join("\n"),
    ]
}
