//! From generated people and jobs to the rows of the tables.

use crate::domain::Market;
use crate::native::datagen::{
    Sink, SyntheticBid, SyntheticCleaner, SyntheticClient, SyntheticJob, SyntheticPayment, SyntheticProperty,
    SyntheticReview,
};
use crate::native::datasets::rows::*;
use crate::native::datasets::{DataError, DatasetWriter, TruthMarket, Written};

/// Writes what the generator gives.
pub(super) struct TableSink {
    data: DatasetWriter,
    market: Market,
}

impl TableSink {
    pub(super) fn new(data: DatasetWriter, market: Market) -> Self {
        Self { data, market }
    }

    pub(super) fn finish(self, truth: &TruthMarket) -> Result<Written, DataError> {
        self.data.finish(&self.market, Some(truth))
    }

    fn type_name(&self, property_type: u16) -> String {
        self.market.property_types.get(usize::from(property_type)).cloned().unwrap_or_default()
    }

    fn property(&mut self, client: u32, index: usize, property: &SyntheticProperty) -> Result<(), DataError> {
        self.data.properties.push(PropertyRow {
            property_id: property_id(client, index),
            client_id: client_id(client),
            property_type: self.type_name(property.property_type),
            latitude: Some(property.location.latitude),
            longitude: Some(property.location.longitude),
            size_m2: Some(property.size_m2),
        })
    }

    fn bid(&mut self, job: &str, number: usize, bid: &SyntheticBid) -> Result<(), DataError> {
        self.data.bids.push(BidRow {
            bid_id: format!("{job}-bid-{number}"),
            job_id: job.to_owned(),
            cleaner_id: cleaner_id(bid.cleaner),
            amount: Some(bid.amount),
            placed_at: bid.placed_at,
        })?;
        self.data.truth_jobs.push(TruthJobRow {
            job_id: job.to_owned(),
            cleaner_id: cleaner_id(bid.cleaner),
            expected_rating: bid.expected_rating,
            choice_utility: bid.utility,
        })
    }

    fn review(&mut self, job: &SyntheticJob, cleaner: u32, review: &SyntheticReview) -> Result<(), DataError> {
        let [quality, communication, professionalism, timeliness] = review.parts.map(Some);
        self.data.reviews.push(ReviewRow {
            review_id: format!("{}-review", job_id(job.index)),
            job_id: Some(job_id(job.index)),
            client_id: Some(client_id(job.client)),
            cleaner_id: cleaner_id(cleaner),
            property_type: job.spec.property_type.map(|kind| self.type_name(kind)),
            overall: review.overall,
            quality,
            communication,
            professionalism,
            timeliness,
            reviewed_at: review.reviewed_at,
        })
    }

    fn payment(&mut self, job: u64, payment: &SyntheticPayment) -> Result<(), DataError> {
        self.data.payments.push(PaymentRow {
            payment_id: format!("{}-payment", job_id(job)),
            job_id: job_id(job),
            amount: payment.amount,
            platform_fee: payment.platform_fee,
            paid_at: payment.paid_at,
            status: "paid".to_owned(),
        })
    }

    fn job_row(&self, job: &SyntheticJob) -> JobRow {
        let (spec, life) = (&job.spec, &job.life);
        JobRow {
            job_id: job_id(job.index),
            client_id: Some(client_id(job.client)),
            property_id: Some(property_id(job.client, job.property)),
            property_type: spec.property_type.map(|kind| self.type_name(kind)),
            latitude: spec.location.map(|place| place.latitude),
            longitude: spec.location.map(|place| place.longitude),
            size_m2: spec.size_m2.map(f64::from),
            duration_h: spec.duration_h.map(f64::from),
            eco: spec.eco,
            budget: spec.budget.map(f64::from),
            posted_at: spec.posted_at,
            scheduled_at: spec.scheduled_at,
            status: life.status.name().to_owned(),
            hired_cleaner_id: life.hired.map(cleaner_id),
            accepted_at: life.accepted_at,
            confirmed_at: life.confirmed_at,
            completed_at: life.completed_at,
            cancelled_at: life.cancelled_at,
            on_time: life.on_time,
            photos: life.photos,
        }
    }
}

impl Sink for TableSink {
    type Error = DataError;

    fn cleaner(&mut self, cleaner: &SyntheticCleaner) -> Result<(), DataError> {
        self.data.cleaners.push(CleanerRow {
            cleaner_id: cleaner_id(cleaner.index),
            name: cleaner.name.clone(),
            latitude: Some(cleaner.location.latitude),
            longitude: Some(cleaner.location.longitude),
            hourly_rate: Some(cleaner.hourly_rate),
            eco: Some(cleaner.eco),
            joined_at: cleaner.joined_at,
        })?;
        for (weekday, from, to) in cleaner.hours.spans() {
            self.data.availability.push(AvailabilityRow {
                cleaner_id: cleaner_id(cleaner.index),
                weekday: i64::from(weekday),
                from_hour: i64::from(from),
                to_hour: i64::from(to),
            })?;
        }
        let [quality, communication, professionalism, timeliness] = cleaner.strengths;
        self.data.truth_cleaners.push(TruthCleanerRow {
            cleaner_id: cleaner_id(cleaner.index),
            tier: cleaner.tier.name().to_owned(),
            base: cleaner.base,
            quality,
            communication,
            professionalism,
            timeliness,
            speciality: self.type_name(cleaner.speciality),
            reliability: cleaner.reliability,
        })
    }

    fn client(&mut self, client: &SyntheticClient) -> Result<(), DataError> {
        let (id, tier) = (client_id(client.index), client.tier.name());
        let (client_id, budget_tier) = (id.clone(), Some(tier.to_owned()));
        self.data.clients.push(ClientRow { client_id, budget_tier, joined_at: client.joined_at })?;
        let [quality, communication, professionalism, timeliness] = client.tastes;
        self.data.truth_clients.push(TruthClientRow {
            client_id: id,
            budget_tier: tier.to_owned(),
            quality,
            communication,
            professionalism,
            timeliness,
            leniency: client.leniency,
        })?;
        let mut properties = client.properties.iter().enumerate();
        properties.try_for_each(|(index, property)| self.property(client.index, index, property))
    }

    fn job(&mut self, job: &SyntheticJob) -> Result<(), DataError> {
        self.data.jobs.push(self.job_row(job))?;
        let id = job_id(job.index);
        for (number, bid) in (1..).zip(&job.bids) {
            self.bid(&id, number, bid)?;
        }
        if let (Some(cleaner), Some(review)) = (job.life.hired, &job.review) {
            self.review(job, cleaner, review)?;
        }
        job.payment.as_ref().map_or(Ok(()), |payment| self.payment(job.index, payment))
    }
}

// Of fixed width, so that the order of the ids is that of the indices.
fn cleaner_id(index: u32) -> String {
    format!("cleaner-{:06}", index + 1)
}

fn client_id(index: u32) -> String {
    format!("client-{:06}", index + 1)
}

fn property_id(client: u32, index: usize) -> String {
    format!("property-{:06}-{}", client + 1, index + 1)
}

fn job_id(index: u64) -> String {
    format!("job-{:08}", index + 1)
}
