//! What a request costs, and how many candidates need the model's score for the ten best of an ensemble:
//! `cargo bench --bench rank -- FOLDER…`, each a released model with a catalog of its own.
//!
//! The requests are the last jobs of a data set (TIDYRANK_BENCH_DATA, by default data/athens), posted at the moment of the
//! catalog, to every cleaner of it. The ways to answer are interleaved; medians over the jobs of the fastest round.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::time::Instant;

use tidyrank::engine::{CandidateSource, Engine, Mode, Precision, Request};
use tidyrank::native::datasets::Dataset;
use tidyrank::native::eval::request::{Ask, Names};

const JOBS: usize = 60;
const ROUNDS: usize = 5;

/// A way to answer: a name, whether the request comes twice (the client is known the second time), and what is asked.
type Way = (&'static str, bool, fn(Request) -> Request);

const WAYS: [Way; 6] = [
    ("rules top-10", false, |request| Request { mode: Mode::Rules, ..request }),
    ("ensemble top-10", false, |request| request),
    ("the same client again", true, |request| request),
    ("ensemble, all scored", false, |request| Request { limit: Some(u32::MAX), ..request }),
    ("bounds useless, top-10", false, |request| Request { rule_weight: Some(0.0), price_weight: Some(0.0), ..request }),
    ("neural top-10, a full pass", false, |request| Request { mode: Mode::Neural, ..request }),
];

fn main() {
    let data = std::env::var("TIDYRANK_BENCH_DATA").unwrap_or_else(|_| "data/athens".into());
    let data = Dataset::read(Path::new(&data)).expect("a data set in TIDYRANK_BENCH_DATA or data/athens");
    let names = Names { market: &data.market, cleaners: &data.cleaners, clients: &data.client_ids };
    println!("{:>10}  {:<28}{:>12}{:>14}{:>16}", "cleaners", "way", "us", "ns/candidate", "scored by model");
    for folder in std::env::args().skip(1).filter(|arg| !arg.starts_with("--")) {
        let engine = load(Path::new(&folder));
        let ask = Ask { limit: Some(10), candidates: Some(CandidateSource::Catalog), ..Ask::default() };
        let requests: Vec<Request> = data.jobs[data.jobs.len() - JOBS..]
            .iter()
            .map(|job| {
                let mut request = names.request(job, &ask);
                request.job.scheduled_at = Some(engine.catalog().as_of() + job.spec.scheduled_at - job.spec.posted_at);
                request.job.posted_at = engine.catalog().as_of();
                request.job.bids.clear();
                request
            })
            .collect();
        measure(&engine, &requests);
    }
}

fn load(folder: &Path) -> Engine {
    let manifest = std::fs::read(folder.join("manifest.json")).expect("a model folder");
    let read = |role: &str| {
        let name = if role == "catalog" || role == "clients" { role.to_owned() } else { "model.q8".to_owned() };
        std::fs::read(folder.join(format!("{name}.safetensors"))).ok()
    };
    Engine::load(&manifest, read, Precision::Int8).expect("a model that can be used")
}

fn measure(engine: &Engine, requests: &[Request]) {
    let cleaners = engine.catalog().cleaners().len();
    let mut best = [(f64::INFINITY, 0.0); WAYS.len()];
    for _ in 0..ROUNDS {
        for (found, (_, again, way)) in best.iter_mut().zip(WAYS) {
            let (time, scored) = round(engine, requests, again, way);
            *found = (found.0.min(time), scored);
        }
    }
    for ((name, _, _), (time, scored)) in WAYS.iter().zip(best) {
        let each = 1e9 * time / cleaners as f64;
        println!("{cleaners:>10}  {name:<28}{:>12.1}{each:>14.1}{:>15.1}%", 1e6 * time, 100.0 * scored);
    }
    explanations(engine, requests);
}

/// What the tenth of a ranking costs to explain: with the search for changes, without, and the scores of the 256 coalitions alone
/// (each with the rules' scores of all candidates, which find the market's price).
fn explanations(engine: &Engine, requests: &[Request]) {
    type Way = (&'static str, fn(&Engine, &Request, &str));
    let ways: [Way; 3] = [
        ("explain, with changes", |engine, request, id| {
            std::hint::black_box(engine.explain(request, id, true)).unwrap();
        }),
        ("explain", |engine, request, id| {
            std::hint::black_box(engine.explain(request, id, false)).unwrap();
        }),
        ("256 coalitions", |engine, request, id| {
            std::hint::black_box(engine.coalitions(request, id)).unwrap();
        }),
    ];
    let mut best = [f64::INFINITY; 3];
    for _ in 0..ROUNDS {
        for (best, (_, way)) in best.iter_mut().zip(ways) {
            let mut times = Vec::new();
            for request in requests {
                let Some(tenth) = engine.recommend(request).unwrap().items.pop() else { continue };
                let began = Instant::now();
                way(engine, request, &tenth.cleaner_id);
                times.push(began.elapsed().as_secs_f64());
            }
            times.sort_unstable_by(f64::total_cmp);
            *best = best.min(times[times.len() / 2]);
        }
    }
    let cleaners = engine.catalog().cleaners().len();
    for ((name, _), time) in ways.iter().zip(best) {
        println!("{cleaners:>10}  {name:<28}{:>12.1}", 1e6 * time);
    }
}

/// The median time in seconds, and the mean share of candidates that the model scored.
fn round(engine: &Engine, requests: &[Request], again: bool, way: fn(Request) -> Request) -> (f64, f64) {
    let (mut times, mut share) = (Vec::new(), 0.0);
    for request in requests {
        let request = way(request.clone());
        if again {
            engine.recommend(&request).unwrap();
        }
        let began = Instant::now();
        let meta = if request.limit == Some(u32::MAX) {
            engine.score_each(&request, |candidate| {
                std::hint::black_box(candidate);
            })
        } else {
            engine.recommend(&request).map(|ranking| ranking.meta)
        };
        times.push(began.elapsed().as_secs_f64());
        let meta = meta.unwrap();
        share += f64::from(meta.neural_scored) / f64::from(meta.scored.max(1)) / requests.len() as f64;
    }
    times.sort_unstable_by(f64::total_cmp);
    (times[times.len() / 2], share)
}
