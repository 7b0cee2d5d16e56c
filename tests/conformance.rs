//! Every model passes the same suite: what is promised to the engine, whatever is inside.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use tidyrank::artifact::Tensors;
use tidyrank::model::{ColumnGroups, Hybrid, ItemTable, Q8_FORMAT, Q8_VERSION, Query, Scores};
use tidyrank::numeric::{Kernel, Scratch, quantise_weights};

const DIM: usize = 6;
const CATEGORIES: usize = 3;
const FEATURES: usize = 7;

/// A model under test, seen as a scorer of (user, item) pairs.
struct Case {
    name: &'static str,
    model: Hybrid,
    table: ItemTable,
    items: usize,
}

fn groups() -> ColumnGroups {
    ColumnGroups { query: vec![0, 4], item: vec![1, 3, 6], pair: vec![2, 5] }
}

struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 40) as f32 / (1u64 << 24) as f32 - 0.5) * 0.8
    }

    fn many(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.next()).collect()
    }
}

/// An fp32 state with odd sizes, so that every kernel meets its tails.
fn state() -> Tensors {
    let mut numbers = Numbers(7);
    let mut tensors = Tensors::new();
    tensors.set_format("tidyrank.model.fp32");
    tensors.insert_f32("collaborative.user_embedding", &[4, DIM], &numbers.many(4 * DIM)).unwrap();
    tensors.insert_f32("collaborative.item_embedding", &[41, DIM], &numbers.many(41 * DIM)).unwrap();
    tensors.insert_f32("content.category_embedding", &[CATEGORIES, 2], &numbers.many(CATEGORIES * 2)).unwrap();
    for (branch, inputs) in [("collaborative", 2 * DIM), ("content", 2 + FEATURES)] {
        let sides = [(inputs, 13), (13, 9), (9, 5), (5, 1)];
        for (at, (inputs, outputs)) in sides.into_iter().enumerate() {
            let name = if at == 3 { format!("{branch}.output") } else { format!("{branch}.layers.{at}") };
            tensors.insert_f32(&format!("{name}.weight"), &[outputs, inputs], &numbers.many(outputs * inputs)).unwrap();
            tensors.insert_f32(&format!("{name}.bias"), &[outputs], &numbers.many(outputs)).unwrap();
            if branch == "content" && at < 3 {
                for part in ["weight", "bias", "running_mean", "running_var"] {
                    let values: Vec<f32> = numbers.many(outputs).iter().map(|v| v + 1.0).collect();
                    tensors.insert_f32(&format!("content.norms.{at}.{part}"), &[outputs], &values).unwrap();
                }
            }
        }
    }
    tensors.insert_f32("blend.collaborative_content.alpha", &[1], &[0.375]).unwrap();
    tensors
}

/// The same model in int8, by round-to-nearest, with generous activation steps.
fn quantised(state: &Tensors) -> Tensors {
    let mut tensors = Tensors::new();
    tensors.set_version(Q8_FORMAT, Q8_VERSION);
    for (side, rows) in [("user", 4), ("item", 41)] {
        let table = state.f32(&format!("collaborative.{side}_embedding"), &[rows, DIM]).unwrap();
        tensors.insert_f32(&format!("collaborative.unknown_{side}"), &[DIM], &table[..DIM]).unwrap();
    }
    let categories = state.f32("content.category_embedding", &[CATEGORIES, 2]).unwrap();
    tensors.insert_f32("content.category_embedding", &[CATEGORIES, 2], &categories).unwrap();
    for branch in ["collaborative", "content"] {
        for (at, layer) in tidyrank::model::folded_layers(state, branch).unwrap().iter().enumerate() {
            let name = if at == 3 { format!("{branch}.output") } else { format!("{branch}.layers.{at}") };
            let (codes, scales) = quantise_weights(&layer.weights, layer.outputs);
            tensors.insert_i8(&format!("{name}.weight"), &[layer.outputs, layer.inputs], &codes).unwrap();
            tensors.insert_f32(&format!("{name}.scale"), &[layer.outputs], &scales).unwrap();
            tensors.insert_f32(&format!("{name}.bias"), &[layer.outputs], &layer.biases).unwrap();
            tensors.insert_f32(&format!("{name}.input_step"), &[1], &[4.0 / 16383.0]).unwrap();
        }
    }
    tensors.insert_f32("content.pair_range", &[2], &[1.0, 1.0]).unwrap();
    tensors.insert_f32("blend.collaborative_content.alpha", &[1], &[0.375]).unwrap();
    tensors
}

fn features(item: usize) -> [f32; FEATURES] {
    std::array::from_fn(|column| ((item * 7 + column * 3) % 11) as f32 / 11.0 - 0.4)
}

