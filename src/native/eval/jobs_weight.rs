//! The weight of the rules where jobs are ranked for a cleaner, fitted on which jobs cleaners bid on.
//!
//! A bid is a cleaner's choice among the jobs that were open at that moment: a conditional logit as in [`super::ensemble`], without a
//! share of the price. The choice is taken among jobs of one part of the data: in a conditional logit the choice within a subset
//! follows the same weights (independence of irrelevant alternatives), so that no job outside the part is looked at.

use super::ensemble::Choice;
use super::jobs::{JobsHoldout, open};
use crate::domain::Timestamp;
use crate::engine::{CleanerRef, Engine, EngineError, JobItem, JobPosting, JobsRequest, Mode};

/// The bids on the jobs of a part (ascending places) as choices among those of them that were open, with what was known at that
/// moment. Bids without another job to choose, or on a job of a kind that the cleaner does not offer, are left out.
///
/// # Errors
/// What the engine refuses.
pub fn job_choices(
    recorded: &JobsHoldout<'_>,
    part: &[usize],
    engine: &mut Engine,
) -> Result<Vec<Choice>, EngineError> {
    let of = |&at: &usize| recorded.jobs[at].bids.iter().map(move |bid| (bid.placed_at, at, bid.cleaner));
    let mut bids: Vec<(Timestamp, usize, u32)> = part.iter().flat_map(of).collect();
    bids.sort_unstable();
    let mut replay = recorded.history.replay();
    let mut found = Vec::new();
    for (at, job, cleaner) in bids {
        let Some(name) = recorded.names.cleaners.get(cleaner as usize) else { continue };
        let mut among = open(recorded, at, cleaner);
        among.retain(|job| part.binary_search(job).is_ok());
        if among.len() < 2 {
            continue;
        }
        replay.advance_to(at);
        engine.refresh(&mut replay, &[cleaner]);
        let jobs: Vec<JobPosting> = among.iter().map(|job| recorded.posting(*job, at)).collect();
        let request = JobsRequest {
            cleaner: CleanerRef::Known(name.id.clone()),
            jobs,
            limit: Some(u32::MAX),
            mode: Mode::Ensemble,
            rule_weight: None,
            filters: Default::default(),
            level: None,
        };
        let ranking = engine.recommend_jobs(&request)?;
        let taken = ranking.items.iter().position(|item| item.job_id == recorded.jobs[job].id);
        let row = |item: &JobItem| Some([item.rule_score / 100.0, item.neural_score? / 100.0, 0.0]);
        let rows: Option<Vec<[f32; 3]>> = ranking.items.iter().map(row).collect();
        if let Some((rows, hired)) = rows.zip(taken).filter(|(rows, _)| rows.len() > 1) {
            found.push(Choice { rows, hired });
        }
    }
    Ok(found)
}
