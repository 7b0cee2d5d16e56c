//! JSON as events need it: every number keeps all of its digits, and a name that comes twice is refused. serde_json does
//! neither as it is built for this crate (`float_roundtrip` would rebuild candle), and pages compare what they sent.

/// How deep values may be nested; an event needs three.
const DEPTH: usize = 8;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Null,
    Flag(bool),
    /// As it is written.
    Number(String),
    Text(String),
    List(Vec<Json>),
    /// In the order of the text.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The value of a whole text; else where it is wrong (bytes, from 1) and why.
    pub(super) fn parse(text: &str) -> Result<Self, (usize, &'static str)> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(DEPTH);
        let end = value.and_then(|value| {
            reader.space();
            if reader.at == text.len() { Ok(value) } else { Err("there is more after the value") }
        });
        end.map_err(|why| (reader.at + 1, why))
    }

    /// What kind of value it is, in words.
    pub(super) fn what(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Flag(_) => "a truth value",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

type Read<T> = Result<T, &'static str>;

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Read<Json> {
        match self.peek() {
            None => Err("a value is missing"),
            Some(b'{') if depth > 0 => self.object(depth - 1),
            Some(b'[') if depth > 0 => self.list(depth - 1),
            Some(b'{' | b'[') => Err("too deeply nested"),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Read<Json> {
        let mut fields: Vec<(String, Json)> = Vec::new();
        self.sequence(b'}', |reader| {
            if reader.peek() != Some(b'"') {
                return Err("a name is missing");
            }
            let name = reader.string()?;
            if fields.iter().any(|(known, _)| *known == name) {
                return Err("a name comes twice");
            }
            if reader.peek() != Some(b':') {
                return Err("a colon is missing");
            }
            reader.at += 1;
            fields.push((name, reader.value(depth)?));
            Ok(())
        })?;
        Ok(Json::Object(fields))
    }

    fn list(&mut self, depth: usize) -> Read<Json> {
        let mut values = Vec::new();
        self.sequence(b']', |reader| {
            values.push(reader.value(depth)?);
            Ok(())
        })?;
        Ok(Json::List(values))
    }

    /// Elements between commas, up to the closing bracket.
    fn sequence(&mut self, end: u8, mut element: impl FnMut(&mut Self) -> Read<()>) -> Read<()> {
        self.at += 1;
        if self.peek() == Some(end) {
            self.at += 1;
            return Ok(());
        }
        loop {
            element(self)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(byte) if byte == end => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err("a comma or the closing bracket is missing"),
            }
        }
    }

    /// A text; serde_json unescapes it, and refuses control characters and halves of surrogate pairs.
    fn string(&mut self) -> Read<String> {
        let rest = &self.text[self.at..];
        let mut escaped = true;
        let end = rest.bytes().position(|byte| {
            let closes = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            closes
        });
        let quoted = &rest[..=end.ok_or("a text has no end")?];
        let text = serde_json::from_str(quoted)
            .map_err(|_| "a text with a control character, a wrong escape or half a surrogate pair")?;
        self.at += quoted.len();
        Ok(text)
    }

    /// A number by the grammar of JSON, which is narrower than Rust's.
    fn number(&mut self) -> Read<Json> {
        let rest = &self.text[self.at..];
        let length = rest.bytes().position(|byte| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
        let number = &rest[..length.unwrap_or(rest.len())];
        // The whole grammar is left to serde_json; the digits stay as they are.
        serde_json::from_str::<f64>(number).map_err(|_| "no number, or one that is too large")?;
        self.at += number.len();
        Ok(Json::Number(number.to_owned()))
    }

    fn word(&mut self) -> Read<Json> {
        let words = [("null", Json::Null), ("true", Json::Flag(true)), ("false", Json::Flag(false))];
        let found = words.into_iter().find(|(word, _)| self.text[self.at..].starts_with(word));
        let (word, value) = found.ok_or("no value")?;
        self.at += word.len();
        Ok(value)
    }

    fn peek(&mut self) -> Option<u8> {
        self.space();
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The value as serde_json has it, its numbers in f64.
    fn theirs(value: &Json) -> serde_json::Value {
        match value {
            Json::Null => serde_json::Value::Null,
            Json::Flag(flag) => (*flag).into(),
            Json::Number(number) => serde_json::from_str(number).unwrap(),
            Json::Text(text) => text.clone().into(),
            Json::List(values) => values.iter().map(theirs).collect(),
            Json::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), theirs(value))).collect(),
        }
    }

    #[test]
    fn what_is_no_json_is_refused_as_serde_json_does() {
        let texts = [
            "",
            " ",
            "{",
            "}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "[1,]",
            "[1 2]",
            "01",
            "1.",
            ".5",
            "+1",
            "-",
            "1e",
            "1e999",
            "nul",
            "tru",
            "nulll",
            "\"",
            "\"\\\"",
            "\"\\x\"",
            "\"\\ud800\"",
            "\"a\nb\"",
            "{a:1}",
            "{'a':1}",
            "[1]x",
            "\u{feff}1",
            "NaN",
            "-Infinity",
        ];
        for text in texts {
            assert!(Json::parse(text).is_err(), "{text:?} was read");
            assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text:?} is read by serde_json");
        }
    }

    #[test]
    fn a_name_that_comes_twice_and_deep_nesting_are_refused_with_their_place() {
        assert_eq!(Json::parse(r#"{"a":1,"a":1}"#), Err((11, "a name comes twice")));
        assert_eq!(Json::parse(&"[".repeat(100_000)), Err((9, "too deeply nested")));
        assert!(Json::parse(&format!("{}{}", "[".repeat(8), "]".repeat(8))).is_ok());
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|fields| fields.into_iter().collect::<serde_json::Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn reads_what_serde_json_writes(value in any_json()) {
            for text in [serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap()] {
                prop_assert_eq!(Json::parse(&text).map(|read| theirs(&read)), Ok(value.clone()));
            }
        }

        #[test]
        fn keeps_every_digit(number in any::<f64>().prop_filter("JSON has no other", |number| number.is_finite())) {
            let text = serde_json::to_string(&number).unwrap();
            let Ok(Json::Number(kept)) = Json::parse(&text) else { return Err(TestCaseError::fail(text)) };
            prop_assert_eq!(kept.parse::<f64>().unwrap().to_bits(), number.to_bits());
        }

        #[test]
        fn never_panics(text in "[\\[\\]{}\":,\\\\0-9eE+\\-.a-z \\u{e4}\\u{1f600}]{0,40}") {
            let _ = Json::parse(&text);
        }
    }
}
