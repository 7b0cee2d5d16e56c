//! JSON read field by field from one untyped value.
//!
//! Derived parsers are shorter to write, but those of a dozen structs were half of the WebAssembly module.

use serde_json::{Map, Value};

/// The fields of a JSON object. A field that is `null` counts as missing.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// The fields of an object.
    ///
    /// # Errors
    /// Says so where the value is no object.
    pub fn of(value: &'a Value) -> Result<Self, String> {
        value.as_object().map(Self).ok_or_else(|| "an object is needed".to_owned())
    }

    /// Refuses every field that is not among these.
    ///
    /// # Errors
    /// Names the field, and those that are known.
    pub fn only(self, known: &[&str]) -> Result<Self, String> {
        match self.0.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(format!("unknown field `{key}`, expected one of {}", known.join(", "))),
            None => Ok(self),
        }
    }

    /// A field as `read` understands it, if it is there.
    ///
    /// # Errors
    /// Names the field that `read` does not understand.
    pub fn find<T>(&self, key: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Result<Option<T>, String> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                read(value).map(Some).ok_or_else(|| format!("field `{key}` has a value that it cannot have"))
            }
        }
    }

    /// A field that must be there.
    ///
    /// # Errors
    /// As [`find`](Self::find), or that it is missing.
    pub fn need<T>(&self, key: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Result<T, String> {
        self.find(key, read)?.ok_or_else(|| format!("missing field `{key}`"))
    }

    /// A field with fields of its own.
    ///
    /// # Errors
    /// As [`need`](Self::need).
    pub fn object(&self, key: &str) -> Result<Self, String> {
        self.need(key, |value| value.as_object().map(Self))
    }

    /// A text.
    ///
    /// # Errors
    /// As [`need`](Self::need).
    pub fn text(&self, key: &str) -> Result<String, String> {
        self.need(key, text)
    }

    /// A number.
    ///
    /// # Errors
    /// As [`need`](Self::need).
    pub fn number(&self, key: &str) -> Result<f64, String> {
        self.need(key, Value::as_f64)
    }

    /// A whole number from 0 to 2³² - 1.
    ///
    /// # Errors
    /// As [`need`](Self::need).
    pub fn count(&self, key: &str) -> Result<u32, String> {
        self.need(key, count)
    }

    /// A list of texts.
    ///
    /// # Errors
    /// As [`need`](Self::need).
    pub fn texts(&self, key: &str) -> Result<Vec<String>, String> {
        self.need(key, texts)
    }
}

/// Parses JSON.
///
/// # Errors
/// Where and why the text is no JSON.
pub fn parse(text: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(text).map_err(|error| error.to_string())
}

/// A text of its own.
pub fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// A whole number from 0 to 2³² - 1.
pub fn count(value: &Value) -> Option<u32> {
    u32::try_from(value.as_u64()?).ok()
}

/// A list, each element as `read` understands it.
pub fn list<T>(value: &Value, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    let values = value.as_array()?;
    let mut read_values = Vec::with_capacity(values.len());
    for value in values {
        read_values.push(read(value)?);
    }
    Some(read_values)
}

/// A list of texts.
pub fn texts(value: &Value) -> Option<Vec<String>> {
    list(value, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_refused_by_name() {
        let value = parse(br#"{"a":"x","n":1.5,"c":7,"l":["p","q"],"o":{"a":"y"},"null":null}"#).unwrap();
        let fields = Fields::of(&value).unwrap();
        assert_eq!(fields.text("a").unwrap(), "x");
        assert_eq!((fields.number("n"), fields.count("c")), (Ok(1.5), Ok(7)));
        assert_eq!(fields.texts("l").unwrap(), ["p", "q"]);
        assert_eq!(fields.object("o").unwrap().text("a").unwrap(), "y");
        assert_eq!(fields.find("null", text), Ok(None));
        let refused = [
            (fields.text("b").unwrap_err(), "missing field `b`"),
            (fields.text("null").unwrap_err(), "missing field `null`"),
            (fields.count("n").unwrap_err(), "field `n` has a value that it cannot have"),
            (fields.only(&["a", "n"]).unwrap_err(), "unknown field `c`, expected one of a, n"),
            (Fields::of(&Value::Null).unwrap_err(), "an object is needed"),
        ];
        for (found, expected) in refused {
            assert_eq!(found, expected);
        }
        assert!(parse(b"{").unwrap_err().contains("line 1"));
    }
}
