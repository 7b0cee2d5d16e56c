//! The rows that a model learns from, by user and by item.

use crate::native::interactions::{Categories, Interaction, Interactions, Scale};

/// The training rows of a table.
#[derive(Debug, Clone)]
pub struct Training {
    rows: Vec<Interaction>,
    users: Lists,
    items: Lists,
    categories: Vec<Vec<u16>>,
    category_count: usize,
    relevant: f32,
    scale: Scale,
}

/// (index of the other side, rating), list after list.
#[derive(Debug, Clone)]
struct Lists {
    starts: Vec<usize>,
    entries: Vec<(u32, f32)>,
}

impl Lists {
    /// The entries of each of `n` lists keep the order of the rows.
    fn new(n: usize, rows: &[Interaction], key: impl Fn(&Interaction) -> (u32, u32)) -> Self {
        let mut starts = vec![0; n + 1];
        rows.iter().for_each(|row| starts[key(row).0 as usize + 1] += 1);
        (0..n).for_each(|at| starts[at + 1] += starts[at]);
        let mut next = starts.clone();
        let mut entries = vec![(0, 0.0); rows.len()];
        for row in rows {
            let (list, other) = key(row);
            entries[next[list as usize]] = (other, row.value);
            next[list as usize] += 1;
        }
        Self { starts, entries }
    }

    fn of(&self, list: usize) -> &[(u32, f32)] {
        if list + 1 < self.starts.len() { &self.entries[self.starts[list]..self.starts[list + 1]] } else { &[] }
    }

    fn len(&self) -> usize {
        self.starts.len() - 1
    }
}

impl Training {
    /// The rows of `interactions` whose indices are in `train`; others are not looked at. A rating of `relevant` or more says
    /// that the user liked the item. `categories` are of all rows of the table, if there are any.
    pub fn new(interactions: &Interactions, train: &[usize], relevant: f32, categories: Option<&Categories>) -> Self {
        let rows: Vec<Interaction> = train.iter().filter_map(|at| interactions.rows.get(*at)).copied().collect();
        let of_row = |at: &usize| categories.and_then(|all| all.of_rows.get(*at)).cloned().unwrap_or_default();
        Self {
            users: Lists::new(interactions.users.len(), &rows, |row| (row.user, row.item)),
            items: Lists::new(interactions.items.len(), &rows, |row| (row.item, row.user)),
            categories: train.iter().filter(|at| **at < interactions.rows.len()).map(of_row).collect(),
            category_count: categories.map_or(0, |all| all.names.len()),
            rows,
            relevant,
            scale: interactions.scale,
        }
    }

    /// The rows, in the order of `train`.
    pub fn rows(&self) -> &[Interaction] {
        &self.rows
    }

    /// How many users there are, those without a training row included.
    pub fn users(&self) -> usize {
        self.users.len()
    }

    /// How many items there are, those without a training row included.
    pub fn items(&self) -> usize {
        self.items.len()
    }

    /// (item, rating) of one user, in the order of the rows.
    pub fn of_user(&self, user: u32) -> &[(u32, f32)] {
        self.users.of(user as usize)
    }

    /// (user, rating) of one item, in the order of the rows.
    pub fn of_item(&self, item: u32) -> &[(u32, f32)] {
        self.items.of(item as usize)
    }

    /// The mean rating; 0 without a row.
    pub fn mean(&self) -> f64 {
        let sum: f64 = self.rows.iter().map(|row| f64::from(row.value)).sum();
        sum / self.rows.len().max(1) as f64
    }

    /// The scale of the ratings.
    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// Whether a rating says that the user liked the item.
    pub fn is_relevant(&self, value: f32) -> bool {
        value >= self.relevant
    }

    /// The items that each user rated, whatever the rating, each once and in ascending order.
    pub fn rated_items(&self) -> Vec<Vec<u32>> {
        self.items_where(|_| true)
    }

    /// The items that each user liked, each once and in ascending order.
    pub fn liked_items(&self) -> Vec<Vec<u32>> {
        self.items_where(|value| self.is_relevant(value))
    }

    fn items_where(&self, wanted: impl Fn(f32) -> bool) -> Vec<Vec<u32>> {
        let of = |user| {
            let entries = self.users.of(user).iter().filter(|(_, value)| wanted(*value));
            let mut items: Vec<u32> = entries.map(|(item, _)| *item).collect();
            items.sort_unstable();
            items.dedup();
            items
        };
        (0..self.users()).map(of).collect()
    }

    /// How many categories there are; 0 = nobody knows any.
    pub fn category_count(&self) -> usize {
        self.category_count
    }

    /// The categories of each row, in the order of [`rows`](Self::rows).
    pub fn categories(&self) -> &[Vec<u16>] {
        &self.categories
    }
}
