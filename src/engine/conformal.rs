//! How far a rating can be from what the model expects: split-conformal intervals by how many reviews the cleaner has.
//!
//! On jobs that were not trained on, the absolute errors are sorted; of n errors the one at place `ceil((n + 1) level)` is the
//! radius that a further job's error does not exceed with at least that probability, whatever the model, as long as jobs come
//! as those did (Vovk, Gammerman, Shafer 2005; by groups: "Mondrian"). Cleaners with few reviews have radii of their own.

use crate::artifact::text::text;
use crate::artifact::{ArtifactError, Tensors};

use super::error::EngineError;

/// Format name of the file.
pub const CONFORMAL_FORMAT: &str = "tidyrank.conformal";
/// The level of an interval where a request gives none.
pub const DEFAULT_LEVEL: f32 = 0.9;
/// The levels that can be asked for.
const LEVELS: std::ops::RangeInclusive<f32> = 0.5..=0.99;

/// Radii of intervals by bin of reviews and level.
#[derive(Debug, Clone, PartialEq)]
pub struct Conformal {
    /// The fewest reviews of each bin, ascending; the first is 0.
    edges: Vec<u32>,
    /// How many errors each bin rests on.
    counts: Vec<u32>,
    /// Probabilities, ascending.
    levels: Vec<f32>,
    /// By bin, then level: 0 to 1. 1 = anything can be, also where a bin has too few errors to say.
    radii: Vec<f32>,
}

impl Conformal {
    /// From its columns: `radii` has a row of one radius per level for each bin.
    ///
    /// # Errors
    /// [`ArtifactError::Format`] for columns that do not fit, are not ascending, or leave 0 to 1.
    pub fn new(edges: Vec<u32>, counts: Vec<u32>, levels: Vec<f32>, radii: Vec<f32>) -> Result<Self, ArtifactError> {
        let rising = |row: &[f32]| row.windows(2).all(|pair| pair[0] <= pair[1]);
        let within = |values: &[f32]| values.iter().all(|value| (0.0..=1.0).contains(value));
        let whole = !levels.is_empty() && radii.len() == edges.len() * levels.len() && counts.len() == edges.len();
        let bins = edges.first() == Some(&0) && edges.windows(2).all(|pair| pair[0] < pair[1]);
        let valid = whole && bins && rising(&levels) && within(&levels) && within(&radii);
        if valid && radii.chunks_exact(levels.len()).all(rising) {
            return Ok(Self { edges, counts, levels, radii });
        }
        Err(ArtifactError::Format { reason: text!("bins, levels and radii must be from 0 to 1 and ascending") })
    }

    /// Reads the file.
    ///
    /// # Errors
    /// Another format or version, missing tensors, and as [`new`](Self::new).
    pub fn from_tensors(tensors: &Tensors) -> Result<Self, ArtifactError> {
        tensors.expect_format(CONFORMAL_FORMAT)?;
        let length = |name: &str| tensors.shape(name).map(|shape| shape.iter().product::<usize>());
        let (bins, levels) = (length("edge")?, length("level")?);
        Self::new(
            tensors.u32("edge", &[bins])?,
            tensors.u32("count", &[bins])?,
            tensors.f32("level", &[levels])?,
            tensors.f32("radius", &[bins, levels])?,
        )
    }

    /// The file that [`from_tensors`](Self::from_tensors) reads.
    ///
    /// # Errors
    /// None: the columns fit by construction.
    #[cfg(any(feature = "native", test))]
    pub fn to_tensors(&self) -> Result<Tensors, ArtifactError> {
        let (bins, levels) = (self.edges.len(), self.levels.len());
        let mut tensors = Tensors::new();
        tensors.set_format(CONFORMAL_FORMAT);
        tensors.insert_u32("edge", &[bins], &self.edges)?;
        tensors.insert_u32("count", &[bins], &self.counts)?;
        tensors.insert_f32("level", &[levels], &self.levels)?;
        tensors.insert_f32("radius", &[bins, levels], &self.radii)?;
        Ok(tensors)
    }

    /// The bin of a cleaner with that many reviews.
    pub fn bin(&self, reviews: u32) -> usize {
        self.edges.iter().rposition(|edge| *edge <= reviews).unwrap_or_default()
    }

