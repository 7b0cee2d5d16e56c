//! Integer matrix products: a scalar reference and SIMD kernels that give the same integers.
//!
//! Layout of packed weights: panels of [`PANEL`] outputs; within a panel, for every pair of inputs, the two weights of
//! each output side by side. One activation pair, broadcast, then meets eight outputs in one multiply-add of 16-bit
//! lanes (`pmaddwd`, `i32x4.dot_i16x8_s`).

#[cfg(target_arch = "x86_64")]
mod avx2;
mod scalar;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;

/// Outputs per panel.
pub(super) const PANEL: usize = 8;

/// Which kernel multiplies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// Plain Rust: the reference, and the fallback.
    Scalar,
    /// 256-bit x86 vectors.
    Avx2,
    /// 128-bit WebAssembly vectors.
    Simd128,
}

impl Kernel {
    /// The fastest kernel that this processor has.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            return Self::Avx2;
        }
        if cfg!(all(target_arch = "wasm32", target_feature = "simd128")) { Self::Simd128 } else { Self::Scalar }
    }

    /// Whether this build and this processor have it.
    pub fn is_available(self) -> bool {
        self == Self::Scalar || self == Self::detect()
    }

    /// Its name in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::Simd128 => "simd128",
        }
    }

    /// `sums[r][o] = Σ_i activations[r][i] * weights[o][i]` for all rows `r`, in i32.
    ///
    /// `packed`: panels as described above, `pairs` activation pairs deep. `activations`: rows of `2 * pairs` codes.
    /// `sums`: rows of as many values as there are packed outputs. A kernel that is not available runs as the scalar one.
    pub(super) fn multiply(self, packed: &[i16], pairs: usize, activations: &[i16], sums: &mut [i32]) {
        let outputs = if pairs == 0 { 0 } else { packed.len() / (2 * pairs) };
        if outputs == 0 {
            return sums.fill(0);
        }
        let rows = activations.len() / (2 * pairs);
        // The kernels read and write without further checks: this is the invariant they rest on.
        assert!(packed.len() == outputs * 2 * pairs && outputs.is_multiple_of(PANEL));
        assert!(activations.len() == rows * 2 * pairs && sums.len() == rows * outputs);
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 if Self::detect() == Self::Avx2 => avx2::multiply(packed, pairs, activations, sums),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::Simd128 => simd128::multiply(packed, pairs, activations, sums),
            _ => scalar::multiply(packed, pairs, activations, sums),
        }
    }
}
