//! The cap around some points of the globe.

use crate::domain::GeoPoint;

/// Steps towards the centre of the smallest ball; its radius is then at most a few per cent too large.
const STEPS: u32 = 64;

/// A cap that has all the points: its centre, in coordinates that an f32 can hold, and its radius in kilometres, rounded
/// up. It is nearly the smallest one. `None` without points.
///
/// The centre is that of the smallest ball around the points (M. Bădoiu and K. Clarkson, "Smaller core-sets for balls",
/// SODA 2003: step after step a little towards the furthest point), back on the globe.
pub fn cap_of(points: &[GeoPoint]) -> Option<(GeoPoint, f32)> {
    let first = *points.first()?;
    let vectors: Vec<[f64; 3]> = points.iter().map(vector).collect();
    let mut centre = vector(&first);
    for step in 1..=STEPS {
        let far = vectors.iter().max_by(|a, b| gap(a, &centre).total_cmp(&gap(b, &centre)))?;
        for (at, far) in centre.iter_mut().zip(far) {
            *at += (far - *at) / f64::from(step + 1);
        }
    }
    let centre = point(&centre).unwrap_or(first);
    let radius = points.iter().map(|point| centre.distance_km(point)).fold(0.0, f64::max);
    Some((centre, round_up(radius)))
}

fn vector(point: &GeoPoint) -> [f64; 3] {
    let (latitude, longitude) = (point.latitude.to_radians(), point.longitude.to_radians());
    let across = libm::cos(latitude);
    [across * libm::cos(longitude), across * libm::sin(longitude), libm::sin(latitude)]
}

/// The point of the globe in this direction; `None` for one too near the globe's centre to have any.
fn point(vector: &[f64; 3]) -> Option<GeoPoint> {
    let [x, y, z] = *vector;
    let across = libm::hypot(x, y);
    if libm::hypot(across, z) < 1e-6 {
        return None;
    }
    let (latitude, longitude) = (libm::atan2(z, across).to_degrees(), libm::atan2(y, x).to_degrees());
    GeoPoint::new(f64::from(latitude as f32), f64::from(longitude as f32))
}

fn gap(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

fn round_up(value: f64) -> f32 {
    let rounded = value as f32;
    if f64::from(rounded) < value { rounded.next_up() } else { rounded }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Market, Place};
    use crate::engine::{Catalog, Tile, TileIndex};
    use proptest::prelude::*;

    fn at(latitude: f64, longitude: f64) -> GeoPoint {
        GeoPoint { latitude, longitude }
    }

    #[test]
    fn caps_that_are_known() {
        // A degree of a great circle is 111.195 km. Points, the centre's latitude, the radius.
        let cases: [(&[GeoPoint], f64, f64); 5] = [
            (&[at(38.0, 23.7)], 38.0, 0.0),
            (&[at(10.0, 5.0), at(12.0, 5.0)], 11.0, 111.195),
            (&[at(0.0, 179.0), at(0.0, -179.0)], 0.0, 111.195),
            (&[at(89.0, 0.0), at(89.0, 90.0), at(89.0, 180.0), at(89.0, -90.0)], 90.0, 111.195),
            (&[at(0.0, 0.0), at(0.0, 90.0), at(0.0, 180.0), at(0.0, -90.0), at(90.0, 0.0)], 90.0, 10_007.557),
        ];
        for (points, latitude, radius) in cases {
            let (centre, found) = cap_of(points).unwrap();
            assert!(
                f64::from(found) >= radius * 0.999_99 && f64::from(found) <= radius * 1.1 + 0.01,
                "{found} {radius}"
            );
            assert!((centre.latitude - latitude).abs() <= 0.15 + radius / 900.0, "{centre:?}");
        }
        assert_eq!(cap_of(&[]), None);
    }

    /// Points that crowd where the arithmetic is awkward: the poles and the antimeridian.
    fn point() -> impl Strategy<Value = GeoPoint> {
        let latitude = prop_oneof![-90.0..=90.0, 89.9..=90.0, -90.0..=-89.9, Just(90.0), Just(-90.0), -0.1..=0.1];
        let longitude = prop_oneof![-180.0..=180.0, 179.9..=180.0, -180.0..=-179.9, Just(180.0), Just(-180.0)];
        (latitude, longitude).prop_map(|(latitude, longitude)| at(latitude, longitude))
    }

    /// Points around one: within some kilometres, or anywhere.
    fn cloud() -> impl Strategy<Value = Vec<GeoPoint>> {
        let offset = (-1.0..=1.0f64, -1.0..=1.0f64);
        (point(), prop_oneof![Just(0.0), Just(0.001), Just(0.2), Just(90.0)], prop::collection::vec(offset, 1..20))
            .prop_map(|(centre, spread, offsets)| {
                let wrapped = |longitude: f64| (longitude + 540.0).rem_euclid(360.0) - 180.0;
                let near = |(a, b): (f64, f64)| {
                    let across = spread / libm::cos(centre.latitude.to_radians()).max(0.01);
                    at((centre.latitude + a * spread).clamp(-90.0, 90.0), wrapped(centre.longitude + b * across))
                };
                offsets.into_iter().map(near).collect()
            })
    }

    fn index(points: &[GeoPoint]) -> TileIndex {
        let market = Market {
            name: "m".into(),
            centre: None,
            currency: "EUR".into(),
            utc_offset_minutes: 0,
            rating_min: 0.0,
            rating_max: 1.0,
            property_types: vec![],
            candidates_are_bidders: false,
        };
        let (centre, radius_km) = cap_of(points).unwrap();
        let tile = Tile { cell: 1, centre, radius_km, cleaners: 1, bytes: 1, sha256: "0".repeat(64) };
        let index = TileIndex::new(&Catalog::new(market, vec![]).unwrap(), 5, vec![tile]);
        // As a page has it: through the file.
        TileIndex::from_tensors(&index.to_tensors().unwrap()).unwrap()
    }

    /// The angle between two points by their vectors: another formula than that of the caps.
    fn distance_km(a: &GeoPoint, b: &GeoPoint) -> f64 {
        let (a, b) = (vector(a), vector(b));
        let cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
        let sine = cross.iter().map(|x| x * x).sum::<f64>().sqrt();
        let cosine: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
        crate::domain::EARTH_RADIUS_KM * sine.atan2(cosine)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn a_tile_is_near_whenever_one_of_its_points_is(points in cloud(), job in point()) {
            let index = index(&points);
            for point in &points {
                // The tightest limit that lets the point in, by the engine's formula and by two others.
                let chord = Place::of(*point).distance_km(&Place::of(job));
                for km in [chord, point.distance_km(&job), distance_km(point, &job)] {
                    prop_assert_eq!(index.near(Some(job), Some(km)).len(), 1, "{:?} {}", point, km);
                }
            }
            // And not where none is by far: the cap is not just everything.
            let nearest = points.iter().map(|point| distance_km(point, &job)).fold(f64::INFINITY, f64::min);
            let widest = points.iter().map(|point| distance_km(&points[0], point)).fold(0.0, f64::max);
            let far = nearest - 2.2 * widest - 1.0;
            prop_assert!(far < 0.0 || index.near(Some(job), Some(far)).is_empty());
        }
    }
}
