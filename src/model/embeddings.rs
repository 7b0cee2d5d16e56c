//! Rows of an embedding table by id.

use crate::artifact::json::quoted_list;
use crate::artifact::text::{Quoted, text};
use crate::artifact::{ArtifactError, Tensors};
use crate::domain::Vocabulary;
use crate::numeric::{code_i16, quantise_rows_i16};

use super::state::{CLIENTS_FORMAT, matrix_shape};

/// Embedding rows of known ids.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Embeddings {
    ids: Vocabulary,
    dim: usize,
    rows: Vec<f32>,
    /// The scale of each row's codes in a file: a row that was read is written again to the bit.
    scales: Vec<f32>,
}

impl Embeddings {
    /// The rows of an fp32 state: `ids_key` names the metadata with the ids, `table` the tensor `[ids + 1, dim]`, whose
    /// row 0 is the unknown one and is left out.
    ///
    /// # Errors
    /// Missing or damaged metadata, a table of another shape.
    pub fn from_state(tensors: &Tensors, ids_key: &str, table: &str) -> Result<Self, ArtifactError> {
        let ids = read_ids(tensors, ids_key)?;
        let (_, dim) = matrix_shape(tensors, table)?;
        let rows = tensors.f32(table, &[ids.len() + 1, dim])?.split_off(dim);
        let scales = quantise_rows_i16(&rows, dim).scales;
        Ok(Self { ids, dim, rows, scales })
    }

    /// Reads a file of embedding rows: `rows` `[n, dim]` of i16 codes with one `scale` each.
    ///
    /// # Errors
    /// Another format or version, missing tensors, wrong shapes, ids that come twice.
    pub fn from_tensors(tensors: &Tensors) -> Result<Self, ArtifactError> {
        tensors.expect_format(CLIENTS_FORMAT)?;
        Self::within(tensors, "ids")
    }

    /// Reads the embedding rows in a file for another purpose; `ids_key` names the metadata with their ids.
    ///
    /// # Errors
    /// As [`from_tensors`](Self::from_tensors), but for the format.
    pub fn within(tensors: &Tensors, ids_key: &str) -> Result<Self, ArtifactError> {
        let ids = read_ids(tensors, ids_key)?;
        let (_, dim) = matrix_shape(tensors, "rows")?;
        let codes = tensors.i16("rows", &[ids.len(), dim])?;
        let scales = tensors.f32("scale", &[ids.len()])?;
        let rows = codes.iter().enumerate().map(|(at, code)| f32::from(*code) * scales[at / dim.max(1)]).collect();
        Ok(Self { ids, dim, rows, scales })
    }

    /// The file that [`from_tensors`](Self::from_tensors) reads.
    ///
    /// # Errors
    /// None for rows that fit their ids, which the constructors see to.
    pub fn to_tensors(&self) -> Result<Tensors, ArtifactError> {
        let code = |(at, x): (usize, &f32)| code_i16(*x, self.scales[at / self.dim.max(1)]);
        let codes: Vec<i16> = self.rows.iter().enumerate().map(code).collect();
        let mut tensors = Tensors::new();
        tensors.set_format(CLIENTS_FORMAT);
        tensors.set_metadata("ids", quoted_list(self.ids.ids()));
        tensors.insert_i16("rows", &[self.ids.len(), self.dim], &codes)?;
        tensors.insert_f32("scale", &[self.ids.len()], &self.scales)?;
        Ok(tensors)
    }

    /// The row of an id, if it is known.
    pub fn get(&self, id: &str) -> Option<&[f32]> {
        let at = self.ids.get(id)? as usize;
        self.rows.get(at * self.dim..(at + 1) * self.dim)
    }

    /// The rows of these ids, in this order; ids that are not known are left out.
    pub fn of<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Self {
        let mut part = Self { dim: self.dim, ..Self::default() };
        ids.into_iter().for_each(|id| part.add(id, self));
        part
    }

    /// Adds the rows of ids that are not known yet. Rows of another length are left out.
    pub fn append(&mut self, other: &Self) {
        self.dim = if self.ids.is_empty() { other.dim } else { self.dim };
        let fitting = if self.dim == other.dim { other.ids.ids() } else { &[] };
        fitting.iter().for_each(|id| self.add(id, other));
    }

