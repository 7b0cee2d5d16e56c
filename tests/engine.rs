//! The engine from the outside: what it answers, what it refuses, and what it does with damaged files.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use tidyrank::artifact::{FORMAT_VERSION, FileEntry, Manifest, Tensors};
use tidyrank::domain::{Cleaner, DAY, Event, EventKind, GeoPoint, History, Hours, Market, Offer};
use tidyrank::engine::{
    BidRequest, CandidateSource, Catalog, Engine, Filters, JobRequest, Mode, NearScores, Precision, Ranking, Request,
};
use tidyrank::features::{FEATURE_COUNT, Normaliser, schema_hash};
use tidyrank::model::{Embeddings, Q8_FORMAT, Q8_VERSION, folded_layers};
use tidyrank::numeric::{Kernel, quantise_weights};

const NOW: i64 = 400 * DAY;
const DIM: usize = 4;

fn market() -> Market {
    Market {
        name: "test".into(),
        centre: GeoPoint::new(38.0, 23.7),
        currency: "EUR".into(),
        utc_offset_minutes: 120,
        rating_min: 0.0,
        rating_max: 10.0,
        property_types: vec!["apartment".into(), "office".into()],
        candidates_are_bidders: false,
    }
}

fn cleaner(at: usize) -> Cleaner {
    Cleaner {
        id: format!("c{at}"),
        name: format!("Cleaner {at}"),
        location: GeoPoint::new(38.0 + at as f64 * 0.02, 23.7),
        hourly_rate: Some(10.0 + at as f32),
        eco: [None, Some(true), Some(false)][at % 3],
        joined_at: at as i64 * DAY,
        offers: vec![],
        hours: (!at.is_multiple_of(4)).then(|| Hours::needed(NOW, Some(at as f32), 0)),
    }
}

/// Cleaner k has k reviews of 0.5 + k/40 and k completed jobs.
fn events(cleaners: usize) -> Vec<Event> {
    let mut events = Vec::new();
    for at in 0..cleaners {
        for done in 0..at {
            let moment = NOW - (done as i64 + 1) * 9 * DAY;
            let rating = 0.5 + at as f32 / 40.0;
            let bid = EventKind::Bid { property_type: Some(0), amount: 30.0, duration_h: Some(2.0) };
            let completed = EventKind::Completed {
                property_type: Some((done % 2) as u16),
                eco: false,
                on_time: Some(done % 3 != 0),
                photos: None,
                earned: 30.0,
            };
            let review = EventKind::Review {
                property_type: Some(0),
                overall: rating,
                quality: Some(rating),
                communication: Some(rating),
                professionalism: None,
                timeliness: Some(0.5),
            };
            for kind in [bid, EventKind::Won, completed, review] {
                events.push(Event { at: moment, cleaner: at as u32, kind });
            }
        }
    }
    events
}

fn catalog(cleaners: usize) -> Catalog {
    let history = History::new(events(cleaners), cleaners, 2);
    let mut replay = history.replay();
    replay.advance_to(NOW);
    let mut catalog = Catalog::new(market(), (0..cleaners).map(cleaner).collect()).unwrap();
    catalog.refresh(&mut replay, 0..cleaners as u32);
    catalog
}

fn job() -> JobRequest {
    JobRequest {
        client_id: Some("u1".into()),
        property_type: Some("apartment".into()),
        location: GeoPoint::new(38.0, 23.7),
        size_m2: Some(80.0),
        duration_h: Some(3.0),
        budget: Some(60.0),
        posted_at: NOW,
        ..JobRequest::default()
    }
}

fn request() -> Request {
    Request { job: job(), ..Request::default() }
}

fn numbers(seed: u32, count: usize) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..count).map(|_| 0.8 * next()).collect()
}

