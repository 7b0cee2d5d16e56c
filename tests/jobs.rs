//! Jobs for a cleaner, on the committed model: what they must agree with, what they refuse, and what holds for any request.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::sync::OnceLock;

use proptest::prelude::*;
use tidyrank::artifact::Manifest;
use tidyrank::domain::{GeoPoint, HOUR};
use tidyrank::engine::{
    BidRequest, CandidateSource, Catalog, CleanerProfile, CleanerRef, Engine, EngineError, JobFilters, JobPosting,
    JobRanking, JobRequest, JobsRequest, Mode, Precision, Request, WorkSpan,
};

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/cleaners/1.0.0");
        let bytes = std::fs::read(folder.join("manifest.json")).unwrap();
        let manifest = Manifest::from_bytes(&bytes).unwrap();
        let file = |role: &str| std::fs::read(folder.join(&manifest.file(role)?.path)).ok();
        Engine::load(&bytes, file, Precision::Int8).unwrap()
    })
}

fn id(at: usize) -> String {
    let cleaners = engine().catalog().cleaners();
    cleaners[at % cleaners.len()].id.clone()
}

fn ask(cleaner: CleanerRef, jobs: Vec<JobPosting>) -> JobsRequest {
    JobsRequest {
        cleaner,
        jobs,
        limit: None,
        mode: Mode::Ensemble,
        rule_weight: None,
        filters: JobFilters::default(),
        level: None,
    }
}

fn known(at: usize, jobs: Vec<JobPosting>) -> JobsRequest {
    ask(CleanerRef::Known(id(at)), jobs)
}

fn rank(request: &JobsRequest) -> JobRanking {
    engine().recommend_jobs(request).unwrap()
}

fn refused(request: &JobsRequest) -> (&'static str, String) {
    let error = engine().recommend_jobs(request).unwrap_err();
    (error.code(), error.message())
}

/// Jobs all over the city, with and without what can be left out.
fn jobs(count: usize) -> Vec<JobPosting> {
    let market = engine().catalog().market();
    let centre = market.centre.unwrap();
    let unless = |at: usize, n: usize| !at.is_multiple_of(n);
    let posting = |at: usize| {
        let location = GeoPoint {
            latitude: centre.latitude + (at * 7 % 31) as f64 / 200.0 - 0.08,
            longitude: centre.longitude + (at * 11 % 29) as f64 / 200.0 - 0.07,
        };
        let bid = |n: usize| BidRequest { cleaner_id: id(at + 3 * n), amount: unless(n, 4).then_some(20.0 + n as f32) };
        let posted_at = engine().catalog().as_of() + (at as i64) * HOUR;
        let job = JobRequest {
            client_id: unless(at, 5).then(|| format!("client-{:06}", at % 40)),
            property_type: unless(at, 7).then(|| market.property_types[at % market.property_types.len()].clone()),
            location: unless(at, 6).then_some(location),
            size_m2: Some(40.0 + at as f32),
            duration_h: unless(at, 8).then_some(1.5 + (at % 5) as f32),
            eco: at.is_multiple_of(3),
            budget: unless(at, 2).then_some(25.0 + (at % 60) as f32),
            posted_at,
            scheduled_at: Some(posted_at + (24 + at as i64 % 48) * HOUR),
            bids: (0..at % 6).map(bid).collect(),
        };
        let client_jobs = unless(at, 3).then_some(at as u32 % 9);
        JobPosting { job_id: format!("job {at}"), job, client_jobs, client_completed: client_jobs.map(|jobs| jobs / 2) }
    };
    (0..count).map(posting).collect()
}

