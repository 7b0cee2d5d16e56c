//! On a market made by hand, of which everything is known.

use super::*;
use crate::engine::{Breakdown, Item};
use crate::native::eval::bootstrap;
use crate::native::events::{Event, EventBody, OutcomeKind};
use crate::native::experiment::policy::{self, Policy};
use crate::native::experiment::report::{self, report};
use crate::native::experiment::{Experiment, Variant, sequential};

/// 200 jobs of five candidates. The ensemble orders by appeal, the rules by something that has half to do with it.
fn market() -> SimMarket {
    let unit = |at: usize| (at as f64 * 0.618_033_988_75).fract();
    let candidate = |job: usize, row: usize| {
        let (appeal, other) = (3.0 * (unit(7 * job + row) - 0.5), 3.0 * (unit(13 * job + 5 * row + 3) - 0.5));
        let scores = [50.0 + 10.0 * (appeal + other) as f32, 50.0 + 10.0 * other as f32, 50.0 + 10.0 * appeal as f32];
        let item = Item {
            boost: 0.0,
            reviews: 0,
            is_new: true,
            placed_by: Default::default(),
            propensity: None,
            cleaner_id: format!("cleaner-{row}"),
            name: String::new(),
            row: row as u32,
            rank: 0,
            score: scores[2],
            rule_score: scores[0],
            neural_score: Some(scores[1]),
            collaborative_score: None,
            content_score: None,
            interval: None,
            price: Some(40.0 + 20.0 * unit(job + 3 * row) as f32),
            bid: true,
            distance_km: Some(unit(job + row)),
            location: None,
            contributions: vec![],
            breakdown: Breakdown::default(),
            reasons: vec![],
        };
        Candidate { item, scores, appeal, expected_rating: 0.8 }
    };
    let job = |at: usize| {
        let candidates: Vec<Candidate> = (0..5).map(|row| candidate(at, row)).collect();
        let orders = [0, 1, 2].map(|mode: usize| {
            let mut order: Vec<usize> = (0..5).collect();
            order.sort_by(|a, b| candidates[*b].scores[mode].total_cmp(&candidates[*a].scores[mode]));
            order
        });
        let segment = Some(["flat", "house"][at % 2].to_owned());
        SimJob { id: format!("job-{at}"), client: None, segment, posted_at: 1_700_000_000, candidates, orders }
    };
    let (model, scale) = (("m".to_owned(), "1".to_owned()), (0.0, 10.0));
    SimMarket { jobs: (0..200).map(job).collect(), choice: Choice::default(), model, scale, rating_sd: 0.05 }
}

fn experiment(keys: &[&str]) -> Experiment {
    let variant = |key: &&str| Variant { key: (*key).to_owned(), weight: 1.0, options: None, manifest: None };
    Experiment {
        key: "ranking".into(),
        salt: String::new(),
        traffic: 1.0,
        variants: keys.iter().map(variant).collect(),
    }
}

#[test]
fn peeking_inflates_the_fixed_test_and_not_the_always_valid_one() {
    let settings = AaSettings { days: 28, daily: 40, replicates: 800, alpha: 0.05, mixing_sd: 0.05, seed: 1 };
    let found = false_alarms(&market(), 2, &settings).unwrap();
    // Three standard errors of 800 experiments around 0.05 are 0.023.
    assert!((found.fixed_once - 0.05).abs() < 0.023, "{found:?}");
    assert!(found.fixed_peeking > 0.15, "{found:?}");
    assert!(found.always_valid <= 0.05, "{found:?}");
}

#[test]
fn the_power_is_what_was_planned() {
    let settings = PowerSettings {
        control: 0,
        variant: 2,
        units: 1500,
        looks: 14,
        replicates: 600,
        alpha: 0.05,
        mixing_sd: 0.05,
        seed: 2,
    };
    let found = power(&market(), &settings);
    assert!(found.variant_share > found.control_share && (0.2..0.99).contains(&found.planned), "{found:?}");
    // Three standard errors of 600 experiments are at most 0.061.
    assert!((found.fixed - found.planned).abs() < 0.061, "{found:?}");
    assert!(found.always_valid < found.fixed && found.always_valid > 0.1 * found.fixed, "{found:?}");
}

