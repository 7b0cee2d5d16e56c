//! The split of a recipe on the jobs of a data set, lists of jobs included.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::CliError;
use crate::domain::{Part, Split};
use crate::native::datasets::Dataset;
use crate::native::files;
use crate::native::train::{Recipe, Samples, SplitLists};

/// The parts of the samples. Lists are looked for in `folder`, that of the recipe.
pub(super) fn split_of(recipe: &Recipe, folder: &Path, data: &Dataset, samples: &Samples) -> Result<Split, CliError> {
    match &recipe.split.lists {
        None => Ok(samples.split(&recipe.split, recipe.seed)?),
        Some(lists) => Ok(samples.given_split(&parts(&read(lists, folder)?, data)?)),
    }
}

/// The names that lists have in the folder of a model.
pub(super) fn stored_names() -> SplitLists {
    let name = |part: &str| PathBuf::from(format!("split.{part}.txt"));
    SplitLists { train: name("train"), validation: name("validation"), test: name("test") }
}

/// Names the lists of a recipe as they are named in the folder of a model, and if they are new there copies them.
pub(super) fn store(recipe: &mut Recipe, from: &Path, to: &Path, new: bool) -> Result<(), CliError> {
    let Some(lists) = &recipe.split.lists else { return Ok(()) };
    let names = stored_names();
    if new {
        let lists = read(lists, from)?;
        for ((_, _, text), name) in lists.iter().zip([&names.train, &names.validation, &names.test]) {
            files::write_atomic(&to.join(name), text.as_bytes())?;
        }
    }
    recipe.split.lists = Some(names);
    Ok(())
}

type List = (Part, PathBuf, String);

fn read(lists: &SplitLists, folder: &Path) -> Result<Vec<List>, CliError> {
    let named = [(Part::Train, &lists.train), (Part::Validation, &lists.validation), (Part::Test, &lists.test)];
    let one = |(part, name): (Part, &PathBuf)| {
        let path = folder.join(name);
        let text = String::from_utf8_lossy(&files::read(&path)?).into_owned();
        Ok((part, path, text))
    };
    named.into_iter().map(one).collect()
}

/// The part of every job; a list may name jobs that are no samples.
fn parts(lists: &[List], data: &Dataset) -> Result<Vec<Option<Part>>, CliError> {
    let places: HashMap<&str, usize> = data.jobs.iter().enumerate().map(|(at, job)| (job.id.as_str(), at)).collect();
    let mut parts = vec![None; data.jobs.len()];
    for (part, path, text) in lists {
        for (line, id) in text.lines().enumerate().map(|(at, id)| (at + 1, id.trim())).filter(|(_, id)| !id.is_empty())
        {
            let refuse = |what: &str| {
                let message = format!("{}, line {line}: job {id:?} {what}", path.display());
                CliError::new(
                    "train.split_list",
                    message,
                    "each line is the id of a job of the data set, in one list alone",
                )
            };
            let place = *places.get(id).ok_or_else(|| refuse("is not in the data set"))?;
            if parts[place].is_some() {
                return Err(refuse("was listed before"));
            }
            parts[place] = Some(*part);
        }
    }
    Ok(parts)
}
