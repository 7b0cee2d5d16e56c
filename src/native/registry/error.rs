//! What can be wrong with a registry, and what to do about it.

use std::path::PathBuf;

use thiserror::Error;

use crate::native::files::FileError;
use crate::native::model_dir::ModelDirError;

/// Why a registry did not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The folder of the model to be added is damaged.
    #[error(transparent)]
    Model(#[from] ModelDirError),
    /// There is no registry.
    #[error("there is no registry in {}", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// A folder with something else in it.
    #[error("{} is no registry, and not empty: it has {found}", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// What is in it.
        found: String,
    },
    /// Another program holds the registry.
    #[error("another program has been writing to {} for {seconds} s", path.display())]
    Busy {
        /// The registry.
        path: PathBuf,
        /// How long was waited.
        seconds: u64,
    },
    /// The index cannot be believed.
    #[error("{}:{line}: {reason}", path.display())]
    Damaged {
        /// The index.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// The index is of a later version.
    #[error("{} has format version {found}, this build reads {}", path.display(), super::index::FORMAT)]
    Format {
        /// The index.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// A text that is no semantic version.
    #[error("{text:?} is no semantic version: {reason}")]
    Version {
        /// The text.
        text: String,
        /// What is wrong.
        reason: String,
    },
    /// A version, or a stage, that nobody has.
    #[error("there is no version {version:?}")]
    Unknown {
        /// What was asked for.
        version: String,
        /// The versions that there are.
        known: Vec<String>,
    },
    /// A version that is there already, with other content.
    #[error("version {version} is there already with another {file}")]
    Exists {
        /// The version.
        version: String,
        /// The first file that differs.
        file: String,
    },
    /// A model of another name.
    #[error("this registry is of {expected:?}, the model is {found:?}")]
    OtherModel {
        /// The name of the registry's models.
        expected: String,
        /// The name of the model.
        found: String,
    },
    /// A file of a version that is missing or not what it was.
    #[error("{}: {file} of version {version} {reason}", path.display())]
    Content {
        /// The version.
        version: String,
        /// Its name in the model's folder.
        file: String,
        /// Where it is kept.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Something that needs a champion.
    #[error("no version is the champion")]
    NoChampion,
    /// A step that the stages do not allow.
    #[error("{reason}")]
    Stage {
        /// Why.
        reason: String,
    },
    /// A file that is no key.
    #[error("{}: {reason}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong; never what is in it.
        reason: String,
    },
    /// A text of a version that cannot be read.
    #[error("{file} of version {version}: {reason}")]
    Text {
        /// The version.
        version: String,
        /// The file.
        file: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl RegistryError {
    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(error) => error.code(),
            Self::Model(error) => error.code(),
            Self::Missing { .. } => "registry.missing",
            Self::Foreign { .. } => "registry.foreign",
            Self::Busy { .. } => "registry.busy",
            Self::Damaged { .. } => "registry.damaged",
            Self::Format { .. } => "registry.format",
            Self::Version { .. } => "registry.version",
            Self::Unknown { .. } => "registry.unknown_version",
            Self::Exists { .. } => "registry.exists",
            Self::OtherModel { .. } => "registry.other_model",
            Self::Content { .. } => "registry.content",
            Self::NoChampion => "registry.no_champion",
            Self::Stage { .. } => "registry.stage",
            Self::Key { .. } => "registry.key",
            Self::Text { .. } => "registry.text",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::File(FileError::Write { .. }) => {
                "make room on the disk and check the permissions; nothing that was there has changed".to_owned()
            }
            Self::File(_) => "check the path and the permissions".to_owned(),
            Self::Model(_) => "give a folder that `tidyrank inspect` finds whole".to_owned(),
            Self::Missing { .. } => "make one with `tidyrank registry add MODEL_DIR`, or name another --registry".to_owned(),
            Self::Foreign { .. } => "name an empty or a new folder with --registry".to_owned(),
            Self::Busy { .. } => "wait for the other program".to_owned(),
            Self::Damaged { .. } => {
                "restore index.jsonl from a copy, or run `tidyrank registry rebuild`: it keeps every line that is whole and takes \
                 the versions from entries/"
                    .to_owned()
            }
            Self::Format { .. } => "use the build that wrote it, or a later one".to_owned(),
            Self::Version { .. } => "versions are like 1.4.0 or 2.0.0-rc.1; see --model-version of `tidyrank train`".to_owned(),
            Self::Unknown { known, .. } if known.is_empty() => "the registry is empty: add a model first".to_owned(),
            Self::Unknown { known, .. } => {
                format!("there are {}, and the words champion, challenger and previous", known.join(", "))
            }
            Self::Exists { .. } => "a version never changes: release the model under a new one".to_owned(),
            Self::OtherModel { .. } => "keep one registry for each model: name another --registry".to_owned(),
            Self::Content { .. } => "add the model's folder again, which writes what is missing or damaged".to_owned(),
            Self::NoChampion => "make one with `tidyrank registry promote VERSION`".to_owned(),
            Self::Stage { .. } => "`tidyrank registry list` shows who is what".to_owned(),
            Self::Key { .. } => "make a pair of keys with `tidyrank registry keygen FILE`".to_owned(),
            Self::Text { .. } => "train or evaluate the model again, under a new version".to_owned(),
        }
    }
}