#[test]
fn the_model_says_of_a_job_and_a_cleaner_what_it_says_of_a_cleaner_and_a_job() {
    let mut compared = 0;
    for posting in jobs(60) {
        let request = Request {
            job: posting.job.clone(),
            limit: Some(u32::MAX),
            mode: Mode::Neural,
            candidates: Some(CandidateSource::Catalog),
            ..Request::default()
        };
        for item in engine().recommend(&request).unwrap().items.iter().step_by(9) {
            let cleaner = CleanerRef::Known(item.cleaner_id.clone());
            let found = rank(&JobsRequest { mode: Mode::Neural, ..ask(cleaner, vec![posting.clone()]) });
            let job = &found.items[0];
            assert_eq!(
                (job.neural_score, job.price, job.distance_km),
                (item.neural_score, item.price, item.distance_km)
            );
            assert_eq!((Some(job.score), job.breakdown.quality), (item.neural_score, item.neural_score));
            compared += 1;
        }
    }
    assert!(compared > 1000, "{compared}");
}

#[test]
fn the_first_places_are_those_of_scoring_all() {
    for mode in [Mode::Rules, Mode::Neural, Mode::Ensemble] {
        for rule_weight in [None, Some(0.0), Some(0.7), Some(1.0)] {
            let request = JobsRequest { mode, rule_weight, ..known(3, jobs(400)) };
            let all = rank(&JobsRequest { limit: Some(1_000_000_000), ..request.clone() });
            assert!(all.items.windows(2).all(|pair| pair[0].score >= pair[1].score));
            for limit in [0, 1, 2, 10, 399] {
                let some = rank(&JobsRequest { limit: Some(limit), ..request.clone() });
                assert_eq!(some.items[..], all.items[..all.items.len().min(limit as usize)], "{mode:?} {limit}");
            }
        }
    }
    let few = rank(&JobsRequest { limit: Some(5), ..known(3, jobs(400)) });
    assert!(few.meta.neural_scored < few.meta.scored, "{:?}", few.meta);
}

#[test]
fn the_weight_is_the_one_for_jobs_and_the_rules_alone_where_none_was_fitted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/cleaners/1.0.0");
    let mut manifest = Manifest::from_bytes(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    for (fitted, expected) in [(Some(0.25), 0.25), (None, 1.0)] {
        (manifest.jobs_rule_weight, manifest.rule_weight) = (fitted, 0.75);
        let file = |role: &str| std::fs::read(folder.join(&manifest.file(role)?.path)).ok();
        let engine = Engine::load(&manifest.to_bytes(), file, Precision::Int8).unwrap();
        assert_eq!(engine.jobs_rule_weight(), expected);
        let found = engine.recommend_jobs(&known(3, jobs(40))).unwrap();
        assert_eq!((found.meta.mode, found.meta.rule_weight), (Mode::Ensemble, expected));
        for item in &found.items {
            let both = expected * item.rule_score + (1.0 - expected) * item.neural_score.unwrap();
            assert!((item.score - both).abs() < 1e-4, "{item:?}");
        }
        let asked = JobsRequest { rule_weight: Some(0.5), ..known(3, jobs(40)) };
        assert_eq!(engine.recommend_jobs(&asked).unwrap().meta.rule_weight, 0.5);
        // The clients' weight is another.
        let cleaners = Request { job: jobs(2).remove(1).job, ..Request::default() };
        assert_eq!(engine.recommend(&cleaners).unwrap().meta.rule_weight, 0.75);
    }
}

