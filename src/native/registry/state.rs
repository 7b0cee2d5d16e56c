//! Who is what: what the lines of the index add up to.

use serde::{Deserialize, Serialize};

use super::index::Action;

/// What a version is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Added, and has not served everybody yet.
    Challenger,
    /// Serves everybody whom no roll-out takes away.
    Champion,
    /// Has served, or was taken back.
    Archived,
}

impl Stage {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Challenger => "challenger",
            Self::Champion => "champion",
            Self::Archived => "archived",
        }
    }
}

/// A version that the registry knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Known {
    /// The version.
    pub version: String,
    /// SHA-256 of its entry.
    pub entry: String,
    /// What it is.
    pub stage: Stage,
}

/// All versions and their stages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct State {
    /// Name of the models.
    pub name: String,
    /// In the order in which they were added.
    pub versions: Vec<Known>,
    /// Who serves.
    pub champion: Option<String>,
    /// Who is being rolled out, and to how many in a hundred.
    pub rollout: Option<(String, u8)>,
    /// Earlier champions that a rollback would return to, the last one last.
    pub former: Vec<String>,
}

impl State {
    /// The version, if it is known.
    pub fn known(&self, version: &str) -> Option<&Known> {
        self.versions.iter().find(|known| known.version == version)
    }

    /// The champion before this one.
    pub fn previous(&self) -> Option<&str> {
        self.former.last().map(String::as_str)
    }

    /// What is after a step; `Err` says why it cannot follow on what was before.
    pub(super) fn apply(&mut self, action: &Action) -> Result<(), String> {
        match action {
            Action::Create { name } => self.name.clone_from(name),
            Action::Add { version, entry } => {
                if self.known(version).is_some() {
                    return Err(format!("version {version} is added twice"));
                }
                let (version, entry) = (version.clone(), entry.clone());
                self.versions.push(Known { version, entry, stage: Stage::Challenger });
            }
            Action::Promote { version, rollout, .. } => self.roll_out(version, *rollout)?,
            Action::Rollout { version, percent } => self.roll_out(version, *percent)?,
            Action::Rollback { from, to } => self.roll_back(from, to.as_deref())?,
            Action::Sign { .. } | Action::Rebuild { .. } => {}
        }
        Ok(())
    }

    fn roll_out(&mut self, version: &str, percent: u8) -> Result<(), String> {
        if percent < 100 {
            self.put(version, Stage::Challenger)?;
            self.rollout = Some((version.to_owned(), percent));
            return Ok(());
        }
        self.put(version, Stage::Champion)?;
        self.rollout = None;
        // Promoting somebody who has served before takes them out of the way back.
        self.former.retain(|former| former != version);
        if let Some(old) = self.champion.replace(version.to_owned()).filter(|old| old != version) {
            self.put(&old, Stage::Archived)?;
            self.former.push(old);
        }
        Ok(())
    }

    fn roll_back(&mut self, from: &str, to: Option<&str>) -> Result<(), String> {
        self.put(from, Stage::Archived)?;
        self.rollout = None;
        if self.champion.as_deref() == Some(from) {
            let to = to.ok_or("a champion is taken back without another one")?;
            self.put(to, Stage::Champion)?;
            self.champion = Some(to.to_owned());
            self.former.retain(|former| former != to);
        }
        Ok(())
    }

    fn put(&mut self, version: &str, stage: Stage) -> Result<(), String> {
        let known = self.versions.iter_mut().find(|known| known.version == version);
        known.ok_or_else(|| format!("version {version} was never added"))?.stage = stage;
        Ok(())
    }
}
