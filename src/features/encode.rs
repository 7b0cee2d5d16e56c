//! From a job and a cleaner to 18 numbers. A number that is not known is NaN; [`Normaliser`](super::Normaliser) turns it
//! into "average".

use super::schema::{FEATURE_COUNT, Group, columns_of};
use crate::domain::{Cleaner, CleanerStats, JobSpec, Market, MarketStats, Rates, day_of_week, hour_of_day};

/// The features that depend on the job alone, in the order of [`Group::Query`].
pub fn encode_query(market: &Market, job: &JobSpec) -> [f32; 7] {
    let from_centre = job.location.zip(market.centre);
    known([
        from_centre.map(|(here, centre)| here.latitude - centre.latitude),
        from_centre.map(|(here, centre)| here.longitude - centre.longitude),
        job.size_m2.map(|size| f64::from(size) / 1000.0),
        job.duration_h.map(f64::from),
        Some(f64::from(u8::from(job.eco))),
        Some(f64::from(hour_of_day(job.scheduled_at, market.utc_offset_minutes)) / 24.0),
        Some(f64::from(day_of_week(job.scheduled_at, market.utc_offset_minutes)) / 6.0),
    ])
}

/// The features that depend on the cleaner alone, in the order of [`Group::Item`]. `rates` and `stats` must hold what was
/// known when the job was posted.
pub fn encode_item(rates: &Rates, stats: &CleanerStats) -> [f32; 9] {
    known([
        rates.parts_mean(),
        rates.quality,
        rates.communication,
        rates.professionalism,
        rates.timeliness,
        rates.completion,
        rates.on_time,
        Some(libm::log1p(f64::from(stats.completed))),
        rates.overall,
    ])
}

/// The features that depend on both, in the order of [`Group::Pair`]: the price asked and the distance in kilometres.
pub fn encode_pair(price: Option<f32>, distance_km: Option<f64>) -> [f32; 2] {
    known([price.map(|price| f64::from(price) / 1000.0), distance_km.map(|km| km / 50.0)])
}

/// All features of one candidate for one job, in the order and units of [`FEATURES`](super::FEATURES).
///
/// `stats` and `market_stats` must hold what was known when the job was posted. `bid` is the price asked for this job;
/// without one the cleaner's usual rate times the duration stands in.
pub fn encode(
    market: &Market,
    market_stats: &MarketStats,
    job: &JobSpec,
    cleaner: &Cleaner,
    stats: &CleanerStats,
    bid: Option<f32>,
) -> [f32; FEATURE_COUNT] {
    let rates = Rates::of(stats, market_stats);
    let distance = job.location.zip(cleaner.location).map(|(a, b)| a.distance_km(&b));
    let (query, item) = (encode_query(market, job), encode_item(&rates, stats));
    let pair = encode_pair(bid.or_else(|| cleaner.expected_price(job)), distance);
    let mut row = [f32::NAN; FEATURE_COUNT];
    for (group, values) in [(Group::Query, &query[..]), (Group::Item, &item), (Group::Pair, &pair)] {
        for (column, value) in columns_of(group).into_iter().zip(values) {
            row[column] = *value;
        }
    }
    row
}

