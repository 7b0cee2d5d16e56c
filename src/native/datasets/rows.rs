//! The tables of a data set, one struct each. Moments are seconds since 1970 UTC; money is in the market's currency;
//! ratings are on the market's scale.

use super::table::table;

table! {
    /// A client.
    ClientRow in "clients" {
        /// Unique id.
        client_id: String,
        /// How freely they spend: `low`, `medium` or `high`.
        budget_tier: Option<String>,
        /// When they joined.
        joined_at: i64,
    }
}

table! {
    /// A place that a client has cleaned.
    PropertyRow in "properties" {
        /// Unique id.
        property_id: String,
        /// Whose it is.
        client_id: String,
        /// Kind, one of the market's property types.
        property_type: String,
        /// Degrees.
        latitude: Option<f64>,
        /// Degrees.
        longitude: Option<f64>,
        /// Floor area in square metres.
        size_m2: Option<f64>,
    }
}

table! {
    /// A cleaner.
    CleanerRow in "cleaners" {
        /// Unique id.
        cleaner_id: String,
        /// Name to show; may be empty.
        name: String,
        /// Degrees.
        latitude: Option<f64>,
        /// Degrees.
        longitude: Option<f64>,
        /// General rate per hour.
        hourly_rate: Option<f64>,
        /// Whether they work with eco-friendly products.
        eco: Option<bool>,
        /// When they joined.
        joined_at: i64,
    }
}

table! {
    /// A kind of job that a cleaner offers (optional table; a cleaner without a row offers every kind).
    OfferRow in "offers" {
        /// The cleaner.
        cleaner_id: String,
        /// Kind of job.
        property_type: String,
        /// Rate per hour for it; null = the general rate.
        hourly_rate: Option<f64>,
        /// From when on.
        since: i64,
    }
}

table! {
    /// A part of a weekday in which a cleaner works (optional table; of a cleaner without a row nobody knows when).
    AvailabilityRow in "availability" {
        /// The cleaner.
        cleaner_id: String,
        /// 0 = Monday to 6 = Sunday, in local time.
        weekday: i64,
        /// First hour, 0 to 23.
        from_hour: i64,
        /// The hour at which it ends, 1 to 24.
        to_hour: i64,
    }
}

table! {
    /// A job and what became of it.
    JobRow in "jobs" {
        /// Unique id.
        job_id: String,
        /// The client, if the data name one.
        client_id: Option<String>,
        /// The property, if the data name one.
        property_id: Option<String>,
        /// Kind of job.
        property_type: Option<String>,
        /// Degrees.
        latitude: Option<f64>,
        /// Degrees.
        longitude: Option<f64>,
        /// Floor area in square metres.
        size_m2: Option<f64>,
        /// Estimated hours.
        duration_h: Option<f64>,
        /// Whether eco-friendly products are asked for.
        eco: bool,
        /// What the client means to spend.
        budget: Option<f64>,
        /// When it was posted.
        posted_at: i64,
        /// When the work is to begin.
        scheduled_at: i64,
        /// `open`, `bidding`, `accepted`, `confirmed`, `completed`, `cancelled` or `failed`.
        status: String,
        /// Who got it.
        hired_cleaner_id: Option<String>,
        /// When the client chose.
        accepted_at: Option<i64>,
        /// When the cleaner confirmed.
        confirmed_at: Option<i64>,
        /// When the work was done.
        completed_at: Option<i64>,
        /// When it was cancelled or failed.
        cancelled_at: Option<i64>,
        /// Whether the work began on time.
        on_time: Option<bool>,
        /// Whether there are photos of the work.
        photos: Option<bool>,
    }
}

table! {
    /// A bid on a job.
    BidRow in "bids" {
        /// Unique id.
        bid_id: String,
        /// The job.
        job_id: String,
        /// Who bids.
        cleaner_id: String,
        /// The price; null where the data only say that the cleaner was on offer.
        amount: Option<f64>,
        /// When.
        placed_at: i64,
    }
}

table! {
    /// A client's review of a cleaner.
    ReviewRow in "reviews" {
        /// Unique id.
        review_id: String,
        /// The job.
        job_id: Option<String>,
        /// Who reviews.
        client_id: Option<String>,
        /// Who is reviewed.
        cleaner_id: String,
        /// Kind of job.
        property_type: Option<String>,
        /// Overall rating.
        overall: f64,
        /// Rating of the cleaning itself.
        quality: Option<f64>,
        /// Rating of communication.
        communication: Option<f64>,
        /// Rating of professionalism.
        professionalism: Option<f64>,
        /// Rating of timeliness.
        timeliness: Option<f64>,
        /// When.
        reviewed_at: i64,
    }
}

table! {
    /// What a client paid for a job.
    PaymentRow in "payments" {
        /// Unique id.
        payment_id: String,
        /// The job.
        job_id: String,
        /// What the client paid.
        amount: f64,
        /// What the platform kept of it.
        platform_fee: f64,
        /// When.
        paid_at: i64,
        /// `paid` or `refunded`.
        status: String,
    }
}

table! {
    /// Totals that a listing site showed of a cleaner (optional table).
    ListingRow in "listings" {
        /// The cleaner.
        cleaner_id: String,
        /// Kind of job that the totals are for.
        property_type: Option<String>,
        /// When they were seen.
        observed_at: i64,
        /// Mean rating.
        rating: Option<f64>,
        /// Number of ratings.
        ratings: i64,
        /// Number of jobs done.
        completed: i64,
        /// Badge of reliability.
        badge: Option<bool>,
    }
}

table! {
    /// Latent truth of a synthetic cleaner.
    TruthCleanerRow in "truth/cleaners" {
        /// The cleaner.
        cleaner_id: String,
        /// `premium`, `experienced`, `average` or `budget`.
        tier: String,
        /// Base quality in rating points.
        base: f64,
        /// Strength in quality, rating points.
        quality: f64,
        /// Strength in communication, rating points.
        communication: f64,
        /// Strength in professionalism, rating points.
        professionalism: f64,
        /// Strength in timeliness, rating points.
        timeliness: f64,
        /// The property type they are best at.
        speciality: String,
        /// Probability that a job they won is done.
        reliability: f64,
    }
}

table! {
    /// Latent truth of a synthetic client.
    TruthClientRow in "truth/clients" {
        /// The client.
        client_id: String,
        /// `low`, `medium` or `high`.
        budget_tier: String,
        /// Weight of quality; the four weights add up to 1.
        quality: f64,
        /// Weight of communication.
        communication: f64,
        /// Weight of professionalism.
        professionalism: f64,
        /// Weight of timeliness.
        timeliness: f64,
        /// What they add to every rating, rating points.
        leniency: f64,
    }
}

table! {
    /// Latent truth of one job and one of its bidders.
    TruthJobRow in "truth/jobs" {
        /// The job.
        job_id: String,
        /// The bidder.
        cleaner_id: String,
        /// Expectation of the overall rating, normalised to 0..1.
        expected_rating: f64,
        /// Utility of the choice before the client's random part.
        choice_utility: f64,
    }
}
