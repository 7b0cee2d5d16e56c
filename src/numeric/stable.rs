//! Numerically stable functions, by name and in one place. All go through `libm`, so that native code and WebAssembly
//! give the same bits.

/// `1 / (1 + exp(-x))`, without overflow for any finite `x`.
pub fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + libm::exp(-x))
    } else {
        let e = libm::exp(x);
        e / (1.0 + e)
    }
}

/// The inverse of [`sigmoid`]: `ln(p / (1 - p))` for `p` in (0, 1).
pub fn logit(p: f64) -> f64 {
    libm::log(p) - libm::log1p(-p)
}

/// `ln(1 + exp(x))`, without overflow.
pub fn softplus(x: f64) -> f64 {
    x.max(0.0) + libm::log1p(libm::exp(-x.abs()))
}

/// `ln(1 + x)`, exact near 0.
pub fn log1p(x: f64) -> f64 {
    libm::log1p(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_mpmath_with_50_digits() {
        // python3 -c "from mpmath import *; mp.dps=50; print(1/(1+exp(-mpf(x))), log(1+exp(mpf(x))))"
        let cases = [
            (0.0, 0.5, std::f64::consts::LN_2),
            (1.0, 0.731_058_578_630_004_9, 1.313_261_687_518_222_8),
            (-100.0, 3.720_075_976_020_836e-44, 3.720_075_976_020_836e-44),
            (100.0, 1.0, 100.0),
        ];
        for (x, expected_sigmoid, expected_softplus) in cases {
            assert!((sigmoid(x) - expected_sigmoid).abs() <= 1e-15 * expected_sigmoid, "sigmoid({x})");
            assert!((softplus(x) - expected_softplus).abs() <= 1e-15 * expected_softplus, "softplus({x})");
        }
        assert_eq!((sigmoid(1e9), sigmoid(-1e9), softplus(-1e9)), (1.0, 0.0, 0.0));
        assert_eq!(log1p(1e-20), 1e-20);
    }

    #[test]
    fn logit_undoes_sigmoid() {
        for x in [-20.0, -1.5, 0.0, 0.565_7, 9.0] {
            assert!((logit(sigmoid(x)) - x).abs() < 1e-6, "{x}");
        }
    }
}