/// Five jobs an hour apart, of which the middle three are a part; three cleaners bid, and two jobs are taken meanwhile.
#[test]
fn the_choices_that_a_weight_is_fitted_on_are_of_one_part_and_of_what_was_open() {
    use tidyrank::domain::{BidRecord, History, JobRecord, JobSpec, Vocabulary};
    use tidyrank::native::eval::jobs::JobsHoldout;
    use tidyrank::native::eval::jobs_weight::job_choices;
    use tidyrank::native::eval::request::Names;

    let mut engine = engine().clone();
    let (market, cleaners) = (engine.catalog().market().clone(), engine.catalog().cleaners().to_vec());
    let start = engine.catalog().as_of() + HOUR;
    let after = |hours: f64| start + (hours * HOUR as f64) as i64;
    let bid = |cleaner: u32, hours: f64| BidRecord { cleaner, amount: Some(30.0), placed_at: after(hours) };
    let job = |number: usize, bids: Vec<BidRecord>| JobRecord {
        id: format!("job {number}"),
        client: None,
        spec: JobSpec {
            location: GeoPoint::new(38.0 + number as f64 / 50.0, 23.75),
            duration_h: Some(2.0),
            posted_at: after(number as f64),
            scheduled_at: after(number as f64 + 48.0),
            ..JobSpec::default()
        },
        bids,
        hired: None,
        completed: false,
        rating: None,
    };
    let jobs = [
        job(0, vec![bid(0, 3.4)]),
        job(1, vec![bid(1, 1.5), bid(0, 3.6), bid(2, 3.9)]),
        job(2, vec![bid(0, 3.5)]),
        job(3, vec![bid(1, 3.8), bid(0, 5.0)]),
        job(4, vec![bid(0, 4.5)]),
    ];
    let history = History::new(vec![], cleaners.len(), market.property_types.len());
    let clients = Vocabulary::default();
    let recorded = JobsHoldout {
        names: Names { market: &market, cleaners: &cleaners, clients: &clients },
        jobs: &jobs,
        history: &history,
        decided: &[None, None, Some(after(3.55)), Some(after(4.0)), None],
        ended: &[None; 5],
        from: 1,
    };
    let found = job_choices(&recorded, &[1, 2, 3], &mut engine).unwrap();
    // At 1.5 h there is one job of the part, at 3.5 h three, at 3.6 h the two that the first has not bid on; job 2 is gone then, so that
    // the second has no choice at 3.8 h and the third has two jobs. At 5 h job 3 is gone. Jobs 0 and 4 are of another part.
    let rows: Vec<usize> = found.iter().map(|choice| choice.rows.len()).collect();
    assert_eq!(rows, [3, 2, 2]);
    // A rule score is that of a job by itself, as it stood.
    let alone = |cleaner: usize, number: usize, hours: f64| {
        let JobRecord { spec, bids, .. } = &jobs[number];
        let before = bids.iter().filter(|bid| bid.placed_at < after(hours));
        let bids = before.map(|bid| BidRequest { cleaner_id: id(bid.cleaner as usize), amount: bid.amount }).collect();
        let &JobSpec { location, duration_h, posted_at, scheduled_at, .. } = spec;
        let job = JobRequest {
            location,
            duration_h,
            posted_at,
            scheduled_at: Some(scheduled_at),
            bids,
            ..JobRequest::default()
        };
        let posting = JobPosting { job_id: "a".into(), job, ..JobPosting::default() };
        engine.recommend_jobs(&known(cleaner, vec![posting])).unwrap().items[0].rule_score / 100.0
    };
    let expected = [(0, 3.5, 2, vec![1, 2, 3]), (0, 3.6, 1, vec![1, 3]), (2, 3.9, 1, vec![1, 3])];
    for (choice, (cleaner, hours, taken, among)) in found.iter().zip(expected) {
        let sorted = |mut scores: Vec<f32>| {
            scores.sort_by(f32::total_cmp);
            scores
        };
        let scores = among.iter().map(|job| alone(cleaner, *job, hours)).collect();
        assert_eq!(sorted(choice.rows.iter().map(|row| row[0]).collect()), sorted(scores));
        assert_eq!(choice.rows[choice.hired][0], alone(cleaner, taken, hours));
        assert!(choice.rows.iter().all(|row| row[2] == 0.0 && (0.0..=1.0).contains(&row[1]) && row[1] > 0.0));
    }
}

#[test]
fn no_job_one_job_and_two() {
    assert!(rank(&known(0, vec![])).items.is_empty());
    for count in [1, 2] {
        let found = rank(&known(0, jobs(count)));
        assert_eq!((found.items.len(), found.meta.candidates as usize), (count, count));
    }
    let same: Vec<JobPosting> =
        (0..3).map(|at| JobPosting { job_id: format!("{}", 9 - at), ..jobs(1).remove(0) }).collect();
    let ids: Vec<String> = rank(&known(0, same)).items.into_iter().map(|item| item.job_id).collect();
    assert_eq!(ids, ["9", "8", "7"], "equal scores stay as they were given");
}