#[test]
fn estimates_of_other_policies_come_out_right() {
    let market = market();
    let estimate = policy::Settings { depth: 2, clip: 1e6, level: 0.95 };
    let settings = OffPolicySettings { mode: 2, epsilon: 0.5, requests: 1500, replicates: 80, estimate, seed: 3 };
    let rows = off_policy(&market, &[Policy::Rules, Policy::Neural, Policy::Random], &settings);
    for row in &rows {
        for (name, quality) in [("ips", row.ips), ("snips", row.snips), ("dr", row.doubly_robust)] {
            // The mean of 80 estimates: four of its standard errors, and a thousandth for the random policy's own truth.
            let slack = 4.0 * quality.rmse / 80f64.sqrt() + 0.002;
            assert!((quality.mean - row.truth).abs() < slack, "{name} {row:?}");
            assert!(quality.coverage > 0.85, "{name} {row:?}");
        }
        assert!(row.doubly_robust.rmse < row.ips.rmse, "{row:?}");
    }
    let differs = |row: &OffPolicyRow| (row.logged - row.truth).abs() > 2.0 * row.doubly_robust.rmse;
    assert!(rows.iter().any(differs), "targets that do as well as what was logged prove nothing: {rows:?}");
    let value = market.mean_value(0, 2);
    let exact = off_policy(&market, &[Policy::Rules], &OffPolicySettings { replicates: 1, ..settings })[0].truth;
    assert!((value - exact).abs() < 1e-12);
}

#[test]
fn recorded_events_are_events_and_report_what_was_put_in() {
    let market = market();
    let of = |epsilon, seed| EventSettings {
        experiment: experiment(&["rules", "ensemble"]),
        units: 3000,
        days: 14,
        start: Some(1_800_000_000),
        epsilon,
        seed,
    };
    let recorded = events(&market, &of(0.0, 5)).unwrap();
    assert_eq!(recorded, events(&market, &of(0.0, 5)).unwrap());
    assert_ne!(recorded, events(&market, &of(0.0, 6)).unwrap());
    assert!(recorded.windows(2).all(|pair| pair[0].at <= pair[1].at));
    for event in recorded.iter().take(500) {
        assert_eq!(Event::parse(&serde_json::to_string(event).unwrap()).as_ref(), Ok(event));
    }
    let settings = report::Settings {
        experiment: "ranking".into(),
        outcome: OutcomeKind::Hired,
        control: Some("rules".into()),
        definition: Some(experiment(&["rules", "ensemble"])),
        sequential: sequential::Settings::default(),
        bootstrap: bootstrap::Settings { resamples: 200, ..bootstrap::Settings::default() },
        policies: vec![],
        off_policy: policy::Settings::default(),
    };
    let found = report(&recorded, &settings).unwrap();
    assert_eq!(found.variants.iter().map(|one| one.count.units).sum::<u64>(), 3000);
    for (variant, mode) in found.variants.iter().zip([0, 2]) {
        let (truth, units) = (market.mean_value(mode, 5), variant.count.units as f64);
        let error = (truth * (1.0 - truth) / units).sqrt();
        assert!((variant.share - truth).abs() < 4.0 * error, "{variant:?} {truth}");
    }
    assert!(!found.sample_ratio.unwrap().mismatch);
    // What is explored is logged with what it was worth: the propensities of a list's first places average 1 over candidates.
    let explored = events(&market, &of(0.3, 5)).unwrap();
    let first: Vec<f64> = explored
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::CleanerRecommendation { served, .. } if served.rank == 1 => served.propensity,
            _ => None,
        })
        .collect();
    let share = first.iter().filter(|propensity| **propensity > 0.5).count() as f64 / first.len() as f64;
    assert!((share - 0.76).abs() < 0.03, "the best of five comes first with 0.7 + 0.3 / 5: {share}");
    assert!(events(&market, &EventSettings { experiment: experiment(&["other"]), ..of(0.0, 1) }).is_err());
}