    /// Adds the row of an id that another table knows and this one does not.
    fn add(&mut self, id: &str, other: &Self) {
        if let Some(at) = other.ids.get(id).filter(|_| self.ids.get(id).is_none()) {
            self.ids.insert(id);
            self.scales.push(other.scales[at as usize]);
            self.rows.extend_from_slice(&other.rows[at as usize * self.dim..][..self.dim]);
        }
    }

    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Length of a row.
    pub fn dim(&self) -> usize {
        self.dim
    }
}

fn read_ids(tensors: &Tensors, key: &str) -> Result<Vocabulary, ArtifactError> {
    let ids = tensors.texts(key)?;
    Vocabulary::from_ids(ids).map_err(|id| {
        let reason = text!("the id ", Quoted(&id), " comes twice");
        ArtifactError::Metadata { key: key.to_owned(), reason }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> Tensors {
        let mut tensors = Tensors::new();
        tensors.set_metadata("users", r#"["a","b"]"#);
        tensors.insert_f32("table", &[3, 2], &[9.0, 9.0, 0.5, -0.25, 0.0, 0.0]).unwrap();
        tensors
    }

    #[test]
    fn rows_survive_the_file_to_a_32767th() {
        let rows = Embeddings::from_state(&state(), "users", "table").unwrap();
        assert_eq!((rows.get("a"), rows.get("c"), rows.dim(), rows.len()), (Some(&[0.5, -0.25][..]), None, 2, 2));
        let bytes = rows.to_tensors().unwrap().to_bytes();
        let back = Embeddings::from_tensors(&Tensors::from_bytes(&bytes).unwrap()).unwrap();
        for (found, expected) in back.get("a").unwrap().iter().zip([0.5, -0.25]) {
            assert!((found - expected).abs() <= 0.5 / 32767.0);
        }
        assert_eq!(back.get("b"), Some(&[0.0, 0.0][..]));
        assert_eq!(back.to_tensors().unwrap().to_bytes(), bytes);
    }

    #[test]
    fn parts_and_sums_of_tables() {
        let rows = Embeddings::from_state(&state(), "users", "table").unwrap();
        let part = rows.of(["b", "nobody"]);
        assert_eq!((part.len(), part.get("b"), part.get("a")), (1, Some(&[0.0, 0.0][..]), None));
        let mut both = part;
        both.append(&rows);
        assert_eq!((both.len(), both.get("a")), (2, rows.get("a")));
        let mut fresh = Embeddings::default();
        fresh.append(&rows);
        assert_eq!(fresh, rows);
    }

    #[test]
    fn chosen_rows_are_written_as_they_were_read() {
        // Scales for which scale * 32767 / 32767 is another number, found by trying them all.
        let scales: [f32; 3] = [7.644296e-6, 0.25, 0.0];
        assert_ne!(scales[0] * 32767.0 / 32767.0, scales[0]);
        let mut tensors = Tensors::new();
        tensors.set_format(CLIENTS_FORMAT);
        tensors.set_metadata("ids", r#"["a","b","c"]"#);
        tensors.insert_i16("rows", &[3, 3], &[32767, -5, 1, 32767, 0, -32767, 0, 0, 0]).unwrap();
        tensors.insert_f32("scale", &[3], &scales).unwrap();
        let rows = Embeddings::from_tensors(&tensors).unwrap();
        assert_eq!(rows.to_tensors().unwrap(), tensors);
        let chosen = rows.of(["c", "nobody", "a"]);
        let written = chosen.to_tensors().unwrap();
        assert_eq!(written.metadata("ids").unwrap(), r#"["c","a"]"#);
        assert_eq!(written.i16("rows", &[2, 3]).unwrap(), [0, 0, 0, 32767, -5, 1]);
        assert_eq!(written.f32("scale", &[2]).unwrap(), [0.0, scales[0]]);
    }

    #[test]
    fn damaged_files_are_refused() {
        let mut twice = state();
        twice.set_metadata("users", r#"["a","a"]"#);
        let mut short = state();
        short.set_metadata("users", r#"["a"]"#);
        let mut text = state();
        text.set_metadata("users", "{");
        for (tensors, code) in [(twice, "artifact.metadata"), (short, "artifact.shape"), (text, "artifact.metadata")] {
            assert_eq!(Embeddings::from_state(&tensors, "users", "table").unwrap_err().code(), code);
        }
        assert_eq!(Embeddings::from_tensors(&state()).unwrap_err().code(), "artifact.metadata");
    }
}
