//! What an order must be, from outside.

use super::*;
use proptest::prelude::*;

const IDS: [&str; 40] = [
    "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10", "c11", "c12", "c13", "c14", "c15", "c16", "c17",
    "c18", "c19", "c20", "c21", "c22", "c23", "c24", "c25", "c26", "c27", "c28", "c29", "c30", "c31", "c32", "c33",
    "c34", "c35", "c36", "c37", "c38", "c39",
];

/// Scores on few steps, so that ties are common; some are new, some unknown.
fn pools() -> impl Strategy<Value = Vec<PoolItem<'static>>> {
    let one = (0u8..12, 0u32..12, prop::option::of(10.0f32..90.0), prop::option::of((37.8f64..38.2, 23.5f64..23.9)));
    prop::collection::vec((one, prop::array::uniform5(prop_oneof![0.0f32..100.0, Just(f32::NAN)])), 0..40).prop_map(
        |all| {
            type Drawn = ((u8, u32, Option<f32>, Option<(f64, f64)>), [f32; 5]);
            let item = |(at, ((score, reviews, price, place), values)): (usize, Drawn)| PoolItem {
                id: IDS[at],
                row: (at as u32 * 7) % 41,
                score: 40.0 + 5.0 * f32::from(score),
                reviews,
                price,
                location: place.and_then(|(latitude, longitude)| GeoPoint::new(latitude, longitude)),
                values,
            };
            all.into_iter().enumerate().map(item).collect()
        },
    )
}

fn rule(id: &str, action: HouseAction, position: Option<u32>) -> HouseRule {
    HouseRule { cleaner_id: id.into(), action, position, points: None }
}

