//! From rows with string ids to dense indices and events, with every reference checked.

use std::collections::{HashMap, HashSet};

use super::rows::*;
use super::{DataError, Dataset};
use crate::domain::{
    BidRecord, Cleaner, Event, EventKind, GeoPoint, History, JobRecord, JobSpec, Market, Offer, Timestamp, Vocabulary,
};

/// The states that a job can be in.
pub(super) const STATUSES: [&str; 7] = ["open", "bidding", "accepted", "confirmed", "completed", "cancelled", "failed"];

/// A place in a file: for errors.
#[derive(Clone, Copy)]
struct Place {
    file: &'static str,
    row: u64,
}

impl Place {
    fn unknown(self, column: &'static str, id: &str) -> DataError {
        DataError::UnknownId { file: self.file.to_owned(), column, row: self.row, id: id.to_owned() }
    }

    fn duplicate(self, column: &'static str, id: &str) -> DataError {
        DataError::DuplicateId { file: self.file.to_owned(), column, row: self.row, id: id.to_owned() }
    }

    fn bad(self, column: &'static str, value: impl ToString, expected: &'static str) -> DataError {
        DataError::BadValue { file: self.file.to_owned(), column, row: self.row, value: value.to_string(), expected }
    }

    fn position(self, latitude: Option<f64>, longitude: Option<f64>) -> Result<Option<GeoPoint>, DataError> {
        match (latitude, longitude) {
            (None, None) => Ok(None),
            (Some(latitude), Some(longitude)) => GeoPoint::new(latitude, longitude)
                .map(Some)
                .ok_or_else(|| self.bad("latitude", format!("{latitude}, {longitude}"), "a point on the globe")),
            _ => Err(self.bad("latitude", "half a position", "latitude and longitude, or neither")),
        }
    }

    fn at_least_zero(self, column: &'static str, value: Option<f64>) -> Result<Option<f32>, DataError> {
        match value {
            Some(value) if value < 0.0 => Err(self.bad(column, value, "0 or more")),
            _ => Ok(value.map(|value| value as f32)),
        }
    }
}

/// What became of a job, until its events are made.
struct Life {
    accepted_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    cancelled: bool,
    on_time: Option<bool>,
    photos: Option<bool>,
    paid: Option<f32>,
}

/// Takes the rows table by table, in the order of [`Dataset::read`].
pub(super) struct Indexer {
    market: Market,
    client_ids: Vocabulary,
    cleaner_ids: Vocabulary,
    cleaners: Vec<Cleaner>,
    jobs: Vec<(JobRecord, Life)>,
    job_index: HashMap<String, u32>,
    bid_ids: HashSet<String>,
    review_ids: HashSet<String>,
    events: Vec<Event>,
}

impl Indexer {
    pub(super) fn new(market: Market) -> Self {
        Self {
            market,
            client_ids: Vocabulary::default(),
            cleaner_ids: Vocabulary::default(),
            cleaners: Vec::new(),
            jobs: Vec::new(),
            job_index: HashMap::new(),
            bid_ids: HashSet::new(),
            review_ids: HashSet::new(),
            events: Vec::new(),
        }
    }

    pub(super) fn client(&mut self, row: u64, client: ClientRow) -> Result<(), DataError> {
        let place = Place { file: "clients.parquet", row };
        insert_new(&mut self.client_ids, &client.client_id, place, "client_id")
    }

    pub(super) fn cleaner(&mut self, row: u64, cleaner: CleanerRow) -> Result<(), DataError> {
        let place = Place { file: "cleaners.parquet", row };
        insert_new(&mut self.cleaner_ids, &cleaner.cleaner_id, place, "cleaner_id")?;
        self.cleaners.push(Cleaner {
            location: place.position(cleaner.latitude, cleaner.longitude)?,
            hourly_rate: place.at_least_zero("hourly_rate", cleaner.hourly_rate)?,
            id: cleaner.cleaner_id,
            name: cleaner.name,
            eco: cleaner.eco,
            joined_at: cleaner.joined_at,
            offers: Vec::new(),
            hours: None,
        });
        Ok(())
    }

    pub(super) fn offer(&mut self, row: u64, offer: OfferRow) -> Result<(), DataError> {
        let place = Place { file: "offers.parquet", row };
        let cleaner = self.find_cleaner(place, "cleaner_id", &offer.cleaner_id)?;
        let Some(property_type) = self.market.property_type(&offer.property_type) else {
            return Err(place.unknown("property_type", &offer.property_type));
        };
        let hourly_rate = place.at_least_zero("hourly_rate", offer.hourly_rate)?;
        self.cleaners[cleaner as usize].offers.push(Offer { property_type, hourly_rate, since: offer.since });
        Ok(())
    }

