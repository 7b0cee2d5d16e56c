//! One job from its posting to its review.

use super::Generator;
use super::config::MAX_BIDS;
use super::constants::ATHENS;
use super::draw::{Draw, Stream};
use super::people::{SyntheticCleaner, SyntheticClient, cents};
use super::satisfaction::{Offered, expected_rating, rating, satisfaction, utility};
use crate::domain::{DAY, HOUR, JobSpec, Timestamp};

/// A job, its bids in order of time, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticJob {
    /// Index, from 0, in order of posting.
    pub index: u64,
    /// Index of the client.
    pub client: u32,
    /// Index among the properties of the client.
    pub property: usize,
    /// What is asked for.
    pub spec: JobSpec,
    /// Three to eight.
    pub bids: Vec<SyntheticBid>,
    /// What became of it.
    pub life: Life,
    /// The review of a completed job.
    pub review: Option<SyntheticReview>,
    /// The payment of a completed job.
    pub payment: Option<SyntheticPayment>,
}

/// A bid, with the truth about it.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticBid {
    /// Index of the cleaner.
    pub cleaner: u32,
    /// EUR.
    pub amount: f64,
    /// When.
    pub placed_at: Timestamp,
    /// Truth: expectation of the overall rating, normalised.
    pub expected_rating: f64,
    /// Truth: utility of the choice before the random part.
    pub utility: f64,
    /// Truth: mean of the rating before noise and rounding.
    satisfaction: f64,
}

/// How far a job has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Posted within the last day.
    Open,
    /// There are bids and no choice.
    Bidding,
    /// A bid was chosen.
    Accepted,
    /// The cleaner has confirmed.
    Confirmed,
    /// The work is done.
    Completed,
    /// One side withdrew.
    Cancelled,
    /// The cleaner did not come.
    Failed,
}

impl Status {
    /// Its name in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Bidding => "bidding",
            Self::Accepted => "accepted",
            Self::Confirmed => "confirmed",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }
}

/// What became of a job, as seen at the market's `now`.
#[derive(Debug, Clone, PartialEq)]
pub struct Life {
    /// How far it has come.
    pub status: Status,
    /// Index of the cleaner who got it.
    pub hired: Option<u32>,
    /// When the client chose.
    pub accepted_at: Option<Timestamp>,
    /// When the cleaner confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// When the work was done.
    pub completed_at: Option<Timestamp>,
    /// When it was cancelled or failed.
    pub cancelled_at: Option<Timestamp>,
    /// Whether the work began on time; of completed jobs.
    pub on_time: Option<bool>,
    /// Whether there are photos; of completed jobs.
    pub photos: Option<bool>,
}

/// A review; ratings are whole numbers from 1 to 10.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticReview {
    /// Overall rating.
    pub overall: f64,
    /// Quality, communication, professionalism, timeliness.
    pub parts: [f64; 4],
    /// When.
    pub reviewed_at: Timestamp,
}

/// A payment.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticPayment {
    /// EUR, what the client paid.
    pub amount: f64,
    /// EUR, what the platform kept.
    pub platform_fee: f64,
    /// When.
    pub paid_at: Timestamp,
}

impl Generator {
    /// The job of this index, posted at this moment: it depends on no other job.
    pub(super) fn job(&self, index: u64, posted_at: Timestamp) -> SyntheticJob {
        let draw = &mut Draw::new(self.config.seed, Stream::Job, index);
        let client = self.client_of(draw, posted_at);
        let property = draw.below(client.properties.len());
        let spec = spec(draw, client, property, posted_at);
        let bids = self.bids(draw, client, &spec);
        let open = index >= self.config.jobs - open_jobs(self.config.jobs);
        let life = if open { unchosen(posted_at) } else { self.life(draw, &spec, &bids) };
        let chosen = life.completed_at.zip(bids.iter().find(|bid| Some(bid.cleaner) == life.hired));
        let review = chosen.map(|(at, bid)| self.review(draw, bid, at));
        let payment = chosen.map(|(at, bid)| SyntheticPayment {
            amount: bid.amount,
            platform_fee: cents(bid.amount * ATHENS.platform_fee),
            paid_at: (at + 300).min(ATHENS.now),
        });
        SyntheticJob { index, client: client.index, property, spec, bids, life, review, payment }
    }

    /// A client by their activity, among those who have joined.
    fn client_of(&self, draw: &mut Draw, posted_at: Timestamp) -> &SyntheticClient {
        let sum = self.activity.last().copied().unwrap_or_default();
        for _ in 0..64 {
            let target = draw.unit() * sum;
            let at = self.activity.partition_point(|&below| below <= target).min(self.clients.len() - 1);
            if self.clients[at].joined_at <= posted_at {
                return &self.clients[at];
            }
        }
        // The first client was there from the start.
        &self.clients[0]
    }

