//! Every number of the synthetic market in one place. They are fixed: no model's result may change them.

use serde::Serialize;

use crate::domain::{DAY, Timestamp};

/// Bounds of a uniform draw.
pub type Range = (f64, f64);

/// How good a cleaner is, and how dear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// The best.
    Premium,
    /// Above average.
    Experienced,
    /// In the middle.
    Average,
    /// The cheapest.
    Budget,
}

/// The tiers in order.
pub const TIERS: [Tier; 4] = [Tier::Premium, Tier::Experienced, Tier::Average, Tier::Budget];

/// What a tier means.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct TierConstants {
    /// Which tier.
    pub tier: Tier,
    /// Its share of the cleaners.
    pub share: f64,
    /// Base quality in rating points.
    pub base: Range,
    /// Rate per hour in EUR.
    pub hourly_rate: Range,
    /// Probability that a job that was won is done.
    pub reliability: Range,
    /// Probability to begin on time, before the strength in timeliness.
    pub on_time: Range,
    /// Probability to take photos.
    pub photos: Range,
    /// Exponent of the delay of a bid: higher = earlier.
    pub quickness: f64,
}

/// How freely a client spends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BudgetTier {
    /// Price matters least.
    High,
    /// In between.
    Medium,
    /// Price matters most.
    Low,
}

/// The budget tiers in order.
pub const BUDGET_TIERS: [BudgetTier; 3] = [BudgetTier::High, BudgetTier::Medium, BudgetTier::Low];

/// What a client's budget tier means.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Choice {
    /// Which tier.
    pub tier: BudgetTier,
    /// Its share of the clients.
    pub share: f64,
    /// Weight of the satisfaction that the client expects, in the utility of a bid.
    pub satisfaction: f64,
    /// Weight of ln(bid / lowest bid).
    pub price: f64,
    /// Points of satisfaction lost per ln(bid / market price).
    pub value: f64,
    /// Probability that a job states a budget.
    pub states_budget: f64,
    /// The stated budget divided by the market price, before ±10 %.
    pub budget: f64,
}

/// A kind of property.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Property {
    /// Its name in the tables.
    pub name: &'static str,
    /// Its share of the properties.
    pub share: f64,
    /// Median floor area in square metres.
    pub median_m2: f64,
    /// Standard deviation of the logarithm of the area.
    pub log_sd: f64,
    /// Bounds of the area.
    pub bounds_m2: Range,
    /// Square metres cleaned per hour.
    pub m2_per_hour: f64,
}

/// How satisfied a client is, in rating points.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Satisfaction {
    /// Standard deviation of a cleaner's strength in each of four aspects.
    pub strength_sd: f64,
    /// Standard deviation of the normal draws whose softmax is a client's taste.
    pub taste_sd: f64,
    /// Standard deviation of a client's leniency.
    pub leniency_sd: f64,
    /// Where the property type is the cleaner's speciality.
    pub speciality: f64,
    /// Where it is not.
    pub other_type: f64,
    /// Lost per kilometre.
    pub per_km: f64,
    /// Added, so that the mean stays in the tier's range.
    pub recentring: f64,
    /// Standard deviation of the noise before rounding.
    pub noise_sd: f64,
}

/// A kind of working week.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Shift {
    /// Its share of the cleaners.
    pub share: f64,
    /// How many weekdays of Monday to Friday.
    pub weekdays: usize,
    /// The first hour, from so many to so many, both possible.
    pub from: (u8, u8),
    /// The hour of the end, likewise.
    pub to: (u8, u8),
    /// Probability to work on Saturdays, at the same hours.
    pub saturday: f64,
    /// Probability to work on Sundays.
    pub sunday: f64,
}

/// The whole market.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Constants {
    /// Latitude and longitude of the centre.
    pub centre: Range,
    /// Everything lies within so many degrees of it, in latitude and in longitude.
    pub reach_deg: f64,
    /// Standard deviation of the clients' properties around the centre, degrees.
    pub property_sd_deg: f64,
    /// The same of the cleaners.
    pub cleaner_sd_deg: f64,
    /// Local time minus UTC in minutes.
    pub utc_offset_minutes: i32,
    /// The first moment: 2024-06-01 00:00 local time.
    pub start: Timestamp,
    /// The moment at which the data are seen, 18 months later; nothing in them is later, but for scheduled work.
    pub now: Timestamp,
    /// The tiers of cleaners.
    pub tiers: [TierConstants; 4],
    /// The budget tiers of clients.
    pub choices: [Choice; 3],
    /// The kinds of property.
    pub properties: [Property; 4],
    /// The satisfaction of clients.
    pub satisfaction: Satisfaction,
    /// Utility of a bid within [`early_hours`](Self::early_hours) of posting.
    pub early_bonus: f64,
    /// What counts as early.
    pub early_hours: i64,
    /// Bids come within so many hours.
    pub bid_hours: f64,
    /// A bid divided by rate x duration x size factor.
    pub bid_noise: Range,
    /// Slope of the size factor: 1 + slope * ln(m2 / 80), within [`size_bounds`](Self::size_bounds).
    pub size_slope: f64,
    /// Bounds of the size factor.
    pub size_bounds: Range,
    /// A cleaner so many kilometres away bids 1/e times as often as one next door.
    pub near_km: f64,
    /// How much less a cleaner without eco-friendly products bids on a job that asks for them.
    pub not_eco: f64,
    /// Share of the jobs that ask for eco-friendly products.
    pub eco_jobs: f64,
    /// Share of the cleaners that have them.
    pub eco_cleaners: f64,
    /// When cleaners work.
    pub shifts: [Shift; 4],
    /// Share of the jobs, the last ones, that are still open.
    pub open_share: f64,
    /// The platform's share of a payment.
    pub platform_fee: f64,
}

