//! What most people liked.

use super::{Ranker, Training};

/// Scores an item by how many training ratings say that somebody liked it. The same for everybody, known or not; an item
/// that nobody liked has 0.
#[derive(Debug, Clone)]
pub struct Popularity {
    counts: Vec<f32>,
}

impl Popularity {
    /// Counts the relevant ratings of every item.
    pub fn fit(training: &Training) -> Self {
        let liked = |item| training.of_item(item).iter().filter(|(_, value)| training.is_relevant(*value)).count();
        Self { counts: (0..training.items() as u32).map(|item| liked(item) as f32).collect() }
    }
}

impl Ranker for Popularity {
    fn name(&self) -> &'static str {
        "popularity"
    }

    fn scores(&self, _: Option<u32>, out: &mut [f32]) {
        out.iter_mut().zip(&self.counts).for_each(|(score, count)| *score = *count);
    }
}
