//! One model, one ranking: candle, the scalar kernel and the vector kernel on the committed model, and the fixture
//! `tests/fixtures/parity.json` that the tests of the package in Node and Chromium compare with.
//!
//! The fixture is an array of `{ request, ranking }`; of an item it keeps [`ITEM_FIELDS`], of the rest all but the kernel's
//! name. Its numbers are f32 values written as the f64 of the same value, which is what JavaScript sees. After a new model, `UPDATE_PARITY=1 cargo test --release --test parity` writes it anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod requests;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tidyrank::artifact::{Manifest, Tensors};
use tidyrank::domain::JobSpec;
use tidyrank::engine::{CandidateSource, Engine, Item, Mode, Precision, Ranking, Request};
use tidyrank::features::encode;
use tidyrank::native::train::{Samples, predict_hybrid};
use tidyrank::numeric::Kernel;

/// What the fixture keeps of an item.
const ITEM_FIELDS: [&str; 7] = ["cleanerId", "rank", "score", "ruleScore", "neuralScore", "price", "distanceKm"];

/// Largest difference of a score in [0, 1] between candle and the engine with the same fp32 weights. Both sum in f32, in
/// another order, and the engine folds the batch norm into the weights.
const TOLERANCE: f32 = 2e-6;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn model_file(name: &str) -> Vec<u8> {
    let path = root().join("models/cleaners/1.0.0").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; `make demo` makes the model", path.display()))
}

fn engine(precision: Precision) -> Engine {
    let bytes = model_file("manifest.json");
    let manifest = Manifest::from_bytes(&bytes).unwrap();
    let file = |role: &str| Some(model_file(&manifest.file(role)?.path));
    let engine = Engine::load(&bytes, file, precision).unwrap();
    assert_eq!(engine.warnings(), [], "the committed model must be whole");
    engine
}

fn fp32_state() -> Tensors {
    Tensors::from_bytes(&model_file("model.safetensors")).unwrap()
}

fn names(state: &Tensors, key: &str) -> Vec<String> {
    serde_json::from_str(state.metadata(key).unwrap()).unwrap()
}

fn all_requests() -> Vec<Request> {
    requests::requests(engine(Precision::Int8).catalog(), &names(&fp32_state(), "users"))
}

/// What the fixture keeps of a ranking.
fn kept(ranking: &Ranking) -> Value {
    let mut value = serde_json::to_value(ranking).unwrap();
    for item in value["items"].as_array_mut().unwrap() {
        item.as_object_mut().unwrap().retain(|field, _| ITEM_FIELDS.contains(&field.as_str()));
    }
    value["meta"].as_object_mut().unwrap().remove("kernel");
    value
}

fn fixture() -> PathBuf {
    root().join("tests/fixtures/parity.json")
}

#[test]
fn the_fixture_is_what_the_engine_answers() {
    let engine = engine(Precision::Int8);
    let answer = |request| json!({ "request": request, "ranking": kept(&engine.recommend(&request).unwrap()) });
    let cases: Vec<Value> = all_requests().into_iter().map(answer).collect();
    let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
    let text = format!("[\n{}\n]\n", lines.join(",\n"));
    if std::env::var_os("UPDATE_PARITY").is_some_and(|value| value == "1") {
        std::fs::write(fixture(), &text).unwrap();
    }
    let stored: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(fixture()).unwrap()).unwrap();
    assert_eq!(stored.len(), requests::COUNT);
    let fresh: Vec<Value> = serde_json::from_str(&text).unwrap();
    let wrong: Vec<usize> = (0..stored.len()).filter(|at| stored[*at] != fresh[*at]).collect();
    assert!(wrong.is_empty(), "cases {wrong:?} differ; after a new model: UPDATE_PARITY=1, see the top of this file");
}

#[test]
fn the_requests_use_every_field_and_every_mode() {
    let requests = all_requests();
    let some = |name: &str, used: &dyn Fn(&Request) -> bool| {
        let count = requests.iter().filter(|request| used(request)).count();
        assert!(count >= 5 && count < requests.len(), "{name}: {count}");
    };
    some("client", &|r| r.job.client_id.is_some());
    some("unknown client", &|r| r.job.client_id.as_deref() == Some("nobody-knows-this-client"));
    some("client vector", &|r| r.client_vector.is_some());
    some("bidders", &|r| r.candidates == Some(CandidateSource::Bidders));
    some("bids in the catalog", &|r| r.candidates.is_none() && !r.job.bids.is_empty());
    some("no amount", &|r| r.job.bids.iter().any(|bid| bid.amount.is_none()));
    some("distance", &|r| r.filters.max_distance_km.is_some());
    some("limit 0", &|r| r.limit == Some(0));
    some("rule weight", &|r| r.rule_weight.is_some());
    some("price weight", &|r| r.price_weight.is_some());
    some("no place", &|r| r.job.location.is_none());
    some("no kind", &|r| r.job.property_type.is_none());
    some("no size", &|r| r.job.size_m2.is_none());
    for mode in [Mode::Rules, Mode::Neural, Mode::Ensemble] {
        some("mode", &|r| r.mode == mode);
    }
}

