//! What baselines are measured on: queries with their candidates, and ratings to predict.

use std::collections::BTreeMap;

use crate::domain::Split;
use crate::native::baselines::Training;
use crate::native::interactions::{Interaction, Interactions, Scale};

/// One list to rank.
#[derive(Debug, Clone)]
pub(super) struct Query {
    /// For whom.
    pub(super) user: Option<u32>,
    /// The category asked for, where a query has one.
    pub(super) category: Option<u16>,
    /// What the protocol `full` does not rank, in ascending order.
    pub(super) excluded: Vec<u32>,
    /// What the protocol `candidates` ranks.
    pub(super) candidates: Vec<u32>,
    /// What should come first.
    pub(super) relevant: Vec<u32>,
}

/// A rating to predict.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rated {
    /// What is drawn as one by the bootstrap: the user, or the job.
    pub(super) unit: u32,
    /// Who rated.
    pub(super) user: Option<u32>,
    /// What was rated.
    pub(super) item: u32,
    /// The rating.
    pub(super) value: f32,
}

/// Everything that is measured.
#[derive(Debug)]
pub(super) struct Task {
    /// What models learn from.
    pub(super) training: Training,
    /// The lists to rank. Those without anything relevant are left out.
    pub(super) queries: Vec<Query>,
    /// How many were left out because nothing in them is relevant.
    pub(super) nothing_relevant: usize,
    /// The ratings to predict, by unit.
    pub(super) rated: Vec<Rated>,
    /// The scale that predictions are clipped to.
    pub(super) scale: Scale,
}

impl Task {
    /// Every user with a test rating is a query: `full` ranks all items that the user has no training rating of, `candidates`
    /// the user's own test items; relevant are those rated `relevant` or more.
    pub(super) fn of_ratings(interactions: &Interactions, split: &Split, training: Training, relevant: f32) -> Self {
        let mut by_user: BTreeMap<u32, Vec<Interaction>> = BTreeMap::new();
        for row in split.test.iter().filter_map(|at| interactions.rows.get(*at)) {
            by_user.entry(row.user).or_default().push(*row);
        }
        let seen = training.rated_items();
        let mut queries = Vec::new();
        for (user, rows) in &by_user {
            let items = |wanted: &dyn Fn(&Interaction) -> bool| {
                sorted(rows.iter().filter(|row| wanted(row)).map(|row| row.item).collect())
            };
            let excluded = seen.get(*user as usize).cloned().unwrap_or_default();
            let candidates = items(&|_| true);
            let relevant = items(&|row| row.value >= relevant);
            queries.push(Query { user: Some(*user), category: None, excluded, candidates, relevant });
        }
        let rated = by_user.values().flatten().map(|row| Rated {
            unit: row.user,
            user: Some(row.user),
            item: row.item,
            value: row.value,
        });
        let rated = rated.collect();
        Self::new(training, queries, rated, interactions.scale)
    }

    /// Leaves out queries without anything relevant.
    pub(super) fn new(training: Training, mut queries: Vec<Query>, rated: Vec<Rated>, scale: Scale) -> Self {
        let all = queries.len();
        queries.retain(|query| !query.relevant.is_empty());
        let nothing_relevant = all - queries.len();
        Self { training, queries, nothing_relevant, rated, scale }
    }
}

/// In ascending order, each once.
pub(super) fn sorted(mut items: Vec<u32>) -> Vec<u32> {
    items.sort_unstable();
    items.dedup();
    items
}
