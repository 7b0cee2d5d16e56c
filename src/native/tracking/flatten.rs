//! A settings file or an epoch as a list of names and values: `{"a": {"b": 1}}` is `a.b = 1`.

use serde_json::Value;

/// Every leaf as text, in the order of the names. Lists are one leaf, as JSON; what is `null` is left out.
#[must_use]
pub fn texts(value: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    leaves(value, String::new(), &mut |name, leaf| match leaf {
        Value::String(text) => found.push((name, text.clone())),
        other => found.push((name, other.to_string())),
    });
    found
}

/// Every leaf that is a number, in the order of the names.
#[must_use]
pub fn numbers(value: &Value) -> Vec<(String, f64)> {
    let mut found = Vec::new();
    leaves(value, String::new(), &mut |name, leaf| {
        found.extend(leaf.as_f64().map(|number| (name, number)));
    });
    found
}

fn leaves(value: &Value, name: String, found: &mut impl FnMut(String, &Value)) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (key, inner) in fields {
                leaves(inner, if name.is_empty() { key.clone() } else { format!("{name}.{key}") }, found);
            }
        }
        leaf => found(name, leaf),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_are_named_by_their_path() {
        let value = serde_json::json!({
            "seed": 7, "name": "a b", "none": null, "on": true, "deep": {"rate": 0.5, "list": [1, "x"], "more": {"n": -1}}
        });
        let expected = [
            ("deep.list", r#"[1,"x"]"#),
            ("deep.more.n", "-1"),
            ("deep.rate", "0.5"),
            ("name", "a b"),
            ("on", "true"),
            ("seed", "7"),
        ];
        assert_eq!(texts(&value), expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
        let expected = [("deep.more.n", -1.0), ("deep.rate", 0.5), ("seed", 7.0)];
        assert_eq!(numbers(&value), expected.map(|(name, number)| (name.to_owned(), number)));
        assert_eq!(texts(&Value::Null), []);
    }
}