#[test]
fn a_newcomer_is_the_average_of_the_market() {
    let here = engine().catalog().market().centre;
    let profile = CleanerProfile { location: here, hourly_rate: Some(15.0), ..CleanerProfile::default() };
    let found = rank(&ask(CleanerRef::New(profile.clone()), jobs(50)));
    assert_eq!((found.items.len(), found.meta.cleaner_known), (10, false));
    // Of one without a review next to nothing is known.
    assert!(found.items.iter().all(|item| item.neural_score.is_some() && item.interval == Some([0.0, 100.0])));
    let special: Vec<f32> = found.items.iter().filter_map(|item| item.breakdown.specialisation).collect();
    assert!(special.iter().all(|value| (*value - 50.0).abs() < 1e-4), "{special:?}");
    // One kind of work only: the jobs of the others are left out.
    let kinds = vec![engine().catalog().market().property_types[1].clone()];
    let request = ask(CleanerRef::New(CleanerProfile { property_types: kinds, ..profile }), jobs(50));
    let one = rank(&JobsRequest { limit: Some(99), ..request });
    assert!(one.meta.excluded.offer > 20 && one.items.len() + one.meta.excluded.offer as usize == 50);
}

#[test]
fn each_filter_leaves_out_what_it_says() {
    let all = jobs(100);
    let of = |filters: JobFilters| rank(&JobsRequest { limit: Some(1000), filters, ..known(1, all.clone()) });
    let kept = |filters| {
        let found = of(filters);
        let kept: Vec<JobPosting> =
            all.iter().filter(|job| found.items.iter().any(|item| item.job_id == job.job_id)).cloned().collect();
        (kept, found.meta.excluded)
    };
    let near = of(JobFilters { max_distance_km: Some(5.0), ..JobFilters::default() });
    assert!(
        near.items.iter().all(|item| item.distance_km.is_none_or(|km| km <= 5.0)) && near.meta.excluded.distance > 10
    );
    assert!(near.items.iter().any(|item| item.distance_km.is_none()));
    let strict = of(JobFilters { max_distance_km: Some(5.0), strict: true, ..JobFilters::default() });
    assert!(strict.items.iter().all(|item| item.distance_km.is_some()));
    let (paid, left_out) = kept(JobFilters { min_pay: Some(50.0), ..JobFilters::default() });
    assert!(paid.iter().all(|job| job.job.budget.is_none_or(|budget| budget >= 50.0)) && left_out.pay > 5);
    let kind = engine().catalog().market().property_types[2].clone();
    let (of_kind, left_out) = kept(JobFilters { property_types: vec![kind.clone()], ..JobFilters::default() });
    assert!(of_kind.iter().all(|job| job.job.property_type.as_ref().is_none_or(|named| *named == kind)));
    assert!(left_out.property_types > 50);
    for eco in [true, false] {
        assert!(kept(JobFilters { eco: Some(eco), ..JobFilters::default() }).0.iter().all(|job| job.job.eco == eco));
    }
    let listed: Vec<String> = ["job 3", "job 4", "no such job"].map(String::from).to_vec();
    let left_out = kept(JobFilters { hide: listed.clone(), seen: listed.clone(), ..JobFilters::default() }).1;
    assert_eq!((left_out.hidden, left_out.seen), (2, 0));
    assert_eq!(kept(JobFilters { seen: listed, ..JobFilters::default() }).1.seen, 2);
    let best = of(JobFilters { min_score: Some(60.0), ..JobFilters::default() });
    assert!(best.items.iter().all(|item| item.score >= 60.0));
    assert_eq!(best.items.len() + best.meta.excluded.score as usize, 100);
}

