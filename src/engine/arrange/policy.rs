//! What a marketplace wants of an order beyond the scores: rules of the house and policies.

#[cfg(feature = "native")]
use serde::{Deserialize, Serialize};

use crate::engine::error::EngineError;

/// Fewer reviews than that make a cleaner new where a request does not say.
pub(super) const NEW_BELOW: u32 = 5;
/// How often a place is given away where a request does not say.
const EPSILON: f64 = 0.1;
/// Policies choose among that many for every place, among so many at least, and so many at most.
const POOL: (usize, usize, usize) = (4, 50, 1000);

/// What is done with one cleaner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "lowercase"))]
pub enum HouseAction {
    /// Given a place.
    Pin,
    /// Given points.
    Boost,
    /// Put behind everybody else.
    Bury,
}

/// A rule of the house.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase", deny_unknown_fields))]
pub struct HouseRule {
    /// For whom; an id that nobody has is ignored.
    pub cleaner_id: String,
    /// What is done.
    pub action: HouseAction,
    /// The place of a pin, from 1; without one the first that is free.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub position: Option<u32>,
    /// The points of a boost, -100 to 100.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub points: Option<f32>,
}

/// Maximal marginal relevance.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase", deny_unknown_fields))]
pub struct Diversity {
    /// 1 = by score alone, 0 = by difference alone.
    pub lambda: f64,
    /// Among how many it chooses.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub pool: Option<u32>,
}

/// The least share of new cleaners.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase", deny_unknown_fields))]
pub struct Exposure {
    /// 0 to 1 of the list.
    pub share: f64,
    /// New = fewer reviews than this; 5 by default.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub below: Option<u32>,
}

/// How places are given away by chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "lowercase"))]
pub enum ExploreMethod {
    /// With probability epsilon to anybody.
    Epsilon,
    /// By a draw from what a score may be.
    Thompson,
}

/// Exploration.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase", deny_unknown_fields))]
pub struct Explore {
    /// By which chance.
    pub method: ExploreMethod,
    /// 0 to 1; 0.1 by default.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub epsilon: Option<f64>,
    /// The same seed, the same list.
    pub seed: i64,
    /// Among how many.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub pool: Option<u32>,
}

impl Explore {
    pub(super) fn epsilon(&self) -> f64 {
        self.epsilon.unwrap_or(EPSILON)
    }
}

/// Everything about an order that is not the scores.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Policy {
    /// Rules of the house.
    pub house: Vec<HouseRule>,
    /// Diversity.
    pub diversity: Option<Diversity>,
    /// Exposure of new cleaners.
    pub exposure: Option<Exposure>,
    /// Exploration.
    pub explore: Option<Explore>,
}

impl Policy {
    /// Whether an order by score is all that is wanted.
    pub(in crate::engine) fn is_none(&self) -> bool {
        self.house.is_empty() && self.diversity.is_none() && self.exposure.is_none() && self.explore.is_none()
    }

    /// # Errors
    /// The field that cannot be used.
    pub(in crate::engine) fn check(&self) -> Result<(), EngineError> {
        let share = |field, value: Option<f64>| match value {
            Some(value) if !(0.0..=1.0).contains(&value) => {
                Err(EngineError::request(field, "it must be a number from 0 to 1"))
            }
            _ => Ok(()),
        };
        share("diversity.lambda", self.diversity.map(|it| it.lambda))?;
        share("exposure.share", self.exposure.map(|it| it.share))?;
        share("explore.epsilon", self.explore.and_then(|it| it.epsilon))?;
        for rule in &self.house {
            if rule.position == Some(0) {
                return Err(EngineError::request("house.position", "it must be a whole number from 1 up"));
            }
            let points = rule.points.unwrap_or(0.0);
            if !(-100.0..=100.0).contains(&points) || rule.action == HouseAction::Boost && rule.points.is_none() {
                return Err(EngineError::request("house.points", "a boost needs a number from -100 to 100"));
            }
        }
        Ok(())
    }

    /// Whether so many reviews are those of a new cleaner.
    pub(in crate::engine) fn is_new(&self, reviews: u32) -> bool {
        reviews < self.exposure.and_then(|it| it.below).unwrap_or(NEW_BELOW)
    }

    /// How many new ones a list of that length needs.
    pub(in crate::engine) fn new_ones(&self, length: usize) -> usize {
        // A share of 0.1 is a little more than a tenth.
        self.exposure.map_or(0, |it| libm::ceil(it.share * length as f64 - 1e-9) as usize)
    }

    /// Among how many of the best policies choose; 0 where none does.
    pub(super) fn window(&self, limit: usize) -> usize {
        let (each, least, most) = POOL;
        if self.diversity.is_none() && self.explore.is_none() {
            return 0;
        }
        let asked = self.diversity.and_then(|it| it.pool).max(self.explore.and_then(|it| it.pool));
        asked.map_or(limit.saturating_mul(each).max(least), |pool| pool as usize).clamp(1, most)
    }

    /// How many of the best by score are needed for a list of that length.
    pub(in crate::engine) fn pool(&self, limit: usize) -> usize {
        limit.max(self.window(limit))
    }

    /// How many are pinned or buried at most: they take no places of the best.
    pub(in crate::engine) fn set_apart(&self) -> usize {
        self.house.iter().filter(|rule| rule.action != HouseAction::Boost).count()
    }
}
