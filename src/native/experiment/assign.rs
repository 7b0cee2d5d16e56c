//! Which variant of an experiment a unit (a client, a cleaner) gets: by a hash of its id, so that nothing has to be stored and
//! every page, server and report comes to the same answer. `js/src/assign.ts` is the same function.

use serde::{Deserialize, Serialize};

use super::ExperimentError;

/// An experiment as pages and the command line share it; unknown fields are refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Experiment {
    /// Its name; without `:`, which separates the parts of what is hashed.
    pub key: String,
    /// Changes every assignment without changing the name; without `:`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub salt: String,
    /// Share of the units that take part, 0 to 1. Raising it only adds units.
    #[serde(default = "everybody", skip_serializing_if = "is_everybody")]
    pub traffic: f64,
    /// The variants in the order of their cumulative weights; the first is the control of reports.
    pub variants: Vec<Variant>,
}

/// One way to do it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Variant {
    /// Its name.
    pub key: String,
    /// Its weight among the variants: finite, from 0 up.
    pub weight: f64,
    /// Options of the recommender (`RecommendOptions` of the npm package), for pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<serde_json::Value>,
    /// Address of the manifest of another model version, for pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
}

/// What a unit got.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Assignment {
    /// Name of the experiment.
    pub experiment: String,
    /// Name of the variant; `None` = the unit takes no part.
    pub variant: Option<String>,
    /// The unit.
    pub unit_id: String,
    /// Where the unit's hash lies among the weights, in [0, 1).
    pub bucket: f64,
}

impl Experiment {
    /// Refuses what cannot be assigned.
    ///
    /// # Errors
    /// [`ExperimentError::Definition`].
    pub fn check(&self) -> Result<(), ExperimentError> {
        let refuse = |reason: String| Err(ExperimentError::Definition { reason });
        if self.key.is_empty() || self.key.contains(':') || self.salt.contains(':') {
            return refuse("the key must not be empty, and neither key nor salt may contain a colon".to_owned());
        }
        if !(0.0..=1.0).contains(&self.traffic) {
            return refuse(format!("traffic is {}, not between 0 and 1", self.traffic));
        }
        if let Some(wrong) = self.variants.iter().find(|variant| !(variant.weight.is_finite() && variant.weight >= 0.0))
        {
            return refuse(format!("the weight of {:?} is {}, not a number from 0 up", wrong.key, wrong.weight));
        }
        let total: f64 = self.variants.iter().map(|variant| variant.weight).sum();
        if !(total.is_finite() && total > 0.0) {
            return refuse("the weights do not add up to more than 0".to_owned());
        }
        let twice =
            |(at, variant): &(usize, &Variant)| self.variants[..*at].iter().any(|other| other.key == variant.key);
        match self.variants.iter().enumerate().find(twice) {
            Some((_, variant)) => refuse(format!("the variant {:?} comes twice", variant.key)),
            None => Ok(()),
        }
    }

    /// The variant of a unit. With h the hash of `key:salt:unit`, h / 2^32 is looked up in the cumulative weights; the hash of
    /// the same text with `:traffic` decides whether the unit takes part.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn assign(&self, unit_id: &str) -> Result<Assignment, ExperimentError> {
        self.check()?;
        let text = format!("{}:{}:{unit_id}", self.key, self.salt);
        let bucket = share_of(&text);
        let takes_part = share_of(&format!("{text}:traffic")) < self.traffic;
        let variant = if takes_part { self.variant_at(bucket) } else { None };
        let (experiment, unit_id) = (self.key.clone(), unit_id.to_owned());
        Ok(Assignment { experiment, variant: variant.map(|variant| variant.key.clone()), unit_id, bucket })
    }

    fn variant_at(&self, bucket: f64) -> Option<&Variant> {
        let total: f64 = self.variants.iter().map(|variant| variant.weight).sum();
        let mut upto = 0.0;
        let found = self.variants.iter().find(|variant| {
            upto += variant.weight;
            bucket < upto / total
        });
        // Rounding may leave the last sum a hair below 1.
        found.or_else(|| self.variants.iter().rev().find(|variant| variant.weight > 0.0))
    }
}