fn pick(features: &[f32], columns: &[usize]) -> Vec<f32> {
    columns.iter().map(|column| features[*column]).collect()
}

/// The query features are those of item 0 for every candidate: a query has one set of them.
fn query_features() -> Vec<f32> {
    pick(&features(0), &groups().query)
}

fn case(name: &'static str, tensors: &Tensors, state: &Tensors) -> Case {
    let model = Hybrid::from_tensors(tensors, groups()).unwrap();
    let embeddings = state.f32("collaborative.item_embedding", &[41, DIM]).unwrap();
    let mut table = model.items(40);
    for item in 0..40 {
        let row = &embeddings[(item + 1) * DIM..(item + 2) * DIM];
        model.set_item(&mut table, item, Some(row), &pick(&features(item), &groups().item));
    }
    Case { name, model, table, items: 40 }
}

fn pairs(rows: &[u32]) -> Vec<f32> {
    rows.iter().flat_map(|row| pick(&features(*row as usize), &groups().pair)).collect()
}

fn scores(model: &Hybrid, query: &Query, table: &ItemTable, rows: &[u32], kernel: Kernel) -> Scores {
    let mut scores = Scores::default();
    model.score(kernel, query, table, rows, &pairs(rows), &mut Scratch::default(), &mut scores);
    scores
}

fn blend(case: &Case, query: &Query, rows: &[u32], kernel: Kernel) -> Vec<f32> {
    scores(&case.model, query, &case.table, rows, kernel).blend
}

/// The suite: what holds for every model.
fn conforms(case: &Case, user: &[f32]) {
    let Case { name, model, items, .. } = case;
    let query = model.query(Some(user), Some(1), &query_features());
    let rows: Vec<u32> = (0..*items as u32).collect();
    let all = blend(case, &query, &rows, Kernel::Scalar);
    assert_eq!(all.len(), *items, "{name}: same items");
    assert!(all.iter().all(|score| (0.0..=1.0).contains(score)), "{name}: in [0, 1]");
    assert!(all.windows(2).any(|pair| pair[0] != pair[1]), "{name}: tells candidates apart");
    // Same order: a candidate's score does not depend on which others are scored with it, nor on the kernel.
    let shuffled: Vec<u32> = rows.iter().map(|row| (row * 17 + 5) % *items as u32).collect();
    for kernel in Kernel::available() {
        for (row, score) in shuffled.iter().zip(blend(case, &query, &shuffled, kernel)) {
            assert_eq!(score.to_bits(), all[*row as usize].to_bits(), "{name}: item {row} alone or among others");
        }
    }
    for count in [0, 1, 2, 31, 32, 33] {
        assert_eq!(blend(case, &query, &rows[..count], Kernel::detect()), &all[..count], "{name}: {count} candidates");
    }
    // Unknown user, unknown item, unknown category: legal, with a defined answer.
    let stranger = model.query(None, None, &query_features());
    let of_stranger = blend(case, &stranger, &rows, Kernel::Scalar);
    assert!(of_stranger.iter().all(|score| score.is_finite()), "{name}: unknown user");
    let wrong_length = model.query(Some(&user[1..]), Some(99), &query_features());
    assert_eq!(wrong_length, stranger, "{name}: a row of another length and a category off the list are unknown");
    let mut table = model.items(1);
    model.set_item(&mut table, 0, None, &pick(&features(0), &groups().item));
    let unknown = scores(model, &query, &table, &[0], Kernel::Scalar);
    assert!(unknown.blend[0].is_finite(), "{name}: unknown item");
    // The blend is what it says.
    let parts = scores(model, &query, &case.table, &rows, Kernel::Scalar);
    for at in 0..rows.len() {
        let expected = 0.375 * parts.collaborative[at] + 0.625 * parts.content[at];
        assert!((parts.blend[at] - expected.clamp(0.0, 1.0)).abs() < 1e-6, "{name}: blend");
    }
}

#[test]
fn every_model_conforms() {
    let state = state();
    let users = state.f32("collaborative.user_embedding", &[4, DIM]).unwrap();
    for case in [case("hybrid fp32", &state, &state), case("hybrid int8", &quantised(&state), &state)] {
        conforms(&case, &users[DIM..2 * DIM]);
    }
}