/// The standard library's order by score, then row.
fn by_score(pool: &[PoolItem<'_>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..pool.len()).collect();
    order.sort_by(|a, b| pool[*b].score.total_cmp(&pool[*a].score).then(pool[*a].row.cmp(&pool[*b].row)));
    order
}

fn ats(arranged: &Arranged) -> Vec<usize> {
    arranged.places.iter().map(|place| place.at).collect()
}

fn diverse(lambda: f64) -> Policy {
    Policy { diversity: Some(Diversity { lambda, pool: None }), ..Policy::default() }
}

fn share(share: f64) -> Policy {
    Policy { exposure: Some(Exposure { share, below: None }), ..Policy::default() }
}

fn exploring(method: ExploreMethod, epsilon: f64, seed: i64) -> Policy {
    let explore = Explore { method, epsilon: Some(epsilon), seed, pool: None };
    Policy { explore: Some(explore), ..Policy::default() }
}

proptest! {
    #[test]
    fn without_policies_it_is_the_order_by_score(pool in pools(), limit in 0usize..50, least in 30.0f32..110.0) {
        let arranged = arrange(&pool, &Policy::default(), limit, Some(least));
        let best: Vec<usize> = by_score(&pool).into_iter().take(limit).collect();
        let (kept, cut): (Vec<usize>, Vec<usize>) = best.into_iter().partition(|at| pool[*at].score >= least);
        prop_assert_eq!((ats(&arranged), arranged.below as usize), (kept, cut.len()));
        prop_assert!(arranged.places.iter().all(|place| place.by == PlacedBy::Score && place.propensity.is_none()));
    }

    #[test]
    fn lambda_1_and_epsilon_0_are_the_order_by_score(pool in pools(), limit in 0usize..50, seed in any::<i64>()) {
        let expected: Vec<usize> = by_score(&pool).into_iter().take(limit).collect();
        for policy in [diverse(1.0), exploring(ExploreMethod::Epsilon, 0.0, seed)] {
            let arranged = arrange(&pool, &policy, limit, None);
            prop_assert_eq!(ats(&arranged), expected.clone());
            prop_assert!(arranged.places.iter().all(|place| place.by == PlacedBy::Score));
        }
    }

    #[test]
    fn a_list_has_everybody_once_whatever_is_wanted(
        pool in pools(), limit in 0usize..50, seed in any::<i64>(), lambda in 0.0f64..=1.0, least in 0.0f64..=1.0,
        thompson: bool, wanted in prop::collection::vec((0usize..45, 0u32..3, 1u32..50), 0..6),
    ) {
        let method = if thompson { ExploreMethod::Thompson } else { ExploreMethod::Epsilon };
        let actions = [HouseAction::Pin, HouseAction::Bury, HouseAction::Boost];
        let house: Vec<HouseRule> = wanted.iter().map(|(who, action, place)| {
            rule(IDS.get(*who).unwrap_or(&"nobody"), actions[*action as usize], Some(*place))
        }).collect();
        let policy = Policy { house, ..exploring(method, 0.3, seed) };
        let policy = Policy { diversity: diverse(lambda).diversity, exposure: share(least).exposure, ..policy };
        let arranged = arrange(&pool, &policy, limit, None);
        let mut found = ats(&arranged);
        prop_assert_eq!(found.len(), limit.min(pool.len()));
        found.sort_unstable();
        found.dedup();
        prop_assert_eq!(found.len(), arranged.places.len());
        prop_assert!(arranged.places.iter().all(|place| place.propensity.is_some_and(|p| p > 0.0 && p <= 1.0)));
        prop_assert_eq!(&arranged, &arrange(&pool, &policy, limit, None));
        // Two engines' halves in another order are the same pool.
        let (one, two) = pool.split_at(pool.len() / 2);
        let merged: Vec<PoolItem<'_>> = two.iter().chain(one).cloned().collect();
        let rows = |pool: &[PoolItem<'_>], arranged: &Arranged| -> Vec<(u32, PlacedBy, Option<f64>)> {
            arranged.places.iter().map(|place| (pool[place.at].row, place.by, place.propensity)).collect()
        };
        prop_assert_eq!(rows(&pool, &arranged), rows(&merged, &arrange(&merged, &policy, limit, None)));
    }

    #[test]
    fn the_share_of_new_ones_holds_wherever_there_are_enough(pool in pools(), limit in 1usize..30, least in 0.0f64..=1.0) {
        let arranged = arrange(&pool, &share(least), limit, None);
        let new = |of: &[usize]| of.iter().filter(|at| pool[**at].reviews < 5).count();
        let all: Vec<usize> = (0..pool.len()).collect();
        let length = limit.min(pool.len());
        let needed = ((least * length as f64 - 1e-9).ceil() as usize).min(new(&all));
        let found = ats(&arranged);
        prop_assert!(new(&found) >= needed, "{} of {}", new(&found), needed);
        // Who is there for the score is there by score: nobody else was moved further than needed.
        let best: Vec<usize> = by_score(&pool).into_iter().take(length).collect();
        if new(&best) >= needed {
            prop_assert_eq!(found, best);
        } else {
            prop_assert_eq!(new(&found), needed);
            let scores: Vec<f32> = found.iter().filter(|at| pool[**at].reviews < 5).map(|at| pool[*at].score).collect();
            prop_assert!(scores.windows(2).all(|pair| pair[0] >= pair[1]));
        }
    }

    #[test]
    fn pins_stand_where_they_are_asked_for_and_who_is_buried_stands_last(
        pool in pools(), limit in 1usize..50, who in 0usize..40, place in 1u32..45, buried in 0usize..40,
    ) {
        let house = vec![
            rule(IDS[who], HouseAction::Pin, Some(place)),
            rule(IDS[buried], HouseAction::Bury, None),
            rule("nobody", HouseAction::Pin, Some(1)),
        ];
        let arranged = arrange(&pool, &Policy { house, ..Policy::default() }, limit, None);
        let found = ats(&arranged);
        if who < pool.len() {
            let last = pool.len() - usize::from(buried < pool.len() && buried != who);
            let wanted = (place as usize).min(last);
            prop_assert_eq!(found.iter().position(|at| *at == who), (wanted <= limit).then_some(wanted - 1));
        }
        if buried < pool.len() && buried != who {
            prop_assert_eq!(found.iter().position(|at| *at == buried), (pool.len() <= limit).then_some(pool.len() - 1));
        }
        let others = |order: Vec<usize>| order.into_iter().filter(|at| *at != who && *at != buried).collect::<Vec<_>>();
        let (found, expected) = (others(found), others(by_score(&pool)));
        prop_assert_eq!(&found[..], &expected[..found.len()]);
    }

    #[test]
    fn propensities_of_epsilon_add_up_to_one(pool in pools(), epsilon in 0.01f64..=1.0, lambda in 0.0f64..=1.0) {
        // The first place, by as many seeds as it takes to see everybody there.
        let policy = |seed| Policy { diversity: diverse(lambda).diversity, ..exploring(ExploreMethod::Epsilon, epsilon, seed) };
        let mut found = vec![None; pool.len()];
        for seed in 0..60_000 {
            let Some(first) = arrange(&pool, &policy(seed), 1, None).places.first().copied() else { break };
            let known = found[first.at].get_or_insert(first.propensity);
            prop_assert_eq!(*known, first.propensity);
            if found.iter().all(Option::is_some) {
                break;
            }
        }
        if !pool.is_empty() && found.iter().all(Option::is_some) {
            let sum: f64 = found.into_iter().flatten().flatten().sum();
            prop_assert!((sum - 1.0).abs() < 1e-9, "{}", sum);
        }
    }

    #[test]
    fn likeness_is_mutual_and_within_its_bounds(pool in pools()) {
        for pair in pool.windows(2) {
            let alike = similarity(&pair[0], &pair[1]);
            prop_assert!((0.0..=1.0).contains(&alike) && alike == similarity(&pair[1], &pair[0]));
        }
    }
}

fn item(at: usize, score: f32) -> PoolItem<'static> {
    PoolItem {
        id: IDS[at],
        row: at as u32,
        score,
        reviews: 9,
        price: Some(50.0),
        location: GeoPoint::new(38.0, 23.7),
        values: [80.0; 5],
    }
}

