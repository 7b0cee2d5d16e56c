//! A strict reader of the JSON in the headers of files: objects, lists, texts, whole numbers, truth values. It goes through
//! the text once and keeps nothing; a general parser was half of the WebAssembly module. Fractions are in tensors.

/// A place in a JSON text. Every method reads one value from there, or gives `None` where there is another.
#[derive(Debug)]
pub struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// The start of a text.
    pub fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// How many bytes were read: where a text that cannot be read is wrong.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The fields of an object, in the order of the text. `field` reads the value of the field that it is given the name of;
    /// a name that it does not know or had before is its to refuse.
    pub fn object(&mut self, field: &mut dyn FnMut(&mut Self, String) -> Option<()>) -> Option<()> {
        self.sequence(b'{', b'}', &mut |reader| {
            let name = reader.text()?;
            reader.expect(b':')?;
            field(reader, name)
        })
    }

    /// The elements of a list.
    pub fn list(&mut self, element: &mut dyn FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.sequence(b'[', b']', element)
    }

    /// A list of texts.
    pub fn texts(&mut self) -> Option<Vec<String>> {
        let mut texts = Vec::new();
        self.list(&mut |reader| {
            texts.push(reader.text()?);
            Some(())
        })?;
        Some(texts)
    }

    /// A whole number from 0 up.
    pub fn count(&mut self) -> Option<u64> {
        let first = self.peek()?;
        let start = self.at;
        let mut number = 0u64;
        while let Some(digit) = self.text.get(self.at).filter(|byte| byte.is_ascii_digit()) {
            number = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
            self.at += 1;
        }
        let fraction = matches!(self.text.get(self.at), Some(b'.' | b'e' | b'E'));
        let plain = self.at > start && (first != b'0' || self.at == start + 1);
        (plain && !fraction).then_some(number)
    }

    /// A whole number.
    pub fn integer(&mut self) -> Option<i64> {
        if self.peek()? != b'-' {
            return i64::try_from(self.count()?).ok();
        }
        self.at += 1;
        let digits = self.text.get(self.at)?.is_ascii_digit();
        0i64.checked_sub_unsigned(self.count().filter(|_| digits)?)
    }

    /// True or false.
    pub fn flag(&mut self) -> Option<bool> {
        self.peek()?;
        let flag = self.text[self.at..].starts_with(b"true");
        let word: &[u8] = if flag { b"true" } else { b"false" };
        self.text[self.at..].starts_with(word).then(|| self.at += word.len())?;
        Some(flag)
    }

    /// A text.
    pub fn text(&mut self) -> Option<String> {
        self.expect(b'"')?;
        let mut bytes = Vec::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=31))?;
            bytes.extend_from_slice(&rest[..plain]);
            self.at += plain + 1;
            match rest[plain] {
                b'"' => return String::from_utf8(bytes).ok(),
                b'\\' => bytes.extend_from_slice(self.escaped()?.encode_utf8(&mut [0; 4]).as_bytes()),
                _ => return None,
            }
        }
    }

    /// That nothing follows.
    pub fn end(&mut self) -> Option<()> {
        self.peek().is_none().then_some(())
    }

    /// The character of an escape sequence, behind its backslash.
    fn escaped(&mut self) -> Option<char> {
        let code = *self.text.get(self.at)?;
        self.at += 1;
        Some(match code {
            b'"' | b'\\' | b'/' => char::from(code),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.code_unit()?;
                if !(0xd800..0xdc00).contains(&unit) {
                    return char::from_u32(unit);
                }
                // The other half of a surrogate pair must follow.
                self.text.get(self.at..)?.starts_with(b"\\u").then(|| self.at += 2)?;
                let low = self.code_unit()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                return char::from_u32(0x10000 + ((unit - 0xd800) << 10) + low);
            }
            _ => return None,
        })
    }

    fn code_unit(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
    }

    fn sequence(&mut self, open: u8, close: u8, element: &mut dyn FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.expect(open)?;
        if self.peek()? == close {
            return self.expect(close);
        }
        loop {
            element(self)?;
            if self.peek()? == close {
                return self.expect(close);
            }
            self.expect(b',')?;
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.at).is_some_and(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }
}

/// A text as JSON.
pub fn quoted(text: &str) -> String {
    let mut json = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            c if c < ' ' => json.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => json.push(c),
        }
    }
    json.push('"');
    json
}

/// Texts as a JSON list.
pub fn quoted_list<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let quoted: Vec<String> = texts.into_iter().map(|text| quoted(text.as_ref())).collect();
    format!("[{}]", quoted.join(","))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// What the reader makes of a value, told what to expect by the value's first byte.
    fn value(reader: &mut Reader<'_>) -> Option<Value> {
        Some(match reader.peek()? {
            b'{' => {
                let mut fields = serde_json::Map::new();
                reader.object(&mut |reader, name| fields.insert(name, value(reader)?).is_none().then_some(()))?;
                fields.into()
            }
            b'[' => {
                let mut values = Vec::new();
                reader.list(&mut |reader| {
                    values.push(value(reader)?);
                    Some(())
                })?;
                values.into()
            }
            b'"' => reader.text()?.into(),
            b't' | b'f' => reader.flag()?.into(),
            _ => reader.integer()?.into(),
        })
    }

    fn read(text: &[u8]) -> Option<Value> {
        let mut reader = Reader::new(text);
        let value = value(&mut reader)?;
        reader.end().map(|()| value)
    }

    #[test]
    fn agrees_with_serde_json() {
        let cases = [
            r#"{"a": [1, -2, 0, "x"], "b": {"c": true, "d": false}, "": []}"#,
            r#" [ { } , [ ] , "" ] "#,
            r#""\"\\\/\b\f\n\r\t\u00e9\u20ac\ud83d\ude00 é €""#,
            "[9223372036854775807,-9223372036854775808]",
            r#"{"a":1,}"#,
            r#"{"a" 1}"#,
            "[1 2]",
            "[1,]",
            "[01]",
            "[-]",
            "[--1]",
            "[9223372036854775808]",
            "[-9223372036854775809]",
            r#""\ud83d""#,
            r#""\ud83dx""#,
            r#""\ude00""#,
            r#""\u12g4""#,
            r#""\x""#,
            "\"a\nb\"",
            "\"\u{0}\"",
            "\"a",
            "tru",
            "falsetrue",
            "[1] 2",
            "",
            "[",
        ];
        for text in cases {
            let expected = serde_json::from_str::<Value>(text).ok().filter(|value| !value.is_f64());
            let expected = if text.contains("922337203685477580") && text.len() < 24 { None } else { expected };
            assert_eq!(read(text.as_bytes()), expected, "{text}");
        }
        // Fractions and nothing are not read; neither is a byte that is no UTF-8.
        for text in [&b"1.5"[..], b"1e3", b"null", b"\"\xff\""] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_read_back_and_is_what_serde_json_writes(texts in prop::collection::vec(".{0,12}", 0..5)) {
            let json = quoted_list(&texts);
            prop_assert_eq!(&json, &serde_json::to_string(&texts).unwrap());
            prop_assert_eq!(Reader::new(json.as_bytes()).texts(), Some(texts));
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(prop_oneof![Just(b'"'), Just(b'['), Just(b'\\'), any::<u8>()], 0..40)) {
            let mut reader = Reader::new(&bytes);
            let _ = value(&mut reader);
            prop_assert!(reader.at() <= bytes.len());
        }
    }
}
