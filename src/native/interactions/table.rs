//! The table itself, and the checks that every way into it goes through.

use std::collections::HashMap;

use super::{InteractionError, Line};
use crate::domain::{Timestamp, Vocabulary};

/// One rating.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interaction {
    /// Index of the user.
    pub user: u32,
    /// Index of the item.
    pub item: u32,
    /// The rating, finite and inside the table's [`Scale`].
    pub value: f32,
    /// When; 0 in a table that is not [`timed`](Interactions::timed).
    pub at: Timestamp,
}

/// The least and the highest rating that there can be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// The least.
    pub low: f32,
    /// The highest.
    pub high: f32,
}

/// Ratings with the ids that they are between. A user may rate an item more than once, at different times.
#[derive(Debug, Clone, PartialEq)]
pub struct Interactions {
    /// The users, in order of their first row.
    pub users: Vocabulary,
    /// The items, in order of their first row.
    pub items: Vocabulary,
    /// The ratings, in the order of their source.
    pub rows: Vec<Interaction>,
    /// The scale that was stated, or else the least and highest rating of all rows.
    pub scale: Scale,
    /// Whether the source has times. Without them nothing can be split by time.
    pub timed: bool,
}

/// Takes rows with ids as strings, and refuses those that cannot be.
#[derive(Debug)]
pub struct Builder {
    users: Vocabulary,
    items: Vocabulary,
    rows: Vec<Interaction>,
    scale: Option<Scale>,
    timed: bool,
    seen: HashMap<(u32, u32, Timestamp), Line>,
}

impl Builder {
    /// A table without rows; with a scale, ratings outside it are refused.
    pub fn new(scale: Option<Scale>) -> Self {
        let (users, items) = (Vocabulary::default(), Vocabulary::default());
        Self { users, items, rows: Vec::new(), scale, timed: true, seen: HashMap::new() }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Adds a rating that stands at `line`; `at` is `None` where the source has no times.
    ///
    /// # Errors
    /// [`InteractionError::EmptyId`], [`NotFinite`](InteractionError::NotFinite),
    /// [`OutOfRange`](InteractionError::OutOfRange), [`Duplicate`](InteractionError::Duplicate).
    pub fn add(
        &mut self,
        line: &Line,
        user: &str,
        item: &str,
        value: f32,
        at: Option<Timestamp>,
    ) -> Result<(), InteractionError> {
        if let Some((column, _)) = [("user", user), ("item", item)].iter().find(|(_, id)| id.is_empty()) {
            return Err(InteractionError::EmptyId { line: line.clone(), column });
        }
        if !value.is_finite() {
            return Err(InteractionError::NotFinite { line: line.clone(), value });
        }
        if let Some(scale) = self.scale.filter(|scale| !(scale.low..=scale.high).contains(&value)) {
            return Err(InteractionError::OutOfRange { line: line.clone(), value, low: scale.low, high: scale.high });
        }
        let key = (self.users.insert(user), self.items.insert(item), at.unwrap_or(0));
        if let Some(first) = self.seen.get(&key) {
            let (user, item) = (user.to_owned(), item.to_owned());
            return Err(InteractionError::Duplicate { line: line.clone(), user, item, first: first.clone() });
        }
        self.seen.insert(key, line.clone());
        self.timed &= at.is_some();
        self.rows.push(Interaction { user: key.0, item: key.1, value, at: key.2 });
        Ok(())
    }

    /// The table.
    pub fn finish(self) -> Interactions {
        let least = |a: f32, row: &Interaction| a.min(row.value);
        let most = |a: f32, row: &Interaction| a.max(row.value);
        let (low, high) = (self.rows.iter().fold(f32::MAX, least), self.rows.iter().fold(f32::MIN, most));
        let observed = if self.rows.is_empty() { Scale { low: 0.0, high: 0.0 } } else { Scale { low, high } };
        let scale = self.scale.unwrap_or(observed);
        Interactions { users: self.users, items: self.items, rows: self.rows, scale, timed: self.timed }
    }
}