#[test]
fn likeness_by_hand() {
    let one = item(0, 0.0);
    assert!((similarity(&one, &one) - 1.0).abs() < 1e-12);
    // Half the price, 5.5597 km north (0.05 degrees), values 40 apart: (0.5 + 2^-1.11195 + 0.6) / 3.
    let other = PoolItem { price: Some(25.0), location: GeoPoint::new(38.05, 23.7), values: [40.0; 5], ..item(1, 0.0) };
    assert!((similarity(&one, &other) - 0.520_89).abs() < 1e-4, "{}", similarity(&one, &other));
    let nothing = PoolItem { price: None, location: None, values: [f32::NAN; 5], ..item(2, 0.0) };
    assert_eq!(similarity(&one, &nothing), 0.0);
}

#[test]
fn diversity_by_hand() {
    // The second is the first's twin; the third is nothing like either.
    let other = PoolItem { price: Some(0.5), location: None, values: [0.0; 5], ..item(2, 70.0) };
    let pool = [item(0, 90.0), item(1, 89.0), other];
    let arranged = arrange(&pool, &diverse(0.7), 3, None);
    // After the first: 0.7 * 89 - 0.3 * 100 = 32.3 against 0.7 * 70 - 0.3 * 100 * (0.01 + 0.2) / 2 = 45.85.
    assert_eq!(ats(&arranged), [0, 2, 1]);
    let by: Vec<PlacedBy> = arranged.places.iter().map(|place| place.by).collect();
    assert_eq!(by, [PlacedBy::Score, PlacedBy::Diversity, PlacedBy::Score]);
    assert_eq!(ats(&arrange(&pool, &diverse(0.95), 3, None)), [0, 1, 2]);
}

#[test]
fn diversity_looks_at_everybody_with_a_place_and_no_further_than_its_pool() {
    let unlike = |at, score| PoolItem { price: None, location: None, values: [f32::NAN; 5], ..item(at, score) };
    // The third is the first's twin; nothing is known of the others, so they are like nobody. After the first two: 0.5 * 79.5 - 50
    // for the twin against 0.5 * 70.
    let pool = [item(0, 90.0), unlike(1, 80.0), item(2, 79.5), unlike(3, 70.0)];
    assert_eq!(ats(&arrange(&pool, &diverse(0.5), 4, None)), [0, 1, 3, 2]);
    let of = |pool| Policy { diversity: Some(Diversity { lambda: 0.5, pool: Some(pool) }), ..Policy::default() };
    assert_eq!(ats(&arrange(&pool, &of(3), 3, None)), [0, 1, 2]);
    assert_eq!(ats(&arrange(&pool, &of(4), 3, None)), [0, 1, 3]);
}

