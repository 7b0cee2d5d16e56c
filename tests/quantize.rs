//! From samples to int8: what is trained by candle is what the engine's model computes, before and after quantisation.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use support::{Stand, stand};
use tidyrank::artifact::Tensors;

use tidyrank::features::{FEATURE_COUNT, Group, Normaliser, columns_of};
use tidyrank::model::{ColumnGroups, Hybrid, Scores};
use tidyrank::native::quantize::{Calibration, CalibrationSource, Quantised, Rounding, quantise};
use tidyrank::native::train::{Recipe, Samples, Trained, predict_hybrid, train_hybrid};
use tidyrank::numeric::{Kernel, Scratch};

fn groups() -> ColumnGroups {
    ColumnGroups { query: columns_of(Group::Query), item: columns_of(Group::Item), pair: columns_of(Group::Pair) }
}

fn rows_of(table: &Tensors, name: &str, row: u32) -> Vec<f32> {
    let shape = table.shape(name).unwrap().to_vec();
    table.f32(name, &shape).unwrap()[row as usize * shape[1]..][..shape[1]].to_vec()
}

/// The scores of samples by the engine's model: collaborative, content, blended.
fn scores(state: &Tensors, tensors: &Tensors, samples: &Samples) -> Vec<[f32; 3]> {
    let model = Hybrid::from_tensors(tensors, groups()).unwrap();
    let normaliser: Normaliser = serde_json::from_str(state.metadata("normaliser").unwrap()).unwrap();
    let groups = groups();
    let mut table = model.items(1);
    (0..samples.len())
        .map(|at| {
            let mut features: [f32; FEATURE_COUNT] = samples.features[at];
            normaliser.apply(&mut features);
            let pick = |columns: &[usize]| columns.iter().map(|&c| features[c]).collect::<Vec<f32>>();
            let item = rows_of(state, "collaborative.item_embedding", samples.items[at]);
            let user = rows_of(state, "collaborative.user_embedding", samples.users[at]);
            model.set_item(&mut table, 0, Some(&item), &pick(&groups.item));
            let category = samples.categories[at] as usize;
            let query = model.query(Some(&user), Some(category), &pick(&groups.query));
            let (pairs, mut found) = (pick(&groups.pair), Scores::default());
            model.score(Kernel::Scalar, &query, &table, &[0], &pairs, &mut Scratch::default(), &mut found);
            [found.collaborative[0], found.content[0], found.blend[0]]
        })
        .collect()
}

fn trained(stand: &Stand, epochs: usize) -> (Samples, Trained) {
    let samples = stand.samples();
    let mut recipe = Recipe::default();
    recipe.training.epochs = epochs;
    let trained = train_hybrid(&recipe, &samples, &stand.names, &mut |_| ()).unwrap();
    (samples, trained)
}

fn calibration(stand: &Stand, jobs: usize, cleaners: usize) -> Calibration {
    let past = &stand.jobs[..stand.jobs.len() * 7 / 10];
    let source =
        CalibrationSource { market: &stand.market, cleaners: &stand.cleaners, jobs: past, history: &stand.history };
    Calibration::draw(&source, jobs, cleaners)
}

fn head(samples: &Samples, count: usize) -> Samples {
    samples.select(&(0..count).collect::<Vec<_>>())
}

#[test]
fn the_hold_out_is_explained_better_than_by_chance_and_no_better_than_by_the_truth() {
    let stand = stand(60, 30, 1500);
    let (samples, trained) = trained(&stand, 30);
    let scores = predict_hybrid(&trained.model, &samples).unwrap();
    let test = &trained.split.test;
    let explained = |score: &dyn Fn(usize) -> f32| {
        let mean = test.iter().map(|&at| samples.targets[at]).sum::<f32>() / test.len() as f32;
        let sum = |guess: &dyn Fn(usize) -> f32| -> f32 {
            test.iter().map(|&at| (samples.targets[at] - guess(at)).powi(2)).sum()
        };
        1.0 - sum(score) / sum(&|_| mean)
    };
    let ours = explained(&|at| scores[at][2]);
    let ceiling = explained(&|at| stand.truth[samples.jobs[at] as usize]);
    // More than the truth explains would mean that something from after the job has leaked in.
    assert!((0.3..ceiling).contains(&ours), "R² {ours} of {ceiling}");
}

