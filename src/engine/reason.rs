//! Reasons as codes with parameters. What they say in a language stands in the message catalogues (`messages/*.json`), which the
//! package and the command line read: nothing here knows English.

#[cfg(feature = "native")]
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why something is so: a stable code and the parameters of its text.
///
/// A new code needs a text in every file of `messages/`; `tests/messages.rs` reads the codes and the names of their parameters
/// out of the sources, so both are written as literals in one chain: `Reason::new("near").number("km", 0.5)`.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
pub struct Reason {
    /// Stable code.
    pub code: String,
    /// By name, in the order of the names; numbers are rounded to what is shown of them.
    #[cfg_attr(feature = "native", serde(serialize_with = "as_map", deserialize_with = "of_map"))]
    pub params: Vec<(String, Value)>,
    /// In words; empty until a message catalogue was asked.
    pub text: String,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize), serde(untagged))]
pub enum Value {
    /// A finite number.
    Number(f64),
    /// A name.
    Text(String),
}

impl Reason {
    /// A reason without parameters.
    #[inline(never)]
    pub fn new(code: &str) -> Self {
        Self { code: code.to_owned(), params: Vec::new(), text: String::new() }
    }

    /// With a number; one that is not finite is 0.
    #[inline(never)]
    pub fn number(self, name: &str, value: f64) -> Self {
        self.with(name, Value::Number(if value.is_finite() { value } else { 0.0 }))
    }

    /// With a name.
    #[inline(never)]
    pub fn text(self, name: &str, value: &str) -> Self {
        self.with(name, Value::Text(value.to_owned()))
    }

    /// The value of a parameter.
    pub fn param(&self, name: &str) -> Option<&Value> {
        self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        let at = self.params.iter().take_while(|(known, _)| known.as_str() < name).count();
        self.params.insert(at, (name.to_owned(), value));
        self
    }
}

/// Rounded to a whole number, halves away from 0.
pub(super) fn whole(value: f64) -> f64 {
    // Adding 0 makes a 0 of -0, which would be shown with its sign.
    value.round() + 0.0
}

/// Rounded to one decimal.
pub(super) fn tenths(value: f64) -> f64 {
    whole(10.0 * value) / 10.0
}

#[cfg(feature = "native")]
fn as_map<S: Serializer>(params: &[(String, Value)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(params.iter().map(|(name, value)| (name, value)))
}

#[cfg(feature = "native")]
fn of_map<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, Value)>, D::Error> {
    let params = std::collections::BTreeMap::<String, Value>::deserialize(deserializer)?;
    Ok(params.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_stand_in_the_order_of_their_names() {
        let reason = Reason::new("x").text("b", "two").number("c", f64::NAN).number("a", 1.5);
        let names: Vec<&str> = reason.params.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!((reason.param("c"), reason.param("d")), (Some(&Value::Number(0.0)), None));
    }

    #[test]
    fn numbers_are_rounded_as_they_are_shown() {
        assert_eq!([0.4, 0.5, -0.4, -0.5, 12.49].map(whole), [0.0, 1.0, 0.0, -1.0, 12.0]);
        assert!(whole(-0.2).is_sign_positive());
        assert_eq!([0.04, 0.05, 2.34, 19.97].map(tenths), [0.0, 0.1, 2.3, 20.0]);
    }

    #[cfg(feature = "native")]
    #[test]
    fn json_has_an_object_of_parameters() {
        let reason = Reason::new("near").number("km", 0.5).text("kind", "flat");
        let json = serde_json::to_string(&reason).unwrap();
        assert_eq!(json, r#"{"code":"near","params":{"kind":"flat","km":0.5},"text":""}"#);
        assert_eq!(serde_json::from_str::<Reason>(&json).unwrap(), reason);
    }
}
