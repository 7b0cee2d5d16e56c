//! Answers as bytes that do not depend on where they were computed; `js/src/canonical.ts` is the other side.
//!
//! * The fields of an object in the order of their names (code points), no white space, texts as JSON has them.
//! * Numbers rounded to four decimals, `floor(x * 10^4 + 0.5) / 10^4`, and written as JavaScript writes numbers: `5`, not
//!   `5.0`. Numbers of 2^53 and more have no fraction and stay as they are; what is no finite number is `null`.
//! * An object in the field `meta` is without some fields: what says where an answer was computed, and how.
//! * Of a failure with the code `request.shape` there is the code alone: what is wrong with the form of a request is said by
//!   the reader of each language in its own words.

use serde_json::{Map, Value};

/// Decimals of numbers.
const DECIMALS: i32 = 4;
/// Numbers from here on are whole.
const WHOLE: f64 = 9_007_199_254_740_992.0;
/// The fields of `meta` that are left out.
const OF_THE_MACHINE: [&str; 9] =
    ["asked", "backend", "backendReason", "cached", "kernel", "neuralScored", "tiles", "unknownBids", "workers"];

/// The canonical text of an answer.
pub fn canonical(answer: &Value) -> String {
    let mut text = String::new();
    push(&mut text, answer);
    text
}

/// The canonical text of a failure.
pub fn canonical_failure(code: &str, message: &str) -> String {
    let mut failure = Map::from_iter([("code".to_owned(), Value::from(code))]);
    if code != "request.shape" {
        failure.insert("message".to_owned(), Value::from(message));
    }
    canonical(&Value::from_iter([("error", Value::Object(failure))]))
}

fn push(text: &mut String, value: &Value) {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => text.push_str(&value.to_string()),
        Value::Number(number) => text.push_str(&number.as_f64().map_or("null".to_owned(), rounded)),
        Value::Array(values) => {
            text.push('[');
            for (at, value) in values.iter().enumerate() {
                text.push_str(if at > 0 { "," } else { "" });
                push(text, value);
            }
            text.push(']');
        }
        Value::Object(fields) => push_object(text, fields, &[]),
    }
}

fn push_object(text: &mut String, fields: &Map<String, Value>, left_out: &[&str]) {
    let mut names: Vec<&String> = fields.keys().filter(|name| !left_out.contains(&name.as_str())).collect();
    names.sort_unstable();
    text.push('{');
    for (at, name) in names.into_iter().enumerate() {
        text.push_str(if at > 0 { "," } else { "" });
        text.push_str(&Value::from(name.as_str()).to_string());
        text.push(':');
        match &fields[name] {
            Value::Object(meta) if name == "meta" => push_object(text, meta, &OF_THE_MACHINE),
            value => push(text, value),
        }
    }
    text.push('}');
}

/// A number as JavaScript writes it.
fn rounded(value: f64) -> String {
    if !value.is_finite() {
        return "null".to_owned();
    }
    let scale = 10f64.powi(DECIMALS);
    let value = if value.abs() < WHOLE { (value * scale + 0.5).floor() / scale } else { value };
    if value.abs() >= 1e21 {
        return format!("{value:e}").replace('e', "e+");
    }
    // Adding 0 makes a 0 of -0.
    format!("{}", value + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_those_of_javascript() {
        // The right side: node -e 'for (const x of [...]) console.log(JSON.stringify(Math.floor(x*1e4+.5)/1e4))'.
        let cases = [
            (5.0, "5"),
            (0.1 + 0.2, "0.3"),
            (-0.00001, "0"),
            (-0.0, "0"),
            (0.00005, "0.0001"),
            (1.00005, "1.0001"),
            (-1.5, "-1.5"),
            (123456.78901, "123456.789"),
            (f64::from(71.23456f32), "71.2346"),
            (9_007_199_254_740_993.0, "9007199254740992"),
            (1e20, "100000000000000000000"),
            (3.4e38, "3.4e+38"),
            (f64::NAN, "null"),
        ];
        for (value, expected) in cases {
            assert_eq!(rounded(value), expected, "{value}");
        }
    }

    #[test]
    fn fields_are_sorted_and_the_machine_is_left_out() {
        let answer =
            json!({ "meta": { "kernel": "avx2", "mode": "rules" }, "items": [{ "kernel": 1.0, "a\n": null }] });
        assert_eq!(canonical(&answer), r#"{"items":[{"a\n":null,"kernel":1}],"meta":{"mode":"rules"}}"#);
        assert_eq!(canonical_failure("request.shape", "?"), r#"{"error":{"code":"request.shape"}}"#);
        assert_eq!(canonical_failure("a.b", "no"), r#"{"error":{"code":"a.b","message":"no"}}"#);
    }
}