fn known<const N: usize>(values: [Option<f64>; N]) -> [f32; N] {
    values.map(|value| value.map(|value| value as f32).filter(|value| value.is_finite()).unwrap_or(f32::NAN))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DAY, Event, EventKind, GeoPoint, History};
    use proptest::prelude::*;

    fn market() -> Market {
        Market {
            name: "m".into(),
            centre: GeoPoint::new(38.0, 23.5),
            currency: "EUR".into(),
            utc_offset_minutes: 120,
            rating_min: 0.0,
            rating_max: 10.0,
            property_types: vec!["flat".into()],
            candidates_are_bidders: false,
        }
    }

    fn cleaner() -> Cleaner {
        Cleaner {
            id: "c".into(),
            name: String::new(),
            location: GeoPoint::new(38.0, 23.5),
            hourly_rate: Some(20.0),
            eco: None,
            joined_at: 0,
            offers: vec![],
            hours: None,
        }
    }

    fn job(posted_at: i64) -> JobSpec {
        JobSpec {
            property_type: Some(0),
            location: GeoPoint::new(38.25, 23.5),
            size_m2: Some(80.0),
            duration_h: Some(3.0),
            eco: true,
            posted_at,
            scheduled_at: 6 * 3600,
            ..JobSpec::default()
        }
    }

    fn review(at: i64, overall: f32) -> Event {
        let part = Some(overall);
        let kind = EventKind::Review {
            property_type: Some(0),
            overall,
            quality: part,
            communication: part,
            professionalism: part,
            timeliness: part,
        };
        Event { at, cleaner: 0, kind }
    }

    fn features_at(events: Vec<Event>, at: i64) -> [f32; FEATURE_COUNT] {
        let history = History::new(events, 1, 1);
        let mut replay = history.replay();
        replay.advance_to(at);
        let stats = replay.cleaner(0).clone();
        encode(&market(), replay.market(), &job(at), &cleaner(), &stats, None)
    }

    #[test]
    fn values_worked_out_by_hand() {
        let found = features_at(vec![review(1, 0.8), review(2, 0.9)], 100);
        // 0.25 degrees of latitude are 27.7988 km; two reviews with mean 0.85 shrunk toward the market's mean 0.85;
        // 6 h UTC is 8 h local on a Thursday (3 of 6).
        let expected = [
            0.25,
            0.0,
            0.08,
            3.0,
            1.0,
            0.06,
            27.7988 / 50.0,
            0.85,
            0.85,
            0.85,
            0.85,
            0.85,
            f32::NAN,
            f32::NAN,
            0.0,
            0.85,
            8.0 / 24.0,
            0.5,
        ];
        for (column, (a, b)) in found.iter().zip(expected).enumerate() {
            assert!((a - b).abs() < 1e-5 || a.is_nan() && b.is_nan(), "feature {column}: {a} for {b}");
        }
    }

    #[test]
    fn a_bid_takes_the_place_of_the_usual_price() {
        let history = History::new(vec![], 1, 1);
        let mut replay = history.replay();
        let stats = replay.cleaner(0).clone();
        let found = encode(&market(), replay.market(), &job(9), &cleaner(), &stats, Some(45.0));
        assert_eq!(found[5], 0.045);
    }

    #[test]
    fn nothing_known_is_nan_and_not_zero() {
        let nobody = Cleaner { location: None, hourly_rate: None, ..cleaner() };
        let stats = CleanerStats::new(1);
        let found = encode(&market(), &MarketStats::new(1), &JobSpec::default(), &nobody, &stats, None);
        let missing: Vec<usize> = (0..FEATURE_COUNT).filter(|&column| found[column].is_nan()).collect();
        assert_eq!(missing, [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15]);
    }

    proptest! {
        /// No review, job or bid that came later changes a feature, whatever it says and whenever it came.
        #[test]
        fn the_future_does_not_show(later in 0i64..400, overall in 0.0f32..1.0, moved in 0i64..400) {
            let at = 100 * DAY;
            let past = vec![review(DAY, 0.7), review(50 * DAY, 0.9)];
            let future = |shift: i64| {
                let done = EventKind::Completed { property_type: Some(0), eco: false, on_time: Some(false), photos: None, earned: 9.0 };
                let bid = EventKind::Bid { property_type: Some(0), amount: 99.0, duration_h: Some(1.0) };
                let mut events = past.clone();
                events.push(review(at + shift, overall));
                for kind in [done, bid, EventKind::Cancelled, EventKind::Won] {
                    events.push(Event { at: at + shift, cleaner: 0, kind });
                }
                features_at(events, at).map(f32::to_bits)
            };
            let without = features_at(past.clone(), at).map(f32::to_bits);
            prop_assert_eq!(future(later), without);
            prop_assert_eq!(future(moved), without);
            // The control: the same review one day before the job does show.
            let mut seen = past.clone();
            seen.push(review(at - DAY, overall + 2.0));
            prop_assert_ne!(features_at(seen, at).map(f32::to_bits), without);
        }
    }
}
