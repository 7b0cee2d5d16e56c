//! Explanations of the released model: parts that add up to the score, Shapley values that are those of another program, and changes
//! that do bring the place that they promise.
//!
//! `tests/fixtures/shapley.json` holds, for some requests, the model's score of every coalition of feature groups as the engine gives
//! it, and the Shapley values that `tests/fixtures/shapley.py` works out from the coalitions in its own way (all orders of the
//! players). `UPDATE_SHAPLEY=1 cargo test --release --test explain`, then `python3 tests/fixtures/shapley.py`, writes it anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use tidyrank::artifact::{Manifest, Tensors};
use tidyrank::domain::JobSpec;
use tidyrank::engine::{Engine, EngineError, Explanation, FEATURE_GROUPS, Mode, Precision, Request, Rivals, Value};
use tidyrank::features::{FEATURES, encode};
use tidyrank::native::messages::Locale;
use tidyrank::native::train::{Samples, predict_hybrid};
use tidyrank::numeric::Kernel;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(root().join("models/cleaners/1.0.0").join(name)).unwrap()
}

fn load(precision: Precision) -> Engine {
    let bytes = file("manifest.json");
    let manifest = Manifest::from_bytes(&bytes).unwrap();
    Engine::load(&bytes, |role| Some(file(&manifest.file(role)?.path)), precision).unwrap()
}

fn engine() -> Engine {
    load(Precision::Int8)
}

/// The requests of the parity test that have candidates.
fn requests() -> Vec<Request> {
    let text = std::fs::read_to_string(root().join("tests/fixtures/parity.json")).unwrap();
    let cases: Vec<Json> = serde_json::from_str(&text).unwrap();
    cases.into_iter().map(|mut case| serde_json::from_value(case["request"].take()).unwrap()).collect()
}

/// Explanations of the cleaners at some places of each request, and the request.
fn explained(engine: &Engine, each: usize) -> Vec<(Request, Explanation)> {
    let mut found = Vec::new();
    for request in requests() {
        let all = Request { limit: Some(u32::MAX), ..request.clone() };
        for item in engine.recommend(&all).unwrap().items.iter().step_by(each) {
            let explanation = engine.explain(&request, &item.cleaner_id, true).unwrap().expect("a candidate");
            assert_eq!((explanation.item.rank, explanation.item.score), (item.rank, item.score));
            assert_eq!(
                (&explanation.item.contributions, &explanation.item.reasons),
                (&item.contributions, &item.reasons)
            );
            assert_eq!(explanation.item.neural_score, item.neural_score);
            found.push((request.clone(), explanation));
        }
    }
    found
}

#[test]
fn points_add_up_to_the_score_and_to_its_parts() {
    let engine = engine();
    let (mut with_model, mut without) = (0, 0);
    for (request, found) in explained(&engine, 41) {
        let parts = &found.parts;
        let sum = parts.rules.points + parts.neural.points + parts.price.points + parts.boost;
        assert!((sum - f64::from(found.item.score)).abs() < 1e-12, "{sum} {}", found.item.score);
        let weights = parts.rules.weight + parts.neural.weight + parts.price.weight;
        assert!((weights - 100.0).abs() < 1e-9, "{weights}");
        for part in [parts.rules, parts.neural, parts.price] {
            let points = part.weight / 100.0 * part.value.unwrap_or(0.0);
            assert!((points - part.points).abs() < 1e-4, "{part:?}");
        }
        let rules: f32 = found.item.contributions.iter().map(|part| part.contribution).sum();
        assert!((rules - found.item.rule_score).abs() < 1e-3);
        let Some(neural) = &found.neural else {
            assert_eq!((request.mode, found.item.neural_score), (Mode::Rules, None));
            without += 1;
            continue;
        };
        assert_eq!(neural.score, f64::from(found.item.neural_score.unwrap()), "to the bit");
        let sum: f64 = neural.baseline + neural.groups.iter().map(|of_group| of_group.points).sum::<f64>();
        assert!((sum - neural.score).abs() < 1e-11, "{sum} {}", neural.score);
        let points = |name: &str| neural.groups.iter().find(|of_group| of_group.group == name).unwrap().points;
        if found.item.distance_km.is_none() {
            assert_eq!(points("distance"), 0.0, "what is unknown adds nothing, to the bit");
        }
        if request.job.client_id.as_deref().is_none_or(|id| id == "nobody-knows-this-client")
            && request.client_vector.is_none()
        {
            assert_eq!(points("client"), 0.0);
        }
        with_model += 1;
    }
    assert!(with_model > 400 && without > 100, "{with_model} {without}");
}

/// The number or text of a parameter.
fn number(found: &tidyrank::engine::Counterfactual, name: &str) -> f64 {
    match found.reason.param(name) {
        Some(Value::Number(number)) => *number,
        other => panic!("{name} of {found:?} is {other:?}"),
    }
}

