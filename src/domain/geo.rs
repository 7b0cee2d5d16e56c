//! Positions on the globe and the distance between them.

#[cfg(feature = "native")]
use serde::{Deserialize, Serialize};

/// Mean radius of the Earth in kilometres (IUGG R1).
pub const EARTH_RADIUS_KM: f64 = 6371.0088;

/// A position in degrees (WGS 84).
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(deny_unknown_fields))]
pub struct GeoPoint {
    /// Latitude in degrees, -90 to 90.
    #[cfg_attr(feature = "native", serde(alias = "lat"))]
    pub latitude: f64,
    /// Longitude in degrees, -180 to 180.
    #[cfg_attr(feature = "native", serde(alias = "lon", alias = "lng"))]
    pub longitude: f64,
}

impl GeoPoint {
    /// A point, or `None` where a coordinate is not finite or off the globe.
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let point = Self { latitude, longitude };
        point.is_valid().then_some(point)
    }

    /// Whether both coordinates are finite and on the globe.
    pub fn is_valid(&self) -> bool {
        (-90.0..=90.0).contains(&self.latitude) && (-180.0..=180.0).contains(&self.longitude)
    }

    /// Great-circle distance in kilometres by the haversine formula (R. W. Sinnott, 1984).
    ///
    /// Uses `libm` so that native code and WebAssembly give the same bits.
    pub fn distance_km(&self, other: &Self) -> f64 {
        let (a, b) = (self.latitude.to_radians(), other.latitude.to_radians());
        let half_lat = sine((b - a) / 2.0);
        let half_lon = sine((other.longitude - self.longitude).to_radians() / 2.0);
        let h = half_lat * half_lat + cosine(a) * cosine(b) * half_lon * half_lon;
        2.0 * EARTH_RADIUS_KM * libm::asin(h.min(1.0).sqrt())
    }
}

/// A position as a point on the unit sphere: what distances from one place to many are computed from, without
/// trigonometry for each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place([f64; 3]);

impl Place {
    /// The place at a position.
    pub fn of(point: GeoPoint) -> Self {
        let (latitude, longitude) = (point.latitude.to_radians(), point.longitude.to_radians());
        let ring = cosine(latitude);
        Self([ring * cosine(longitude), ring * sine(longitude), sine(latitude)])
    }

    /// Great-circle distance in kilometres, from the length of the chord. Agrees with [`GeoPoint::distance_km`] to a
    /// tenth of a millimetre, but within a degree of the antipode, where both are ill-conditioned.
    pub fn distance_km(&self, other: &Self) -> f64 {
        let [x, y, z] = [0, 1, 2].map(|at| self.0[at] - other.0[at]);
        let half_chord = 0.5 * (x * x + y * y + z * z).sqrt();
        2.0 * EARTH_RADIUS_KM * asin(half_chord)
    }
}

/// The sine of an angle within a turn of 0.
fn sine(x: f64) -> f64 {
    sine_of_quarter(x, 0)
}

/// The cosine of an angle within a turn of 0.
fn cosine(x: f64) -> f64 {
    sine_of_quarter(x, 1)
}

/// The sine of `x` and so many right angles. The arguments' ranges and the polynomials are those of fdlibm (Sun Microsystems
/// 1993), and so is the result but for the last bit near multiples of a right angle; `libm`'s own functions also take
/// angles of many turns, in ten times the code.
fn sine_of_quarter(x: f64, quarters: i32) -> f64 {
    /// A right angle: its first 33 bits, and the rest.
    const QUARTER: [f64; 2] = [1.570_796_326_734_125_6, 6.077_100_506_506_192e-11];
    let turned = (x * std::f64::consts::FRAC_2_PI).round_ties_even();
    let high = x - turned * QUARTER[0];
    let low = turned * QUARTER[1];
    let angle = high - low;
    let rest = (high - angle) - low;
    let quadrant = (turned as i32 + quarters) & 3;
    let size = if quadrant & 1 == 0 { short_sine(angle, rest) } else { short_cosine(angle, rest) };
    if quadrant & 2 == 0 { size } else { -size }
}