    pub(super) fn availability(&mut self, row: u64, hours: AvailabilityRow) -> Result<(), DataError> {
        let place = Place { file: "availability.parquet", row };
        let cleaner = self.find_cleaner(place, "cleaner_id", &hours.cleaner_id)?;
        let AvailabilityRow { weekday, from_hour, to_hour, .. } = hours;
        let known = self.cleaners[cleaner as usize].hours.get_or_insert_default();
        if known.add(weekday, from_hour, to_hour) {
            return Ok(());
        }
        let value = format!("day {weekday} from {from_hour} to {to_hour}");
        Err(place.bad("to_hour", value, "a day from 0 to 6 and hours from 0 to 24, the first before the last"))
    }

    pub(super) fn job(&mut self, row: u64, job: JobRow) -> Result<(), DataError> {
        let place = Place { file: "jobs.parquet", row };
        if self.job_index.insert(job.job_id.clone(), 0).is_some() {
            return Err(place.duplicate("job_id", &job.job_id));
        }
        let life = check_life(place, &job)?;
        let client = job.client_id.as_deref().map(|id| match self.client_ids.get(id) {
            Some(client) => Ok(client),
            None => Err(place.unknown("client_id", id)),
        });
        let hired = job.hired_cleaner_id.as_deref().map(|id| self.find_cleaner(place, "hired_cleaner_id", id));
        let record = JobRecord {
            client: client.transpose()?,
            spec: JobSpec {
                property_type: self.find_type(place, job.property_type.as_deref())?,
                location: place.position(job.latitude, job.longitude)?,
                size_m2: place.at_least_zero("size_m2", job.size_m2)?,
                duration_h: place.at_least_zero("duration_h", job.duration_h)?,
                eco: job.eco,
                budget: place.at_least_zero("budget", job.budget)?,
                posted_at: job.posted_at,
                scheduled_at: job.scheduled_at,
            },
            bids: Vec::new(),
            hired: hired.transpose()?,
            completed: job.status == "completed",
            rating: None,
            id: job.job_id,
        };
        self.jobs.push((record, life));
        Ok(())
    }

    /// Puts the jobs in their final order; bids, payments and reviews come after it.
    pub(super) fn sort_jobs(&mut self) {
        self.jobs.sort_by(|(a, _), (b, _)| (a.spec.posted_at, &a.id).cmp(&(b.spec.posted_at, &b.id)));
        for ((job, _), at) in self.jobs.iter().zip(0..) {
            if let Some(index) = self.job_index.get_mut(&job.id) {
                *index = at;
            }
        }
    }

    pub(super) fn bid(&mut self, row: u64, bid: BidRow) -> Result<(), DataError> {
        let place = Place { file: "bids.parquet", row };
        let cleaner = self.find_cleaner(place, "cleaner_id", &bid.cleaner_id)?;
        let amount = place.at_least_zero("amount", bid.amount)?;
        let job = self.find_job(place, &bid.job_id)?;
        let record = &mut self.jobs[job as usize].0;
        let (property_type, duration_h) = (record.spec.property_type, record.spec.duration_h);
        record.bids.push(BidRecord { cleaner, amount, placed_at: bid.placed_at });
        if let Some(amount) = amount {
            let kind = EventKind::Bid { property_type, amount, duration_h };
            self.events.push(Event { at: bid.placed_at, cleaner, kind });
        }
        if self.bid_ids.contains(&bid.bid_id) {
            return Err(place.duplicate("bid_id", &bid.bid_id));
        }
        self.bid_ids.insert(bid.bid_id);
        Ok(())
    }

    pub(super) fn payment(&mut self, row: u64, payment: PaymentRow) -> Result<(), DataError> {
        let place = Place { file: "payments.parquet", row };
        let job = self.find_job(place, &payment.job_id)?;
        let amount = place.at_least_zero("amount", Some(payment.amount))?.unwrap_or(0.0);
        let fee = place.at_least_zero("platform_fee", Some(payment.platform_fee))?.unwrap_or(0.0);
        if payment.status == "paid" {
            *self.jobs[job as usize].1.paid.get_or_insert(0.0) += amount - fee;
        }
        Ok(())
    }

    pub(super) fn review(&mut self, row: u64, review: ReviewRow) -> Result<(), DataError> {
        let place = Place { file: "reviews.parquet", row };
        let cleaner = self.find_cleaner(place, "cleaner_id", &review.cleaner_id)?;
        let rating = |column, value| self.rating(place, column, value);
        let overall = rating("overall", review.overall)?;
        let part = |column, value: Option<f64>| value.map(|value| rating(column, value)).transpose();
        let kind = EventKind::Review {
            property_type: self.find_type(place, review.property_type.as_deref())?,
            overall,
            quality: part("quality", review.quality)?,
            communication: part("communication", review.communication)?,
            professionalism: part("professionalism", review.professionalism)?,
            timeliness: part("timeliness", review.timeliness)?,
        };
        if let Some(id) = review.client_id.as_deref().filter(|id| self.client_ids.get(id).is_none()) {
            return Err(place.unknown("client_id", id));
        }
        if let Some(id) = &review.job_id {
            let job = self.find_job(place, id)?;
            let record = &mut self.jobs[job as usize].0;
            if record.hired == Some(cleaner) {
                record.rating.get_or_insert(overall);
            }
        }
        if !self.review_ids.insert(review.review_id.clone()) {
            return Err(place.duplicate("review_id", &review.review_id));
        }
        self.events.push(Event { at: review.reviewed_at, cleaner, kind });
        Ok(())
    }

