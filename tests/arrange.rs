//! Filters, rules of the house and policies through the engine, against an answer that is worked out apart: everybody's score
//! from `score_all`, the filters from the cleaners' own fields, and a full sort.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use tidyrank::domain::{Cleaner, DAY, Event, EventKind, GeoPoint, History, Hours, Market, Offer};
use tidyrank::engine::{
    BidRequest, CandidateSource, Catalog, Diversity, Engine, Explore, ExploreMethod, Exposure, Filters, HouseAction,
    HouseRule, JobRequest, Mode, PlacedBy, Precision, Ranking, Request,
};
use tidyrank::native::model_dir::ModelDir;

const NOW: i64 = 1_750_000_000;
const COUNT: usize = 60;

fn market() -> Market {
    Market {
        name: "test".into(),
        centre: GeoPoint::new(38.0, 23.7),
        currency: "EUR".into(),
        utc_offset_minutes: 120,
        rating_min: 1.0,
        rating_max: 5.0,
        property_types: vec!["flat".into(), "office".into()],
        candidates_are_bidders: false,
    }
}

fn cleaner(at: usize) -> Cleaner {
    let mut hours = Hours::default();
    (0..5).for_each(|day| assert!(hours.add(day, 8 + (at % 4) as i64, 14 + (at % 5) as i64)));
    let since = 0;
    let office = Offer { property_type: 1, hourly_rate: None, since };
    Cleaner {
        id: format!("c{at}"),
        name: String::new(),
        location: if at % 11 == 7 { None } else { GeoPoint::new(38.0 + (at % 7) as f64 * 0.02, 23.7) },
        hourly_rate: (at % 13 != 5).then_some(10.0 + (at * 7 % 20) as f32),
        eco: [None, Some(true), Some(false)][at % 3],
        joined_at: if at % 17 == 3 { NOW + 1 } else { 0 },
        offers: if at % 5 == 1 { vec![office] } else { vec![] },
        hours: (at % 6 != 2).then_some(hours),
    }
}

fn reviews(at: usize) -> usize {
    [0, 1, 9, 4, 30, 6, 2][at % 7]
}

/// Quarters of the scale, which f32 can hold.
fn rating(at: usize) -> f32 {
    (at * 5 % 8) as f32 / 8.0
}

fn engine() -> Engine {
    let mut events = Vec::new();
    for at in 0..COUNT {
        for done in 0..reviews(at) {
            let moment = NOW - (done as i64 + 1) * DAY;
            let review = EventKind::Review {
                property_type: Some(0),
                overall: rating(at),
                quality: None,
                communication: None,
                professionalism: None,
                timeliness: None,
            };
            events.push(Event { at: moment, cleaner: at as u32, kind: review });
        }
    }
    let history = History::new(events, COUNT, 2);
    let mut replay = history.replay();
    replay.advance_to(NOW);
    let mut catalog = Catalog::new(market(), (0..COUNT).map(cleaner).collect()).unwrap();
    catalog.refresh(&mut replay, 0..COUNT as u32);
    Engine::rules_only(catalog)
}

fn request(filters: Filters) -> Request {
    // A Monday at 10:00 local time: `date -u -d '2025-06-16 08:00' +%s`.
    let job = JobRequest {
        property_type: Some("flat".into()),
        location: GeoPoint::new(38.0, 23.7),
        duration_h: Some(4.0),
        posted_at: NOW,
        scheduled_at: Some(1_750_060_800),
        bids: vec![BidRequest { cleaner_id: "c3".into(), amount: Some(30.0) }],
        ..JobRequest::default()
    };
    Request { job, filters, limit: Some(COUNT as u32), ..Request::default() }
}

fn ids(ranking: &Ranking) -> Vec<&str> {
    ranking.items.iter().map(|item| item.cleaner_id.as_str()).collect()
}

/// Which filter leaves a cleaner out first, by their own fields.
fn left_out(at: usize, filters: &Filters) -> Option<&'static str> {
    let one = cleaner(at);
    let bids = at == 3;
    let takes = |kind: usize| kind == 1 || one.offers.is_empty();
    let strict = filters.strict;
    let fails = |breaks: Option<bool>| breaks.unwrap_or(strict);
    if !bids && one.joined_at > NOW {
        return Some("joined");
    }
    if !bids && !takes(0) {
        return Some("offer");
    }
    // A degree of a meridian is 111.195 km.
    let km = one.location.map(|_| (at % 7) as f64 * 0.02 * 111.195);
    if filters.max_distance_km.is_some_and(|most| fails(km.map(|km| km > most))) {
        return Some("distance");
    }
    let price = if bids { Some(30.0) } else { one.hourly_rate.map(|rate| 4.0 * rate) };
    if filters.max_price.is_some_and(|most| fails(price.map(|price| price > most))) {
        return Some("price");
    }
    let stars = (reviews(at) > 0).then(|| 1.0 + 4.0 * rating(at));
    if filters.min_rating.is_some_and(|least| fails(stars.map(|stars| stars < least))) {
        return Some("rating");
    }
    if filters.eco && fails(one.eco.map(|eco| !eco)) {
        return Some("eco");
    }
    // The work is from 10 to 14 o'clock: from 8, 9, 10 but not 11, and to 14 or later.
    let works = one.hours.map(|_| at % 4 < 3);
    if filters.available && !bids && fails(works.map(|works| !works)) {
        return Some("available");
    }
    if filters.property_types.iter().any(|name| !takes(usize::from(name == "office"))) {
        return Some("propertyTypes");
    }
    if filters.hide.contains(&one.id) {
        return Some("hidden");
    }
    filters.seen.contains(&one.id).then_some("seen")
}

