//! 200 requests that between them use every field, made from the catalog alone so that they need no data set.

use tidyrank::domain::{GeoPoint, HOUR};
use tidyrank::engine::{BidRequest, CandidateSource, Catalog, Filters, JobRequest, Mode, Request};

pub(crate) const COUNT: usize = 200;

/// Knuth's linear congruential generator (MMIX): the same requests on every machine.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 32) * n as u64) >> 32) as usize
    }

    /// True once in `n` times.
    fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// A multiple of 1/64 below `n`: it is the same number in binary, in decimal and in JSON.
    fn eighths(&mut self, n: usize) -> f32 {
        self.below(64 * n) as f32 / 64.0
    }
}

/// Requests for a catalog; `clients` are the ids that the model knows.
pub(crate) fn requests(catalog: &Catalog, clients: &[String]) -> Vec<Request> {
    let mut numbers = Numbers(42);
    (0..COUNT).map(|at| request(at, &mut numbers, catalog, clients)).collect()
}

fn request(at: usize, numbers: &mut Numbers, catalog: &Catalog, clients: &[String]) -> Request {
    let bidders = numbers.once_in(3);
    Request {
        job: job(numbers, catalog, clients, bidders),
        limit: [None, Some(10), Some(10), Some(3), Some(1), Some(0), Some(40)][numbers.below(7)],
        mode: [Mode::Ensemble, Mode::Neural, Mode::Ensemble, Mode::Rules][at % 4],
        rule_weight: [None, None, Some(0.0), Some(0.25), Some(1.0)][numbers.below(5)],
        price_weight: [None, None, Some(0.0), Some(0.4)][numbers.below(4)],
        candidates: bidders.then_some(CandidateSource::Bidders),
        client_vector: numbers.once_in(10).then(|| (0..64).map(|_| numbers.eighths(4) / 16.0 - 0.125).collect()),
        filters: Filters {
            max_distance_km: numbers.once_in(4).then(|| 2.0 + numbers.below(20) as f64),
            ..Filters::default()
        },
        ..Request::default()
    }
}

fn job(numbers: &mut Numbers, catalog: &Catalog, clients: &[String], bidders: bool) -> JobRequest {
    let market = catalog.market();
    let centre = market.centre.unwrap_or(GeoPoint { latitude: 38.0, longitude: 24.0 });
    let near = |numbers: &mut Numbers| f64::from(numbers.eighths(1)) * 0.3 - 0.15;
    let (latitude, longitude) = (centre.latitude + near(numbers), centre.longitude + near(numbers));
    let kinds = &market.property_types;
    let cleaners = catalog.cleaners();
    let start = numbers.below(cleaners.len());
    let bids = if bidders { 2 + numbers.below(7) } else { 3 * usize::from(numbers.once_in(4)) };
    let bid = |n: usize, numbers: &mut Numbers| BidRequest {
        cleaner_id: cleaners[(start + 7 * n) % cleaners.len()].id.clone(),
        amount: (!numbers.once_in(6)).then(|| 20.0 + numbers.eighths(100)),
    };
    let bids = (0..bids).map(|n| bid(n, numbers)).collect();
    let posted_at = catalog.as_of() + numbers.below(30 * 24 * 3600) as i64;
    let client_id = match numbers.below(8) {
        0 => None,
        1 => Some("nobody-knows-this-client".to_owned()),
        _ => Some(clients[numbers.below(clients.len())].clone()),
    };
    JobRequest {
        client_id,
        property_type: (!numbers.once_in(9)).then(|| kinds[numbers.below(kinds.len())].clone()),
        location: (!numbers.once_in(9)).then_some(GeoPoint { latitude, longitude }),
        size_m2: (!numbers.once_in(9)).then(|| 25.0 + numbers.below(200) as f32),
        duration_h: (!numbers.once_in(9)).then(|| 1.0 + 0.5 * numbers.below(10) as f32),
        eco: numbers.once_in(3),
        budget: numbers.once_in(2).then(|| 20.0 + numbers.below(180) as f32),
        posted_at,
        scheduled_at: (!numbers.once_in(5)).then(|| posted_at + HOUR * numbers.below(200) as i64),
        bids,
    }
}