/// A small trained state that knows the clients u0..u2 and the cleaners c0..c9.
fn state() -> Tensors {
    let mut tensors = Tensors::new();
    tensors.set_format("tidyrank.model.fp32");
    tensors.set_metadata("schema_hash", schema_hash());
    let normaliser = Normaliser::fit(&[[0.0; FEATURE_COUNT], [1.0; FEATURE_COUNT]]);
    tensors.set_metadata("normaliser", serde_json::to_string(&normaliser).unwrap());
    tensors.set_metadata("users", r#"["u0","u1","u2"]"#);
    let items: Vec<String> = (0..10).map(|at| format!("c{at}")).collect();
    tensors.set_metadata("items", serde_json::to_string(&items).unwrap());
    tensors.insert_f32("collaborative.user_embedding", &[4, DIM], &numbers(1, 4 * DIM)).unwrap();
    tensors.insert_f32("collaborative.item_embedding", &[11, DIM], &numbers(2, 11 * DIM)).unwrap();
    tensors.insert_f32("content.category_embedding", &[2, 3], &numbers(3, 6)).unwrap();
    for (branch, inputs) in [("collaborative", 2 * DIM), ("content", 3 + FEATURE_COUNT)] {
        for (name, inputs, outputs) in [("layers.0", inputs, 8), ("layers.1", 8, 6), ("output", 6, 1)] {
            let weights = numbers(inputs as u32, inputs * outputs);
            tensors.insert_f32(&format!("{branch}.{name}.weight"), &[outputs, inputs], &weights).unwrap();
            tensors.insert_f32(&format!("{branch}.{name}.bias"), &[outputs], &vec![0.3; outputs]).unwrap();
        }
    }
    tensors.insert_f32("blend.collaborative_content.alpha", &[1], &[0.5]).unwrap();
    tensors
}

fn quantised(state: &Tensors) -> Tensors {
    let mut tensors = Tensors::new();
    tensors.set_version(Q8_FORMAT, Q8_VERSION);
    tensors.set_metadata("schema_hash", state.metadata("schema_hash").unwrap());
    let normaliser: Normaliser = serde_json::from_str(state.metadata("normaliser").unwrap()).unwrap();
    for (name, row) in ["normaliser.mean", "normaliser.std"].iter().zip(normaliser.parts()) {
        tensors.insert_f32(name, &[FEATURE_COUNT], row).unwrap();
    }
    for (side, rows) in [("user", 4), ("item", 11)] {
        let table = state.f32(&format!("collaborative.{side}_embedding"), &[rows, DIM]).unwrap();
        tensors.insert_f32(&format!("collaborative.unknown_{side}"), &[DIM], &table[..DIM]).unwrap();
    }
    let categories = state.f32("content.category_embedding", &[2, 3]).unwrap();
    tensors.insert_f32("content.category_embedding", &[2, 3], &categories).unwrap();
    for branch in ["collaborative", "content"] {
        for (layer, name) in folded_layers(state, branch).unwrap().iter().zip(["layers.0", "layers.1", "output"]) {
            let (codes, scales) = quantise_weights(&layer.weights, layer.outputs);
            let name = format!("{branch}.{name}");
            tensors.insert_i8(&format!("{name}.weight"), &[layer.outputs, layer.inputs], &codes).unwrap();
            tensors.insert_f32(&format!("{name}.scale"), &[layer.outputs], &scales).unwrap();
            tensors.insert_f32(&format!("{name}.bias"), &[layer.outputs], &layer.biases).unwrap();
            tensors.insert_f32(&format!("{name}.input_step"), &[1], &[8.0 / 16383.0]).unwrap();
        }
    }
    tensors.insert_f32("content.pair_range", &[2], &[4.0, 4.0]).unwrap();
    tensors.insert_f32("blend.collaborative_content.alpha", &[1], &[0.5]).unwrap();
    tensors
}

type Files = BTreeMap<String, Vec<u8>>;

fn released() -> (Manifest, Files) {
    released_with(12)
}

fn released_with(cleaners: usize) -> (Manifest, Files) {
    let state = state();
    let mut catalog = catalog(cleaners);
    catalog.set_embeddings(Embeddings::from_state(&state, "items", "collaborative.item_embedding").unwrap());
    let clients = Embeddings::from_state(&state, "users", "collaborative.user_embedding").unwrap();
    let files: Files = [
        ("model.fp32", state.to_bytes()),
        ("model.q8", quantised(&state).to_bytes()),
        ("catalog", catalog.to_tensors().unwrap().to_bytes()),
        ("clients", clients.to_tensors().unwrap().to_bytes()),
    ]
    .map(|(role, bytes)| (role.to_owned(), bytes))
    .into();
    (manifest(&files), files)
}

fn manifest(files: &Files) -> Manifest {
    Manifest {
        format_version: FORMAT_VERSION,
        oldest_readable: 1,
        name: "test".into(),
        version: "1.0.0".into(),
        created_by: "test".into(),
        model_kind: "hybrid".into(),
        schema_hash: schema_hash(),
        seed: 1,
        data_fingerprint: "0".repeat(64),
        rule_weight: 0.25,
        jobs_rule_weight: None,
        price_weight: 0.0,
        metrics: BTreeMap::new(),
        files: files.iter().map(|(role, bytes)| FileEntry::of(role, &format!("{role}.bin"), bytes)).collect(),
    }
}

fn load(manifest: &Manifest, files: &Files, precision: Precision) -> Engine {
    Engine::load(&manifest.to_bytes(), |role| files.get(role).cloned(), precision).unwrap()
}

fn ids(ranking: &Ranking) -> Vec<&str> {
    ranking.items.iter().map(|item| item.cleaner_id.as_str()).collect()
}

#[test]
fn rules_rank_without_a_model_and_say_so() {
    let engine = Engine::rules_only(catalog(12));
    let found = engine.recommend(&request()).unwrap();
    assert_eq!((found.items.len(), found.meta.candidates, found.meta.scored), (10, 12, 12));
    assert_eq!((found.meta.mode, found.meta.requested_mode), (Mode::Rules, Mode::Ensemble));
    assert_eq!(found.meta.fallback.as_ref().map(|notice| notice.code.as_str()), Some("model.none"));
    assert_eq!(found.items[0].cleaner_id, "c11");
    assert!(found.items.windows(2).all(|pair| pair[0].score >= pair[1].score));
    for (place, item) in found.items.iter().enumerate() {
        let sum: f32 = item.contributions.iter().map(|part| part.contribution).sum();
        assert!((sum - item.rule_score).abs() < 1e-4, "{sum} for {}", item.rule_score);
        assert_eq!((item.rank, item.score, item.neural_score), (place as u32 + 1, item.rule_score, None));
        assert!(item.reasons.len() <= 4);
    }
    let asked = Request { mode: Mode::Rules, ..request() };
    assert_eq!(engine.recommend(&asked).unwrap().meta.fallback, None);
}

#[test]
fn few_candidates_any_limit_and_nothing_known_are_legal() {
    for (cleaners, limit, expected) in [(0, 10, 0), (1, 10, 1), (2, 10, 2), (5, 0, 0), (5, u32::MAX, 5)] {
        let engine = Engine::rules_only(catalog(cleaners));
        let asked = Request { limit: Some(limit), ..request() };
        assert_eq!(engine.recommend(&asked).unwrap().items.len(), expected, "{cleaners} cleaners, limit {limit}");
    }
    let (manifest, files) = released();
    let engine = load(&manifest, &files, Precision::Int8);
    let bare = Request { job: JobRequest { posted_at: NOW, ..JobRequest::default() }, ..Request::default() };
    let found = engine.recommend(&bare).unwrap();
    assert_eq!((found.items.len(), found.meta.client_known, found.meta.mode), (10, false, Mode::Ensemble));
    assert!(found.items.iter().all(|item| item.score.is_finite() && item.distance_km.is_none()));
}

#[test]
fn filters_leave_out_and_count() {
    let mut cleaners: Vec<Cleaner> = (0..6).map(cleaner).collect();
    cleaners[1].offers = vec![Offer { property_type: 1, hourly_rate: None, since: 0 }];
    cleaners[2].joined_at = NOW + 1;
    cleaners[3].location = None;
    let engine = Engine::rules_only(Catalog::new(market(), cleaners).unwrap());
    // 0.02 degrees of latitude are 2.22 km: c5 at 11.1 km is out, c4 at 8.9 km is in, c3 is nobody knows where.
    let asked = Request { filters: Filters { max_distance_km: Some(10.0), ..Filters::default() }, ..request() };
    let found = engine.recommend(&asked).unwrap();
    let mut left = ids(&found);
    left.sort_unstable();
    assert_eq!(left, ["c0", "c3", "c4"]);
    let excluded = found.meta.excluded;
    assert_eq!((excluded.distance, excluded.offer, excluded.joined, found.meta.candidates), (1, 1, 1, 6));
}

#[test]
fn bidders_are_ranked_at_their_bids() {
    let engine = Engine::rules_only(catalog(12));
    let bid = |id: &str, amount| BidRequest { cleaner_id: id.into(), amount };
    let mut asked = request();
    asked.job.bids = vec![bid("c7", Some(20.0)), bid("c2", None), bid("c7", Some(99.0))];
    let all = engine.recommend(&Request { limit: Some(99), ..asked.clone() }).unwrap();
    assert_eq!(all.items.len(), 12);
    let found = engine.recommend(&Request { candidates: Some(CandidateSource::Bidders), ..asked }).unwrap();
    assert_eq!(ids(&found), ["c7", "c2"]);
    assert_eq!((found.items[0].price, found.items[0].bid), (Some(20.0), true));
    assert_eq!((found.items[1].price, found.items[1].bid), (Some(36.0), false));
    let same = all.items.iter().find(|item| item.cleaner_id == "c7").unwrap();
    assert_eq!(same.score, found.items[0].score);
}

#[test]
fn requests_that_make_no_sense_are_refused_by_field() {
    let (manifest, files) = released();
    let engine = load(&manifest, &files, Precision::Int8);
    let with = |change: &dyn Fn(&mut Request)| {
        let mut asked = request();
        change(&mut asked);
        engine.recommend(&asked)
    };
    type Change<'a> = &'a dyn Fn(&mut Request);
    let cases: [(&str, Change<'_>); 14] = [
        ("job.propertyType", &|r| r.job.property_type = Some("castle".into())),
        ("job.location", &|r| r.job.location = Some(GeoPoint { latitude: 91.0, longitude: 0.0 })),
        ("job.location", &|r| r.job.location = Some(GeoPoint { latitude: 0.0, longitude: f64::NAN })),
        ("job.sizeM2", &|r| r.job.size_m2 = Some(-1.0)),
        ("job.durationH", &|r| r.job.duration_h = Some(f32::INFINITY)),
        ("job.budget", &|r| r.job.budget = Some(f32::NAN)),
        ("job.postedAt", &|r| r.job.posted_at = i64::MAX),
        ("job.scheduledAt", &|r| r.job.scheduled_at = Some(i64::MIN)),
        ("job.bids.cleanerId", &|r| r.job.bids = vec![BidRequest { cleaner_id: "zz".into(), amount: None }]),
        ("job.bids.amount", &|r| r.job.bids = vec![BidRequest { cleaner_id: "c1".into(), amount: Some(-3.0) }]),
        ("ruleWeight", &|r| r.rule_weight = Some(1.01)),
        ("priceWeight", &|r| r.price_weight = Some(f32::NAN)),
        ("filters.maxDistanceKm", &|r| r.filters.max_distance_km = Some(f64::NAN)),
        ("clientVector", &|r| r.client_vector = Some(vec![0.0; 3])),
    ];
    for (field, change) in cases {
        let error = with(change).unwrap_err();
        assert_eq!(error.code(), "request.invalid");
        assert!(error.to_string().contains(&format!("`{field}`")), "{error} for {field}");
    }
    assert!(serde_json::from_str::<Request>(r#"{"job":{"postedAt":1},"limits":3}"#).is_err());
}

#[test]
fn the_ensemble_is_the_weighted_sum_and_fp32_and_int8_agree() {
    let (manifest, files) = released();
    let int8 = load(&manifest, &files, Precision::Int8);
    let fp32 = load(&manifest, &files, Precision::Fp32);
    let asked = Request { limit: Some(12), ..request() };
    let (a, b) = (int8.recommend(&asked).unwrap(), fp32.recommend(&asked).unwrap());
    assert_eq!((a.meta.rule_weight, a.meta.client_known, b.meta.client_known), (0.25, true, true));
    for item in &a.items {
        let neural = item.neural_score.unwrap();
        assert!((item.score - (0.25 * item.rule_score + 0.75 * neural)).abs() < 1e-3);
        let other = b.items.iter().find(|other| other.cleaner_id == item.cleaner_id).unwrap();
        assert!((other.neural_score.unwrap() - neural).abs() < 1.0, "{neural} for {:?}", other.neural_score);
    }
    let priced = int8.recommend(&Request { price_weight: Some(0.5), ..asked.clone() }).unwrap();
    assert_eq!(priced.meta.price_weight, 0.5);
    for item in &priced.items {
        let both = 0.25 * item.rule_score + 0.75 * item.neural_score.unwrap();
        assert!((item.score - 0.5 * (both + item.breakdown.pricing.unwrap())).abs() < 1e-3, "{item:?}");
    }
    let mut scalar = int8.clone();
    scalar.set_kernel(Kernel::Scalar);
    let slow = scalar.recommend(&asked).unwrap();
    assert_eq!(slow.items, a.items);
    for (weight, mode) in [(1.0, Mode::Rules), (0.0, Mode::Neural)] {
        let edge = Request { rule_weight: Some(weight), ..asked.clone() };
        let pure = Request { mode, ..asked.clone() };
        assert_eq!(ids(&int8.recommend(&edge).unwrap()), ids(&int8.recommend(&pure).unwrap()));
    }
}

#[test]
fn a_client_vector_stands_in_for_the_file() {
    let (manifest, files) = released();
    let engine = load(&manifest, &files, Precision::Int8);
    let mut without = files.clone();
    without.remove("clients");
    let bare = load(&manifest, &without, Precision::Int8);
    let clients = Embeddings::from_tensors(&Tensors::from_bytes(&files["clients"]).unwrap()).unwrap();
    let own = Request { client_vector: clients.get("u1").map(<[f32]>::to_vec), ..request() };
    let (known, stranger) = (engine.recommend(&request()).unwrap(), bare.recommend(&request()).unwrap());
    assert_eq!(bare.recommend(&own).unwrap().items, known.items);
    assert!(!stranger.meta.client_known);
    assert_ne!(stranger.items, known.items);
}

#[test]
fn a_model_that_cannot_be_used_leaves_the_rules() {
    let (good, files) = released();
    let model = files["model.q8"].clone();
    let mut other_schema = good.clone();
    other_schema.schema_hash = "0".repeat(64);
    let broken_inside = {
        let mut files = files.clone();
        let mut tensors = Tensors::from_bytes(&model).unwrap();
        tensors.insert_f32("normaliser.std", &[FEATURE_COUNT], &[0.0; FEATURE_COUNT]).unwrap();
        files.insert("model.q8".into(), tensors.to_bytes());
        (manifest(&files), files)
    };
    let with = |bytes: Option<Vec<u8>>| {
        let mut files = files.clone();
        match bytes {
            Some(bytes) => files.insert("model.q8".into(), bytes),
            None => files.remove("model.q8"),
        };
        files
    };
    let mut altered = model.clone();
    *altered.last_mut().unwrap() ^= 1;
    let cases = [
        ("truncated", good.clone(), with(Some(model[..model.len() - 1].to_vec())), "artifact.truncated"),
        ("longer", good.clone(), with(Some([&model[..], &[0]].concat())), "artifact.size"),
        ("altered", good.clone(), with(Some(altered)), "artifact.checksum"),
        ("missing", good.clone(), with(None), "artifact.manifest"),
        ("other features", other_schema, files.clone(), "artifact.schema"),
        ("no normaliser", broken_inside.0, broken_inside.1, "artifact.metadata"),
    ];
    let rules = Engine::rules_only(catalog(12)).recommend(&request()).unwrap();
    for (name, manifest, files, code) in cases {
        let engine = load(&manifest, &files, Precision::Int8);
        assert_eq!(engine.warnings()[0].code, code, "{name}");
        let found = engine.recommend(&request()).unwrap();
        assert_eq!(ids(&found), ids(&rules), "{name}");
        assert_eq!((found.meta.mode, found.meta.fallback.unwrap().code.as_str()), (Mode::Rules, code), "{name}");
    }
}

#[test]
fn damaged_clients_are_a_warning_and_a_damaged_catalog_is_an_error() {
    let (manifest, files) = released();
    let mut damaged = files.clone();
    damaged.get_mut("clients").unwrap().pop();
    let engine = load(&manifest, &damaged, Precision::Int8);
    assert_eq!(engine.warnings()[0].code, "artifact.truncated");
    assert!(!engine.recommend(&request()).unwrap().meta.client_known);
    let catalog = &files["catalog"];
    for length in 0..catalog.len() {
        let cut = |role: &str| if role == "catalog" { Some(catalog[..length].to_vec()) } else { None };
        let error = Engine::load(&manifest.to_bytes(), cut, Precision::Int8).unwrap_err();
        assert_eq!(error.code(), "artifact.truncated", "at length {length}");
    }
    let error = Engine::load(b"{", |_| None, Precision::Int8).unwrap_err();
    assert_eq!(error.code(), "artifact.manifest");
}

#[test]
fn a_catalog_survives_its_file() {
    let before = catalog(12);
    let after = Catalog::from_tensors(&Tensors::from_bytes(&before.to_tensors().unwrap().to_bytes()).unwrap()).unwrap();
    assert_eq!((after.as_of(), after.market(), after.market_stats()), (NOW, before.market(), before.market_stats()));
    for (row, (a, b)) in after.cleaners().iter().zip(before.cleaners()).enumerate() {
        assert_eq!(
            (&a.id, &a.name, a.eco, a.joined_at, a.hourly_rate, a.hours),
            (&b.id, &b.name, b.eco, b.joined_at, b.hourly_rate, b.hours)
        );
        assert!(a.location.unwrap().distance_km(&b.location.unwrap()) < 0.001);
        let (a, b) = (after.stats(row as u32).unwrap(), before.stats(row as u32).unwrap());
        assert_eq!((a.completed, a.bids, a.by_type.len()), (b.completed, b.bids, b.by_type.len()));
        assert!((a.overall.sum - b.overall.sum).abs() < 1e-5 && (a.price_ratio.sum - b.price_ratio.sum).abs() < 1e-5);
    }
    let engine = Engine::rules_only(after);
    assert_eq!(
        ids(&engine.recommend(&request()).unwrap()),
        ids(&Engine::rules_only(before).recommend(&request()).unwrap())
    );
}

#[test]
fn a_catalog_needs_no_hours_and_has_none_beyond_a_day() {
    let with = catalog(12).to_tensors().unwrap();
    assert!(with.names().any(|name| name == "hours"));
    let mut wrong = with.clone();
    wrong.insert_u32("hours", &[12, 7], &[1 << 24; 84]).unwrap();
    assert_eq!(Catalog::from_tensors(&wrong).unwrap_err().code(), "artifact.metadata");
    wrong.insert_u32("hours", &[11, 7], &[0; 77]).unwrap();
    assert_eq!(Catalog::from_tensors(&wrong).unwrap_err().code(), "artifact.shape");
    let cleaners = (0..12).map(|at| Cleaner { hours: None, ..cleaner(at) }).collect();
    let without = Catalog::new(market(), cleaners).unwrap().to_tensors().unwrap();
    assert!(without.names().all(|name| name != "hours"));
    assert!(Catalog::from_tensors(&without).unwrap().cleaners().iter().all(|cleaner| cleaner.hours.is_none()));
}

#[test]
fn refreshing_moves_the_catalog_to_another_moment() {
    let (manifest, files) = released();
    let mut engine = load(&manifest, &files, Precision::Int8);
    let now = engine.recommend(&request()).unwrap();
    let history = History::new(events(12), 12, 2);
    let mut replay = history.replay();
    replay.advance_to(NOW - 200 * DAY);
    let rows: Vec<u32> = (0..12).collect();
    engine.refresh(&mut replay, &rows);
    assert_eq!(engine.catalog().stats(11).unwrap().completed, 0);
    assert_ne!(engine.recommend(&request()).unwrap().items, now.items);
    replay.advance_to(NOW);
    engine.refresh(&mut replay, &rows);
    // The file keeps sums and positions as f32: scores agree to their precision.
    for (a, b) in engine.recommend(&request()).unwrap().items.iter().zip(&now.items) {
        assert!(a.cleaner_id == b.cleaner_id && (a.score - b.score).abs() < 1e-3);
    }
}

#[test]
fn the_json_is_that_of_the_package() {
    let (manifest, files) = released();
    let found = load(&manifest, &files, Precision::Int8).recommend(&request()).unwrap();
    let json = serde_json::to_value(&found).unwrap();
    let item = &json["items"][0];
    for key in ["cleanerId", "ruleScore", "neuralScore", "distanceKm", "contributions", "breakdown", "reasons", "price"]
    {
        assert!(!item[key].is_null(), "{key}");
    }
    assert_eq!(json["meta"]["requestedMode"], "ensemble");
    assert_eq!(json["meta"]["model"]["version"], "1.0.0");
    assert_eq!(serde_json::from_value::<Ranking>(json).unwrap(), found);
}

/// A model that knows ten of the cleaners: the others are the unknown one, so that equal scores are common.
fn many(cleaners: usize) -> Engine {
    let (manifest, files) = released_with(cleaners);
    load(&manifest, &files, Precision::Int8)
}

#[test]
fn bounds_spare_work_and_change_nothing() {
    let engine = many(120);
    for (limit, rule_weight, price_weight) in
        [(1, 0.5, 0.0), (5, 0.9, 0.3), (10, 0.2, 0.6), (30, 0.0, 0.0), (3, 1.0, 1.0)]
    {
        let asked = |limit| Request {
            limit: Some(limit),
            rule_weight: Some(rule_weight),
            price_weight: Some(price_weight),
            ..request()
        };
        let (few, all) = (engine.recommend(&asked(limit)).unwrap(), engine.recommend(&asked(120)).unwrap());
        assert_eq!(all.meta.neural_scored, 120);
        assert_eq!(few.items, all.items[..limit as usize], "{limit} {rule_weight} {price_weight}");
        assert!(few.meta.neural_scored <= 120);
        let scored = engine.score_all(&asked(limit)).unwrap();
        for item in &all.items {
            assert_eq!(scored.scores[item.row as usize].to_bits(), item.score.to_bits());
        }
    }
    let decided = Request { limit: Some(1), rule_weight: Some(1.0), ..request() };
    assert!(engine.recommend(&decided).unwrap().meta.neural_scored < 120, "where rules decide alone, bounds are tight");
}

#[test]
fn parts_of_a_catalog_rank_as_the_whole() {
    let whole = many(50);
    let asked = Request { limit: Some(50), ..request() };
    let expected = whole.recommend(&asked).unwrap();
    for count in [1, 2, 3, 7, 50, 60] {
        let mut items = Vec::new();
        for index in 0..count {
            let mut shard = many(50);
            shard.keep_shard(index, count);
            items.extend(shard.recommend(&asked).unwrap().items);
        }
        items.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.row.cmp(&b.row)));
        items.iter_mut().zip(1..).for_each(|(item, rank)| item.rank = rank);
        assert_eq!(items, expected.items, "{count} shards");
    }
}

#[test]
fn tiles_come_and_go() {
    let whole = many(30);
    let tile = |places: std::ops::Range<u32>| {
        let places: Vec<u32> = places.collect();
        whole.catalog().part(&places).to_tensors().unwrap().to_bytes()
    };
    let mut engine = many(30);
    engine.keep_shard(0, 60);
    assert!(engine.recommend(&request()).unwrap().items.is_empty());
    for (key, places) in [("b", 10..25), ("a", 0..10), ("c", 25..30)] {
        engine.add_tile(key, &tile(places)).unwrap();
    }
    engine.add_tile("a", &tile(0..10)).unwrap();
    assert_eq!(engine.tiles().collect::<Vec<_>>(), ["b", "a", "c"]);
    let all = Request { limit: Some(30), ..request() };
    let ranked = |engine: &Engine| engine.recommend(&all).unwrap().items;
    assert_eq!(ranked(&engine), ranked(&whole));
    engine.remove_tile("a");
    engine.remove_tile("nobody");
    let without: Vec<u32> = ranked(&whole).iter().map(|item| item.row).filter(|row| *row >= 10).collect();
    assert_eq!(ranked(&engine).iter().map(|item| item.row).collect::<Vec<_>>(), without);
    let bid = |id: &str| BidRequest { cleaner_id: id.into(), amount: Some(20.0) };
    let bids = Request { job: JobRequest { bids: vec![bid("c3"), bid("c12")], ..job() }, ..all.clone() };
    assert_eq!(engine.recommend(&bids).unwrap().meta.unknown_bids, ["c3"]);
    let twice = engine.add_tile("d", &tile(24..26)).unwrap_err();
    assert_eq!((twice.code(), engine.tiles().count()), ("artifact.metadata", 2));
    assert_eq!(engine.add_tile("e", b"no tile").unwrap_err().code(), "artifact.truncated");
    // echo -n abc | sha256sum
    let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(Engine::check_tile(sum, b"abc"), Ok(()));
    assert_eq!(Engine::check_tile(sum, b"abd").unwrap_err().code(), "artifact.checksum");
}

#[test]
fn near_scores_spare_nearly_all_work_and_wrong_ones_are_found_out() {
    let engine = many(120);
    for mode in [Mode::Ensemble, Mode::Neural] {
        let asked = Request { mode, limit: Some(5), ..request() };
        let all = Request { limit: Some(120), ..asked.clone() };
        let mut scores = vec![0.0f32; 240];
        for item in engine.recommend(&all).unwrap().items {
            let off = if item.row % 2 == 0 { 0.000_9 } else { -0.000_9 };
            scores[2 * item.row as usize] = item.collaborative_score.unwrap() / 100.0 + off;
            scores[2 * item.row as usize + 1] = item.content_score.unwrap() / 100.0 - off;
        }
        let near =
            |scores: &[f32]| engine.recommend_near(&asked, &NearScores { scores, tolerance: [0.001; 2] }).unwrap();
        let found = near(&scores).unwrap();
        assert_eq!(found.items, engine.recommend(&asked).unwrap().items);
        assert!(found.meta.neural_scored < 120);
        let best = found.items[0].row as usize;
        for (at, wrong) in [(2 * best, 0.01), (2 * best + 1, 0.01), (2 * best, f32::NAN)] {
            let mut scores = scores.clone();
            scores[at] += wrong;
            assert!(near(&scores).is_none(), "{wrong} at {at}");
        }
        assert!(near(&scores[1..]).is_none());
    }
}
