//! Which features there are, in which order, in which unit. A model carries the hash of this list and is refused by an
//! engine whose list has another.

/// What a feature depends on. What depends on the cleaner alone is computed once per catalog, what depends on the job
/// alone once per request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The job alone.
    Query,
    /// The cleaner alone.
    Item,
    /// Both.
    Pair,
}

/// One feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feature {
    /// Name.
    pub name: &'static str,
    /// Unit or scale.
    pub unit: &'static str,
    /// What it depends on.
    pub group: Group,
}

/// How many features there are.
pub const FEATURE_COUNT: usize = 18;

const fn feature(name: &'static str, unit: &'static str, group: Group) -> Feature {
    Feature { name, unit, group }
}

/// The features in the order of seed 001.
pub const FEATURES: [Feature; FEATURE_COUNT] = [
    feature("latitude", "degrees from the city centre", Group::Query),
    feature("longitude", "degrees from the city centre", Group::Query),
    feature("size", "m2/1000", Group::Query),
    feature("duration", "h", Group::Query),
    feature("eco", "0 or 1", Group::Query),
    feature("bid", "currency/1000", Group::Pair),
    feature("distance", "km/50", Group::Pair),
    feature("rating_of_parts", "0..1, shrunk", Group::Item),
    feature("rating_of_quality", "0..1, shrunk", Group::Item),
    feature("rating_of_communication", "0..1, shrunk", Group::Item),
    feature("rating_of_professionalism", "0..1, shrunk", Group::Item),
    feature("rating_of_timeliness", "0..1, shrunk", Group::Item),
    feature("completion_rate", "0..1, shrunk", Group::Item),
    feature("on_time_rate", "0..1, shrunk", Group::Item),
    feature("log_jobs", "ln(1 + jobs completed)", Group::Item),
    feature("average_rating", "0..1, shrunk", Group::Item),
    feature("hour_of_day", "local h/24", Group::Query),
    feature("day_of_week", "0 = Monday .. 1 = Sunday", Group::Query),
];

/// The positions of the features of one group, in order.
pub fn columns_of(group: Group) -> Vec<usize> {
    (0..FEATURE_COUNT).filter(|&column| FEATURES[column].group == group).collect()
}

/// SHA-256 in hex over names, units and groups in order, as a test computes it.
const SCHEMA_HASH: &str = "08eca3ae80090022fb274c05d17cd9415e153b2371386bdd75e11082f27870ca";

/// The hash of this list of features, which models carry.
pub fn schema_hash() -> String {
    SCHEMA_HASH.to_owned()
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    fn computed() -> String {
        let mut hasher = Sha256::new();
        for feature in FEATURES {
            let group = match feature.group {
                Group::Query => "query",
                Group::Item => "item",
                Group::Pair => "pair",
            };
            for part in [feature.name, feature.unit, group] {
                hasher.update(part.as_bytes());
                hasher.update([0]);
            }
        }
        hasher.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
            for nibble in [byte >> 4, byte & 15] {
                hex.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
            hex
        })
    }

    #[test]
    fn the_schema_is_the_one_that_models_were_trained_on() {
        // A change here makes every released model unreadable: raise the format version and retrain.
        assert_eq!(schema_hash(), computed());
        assert_eq!(computed(), "08eca3ae80090022fb274c05d17cd9415e153b2371386bdd75e11082f27870ca");
        assert_eq!(columns_of(Group::Pair), [5, 6]);
        assert_eq!(columns_of(Group::Query).len() + columns_of(Group::Item).len() + 2, FEATURE_COUNT);
    }
}
