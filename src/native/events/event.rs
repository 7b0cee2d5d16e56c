//! One event, as a line of JSON has it.

use serde::Serialize;

/// Version of the schema that is written, and the only one that is read.
pub const SCHEMA: u32 = 1;

/// Something that a page recorded. Ids are texts of the host; scores are 0 to 100; moments are seconds since 1970 in UTC.
///
/// Written by serde, read by [`Event::parse`], which checks every field and keeps every digit.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Version of the schema: [`SCHEMA`].
    pub schema: u32,
    /// Unique id (a UUID): an event with an id that is known is the same event.
    pub id: String,
    /// When.
    pub at: i64,
    /// What.
    #[serde(flatten)]
    pub body: EventBody,
}

/// What happened: the records of seed 001, and what became of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum EventBody {
    /// A cleaner was shown to a client for a job.
    CleanerRecommendation {
        /// How it was made.
        #[serde(flatten)]
        served: Served,
        /// How the cleaner fits the job.
        breakdown: CleanerFit,
    },
    /// A job was shown to a cleaner.
    JobRecommendation {
        /// How it was made.
        #[serde(flatten)]
        served: Served,
        /// How the job fits the cleaner.
        breakdown: JobFit,
    },
    /// A bid was suggested to a cleaner.
    BidSuggestion {
        /// How it was made; `score` is the win probability at the optimal amount in percent.
        #[serde(flatten)]
        served: Served,
        /// What was suggested.
        amounts: Amounts,
        /// What it rests on.
        inputs: BidInputs,
    },
    /// What somebody thought of a recommendation.
    Feedback {
        /// Id of the event that recorded the recommendation.
        recommendation_id: String,
        /// What.
        kind: FeedbackKind,
        /// In their own words.
        #[serde(skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    },
    /// What became of a recommendation.
    Outcome {
        /// Id of the event that recorded the recommendation.
        recommendation_id: String,
        /// What.
        outcome: OutcomeKind,
        /// The amount of a bid, or a rating on the market's scale.
        #[serde(skip_serializing_if = "Option::is_none")]
        value: Option<f64>,
    },
}

impl EventBody {
    /// What the field `type` says.
    pub fn kind(&self) -> Kind {
        match self {
            Self::CleanerRecommendation { .. } => Kind::CleanerRecommendation,
            Self::JobRecommendation { .. } => Kind::JobRecommendation,
            Self::BidSuggestion { .. } => Kind::BidSuggestion,
            Self::Feedback { .. } => Kind::Feedback,
            Self::Outcome { .. } => Kind::Outcome,
        }
    }

    /// What a recommendation of any kind has.
    pub fn served(&self) -> Option<&Served> {
        match self {
            Self::CleanerRecommendation { served, .. }
            | Self::JobRecommendation { served, .. }
            | Self::BidSuggestion { served, .. } => Some(served),
            Self::Feedback { .. } | Self::Outcome { .. } => None,
        }
    }

    /// The recommendation that feedback and outcomes are about.
    pub fn recommendation_id(&self) -> Option<&str> {
        match self {
            Self::Feedback { recommendation_id, .. } | Self::Outcome { recommendation_id, .. } => {
                Some(recommendation_id)
            }
            _ => None,
        }
    }
}

/// The types of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// [`EventBody::CleanerRecommendation`].
    CleanerRecommendation,
    /// [`EventBody::JobRecommendation`].
    JobRecommendation,
    /// [`EventBody::BidSuggestion`].
    BidSuggestion,
    /// [`EventBody::Feedback`].
    Feedback,
    /// [`EventBody::Outcome`].
    Outcome,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::CleanerRecommendation, Self::JobRecommendation, Self::BidSuggestion, Self::Feedback, Self::Outcome];

    /// Its name in the field `type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::CleanerRecommendation => "cleaner_recommendation",
            Self::JobRecommendation => "job_recommendation",
            Self::BidSuggestion => "bid_suggestion",
            Self::Feedback => "feedback",
            Self::Outcome => "outcome",
        }
    }
}

