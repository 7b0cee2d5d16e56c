//! Random numbers that depend on a seed alone, the same on every machine and in WebAssembly.

/// SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014): small, and
/// good enough to choose whom to show. It is no source of secrets.
#[derive(Debug, Clone)]
pub struct SeededRng(u64);

impl SeededRng {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Uniform in (0, 1): the middles of 2^52 equal cells.
    pub fn unit(&mut self) -> f64 {
        ((self.next_u64() >> 12) as f64 + 0.5) / (1u64 << 52) as f64
    }

    /// Uniform in `0..n`, but for a bias below n / 2^52; 0 for n = 0.
    pub fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values that <https://rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64> asks of every implementation.
    #[test]
    fn it_is_splitmix64() {
        let mut rng = SeededRng::new(1_234_567);
        let first = [(); 5].map(|()| rng.next_u64());
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(first, expected);
        let mut rng = SeededRng::new(987_654_321);
        let mut counts = [0; 5];
        (0..100_000).for_each(|_| counts[rng.below(5)] += 1);
        assert_eq!(counts, [20_027, 19_892, 20_073, 19_978, 20_030]);
    }

    #[test]
    fn draws_stay_in_their_bounds() {
        let mut rng = SeededRng::new(0);
        assert!((0..10_000).map(|_| rng.unit()).all(|unit| 0.0 < unit && unit < 1.0));
        assert_eq!((rng.below(0), rng.below(1)), (0, 0));
    }
}
