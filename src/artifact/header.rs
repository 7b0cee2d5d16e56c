//! The header of a safetensors file: what its JSON says of the tensors.

use std::cmp::Ordering;
use std::ops::Range;

use super::json::Reader;
use super::text::text;
use super::{ArtifactError, Dtype};

/// What errors call the file: here nobody knows its name.
const WHAT: &str = "the tensor file";

/// Values by name, in the order of the names.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Named<T>(pub(super) Vec<(String, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Named<T> {
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.as_str().cmp(name))
    }

    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.place(name).ok().map(|at| &self.0[at].1)
    }

    /// Puts in a value; whether its name is new.
    pub(super) fn set(&mut self, name: &str, value: T) -> bool {
        let place = self.place(name);
        match place {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (name.to_owned(), value)),
        }
        place.is_err()
    }
}

/// A tensor in the header: its numbers where they are known here, and where its bytes are in the data.
pub(super) struct Field {
    pub(super) dtype: Option<Dtype>,
    pub(super) shape: Vec<usize>,
    pub(super) data: Range<usize>,
}

/// The header of a file.
pub(super) struct Header {
    pub(super) metadata: Named<String>,
    pub(super) fields: Named<Field>,
}

impl Header {
    /// Reads the JSON of a header.
    pub(super) fn of(text: &[u8]) -> Result<Self, ArtifactError> {
        let mut header = Self { metadata: Named::default(), fields: Named::default() };
        let mut reader = Reader::new(text);
        let read = reader.object(&mut |reader, name| {
            if name == "__metadata__" {
                let metadata = &mut header.metadata;
                return reader.object(&mut |reader, key| metadata.set(&key, reader.text()?).then_some(()));
            }
            header.fields.set(&name, Field::read(reader)?).then_some(())
        });
        match read.and_then(|()| reader.end()) {
            Some(()) => Ok(header),
            None => Err(ArtifactError::Format { reason: text!("its header cannot be read, see byte ", reader.at()) }),
        }
    }
}

impl Field {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let (mut dtype, mut shape, mut data) = (None, None, None);
        reader.object(&mut |reader, name| {
            match name.as_str() {
                "dtype" => {
                    let written = reader.text()?;
                    dtype = Some(Dtype::ALL.into_iter().find(|dtype| dtype.name() == written));
                }
                "shape" => shape = Some(read_sizes(reader)?),
                "data_offsets" => data = Some(read_sizes(reader)?),
                _ => return None,
            }
            Some(())
        })?;
        let [start, end] = data?.try_into().ok()?;
        Some(Self { dtype: dtype?, shape: shape?, data: start..end })
    }
}

fn read_sizes(reader: &mut Reader<'_>) -> Option<Vec<usize>> {
    let mut sizes = Vec::new();
    reader.list(&mut |reader| {
        sizes.push(usize::try_from(reader.count()?).ok()?);
        Some(())
    })?;
    Some(sizes)
}

/// The header's JSON and the data behind it.
pub(super) fn split_header(bytes: &[u8]) -> Result<(&[u8], &[u8]), ArtifactError> {
    let actual = bytes.len() as u64;
    let truncated = |expected| ArtifactError::Truncated { what: WHAT.to_owned(), expected, actual };
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(|| truncated(8))?;
    let length = u64::from_le_bytes(*length);
    let at = usize::try_from(length).ok().filter(|at| *at <= rest.len());
    at.map(|at| rest.split_at(at)).ok_or_else(|| truncated(length.saturating_add(8)))
}

/// Checks that the tensors fill the data from the first to the last byte.
pub(super) fn check_length(fields: &Named<Field>, file: usize, data: usize) -> Result<(), ArtifactError> {
    let (mut sum, mut end) = (0usize, 0);
    for (_, field) in &fields.0 {
        sum = sum.saturating_add(field.data.len());
        end = field.data.end.max(end);
    }
    let (what, actual) = (WHAT.to_owned(), file as u64);
    let expected = ((file - data) as u64).saturating_add(end as u64);
    match end.cmp(&data) {
        Ordering::Greater => Err(ArtifactError::Truncated { what, expected, actual }),
        Ordering::Less => Err(ArtifactError::Size { what, expected, actual }),
        Ordering::Equal if sum != end => Err(ArtifactError::Format { reason: "its tensors have gaps".to_owned() }),
        Ordering::Equal => Ok(()),
    }
}