/// A recommendation as it was served.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Served {
    /// One per answer: the recommendations of one list share it.
    pub request_id: String,
    /// The job.
    pub job_id: String,
    /// The cleaner.
    pub cleaner_id: String,
    /// The client, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The score that made the order: 0 to 100, and up to 100 points more or less where the house boosts.
    pub score: f64,
    /// Place in its list, from 1.
    pub rank: u32,
    /// The rule score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_score: Option<f64>,
    /// The model's score: the rating that is expected, in percent of the scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub neural_score: Option<f64>,
    /// Interval of the model's score at `interval_level`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<(f64, f64)>,
    /// The share of outcomes that such an interval is to hold, 0.5 to 0.99.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_level: Option<f64>,
    /// Price asked or expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<f64>,
    /// Kilometres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_km: Option<f64>,
    /// Probability with which the policy that served shows this one at this place; `None` = it does not explore (1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propensity: Option<f64>,
    /// The mode that made the ranking: `rules`, `neural` or `ensemble`.
    pub mode: String,
    /// The model, if one scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRef>,
    /// The experiment that this was served in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub experiment: Option<String>,
    /// The variant of that experiment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// What the variant was assigned to: usually the client or the cleaner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_id: Option<String>,
    /// Segment for reports, e.g. the property type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
}

/// A model by name and version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelRef {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
}

/// How a cleaner fits a job, each 0 to 100; `None` = unknown.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct CleanerFit {
    /// What clients thought of the work.
    pub quality: Option<f64>,
    /// Nearness.
    pub location: Option<f64>,
    /// Experience with this kind of job.
    pub specialisation: Option<f64>,
    /// Price level.
    pub pricing: Option<f64>,
    /// Recent work.
    pub availability: Option<f64>,
    /// Jobs completed, on time, with photos.
    pub reliability: Option<f64>,
}

/// How a job fits a cleaner, each 0 to 100; `None` = unknown.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct JobFit {
    /// How satisfied the client is expected to be.
    pub quality: Option<f64>,
    /// Nearness.
    pub location: Option<f64>,
    /// Experience with this kind of job.
    pub specialisation: Option<f64>,
    /// What the job pays.
    pub pricing: Option<f64>,
    /// Whether it falls into the working hours.
    pub availability: Option<f64>,
}

/// Three amounts in the market's currency, ascending.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Amounts {
    /// The lowest that makes sense.
    pub min: f64,
    /// The suggestion.
    pub optimal: f64,
    /// The highest.
    pub max: f64,
}

/// What a bid suggestion rests on.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BidInputs {
    /// What the client means to spend.
    pub client_budget: Option<f64>,
    /// What the market asks for such a job.
    pub market_average: Option<f64>,
    /// What this cleaner usually asks for it.
    pub cleaner_average: Option<f64>,
    /// Share of the cleaner's bids that won, 0 to 1.
    pub win_rate: Option<f64>,
    /// Bids so far.
    pub bid_count: u32,
    /// The lowest of them.
    pub lowest_bid: Option<f64>,
}

/// What somebody thought of a recommendation (seed 001).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedbackKind {
    /// It helped.
    Helpful,
    /// It has nothing to do with the job.
    NotRelevant,
    /// It costs too much.
    TooExpensive,
    /// It is too far away.
    TooFar,
    /// It is the wrong kind of work.
    WrongSpecialty,
    /// Something else.
    Other,
}

impl FeedbackKind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Helpful, Self::NotRelevant, Self::TooExpensive, Self::TooFar, Self::WrongSpecialty, Self::Other];

    /// Its name in the field `kind`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Helpful => "helpful",
            Self::NotRelevant => "not_relevant",
            Self::TooExpensive => "too_expensive",
            Self::TooFar => "too_far",
            Self::WrongSpecialty => "wrong_specialty",
            Self::Other => "other",
        }
    }
}

/// What became of a recommendation (seed 001), in the order in which it usually happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// It was looked at.
    Viewed,
    /// The cleaner was contacted.
    Contacted,
    /// The cleaner placed a bid; the value is its amount.
    BidPlaced,
    /// The client accepted it; the value is its amount.
    BidAccepted,
    /// The cleaner was hired.
    Hired,
    /// The job was rated; the value is the rating on the market's scale.
    Rated,
}

impl OutcomeKind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Viewed, Self::Contacted, Self::BidPlaced, Self::BidAccepted, Self::Hired, Self::Rated];

    /// Its name in the field `outcome`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewed => "viewed",
            Self::Contacted => "contacted",
            Self::BidPlaced => "bid_placed",
            Self::BidAccepted => "bid_accepted",
            Self::Hired => "hired",
            Self::Rated => "rated",
        }
    }
}