#[test]
fn cheaper_bids_bring_the_place_that_is_promised_and_one_euro_less_does_not() {
    let engine = engine();
    let (mut checked, mut none) = (0, 0);
    for (request, found) in explained(&engine, 7) {
        let limit = request.limit.unwrap_or(10);
        let row = engine.row_of(&found.item.cleaner_id).unwrap();
        none += usize::from(found.counterfactuals.iter().any(|change| change.reason.code == "out_of_reach"));
        assert!(found.item.rank > 1 || found.counterfactuals.is_empty());
        // A bid fixes the price; where the market's price rests on the bids, it would move with it.
        let kind = request.job.property_type.as_deref().and_then(|kind| engine.catalog().market().property_type(kind));
        let by_market =
            engine.catalog().market_stats().hourly_price_of_kind(kind).is_some() || request.job.duration_h.is_none();
        for change in found.counterfactuals.iter().filter(|change| change.reason.code == "cheaper" && by_market) {
            let price = found.item.price.unwrap();
            let with = |less: f64| {
                let mut request = request.clone();
                let bids = &mut request.job.bids;
                bids.retain(|bid| bid.cleaner_id != found.item.cleaner_id);
                let amount = Some(price - less as f32);
                bids.push(tidyrank::engine::BidRequest { cleaner_id: found.item.cleaner_id.clone(), amount });
                engine.explain(&request, &found.item.cleaner_id, false).unwrap().unwrap().item
            };
            let amount = number(change, "amount");
            assert!(amount <= f64::from(price) / 2.0);
            let then = with(amount);
            assert_eq!((then.rank, then.score), (change.rank, change.score), "{change:?}");
            assert_eq!(number(change, "rank"), f64::from(change.rank));
            // It is the least one for that place, for 3 or for the list.
            let target = [1, 3, limit].into_iter().filter(|target| *target >= change.rank).min().unwrap();
            assert!(with(amount - 1.0).rank > target || amount == 1.0, "{change:?} of {row}");
            checked += 1;
        }
    }
    println!("{checked} cheaper bids checked, {none} places out of reach");
    assert!(checked > 100 && none > 20, "{checked} {none}");
}

#[test]
fn nearer_cleaners_get_the_place_that_is_promised() {
    let engine = engine();
    let mut checked = 0;
    for (request, found) in explained(&engine, 5) {
        for change in found.counterfactuals.iter().filter(|change| change.reason.code == "nearer") {
            let (km, now) = (number(change, "km"), found.item.distance_km.unwrap());
            assert!(km <= now && (2.0 * km).fract() == 0.0, "{change:?}");
            assert!(change.rank < found.item.rank && change.score > found.item.score);
            assert_ne!(request.mode, Mode::Rules, "rules know no distance");
            checked += 1;
        }
        for change in found.counterfactuals.iter().filter(|change| change.reason.code == "better_reviewed") {
            assert!((1.0..=10.0).contains(&number(change, "count")) && change.rank < found.item.rank);
        }
    }
    println!("{checked} shorter ways checked");
    assert!(checked > 10, "{checked}");
}

#[test]
fn rivals_are_the_others_in_order_and_parts_of_a_catalog_explain_alike() {
    let engine = engine();
    let request =
        requests().into_iter().find(|request| request.job.bids.is_empty() && request.limit == Some(10)).unwrap();
    let scored = engine.score_all(&request).unwrap();
    let all = engine.recommend(&Request { limit: Some(u32::MAX), ..request.clone() }).unwrap().items;
    let subject = &all[17];
    let rivals = Rivals::of(&scored, subject.row, 10).unwrap();
    assert_eq!(rivals.rank, 18);
    assert_eq!(rivals.best, all[..10].iter().map(|item| (item.score, item.row)).collect::<Vec<_>>());
    assert_eq!(Rivals::of(&scored, all[1].row, 1).unwrap().best.len(), 3, "as many as places are looked at");
    let whole = engine.explain(&request, &subject.cleaner_id, true).unwrap().unwrap();
    for index in 0..3 {
        let mut part = engine.clone();
        part.keep_shard(index, 3);
        if part.row_of(&subject.cleaner_id).is_none() {
            let error = part.explain(&request, &subject.cleaner_id, true).unwrap_err();
            assert_eq!(error.code(), "request.unknown_cleaner");
            continue;
        }
        let asked = scored.meta.asked;
        let request = Request { asked, ..request.clone() };
        let found = part.explain_among(&request, &subject.cleaner_id, &rivals, true).unwrap().unwrap();
        assert_eq!(found, whole, "shard {index}");
    }
}