fn some_filters() -> impl Strategy<Value = Filters> {
    let numbers = (
        prop::option::of(prop_oneof![Just(3.0), Just(7.0)]),
        prop::option::of(prop_oneof![Just(60.0f32), Just(80.0)]),
        prop::option::of(prop_oneof![Just(2.5f32), Just(3.5)]),
    );
    let ids = || prop::collection::vec((0..COUNT + 3).prop_map(|at| format!("c{at}")), 0..8);
    let types = prop::collection::vec(prop_oneof![Just("flat".to_owned()), Just("office".to_owned())], 0..3);
    (numbers, any::<[bool; 3]>(), types, ids(), ids()).prop_map(
        |(numbers, [eco, available, strict], kinds, hide, seen)| {
            let (max_distance_km, max_price, min_rating) = numbers;
            let min_score = None;
            Filters {
                max_distance_km,
                max_price,
                min_rating,
                eco,
                available,
                property_types: kinds,
                min_score,
                hide,
                seen,
                strict,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn filters_leave_out_whom_they_should_and_say_so(filters in some_filters()) {
        let engine = engine();
        let ranking = engine.recommend(&request(filters.clone())).unwrap();
        let mut found: Vec<usize> = ids(&ranking).iter().map(|id| id[1..].parse().unwrap()).collect();
        found.sort_unstable();
        let expected: Vec<usize> = (0..COUNT).filter(|at| left_out(*at, &filters).is_none()).collect();
        prop_assert_eq!(found, expected);
        let counts = serde_json::to_value(ranking.meta.excluded).unwrap();
        for (name, count) in counts.as_object().unwrap() {
            let expected = (0..COUNT).filter(|at| left_out(*at, &filters) == Some(name)).count();
            prop_assert_eq!(count.as_u64(), Some(expected as u64), "{}", name);
        }
    }

    #[test]
    fn exclusions_are_explained_by_the_filters_that_fail(filters in some_filters(), at in 0..COUNT) {
        let engine = engine();
        let request = request(filters.clone());
        let exclusion = engine.explain_exclusion(&request, &format!("c{at}")).unwrap();
        let first = left_out(at, &filters);
        prop_assert_eq!(exclusion.excluded, first.is_some());
        prop_assert_eq!(exclusion.by.is_empty(), first.is_none());
        let ranking = engine.recommend(&request).unwrap();
        let item = ranking.items.iter().find(|item| item.cleaner_id == format!("c{at}"));
        prop_assert_eq!(exclusion.rank, item.map(|item| item.rank));
        prop_assert_eq!(exclusion.score, item.map(|item| item.score));
        // Each filter alone fails whom it is said to fail.
        let alone: [(&str, Filters); 8] = [
            ("excluded_distance", Filters { max_distance_km: filters.max_distance_km, ..Filters::default() }),
            ("excluded_price", Filters { max_price: filters.max_price, ..Filters::default() }),
            ("excluded_rating", Filters { min_rating: filters.min_rating, ..Filters::default() }),
            ("excluded_eco", Filters { eco: filters.eco, ..Filters::default() }),
            ("excluded_available", Filters { available: filters.available, ..Filters::default() }),
            ("excluded_property_types", Filters { property_types: filters.property_types.clone(), ..Filters::default() }),
            ("excluded_hidden", Filters { hide: filters.hide.clone(), ..Filters::default() }),
            ("excluded_seen", Filters { seen: filters.seen.clone(), ..Filters::default() }),
        ];
        for (code, alone) in alone {
            let fails = !matches!(left_out(at, &alone), None | Some("joined" | "offer"));
            let possible = left_out(at, &Filters::default()).is_none();
            prop_assert!(!possible || exclusion.by.iter().any(|reason| reason.code == code) == fails, "{}", code);
        }
    }

    #[test]
    fn boosts_are_exact(
        wanted in prop::collection::vec((0..COUNT, -100.0f32..100.0), 0..10), limit in 0u32..70, least in prop::option::of(0.0f32..80.0),
    ) {
        for engine in [engine()].iter().chain(released().iter()) {
            let id = |at: usize| engine.catalog().cleaners()[at].id.clone();
            let house = wanted.iter().map(|(at, points)| HouseRule {
                cleaner_id: id(*at),
                action: HouseAction::Boost,
                position: None,
                points: Some(*points),
            });
            let base = Request { mode: Mode::Ensemble, ..request_for(engine) };
            let plain = engine.score_all(&base).unwrap();
            let mut expected: Vec<(f32, u32)> = plain.scores.iter().copied().zip(plain.rows.iter().copied()).collect();
            for (at, (score, _)) in expected.iter_mut().enumerate() {
                let points = wanted.iter().filter(|(who, _)| *who == at).map(|(_, points)| *points);
                *score += points.reduce(|sum, more| sum + more).unwrap_or(0.0);
            }
            let house: Vec<HouseRule> = house.collect();
            let all = engine.score_all(&Request { house: house.clone(), ..base.clone() }).unwrap();
            prop_assert!(all.scores.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.0.to_bits() || a.is_nan()));
            expected.retain(|(score, _)| !score.is_nan());
            expected.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            expected.truncate(limit as usize);
            expected.retain(|(score, _)| least.is_none_or(|least| *score >= least));
            let filters = Filters { min_score: least, ..Filters::default() };
            let ranking = engine.recommend(&Request { house, filters, limit: Some(limit), ..base }).unwrap();
            let found: Vec<(f32, u32)> = ranking.items.iter().map(|item| (item.score, item.row)).collect();
            prop_assert_eq!(found, expected);
        }
    }
}

/// The released model, which has a network to spare, where it is there.
fn released() -> Option<Engine> {
    let dir = ModelDir::open(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("models/cleaners/1.0.0")).ok()?;
    Engine::load_files(&dir.manifest, |role| dir.read(role).ok(), Precision::Int8).ok()
}

fn request_for(engine: &Engine) -> Request {
    let job = JobRequest {
        property_type: engine.catalog().market().property_types.first().cloned(),
        location: engine.catalog().market().centre,
        duration_h: Some(4.0),
        posted_at: engine.catalog().as_of(),
        ..JobRequest::default()
    };
    Request { job, ..Request::default() }
}

#[test]
fn the_bounds_spare_work_with_boosts_too_and_pools_are_exact() {
    let engine = released().unwrap();
    let all = engine.score_all(&request_for(&engine)).unwrap();
    let mut order: Vec<usize> = (0..all.rows.len()).filter(|at| !all.scores[*at].is_nan()).collect();
    order.sort_by(|a, b| all.scores[*b].total_cmp(&all.scores[*a]).then(a.cmp(b)));
    let id = |at: usize| engine.catalog().cleaners()[at].id.clone();
    let reviews = |at: usize| engine.catalog().stats(at as u32).unwrap().overall.count;
    let new: Vec<usize> = order.iter().copied().filter(|at| reviews(*at) < 40).collect();
    let last = order[order.len() - 1];
    let house = vec![
        HouseRule { cleaner_id: id(last), action: HouseAction::Pin, position: Some(2), points: None },
        HouseRule { cleaner_id: id(order[0]), action: HouseAction::Bury, position: None, points: None },
    ];
    let exposure = Some(Exposure { share: 0.5, below: Some(40) });
    let asked = Request { house, exposure, limit: Some(4), ..request_for(&engine) };
    let ranking = engine.recommend(&asked).unwrap();
    let rest: Vec<usize> = new.into_iter().filter(|at| *at != last && *at != order[0]).collect();
    let needed = 2 - usize::from(reviews(last) < 40);
    let new_before = usize::from(rest.contains(&order[1]));
    let expected = match needed - new_before.min(needed) {
        0 => vec![order[1], last, order[2], order[3]],
        1 if rest.contains(&order[2]) => vec![order[1], last, order[2], order[3]],
        1 => vec![order[1], last, order[2], *rest.iter().find(|at| **at != order[1]).unwrap()],
        _ => vec![order[1], last, rest[0], rest[1]],
    };
    assert_eq!(ids(&ranking), expected.iter().map(|at| id(*at)).collect::<Vec<_>>());
    let boosted = HouseRule { cleaner_id: id(last), action: HouseAction::Boost, position: None, points: Some(90.0) };
    let asked = Request { house: vec![boosted], limit: Some(4), ..request_for(&engine) };
    let first = engine.recommend(&asked).unwrap();
    assert_eq!((first.items[0].row, first.items[0].boost), (last as u32, 90.0));
    assert!(first.meta.neural_scored < first.meta.scored, "{:?}", first.meta);
    assert_eq!(ranking.items[1].placed_by, PlacedBy::Pin);
}

#[test]
fn new_ones_are_found_however_far_down_they_stand() {
    let engine = engine();
    let all = engine.score_all(&request(Filters::default())).unwrap();
    let mut order: Vec<usize> = (0..COUNT).filter(|at| !all.scores[*at].is_nan()).collect();
    order.sort_by(|a, b| all.scores[*b].total_cmp(&all.scores[*a]).then(a.cmp(b)));
    let new: Vec<usize> = order.iter().copied().filter(|at| reviews(*at) == 0).take(2).collect();
    assert!(new.iter().all(|at| !order[..2].contains(at)), "they would be shown anyway");
    let exposure = Some(Exposure { share: 1.0, below: Some(1) });
    let ranking = engine.recommend(&Request { exposure, limit: Some(2), ..request(Filters::default()) }).unwrap();
    assert_eq!(ids(&ranking), new.iter().map(|at| format!("c{at}")).collect::<Vec<_>>());
    assert!(ranking.items.iter().all(|item| item.placed_by == PlacedBy::Exposure && item.is_new));
}

#[test]
fn nobody_one_and_two_candidates_and_limits_without_an_end() {
    let engine = engine();
    let everything = |limit, filters| Request {
        limit: Some(limit),
        diversity: Some(Diversity { lambda: 0.5, pool: None }),
        exposure: Some(Exposure { share: 1.0, below: None }),
        explore: Some(Explore { method: ExploreMethod::Thompson, epsilon: None, seed: 1, pool: Some(4_000_000_000) }),
        house: vec![HouseRule {
            cleaner_id: "c9".into(),
            action: HouseAction::Pin,
            position: Some(u32::MAX),
            points: None,
        }],
        ..request(filters)
    };
    for few in 0..=2usize {
        let hide: Vec<String> =
            (0..COUNT).map(|at| format!("c{at}")).filter(|id| !["c9", "c4"][..few].contains(&&**id)).collect();
        let hide = if few == 0 { (0..COUNT).map(|at| format!("c{at}")).collect() } else { hide };
        let filters = Filters { hide, ..Filters::default() };
        for limit in [0, 1, 10, 1_000_000_000, u32::MAX] {
            let ranking = engine.recommend(&everything(limit, filters.clone())).unwrap();
            assert_eq!(ranking.items.len(), few.min(limit as usize), "{few} {limit}");
        }
    }
    let all = engine.recommend(&everything(1_000_000_000, Filters::default())).unwrap();
    assert_eq!(all.items.len() as u32, all.meta.scored);
    assert_eq!(all.items.last().map(|item| item.cleaner_id.as_str()), Some("c9"));
}

#[test]
fn bidders_are_explained_and_strangers_refused() {
    let engine = engine();
    let asked = Request { candidates: Some(CandidateSource::Bidders), ..request(Filters::default()) };
    let exclusion = engine.explain_exclusion(&asked, "c4").unwrap();
    assert_eq!(exclusion.by.iter().map(|reason| reason.code.as_str()).collect::<Vec<_>>(), ["excluded_bid"]);
    let bidder = engine.explain_exclusion(&asked, "c3").unwrap();
    assert_eq!((bidder.excluded, bidder.rank), (false, Some(1)));
    assert_eq!(engine.explain_exclusion(&asked, "nobody").unwrap_err().code(), "request.unknown_cleaner");
    let least = Filters { min_score: Some(101.0), ..Filters::default() };
    let low = engine.explain_exclusion(&request(least.clone()), "c4").unwrap();
    assert_eq!((low.by[0].code.as_str(), low.excluded, low.rank), ("excluded_score", true, None));
    let none = engine.recommend(&Request { limit: Some(10), ..request(least) }).unwrap();
    assert_eq!((none.items.len(), none.meta.excluded.score), (0, 10));
}

#[test]
fn what_cannot_be_is_refused_with_its_field() {
    let engine = engine();
    let filters = |filters| engine.recommend(&request(filters)).unwrap_err().to_string();
    assert!(filters(Filters { max_price: Some(-1.0), ..Filters::default() }).contains("filters.maxPrice"));
    assert!(filters(Filters { min_rating: Some(f32::NAN), ..Filters::default() }).contains("filters.minRating"));
    assert!(filters(Filters { min_score: Some(f32::INFINITY), ..Filters::default() }).contains("filters.minScore"));
    let kinds = vec!["yacht".to_owned()];
    assert!(filters(Filters { property_types: kinds, ..Filters::default() }).contains("yacht"));
    let diversity = Some(Diversity { lambda: f64::NAN, pool: None });
    let error = engine.recommend(&Request { diversity, ..request(Filters::default()) }).unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("diversity.lambda")), ("request.invalid", true));
}