#[test]
fn working_hours_decide_who_is_free() {
    // 1970-01-05 was a Monday; Athens is two hours ahead in this market.
    let offset = i64::from(engine().catalog().market().utc_offset_minutes) * 60;
    let monday = |hour: i64| 4 * 24 * HOUR + hour * HOUR - offset;
    let job = |name: &str, hour: i64| JobPosting {
        job_id: name.into(),
        job: JobRequest { duration_h: Some(2.0), scheduled_at: Some(monday(hour)), ..JobRequest::default() },
        ..JobPosting::default()
    };
    let hours = Some(vec![WorkSpan { weekday: 0, from: 9, to: 13 }]);
    let profile = CleanerProfile { hours, ..CleanerProfile::default() };
    let request = ask(CleanerRef::New(profile), vec![job("early", 8), job("fits", 11), job("late", 12)]);
    let fits: Vec<(String, Option<f32>)> =
        rank(&request).items.into_iter().map(|item| (item.job_id, item.breakdown.availability)).collect();
    assert_eq!(fits.iter().find(|(id, _)| id == "fits").unwrap().1, Some(100.0));
    assert!(fits.iter().filter(|(id, _)| id != "fits").all(|(_, free)| *free == Some(0.0)));
    let free = rank(&JobsRequest { filters: JobFilters { available: true, ..JobFilters::default() }, ..request });
    assert_eq!((free.items.len(), free.meta.excluded.available), (1, 2));
}

#[test]
fn own_bids_are_a_price_and_no_competition() {
    let bid = |cleaner_id: String, amount| BidRequest { cleaner_id, amount };
    let bids = vec![bid(id(0), Some(33.0)), bid("whoever".into(), Some(40.0)), bid("else".into(), None)];
    let job = JobRequest { bids, duration_h: Some(2.0), ..JobRequest::default() };
    let found = rank(&known(0, vec![JobPosting { job_id: "a".into(), job, ..JobPosting::default() }]));
    let item = &found.items[0];
    assert_eq!((item.price, item.bid_count, item.lowest_bid), (Some(33.0), 2, Some(40.0)));
}

#[test]
fn the_breakdown_and_the_reasons_worked_out_by_hand() {
    let centre = engine().catalog().market().centre.unwrap();
    let profile = CleanerProfile {
        location: Some(centre),
        hourly_rate: Some(15.0),
        eco: Some(false),
        ..CleanerProfile::default()
    };
    let one = |budget: f32, eco, bids: &[f32], client: Option<[u32; 2]>| {
        let bid = |amount: &f32| BidRequest { cleaner_id: "x".into(), amount: Some(*amount) };
        let job = JobRequest {
            // A tenth of a degree of latitude: 11.12 km.
            location: Some(GeoPoint { latitude: centre.latitude + 0.1, ..centre }),
            duration_h: Some(2.0),
            budget: Some(budget),
            eco,
            bids: bids.iter().map(bid).collect(),
            ..JobRequest::default()
        };
        let [client_jobs, client_completed] = [0, 1].map(|at| client.map(|client| client[at]));
        let posting = JobPosting { job_id: "a".into(), job, client_jobs, client_completed };
        rank(&ask(CleanerRef::New(profile.clone()), vec![posting])).items.remove(0)
    };
    let codes =
        |item: &tidyrank::engine::JobItem| -> Vec<String> { item.reasons.iter().map(|r| r.code.clone()).collect() };
    let close =
        |found: f32, expected: f64| assert!((f64::from(found) - expected).abs() < 0.01, "{found}, not {expected}");

    // 60 for what the cleaner asks 30 for; six others, the lowest of them 40.
    let item = one(60.0, true, &[40.0, 50.0, 50.0, 50.0, 50.0, 50.0], None);
    assert_eq!((item.pay, item.price, item.bid_count, item.lowest_bid), (Some(60.0), Some(30.0), 6, Some(40.0)));
    let way = 100.0 * 0.5f64.powf(1.112);
    let competition = 100.0 * (0.5 / 7.0 + 0.5 * 40.0 / 70.0);
    close(item.breakdown.location.unwrap(), way);
    close(item.breakdown.pricing.unwrap(), 100.0 * 60.0 / 90.0);
    assert_eq!((item.breakdown.specialisation, item.breakdown.availability), (None, None));
    assert_eq!(item.breakdown.quality, item.neural_score);
    // Location 35, pricing 25 and competition 20 of the 80 that are known.
    for (name, weight, value) in
        [("location", 43.75, way), ("pricing", 31.25, 100.0 * 60.0 / 90.0), ("competition", 25.0, competition)]
    {
        let part = item.contributions.iter().find(|part| part.component == name).unwrap();
        close(part.weight, weight);
        close(part.value.unwrap(), value);
        close(part.contribution, weight * value / 100.0);
    }
    assert_eq!(codes(&item), ["job_needs_eco", "job_crowded", "job_pays"]);
    let item = one(20.0, false, &[18.0, 21.0], Some([10, 5]));
    assert_eq!(codes(&item), ["job_below_price", "job_client_cancels", "job_undercut"]);
    assert_eq!(codes(&one(30.0, false, &[], Some([10, 10]))), ["job_first", "job_good_client"]);
}

