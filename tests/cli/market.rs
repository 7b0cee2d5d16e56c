//! A small market on disk: 12 cleaners of whom the first are the best, 6 clients, 60 jobs an hour apart.

use std::path::Path;

use tidyrank::domain::{GeoPoint, HOUR, Market};
use tidyrank::native::datasets::DatasetWriter;
use tidyrank::native::datasets::rows::{BidRow, CleanerRow, ClientRow, JobRow, PropertyRow, ReviewRow};

const START: i64 = 1_760_000_000;

fn cleaner(at: i64) -> CleanerRow {
    CleanerRow {
        cleaner_id: format!("cleaner-{at:02}"),
        name: format!("Cleaner {at}"),
        latitude: Some(37.9 + 0.01 * at as f64),
        longitude: Some(23.7),
        hourly_rate: Some(10.0 + at as f64),
        eco: Some(at % 2 == 0),
        joined_at: START - HOUR,
    }
}

fn job(at: i64) -> JobRow {
    let posted_at = START + at * HOUR;
    let open = at >= 58;
    JobRow {
        job_id: format!("job-{at:03}"),
        client_id: Some(format!("client-{}", at % 6)),
        property_id: Some(format!("property-{}", at % 6)),
        property_type: Some(["apartment", "house"][(at % 2) as usize].to_owned()),
        latitude: Some(37.95),
        longitude: Some(23.72),
        size_m2: Some(80.0),
        duration_h: Some(3.0),
        eco: false,
        budget: Some(60.0),
        posted_at,
        scheduled_at: posted_at + 24 * HOUR,
        status: if open { "open" } else { "completed" }.to_owned(),
        hired_cleaner_id: (!open).then(|| format!("cleaner-{:02}", at % 4)),
        accepted_at: (!open).then_some(posted_at + 60),
        confirmed_at: None,
        completed_at: (!open).then_some(posted_at + 600),
        cancelled_at: None,
        on_time: Some(true),
        photos: None,
    }
}

/// Writes the market into the folder `out`.
pub(crate) fn write(out: &Path) {
    write_with(out, 12);
}

/// Writes the market with another number of cleaners.
pub(crate) fn write_with(out: &Path, cleaners: i64) {
    let market = Market {
        name: "tiny".into(),
        centre: GeoPoint::new(37.98, 23.73),
        currency: "EUR".into(),
        utc_offset_minutes: 120,
        rating_min: 1.0,
        rating_max: 10.0,
        property_types: vec!["apartment".into(), "house".into()],
        candidates_are_bidders: false,
    };
    let mut writer = DatasetWriter::create(out, false).unwrap();
    for at in 0..cleaners {
        writer.cleaners.push(cleaner(at)).unwrap();
    }
    for at in 0..6 {
        let (client_id, joined_at) = (format!("client-{at}"), START - HOUR);
        let property = PropertyRow {
            property_id: format!("property-{at}"),
            client_id: client_id.clone(),
            property_type: "apartment".into(),
            latitude: Some(37.95),
            longitude: Some(23.72),
            size_m2: Some(80.0),
        };
        writer.properties.push(property).unwrap();
        writer.clients.push(ClientRow { client_id, budget_tier: Some("medium".into()), joined_at }).unwrap();
    }
    for at in 0..60 {
        let job = job(at);
        for bidder in 0..4 {
            let (job_id, cleaner_id) = (job.job_id.clone(), format!("cleaner-{bidder:02}"));
            let amount = Some(40.0 + bidder as f64);
            let bid_id = format!("bid-{at}-{bidder}");
            writer.bids.push(BidRow { bid_id, job_id, cleaner_id, amount, placed_at: job.posted_at + 10 }).unwrap();
        }
        if let Some(cleaner_id) = job.hired_cleaner_id.clone() {
            let review = ReviewRow {
                review_id: format!("review-{at}"),
                job_id: Some(job.job_id.clone()),
                client_id: job.client_id.clone(),
                cleaner_id,
                property_type: job.property_type.clone(),
                overall: (10 - at % 4) as f64,
                quality: None,
                communication: None,
                professionalism: None,
                timeliness: None,
                reviewed_at: job.posted_at + 1200,
            };
            writer.reviews.push(review).unwrap();
        }
        writer.jobs.push(job).unwrap();
    }
    writer.finish(&market, None).unwrap();
}
