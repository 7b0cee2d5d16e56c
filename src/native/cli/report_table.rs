//! The report of an evaluation as tables for people.

use super::output::{number, table};
use crate::native::eval::report::{Difference, RatingErrors, Report};
use crate::native::eval::scores::{Hit, Scorer};

/// All tables of a report, with its protocol in words.
pub(super) fn report_tables(report: &Report) -> String {
    let p = &report.protocol;
    let protocol = format!(
        "Model {}, split {} ({:.0} % / {:.0} % / rest), seed {}, data {:.12}…\n{} hold-out jobs: {} rated, {} with a hire \
         among {:.1} bidders on average. Known: {}.\n",
        p.model,
        p.split,
        100.0 * p.train,
        100.0 * p.validation,
        p.seed,
        p.data_fingerprint,
        p.jobs,
        p.rated_jobs,
        p.hired_jobs,
        p.mean_bidders,
        p.as_of
    );
    let parts = [
        protocol,
        "Rating of the hired cleaner, 0 to 1".to_owned(),
        rating(report),
        "Hired among the job's bidders".to_owned(),
        hiring(report),
        format!("Lead over the baselines, {:.0} % paired bootstrap interval", 100.0 * p.bootstrap.level),
        differences(&report.differences),
        "int8 against fp32".to_owned(),
        quantisation(report),
        "Intervals of the expected rating, by reviews of the cleaner".to_owned(),
        intervals(report),
    ];
    parts.join("\n") + "\n"
}

fn rating(report: &Report) -> String {
    let rating = &report.rating;
    let mut rows = table(&["", "MSE", "MAE", "R²", "share of the ceiling's R²"]);
    let mut add = |name: &str, errors: &RatingErrors, share: Option<f64>| {
        let numbers = [errors.mse, errors.mae, errors.r2].map(|value| number(value, 5));
        let share = share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", 100.0 * share));
        rows.add_row([vec![name.to_owned()], numbers.into(), vec![share]].concat());
    };
    add("fp32", &rating.fp32, rating.share_of_ceiling_fp32);
    add("int8", &rating.q8, rating.share_of_ceiling_q8);
    if let Some(ceiling) = &rating.ceiling {
        add("ceiling (latent truth)", ceiling, None);
    }
    rows.to_string()
}

/// A name of the report as people read it.
fn name(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned));
    text.unwrap_or_default().replace("_q8", " int8").replace('_', " ")
}

fn hits(hit: &Hit, decimals: usize) -> [String; 3] {
    hit.named().map(|(_, value)| number(Some(value), decimals))
}

fn hiring(report: &Report) -> String {
    let mut rows = table(&["order", "top-1", "top-3", "MRR"]);
    for row in &report.hiring {
        rows.add_row([vec![name(&row.scorer)], hits(&row.mean, 4).into()].concat());
    }
    rows.to_string()
}

fn differences(all: &[Difference]) -> String {
    let mut rows = table(&["model", "minus", "top-1", "top-3", "MRR"]);
    for three in all.chunks(3) {
        // The fp32 rows are in the JSON: what ships is int8.
        let Some(first) = three.first().filter(|first| matches!(first.model, Scorer::NeuralQ8 | Scorer::EnsembleQ8))
        else {
            continue;
        };
        let cell = |d: &Difference| {
            let mark = if d.excludes_zero { "" } else { "~" };
            format!("{mark}{:+.3} [{:+.3}, {:+.3}]", d.interval.mean, d.interval.low, d.interval.high)
        };
        let names = vec![name(&first.model), name(&first.baseline)];
        rows.add_row([names, three.iter().map(cell).collect()].concat());
    }
    format!("{rows}\n~ = the interval includes 0")
}

fn quantisation(report: &Report) -> String {
    let q = &report.quantisation;
    let mut rows = table(&["figure", "int8 minus fp32"]);
    let signed = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:+.6}"));
    let percent = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{:.2} %", 100.0 * value));
    let hit = |hit: Option<Hit>| hit.map_or_else(|| "-".to_owned(), |hit| hits(&hit, 5).join(" / "));
    let all = [
        ("R²", signed(q.delta_r2)),
        ("MSE", signed(q.delta_mse)),
        ("MAE", signed(q.delta_mae)),
        ("largest difference of two predictions", signed(q.max_prediction_difference)),
        ("neural: top-1 / top-3 / MRR", hit(q.delta_neural)),
        ("ensemble: top-1 / top-3 / MRR", hit(q.delta_ensemble)),
        (
            "neural: same ten best / same order",
            both(percent(q.same_top10_set_neural), percent(q.same_top10_order_neural)),
        ),
        (
            "ensemble: same ten best / same order",
            both(percent(q.same_top10_set_ensemble), percent(q.same_top10_order_ensemble)),
        ),
    ];
    for (figure, value) in all {
        rows.add_row([figure.to_owned(), value]);
    }
    rows.to_string()
}

fn intervals(report: &Report) -> String {
    let mut rows = table(&["level", "reviews", "jobs", "coverage", "mean width", "RMSE"]);
    for row in &report.coverage {
        let share = format!("{:.3} [{:.3}, {:.3}]", row.coverage, row.low, row.high);
        let [width, rmse] = [row.mean_width, row.rmse].map(|value| number(Some(value), 4));
        rows.add_row([
            format!("{:.0} %", 100.0 * row.level),
            row.reviews.clone(),
            row.jobs.to_string(),
            share,
            width,
            rmse,
        ]);
    }
    rows.to_string()
}

fn both(set: String, order: String) -> String {
    format!("{set} / {order}")
}