    pub(super) fn bids(&self, draw: &mut Draw, client: &SyntheticClient, spec: &JobSpec) -> Vec<SyntheticBid> {
        let count = 3 + draw.below(MAX_BIDS as usize - 2);
        let (hours, size) = (f64::from(spec.duration_h.unwrap_or(0.0)), f64::from(spec.size_m2.unwrap_or(0.0)));
        let market_price = ATHENS.market_price(hours, size);
        let property_type = spec.property_type.unwrap_or(0);
        let mut bids = Vec::with_capacity(count);
        for (cleaner, distance_km) in self.bidders(draw, spec, count) {
            let noise = draw.range(ATHENS.bid_noise);
            let amount = cents(cleaner.hourly_rate * hours * ATHENS.size_factor(size) * noise);
            let offered = Offered { property_type, distance_km, amount, market_price };
            let satisfaction = satisfaction(cleaner, client, &offered);
            let placed_at = placed_at(draw, cleaner, spec.posted_at);
            let expected_rating = expected_rating(satisfaction);
            let cleaner = cleaner.index;
            bids.push(SyntheticBid { cleaner, amount, placed_at, expected_rating, utility: 0.0, satisfaction });
        }
        let lowest = bids.iter().map(|bid| bid.amount).fold(f64::INFINITY, f64::min);
        for bid in &mut bids {
            let early = bid.placed_at - spec.posted_at <= ATHENS.early_hours * HOUR;
            bid.utility = utility(ATHENS.choice(client.tier), bid.satisfaction, bid.amount, lowest, early);
        }
        bids.sort_by_key(|bid| (bid.placed_at, bid.cleaner));
        bids
    }

    /// Who bids, with their distance in km: drawn without replacement, near ones more often (P. S. Efraimidis and
    /// P. G. Spirakis, "Weighted random sampling with a reservoir", 2006).
    fn bidders(&self, draw: &mut Draw, spec: &JobSpec, count: usize) -> Vec<(&SyntheticCleaner, f64)> {
        let mut keys = Vec::with_capacity(self.cleaners.len());
        for cleaner in self.cleaners.iter().filter(|cleaner| cleaner.joined_at <= spec.posted_at) {
            let distance = spec.location.map_or(0.0, |place| place.distance_km(&cleaner.location));
            let eco = if spec.eco && !cleaner.eco { ATHENS.not_eco } else { 1.0 };
            keys.push((draw.exponential() / eco * libm::exp(distance / ATHENS.near_km), cleaner, distance));
        }
        let count = count.min(keys.len());
        if count < keys.len() {
            keys.select_nth_unstable_by(count, |a, b| a.0.total_cmp(&b.0));
            keys.truncate(count);
        }
        keys.sort_by(|a, b| a.0.total_cmp(&b.0));
        keys.into_iter().map(|(_, cleaner, distance)| (cleaner, distance)).collect()
    }

    fn life(&self, draw: &mut Draw, spec: &JobSpec, bids: &[SyntheticBid]) -> Life {
        let scored = bids.iter().map(|bid| (bid.utility + draw.gumbel(), bid));
        let Some((_, chosen)) = scored.max_by(|a, b| a.0.total_cmp(&b.0)) else { return unchosen(spec.posted_at) };
        let last_bid = bids.last().map_or(spec.posted_at, |bid| bid.placed_at);
        let accepted_at = last_bid + hours(draw.range((0.5, 6.0)));
        let confirmed_at = accepted_at + hours(draw.range((0.25, 4.0)));
        let cleaner = &self.cleaners[chosen.cleaner as usize];
        let outcome = Outcome::draw(draw, cleaner, spec, confirmed_at);
        let seen = |at: Timestamp| (at <= ATHENS.now).then_some(at);
        let Some(_) = seen(accepted_at) else { return unchosen(spec.posted_at) };
        let (confirmed, ended) = (seen(confirmed_at), seen(outcome.ended_at));
        let done = outcome.status == Status::Completed && ended.is_some();
        Life {
            status: match (ended, confirmed) {
                (Some(_), _) => outcome.status,
                (None, Some(_)) => Status::Confirmed,
                (None, None) => Status::Accepted,
            },
            hired: Some(chosen.cleaner),
            accepted_at: Some(accepted_at),
            confirmed_at: confirmed,
            completed_at: ended.filter(|_| done),
            cancelled_at: ended.filter(|_| !done),
            on_time: done.then_some(outcome.on_time),
            photos: done.then_some(outcome.photos),
        }
    }