fn everybody() -> f64 {
    1.0
}

fn is_everybody(traffic: &f64) -> bool {
    *traffic == 1.0
}

fn share_of(text: &str) -> f64 {
    f64::from(murmur3(text.as_bytes())) / 4_294_967_296.0
}

/// MurmurHash3 x86 32 bit with seed 0 (Austin Appleby, public domain).
pub fn murmur3(bytes: &[u8]) -> u32 {
    let mix = |k: u32| k.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    let (blocks, tail) = bytes.as_chunks::<4>();
    let mut hash = 0u32;
    for block in blocks {
        hash = (hash ^ mix(u32::from_le_bytes(*block))).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    let last = tail.iter().rev().fold(0u32, |word, byte| (word << 8) | u32::from(*byte));
    hash ^= mix(last) ^ bytes.len() as u32;
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn golden() -> Value {
        serde_json::from_str(include_str!("../../../tests/fixtures/experiment_assign.json")).unwrap()
    }

    fn two(traffic: f64, weights: [f64; 2]) -> Experiment {
        let variant = |key: &str, weight| Variant { key: key.into(), weight, options: None, manifest: None };
        let variants = vec![variant("a", weights[0]), variant("b", weights[1])];
        Experiment { key: "e".into(), salt: String::new(), traffic, variants }
    }

    #[test]
    fn hashes_are_those_of_mmh3() {
        for case in golden()["hashes"].as_array().unwrap() {
            let text = case["text"].as_str().unwrap();
            assert_eq!(u64::from(murmur3(text.as_bytes())), case["hash"].as_u64().unwrap(), "{text:?}");
        }
    }

    #[test]
    fn assignments_are_those_of_the_reference() {
        for case in golden()["experiments"].as_array().unwrap() {
            let experiment: Experiment = serde_json::from_value(case["experiment"].clone()).unwrap();
            for expected in case["assignments"].as_array().unwrap() {
                let found = experiment.assign(expected["unitId"].as_str().unwrap()).unwrap();
                let variant = expected["variant"].as_str().map(str::to_owned);
                assert_eq!(found.variant, variant, "{expected}");
                // serde_json reads numbers to within one unit in the last place.
                let bucket = expected["bucket"].as_f64().unwrap();
                assert!((found.bucket - bucket).abs() < 1e-12, "{expected}");
            }
        }
    }

    #[test]
    fn what_cannot_be_assigned_is_refused() {
        let mut cases = vec![two(1.1, [1.0, 1.0]), two(f64::NAN, [1.0, 1.0]), two(1.0, [0.0, 0.0])];
        cases.extend([two(1.0, [-1.0, 2.0]), two(1.0, [f64::INFINITY, 1.0]), two(1.0, [f64::MAX, f64::MAX])]);
        cases.push(Experiment { key: "a:b".into(), ..two(1.0, [1.0, 1.0]) });
        cases.push(Experiment { salt: ":".into(), ..two(1.0, [1.0, 1.0]) });
        cases.push(Experiment { key: String::new(), ..two(1.0, [1.0, 1.0]) });
        cases.push(Experiment { variants: vec![], ..two(1.0, [1.0, 1.0]) });
        let mut doubled = two(1.0, [1.0, 1.0]);
        doubled.variants[1].key = "a".into();
        cases.push(doubled);
        for case in cases {
            assert_eq!(case.assign("u").unwrap_err().code(), "experiment.invalid", "{case:?}");
        }
    }

    proptest! {
        #[test]
        fn raising_the_traffic_moves_nobody(unit in ".*", low in 0.0f64..1.0, more in 0.0f64..1.0, weight in 0.01f64..10.0) {
            let high = low + (1.0 - low) * more;
            let before = two(low, [1.0, weight]).assign(&unit).unwrap();
            let after = two(high, [1.0, weight]).assign(&unit).unwrap();
            prop_assert_eq!(before.bucket, after.bucket);
            prop_assert!(before.variant.is_none() || before.variant == after.variant);
            prop_assert!(two(1.0, [1.0, weight]).assign(&unit).unwrap().variant.is_some());
        }
    }
}