/// The sine of `x + rest` for `x` within π/4 of 0 and a rest below its last bit.
fn short_sine(x: f64, rest: f64) -> f64 {
    const S: [f64; 6] = [
        -1.666_666_666_666_663_2e-1,
        8.333_333_333_322_49e-3,
        -1.984_126_982_985_795e-4,
        2.755_731_370_707_006_8e-6,
        -2.505_076_025_340_686_3e-8,
        1.589_690_995_211_55e-10,
    ];
    let z = x * x;
    let r = S[1] + z * (S[2] + z * S[3]) + z * (z * z) * (S[4] + z * S[5]);
    let v = z * x;
    if rest == 0.0 { x + v * (S[0] + z * r) } else { x - ((z * (0.5 * rest - v * r) - rest) - v * S[0]) }
}

/// The cosine of the same.
fn short_cosine(x: f64, rest: f64) -> f64 {
    const C: [f64; 6] = [
        4.166_666_666_666_66e-2,
        -1.388_888_888_887_411e-3,
        2.480_158_728_947_673e-5,
        -2.755_731_435_139_066_3e-7,
        2.087_572_321_298_175e-9,
        -1.135_964_755_778_819_5e-11,
    ];
    let z = x * x;
    let r = z * (C[0] + z * (C[1] + z * C[2])) + (z * z) * (z * z) * (C[3] + z * (C[4] + z * C[5]));
    let half = 0.5 * z;
    let w = 1.0 - half;
    w + (((1.0 - w) - half) + (z * r - x * rest))
}

/// The arc sine of a number in [0, 1]: below 0.05 (600 km) its series, whose first term left out is under 1e-14 of it.
fn asin(x: f64) -> f64 {
    if x >= 0.05 {
        return libm::asin(x.min(1.0));
    }
    let square = x * x;
    let series = 1.0 / 6.0 + square * (3.0 / 40.0 + square * (15.0 / 336.0 + square * (105.0 / 3456.0)));
    x * (1.0 + square * series)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn distances_agree_with_published_values() {
        // Nashville BNA to Los Angeles LAX, the worked example of Rosetta Code's "Haversine formula" (2886.444 km at
        // R = 6371.8 km; scaled to the radius used here). Quarter meridian and antipodes are analytic.
        let cases = [
            ((36.12, -86.67), (33.94, -118.40), 2887.2599 * EARTH_RADIUS_KM / 6372.8),
            ((0.0, 0.0), (90.0, 0.0), std::f64::consts::FRAC_PI_2 * EARTH_RADIUS_KM),
            ((10.0, 20.0), (-10.0, -160.0), std::f64::consts::PI * EARTH_RADIUS_KM),
            ((37.98, 23.73), (37.98, 23.73), 0.0),
        ];
        for ((a, b), (c, d), expected) in cases {
            let found = GeoPoint { latitude: a, longitude: b }.distance_km(&GeoPoint { latitude: c, longitude: d });
            assert!((found - expected).abs() < 1e-3, "{found} for {expected}");
        }
    }

    #[test]
    fn sines_are_those_of_libm() {
        let (mut equal, mut all) = (0, 0);
        for step in -36_000..=36_000 {
            let x = (f64::from(step) * 0.01 + 0.001_7).to_radians();
            for (found, expected) in [(sine(x), libm::sin(x)), (cosine(x), libm::cos(x))] {
                assert!((found - expected).abs() <= 1.2e-16, "{x}: {found} for {expected}");
                equal += usize::from(found == expected);
                all += 1;
            }
        }
        assert!(equal * 1000 > all * 999, "{equal} of {all}");
        assert_eq!((sine(0.0), cosine(0.0)), (0.0, 1.0));
    }

    #[test]
    fn points_off_the_globe_are_refused() {
        for (lat, lon) in [(90.1, 0.0), (0.0, -180.5), (f64::NAN, 0.0), (0.0, f64::INFINITY)] {
            assert!(GeoPoint::new(lat, lon).is_none(), "{lat} {lon}");
        }
    }

    proptest! {
        #[test]
        fn chords_and_haversines_agree(
            (lat, lon) in (-90.0f64..=90.0, -180.0f64..=180.0), scale in 0i32..8, (north, east) in (-1.0f64..1.0, -1.0f64..1.0),
        ) {
            let reach = 90.0 * 10f64.powi(-scale);
            let a = GeoPoint { latitude: lat, longitude: lon };
            let latitude = (lat + reach * north).clamp(-90.0, 90.0);
            let b = GeoPoint { latitude, longitude: (lon + reach * east).clamp(-180.0, 180.0) };
            let expected = a.distance_km(&b);
            prop_assume!(expected < 19_900.0);
            prop_assert!((Place::of(a).distance_km(&Place::of(b)) - expected).abs() < 1e-7);
        }
    }
}
