//! Where in Athens people live: within reach of the centre and not in the sea.

use super::constants::ATHENS;
use super::draw::Draw;
use crate::domain::GeoPoint;

/// The coast of the Saronic gulf as (longitude, latitude), from Perama over Piraeus, Faliro and Glyfada to Varkiza. A point
/// south of the line is in the sea. Simplified by hand from the public map to about 500 m; it is for a plausible picture.
pub const COASTLINE: [(f64, f64); 14] = [
    (23.570, 37.972),
    (23.595, 37.963),
    (23.615, 37.953),
    (23.630, 37.938),
    (23.645, 37.935),
    (23.660, 37.942),
    (23.680, 37.944),
    (23.700, 37.926),
    (23.715, 37.910),
    (23.730, 37.887),
    (23.748, 37.864),
    (23.768, 37.846),
    (23.790, 37.828),
    (23.890, 37.805),
];

/// West of this line and between these latitudes lies the bay of Skaramangas.
const BAY: (f64, f64, f64) = (23.597, 37.985, 38.035);

/// Whether a point near Athens is on land.
pub(super) fn on_land(point: &GeoPoint) -> bool {
    let (latitude, longitude) = (point.latitude, point.longitude);
    if longitude < BAY.0 && (BAY.1..BAY.2).contains(&latitude) {
        return false;
    }
    let coast = COASTLINE.windows(2).find(|ends| longitude < ends[1].0);
    coast.is_none_or(|ends| {
        let ((west, from), (east, to)) = (ends[0], ends[1]);
        latitude > from + (to - from) * (longitude - west) / (east - west)
    })
}

/// A place on land within reach of the centre, dense in the middle. Rounded to a metre.
pub(super) fn place(draw: &mut Draw, sd: f64) -> GeoPoint {
    loop {
        let (north, east) = (draw.normal(sd), draw.normal(sd));
        let round = |degrees: f64| (degrees * 1e5).round() / 1e5;
        let point = GeoPoint { latitude: round(ATHENS.centre.0 + north), longitude: round(ATHENS.centre.1 + east) };
        if north.abs() < ATHENS.reach_deg && east.abs() < ATHENS.reach_deg && on_land(&point) {
            return point;
        }
    }
}
