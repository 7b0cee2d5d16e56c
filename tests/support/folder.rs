//! The stand-in market as a data set on disk.

use std::path::Path;

use tidyrank::native::datasets::DatasetWriter;
use tidyrank::native::datasets::rows::{BidRow, CleanerRow, ClientRow, JobRow, ReviewRow};

use super::Stand;

/// Writes the data set. Reviews come three days after their job, as in [`Stand`].
pub(crate) fn write(stand: &Stand, out: &Path) {
    let mut writer = DatasetWriter::create(out, false).unwrap();
    for client_id in stand.names.users.clone() {
        writer.clients.push(ClientRow { client_id, budget_tier: None, joined_at: 0 }).unwrap();
    }
    for cleaner in &stand.cleaners {
        let row = CleanerRow {
            cleaner_id: cleaner.id.clone(),
            name: cleaner.name.clone(),
            latitude: cleaner.location.map(|place| place.latitude),
            longitude: cleaner.location.map(|place| place.longitude),
            hourly_rate: cleaner.hourly_rate.map(f64::from),
            eco: cleaner.eco,
            joined_at: 0,
        };
        writer.cleaners.push(row).unwrap();
    }
    for job in &stand.jobs {
        let spec = &job.spec;
        let client_id = job.client.map(|client| stand.names.users[client as usize].clone());
        let hired = job.hired.map(|cleaner| stand.cleaners[cleaner as usize].id.clone());
        let property_type = spec.property_type.map(|kind| stand.market.property_types[usize::from(kind)].clone());
        let done = spec.posted_at + 3 * 86_400;
        for (number, bid) in job.bids.iter().enumerate() {
            let row = BidRow {
                bid_id: format!("{}-{number}", job.id),
                job_id: job.id.clone(),
                cleaner_id: stand.cleaners[bid.cleaner as usize].id.clone(),
                amount: bid.amount.map(f64::from),
                placed_at: bid.placed_at,
            };
            writer.bids.push(row).unwrap();
        }
        if let (Some(rating), Some(cleaner_id)) = (job.rating, hired.clone()) {
            let row = ReviewRow {
                review_id: format!("r-{}", job.id),
                job_id: Some(job.id.clone()),
                client_id: client_id.clone(),
                cleaner_id,
                property_type: property_type.clone(),
                overall: f64::from(rating),
                quality: None,
                communication: None,
                professionalism: None,
                timeliness: None,
                reviewed_at: done + 3600,
            };
            writer.reviews.push(row).unwrap();
        }
        let row = JobRow {
            job_id: job.id.clone(),
            client_id,
            property_id: None,
            property_type,
            latitude: spec.location.map(|place| place.latitude),
            longitude: spec.location.map(|place| place.longitude),
            size_m2: spec.size_m2.map(f64::from),
            duration_h: spec.duration_h.map(f64::from),
            eco: spec.eco,
            budget: None,
            posted_at: spec.posted_at,
            scheduled_at: spec.scheduled_at,
            status: "completed".into(),
            hired_cleaner_id: hired,
            accepted_at: Some(spec.posted_at + 7200),
            confirmed_at: Some(spec.posted_at + 7300),
            completed_at: Some(done),
            cancelled_at: None,
            on_time: Some(true),
            photos: Some(true),
        };
        writer.jobs.push(row).unwrap();
    }
    writer.finish(&stand.market, None).unwrap();
}
