//! A set of named tensors with text metadata: the content of one safetensors file.

use std::ops::RangeInclusive;

use super::header::{Field, Header, Named, check_length, split_header};
use super::json::{Reader, quoted};
use super::text::{Quoted, text};
use super::{ArtifactError, FORMAT_VERSION, OLDEST_READABLE};

/// The numbers that a tensor may hold, in the order in which they are written: the widest first, so that each is aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dtype {
    /// 64-bit floats.
    F64,
    /// 64-bit signed integers.
    I64,
    /// 32-bit floats.
    F32,
    /// 32-bit unsigned integers.
    U32,
    /// 16-bit signed integers.
    I16,
    /// 8-bit signed integers.
    I8,
}

impl Dtype {
    pub(super) const ALL: [Self; 6] = [Self::F64, Self::I64, Self::F32, Self::U32, Self::I16, Self::I8];

    /// The name in a safetensors header.
    pub fn name(self) -> &'static str {
        match self {
            Self::F64 => "F64",
            Self::I64 => "I64",
            Self::F32 => "F32",
            Self::U32 => "U32",
            Self::I16 => "I16",
            Self::I8 => "I8",
        }
    }

    /// Bytes of one number.
    fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::U32 => 4,
            Self::I16 => 2,
            Self::I8 => 1,
        }
    }
}

/// A number that can be stored: little-endian, as safetensors has it.
trait Element: Copy {
    const DTYPE: Dtype;
    type Bytes: AsRef<[u8]> + for<'a> TryFrom<&'a [u8]>;
    fn to_le(self) -> Self::Bytes;
    fn from_le(bytes: Self::Bytes) -> Self;
}

macro_rules! element {
    ($number:ty, $dtype:expr) => {
        impl Element for $number {
            const DTYPE: Dtype = $dtype;
            type Bytes = [u8; size_of::<$number>()];
            fn to_le(self) -> Self::Bytes {
                self.to_le_bytes()
            }
            fn from_le(bytes: Self::Bytes) -> Self {
                Self::from_le_bytes(bytes)
            }
        }
    };
}

element!(f64, Dtype::F64);
element!(i64, Dtype::I64);
element!(f32, Dtype::F32);
element!(u32, Dtype::U32);
element!(i16, Dtype::I16);
element!(i8, Dtype::I8);

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// Named tensors and text metadata. Names are kept in order, so that the same content always gives the same bytes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tensors {
    tensors: Named<Entry>,
    metadata: Named<String>,
}

macro_rules! typed {
    ($insert:ident, $get:ident, $number:ty, $text:literal) => {
        #[doc = concat!("Puts in a tensor of ", $text, ", in place of the one that had its name.")]
        ///
        /// # Errors
        /// [`ArtifactError::Shape`] if `values` is not as long as `shape` says.
        pub fn $insert(&mut self, name: &str, shape: &[usize], values: &[$number]) -> Result<(), ArtifactError> {
            self.insert(name, shape, values)
        }

        #[doc = concat!("The values of a tensor of ", $text, ", row by row.")]
        ///
        /// # Errors
        /// [`ArtifactError::MissingTensor`], [`ArtifactError::Dtype`] or [`ArtifactError::Shape`].
        pub fn $get(&self, name: &str, shape: &[usize]) -> Result<Vec<$number>, ArtifactError> {
            self.values(name, shape)
        }
    };
}

impl Tensors {
    /// No tensor and no metadata.
    pub fn new() -> Self {
        Self::default()
    }

    typed!(insert_f64, f64, f64, "64-bit floats");
    typed!(insert_f32, f32, f32, "32-bit floats");
    typed!(insert_i8, i8, i8, "8-bit signed integers");
    typed!(insert_i16, i16, i16, "16-bit signed integers");
    typed!(insert_u32, u32, u32, "32-bit unsigned integers");
    typed!(insert_i64, i64, i64, "64-bit signed integers");

