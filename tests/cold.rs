//! What the engine does with clients, cleaners and places of which the model has seen nothing: on the released model's files,
//! with files for intervals and fold-in made here.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::Path;

use tidyrank::artifact::{FileEntry, Manifest, Tensors};
use tidyrank::domain::GeoPoint;
use tidyrank::engine::{AREA_TENSOR, Conformal, Engine, Interaction, JobRequest, Mode, Precision, Ranking, Request};
use tidyrank::model::{FoldIn, FoldTerm, LEANINGS};

/// The files of a model by role.
type Files = BTreeMap<String, Tensors>;

fn released() -> (Manifest, Files) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/cleaners/1.0.0");
    let manifest = Manifest::from_bytes(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    let read = |role: &str| {
        Tensors::from_bytes(&std::fs::read(folder.join(&manifest.file(role).unwrap().path)).unwrap()).unwrap()
    };
    let mut files: Files =
        ["model.q8", "catalog", "clients"].into_iter().map(|role| (role.to_owned(), read(role))).collect();
    let model = files.get_mut("model.q8").unwrap();
    // Around Athens.
    model.insert_f64(AREA_TENSOR, &[4], &[37.5, 38.5, 23.2, 24.2]).unwrap();
    let unknown = model.f32("collaborative.unknown_user", &[64]).unwrap();
    let factors: Vec<f32> = (0..128).map(|at| 0.05 * ((at % 7) as f32 - 3.0)).collect();
    let fold = FoldIn::new(unknown, factors, vec![0.02, 0.3, 0.3, 0.3, 0.3], 0.004).unwrap();
    files.insert("foldin".to_owned(), fold.to_tensors().unwrap());
    let radii = vec![0.3, 1.0, 0.1, 0.2];
    let intervals = Conformal::new(vec![0, 5], vec![9, 900], vec![0.8, 0.9], radii).unwrap();
    files.insert("conformal".to_owned(), intervals.to_tensors().unwrap());
    (manifest, files)
}

fn load((mut manifest, files): (Manifest, Files)) -> Engine {
    let bytes: BTreeMap<String, Vec<u8>> = files.iter().map(|(role, file)| (role.clone(), file.to_bytes())).collect();
    for (role, bytes) in &bytes {
        manifest.set_file(FileEntry::of(role, &format!("{role}.safetensors"), bytes));
    }
    Engine::load(&manifest.to_bytes(), |role| bytes.get(role).cloned(), Precision::Int8).unwrap()
}

/// The market moved to the east, its centre and cleaners.
fn moved(catalog: &mut Tensors, east: f64) {
    let centre = catalog.f64("market.centre", &[2]).unwrap();
    catalog.insert_f64("market.centre", &[2], &[centre[0], centre[1] + east]).unwrap();
    let shape = catalog.shape("location").unwrap().to_vec();
    let mut places = catalog.f32("location", &shape).unwrap();
    places.iter_mut().skip(1).step_by(2).for_each(|longitude| *longitude += east as f32);
    catalog.insert_f32("location", &shape, &places).unwrap();
}

fn request(engine: &Engine, longitude: f64) -> Request {
    let kind = engine.catalog().market().property_types.first().cloned();
    let job = JobRequest {
        property_type: kind,
        location: GeoPoint::new(38.02, longitude),
        size_m2: Some(80.0),
        duration_h: Some(3.0),
        posted_at: engine.catalog().as_of(),
        ..JobRequest::default()
    };
    Request { job, mode: Mode::Neural, limit: Some(50), ..Request::default() }
}

