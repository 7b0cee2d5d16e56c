//! What the market must look like, from outside.

use std::convert::Infallible;

use super::clock::Clock;
use super::job::open_jobs;
use super::place::on_land;
use super::*;
use crate::domain::{DAY, HOUR, Hours};
use proptest::prelude::*;

#[derive(Default)]
struct Kept {
    cleaners: Vec<SyntheticCleaner>,
    clients: Vec<SyntheticClient>,
    jobs: Vec<SyntheticJob>,
}

impl Sink for Kept {
    type Error = Infallible;
    fn cleaner(&mut self, cleaner: &SyntheticCleaner) -> Result<(), Infallible> {
        self.cleaners.push(cleaner.clone());
        Ok(())
    }
    fn client(&mut self, client: &SyntheticClient) -> Result<(), Infallible> {
        self.clients.push(client.clone());
        Ok(())
    }
    fn job(&mut self, job: &SyntheticJob) -> Result<(), Infallible> {
        self.jobs.push(job.clone());
        Ok(())
    }
}

fn generate(config: Config) -> Kept {
    let mut kept = Kept::default();
    Generator::new(config).unwrap().run(&mut kept, |_| ()).unwrap();
    kept
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

#[test]
fn sizes_that_cannot_be_are_refused() {
    for (what, config) in [
        ("jobs", Config { jobs: 0, ..Config::default() }),
        ("jobs", Config { jobs: 100_000_000, ..Config::default() }),
        ("cleaners", Config { cleaners: 7, ..Config::default() }),
        ("clients", Config { clients: 0, ..Config::default() }),
    ] {
        let error = Generator::new(config).unwrap_err();
        assert_eq!(error.code(), "datagen.size");
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[test]
fn tiers_have_their_exact_shares() {
    let kept = generate(Config { jobs: 1, ..Config::default() });
    let of = |tier| kept.cleaners.iter().filter(|cleaner| cleaner.tier == tier).count();
    assert_eq!(TIERS.map(of), [30, 60, 80, 30]);
    let of = |tier| kept.clients.iter().filter(|client| client.tier == tier).count();
    assert_eq!(BUDGET_TIERS.map(of), [125, 225, 150]);
    for cleaner in &kept.cleaners {
        let means = ATHENS.tier(cleaner.tier);
        assert!((means.hourly_rate.0..=means.hourly_rate.1).contains(&cleaner.hourly_rate));
        assert!((means.base.0..=means.base.1).contains(&cleaner.base));
    }
    let mut names: Vec<_> = kept.cleaners.iter().map(|cleaner| &cleaner.name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 200);
}

#[test]
fn cleaners_work_when_the_shifts_say() {
    let kept = generate(Config { jobs: 1, cleaners: 4000, ..Config::default() });
    let share = |works: &dyn Fn(&Hours) -> bool| mean(kept.cleaners.iter().map(|one| f64::from(works(&one.hours))));
    let on = |day: usize| share(&|hours| hours.days()[day] != 0);
    // 0.60 + 0.15 * 3/5 + 0.15 + 0.10 * 2/5, and the shares of the weekend by the table; 3 standard errors are 0.02.
    for (found, expected) in (0..5).map(|day| (on(day), 0.88)).chain([(on(5), 0.355), (on(6), 0.125)]) {
        assert!((found - expected).abs() < 0.024, "{found} {expected}");
    }
    // At 18:00: a quarter of the first, the third, three quarters of the last shift.
    let at = |hour: u32| share(&|hours| (0..5).any(|day| hours.days()[day] >> hour & 1 == 1));
    assert!(at(6) == 0.0 && at(22) == 0.0 && at(12) > 0.85 && (0.35..0.40).contains(&at(18)), "{} {}", at(12), at(18));
    assert!(kept.cleaners.iter().all(|one| one.hours.spans().all(|(_, from, to)| to - from >= 4)));
}

#[test]
fn the_market_behaves_as_the_seed_says() {
    let kept = generate(Config { jobs: 3000, ..Config::default() });
    let with = |status| kept.jobs.iter().filter(|job| job.life.status == status).count() as f64;
    let ended = with(Status::Completed) + with(Status::Cancelled) + with(Status::Failed);
    let completed = with(Status::Completed) / ended;
    assert!((0.88..=0.92).contains(&completed), "{completed} of the ended jobs were completed");
    assert_eq!(with(Status::Open) + with(Status::Bidding), 30.0);
    let rating = |tier| {
        let of = kept.jobs.iter().filter(|job| job.life.hired.is_some_and(|c| kept.cleaners[c as usize].tier == tier));
        mean(of.filter_map(|job| Some(job.review.as_ref()?.overall)))
    };
    let ratings = TIERS.map(rating);
    assert!(ratings.windows(2).all(|pair| pair[0] > pair[1] + 0.5), "{ratings:?}");
    let price = |tier| {
        let of = kept.jobs.iter().filter(|job| kept.clients[job.client as usize].tier == tier);
        mean(of.filter_map(|job| {
            let lowest = job.bids.iter().map(|bid| bid.amount).fold(f64::INFINITY, f64::min);
            Some(job.bids.iter().find(|bid| Some(bid.cleaner) == job.life.hired)?.amount / lowest)
        }))
    };
    let prices = BUDGET_TIERS.map(price);
    assert!(prices[0] > prices[1] + 0.1 && prices[1] > prices[2] + 0.1, "{prices:?}");
    let early = |chosen: bool| {
        let bids = kept.jobs.iter().filter(|job| job.life.hired.is_some()).flat_map(|job| {
            job.bids.iter().filter(move |bid| (Some(bid.cleaner) == job.life.hired) == chosen).map(move |b| (job, b))
        });
        mean(bids.map(|(job, bid)| f64::from(u8::from(bid.placed_at - job.spec.posted_at <= 6 * HOUR))))
    };
    assert!(early(true) > early(false) + 0.03, "{} {}", early(true), early(false));
    let eco = mean(kept.jobs.iter().map(|job| f64::from(u8::from(job.spec.eco))));
    assert!((0.22..0.28).contains(&eco), "{eco}");
    let bids = mean(kept.jobs.iter().map(|job| job.bids.len() as f64));
    assert!((5.3..5.7).contains(&bids), "{bids}");
}

#[test]
fn the_truth_is_the_expectation_of_what_happens() {
    let kept = generate(Config { jobs: 3000, seed: 3, ..Config::default() });
    let pairs: Vec<(f64, f64)> = kept
        .jobs
        .iter()
        .filter_map(|job| {
            let bid = job.bids.iter().find(|bid| Some(bid.cleaner) == job.life.hired)?;
            Some((bid.expected_rating, job.review.as_ref()?.overall / 10.0))
        })
        .collect();
    let bias = mean(pairs.iter().map(|(expected, found)| found - expected));
    // Standard error: about 0.05 / sqrt(2600) = 0.001.
    assert!(bias.abs() < 0.004, "{bias}");
    let error = mean(pairs.iter().map(|(expected, found)| (found - expected) * (found - expected)));
    // Noise 0.5 points and rounding 1/12 points squared, less near the upper end.
    assert!((0.0015..0.0036).contains(&error), "{error}");
}

#[test]
fn the_expected_rating_is_exact() {
    // python3 -c "from statistics import NormalDist as N; print([(1+sum(1-N(m,.5).cdf(k-.5) for k in range(2,11)))/10 for m in (7,9.8,12,0.2,5.5)])"
    let cases = [(7.0, 0.7), (9.8, 0.972_108_358), (12.0, 0.999_999_971), (0.2, 0.100_466_330), (5.5, 0.55)];
    for (satisfaction, expected) in cases {
        let found = expected_rating(satisfaction);
        assert!((found - expected).abs() < 1e-9, "{satisfaction}: {found}, not {expected}");
    }
}

#[test]
fn a_job_does_not_depend_on_the_others() {
    let config = Config { jobs: 50, cleaners: 12, clients: 20, seed: 7 };
    let generator = Generator::new(config).unwrap();
    let kept = generate(config);
    let times: Vec<_> = Clock::new(&config).collect();
    for at in (0..50).rev() {
        assert_eq!(generator.job(at as u64, times[at]), kept.jobs[at]);
    }
    assert_ne!(generate(Config { seed: 8, ..config }).jobs, kept.jobs);
}

#[test]
fn nobody_lives_in_the_sea() {
    let sea = [(37.90, 23.66), (37.85, 23.70), (37.94, 23.60), (38.01, 23.59), (37.835, 23.76)];
    let land = [(37.9838, 23.7275), (37.946, 23.64), (37.95, 23.70), (37.88, 23.76), (38.10, 23.60), (37.85, 23.87)];
    let is_land = |(latitude, longitude)| on_land(&GeoPoint { latitude, longitude });
    assert!(!sea.into_iter().any(is_land) && land.into_iter().all(is_land));
}

fn check_job(job: &SyntheticJob, kept: &Kept) {
    let (spec, life) = (&job.spec, &job.life);
    assert!((3..=8).contains(&job.bids.len()));
    assert!((ATHENS.start..ATHENS.now).contains(&spec.posted_at));
    assert!((2 * DAY..=10 * DAY).contains(&(spec.scheduled_at - spec.posted_at)));
    assert!(kept.clients[job.client as usize].joined_at <= spec.posted_at);
    assert!(job.bids.windows(2).all(|pair| pair[0].placed_at <= pair[1].placed_at));
    for bid in &job.bids {
        assert!(bid.placed_at > spec.posted_at && bid.placed_at <= ATHENS.now && bid.amount > 0.0);
        assert!(kept.cleaners[bid.cleaner as usize].joined_at <= spec.posted_at);
        assert_eq!(job.bids.iter().filter(|other| other.cleaner == bid.cleaner).count(), 1);
        assert!((0.1..=1.0).contains(&bid.expected_rating) && bid.utility.is_finite());
    }
    let steps = [Some(spec.posted_at), life.accepted_at, life.confirmed_at, life.completed_at.or(life.cancelled_at)];
    let steps: Vec<_> =
        steps.into_iter().flatten().chain(job.review.as_ref().map(|review| review.reviewed_at)).collect();
    assert!(steps.windows(2).all(|pair| pair[0] <= pair[1]) && steps.iter().all(|&at| at <= ATHENS.now), "{job:?}");
    let reached = match life.status {
        Status::Open | Status::Bidding => 1,
        Status::Accepted => 2,
        Status::Confirmed => 3,
        Status::Cancelled | Status::Failed => 4,
        Status::Completed => 5,
    };
    assert_eq!(steps.len(), reached, "{job:?}");
    assert_eq!(life.hired.is_some(), reached > 1);
    assert!(life.hired.is_none_or(|hired| job.bids.iter().any(|bid| bid.cleaner == hired)));
    assert_eq!((job.review.is_some(), job.payment.is_some()), (reached == 5, reached == 5));
    if let Some(review) = &job.review {
        assert!((1.0..=10.0).contains(&review.overall) && review.overall.fract() == 0.0);
        assert!(review.parts.iter().all(|part| (1.0..=10.0).contains(part) && (part - review.overall).abs() <= 1.0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn every_market_is_consistent(seed: u64, jobs in 1u64..120, cleaners in 8u32..30, clients in 1u32..30) {
        let kept = generate(Config { jobs, cleaners, clients, seed });
        prop_assert_eq!(
            (kept.jobs.len() as u64, kept.cleaners.len() as u32, kept.clients.len() as u32), (jobs, cleaners, clients)
        );
        prop_assert!(kept.jobs.windows(2).all(|pair| pair[0].spec.posted_at <= pair[1].spec.posted_at));
        kept.jobs.iter().for_each(|job| check_job(job, &kept));
        let unchosen = kept.jobs.iter().rev().take_while(|job| job.life.hired.is_none()).count() as u64;
        prop_assert!(unchosen >= open_jobs(jobs).min(jobs));
        for client in &kept.clients {
            prop_assert!((1..=3).contains(&client.properties.len()));
            prop_assert!((client.tastes.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            for property in &client.properties {
                prop_assert!(on_land(&property.location));
                prop_assert!((property.location.latitude - ATHENS.centre.0).abs() <= ATHENS.reach_deg + 1e-5);
            }
        }
    }
}