/// The independent answer: the network layer by layer in f64, with nothing split, folded or quantised.
fn reference(state: &Tensors, branch: &str, input: Vec<f64>) -> f64 {
    let mut values = input;
    for at in 0..4 {
        let name = if at == 3 { format!("{branch}.output") } else { format!("{branch}.layers.{at}") };
        let outputs = state.shape(&format!("{name}.weight")).unwrap()[0];
        let weights = state.f32(&format!("{name}.weight"), &[outputs, values.len()]).unwrap();
        let bias = state.f32(&format!("{name}.bias"), &[outputs]).unwrap();
        let mut next: Vec<f64> = (0..outputs)
            .map(|o| {
                let row = &weights[o * values.len()..(o + 1) * values.len()];
                f64::from(bias[o]) + row.iter().zip(&values).map(|(w, x)| f64::from(*w) * x).sum::<f64>()
            })
            .collect();
        if branch == "content" && at < 3 {
            let part = |part: &str| state.f32(&format!("content.norms.{at}.{part}"), &[outputs]).unwrap();
            let (gain, shift, mean, variance) =
                (part("weight"), part("bias"), part("running_mean"), part("running_var"));
            for (o, value) in next.iter_mut().enumerate() {
                let root = (f64::from(variance[o]) + 1e-5).sqrt();
                *value = (*value - f64::from(mean[o])) / root * f64::from(gain[o]) + f64::from(shift[o]);
            }
        }
        if at < 3 {
            next.iter_mut().for_each(|value| *value = value.max(0.0));
        }
        values = next;
    }
    values[0]
}

#[test]
fn the_split_and_folded_forward_is_the_network() {
    let state = state();
    let users = state.f32("collaborative.user_embedding", &[4, DIM]).unwrap();
    let items = state.f32("collaborative.item_embedding", &[41, DIM]).unwrap();
    let categories = state.f32("content.category_embedding", &[CATEGORIES, 2]).unwrap();
    let to_f64 = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
    let rows: Vec<u32> = (0..40).collect();
    for (case, tolerance) in [(case("fp32", &state, &state), 2e-6), (case("int8", &quantised(&state), &state), 2e-2)] {
        let query = case.model.query(Some(&users[2 * DIM..3 * DIM]), Some(2), &query_features());
        let found = scores(&case.model, &query, &case.table, &rows, Kernel::detect());
        for item in 0..40 {
            let mut input = to_f64(&users[2 * DIM..3 * DIM]);
            input.extend(to_f64(&items[(item + 1) * DIM..(item + 2) * DIM]));
            let mut own = features(item);
            for column in groups().query {
                own[column] = features(0)[column];
            }
            let mut content = to_f64(&categories[4..6]);
            content.extend(to_f64(&own));
            let expected = [reference(&state, "collaborative", input), reference(&state, "content", content)];
            for (found, expected) in [found.collaborative[item], found.content[item]].into_iter().zip(expected) {
                let error = (f64::from(found) - expected).abs();
                assert!(error < tolerance, "{}: item {item}: {found} for {expected}", case.name);
            }
        }
    }
}

#[test]
fn models_that_do_not_fit_are_refused() {
    let refused = |change: &dyn Fn(&mut Tensors)| {
        let mut tensors = state();
        change(&mut tensors);
        Hybrid::from_tensors(&tensors, groups()).unwrap_err().code()
    };
    type Change<'a> = &'a dyn Fn(&mut Tensors);
    let cases: [(&str, Change<'_>, &str); 5] = [
        ("format", &|t| t.set_format("tidyrank.catalog"), "artifact.format"),
        ("alpha", &|t| t.insert_f32("blend.collaborative_content.alpha", &[1], &[1.5]).unwrap(), "artifact.format"),
        ("chain", &|t| t.insert_f32("content.layers.1.weight", &[9, 12], &[0.0; 108]).unwrap(), "artifact.format"),
        ("bias", &|t| t.insert_f32("content.layers.1.bias", &[8], &[0.0; 8]).unwrap(), "artifact.shape"),
        ("inputs", &|t| t.insert_f32("content.category_embedding", &[2, 3], &[0.0; 6]).unwrap(), "artifact.format"),
    ];
    for (name, change, code) in cases {
        assert_eq!(refused(change), code, "{name}");
    }
    let cases: [(&str, Change<'_>, &str); 4] = [
        ("version", &|t| t.set_version(Q8_FORMAT, Q8_VERSION - 1), "artifact.version"),
        ("step", &|t| t.insert_f32("content.output.input_step", &[1], &[0.0]).unwrap(), "artifact.format"),
        ("range", &|t| t.insert_f32("content.pair_range", &[2], &[1.0, f32::NAN]).unwrap(), "artifact.format"),
        ("ranges", &|t| t.insert_f32("content.pair_range", &[1], &[1.0]).unwrap(), "artifact.shape"),
    ];
    for (name, change, code) in cases {
        let mut tensors = quantised(&state());
        change(&mut tensors);
        assert_eq!(Hybrid::from_tensors(&tensors, groups()).unwrap_err().code(), code, "{name}");
    }
}
