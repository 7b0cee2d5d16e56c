//! A small market with a known truth, made here so that a test of training needs no data set.

use tidyrank::domain::{BidRecord, Cleaner, DAY, Event, EventKind, GeoPoint, History, JobRecord, JobSpec, Market};
use tidyrank::native::train::{Names, SampleSource, Samples};

/// A market, what happened in it, and the truth behind it.
pub(crate) struct Stand {
    pub(crate) market: Market,
    pub(crate) cleaners: Vec<Cleaner>,
    pub(crate) jobs: Vec<JobRecord>,
    pub(crate) history: History,
    pub(crate) names: Names,
    /// Expected rating of the hired cleaner, by job.
    pub(crate) truth: Vec<f32>,
}

struct Numbers(u64);

impl Numbers {
    fn unit(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }

    fn signed(&mut self) -> f32 {
        self.unit() * 2.0 - 1.0
    }

    fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f32) as usize).min(n - 1)
    }

    fn near(&mut self, spread: f64) -> Option<GeoPoint> {
        let (a, b) = (f64::from(self.signed()), f64::from(self.signed()));
        GeoPoint::new(37.98 + spread * a, 23.73 + spread * b)
    }
}

fn market() -> Market {
    Market {
        name: "stand-in".into(),
        centre: GeoPoint::new(37.98, 23.73),
        currency: "EUR".into(),
        utc_offset_minutes: 120,
        rating_min: 0.0,
        rating_max: 1.0,
        property_types: ["flat", "house", "office", "villa"].map(String::from).to_vec(),
        candidates_are_bidders: false,
    }
}

/// So many clients, cleaners and jobs, drawn from a fixed seed.
pub(crate) fn stand(clients: usize, cleaners: usize, jobs: usize) -> Stand {
    let mut rng = Numbers(42);
    let quality: Vec<f32> = (0..cleaners).map(|_| rng.unit()).collect();
    let strength: Vec<[f32; 3]> = (0..cleaners).map(|_| [rng.signed(), rng.signed(), rng.signed()]).collect();
    let special: Vec<usize> = (0..cleaners).map(|_| rng.below(4)).collect();
    let taste: Vec<[f32; 3]> = (0..clients).map(|_| [rng.signed(), rng.signed(), rng.signed()]).collect();
    let people: Vec<Cleaner> = (0..cleaners)
        .map(|at| Cleaner {
            id: format!("c{at}"),
            name: String::new(),
            location: rng.near(0.15),
            hourly_rate: Some(10.0 + 20.0 * quality[at]),
            eco: None,
            joined_at: 0,
            offers: vec![],
            hours: None,
        })
        .collect();
    let (mut records, mut events, mut truth) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..jobs {
        let posted_at = number as i64 * DAY / 12;
        let (client, kind) = (rng.below(clients), rng.below(4));
        let (size, location) = (40.0 + 160.0 * rng.unit(), rng.near(0.15));
        let duration = 1.0 + size / 40.0;
        let bids: Vec<BidRecord> = (0..3 + rng.below(6))
            .map(|_| {
                let cleaner = rng.below(cleaners) as u32;
                let rate = people[cleaner as usize].hourly_rate.unwrap_or(15.0);
                let amount = Some(rate * duration * (0.9 + 0.25 * rng.unit()));
                BidRecord { cleaner, amount, placed_at: posted_at + 3600 }
            })
            .collect();
        let hired = bids[rng.below(bids.len())].cleaner;
        let at = hired as usize;
        let match_of = (0..3).map(|k| taste[client][k] * strength[at][k]).sum::<f32>() / 3.0;
        let km = location.zip(people[at].location).map_or(0.0, |(a, b)| a.distance_km(&b)) as f32;
        let bonus = if special[at] == kind { 0.06 } else { 0.0 };
        let expected = 0.45 + 0.35 * quality[at] + 0.15 * match_of + bonus - 0.004 * km;
        let noise = 0.06 * (rng.signed() + rng.signed());
        let rating = ((expected + noise) * 10.0).round().clamp(0.0, 10.0) / 10.0;
        let done = posted_at + 3 * DAY;
        let property_type = Some(kind as u16);
        let mut event = |at, cleaner, kind| events.push(Event { at, cleaner, kind });
        for bid in &bids {
            let amount = bid.amount.unwrap_or_default();
            let kind = EventKind::Bid { property_type, amount, duration_h: Some(duration) };
            event(bid.placed_at, bid.cleaner, kind);
        }
        event(posted_at + 7200, hired, EventKind::Won);
        let on_time = Some(rng.unit() < 0.7 + 0.3 * quality[at]);
        event(
            done,
            hired,
            EventKind::Completed { property_type, eco: false, on_time, photos: Some(true), earned: 50.0 },
        );
        let mut part = || Some((rating + 0.1 * rng.signed()).clamp(0.0, 1.0));
        let review = EventKind::Review {
            property_type,
            overall: rating,
            quality: part(),
            communication: part(),
            professionalism: part(),
            timeliness: part(),
        };
        event(done + 3600, hired, review);
        let spec = JobSpec {
            property_type,
            location,
            size_m2: Some(size),
            duration_h: Some(duration),
            eco: false,
            budget: None,
            posted_at,
            scheduled_at: posted_at + 2 * DAY,
        };
        records.push(JobRecord {
            id: format!("j{number}"),
            client: Some(client as u32),
            spec,
            bids,
            hired: Some(hired),
            completed: true,
            rating: Some(rating),
        });
        truth.push(expected);
    }
    let market = market();
    let ids = |prefix: &str, n: usize| (0..n).map(|at| format!("{prefix}{at}")).collect();
    let names =
        Names { users: ids("u", clients), items: ids("c", cleaners), categories: market.property_types.clone() };
    let history = History::new(events, cleaners, 4);
    Stand { market, cleaners: people, jobs: records, history, names, truth }
}

impl Stand {
    /// The samples of this market.
    pub(crate) fn samples(&self) -> Samples {
        Samples::build(&SampleSource {
            market: &self.market,
            cleaners: &self.cleaners,
            jobs: &self.jobs,
            history: &self.history,
        })
    }
}