    /// The fewest reviews of each bin, ascending.
    pub fn edges(&self) -> &[u32] {
        &self.edges
    }

    /// How many errors each bin rests on.
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// How far the rating (0 to 1) of a cleaner with that many reviews can be from the expected one at this level, or at the
    /// next higher one that is known; 1 beyond the highest.
    pub fn radius(&self, reviews: u32, level: f32) -> f32 {
        // A level that was written as 0.9 in another precision is that level.
        let at = self.levels.iter().position(|known| *known >= level - 1e-6);
        at.map_or(1.0, |at| self.radii[self.bin(reviews) * self.levels.len() + at])
    }

    /// Where the rating lies, 0 to 100; `expected`: likewise.
    pub fn interval(&self, expected: f32, reviews: u32, level: f32) -> [f32; 2] {
        let radius = 100.0 * self.radius(reviews, level);
        [(expected - radius).max(0.0), (expected + radius).min(100.0)]
    }
}

/// The level of a request's intervals.
pub(super) fn level_of(level: Option<f32>) -> Result<f32, EngineError> {
    let level = level.unwrap_or(DEFAULT_LEVEL);
    if LEVELS.contains(&level) {
        return Ok(level);
    }
    Err(EngineError::request("level", "it must be a number from 0.5 to 0.99"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_bins() -> Conformal {
        let radii = vec![0.2, 0.3, 1.0, 0.1, 0.15, 0.25];
        Conformal::new(vec![0, 5], vec![12, 400], vec![0.5, 0.9, 0.99], radii).unwrap()
    }

    #[test]
    fn an_interval_is_that_of_the_bin_and_the_next_higher_level() {
        let known = two_bins();
        let radii = [(0, 0.5, 0.2), (4, 0.51, 0.3), (4, 0.95, 1.0), (5, 0.9, 0.15), (900, 0.5, 0.1), (5, 0.995, 1.0)];
        for (reviews, level, radius) in radii {
            assert_eq!(known.radius(reviews, level), radius, "{reviews} reviews, level {level}");
        }
        assert_eq!(known.interval(40.0, 7, 0.5), [30.0, 50.0]);
        assert_eq!(known.interval(95.0, 0, 0.5), [75.0, 100.0]);
        assert_eq!(known.interval(30.0, 0, 0.99), [0.0, 100.0]);
    }

    #[test]
    fn a_level_is_90_percent_and_can_be_chosen() {
        assert_eq!((level_of(None), level_of(Some(0.5))), (Ok(0.9), Ok(0.5)));
        for level in [0.49, 1.0, -1.0, f32::NAN, f32::INFINITY] {
            assert_eq!(level_of(Some(level)).unwrap_err().code(), "request.invalid", "{level}");
        }
    }

    #[test]
    fn what_is_written_is_read_back_and_damage_is_refused() {
        let bytes = two_bins().to_tensors().unwrap().to_bytes();
        let read = |bytes: &[u8]| Tensors::from_bytes(bytes).and_then(|tensors| Conformal::from_tensors(&tensors));
        assert_eq!(read(&bytes), Ok(two_bins()));
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "length {length}");
        }
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x41;
            // Whatever is read keeps to what `new` promises.
            if let Ok(other) = read(&flipped) {
                let [low, high] = other.interval(50.0, 3, 0.9);
                assert!((0.0..=50.0).contains(&low) && (50.0..=100.0).contains(&high), "byte {at}");
            }
        }
        type Columns = (Vec<u32>, Vec<u32>, Vec<f32>, Vec<f32>);
        let columns: [Columns; 6] = [
            (vec![1], vec![1], vec![0.5], vec![0.1]),
            (vec![0, 0], vec![1, 1], vec![0.5], vec![0.1, 0.1]),
            (vec![0], vec![1], vec![0.9, 0.5], vec![0.1, 0.2]),
            (vec![0], vec![1], vec![0.5, 0.9], vec![0.2, 0.1]),
            (vec![0], vec![1], vec![0.5], vec![f32::NAN]),
            (vec![0], vec![1], vec![], vec![]),
        ];
        for (edges, counts, levels, radii) in columns {
            assert_eq!(Conformal::new(edges, counts, levels, radii).unwrap_err().code(), "artifact.format");
        }
    }
}
