//! The flags of `tidyrank recommend`: filters, rules of the house, policies, the other direction, and what is refused.
//! Expected answers come from how [`market`](super::market) is made: cleaner `at` stands 0.01 degrees of latitude north of the one
//! before, asks 10 + `at` an hour for 3 hours (the first four bid 40 to 43), is eco-friendly if `at` is even; the first four
//! alone have reviews, 10, 9, 8 and 7 of 10 every time.

use serde_json::Value;
use tidyrank::engine::{PlacedBy, Ranking};

use super::{Place, failure, quiet_success, run, text};

const JOB: [&str; 2] = ["--job", "job-050"];

impl Place {
    /// What `recommend` answers for one job.
    fn ranking(&self, flags: &str) -> Ranking {
        serde_json::from_str(&self.json(flags)).unwrap()
    }

    fn json(&self, flags: &str) -> String {
        let flags: Vec<&str> = JOB.into_iter().chain(["--format", "json"]).chain(flags.split_whitespace()).collect();
        quiet_success(&self.recommend(&flags))
    }

    fn refused(&self, flags: &str) -> (Option<i32>, String) {
        let flags: Vec<&str> = JOB.into_iter().chain(flags.split_whitespace()).collect();
        let output = self.recommend(&flags);
        assert_eq!(text(&output.stdout), "", "{flags:?}");
        (output.status.code(), text(&output.stderr))
    }
}

/// The numbers of the cleaners, in their order.
fn numbers(ranking: &Ranking) -> Vec<usize> {
    ranking.items.iter().map(|item| item.cleaner_id[8..].parse().unwrap()).collect()
}

fn sorted(ranking: &Ranking) -> Vec<usize> {
    let mut found = numbers(ranking);
    found.sort_unstable();
    found
}

/// Kilometres from the job: by Pythagoras, which is good to metres here.
fn km(at: usize) -> f64 {
    let (north, east) = (37.9 + 0.01 * at as f64 - 37.95, 0.02 * 37.95f64.to_radians().cos());
    111.195 * north.hypot(east)
}