#[test]
fn kernels_explain_alike_and_who_is_no_candidate_has_nothing_to_explain() {
    let (fast, mut scalar) = (engine(), engine());
    scalar.set_kernel(Kernel::Scalar);
    for request in requests().into_iter().filter(|request| request.limit.is_none_or(|limit| limit > 0)).take(20) {
        let Some(best) = fast.recommend(&request).unwrap().items.pop() else { continue };
        let (a, b) = (fast.explain(&request, &best.cleaner_id, true), scalar.explain(&request, &best.cleaner_id, true));
        assert_eq!(a.unwrap(), b.unwrap());
    }
    let mut near = requests().into_iter().find(|request| request.job.location.is_some()).unwrap();
    near.filters.max_distance_km = Some(0.0);
    near.job.bids.clear();
    let anybody = &fast.catalog().cleaners()[0].id;
    assert_eq!(fast.explain(&near, anybody, true).unwrap(), None);
    let unknown = fast.explain(&near, "nobody", true).unwrap_err();
    assert!(matches!(unknown, EngineError::UnknownCleaner { field: "cleanerId", .. }), "{unknown}");
    near.job.size_m2 = Some(f32::NAN);
    assert_eq!(fast.explain(&near, anybody, true).unwrap_err().code(), "request.invalid");
}

#[test]
fn changes_are_said_in_both_languages() {
    let engine = engine();
    let all: Vec<_> = explained(&engine, 61).into_iter().flat_map(|(_, found)| found.counterfactuals).collect();
    let find = |code: &str| all.iter().find(|change| change.reason.code == code).unwrap_or_else(|| panic!("no {code}"));
    for code in ["cheaper", "nearer", "better_reviewed", "out_of_reach"] {
        let change = find(code);
        let [english, greek] = Locale::ALL.map(|locale| locale.render(&change.reason));
        println!("{english}\n{greek}");
        assert!(
            english.contains(&format!("{}", number(change, "rank")))
                && greek.contains(&format!("{}η", number(change, "rank")))
        );
    }
}

/// The group of a feature by its name in the schema.
fn group_of(feature: &str) -> &'static str {
    match feature {
        "latitude" | "longitude" | "hour_of_day" | "day_of_week" => "when_where",
        "size" | "duration" | "eco" => "property",
        "bid" => "price",
        "distance" => "distance",
        "completion_rate" | "on_time_rate" | "log_jobs" => "record",
        name if name.contains("rating") => "ratings",
        other => panic!("{other} is in no group"),
    }
}

#[test]
fn a_coalition_scores_what_candle_says_of_a_cleaner_and_a_job_of_which_only_that_is_known() {
    let engine = load(Precision::Fp32);
    let state = Tensors::from_bytes(&file("model.safetensors")).unwrap();
    let names = |key: &str| serde_json::from_str::<Vec<String>>(state.metadata(key).unwrap()).unwrap();
    let (users, ids) = (names("users"), names("items"));
    let row = |list: &[String], id: &str| list.iter().position(|known| known == id).map_or(0, |at| at as u32 + 1);
    let (catalog, mut compared, mut worst) = (engine.catalog(), 0, 0.0f64);
    let requests =
        requests().into_iter().filter(|request| request.mode != Mode::Rules && request.client_vector.is_none());
    for request in requests.step_by(12) {
        let all = Request { limit: Some(u32::MAX), ..request.clone() };
        let ranking = engine.recommend(&all).unwrap();
        // Outside the area that it was trained on the model is told no position.
        let elsewhere = ranking.meta.cold.city;
        let Some(item) = ranking.items.into_iter().nth(2) else { continue };
        let coalitions = engine.coalitions(&request, &item.cleaner_id).unwrap().unwrap();
        let (job, kinds) = (&request.job, catalog.market());
        let spec = JobSpec {
            property_type: job.property_type.as_ref().and_then(|kind| kinds.property_type(kind)),
            location: job.location,
            size_m2: job.size_m2,
            duration_h: job.duration_h,
            eco: job.eco,
            budget: job.budget,
            posted_at: job.posted_at,
            scheduled_at: job.scheduled_at.unwrap_or(job.posted_at),
        };
        let place = catalog.place(&item.cleaner_id).unwrap();
        let (cleaner, stats) = (&catalog.cleaners()[place as usize], catalog.stats(place).unwrap());
        let bid = job.bids.iter().find(|bid| bid.cleaner_id == item.cleaner_id).and_then(|bid| bid.amount);
        let mut features = encode(kinds, catalog.market_stats(), &spec, cleaner, stats, bid);
        if elsewhere {
            (features[0], features[1]) = (f32::NAN, f32::NAN);
        }
        let mut samples = Samples::default();
        for coalition in 0..coalitions.len() {
            let has =
                |group: &str| coalition >> FEATURE_GROUPS.iter().position(|name| *name == group).unwrap() & 1 == 1;
            let mut known = features;
            for (value, feature) in known.iter_mut().zip(FEATURES) {
                *value = if has(group_of(feature.name)) { *value } else { f32::NAN };
            }
            samples.features.push(known);
            samples.users.push(job.client_id.as_deref().filter(|_| has("client")).map_or(0, |id| row(&users, id)));
            samples.items.push(if has("cleaner") { row(&ids, &item.cleaner_id) } else { 0 });
            samples.categories.push(spec.property_type.filter(|_| has("property")).map_or(u32::MAX, u32::from));
            samples.targets.push(0.0);
            samples.times.push(0);
            samples.jobs.push(coalition as u32);
        }
        for (found, candle) in coalitions.iter().zip(predict_hybrid(&state, &samples).unwrap()) {
            worst = worst.max((found - 100.0 * f64::from(candle[2].clamp(0.0, 1.0))).abs());
            compared += 1;
        }
    }
    println!("{compared} coalitions, largest difference {worst:e} points");
    assert!(compared >= 8 * 256 && worst < 5e-4, "{compared} {worst:e}");
}