/// A model of format version 1 and PyTorch's scores of it, by
/// `tools/reference/train_pytorch.py samples.csv --check model.safetensors --fixture scores.json` (torch 2.15.0).
fn reference() -> (Tensors, Samples, Vec<[f32; 3]>) {
    let state = Tensors::from_bytes(include_bytes!("fixtures/hybrid-1/model.safetensors")).unwrap();
    let json: serde_json::Value = serde_json::from_str(include_str!("fixtures/hybrid-1/scores.json")).unwrap();
    let (mut samples, mut scores) = (Samples::default(), Vec::new());
    for row in json["rows"].as_array().unwrap() {
        let index = |name: &str| row[name].as_u64().unwrap() as u32;
        let feature = |value: &serde_json::Value| value.as_f64().map_or(f32::NAN, |value| value as f32);
        let features: Vec<f32> = row["features"].as_array().unwrap().iter().map(feature).collect();
        samples.users.push(index("user"));
        samples.items.push(index("item"));
        samples.categories.push(index("category"));
        samples.features.push(features.try_into().unwrap());
        samples.targets.push(0.0);
        samples.times.push(0);
        samples.jobs.push(0);
        scores.push(["collaborative", "content", "score"].map(|name| row[name].as_f64().unwrap() as f32));
    }
    (state, samples, scores)
}

#[test]
fn candle_and_the_model_compute_what_pytorch_computes() {
    let (state, samples, expected) = reference();
    assert_eq!(expected.len(), 180);
    let (candle, model) = (predict_hybrid(&state, &samples).unwrap(), scores(&state, &state, &samples));
    for (at, expected) in expected.iter().enumerate() {
        for part in 0..3 {
            let limit = if part == 2 { expected[part].clamp(0.0, 1.0) } else { expected[part] };
            let (a, b) = ((candle[at][part] - expected[part]).abs(), (model[at][part] - limit).abs());
            assert!(a < 1e-5 && b < 1e-5, "sample {at}, part {part}: {a:e} and {b:e} from {}", expected[part]);
        }
    }
}

#[test]
fn the_model_computes_what_candle_computes() {
    let stand = stand(60, 30, 600);
    let (samples, trained) = trained(&stand, 4);
    let samples = head(&samples, 200);
    let state = Tensors::from_bytes(&trained.model.to_bytes()).unwrap();
    let expected = predict_hybrid(&state, &samples).unwrap();
    for (at, (found, expected)) in scores(&state, &state, &samples).iter().zip(&expected).enumerate() {
        for part in 0..2 {
            let gap = (found[part] - expected[part]).abs();
            assert!(gap < 1e-5, "sample {at}, part {part}: {} is not {}", found[part], expected[part]);
        }
        assert!((found[2] - expected[2].clamp(0.0, 1.0)).abs() < 1e-5, "sample {at}");
    }
}

#[test]
fn int8_stays_beside_fp32_and_compensated_rounding_beats_the_nearest_codes() {
    let stand = stand(60, 30, 900);
    let (samples, trained) = trained(&stand, 8);
    let rows = calibration(&stand, 64, 30);
    let run = |rounding| quantise(&trained.model, &rows, rounding).unwrap();
    let (nearest, compensated): (Quantised, Quantised) = (run(Rounding::Nearest), run(Rounding::Compensated));
    assert!(compensated.score_rms < nearest.score_rms, "{} {}", compensated.score_rms, nearest.score_rms);
    assert_eq!(compensated.layers.len(), 8);
    // The order of the rows is given: the same bytes again.
    assert_eq!(run(Rounding::Compensated).model.to_bytes(), compensated.model.to_bytes());
    let samples = head(&samples, 200);
    let exact = scores(&trained.model, &trained.model, &samples);
    let rounded = scores(&trained.model, &compensated.model, &samples);
    let largest = exact.iter().zip(&rounded).map(|(a, b)| (a[2] - b[2]).abs()).fold(0.0f32, f32::max);
    assert!(largest < 0.01, "{largest}");
}

#[test]
fn wrong_states_and_rows_are_refused() {
    let stand = stand(20, 10, 200);
    let (_, trained) = trained(&stand, 1);
    let rows = calibration(&stand, 32, 10);
    let code = |state: &Tensors, rows: &Calibration| quantise(state, rows, Rounding::Nearest).unwrap_err().code();
    assert_eq!(code(&trained.model, &Calibration::default()), "quantize.calibration");
    let mut outside = rows.clone();
    outside.users[5] = 21;
    assert_eq!(code(&trained.model, &outside), "quantize.row");
    let mut infinite = trained.model.clone();
    infinite.insert_f32("content.output.bias", &[1], &[f32::INFINITY]).unwrap();
    assert_eq!(code(&infinite, &rows), "quantize.not_finite");
    let mut damaged = trained.model.clone();
    damaged.set_metadata("normaliser", "{}");
    assert_eq!(code(&damaged, &rows), "artifact.metadata");
    assert_eq!(code(&Tensors::new(), &rows), "artifact.metadata");
}
