//! From challenger to champion and back.

use semver::Version;

use super::gate::{Check, Limits, Verdict, look};
use super::index::Action;
use super::store::Registry;
use super::{RegistryError, parse_version};

/// Shares of a roll-out, in a hundred.
pub const SHARES: [u8; 4] = [10, 25, 50, 100];

/// What became of a version that was to be promoted.
#[derive(Debug, Clone, PartialEq)]
pub struct Promotion {
    /// The version.
    pub version: String,
    /// The champion until then.
    pub replaces: Option<String>,
    /// To how many in a hundred.
    pub rollout: u8,
    /// What the gate looked at.
    pub checks: Vec<Check>,
    /// Whether nothing failed.
    pub passed: bool,
    /// Whether it was done.
    pub done: bool,
}

impl Registry {
    /// Rolls a version out to a share of [`SHARES`], if the gate lets it through or `forced` gives a reason. At 100 it is the champion,
    /// and the old champion is archived. A failed gate is no error: nothing is written then.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`]; [`RegistryError::Stage`] for the champion itself and while another version is rolled out;
    /// [`RegistryError::NoChampion`] for a share below 100 without a champion; [`RegistryError::Content`] for a damaged
    /// version, which no reason lets through.
    pub fn promote(
        &mut self,
        version: &str,
        rollout: u8,
        limits: &Limits,
        forced: Option<&str>,
        at: i64,
    ) -> Result<Promotion, RegistryError> {
        self.check_share(rollout)?;
        let version = self.resolve(version)?;
        let (champion, running) = (self.state().champion.clone(), self.state().rollout.clone());
        if champion.as_deref() == Some(&version) {
            return Err(stage(format!("{version} is the champion already")));
        }
        if let Some((other, percent)) = running.filter(|(other, _)| *other != version) {
            return Err(stage(format!(
                "{other} is being rolled out at {percent} %: finish that or roll it back first"
            )));
        }
        if champion.is_none() && rollout < 100 {
            return Err(RegistryError::NoChampion);
        }
        let checks = look(self, &version, champion.as_deref(), limits)?;
        let passed = checks.iter().all(|check| check.verdict != Verdict::Fail);
        let done = passed || forced.is_some();
        let promotion = Promotion { version, replaces: champion, rollout, checks, passed, done };
        if !done {
            return Ok(promotion);
        }
        self.check_whole(&promotion.version)?;
        let forced = forced.filter(|_| !passed).map(str::to_owned);
        let (version, replaces) = (promotion.version.clone(), promotion.replaces.clone());
        self.append(Action::Promote { version, rollout, replaces, checks: promotion.checks.clone(), forced }, at)?;
        Ok(promotion)
    }

    /// Changes the share of the version that is being rolled out. At 100 it is the champion. Returns the version.
    ///
    /// # Errors
    /// [`RegistryError::Stage`] without a roll-out; [`RegistryError::Content`] for a version that has been damaged since.
    pub fn rollout(&mut self, percent: u8, at: i64) -> Result<String, RegistryError> {
        self.check_share(percent)?;
        let Some((version, _)) = self.state().rollout.clone() else {
            return Err(stage("no version is being rolled out".to_owned()));
        };
        self.check_whole(&version)?;
        self.append(Action::Rollout { version: version.clone(), percent }, at)?;
        Ok(version)
    }

    /// Takes back the last step: a version that is being rolled out, else the champion, for the one before it. Returns who was taken
    /// back and who is the champion now.
    ///
    /// # Errors
    /// [`RegistryError::Stage`] where there is nothing to go back to; [`RegistryError::Content`] where the one to go back to is damaged.
    pub fn rollback(&mut self, at: i64) -> Result<(String, Option<String>), RegistryError> {
        let state = self.state();
        let (from, to) = match (&state.rollout, &state.champion, state.previous()) {
            (Some((version, _)), champion, _) => (version.clone(), champion.clone()),
            (None, Some(champion), Some(previous)) => (champion.clone(), Some(previous.to_owned())),
            (None, _, _) => return Err(stage("there is no earlier champion to go back to".to_owned())),
        };
        if let Some(to) = &to {
            self.check_whole(to)?;
        }
        self.append(Action::Rollback { from: from.clone(), to: to.clone() }, at)?;
        Ok((from, to))
    }

    /// Refuses a version of which a file is missing or damaged.
    pub(super) fn check_whole(&self, version: &str) -> Result<(), RegistryError> {
        let entry = self.entry(version)?;
        entry.files.iter().try_for_each(|file| self.file(version, file).map(drop))
    }

    fn check_share(&self, percent: u8) -> Result<(), RegistryError> {
        if !self.is_locked() {
            return Err(stage("the registry was opened to be read".to_owned()));
        }
        if SHARES.contains(&percent) {
            Ok(())
        } else {
            Err(stage(format!("a share is 10, 25, 50 or 100, not {percent}")))
        }
    }
}

/// Whether one version comes after another; what is no version comes before all.
pub(super) fn is_newer(version: &str, than: &str) -> bool {
    let parsed = |text: &str| -> Option<Version> { parse_version(text).ok() };
    parsed(version) > parsed(than)
}

fn stage(reason: String) -> RegistryError {
    RegistryError::Stage { reason }
}
