//! What differs between two versions.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::figures::Figures;
use super::store::Registry;
use super::{Entry, RegistryError};

const RECIPE: &str = "recipe.toml";

/// One thing that two versions do not have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `recipe`, `metric`, `file` or `size`.
    pub kind: &'static str,
    /// Which one.
    pub name: String,
    /// In the first version; `None` where it has none.
    pub a: Option<String>,
    /// In the second version.
    pub b: Option<String>,
}

impl Registry {
    /// The settings, figures and files in which two versions differ.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`]; [`RegistryError::Content`] and [`RegistryError::Text`] for a version that cannot be read.
    pub fn diff(&self, a: &str, b: &str) -> Result<Vec<Difference>, RegistryError> {
        let (a, b) = (self.entry(&self.resolve(a)?)?, self.entry(&self.resolve(b)?)?);
        let mut differences = rows("recipe", self.recipe(&a)?, self.recipe(&b)?);
        differences.extend(rows("metric", self.metrics(&a)?, self.metrics(&b)?));
        differences.extend(rows("file", sums(&a), sums(&b)));
        differences.extend(rows("size", sizes(&a), sizes(&b)));
        Ok(differences)
    }

    /// The settings of a version's training by name.
    fn recipe(&self, entry: &Entry) -> Result<BTreeMap<String, String>, RegistryError> {
        let mut settings = BTreeMap::new();
        let Some(file) = entry.file(RECIPE) else { return Ok(settings) };
        let bytes = self.file(&entry.version, file)?;
        let refuse = |reason: String| RegistryError::Text { version: entry.version.clone(), file: RECIPE, reason };
        let text = std::str::from_utf8(&bytes).map_err(|error| refuse(error.to_string()))?;
        let recipe: Value = toml::from_str(text).map_err(|error| refuse(error.message().to_owned()))?;
        flatten("", &recipe, &mut settings);
        Ok(settings)
    }

    fn metrics(&self, entry: &Entry) -> Result<BTreeMap<String, String>, RegistryError> {
        let figures = Figures::of(self, entry)?;
        let text = |name: &str, value: f64| (name.to_owned(), format!("{value:.6}"));
        // The rest of metrics.json are the same figures by other scorers, segments and levels.
        let main = |name: &str| !name.contains('[') && !name.contains(".fp32.") && !name.contains(".ceiling.");
        Ok(figures.iter().filter(|one| main(&one.name)).map(|one| text(&one.name, one.value)).collect())
    }
}

fn sums(entry: &Entry) -> BTreeMap<String, String> {
    entry.files.iter().map(|file| (file.path.clone(), file.sha256.clone())).collect()
}

fn sizes(entry: &Entry) -> BTreeMap<String, String> {
    entry.files.iter().map(|file| (file.path.clone(), file.size.to_string())).collect()
}

fn flatten(at: &str, value: &Value, settings: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                flatten(&name, value, settings);
            }
        }
        value => {
            settings.insert(at.to_owned(), value.to_string());
        }
    }
}

fn rows(kind: &'static str, a: BTreeMap<String, String>, mut b: BTreeMap<String, String>) -> Vec<Difference> {
    let mut rows = Vec::new();
    for (name, ours) in a {
        let theirs = b.remove(&name);
        if theirs.as_ref() != Some(&ours) {
            rows.push(Difference { kind, name, a: Some(ours), b: theirs });
        }
    }
    rows.extend(b.into_iter().map(|(name, theirs)| Difference { kind, name, a: None, b: Some(theirs) }));
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    rows
}
