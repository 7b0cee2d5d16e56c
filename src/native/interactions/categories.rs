//! Kinds that ratings are of: the genres of a film, the property type of a job.

use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, Trim};

use super::{InteractionError, Interactions, Line};
use crate::domain::Vocabulary;

/// The genres of MovieLens' `u.item` in the order of its flags (`u.genre`).
const MOVIELENS_GENRES: [&str; 19] = [
    "unknown",
    "Action",
    "Adventure",
    "Animation",
    "Children's",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
];
/// Fields of a line of `u.item` before its flags.
const BEFORE_FLAGS: usize = 5;

/// The categories of the rows of a table. A row may be of several, or of none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Categories {
    /// The names; a category is an index into them.
    pub names: Vec<String>,
    /// Per row of the table.
    pub of_rows: Vec<Vec<u16>>,
}

/// The categories of items.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ItemCategories {
    names: Vec<String>,
    items: Vocabulary,
    of_items: Vec<Vec<u16>>,
}

impl ItemCategories {
    /// Reads MovieLens' `u.item` (fields between `|`, the last 19 being flags; Latin-1), or a CSV file (`.csv`) with the
    /// columns `item` and `categories`, the categories between `|`.
    ///
    /// # Errors
    /// With file, line and column; see [`InteractionError`].
    pub fn read(path: &Path) -> Result<Self, InteractionError> {
        let read = std::fs::read(path).map_err(|source| InteractionError::Read { path: path.to_owned(), source })?;
        // Latin-1: a byte is a character. In CSV, which is UTF-8, the names would be wrong otherwise.
        let is_csv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
        let text = match String::from_utf8(read) {
            Ok(text) => text,
            Err(error) if is_csv => {
                let source = std::io::Error::new(std::io::ErrorKind::InvalidData, error.utf8_error());
                return Err(InteractionError::Read { path: path.to_owned(), source });
            }
            Err(error) => error.into_bytes().into_iter().map(char::from).collect(),
        };
        let found = if is_csv { Self::of_csv(path, &text)? } else { Self::of_movielens(path, &text)? };
        if found.items.is_empty() { Err(InteractionError::Empty { path: PathBuf::from(path) }) } else { Ok(found) }
    }

    fn of_movielens(path: &Path, text: &str) -> Result<Self, InteractionError> {
        let names = MOVIELENS_GENRES.map(str::to_owned).to_vec();
        let mut all = Self { names, ..Self::default() };
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.is_empty()) {
            let line_of = Line { path: path.into(), number };
            let fields: Vec<&str> = line.split('|').collect();
            let expected = BEFORE_FLAGS + MOVIELENS_GENRES.len();
            if fields.len() != expected {
                return Err(InteractionError::Fields { line: line_of, found: fields.len(), expected });
            }
            let flags = (0u16..).zip(&fields[BEFORE_FLAGS..]);
            let of = flags.filter(|(_, flag)| **flag == "1").map(|(category, _)| category).collect();
            all.add(line_of, fields[0], of)?;
        }
        Ok(all)
    }

    fn of_csv(path: &Path, text: &str) -> Result<Self, InteractionError> {
        let failed = |error: csv::Error| InteractionError::Read { path: PathBuf::from(path), source: error.into() };
        let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(text.as_bytes());
        let header = reader.headers().map_err(failed)?.clone();
        let place = |name: &str| {
            let found = header.iter().collect::<Vec<_>>().join(", ");
            let missing = InteractionError::MissingColumn { path: path.to_owned(), column: name.to_owned(), found };
            header.iter().position(|field| field == name).ok_or(missing)
        };
        let (item, categories) = (place("item")?, place("categories")?);
        let mut all = Self::default();
        let mut names = Vocabulary::default();
        for record in reader.records() {
            let record = record.map_err(failed)?;
            let line = Line { path: path.into(), number: record.position().map_or(0, csv::Position::line) };
            let listed = record.get(categories).unwrap_or_default().split('|').map(str::trim);
            let mut of: Vec<u16> =
                listed.filter(|name| !name.is_empty()).map(|name| names.insert(name) as u16).collect();
            of.sort_unstable();
            of.dedup();
            all.add(line, record.get(item).unwrap_or_default(), of)?;
        }
        all.names = names.ids().to_vec();
        Ok(all)
    }

    fn add(&mut self, line: Line, item: &str, of: Vec<u16>) -> Result<(), InteractionError> {
        if item.is_empty() {
            return Err(InteractionError::EmptyId { line, column: "item" });
        }
        if self.items.insert(item) as usize != self.of_items.len() {
            return Err(InteractionError::DuplicateItem { line, item: item.to_owned() });
        }
        self.of_items.push(of);
        Ok(())
    }

    /// The categories of every row of a table: those of its item. An item that is not listed is of none.
    pub fn of_rows(&self, interactions: &Interactions) -> Categories {
        let of = |id: &String| self.items.get(id).map(|at| self.of_items[at as usize].clone()).unwrap_or_default();
        let by_item: Vec<Vec<u16>> = interactions.items.ids().iter().map(of).collect();
        let of_rows = interactions.rows.iter().map(|row| by_item[row.item as usize].clone()).collect();
        Categories { names: self.names.clone(), of_rows }
    }
}
