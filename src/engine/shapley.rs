//! What each group of features adds to the model's score: exact Shapley values.
//!
//! A feature that is not in a coalition has its baseline: the unknown client, the unknown cleaner, the mean kind of job, a number
//! of which nothing is known (the training mean). All 2^8 coalitions are scored, by the kernel that ranks: 8 queries meet 8 cleaners
//! with 4 settings of what both decide. (L. Shapley, A Value for n-Person Games, 1953; weights as in S. Lundberg, S.-I. Lee 2017.)

use super::load::Neural;
use crate::model::Scratch;
use crate::numeric::Kernel;

/// The groups of features, by their bit in a coalition.
pub const FEATURE_GROUPS: [&str; 8] =
    ["client", "cleaner", "property", "when_where", "distance", "price", "ratings", "record"];

/// Coalitions of [`FEATURE_GROUPS`].
pub(super) const COALITIONS: usize = 1 << FEATURE_GROUPS.len();
/// Which normalised features of a query, of a cleaner and of both belong to which bit of their coalition: see
/// [`encode_query`](crate::features::encode_query), [`encode_item`](crate::features::encode_item) and
/// [`encode_pair`](crate::features::encode_pair). Bit 0 of query and item are the embeddings.
const QUERY_BITS: [u8; 7] = [2, 2, 1, 1, 1, 2, 2];
const ITEM_BITS: [u8; 9] = [1, 1, 1, 1, 1, 2, 2, 2, 1];
const PAIR_BITS: [u8; 2] = [1, 0];
/// `n * C(n - 1, s)`: how many orders of the players stand behind one coalition of `s` others.
const ORDERS: [f64; 8] = [8.0, 56.0, 168.0, 280.0, 280.0, 168.0, 56.0, 8.0];

/// Everything that the model is told of a cleaner and a job; features are normalised.
pub(super) struct Facts<'a> {
    pub(super) client: Option<&'a [f32]>,
    /// What a folded client leans to adds to the collaborative score: without the cleaner's ratings, and with them.
    pub(super) leanings: [f32; 2],
    pub(super) category: Option<usize>,
    pub(super) query: [f32; 7],
    pub(super) cleaner: Option<&'a [f32]>,
    pub(super) item: [f32; 9],
    pub(super) pair: [f32; 2],
}

impl Neural {
    /// The model's score in percent of every coalition of groups.
    pub(super) fn coalitions(&self, kernel: Kernel, facts: &Facts<'_>) -> [f64; COALITIONS] {
        let (mut scratch, mut table) = (Scratch::default(), self.hybrid.items(8));
        let (mut rows, mut pairs) = (Vec::with_capacity(32), Vec::with_capacity(64));
        for item in 0..8u8 {
            let embedding = facts.cleaner.filter(|_| has(item, 0));
            self.hybrid.set_item(&mut table, usize::from(item), embedding, &only(&facts.item, &ITEM_BITS, item));
            for pair in 0..4 {
                rows.push(u32::from(item));
                pairs.extend(only(&facts.pair, &PAIR_BITS, pair));
            }
        }
        let mut values = [0.0; COALITIONS];
        let (mut liked, mut fitting) = ([0.0; 8], [0.0; 32]);
        for query in 0..8 {
            let client = facts.client.filter(|_| has(query, 0));
            let category = facts.category.filter(|_| has(query, 1));
            let asked = self.hybrid.query(client, category, &only(&facts.query, &QUERY_BITS, query));
            let each = [0, 1, 2, 3, 4, 5, 6, 7];
            self.hybrid.collaborative(kernel, &asked, &table, &each, &mut scratch, &mut liked);
            self.hybrid.content(kernel, &asked, &table, &rows, &pairs, &mut scratch, &mut fitting);
            for (at, content) in fitting.iter().enumerate() {
                let (item, pair) = (at / 4, at % 4);
                let leaning = if has(query, 0) { facts.leanings[usize::from(has(item as u8, 1))] } else { 0.0 };
                let score = 100.0 * self.hybrid.blend(liked[item] + leaning, *content);
                values[coalition(usize::from(query), item, pair)] = f64::from(score);
            }
        }
        values
    }
}