#[test]
fn every_kernel_gives_the_same_bits() {
    let fast = engine(Precision::Int8);
    let mut scalar = fast.clone();
    scalar.set_kernel(Kernel::Scalar);
    let mut compared = 0;
    for request in all_requests() {
        let request = Request { limit: Some(u32::MAX), ..request };
        let (a, b) = (fast.recommend(&request).unwrap(), scalar.recommend(&request).unwrap());
        assert_eq!(a.items, b.items, "{} and scalar differ: {request:?}", fast.kernel().name());
        compared += a.items.len();
    }
    assert!(compared > 10_000, "only {compared} scores were compared");
}

/// The job of a request in the words of the domain.
fn spec(request: &Request, engine: &Engine) -> JobSpec {
    let job = &request.job;
    JobSpec {
        property_type: job.property_type.as_ref().and_then(|kind| engine.catalog().market().property_type(kind)),
        location: job.location,
        size_m2: job.size_m2,
        duration_h: job.duration_h,
        eco: job.eco,
        budget: job.budget,
        posted_at: job.posted_at,
        scheduled_at: job.scheduled_at.unwrap_or(job.posted_at),
    }
}

/// What candle is given for the items of a ranking.
fn samples(request: &Request, items: &[Item], engine: &Engine, state: &Tensors) -> Samples {
    let (users, ids) = (names(state, "users"), names(state, "items"));
    let row = |list: &[String], id: &str| list.iter().position(|known| known == id).map_or(0, |at| at as u32 + 1);
    let (catalog, job) = (engine.catalog(), spec(request, engine));
    // Outside the area that it was trained on the model is told no position.
    let elsewhere = engine.recommend(request).unwrap().meta.cold.city;
    let user = request.job.client_id.as_deref().map_or(0, |id| row(&users, id));
    let mut samples = Samples::default();
    for (at, item) in items.iter().enumerate() {
        let place = catalog.place(&item.cleaner_id).unwrap();
        let (cleaner, stats) = (&catalog.cleaners()[place as usize], catalog.stats(place).unwrap());
        let market = catalog.market_stats();
        // `encode` falls back to the usual price exactly where no bid has an amount.
        let bid = request.job.bids.iter().find(|bid| bid.cleaner_id == item.cleaner_id).and_then(|bid| bid.amount);
        let mut features = encode(catalog.market(), market, &job, cleaner, stats, bid);
        if elsewhere {
            (features[0], features[1]) = (f32::NAN, f32::NAN);
        }
        samples.features.push(features);
        samples.users.push(user);
        samples.items.push(row(&ids, &item.cleaner_id));
        samples.categories.push(job.property_type.map_or(u32::MAX, u32::from));
        samples.targets.push(0.0);
        samples.times.push(job.posted_at);
        samples.jobs.push(at as u32);
    }
    samples
}

#[test]
fn the_engine_agrees_with_candle_on_the_fp32_model() {
    let (engine, state) = (engine(Precision::Fp32), fp32_state());
    let (mut compared, mut worst) = (0, 0.0f32);
    // A client's vector of a page's own is no row that candle has.
    for request in all_requests().into_iter().filter(|request| request.client_vector.is_none()) {
        let request = Request { limit: Some(u32::MAX), mode: Mode::Neural, ..request };
        let items = engine.recommend(&request).unwrap().items;
        let oracle = predict_hybrid(&state, &samples(&request, &items, &engine, &state)).unwrap();
        for (item, [collaborative, content, blend]) in items.iter().zip(&oracle) {
            let pairs = [
                (item.collaborative_score, *collaborative),
                (item.content_score, *content),
                (item.neural_score, blend.clamp(0.0, 1.0)),
            ];
            for (ours, candle) in pairs {
                worst = worst.max((ours.unwrap() / 100.0 - candle).abs());
                compared += 1;
            }
        }
        // The same ranking: candle's scores never rise along ours by more than both may be off.
        let blends: Vec<f32> = oracle.iter().map(|scores| scores[2].clamp(0.0, 1.0)).collect();
        assert!(blends.windows(2).all(|pair| pair[1] - pair[0] <= 2.0 * TOLERANCE), "another order: {request:?}");
    }
    println!("{compared} scores compared, largest difference {worst:e}");
    assert!(compared > 10_000 && worst <= TOLERANCE, "{compared} compared, largest difference {worst:e}");
}