#[test]
fn the_least_score_is_enough() {
    let arranged = arrange(&[item(0, 90.0), item(1, 89.0), item(2, 88.5)], &Policy::default(), 3, Some(89.0));
    assert_eq!((ats(&arranged), arranged.below), (vec![0, 1], 1));
}

#[test]
fn thompson_draws_as_widely_as_the_score_counts() {
    let mut pool = [item(0, 80.0), item(1, 76.0)];
    (pool[0].reviews, pool[1].reviews) = (222, 0);
    let policy = |seed| Policy { diversity: diverse(0.5).diversity, ..exploring(ExploreMethod::Thompson, 0.0, seed) };
    let second = (0..99).map(|seed| arrange(&pool, &policy(seed), 1, None).places[0]).find(|place| place.at == 1);
    // P(N(38, 4.330) > N(40, 0.5)) = 1 - Phi(2 / 4.3589), by Python's math.erf.
    assert!((second.unwrap().propensity.unwrap() - 0.323177598).abs() < 1e-6, "{second:?}");
}

#[test]
fn exposure_takes_the_lowest_places() {
    let mut pool: Vec<PoolItem<'_>> = (0..8).map(|at| item(at, 90.0 - at as f32)).collect();
    (pool[5].reviews, pool[7].reviews) = (4, 0);
    let arranged = arrange(&pool, &share(0.5), 4, None);
    assert_eq!(ats(&arranged), [0, 1, 5, 7]);
    assert_eq!(arranged.places.iter().filter(|place| place.by == PlacedBy::Exposure).count(), 2);
    // A pinned new one counts.
    let house = vec![rule("c7", HouseAction::Pin, None)];
    assert_eq!(ats(&arrange(&pool, &Policy { house, ..share(0.5) }, 4, None)), [7, 0, 1, 5]);
}

#[test]
fn epsilon_gives_places_away_as_often_as_it_says() {
    let pool: Vec<PoolItem<'_>> = (0..5).map(|at| item(at, 90.0 - at as f32)).collect();
    let (mut greedy, runs) = (0, 4000);
    for seed in 0..runs {
        let first = arrange(&pool, &exploring(ExploreMethod::Epsilon, 0.5, seed), 1, None).places[0];
        assert_eq!(first.propensity, Some(if first.at == 0 { 0.6 } else { 0.1 }));
        assert_eq!(first.by, if first.at == 0 { PlacedBy::Score } else { PlacedBy::Explore });
        greedy += u32::from(first.at == 0);
    }
    // 4 standard errors of 0.6 in 4,000.
    assert!((f64::from(greedy) / runs as f64 - 0.6).abs() < 0.031, "{greedy}");
}

#[test]
fn thompson_shows_those_of_whom_little_is_known_more_often() {
    let mut pool: Vec<PoolItem<'_>> = (0..2).map(|at| item(at, [80.0, 76.0][at])).collect();
    let firsts = |pool: &[PoolItem<'_>]| {
        let first = |seed| arrange(pool, &exploring(ExploreMethod::Thompson, 0.0, seed), 1, None).places[0];
        (0..2000).filter(|seed| first(*seed).at == 1).count()
    };
    (pool[0].reviews, pool[1].reviews) = (222, 222);
    assert!(firsts(&pool) < 20);
    pool[1].reviews = 0;
    // P(N(76, 8.66) > N(80, 1)) = 1 - Phi(4 / 8.7178) = 0.323.
    assert!((560..730).contains(&firsts(&pool)), "{}", firsts(&pool));
}

#[test]
fn what_cannot_be_is_refused() {
    let lambda = |lambda| diverse(lambda).check().is_err();
    assert!(lambda(-0.1) && lambda(1.1) && lambda(f64::NAN) && !lambda(0.0));
    assert!(share(1.5).check().is_err() && exploring(ExploreMethod::Epsilon, -1.0, 0).check().is_err());
    let of = |rule| Policy { house: vec![rule], ..Policy::default() }.check();
    assert!(of(rule("c0", HouseAction::Pin, Some(0))).is_err() && of(rule("c0", HouseAction::Boost, None)).is_err());
    for (points, fine) in [(100.0, true), (-100.0, true), (100.5, false), (f32::NAN, false)] {
        let boost = HouseRule { points: Some(points), ..rule("c0", HouseAction::Boost, None) };
        assert_eq!(of(boost).is_ok(), fine, "{points}");
    }
}