fn scores(ranking: &Ranking) -> Vec<(String, f32)> {
    let mut all: Vec<(String, f32)> =
        ranking.items.iter().map(|item| (item.cleaner_id.clone(), item.neural_score.unwrap())).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn largest_difference(a: &Ranking, b: &Ranking) -> f32 {
    let (a, b) = (scores(a), scores(b));
    assert_eq!(a.len(), b.len());
    let pairs = a.iter().zip(&b);
    pairs.map(|((x, a), (y, b))| if x == y { (a - b).abs() } else { f32::INFINITY }).fold(0.0, f32::max)
}

#[test]
fn a_city_that_the_model_has_not_seen_ranks_as_positions_unknown() {
    let all = |request: Request, engine: &Engine| engine.recommend(&Request { limit: Some(9999), ..request }).unwrap();
    let athens = load(released());
    let here = all(request(&athens, 23.75), &athens);
    assert!(!here.meta.cold.city && here.meta.cold.client);
    // The same market elsewhere, with the same model file.
    let (manifest, mut files) = released();
    moved(files.get_mut("catalog").unwrap(), 7.0);
    let other = load((manifest, files));
    let there = all(request(&other, 30.75), &other);
    assert!(there.meta.cold.city && there.meta.mode == Mode::Neural && there.meta.fallback.is_none());
    // Athens for a model that has seen no position of it: what a position that counts as unknown gives.
    let (manifest, mut files) = released();
    files.get_mut("model.q8").unwrap().insert_f64(AREA_TENSOR, &[4], &[1.0, 2.0, 1.0, 2.0]).unwrap();
    let unknown = load((manifest, files));
    let expected = all(request(&unknown, 23.75), &unknown);
    assert!(expected.meta.cold.city);
    // Places are f32 in a catalog: distances differ by a metre.
    assert!(largest_difference(&there, &expected) < 0.02, "{}", largest_difference(&there, &expected));
    assert!(largest_difference(&here, &expected) > 0.02, "{}", largest_difference(&here, &expected));
}

#[test]
fn a_job_far_away_is_no_extrapolation() {
    let engine = load(released());
    let neural = |longitude| engine.recommend(&request(&engine, longitude)).unwrap();
    // Both far away and beyond every distance seen: only the distance differs.
    let (far, farther) = (neural(40.0), neural(120.0));
    assert!(far.meta.cold.city && farther.meta.cold.city && !neural(23.75).meta.cold.city);
    let rules = engine.recommend(&Request { mode: Mode::Rules, ..request(&engine, 120.0) }).unwrap();
    assert!(!rules.meta.cold.city && rules.items.iter().all(|item| item.interval.is_none()));
    // Without a place nothing is cold about it.
    let mut nowhere = request(&engine, 0.0);
    nowhere.job.location = None;
    assert!(!engine.recommend(&nowhere).unwrap().meta.cold.city);
}

#[test]
fn a_client_is_cold_until_something_is_known() {
    let engine = load(released());
    let (_, files) = released();
    let known = files["clients"].texts("ids").unwrap()[0].clone();
    let cold = |client: Option<&str>, vector: Option<Vec<f32>>| {
        let mut request = request(&engine, 23.75);
        request.job.client_id = client.map(str::to_owned);
        request.client_vector = vector;
        engine.recommend(&request).unwrap().meta.cold.client
    };
    assert!(cold(None, None) && cold(Some("nobody"), None));
    assert!(!cold(Some(&known), None) && !cold(None, Some(engine.fold(&[]))));
}

#[test]
fn a_new_cleaner_has_the_widest_interval() {
    let engine = load(released());
    let few = engine
        .catalog()
        .cleaners()
        .iter()
        .zip(0..)
        .map(|(cleaner, place)| (cleaner.id.clone(), engine.catalog().stats(place).unwrap().overall.count < 5));
    let few: BTreeMap<String, bool> = few.collect();
    for (level, narrow, wide) in [(None, 20.0, 100.0), (Some(0.8), 10.0, 30.0), (Some(0.99), 100.0, 100.0)] {
        let ranking = engine.recommend(&Request { level, limit: Some(9999), ..request(&engine, 23.75) }).unwrap();
        for item in &ranking.items {
            let ([low, high], score) = (item.interval.unwrap(), item.neural_score.unwrap());
            let radius: f32 = if few[&item.cleaner_id] { wide } else { narrow };
            let expected = [(score - radius).max(0.0), (score + radius).min(100.0)];
            let off = (low - expected[0]).abs().max((high - expected[1]).abs());
            assert!(off < 1e-4, "{}: {low} to {high} for {expected:?}", item.cleaner_id);
        }
    }
    let refused = engine.recommend(&Request { level: Some(1.0), ..request(&engine, 23.75) });
    assert_eq!(refused.unwrap_err().code(), "request.invalid");
}

fn ratings(engine: &Engine, rating: f32, count: usize) -> Vec<Interaction> {
    let job = request(engine, 23.75).job;
    let one = |cleaner: &tidyrank::domain::Cleaner| Interaction {
        cleaner_id: cleaner.id.clone(),
        rating,
        job: Some(job.clone()),
    };
    engine.catalog().cleaners().iter().take(count).map(one).collect()
}

#[test]
fn ratings_move_what_is_expected_their_way_and_none_move_nothing() {
    let engine = load(released());
    let asked = |vector: Option<Vec<f32>>| {
        engine.recommend(&Request { client_vector: vector, ..request(&engine, 23.75) }).unwrap()
    };
    let nobody = asked(None);
    let none = engine.fold_in(&[]).unwrap();
    assert_eq!((none.used, none.client_vector.len()), (0, 64 + LEANINGS));
    assert_eq!(scores(&asked(Some(none.client_vector))), scores(&nobody));
    let mean =
        |ranking: &Ranking| scores(ranking).iter().map(|(_, score)| score).sum::<f32>() / ranking.items.len() as f32;
    let mut before = [mean(&nobody); 2];
    for count in [1, 5, 20] {
        let found = [10.0, 1.0].map(|rating| {
            let folded = engine.fold_in(&ratings(&engine, rating, count)).unwrap();
            assert_eq!(folded.used as usize, count);
            mean(&asked(Some(folded.client_vector)))
        });
        assert!(found[0] > before[0] && found[1] < before[1], "{count} ratings: {found:?} after {before:?}");
        before = found;
    }
}

#[test]
fn a_weight_of_a_part_rating_moves_those_who_are_rated_well_there() {
    let engine = load(released());
    // A client who cares for quality alone, and one who does not care for it.
    let vector = |weight: f32| {
        let mut vector = engine.fold(&[]);
        vector[65] = weight;
        engine
            .recommend(&Request { client_vector: Some(vector), limit: Some(9999), ..request(&engine, 23.75) })
            .unwrap()
    };
    let (for_it, against) = (vector(0.5), vector(-0.5));
    let market = engine.catalog().market_stats().total.quality.mean().unwrap();
    let (mut right, mut all) = (0, 0);
    for ((id, high), (_, low)) in scores(&for_it).iter().zip(&scores(&against)) {
        let stats = engine.catalog().stats(engine.catalog().place(id).unwrap()).unwrap();
        let over = |tally: &tidyrank::domain::Tally| tally.mean().unwrap_or(market) - market;
        let others = (over(&stats.communication) + over(&stats.professionalism) + over(&stats.timeliness)) / 3.0;
        if (over(&stats.quality) - others).abs() > 0.01 {
            all += 1;
            right += usize::from((high > low) == (over(&stats.quality) > others));
        }
    }
    assert!(all > 50 && right as f64 >= 0.95 * all as f64, "{right} of {all}");
}

#[test]
fn the_parts_of_a_catalog_fold_to_the_same_vector() {
    let engine = load(released());
    let mut history = ratings(&engine, 9.0, 180);
    history.retain(|one| one.cleaner_id.len() % 2 == 0 || one.cleaner_id.ends_with(['1', '4', '7']));
    history.push(Interaction { cleaner_id: "nobody".into(), rating: 3.0, job: None });
    history.push(Interaction { rating: 4.0, job: None, ..history[0].clone() });
    let whole = engine.fold_in(&history).unwrap();
    assert_eq!(whole.ignored, ["nobody"]);
    let mut terms: Vec<(u32, FoldTerm)> = (0..3)
        .flat_map(|index| {
            let mut part = engine.clone();
            part.keep_shard(index, 3);
            part.fold_terms(&history).unwrap()
        })
        .collect();
    terms.sort_by_key(|(at, _)| *at);
    assert_eq!(terms.len() as u32, whole.used);
    let terms: Vec<FoldTerm> = terms.into_iter().map(|(_, term)| term).collect();
    assert_eq!(engine.fold(&terms), whole.client_vector);
}

#[test]
fn what_cannot_be_folded_is_refused_or_ignored() {
    let engine = load(released());
    for rating in [f32::NAN, f32::INFINITY, -0.1, 10.5] {
        let error = engine.fold_in(&ratings(&engine, rating, 1)).unwrap_err();
        assert!(error.message().contains("history.rating"), "{rating}: {}", error.message());
    }
    let mut odd = ratings(&engine, 5.0, 1);
    odd[0].job = Some(JobRequest { size_m2: Some(-1.0), ..JobRequest::default() });
    assert_eq!(engine.fold_in(&odd).unwrap_err().code(), "request.invalid");
    // Without the file, or with a damaged one, ratings tell nothing; without a model there is no vector.
    let (manifest, mut files) = released();
    files.get_mut("foldin").unwrap().insert_f32("noise", &[1], &[-1.0]).unwrap();
    let damaged = load((manifest, files));
    assert_eq!(damaged.warnings().iter().map(|warning| warning.code.as_str()).collect::<Vec<_>>(), ["artifact.format"]);
    let folded = damaged.fold_in(&ratings(&damaged, 9.0, 5)).unwrap();
    assert_eq!((folded.used, folded.client_vector.len(), folded.ignored.len()), (0, 64, 5));
    let rules = Engine::rules_only(engine.catalog().clone());
    assert_eq!(rules.fold_in(&ratings(&rules, 9.0, 5)).unwrap().client_vector, [0.0f32; 0]);
    // A vector of another length is no client.
    let refused = engine.recommend(&Request { client_vector: Some(vec![0.0; 66]), ..request(&engine, 23.75) });
    assert_eq!(refused.unwrap_err().code(), "request.invalid");
}
