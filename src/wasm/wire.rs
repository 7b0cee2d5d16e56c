//! The bytes that cross the border between JavaScript and the engine; `js/src/wire.ts` is the other side.
//!
//! Little-endian and in a fixed order of fields. A number, flag or choice is an f64, NaN where it is unknown (so that an
//! f32 arrives as the same number). A text or list starts with its length as u32, [`MISSING`] where it is unknown. A part
//! that may be missing is a list of one or none.

/// The length of what is unknown.
const MISSING: u32 = u32::MAX;

/// Writes an answer.
#[derive(Debug, Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    #[inline(never)]
    pub(super) fn number(&mut self, value: f64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn maybe(&mut self, value: Option<f64>) {
        self.number(value.unwrap_or(f64::NAN));
    }

    /// An f32 that may be unknown.
    pub(super) fn float(&mut self, value: Option<f32>) {
        self.maybe(value.map(f64::from));
    }

    pub(super) fn count(&mut self, value: usize) {
        self.number(value as f64);
    }

    pub(super) fn flag(&mut self, value: Option<bool>) {
        self.maybe(value.map(|value| f64::from(u8::from(value))));
    }

    #[inline(never)]
    pub(super) fn text(&mut self, text: &str) {
        self.length(text.len());
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// The length of the list whose elements follow.
    #[inline(never)]
    pub(super) fn length(&mut self, length: usize) {
        self.bytes.extend_from_slice(&(length as u32).to_le_bytes());
    }

    /// A list of numbers of four bytes each.
    pub(super) fn column(&mut self, column: impl ExactSizeIterator<Item = [u8; 4]>) {
        self.length(column.len());
        column.for_each(|number| self.bytes.extend_from_slice(&number));
    }

    /// A part that may be missing.
    pub(super) fn part<T>(&mut self, part: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match part {
            None => self.bytes.extend_from_slice(&MISSING.to_le_bytes()),
            Some(part) => {
                self.length(1);
                write(self, part);
            }
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Reads what JavaScript wrote; `None` where the bytes end too early or are no such thing.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// A number, NaN where it is unknown.
    pub(super) fn number(&mut self) -> Option<f64> {
        let (number, rest) = self.bytes.split_first_chunk::<8>()?;
        self.bytes = rest;
        Some(f64::from_le_bytes(*number))
    }

    pub(super) fn maybe(&mut self) -> Option<Option<f64>> {
        self.number().map(|number| Some(number).filter(|number| !number.is_nan()))
    }

    pub(super) fn float(&mut self) -> Option<Option<f32>> {
        self.maybe().map(|number| number.map(|number| number as f32))
    }

    /// The length of a text or list; `Some(None)` where it is unknown.
    pub(super) fn length(&mut self) -> Option<Option<usize>> {
        let (length, rest) = self.bytes.split_first_chunk::<4>()?;
        self.bytes = rest;
        Some(Some(u32::from_le_bytes(*length)).filter(|length| *length != MISSING).map(|length| length as usize))
    }

    pub(super) fn maybe_text(&mut self) -> Option<Option<String>> {
        let Some(length) = self.length()? else { return Some(None) };
        let (text, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(Some(std::str::from_utf8(text).ok()?.to_owned()))
    }

    pub(super) fn text(&mut self) -> Option<String> {
        self.maybe_text()?
    }

    /// A list that may be unknown.
    pub(super) fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Option<Vec<T>>> {
        let Some(length) = self.length()? else { return Some(None) };
        let mut values = Vec::new();
        for _ in 0..length {
            values.push(read(self)?);
        }
        Some(Some(values))
    }

    /// A part that may be missing.
    pub(super) fn part<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.length()? {
            None => Some(None),
            Some(_) => read(self).map(Some),
        }
    }

    /// Whether everything was read.
    pub(super) fn is_done(&self) -> bool {
        self.bytes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        let mut writer = Writer::default();
        writer.float(Some(0.1));
        writer.maybe(None);
        writer.text("é");
        writer.part(None::<f64>, Writer::number);
        writer.part(Some(2.0), Writer::number);
        writer.length(2);
        [3.0, 4.0].into_iter().for_each(|number| writer.number(number));
        writer.into_bytes()
    }

    #[allow(clippy::type_complexity)]
    fn read(bytes: &[u8]) -> Option<(Option<f32>, Option<f64>, String, [Option<f64>; 2], Option<Vec<f64>>)> {
        let mut reader = Reader::new(bytes);
        let numbers = (reader.float()?, reader.maybe()?);
        let (text, parts) = (reader.text()?, [reader.part(Reader::number)?, reader.part(Reader::number)?]);
        let list = reader.list(Reader::number)?;
        reader.is_done().then_some((numbers.0, numbers.1, text, parts, list))
    }

    #[test]
    fn what_is_written_is_read_back() {
        let expected = (Some(0.1), None, "é".to_owned(), [None, Some(2.0)], Some(vec![3.0, 4.0]));
        assert_eq!(read(&sample()), Some(expected));
    }

    #[test]
    fn bytes_stand_as_documented() {
        let mut writer = Writer::default();
        writer.number(1.0);
        writer.text("ab");
        writer.part(None::<f64>, Writer::number);
        // IEEE 754: 1.0 is 0x3ff0_0000_0000_0000.
        let expected = [0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 2, 0, 0, 0, b'a', b'b', 255, 255, 255, 255];
        assert_eq!(writer.into_bytes(), expected);
    }

    #[test]
    fn what_ends_too_early_is_refused() {
        let bytes = sample();
        for length in 0..bytes.len() {
            assert_eq!(read(&bytes[..length]), None, "length {length}");
        }
        assert_eq!(read(&[bytes.as_slice(), &[0]].concat()), None);
    }
}
