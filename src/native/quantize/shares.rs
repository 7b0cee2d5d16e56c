//! How large the shares of a first layer become, which are stored in i16 codes.

use crate::model::DenseLayer;

/// Which inputs of a branch come from where; the others are the query's.
pub(super) struct Sources {
    /// Inputs that depend on the item alone.
    pub(super) item: Vec<usize>,
    /// Their values for the item that nobody knows.
    pub(super) unknown_item: Vec<f32>,
    /// Inputs of query and item together.
    pub(super) pair: Vec<usize>,
}

/// The largest share of a query, an item or both, and the largest of a pair feature at the end of its range (`ranges`, one
/// each). `inputs`: row by row.
pub(super) fn largest_share(layer: &DenseLayer, inputs: &[f32], sources: &Sources, ranges: &[f32]) -> (f32, f32) {
    let mut group = vec![Group::Query; layer.inputs];
    sources.item.iter().for_each(|&input| group[input] = Group::Item);
    sources.pair.iter().for_each(|&input| group[input] = Group::Pair);
    let (mut shares, mut pairs) = (0.0f32, 0.0f32);
    for (weights, bias) in layer.weights.chunks_exact(layer.inputs).zip(&layer.biases) {
        let unknown = sources.item.iter().zip(&sources.unknown_item);
        let centre: f32 = unknown.map(|(&input, x)| weights[input] * x).sum();
        for row in inputs.chunks_exact(layer.inputs) {
            let (mut query, mut item) = (bias + centre, -centre);
            for ((w, x), group) in weights.iter().zip(row).zip(&group) {
                match group {
                    Group::Query => query += w * x,
                    Group::Item => item += w * x,
                    Group::Pair => {}
                }
            }
            shares = shares.max(query.abs()).max(item.abs()).max((query + item).abs());
        }
        let of_pair = sources.pair.iter().zip(ranges).map(|(&input, range)| weights[input].abs() * range);
        pairs = of_pair.fold(pairs, f32::max);
    }
    (shares, pairs)
}

#[derive(Clone, Copy)]
enum Group {
    Query,
    Item,
    Pair,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_worked_out_by_hand() {
        // Query 2 x - 1, item 3 (y - 0.5) around its unknown 0.5, pair 0.25 z.
        let layer = DenseLayer { weights: vec![2.0, 3.0, 0.25], biases: vec![-1.0], inputs: 3, outputs: 1 };
        let sources = Sources { item: vec![1], unknown_item: vec![0.5], pair: vec![2] };
        let largest = |inputs: &[f32]| largest_share(&layer, inputs, &sources, &[8.0]);
        assert_eq!(largest(&[0.0, 0.5, 100.0]), (0.5, 2.0));
        assert_eq!(largest(&[0.0, 0.5, 0.0, 0.0, -1.5, 0.0]), (6.0, 2.0), "the item alone");
        assert_eq!(largest(&[4.0, 0.5, 0.0]), (8.5, 2.0), "the query alone");
        assert_eq!(largest(&[4.0, 1.5, 0.0]), (11.5, 2.0), "both");
    }
}