const fn tier(tier: Tier, share: f64, base: Range, hourly_rate: Range, reliability: Range) -> TierConstants {
    let (on_time, photos, quickness) = match tier {
        Tier::Premium => ((0.92, 0.99), (0.70, 0.98), 3.5),
        Tier::Experienced => ((0.86, 0.96), (0.50, 0.90), 3.0),
        Tier::Average => ((0.78, 0.92), (0.25, 0.75), 2.5),
        Tier::Budget => ((0.65, 0.88), (0.05, 0.50), 2.0),
    };
    TierConstants { tier, share, base, hourly_rate, reliability, on_time, photos, quickness }
}

const fn property(name: &'static str, share: f64, median_m2: f64, bounds_m2: Range, m2_per_hour: f64) -> Property {
    Property { name, share, median_m2, log_sd: 0.35, bounds_m2, m2_per_hour }
}

const fn shift(share: f64, weekdays: usize, from: (u8, u8), to: (u8, u8), saturday: f64, sunday: f64) -> Shift {
    Shift { share, weekdays, from, to, saturday, sunday }
}

const START: Timestamp = 1_717_192_800;

/// The market of Athens.
pub const ATHENS: Constants = Constants {
    centre: (37.9838, 23.7275),
    reach_deg: 0.15,
    property_sd_deg: 0.055,
    cleaner_sd_deg: 0.065,
    utc_offset_minutes: 120,
    start: START,
    now: START + 548 * DAY,
    tiers: [
        tier(Tier::Premium, 0.15, (9.0, 10.0), (25.0, 35.0), (0.90, 0.98)),
        tier(Tier::Experienced, 0.30, (7.0, 9.0), (18.0, 25.0), (0.87, 0.95)),
        tier(Tier::Average, 0.40, (6.0, 8.0), (12.0, 18.0), (0.84, 0.92)),
        tier(Tier::Budget, 0.15, (5.0, 7.0), (8.0, 12.0), (0.76, 0.88)),
    ],
    choices: [
        Choice {
            tier: BudgetTier::High,
            share: 0.25,
            satisfaction: 2.0,
            price: 0.2,
            value: 0.4,
            states_budget: 0.3,
            budget: 1.4,
        },
        Choice {
            tier: BudgetTier::Medium,
            share: 0.45,
            satisfaction: 1.3,
            price: 1.0,
            value: 0.8,
            states_budget: 0.5,
            budget: 1.1,
        },
        Choice {
            tier: BudgetTier::Low,
            share: 0.30,
            satisfaction: 0.7,
            price: 3.0,
            value: 1.2,
            states_budget: 0.8,
            budget: 0.9,
        },
    ],
    properties: [
        property("apartment", 0.55, 75.0, (30.0, 200.0), 28.0),
        property("house", 0.20, 140.0, (60.0, 400.0), 32.0),
        property("office", 0.15, 120.0, (30.0, 600.0), 45.0),
        property("short_term_rental", 0.10, 50.0, (20.0, 130.0), 25.0),
    ],
    satisfaction: Satisfaction {
        strength_sd: 0.5,
        taste_sd: 1.0,
        leniency_sd: 0.15,
        speciality: 0.3,
        other_type: -0.1,
        per_km: 0.05,
        recentring: 0.35,
        noise_sd: 0.5,
    },
    early_bonus: 0.5,
    early_hours: 6,
    bid_hours: 36.0,
    bid_noise: (0.90, 1.15),
    size_slope: 0.10,
    size_bounds: (0.90, 1.20),
    near_km: 6.0,
    not_eco: 0.25,
    eco_jobs: 0.25,
    eco_cleaners: 0.50,
    shifts: [
        shift(0.60, 5, (7, 9), (16, 19), 0.30, 0.05),
        shift(0.15, 3, (8, 9), (13, 15), 0.10, 0.00),
        shift(0.15, 5, (12, 15), (20, 22), 0.40, 0.10),
        shift(0.10, 2, (8, 10), (18, 21), 1.00, 0.80),
    ],
    open_share: 0.01,
    platform_fee: 0.15,
};

impl Constants {
    /// What the tier of a cleaner means.
    pub fn tier(&self, tier: Tier) -> &TierConstants {
        &self.tiers[tier as usize]
    }

    /// What the budget tier of a client means.
    pub fn choice(&self, tier: BudgetTier) -> &Choice {
        &self.choices[tier as usize]
    }

    /// How much more than by its hours a large job costs.
    pub fn size_factor(&self, size_m2: f64) -> f64 {
        let factor = 1.0 + self.size_slope * libm::log(size_m2 / 80.0);
        factor.clamp(self.size_bounds.0, self.size_bounds.1)
    }

    /// What the market asks for a job: hours x size factor x mean rate over the tiers.
    pub fn market_price(&self, duration_h: f64, size_m2: f64) -> f64 {
        let mean = |tier: &TierConstants| tier.share * (tier.hourly_rate.0 + tier.hourly_rate.1) / 2.0;
        duration_h * self.size_factor(size_m2) * self.tiers.iter().map(mean).sum::<f64>()
    }
}

impl Tier {
    /// Its name in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Premium => "premium",
            Self::Experienced => "experienced",
            Self::Average => "average",
            Self::Budget => "budget",
        }
    }
}

impl BudgetTier {
    /// Its name in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}