    /// The names of all tensors in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.0.iter().map(|(name, _)| name.as_str())
    }

    /// The shape of a tensor.
    ///
    /// # Errors
    /// [`ArtifactError::MissingTensor`].
    pub fn shape(&self, name: &str) -> Result<&[usize], ArtifactError> {
        self.entry(name).map(|entry| entry.shape.as_slice())
    }

    /// The numbers that a tensor holds.
    ///
    /// # Errors
    /// [`ArtifactError::MissingTensor`].
    pub fn dtype(&self, name: &str) -> Result<Dtype, ArtifactError> {
        self.entry(name).map(|entry| entry.dtype)
    }

    /// A metadata entry.
    ///
    /// # Errors
    /// [`ArtifactError::Metadata`] if there is none.
    pub fn metadata(&self, key: &str) -> Result<&str, ArtifactError> {
        self.metadata.get(key).map(String::as_str).ok_or_else(|| wrong_metadata(key, "it is missing"))
    }

    /// A metadata entry in JSON as `read` understands it.
    ///
    /// # Errors
    /// [`ArtifactError::Metadata`] if there is none, or another; `expected` says what it should be.
    pub fn json<T>(
        &self,
        key: &str,
        expected: &str,
        read: impl FnOnce(&mut Reader<'_>) -> Option<T>,
    ) -> Result<T, ArtifactError> {
        let mut reader = Reader::new(self.metadata(key)?.as_bytes());
        let value = read(&mut reader).filter(|_| reader.end().is_some());
        value.ok_or_else(|| wrong_metadata(key, &text!("it is no ", expected, ", see byte ", reader.at())))
    }

    /// A metadata entry that is a list of texts in JSON.
    ///
    /// # Errors
    /// As [`json`](Self::json).
    pub fn texts(&self, key: &str) -> Result<Vec<String>, ArtifactError> {
        self.json(key, "list of texts", |json| json.texts())
    }

    /// Sets a metadata entry.
    pub fn set_metadata(&mut self, key: &str, value: impl Into<String>) {
        self.metadata.set(key, value.into());
    }

    /// Says in the metadata what the file is for, and the format version of this build.
    pub fn set_format(&mut self, format: &str) {
        self.set_version(format, FORMAT_VERSION);
    }

    /// The same for a format that counts its own versions.
    pub fn set_version(&mut self, format: &str, version: u32) {
        self.set_metadata("format", format);
        self.set_metadata("format_version", text!(version));
    }

    /// Refuses a file for another purpose or of another version.
    ///
    /// # Errors
    /// [`ArtifactError::Format`], [`ArtifactError::Version`], or [`ArtifactError::Metadata`] if the file does not say.
    pub fn expect_format(&self, format: &str) -> Result<(), ArtifactError> {
        self.expect_version(format, OLDEST_READABLE..=FORMAT_VERSION)
    }

    /// The same for a format that counts its own versions, of which `readable` can be read.
    ///
    /// # Errors
    /// As [`expect_format`](Self::expect_format).
    pub fn expect_version(&self, format: &str, readable: RangeInclusive<u32>) -> Result<(), ArtifactError> {
        let found = self.metadata("format")?;
        if found != format {
            return Err(ArtifactError::Format { reason: text!("it is ", Quoted(found), ", not ", Quoted(format)) });
        }
        let found = self.json("format_version", "version", |json| u32::try_from(json.count()?).ok())?;
        if readable.contains(&found) {
            return Ok(());
        }
        let (oldest, newest) = readable.into_inner();
        Err(ArtifactError::Version { what: format.to_owned(), found, oldest, newest })
    }

    /// Reads a safetensors file.
    ///
    /// # Errors
    /// [`ArtifactError::Truncated`] if bytes are missing at the end, [`ArtifactError::Size`] if there are too many,
    /// [`ArtifactError::Format`] if it is no such file or holds numbers that are not used here.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ArtifactError> {
        let (header, data) = split_header(bytes)?;
        let Header { metadata, fields } = Header::of(header)?;
        check_length(&fields, bytes.len(), data.len())?;
        let mut result = Self { metadata, tensors: Named::default() };
        for (name, field) in &fields.0 {
            let unusable = || ArtifactError::Format {
                reason: text!("tensor ", Quoted(name), " has a type or shape that is not used here"),
            };
            result.tensors.0.push((name.clone(), entry(field, data).ok_or_else(unusable)?));
        }
        Ok(result)
    }

    /// The content as a safetensors file; the same content always gives the same bytes.
    ///
    /// The header is read and written here: the safetensors crate writes metadata in the order of a hash map, and its reader
    /// is a tenth of the WebAssembly module. The tests read what is written with the crate.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut order: Vec<&(String, Entry)> = self.tensors.0.iter().collect();
        order.sort_by_key(|(_, entry)| entry.dtype);
        let pairs: Vec<String> =
            self.metadata.0.iter().map(|(key, value)| format!("{}:{}", quoted(key), quoted(value))).collect();
        let mut fields = vec![format!("\"__metadata__\":{{{}}}", pairs.join(","))];
        let mut offset = 0;
        for (name, Entry { dtype, shape, bytes }) in &order {
            let (name, dtype, end) = (quoted(name), dtype.name(), offset + bytes.len());
            let shape = shape.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
            fields.push(format!(
                "{name}:{{\"dtype\":\"{dtype}\",\"shape\":[{shape}],\"data_offsets\":[{offset},{end}]}}"
            ));
            offset = end;
        }
        let mut header = format!("{{{}}}", fields.join(",")).into_bytes();
        header.resize(header.len().next_multiple_of(8), b' ');
        let mut result = (header.len() as u64).to_le_bytes().to_vec();
        result.extend(header);
        order.iter().for_each(|(_, entry)| result.extend(&entry.bytes));
        result
    }

    fn insert<T: Element>(&mut self, name: &str, shape: &[usize], values: &[T]) -> Result<(), ArtifactError> {
        if shape.iter().product::<usize>() != values.len() {
            let (expected, actual) = (shape.to_vec(), vec![values.len()]);
            return Err(ArtifactError::Shape { name: name.to_owned(), expected, actual });
        }
        let mut bytes = Vec::with_capacity(size_of_val(values));
        values.iter().for_each(|value| bytes.extend_from_slice(value.to_le().as_ref()));
        self.tensors.set(name, Entry { dtype: T::DTYPE, shape: shape.to_vec(), bytes });
        Ok(())
    }

    fn values<T: Element>(&self, name: &str, shape: &[usize]) -> Result<Vec<T>, ArtifactError> {
        let bytes = self.bytes(name, shape, T::DTYPE)?;
        Ok(bytes.chunks_exact(size_of::<T>()).flat_map(T::Bytes::try_from).map(T::from_le).collect())
    }

    /// The bytes of a tensor with this shape and these numbers.
    fn bytes(&self, name: &str, shape: &[usize], dtype: Dtype) -> Result<&[u8], ArtifactError> {
        let entry = self.entry(name)?;
        if entry.dtype != dtype {
            let (expected, actual) = (dtype.name(), entry.dtype.name());
            return Err(ArtifactError::Dtype { name: name.to_owned(), expected, actual });
        }
        if entry.shape != shape {
            let (expected, actual) = (shape.to_vec(), entry.shape.clone());
            return Err(ArtifactError::Shape { name: name.to_owned(), expected, actual });
        }
        Ok(&entry.bytes)
    }

    fn entry(&self, name: &str) -> Result<&Entry, ArtifactError> {
        self.tensors.get(name).ok_or_else(|| ArtifactError::MissingTensor { name: name.to_owned() })
    }
}

