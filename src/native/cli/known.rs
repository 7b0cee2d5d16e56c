//! Ids given on the command line, looked up; who gives a wrong one is shown those that look like it.

use super::CliError;
use super::nearest::nearest;
use crate::domain::JobRecord;
use crate::engine::Engine;
use crate::native::datasets::Dataset;

/// The job of that id.
///
/// # Errors
/// `job.unknown`.
pub(super) fn job<'a>(data: &'a Dataset, id: &str) -> Result<&'a JobRecord, CliError> {
    let known = || data.jobs.iter().map(|job| job.id.as_str());
    data.jobs.iter().find(|job| job.id == id).ok_or_else(|| unknown("job.unknown", "job", id, known()))
}

/// The index of the client of that id.
///
/// # Errors
/// `client.unknown`.
pub(super) fn client(data: &Dataset, id: &str) -> Result<u32, CliError> {
    let known = || data.client_ids.ids().iter().map(String::as_str);
    data.client_ids.get(id).ok_or_else(|| unknown("client.unknown", "client", id, known()))
}

/// Makes sure that the engine's catalog has this cleaner.
///
/// # Errors
/// `request.unknown_cleaner`, as the engine would say.
pub(super) fn cleaner(engine: &Engine, id: &str) -> Result<(), CliError> {
    let known = || engine.catalog().cleaners().iter().map(|cleaner| cleaner.id.as_str());
    if known().any(|other| other == id) {
        return Ok(());
    }
    Err(unknown("request.unknown_cleaner", "cleaner", id, known()))
}

fn unknown<'a>(code: &str, what: &str, id: &str, known: impl Iterator<Item = &'a str>) -> CliError {
    let like = nearest(id, known, 3).join(", ");
    CliError::new(code, format!("there is no {what} {id:?}"), format!("ids like it: {like}"))
}