#[test]
fn filters_leave_out_whom_the_data_say() {
    let place = Place::new();
    let price = |at: usize| if at < 4 { 40.0 + at as f64 } else { 3.0 * (10.0 + at as f64) };
    type Keeps<'a> = &'a dyn Fn(usize) -> bool;
    let cases: [(&str, Keeps<'_>); 13] = [
        ("--max-distance 5", &|at| km(at) <= 5.0),
        ("--max-price 43", &|at| price(at) <= 43.0),
        ("--min-rating 9", &|at| !(2..4).contains(&at)),
        ("--min-rating 9 --strict", &|at| at < 2),
        ("--eco", &|at| at % 2 == 0),
        ("--eco --strict", &|at| at % 2 == 0),
        // Nobody's hours are known; who has bid works then.
        ("--available", &|_| true),
        ("--available --strict", &|at| at < 4),
        // Nobody says what they offer.
        ("--property-type house", &|_| true),
        ("--hide cleaner-00 --hide cleaner-07", &|at| at != 0 && at != 7),
        ("--seen cleaner-02", &|at| at != 2),
        ("--candidates bidders", &|at| at < 4),
        ("--eco --max-distance 5 --hide cleaner-02", &|at| at % 2 == 0 && km(at) <= 5.0 && at != 2),
    ];
    for (flags, keeps) in cases {
        let ranking = place.ranking(&format!("--limit 99 {flags}"));
        assert_eq!(sorted(&ranking), (0..12).filter(|at| keeps(*at)).collect::<Vec<_>>(), "{flags}");
    }
    let counts = place.ranking("--hide cleaner-00 --hide cleaner-07 --seen cleaner-02").meta.excluded;
    assert_eq!((counts.hidden, counts.seen), (2, 1));
    let all = place.ranking("--limit 99");
    let least = all.items[4].score;
    let best = place.ranking(&format!("--limit 99 --min-score {least}"));
    assert_eq!((numbers(&best), best.meta.excluded.score), (numbers(&all)[..5].to_vec(), 7));
}

#[test]
fn rules_of_the_house_move_whom_they_name() {
    let place = Place::new();
    let plain = numbers(&place.ranking("--limit 99"));
    let without = |names: &[usize]| plain.iter().copied().filter(|at| !names.contains(at)).collect::<Vec<_>>();
    let (first, last) = (plain[0], plain[11]);
    let pinned = place.ranking(&format!("--limit 99 --pin cleaner-{last:02}@2"));
    let mut expected = without(&[last]);
    expected.insert(1, last);
    assert_eq!((numbers(&pinned), pinned.items[1].placed_by), (expected, PlacedBy::Pin));
    assert_eq!(numbers(&place.ranking(&format!("--pin cleaner-{last:02}")))[0], last);
    let buried = place.ranking(&format!("--limit 99 --bury cleaner-{first:02}"));
    assert_eq!((numbers(&buried)[11], buried.items[11].placed_by), (first, PlacedBy::Bury));
    assert_eq!(numbers(&buried)[..11], without(&[first]));
    let boosted = place.ranking(&format!("--boost cleaner-{last:02}=60 --boost cleaner-{last:02}=40"));
    let item = &boosted.items[0];
    assert_eq!((numbers(&boosted)[0], item.boost), (last, 100.0));
    assert_eq!(item.score, place.ranking("--limit 99").items[11].score + 100.0);
    let sunk = place.ranking(&format!("--limit 99 --boost cleaner-{first:02}=-100"));
    assert_eq!(numbers(&sunk)[11], first);
}

#[test]
fn policies_change_the_order_as_they_say() {
    let place = Place::new();
    let plain = place.ranking("--limit 99");
    let same = |flags: &str| assert_eq!(numbers(&place.ranking(flags)), numbers(&plain), "{flags}");
    same("--limit 99 --diversity 1");
    same("--limit 99 --diversity 1 --explore epsilon --epsilon 0");
    // The best by score keeps the first place; by difference alone somebody else is second.
    let spread = place.ranking("--limit 3 --diversity 0");
    assert_eq!(numbers(&spread)[0], numbers(&plain)[0]);
    assert_eq!((spread.items[1].placed_by, spread.items[2].placed_by), (PlacedBy::Diversity, PlacedBy::Diversity));
    // Among as many as are shown nobody else can come in.
    let narrow = sorted(&place.ranking("--limit 3 --diversity 0 --pool 3"));
    assert_eq!(narrow, {
        let mut best = numbers(&plain)[..3].to_vec();
        best.sort_unstable();
        best
    });
    // Four have 12 or 13 reviews, eight have none.
    let new = |ranking: &Ranking| numbers(ranking).into_iter().filter(|at| *at >= 4).count();
    assert!(new(&place.ranking("--limit 4")) < 3);
    let shared = place.ranking("--limit 4 --new-share 0.75");
    assert_eq!(new(&shared), 3);
    assert!(shared.items.iter().all(|item| item.is_new == (item.reviews < 5)));
    assert_eq!(numbers(&place.ranking("--limit 4 --new-share 0.75 --new-below 99")), numbers(&plain)[..4]);
    // By chance alone: one of 12, then one of the 11 that are left.
    let drawn = place.ranking("--limit 2 --explore epsilon --epsilon 1 --seed 5");
    let chances: Vec<f64> = drawn.items.iter().map(|item| item.propensity.unwrap()).collect();
    assert!((chances[0] - 1.0 / 12.0).abs() < 1e-12 && (chances[1] - 1.0 / 11.0).abs() < 1e-12, "{chances:?}");
    // Without --epsilon it is a tenth: 0.9 + 0.1 / 12 for the best.
    let usual = (0..20)
        .map(|seed| place.ranking(&format!("--limit 1 --explore epsilon --seed {seed}")))
        .find(|ranking| numbers(ranking)[0] == numbers(&plain)[0]);
    assert!((usual.unwrap().items[0].propensity.unwrap() - (0.9 + 0.1 / 12.0)).abs() < 1e-12);
    for method in ["epsilon --epsilon 1", "thompson"] {
        let asked = |seed| place.json(&format!("--explore {method} --seed {seed}"));
        assert_eq!(asked(1), asked(1), "{method}");
        assert!((2..9).any(|seed| asked(seed) != asked(1)), "{method}");
    }
    assert!(plain.items.iter().all(|item| item.propensity.is_none()));
}

#[test]
fn who_is_not_there_is_told_why() {
    let place = Place::new();
    let why = |flags: &str| -> Value { serde_json::from_str(&place.json(flags)).unwrap() };
    let out = why("--why-not cleaner-11 --max-distance 5 --eco --hide cleaner-11");
    let codes: Vec<&str> = out["by"].as_array().unwrap().iter().map(|by| by["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["excluded_distance", "excluded_eco", "excluded_hidden"]);
    assert_eq!((&out["excluded"], &out["rank"]), (&Value::Bool(true), &Value::Null));
    assert!((out["by"][0]["params"]["km"].as_f64().unwrap() - km(11)).abs() < 0.06, "{out}");
    let plain = place.ranking("--limit 99");
    for item in &plain.items {
        let found = why(&format!("--why-not {}", item.cleaner_id));
        assert_eq!((&found["excluded"], found["rank"].as_u64()), (&Value::Bool(false), Some(u64::from(item.rank))));
        assert_eq!(found["score"].as_f64().map(|score| score as f32), Some(item.score));
    }
    let table = |flags: &[&str]| quiet_success(&place.recommend(&[&JOB, flags].concat()));
    let said = table(&["--why-not", "cleaner-11", "--max-distance", "5"]);
    assert!(
        said.contains("left out") && said.contains("more than 5.0 km") && said.contains("excluded_distance"),
        "{said}"
    );
    assert!(table(&["--why-not", &plain.items[1].cleaner_id]).contains("place 2 by score"));
    let (code, said) = place.refused("--why-not cleaner-1");
    assert!(
        code == Some(1) && said.starts_with("error[request.unknown_cleaner]: ") && said.contains("cleaner-01"),
        "{said}"
    );
}

#[test]
fn jobs_are_filtered_for_a_cleaner_and_flags_about_cleaners_refused() {
    let place = Place::new();
    let jobs = |flags: &str| -> Vec<String> {
        let start = ["--cleaner", "cleaner-05", "--format", "json"];
        let flags: Vec<&str> = start.into_iter().chain(flags.split_whitespace()).collect();
        let found: Value = serde_json::from_str(&quiet_success(&place.recommend(&flags))).unwrap();
        let mut ids: Vec<String> =
            found["items"].as_array().unwrap().iter().map(|item| item["jobId"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    // 58 is of the first kind, 59 of the second; both offer 60 and neither asks for eco-friendly products.
    let both = ["job-058", "job-059"];
    let cases: [(&str, &[&str]); 9] = [
        ("", &both),
        ("--hide job-058", &both[1..]),
        ("--seen job-059", &both[..1]),
        ("--property-type house", &both[1..]),
        ("--eco", &[]),
        ("--min-pay 60", &both),
        ("--min-pay 61", &[]),
        ("--min-score 100", &[]),
        ("--max-distance 0.1", &[]),
    ];
    for (flags, expected) in cases {
        assert_eq!(jobs(flags), expected, "{flags}");
    }
    for flags in
        ["--diversity 0.5", "--pin cleaner-00", "--max-price 9", "--why-not cleaner-00", "--candidates bidders"]
    {
        let flags: Vec<&str> = ["--cleaner", "cleaner-05"].into_iter().chain(flags.split_whitespace()).collect();
        let output = place.recommend(&flags);
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        assert!(text(&output.stderr).contains("cannot be used with"), "{flags:?}");
    }
    let data = place.data();
    let start = ["recommend", "--data", data.to_str().unwrap(), "--cleaner"];
    assert!(failure(&[&start[..], &["cleaner-5"]].concat(), "request.unknown_cleaner").contains("cleaner-05"));
    failure(&[&start[..], &["cleaner-05", "--level", "2"]].concat(), "request.invalid");
}

#[test]
fn values_that_cannot_be_are_refused_by_name() {
    let place = Place::new();
    let cases = [
        ("--max-distance nan", "maxDistanceKm"),
        ("--max-distance inf", "maxDistanceKm"),
        ("--max-price -1", "maxPrice"),
        ("--max-price nan", "maxPrice"),
        ("--min-rating nan", "minRating"),
        ("--min-score nan", "minScore"),
        ("--property-type castle", "castle"),
        ("--diversity nan", "diversity.lambda"),
        ("--diversity -0.5", "diversity.lambda"),
        ("--new-share 1.5", "exposure.share"),
        ("--explore epsilon --epsilon nan", "explore.epsilon"),
        ("--pin cleaner-00@0", "house.position"),
        ("--boost cleaner-00=nan", "house.points"),
        ("--boost cleaner-00=101", "house.points"),
        ("--level nan", "level"),
        ("--rule-weight nan", "ruleWeight"),
        ("--price-weight -1", "priceWeight"),
    ];
    for (flags, field) in cases {
        let (code, said) = place.refused(flags);
        assert!(
            code == Some(1) && said.starts_with("error[request.invalid]: ") && said.contains(field),
            "{flags}: {said}"
        );
    }
    // What is no value of its flag, or means nothing without another one.
    let cases = [
        ("--limit -1", "--limit <N>"),
        ("--limit 4294967296", "--limit <N>"),
        ("--pin cleaner-00@first", "\"first\" is no place"),
        ("--boost cleaner-00", "CLEANER=POINTS"),
        ("--explore luck", "possible values: epsilon, thompson"),
        ("--epsilon 0.5", "--explore"),
        ("--seed 5", "--explore"),
        ("--pool 5", "--diversity"),
        ("--new-below 3", "--new-share"),
        ("--min-pay 3", "cannot be used with"),
    ];
    for (flags, part) in cases {
        let (code, said) = place.refused(flags);
        assert!(code == Some(2) && said.contains(part), "{flags}: {said}");
    }
    assert!(place.ranking("--limit 0").items.is_empty());
}

#[test]
fn a_flag_about_nobody_changes_nothing_and_is_told() {
    let place = Place::new();
    let plain = place.json("");
    for flags in [["--hide", "cleaner-1"], ["--seen", "cleaner-1"], ["--bury", "cleaner-1"], ["--pin", "cleaner-1@1"]] {
        let output = place.recommend(&[&JOB[..], &["--format", "json"], &flags].concat());
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), plain.clone()), "{flags:?}");
        let said = text(&output.stderr);
        let wanted = format!("warning: {}: there is no cleaner \"cleaner-1\"; ids like it: cleaner-01", flags[0]);
        assert!(said.starts_with(&wanted) && said.lines().count() == 1, "{said}");
    }
}

#[test]
fn lines_that_are_no_requests_are_explained_on_standard_error() {
    let place = Place::new();
    let requests = place.0.path().join("requests.jsonl");
    std::fs::write(&requests, "x\n\n{\"op\":\"rank\"}\n").unwrap();
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/models/cleaners/1.0.0");
    let output = run(&["ask", "--model", model, requests.to_str().unwrap()]);
    let (said, warned) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(said, "{\"error\":{\"code\":\"request.shape\"}}\n".repeat(2));
    assert!(warned.contains("requests.jsonl:1: expected value"), "{warned}");
    assert!(warned.contains("requests.jsonl:3: `op` must be one of recommendCleaners, "), "{warned}");
}

#[test]
fn a_report_of_no_experiment_says_that_there_is_none() {
    let place = Place::new();
    let nothing = place.0.path().join("events.jsonl");
    std::fs::write(&nothing, "").unwrap();
    let asked = ["experiment", "report", "--experiment", "x", "--events", nothing.to_str().unwrap()];
    assert!(failure(&asked, "experiment.nothing").contains("they are of no experiment"));
}

#[test]
fn other_commands_name_what_looks_like_an_unknown_id() {
    let place = Place::new();
    let data = place.data();
    let data = data.to_str().unwrap();
    let asked = ["--data", data, "--job", "job-050", "--cleaner", "cleaner-1"];
    for command in ["explain", "suggest-bid"] {
        let error = failure(&[&[command], &asked[..]].concat(), "request.unknown_cleaner");
        assert!(error.contains("cleaner-01"), "{command}: {error}");
        let asked = ["--data", data, "--job", "job-5", "--cleaner", "cleaner-01"];
        assert!(failure(&[&[command], &asked[..]].concat(), "job.unknown").contains("job-005"), "{command}");
    }
    // A flag of `recommend` that explains nothing.
    let output = run(&["explain", "--data", data, "--all", "--cleaner", "cleaner-01"]);
    assert!(output.status.code() == Some(2) && text(&output.stderr).contains("unexpected argument '--all'"));
}
