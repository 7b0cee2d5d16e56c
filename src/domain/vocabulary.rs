//! Ids of the outside world and their dense indices.

/// A list of distinct ids; the index of an id is its place in the list.
///
/// An id that is not in it has no index: what that means is the caller's to say (models have a trained unknown row).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vocabulary {
    ids: Vec<String>,
    /// Indices of ids at the places that their hashes say, or the next free ones; at most half are taken. The standard hash
    /// map, which withstands ids that somebody chose for their hashes, was a fiftieth of the WebAssembly module.
    slots: Vec<u32>,
}

/// A slot that is not taken.
const FREE: u32 = u32::MAX;

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
        if 2 * self.ids.len() >= self.slots.len() {
            self.grow();
        }
        let slot = self.slot(id);
        if self.slots[slot] == FREE {
            self.slots[slot] = self.ids.len() as u32;
            self.ids.push(id.to_owned());
        }
        self.slots[slot]
    }

    /// The index of `id`, if it is known.
    pub fn get(&self, id: &str) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        Some(self.slots[self.slot(id)]).filter(|at| *at != FREE)
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

    /// Where the id is, or would be.
    fn slot(&self, id: &str) -> usize {
        let last = self.slots.len() - 1;
        let mut slot = hash(id) as usize & last;
        while self.slots[slot] != FREE && self.ids[self.slots[slot] as usize] != id {
            slot = (slot + 1) & last;
        }
        slot
    }

    /// Twice as many slots; their number is a power of two.
    fn grow(&mut self) {
        self.slots = vec![FREE; (2 * self.slots.len()).max(16)];
        for at in 0..self.ids.len() {
            let slot = self.slot(&self.ids[at]);
            self.slots[slot] = at as u32;
        }
    }
}

/// FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo), with its high bits folded into the low ones.
fn hash(id: &str) -> u32 {
    let hash =
        id.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (hash ^ hash >> 32) as u32
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
        assert_eq!(Vocabulary::default().get("a"), None);
    }

    #[test]
    fn many_ids_are_found_again_as_in_a_map_of_the_standard_library() {
        let mut vocabulary = Vocabulary::default();
        let mut map = std::collections::HashMap::new();
        for number in 0..20_000u32 {
            let id = format!("{}-{}", number.wrapping_mul(2_654_435_761) % 9_973, number % 3);
            let next = map.len() as u32;
            assert_eq!(vocabulary.insert(&id), *map.entry(id.clone()).or_insert(next), "{id}");
        }
        assert_eq!(vocabulary.len(), map.len());
        assert!(map.iter().all(|(id, at)| vocabulary.get(id) == Some(*at) && vocabulary.id(*at) == Some(id)));
        assert_eq!(vocabulary.get("nobody"), None);
    }

    #[test]
    fn the_hash_is_the_published_one() {
        // FNV-1a of "foobar" in 64 bits is 85944171f73967e8 (Noll's test vectors).
        assert_eq!(hash("foobar"), 0x8594_4171 ^ 0xf739_67e8);
    }
}
