//! Which samples are learned from, chosen by and measured on.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::Fractions;

/// How the samples are split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Form", into = "Form")]
pub struct SplitConfig {
    /// What decides.
    pub kind: SplitKind,
    /// Share to learn from; the shares say nothing where [`SplitKind::has_shares`] is false.
    pub train: f64,
    /// Share to choose the epoch by.
    pub validation: f64,
    /// Share to measure on; the three add up to 1.
    pub test: f64,
    /// The lists of `files`.
    pub lists: Option<SplitLists>,
}

/// What decides in which part a sample is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SplitKind {
    /// The time of the job: learn from the past, measure on what came after.
    #[default]
    Temporal,
    /// The time of the job, for every client apart.
    UserTemporal,
    /// Every client's last job is measured on, the one before it is chosen by.
    LeaveLastOut,
    /// Chance.
    Random,
    /// Three given lists of jobs.
    Files,
}

/// Files with one job id a line; in a recipe they are relative to its folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitLists {
    /// Jobs to learn from.
    pub train: PathBuf,
    /// Jobs to choose the epoch by.
    pub validation: PathBuf,
    /// Jobs to measure on.
    pub test: PathBuf,
}

impl SplitKind {
    /// Its name in a recipe.
    pub fn name(self) -> &'static str {
        match self {
            Self::Temporal => "temporal",
            Self::UserTemporal => "user_temporal",
            Self::LeaveLastOut => "leave_last_out",
            Self::Random => "random",
            Self::Files => "files",
        }
    }

    /// Whether it is a matter of shares.
    pub fn has_shares(self) -> bool {
        matches!(self, Self::Temporal | Self::UserTemporal | Self::Random)
    }
}

impl Default for SplitConfig {
    fn default() -> Self {
        Self { kind: SplitKind::Temporal, train: 0.7, validation: 0.1, test: 0.2, lists: None }
    }
}

impl SplitConfig {
    /// The shares as [`temporal_split`](crate::domain::temporal_split) takes them.
    pub fn fractions(&self) -> Fractions {
        Fractions { train: self.train, validation: self.validation }
    }
}

/// As it stands in a recipe.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "SplitConfig")]
struct Form {
    /// `temporal` (the default), `user_temporal`, `leave_last_out`, `random` or `files`.
    kind: SplitKind,
    /// Share to learn from, where there are shares; default 0.7.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    train: Option<f64>,
    /// Share to choose the epoch by; default 0.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    validation: Option<f64>,
    /// Share to measure on; the three add up to 1; default 0.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    test: Option<f64>,
    /// `files`: the lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    lists: Option<SplitLists>,
}

impl TryFrom<Form> for SplitConfig {
    type Error = String;

    fn try_from(form: Form) -> Result<Self, String> {
        let Form { kind, train, validation, test, lists } = form;
        let name = kind.name();
        if let (false, Some(_)) = (kind.has_shares(), train.or(validation).or(test)) {
            return Err(format!("split.kind = \"{name}\" has no shares: leave out split.train, validation and test"));
        }
        if lists.is_some() != (kind == SplitKind::Files) {
            return Err(format!("split.lists go with split.kind = \"files\", which needs them; here it is \"{name}\""));
        }
        let shares = Self::default();
        Ok(Self {
            kind,
            train: train.unwrap_or(shares.train),
            validation: validation.unwrap_or(shares.validation),
            test: test.unwrap_or(shares.test),
            lists,
        })
    }
}

impl From<SplitConfig> for Form {
    fn from(config: SplitConfig) -> Self {
        let share = |share: f64| config.kind.has_shares().then_some(share);
        Self {
            kind: config.kind,
            train: share(config.train),
            validation: share(config.validation),
            test: share(config.test),
            lists: config.lists,
        }
    }
}