fn fixture() -> PathBuf {
    root().join("tests/fixtures/shapley.json")
}

#[test]
fn shapley_values_are_those_of_another_program() {
    let engine = engine();
    let mut cases = Vec::new();
    for (at, request) in
        requests().into_iter().enumerate().filter(|(_, request)| request.mode != Mode::Rules).step_by(9)
    {
        let all = Request { limit: Some(u32::MAX), ..request.clone() };
        let Some(item) = engine.recommend(&all).unwrap().items.into_iter().nth(at % 5) else { continue };
        let coalitions = engine.coalitions(&request, &item.cleaner_id).unwrap().unwrap();
        let found = engine.explain(&request, &item.cleaner_id, false).unwrap().unwrap().neural.unwrap();
        cases.push((at, item.cleaner_id, coalitions, found));
    }
    assert!(cases.len() >= 12, "{}", cases.len());
    if std::env::var_os("UPDATE_SHAPLEY").is_some_and(|value| value == "1") {
        let lines = cases.iter().map(|(at, id, coalitions, _)| {
            json!({ "request": at, "cleanerId": id, "groups": FEATURE_GROUPS, "coalitions": coalitions }).to_string()
        });
        std::fs::write(fixture(), format!("[\n{}\n]\n", lines.collect::<Vec<_>>().join(",\n"))).unwrap();
    }
    let stored: Vec<Json> = serde_json::from_str(&std::fs::read_to_string(fixture()).unwrap()).unwrap();
    assert_eq!(stored.len(), cases.len());
    for (stored, (at, id, coalitions, found)) in stored.iter().zip(&cases) {
        assert_eq!((&stored["request"], &stored["cleanerId"]), (&json!(at), &json!(id)));
        let numbers = |key: &str| -> Vec<f64> { serde_json::from_value(stored[key].clone()).unwrap() };
        let same = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-9;
        assert!(numbers("coalitions").iter().zip(coalitions).all(same), "another model: see the top of this file");
        for ((expected, found), group) in numbers("shapley").iter().zip(&found.groups).zip(FEATURE_GROUPS) {
            assert!((expected - found.points).abs() < 1e-10 && found.group == group, "{group}: {expected} {found:?}");
        }
        assert_eq!((found.baseline, found.score), (coalitions[0], coalitions[255]));
    }
}

#[test]
fn what_the_house_adds_is_a_part_of_its_own() {
    let engine = engine();
    let mut request =
        requests().into_iter().find(|request| request.limit == Some(10) && request.job.bids.is_empty()).unwrap();
    let all = engine.recommend(&Request { limit: Some(u32::MAX), ..request.clone() }).unwrap().items;
    let id = &all[20].cleaner_id;
    let before = engine.explain(&request, id, true).unwrap().unwrap();
    let rule = json!([{ "cleanerId": id, "action": "boost", "points": -2.5 }]);
    request.house = serde_json::from_value(rule).unwrap();
    let after = engine.explain(&request, id, true).unwrap().unwrap();
    assert_eq!((before.parts.boost, after.parts.boost), (0.0, -2.5));
    assert_eq!(after.item.score, before.item.score - 2.5);
    assert!(after.item.rank > before.item.rank);
    let parts = &after.parts;
    let sum = parts.rules.points + parts.neural.points + parts.price.points + parts.boost;
    assert!((sum - f64::from(after.item.score)).abs() < 1e-12);
    assert!((parts.rules.points - before.parts.rules.points).abs() < 1e-4);
    for change in after.counterfactuals.iter().filter(|change| change.reason.code != "out_of_reach") {
        assert!(change.rank < after.item.rank && change.score > after.item.score);
    }
}