    fn review(&self, draw: &mut Draw, bid: &SyntheticBid, completed_at: Timestamp) -> SyntheticReview {
        let overall = rating(bid.satisfaction + draw.normal(ATHENS.satisfaction.noise_sd));
        let strengths = self.cleaners[bid.cleaner as usize].strengths;
        let parts = strengths.map(|strength| {
            let step = (strength + draw.range((-0.75, 0.75))).round().clamp(-1.0, 1.0);
            (overall + step).clamp(1.0, 10.0)
        });
        let reviewed_at = (completed_at + hours(draw.range((2.0, 72.0)))).min(ATHENS.now);
        SyntheticReview { overall, parts, reviewed_at }
    }
}

/// How a chosen job ends, however late that is.
struct Outcome {
    status: Status,
    ended_at: Timestamp,
    on_time: bool,
    photos: bool,
}

impl Outcome {
    fn draw(draw: &mut Draw, cleaner: &SyntheticCleaner, spec: &JobSpec, confirmed_at: Timestamp) -> Self {
        let (on_time, photos) = (draw.chance(cleaner.on_time), draw.chance(cleaner.photos));
        let late = if on_time { 0.0 } else { draw.range((0.25, 1.0)) };
        let (done, withdrawn) = (draw.chance(cleaner.reliability), draw.chance(0.7));
        let between = draw.unit();
        let (status, ended_at) = if done {
            let lasts = f64::from(spec.duration_h.unwrap_or(0.0)) * draw.range((0.9, 1.1));
            (Status::Completed, spec.scheduled_at + hours(late + lasts))
        } else if withdrawn {
            (Status::Cancelled, confirmed_at + ((spec.scheduled_at - confirmed_at) as f64 * between) as i64)
        } else {
            (Status::Failed, spec.scheduled_at + HOUR)
        };
        Self { status, ended_at, on_time, photos }
    }
}

/// How many jobs at the end have no choice yet.
pub(super) fn open_jobs(jobs: u64) -> u64 {
    ((jobs as f64 * ATHENS.open_share).round() as u64).max(1)
}

fn unchosen(posted_at: Timestamp) -> Life {
    let fresh = ATHENS.now - posted_at < DAY;
    Life {
        status: if fresh { Status::Open } else { Status::Bidding },
        hired: None,
        accepted_at: None,
        confirmed_at: None,
        completed_at: None,
        cancelled_at: None,
        on_time: None,
        photos: None,
    }
}

fn spec(draw: &mut Draw, client: &SyntheticClient, property: usize, posted_at: Timestamp) -> JobSpec {
    let property = &client.properties[property];
    let kind = &ATHENS.properties[usize::from(property.property_type)];
    let hours = (0.75 + property.size_m2 / kind.m2_per_hour) * draw.range((0.9, 1.1));
    let duration_h = ((hours * 2.0).round() / 2.0).clamp(1.5, 10.0);
    let choice = ATHENS.choice(client.tier);
    let states_budget = draw.chance(choice.states_budget);
    let budget = ATHENS.market_price(duration_h, property.size_m2) * choice.budget * draw.range((0.9, 1.1));
    JobSpec {
        property_type: Some(property.property_type),
        location: Some(property.location),
        size_m2: Some(property.size_m2 as f32),
        duration_h: Some(duration_h as f32),
        eco: draw.chance(ATHENS.eco_jobs),
        budget: states_budget.then_some(((budget / 5.0).round() * 5.0) as f32),
        posted_at,
        scheduled_at: scheduled_at(draw, posted_at),
    }
}

/// Two to ten days later, on a half hour from 8:00 to 18:00 local time.
fn scheduled_at(draw: &mut Draw, posted_at: Timestamp) -> Timestamp {
    let offset = i64::from(ATHENS.utc_offset_minutes) * 60;
    let midnight = (posted_at + offset).div_euclid(DAY) * DAY - offset;
    let at = midnight + (2 + draw.below(7) as i64) * DAY + 8 * HOUR + draw.below(21) as i64 * HOUR / 2;
    if at < posted_at + 2 * DAY { at + DAY } else { at }
}

/// Within a day and a half, sooner by better cleaners; sooner still where the market's `now` is near.
fn placed_at(draw: &mut Draw, cleaner: &SyntheticCleaner, posted_at: Timestamp) -> Timestamp {
    let window = (ATHENS.bid_hours * HOUR as f64).min((ATHENS.now - posted_at - 60) as f64);
    let share = libm::pow(draw.unit(), ATHENS.tier(cleaner.tier).quickness);
    posted_at + 60 + ((window - 60.0) * share) as i64
}

fn hours(hours: f64) -> i64 {
    (hours * HOUR as f64) as i64
}