/// The content of a tensor, if the data are as long as its shape says.
fn entry(field: &Field, data: &[u8]) -> Option<Entry> {
    let bytes = data.get(field.data.clone())?;
    let values = field.shape.iter().try_fold(1usize, |product, length| product.checked_mul(*length))?;
    let dtype = field.dtype?;
    let fits = values.checked_mul(dtype.size())? == bytes.len();
    fits.then(|| Entry { dtype, shape: field.shape.clone(), bytes: bytes.to_vec() })
}

/// A metadata entry that cannot be used.
fn wrong_metadata(key: &str, reason: &str) -> ArtifactError {
    ArtifactError::Metadata { key: key.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use safetensors::SafeTensors;

    use super::*;

    fn sample() -> Tensors {
        let mut tensors = Tensors::new();
        tensors.set_format("tidyrank.test");
        tensors.set_metadata("ids", "[\"a \\\"quoted\\\" id\",\"é\"]");
        tensors.insert_f32("b.f32", &[2, 2], &[1.5, -0.0, f32::MAX, f32::NEG_INFINITY]).unwrap();
        tensors.insert_i8("a.i8", &[3], &[-128, 0, 127]).unwrap();
        tensors.insert_i16("i16", &[1, 2], &[i16::MIN, i16::MAX]).unwrap();
        tensors.insert_u32("u32", &[1], &[u32::MAX]).unwrap();
        tensors.insert_i64("i64", &[], &[i64::MIN]).unwrap();
        tensors.insert_f64("f64", &[1], &[0.1]).unwrap();
        tensors.insert_f32("empty", &[0, 4], &[]).unwrap();
        tensors
    }

    #[test]
    fn every_type_is_read_back() {
        let tensors = Tensors::from_bytes(&sample().to_bytes()).unwrap();
        assert_eq!(tensors, sample());
        assert_eq!(tensors.f32("b.f32", &[2, 2]).unwrap(), [1.5, -0.0, f32::MAX, f32::NEG_INFINITY]);
        assert_eq!(tensors.i8("a.i8", &[3]).unwrap(), [-128, 0, 127]);
        assert_eq!(tensors.i16("i16", &[1, 2]).unwrap(), [i16::MIN, i16::MAX]);
        assert_eq!(tensors.u32("u32", &[1]).unwrap(), [u32::MAX]);
        assert_eq!(tensors.i64("i64", &[]).unwrap(), [i64::MIN]);
        assert_eq!(tensors.f64("f64", &[1]).unwrap(), [0.1]);
        assert!(tensors.f32("empty", &[0, 4]).unwrap().is_empty());
        assert_eq!(tensors.metadata("ids").unwrap(), "[\"a \\\"quoted\\\" id\",\"é\"]");
        assert_eq!(tensors.names().count(), 7);
        assert_eq!((tensors.shape("i16").unwrap(), tensors.dtype("i16").unwrap()), (&[1, 2][..], Dtype::I16));
    }

    #[test]
    fn the_bytes_do_not_depend_on_the_order_of_insertion_and_the_crate_reads_them() {
        let mut other = Tensors::new();
        let first = sample();
        for name in ["u32", "a.i8", "empty", "i64", "b.f32", "f64", "i16"] {
            other.tensors.set(name, first.tensors.get(name).unwrap().clone());
        }
        other.set_metadata("ids", first.metadata("ids").unwrap());
        other.set_format("tidyrank.test");
        assert_eq!(other.to_bytes(), first.to_bytes());
        let bytes = first.to_bytes();
        let read = SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(read.tensor("a.i8").unwrap().data(), [128, 0, 127]);
    }

    #[test]
    fn every_truncation_is_refused() {
        let bytes = sample().to_bytes();
        for length in 0..bytes.len() {
            let error = Tensors::from_bytes(&bytes[..length]).unwrap_err();
            assert_eq!(error.code(), "artifact.truncated", "length {length}: {error}");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(Tensors::from_bytes(&longer).unwrap_err().code(), "artifact.size");
    }

    #[test]
    fn a_flipped_byte_never_panics() {
        let bytes = sample().to_bytes();
        for at in 0..bytes.len() {
            for mask in [1, 4, 0x20, 0x80] {
                let mut flipped = bytes.clone();
                flipped[at] ^= mask;
                if let Ok(tensors) = Tensors::from_bytes(&flipped) {
                    let _ = (tensors.f32("b.f32", &[2, 2]), tensors.i8("a.i8", &[3]));
                    let _ = tensors.expect_format("tidyrank.test");
                }
            }
        }
    }

    #[test]
    fn wrong_questions_are_refused() {
        let tensors = sample();
        let mut wrong = Tensors::new();
        let codes = [
            (tensors.f32("none", &[1]).unwrap_err(), "artifact.missing_tensor"),
            (tensors.shape("none").unwrap_err(), "artifact.missing_tensor"),
            (tensors.i8("b.f32", &[2, 2]).unwrap_err(), "artifact.dtype"),
            (tensors.f32("b.f32", &[4]).unwrap_err(), "artifact.shape"),
            (wrong.insert_i8("x", &[2, 2], &[1]).unwrap_err(), "artifact.shape"),
            (tensors.metadata("none").unwrap_err(), "artifact.metadata"),
            (tensors.expect_format("tidyrank.other").unwrap_err(), "artifact.format"),
            (wrong.expect_format("tidyrank.test").unwrap_err(), "artifact.metadata"),
            (Tensors::from_bytes(b"\x02\0\0\0\0\0\0\0[]").unwrap_err(), "artifact.format"),
        ];
        for (error, code) in codes {
            assert_eq!(error.code(), code, "{error}");
        }
        assert_eq!(tensors.expect_format("tidyrank.test"), Ok(()));
    }

    #[test]
    fn other_versions_and_types_are_refused() {
        for (version, code) in [("0", "artifact.version"), ("2", "artifact.version"), ("one", "artifact.metadata")] {
            let mut tensors = sample();
            tensors.set_metadata("format_version", version);
            assert_eq!(tensors.expect_format("tidyrank.test").unwrap_err().code(), code, "version {version}");
        }
        let mut header = br#"{"x":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}"#.to_vec();
        header.resize(header.len().next_multiple_of(8), b' ');
        let bytes = [(header.len() as u64).to_le_bytes().as_slice(), &header, &[0; 8]].concat();
        assert_eq!(Tensors::from_bytes(&bytes).unwrap_err().code(), "artifact.format");
    }
}
