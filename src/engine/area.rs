//! Where the jobs were that a model learned from: elsewhere a position tells it nothing.

use super::load::{Engine, Neural};
use crate::artifact::text::text;
use crate::artifact::{ArtifactError, Tensors};
use crate::domain::{GeoPoint, JobSpec};
use crate::features::encode_query;

/// The tensor of a model's file; models of markets without positions have none.
pub const AREA_TENSOR: &str = "position.box";

/// The smallest box of latitudes and longitudes around the jobs of the training part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// Southern, northern, western and eastern end, degrees.
    ends: [f64; 4],
}

impl Area {
    /// Around these places; `None` where there is none.
    pub fn around(places: impl IntoIterator<Item = GeoPoint>) -> Option<Self> {
        let grow = |area: Option<Self>, place: GeoPoint| {
            let GeoPoint { latitude, longitude } = place;
            let [south, north, west, east] = area.map_or([latitude, latitude, longitude, longitude], |area| area.ends);
            Some(Self { ends: [south.min(latitude), north.max(latitude), west.min(longitude), east.max(longitude)] })
        };
        places.into_iter().fold(None, grow)
    }

    /// That of a model's file, if it has one.
    ///
    /// # Errors
    /// Another shape, ends that are no numbers.
    pub fn from_tensors(tensors: &Tensors) -> Result<Option<Self>, ArtifactError> {
        if tensors.shape(AREA_TENSOR).is_err() {
            return Ok(None);
        }
        let values = tensors.f64(AREA_TENSOR, &[4])?;
        let ends = [values[0], values[1], values[2], values[3]];
        if values.iter().all(|end| end.is_finite()) && ends[0] <= ends[1] && ends[2] <= ends[3] {
            return Ok(Some(Self { ends }));
        }
        Err(ArtifactError::Format { reason: text!("the ends of ", AREA_TENSOR, " are no numbers in order") })
    }

    /// The ends as the tensor holds them: south, north, west, east.
    pub fn ends(&self) -> [f64; 4] {
        self.ends
    }

    /// Whether a place is in it, its edges included.
    pub fn has(&self, place: &GeoPoint) -> bool {
        let [south, north, west, east] = self.ends;
        (south..=north).contains(&place.latitude) && (west..=east).contains(&place.longitude)
    }
}

impl Engine {
    /// The normalised features of a job.
    pub(super) fn query_features(&self, model: &Neural, job: &JobSpec) -> [f32; 7] {
        let mut features = encode_query(&self.catalog.market, job);
        if self.is_elsewhere(job) {
            // Latitude and longitude: the model would only extrapolate.
            (features[0], features[1]) = (f32::NAN, f32::NAN);
        }
        model.normaliser.apply_to(model.columns.query.iter().copied(), &mut features);
        features
    }

    /// Whether a job is where the model has seen none.
    pub(super) fn is_elsewhere(&self, job: &JobSpec) -> bool {
        self.area.zip(job.location).is_some_and(|(area, place)| !area.has(&place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(latitude: f64, longitude: f64) -> GeoPoint {
        GeoPoint { latitude, longitude }
    }

    #[test]
    fn the_box_around_places() {
        assert_eq!(Area::around([]), None);
        let area = Area::around([place(38.0, 23.5), place(37.9, 23.9), place(38.1, 23.7)]).unwrap();
        assert_eq!(area.ends(), [37.9, 38.1, 23.5, 23.9]);
        for (at, inside) in [((37.9, 23.9), true), ((38.0, 23.6), true), ((38.2, 23.6), false), ((38.0, 23.4), false)] {
            assert_eq!(area.has(&place(at.0, at.1)), inside, "{at:?}");
        }
        assert!(!area.has(&place(f64::NAN, 23.6)));
    }

    #[test]
    fn what_a_file_says_is_checked() {
        let read = |values: &[f64]| {
            let mut tensors = Tensors::new();
            tensors.insert_f64(AREA_TENSOR, &[values.len()], values).unwrap();
            Area::from_tensors(&tensors)
        };
        assert_eq!(Area::from_tensors(&Tensors::new()), Ok(None));
        assert_eq!(read(&[1.0, 2.0, 3.0, 4.0]).unwrap().unwrap().ends(), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(read(&[2.0, 1.0, 3.0, 4.0]).unwrap_err().code(), "artifact.format");
        assert_eq!(read(&[f64::NAN, 1.0, 3.0, 4.0]).unwrap_err().code(), "artifact.format");
        assert_eq!(read(&[1.0]).unwrap_err().code(), "artifact.shape");
    }
}