/// The coalition in the order of [`FEATURE_GROUPS`]. `query`: client, property, when and where; `item`: cleaner, ratings, record;
/// `pair`: distance, price.
fn coalition(query: usize, item: usize, pair: usize) -> usize {
    (query & 1) | (item & 1) << 1 | (query >> 1) << 2 | pair << 4 | (item >> 1) << 6
}

/// Features whose bit is in a coalition; the others are 0, the mean.
fn only<const N: usize>(features: &[f32; N], bits: &[u8; N], coalition: u8) -> [f32; N] {
    let mut kept = *features;
    kept.iter_mut().zip(bits).filter(|(_, bit)| !has(coalition, **bit)).for_each(|(feature, _)| *feature = 0.0);
    kept
}

fn has(coalition: u8, bit: u8) -> bool {
    coalition >> bit & 1 == 1
}

/// The Shapley values of a game of 8 players. They add up to the value of all players less that of none, to f64 rounding.
pub(super) fn shapley(values: &[f64; COALITIONS]) -> [f64; 8] {
    let mut shares = [0.0; 8];
    for (player, share) in shares.iter_mut().enumerate() {
        let others = (0..COALITIONS).filter(|coalition| coalition >> player & 1 == 0);
        *share = others
            .map(|others| (values[others | 1 << player] - values[others]) / ORDERS[others.count_ones() as usize])
            .sum();
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: usize = COALITIONS - 1;

    fn game(value: impl Fn(usize) -> f64) -> [f64; COALITIONS] {
        std::array::from_fn(value)
    }

    #[test]
    fn every_coalition_comes_once() {
        let mut seen = [0; COALITIONS];
        for at in 0..COALITIONS {
            seen[coalition(at & 7, at >> 3 & 7, at >> 6)] += 1;
        }
        assert_eq!(seen, [1; COALITIONS]);
        // client, property, when_where | cleaner, ratings, record | distance, price
        let bits = [(1, 0, 0), (0, 1, 0), (2, 0, 0), (4, 0, 0), (0, 0, 1), (0, 0, 2), (0, 2, 0), (0, 4, 0)];
        for (at, (query, item, pair)) in bits.into_iter().enumerate() {
            assert_eq!(coalition(query, item, pair), 1 << at, "{}", FEATURE_GROUPS[at]);
        }
    }

    #[test]
    fn a_game_worked_out_by_hand() {
        // Player 0 has a left glove, players 1 and 2 a right one, the others none: a pair is worth 1.
        // Of the 3! orders of the three, 0 makes the pair in 4, 1 and 2 in 1 each.
        let gloves = game(|who| f64::from(u8::from(who & 1 == 1 && who & 6 != 0)));
        let expected = [4.0 / 6.0, 1.0 / 6.0, 1.0 / 6.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        for (found, expected) in shapley(&gloves).iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15, "{found} for {expected}");
        }
    }

    proptest! {
        #[test]
        fn the_axioms_hold(
            values in proptest::collection::vec(-100.0f64..100.0, COALITIONS),
            other in proptest::collection::vec(-100.0f64..100.0, COALITIONS),
            first in 0usize..8, second in 0usize..8,
        ) {
            let values = game(|who| values[who]);
            let shares = shapley(&values);
            // Efficiency.
            prop_assert!((shares.iter().sum::<f64>() - (values[ALL] - values[0])).abs() < 1e-9);
            // Symmetry: a game in which two players can take each other's place.
            let swapped = |who: usize| {
                let (a, b) = (who >> first & 1, who >> second & 1);
                who & !(1 << first | 1 << second) | a << second | b << first
            };
            let fair = shapley(&game(|who| values[who] + values[swapped(who)]));
            prop_assert!((fair[first] - fair[second]).abs() < 1e-9);
            // Dummy: a player who changes nothing gets nothing, to the bit; one who adds 5 to any coalition gets 5.
            let dummy = shapley(&game(|who| values[who & !(1 << first)]));
            prop_assert_eq!(dummy[first], 0.0);
            let adds = shapley(&game(|who| values[who & !(1 << first)] + 5.0 * (who >> first & 1) as f64));
            prop_assert!((adds[first] - 5.0).abs() < 1e-9);
            // Additivity.
            let both = shapley(&game(|who| values[who] + other[who]));
            let apart = shapley(&game(|who| other[who]));
            for player in 0..8 {
                prop_assert!((both[player] - shares[player] - apart[player]).abs() < 1e-9);
            }
        }
    }
}