#[test]
fn an_interval_widens_with_the_level_asked_for() {
    let width = |level| {
        let item = rank(&JobsRequest { level: Some(level), limit: Some(1), ..known(3, jobs(9)) }).items.remove(0);
        let [low, high] = item.interval.unwrap();
        high - low
    };
    assert!(width(0.5) < width(0.8) && width(0.8) < width(0.95), "{} {} {}", width(0.5), width(0.8), width(0.95));
}

#[test]
fn what_cannot_be_used_is_refused_with_its_field() {
    let one = |change: &dyn Fn(&mut JobPosting)| {
        let mut job = jobs(1).remove(0);
        change(&mut job);
        refused(&known(0, vec![job]))
    };
    let far = GeoPoint { latitude: 91.0, longitude: 0.0 };
    let cases = [
        (one(&|job| job.job.location = Some(far)), "job.location"),
        (one(&|job| job.job.budget = Some(f32::NAN)), "job.budget"),
        (one(&|job| job.job.size_m2 = Some(-1.0)), "job.sizeM2"),
        (one(&|job| job.job.duration_h = Some(f32::INFINITY)), "job.durationH"),
        (one(&|job| job.job.posted_at = i64::MAX), "job.postedAt"),
        (one(&|job| job.job.property_type = Some("<b>".into())), "job.propertyType"),
        (one(&|job| job.job.bids = vec![BidRequest { cleaner_id: "x".into(), amount: Some(-2.0) }]), "job.bids.amount"),
        (one(&|job| (job.client_jobs, job.client_completed) = (Some(1), Some(2))), "job.clientCompleted"),
        (refused(&known(0, [jobs(1), jobs(1)].concat())), "jobs.jobId"),
        (refused(&JobsRequest { rule_weight: Some(1.5), ..known(0, vec![]) }), "ruleWeight"),
    ];
    for ((code, message), field) in cases {
        assert_eq!(code, "request.invalid", "{message}");
        assert!(message.contains(&format!("`{field}`")), "{message}");
    }
    let filter = |filters| refused(&JobsRequest { filters, ..known(0, vec![]) }).1;
    assert!(filter(JobFilters { max_distance_km: Some(-1.0), ..JobFilters::default() }).contains("maxDistanceKm"));
    assert!(filter(JobFilters { min_pay: Some(f32::NAN), ..JobFilters::default() }).contains("minPay"));
    assert!(filter(JobFilters { min_score: Some(f32::NAN), ..JobFilters::default() }).contains("minScore"));
    assert!(filter(JobFilters { property_types: vec!["x".into()], ..JobFilters::default() }).contains("propertyTypes"));
    assert_eq!(refused(&ask(CleanerRef::Known("' OR 1=1 --".into()), jobs(2))).0, "request.unknown_cleaner");
    let profile = |profile| refused(&ask(CleanerRef::New(profile), vec![])).1;
    assert!(profile(CleanerProfile { hourly_rate: Some(-1.0), ..CleanerProfile::default() }).contains("hourlyRate"));
    assert!(profile(CleanerProfile { location: Some(far), ..CleanerProfile::default() }).contains("cleaner.location"));
    let hours = Some(vec![WorkSpan { weekday: 7, from: 0, to: 1 }]);
    assert!(profile(CleanerProfile { hours, ..CleanerProfile::default() }).contains("cleaner.hours"));
}