    pub(super) fn listing(&mut self, row: u64, listing: ListingRow) -> Result<(), DataError> {
        let place = Place { file: "listings.parquet", row };
        let cleaner = self.find_cleaner(place, "cleaner_id", &listing.cleaner_id)?;
        let count = |column, value: i64| u32::try_from(value).map_err(|_| place.bad(column, value, "0 or more"));
        let kind = EventKind::Listed {
            property_type: self.find_type(place, listing.property_type.as_deref())?,
            rating: listing.rating.map(|rating| self.rating(place, "rating", rating)).transpose()?,
            ratings: count("ratings", listing.ratings)?,
            completed: count("completed", listing.completed)?,
            badge: listing.badge,
        };
        self.events.push(Event { at: listing.observed_at, cleaner, kind });
        Ok(())
    }

    pub(super) fn finish(mut self, fingerprint: String) -> Dataset {
        let mut jobs = Vec::with_capacity(self.jobs.len());
        for (mut record, life) in self.jobs {
            // One candidate per cleaner: of several bids on a job the last one counts.
            record.bids.sort_by_key(|bid| bid.placed_at);
            let mut seen = HashSet::new();
            record.bids.reverse();
            record.bids.retain(|bid| seen.insert(bid.cleaner));
            record.bids.reverse();
            push_life(&mut self.events, &record, &life);
            jobs.push(record);
        }
        let history = History::new(self.events, self.cleaners.len(), self.market.property_types.len());
        let (client_ids, cleaner_ids) = (self.client_ids, self.cleaner_ids);
        Dataset { market: self.market, client_ids, cleaners: self.cleaners, cleaner_ids, jobs, history, fingerprint }
    }

    fn find_cleaner(&self, place: Place, column: &'static str, id: &str) -> Result<u32, DataError> {
        self.cleaner_ids.get(id).ok_or_else(|| place.unknown(column, id))
    }

    fn find_job(&self, place: Place, id: &str) -> Result<u32, DataError> {
        self.job_index.get(id).copied().ok_or_else(|| place.unknown("job_id", id))
    }

    fn find_type(&self, place: Place, name: Option<&str>) -> Result<Option<u16>, DataError> {
        let found =
            name.map(|name| self.market.property_type(name).ok_or_else(|| place.unknown("property_type", name)));
        found.transpose()
    }

    fn rating(&self, place: Place, column: &'static str, value: f64) -> Result<f32, DataError> {
        let (low, high) = (f64::from(self.market.rating_min), f64::from(self.market.rating_max));
        if !(low..=high).contains(&value) {
            return Err(place.bad(column, value, "a rating on the scale of the market"));
        }
        Ok(self.market.normalise_rating(value as f32))
    }
}

fn insert_new(ids: &mut Vocabulary, id: &str, place: Place, column: &'static str) -> Result<(), DataError> {
    let before = ids.len();
    ids.insert(id);
    if ids.len() == before { Err(place.duplicate(column, id)) } else { Ok(()) }
}

fn check_life(place: Place, job: &JobRow) -> Result<Life, DataError> {
    if !STATUSES.contains(&job.status.as_str()) {
        return Err(place.bad(
            "status",
            &job.status,
            "open, bidding, accepted, confirmed, completed, cancelled or failed",
        ));
    }
    let cancelled = matches!(job.status.as_str(), "cancelled" | "failed");
    if job.status == "completed" && (job.completed_at.is_none() || job.hired_cleaner_id.is_none()) {
        return Err(place.bad("completed_at", "incomplete", "completed_at and hired_cleaner_id of a completed job"));
    }
    if cancelled && job.cancelled_at.is_none() {
        return Err(place.bad("cancelled_at", "null", "a moment, since the job was cancelled or failed"));
    }
    Ok(Life {
        accepted_at: job.accepted_at,
        ended_at: if cancelled { job.cancelled_at } else { job.completed_at },
        cancelled,
        on_time: job.on_time,
        photos: job.photos,
        paid: None,
    })
}

fn push_life(events: &mut Vec<Event>, record: &JobRecord, life: &Life) {
    let Some(cleaner) = record.hired else { return };
    if let Some(at) = life.accepted_at {
        events.push(Event { at, cleaner, kind: EventKind::Won });
    }
    let Some(at) = life.ended_at else { return };
    let kind = if life.cancelled {
        EventKind::Cancelled
    } else {
        EventKind::Completed {
            property_type: record.spec.property_type,
            eco: record.spec.eco,
            on_time: life.on_time,
            photos: life.photos,
            earned: life.paid.or_else(|| record.bid_of(cleaner)).unwrap_or(0.0),
        }
    };
    events.push(Event { at, cleaner, kind });
}
