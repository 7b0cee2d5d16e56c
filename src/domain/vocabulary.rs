//! Ids of the outside world and their dense indices.

use std::collections::HashMap;

/// A list of distinct ids; the index of an id is its place in the list.
///
/// An id that is not in it has no index: what that means is the caller's to say (models have a trained unknown row).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vocabulary {
    ids: Vec<String>,
    index: HashMap<String, u32>,
}

impl Vocabulary {
    /// A vocabulary of these ids in this order; `Err` holds the first id that comes twice.
    pub fn from_ids(ids: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, String> {
        let mut vocabulary = Self::default();
        for id in ids {
            let id = id.into();
            let before = vocabulary.len();
            vocabulary.insert(&id);
            if vocabulary.len() == before {
                return Err(id);
            }
        }
        Ok(vocabulary)
    }

    /// The index of `id`, which is added at the end if it is new.
    pub fn insert(&mut self, id: &str) -> u32 {
        if let Some(&at) = self.index.get(id) {
            return at;
        }
        let at = self.ids.len() as u32;
        self.ids.push(id.to_owned());
        self.index.insert(id.to_owned(), at);
        at
    }

    /// The index of `id`, if it is known.
    pub fn get(&self, id: &str) -> Option<u32> {
        self.index.get(id).copied()
    }

    /// The id at `index`, if there is one.
    pub fn id(&self, index: u32) -> Option<&str> {
        self.ids.get(index as usize).map(String::as_str)
    }

    /// All ids in order of their index.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_their_place_and_doubles_are_refused() {
        let v = Vocabulary::from_ids(["b", "a"]).unwrap();
        assert_eq!((v.get("b"), v.get("a"), v.get("c")), (Some(0), Some(1), None));
        assert_eq!((v.id(1), v.id(2)), (Some("a"), None));
        assert_eq!(Vocabulary::from_ids(["x", "y", "x"]), Err("x".to_owned()));
    }
}