#[test]
fn without_a_model_the_rules_rank_and_say_so() {
    let catalog = Catalog::new(engine().catalog().market().clone(), engine().catalog().cleaners().to_vec()).unwrap();
    let found = Engine::rules_only(catalog).recommend_jobs(&known(0, jobs(20))).unwrap();
    assert_eq!((found.meta.mode, found.meta.requested_mode), (Mode::Rules, Mode::Ensemble));
    assert_eq!(found.meta.fallback.unwrap().code, "model.none");
    assert!(found.items.iter().all(|item| item.neural_score.is_none() && item.score == item.rule_score));
}

#[test]
fn json_is_read_and_unknown_fields_are_refused() {
    let read = |text: &str| serde_json::from_str::<JobsRequest>(text);
    let request = read(
        r#"{"cleaner":{"hourlyRate":12.5,"hours":[{"weekday":0,"from":8,"to":12}]},"limit":3,"mode":"rules",
            "jobs":[{"jobId":"a","postedAt":0,"clientJobs":3,"clientCompleted":1,"budget":30,"bids":[{"cleanerId":"b"}]}]}"#,
    )
    .unwrap();
    assert_eq!(serde_json::from_value::<JobsRequest>(serde_json::to_value(&request).unwrap()).unwrap(), request);
    for wrong in [
        r#"{"cleaner":"a"}"#,
        r#"{"jobs":[]}"#,
        r#"{"cleaner":"a","jobs":[{"postedAt":0}]}"#,
        r#"{"cleaner":"a","jobs":[{"jobId":"a","postedAt":0,"colour":"red"}]}"#,
        r#"{"cleaner":{"colour":"red"},"jobs":[]}"#,
        r#"{"cleaner":"a","jobs":[],"filters":{"colour":"red"}}"#,
        r#"{"cleaner":5,"jobs":[]}"#,
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

fn posting() -> impl Strategy<Value = JobPosting> {
    let amount = || prop::option::of(prop_oneof![8 => 0.0f32..500.0, 1 => any::<f32>()]);
    let point = prop::option::of((-91.0f64..91.0, -181.0f64..181.0));
    let text = || prop_oneof!["[a-c]{1,2}", "\\PC{0,8}"];
    let bids = prop::collection::vec((text(), amount()), 0..4);
    (text(), point, amount(), amount(), amount(), bids, prop::option::of(0u32..5), any::<bool>()).prop_map(
        |(job_id, point, budget, duration_h, size_m2, bids, client_jobs, eco)| JobPosting {
            job_id,
            job: JobRequest {
                location: point.map(|(latitude, longitude)| GeoPoint { latitude, longitude }),
                budget,
                duration_h,
                size_m2,
                eco,
                bids: bids.into_iter().map(|(cleaner_id, amount)| BidRequest { cleaner_id, amount }).collect(),
                ..JobRequest::default()
            },
            client_jobs,
            client_completed: client_jobs.map(|jobs| jobs / 2),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn every_request_has_an_answer_or_a_typed_refusal(
        jobs in prop::collection::vec(posting(), 0..12), cleaner in 0usize..200, limit in prop::option::of(0u32..8),
        rule_weight in prop::option::of(-0.2f32..1.2), min_score in prop::option::of(0.0f32..100.0),
    ) {
        let filters = JobFilters { min_score, ..JobFilters::default() };
        let request = JobsRequest { limit, rule_weight, filters, ..known(cleaner, jobs) };
        match engine().recommend_jobs(&request) {
            Ok(found) => {
                prop_assert!(found.items.len() <= limit.unwrap_or(10) as usize);
                for (at, item) in found.items.iter().enumerate() {
                    prop_assert_eq!(item.rank as usize, at + 1);
                    prop_assert!((0.0..=100.001).contains(&item.score), "{}", item.score);
                    let sum: f32 = item.contributions.iter().map(|part| part.contribution).sum();
                    prop_assert_eq!(sum, item.rule_score);
                    prop_assert!(min_score.is_none_or(|least| item.score >= least));
                }
                prop_assert_eq!(engine().recommend_jobs(&request).unwrap(), found);
            }
            Err(EngineError::Request { .. }) => {}
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}
