//! What the processor can multiply and add at most: chains of the kernels' instruction in registers, no memory touched.
#![cfg_attr(target_arch = "x86_64", allow(unsafe_code))]

use super::Kernel;

/// Runs `steps` rounds of the multiply-add that a kernel is made of, on values that stay in registers. How many MACs (one
/// multiplication with its addition) that were comes back: over the time that it takes, the kernel's ceiling. `None` for
/// a kernel without such an instruction, or one that this processor does not have.
pub fn register_macs(kernel: Kernel, steps: usize) -> Option<u64> {
    #[cfg(target_arch = "x86_64")]
    if kernel.is_available() {
        return registers::run(kernel, steps);
    }
    let _ = (kernel, steps);
    None
}

#[cfg(target_arch = "x86_64")]
mod registers {
    use std::arch::asm;
    use std::arch::x86_64::{
        __m256i, __m512i, _mm256_set1_epi16, _mm256_setzero_si256, _mm256_xor_si256, _mm512_set1_epi16,
        _mm512_setzero_si512, _mm512_xor_si512,
    };
    use std::hint::black_box;

    use crate::numeric::Kernel;

    /// Chains that do not wait for each other: more than the latency of the instruction takes.
    const CHAINS: usize = 12;

    /// The caller has checked that the kernel is there.
    pub(super) fn run(kernel: Kernel, steps: usize) -> Option<u64> {
        let lanes = match kernel {
            Kernel::Avx2 => {
                // SAFETY: the processor has AVX2.
                black_box(unsafe { pmaddwd(black_box(steps)) });
                16
            }
            Kernel::Avx512Vnni => {
                // SAFETY: the processor has AVX-512 with VNNI.
                black_box(unsafe { vpdpwssd(black_box(steps)) });
                32
            }
            _ => return None,
        };
        Some(steps as u64 * CHAINS as u64 * lanes)
    }

    /// Assembly, for a compiler would see that all chains are the same.
    #[target_feature(enable = "avx2")]
    fn pmaddwd(steps: usize) -> __m256i {
        let (w, x) = (_mm256_set1_epi16(3), _mm256_set1_epi16(5));
        let mut sums = [_mm256_setzero_si256(); CHAINS];
        for _ in 0..steps {
            for sum in &mut sums {
                // SAFETY: registers only, and the caller has AVX2.
                unsafe {
                    asm!("vpmaddwd {t}, {w}, {x}", "vpaddd {s}, {s}, {t}", s = inout(ymm_reg) *sum, t = out(ymm_reg) _,
                        w = in(ymm_reg) w, x = in(ymm_reg) x, options(pure, nomem, nostack));
                }
            }
        }
        sums.into_iter().fold(w, |a, b| _mm256_xor_si256(a, b))
    }

    /// Likewise.
    #[target_feature(enable = "avx512f,avx512vnni")]
    fn vpdpwssd(steps: usize) -> __m512i {
        let (w, x) = (_mm512_set1_epi16(3), _mm512_set1_epi16(5));
        let mut sums = [_mm512_setzero_si512(); CHAINS];
        for _ in 0..steps {
            for sum in &mut sums {
                // SAFETY: registers only, and the caller has AVX-512 with VNNI.
                unsafe {
                    asm!("vpdpwssd {s}, {w}, {x}", s = inout(zmm_reg) *sum, w = in(zmm_reg) w, x = in(zmm_reg) x,
                        options(pure, nomem, nostack));
                }
            }
        }
        sums.into_iter().fold(w, |a, b| _mm512_xor_si512(a, b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macs_are_counted_where_there_is_an_instruction() {
        assert_eq!(register_macs(Kernel::Scalar, 10), None);
        let lanes = |kernel| if kernel == Kernel::Avx2 { 16 } else { 32 };
        for kernel in [Kernel::Avx2, Kernel::Avx512Vnni].into_iter().filter(|kernel| kernel.is_available()) {
            assert_eq!(register_macs(kernel, 10), Some(10 * 12 * lanes(kernel)));
        }
    }
}
