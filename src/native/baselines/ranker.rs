//! What every baseline can be asked.

/// A fitted model that scores every item for a user.
///
/// A score that is not a number means "no score", and stands after every number. Scores of one user compare with one another,
/// not with another user's; those of a model that [predicts ratings](Self::predicts_ratings) are ratings.
pub trait Ranker: Send + Sync {
    /// The name of the model, as on the command line.
    fn name(&self) -> &'static str;

    /// One score per item into `out`, whose length is the number of items. `None` or an index beyond the table is a user of
    /// whom nothing is known; each model says what they are answered.
    fn scores(&self, user: Option<u32>, out: &mut [f32]);

    /// The same where something of a category is asked for. Most models do not care.
    fn scores_in(&self, user: Option<u32>, category: Option<u16>, out: &mut [f32]) {
        let _ = category;
        self.scores(user, out);
    }

    /// Whether scores are ratings, in the unit of the table; they may lie beyond its scale.
    fn predicts_ratings(&self) -> bool {
        false
    }
}
