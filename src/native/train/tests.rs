//! Training from samples to a model, and what each setting does to it.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::recipe::{Decay, Recipe, StopMetric, TrainingConfig};
use super::{
    Names, Samples, Session, TrainError, Trained, hybrid_counts, predict_hybrid, train_hybrid, train_hybrid_in,
};
use crate::artifact::Tensors;
use crate::features::FEATURE_COUNT;

/// A small market with a truth: a cleaner's quality, a taste that some clients share, distance, and noise.
fn market(users: usize, items: usize, samples: usize) -> (Samples, Names) {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut draw = |n: usize| -> Vec<f32> { (0..n).map(|_| rng.random::<f32>() * 2.0 - 1.0).collect() };
    let (quality, taste, strength) = (draw(items), draw(users), draw(items));
    let (distance, noise, pick) = (draw(samples), draw(samples), draw(2 * samples));
    let index = |value: f32, n: usize| (((value + 1.0) / 2.0 * n as f32) as usize).min(n - 1);
    let mut result = Samples::default();
    for at in 0..samples {
        let (user, item) = (index(pick[2 * at], users), index(pick[2 * at + 1], items));
        let mut features = [0.5; FEATURE_COUNT];
        features[6] = distance[at] + 1.0;
        features[7] = quality[item];
        features[8] = if at % 7 == 0 { f32::NAN } else { pick[at] };
        let truth = 0.6 + 0.15 * quality[item] + 0.1 * taste[user] * strength[item] - 0.05 * distance[at];
        result.users.push(user as u32 + 1);
        result.items.push(item as u32 + 1);
        result.categories.push((at % 4) as u32);
        result.features.push(features);
        result.targets.push(truth + 0.05 * noise[at]);
        result.times.push(at as i64);
        result.jobs.push(at as u32);
    }
    let ids = |prefix: &str, n: usize| (0..n).map(|i| format!("{prefix}{i}")).collect();
    (result, Names { users: ids("u", users), items: ids("c", items), categories: ids("t", 4) })
}

fn quick() -> Recipe {
    let mut recipe = Recipe::default();
    (recipe.training.epochs, recipe.training.batch_size) = (4, 64);
    recipe
}

#[test]
fn the_model_has_as_many_values_as_the_seed_says() {
    let (samples, mut names) = market(506, 210, 40);
    names.categories.truncate(4);
    let recipe = Recipe { training: TrainingConfig { epochs: 1, ..quick().training }, ..quick() };
    let trained = train_hybrid(&recipe, &samples, &names, &mut |_| ()).unwrap();
    let counts = hybrid_counts(&trained.model).unwrap();
    assert_eq!((counts.state, counts.trainable), (88_646, 88_195));
    let embeddings = [("collaborative.user_embedding", 507), ("collaborative.item_embedding", 211)];
    for (name, rows) in embeddings {
        assert_eq!(trained.model.shape(name).unwrap(), [rows, 64]);
    }
}

#[test]
fn it_learns_more_than_the_mean() {
    let (samples, names) = market(40, 20, 1500);
    let mut recipe = quick();
    recipe.training.epochs = 20;
    let trained = train_hybrid(&recipe, &samples, &names, &mut |_| ()).unwrap();
    let scores = predict_hybrid(&trained.model, &samples).unwrap();
    let test = &trained.split.test;
    let mean = test.iter().map(|&at| samples.targets[at]).sum::<f32>() / test.len() as f32;
    let sum = |error: &dyn Fn(usize) -> f32| test.iter().map(|&at| error(at).powi(2)).sum::<f32>();
    let explained = 1.0 - sum(&|at| samples.targets[at] - scores[at][2]) / sum(&|at| samples.targets[at] - mean);
    // The noise leaves 1 - 0.0008 / 0.0115 = 0.93 to be explained; a figure above means that the label leaked.
    assert!((0.5..0.93).contains(&explained), "R² {explained}");
}

#[test]
fn a_stored_model_scores_as_the_trained_one_and_the_validation_loss_is_that_of_its_best_epoch() {
    let (samples, names) = market(30, 10, 600);
    let trained = train_hybrid(&quick(), &samples, &names, &mut |_| ()).unwrap();
    let read = Tensors::from_bytes(&trained.model.to_bytes()).unwrap();
    let scores = predict_hybrid(&read, &samples).unwrap();
    let errors = trained.split.validation.iter().map(|&at| f64::from(scores[at][2] - samples.targets[at]).powi(2));
    let loss = errors.sum::<f64>() / trained.split.validation.len() as f64;
    let best = trained.epochs.iter().map(|epoch| epoch.validation_loss).fold(f64::INFINITY, f64::min);
    assert!((loss - best).abs() < 1e-6, "{loss} is not {best}");
    let alpha = read.f32("blend.collaborative_content.alpha", &[1]).unwrap()[0];
    let blend = |s: &[f32; 3]| alpha * s[0] + (1.0 - alpha) * s[1];
    assert!(scores.iter().all(|s| (blend(s) - s[2]).abs() < 1e-5));
}

#[test]
fn the_same_seed_gives_the_same_bytes_with_any_number_of_threads() {
    let (samples, names) = market(30, 10, 600);
    let run =
        |seed: u64| train_hybrid(&Recipe { seed, ..quick() }, &samples, &names, &mut |_| ()).unwrap().model.to_bytes();
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn who_is_in_no_training_sample_is_unknown() {
    let (mut samples, names) = market(30, 10, 300);
    let split = samples.split(&quick().split, 42).unwrap();
    split.train.iter().filter(|&&at| at % 2 == 0).for_each(|&at| samples.users[at] = 0);
    for &at in &split.train {
        samples.items[at] = samples.items[at].min(8);
    }
    let trained = train_hybrid(&quick(), &samples, &names, &mut |_| ()).unwrap();
    let items = trained.model.f32("collaborative.item_embedding", &[11, 64]).unwrap();
    let row = |at: usize| &items[at * 64..][..64];
    assert_eq!((row(9), row(10)), (row(0), row(0)));
    assert_ne!(row(8), row(0));
}

#[test]
fn samples_that_cannot_be_used_are_refused() {
    let (good, names) = market(30, 10, 300);
    let code = |change: &dyn Fn(&mut Samples)| {
        let mut samples = good.clone();
        change(&mut samples);
        train_hybrid(&quick(), &samples, &names, &mut |_| ()).unwrap_err().code()
    };
    assert_eq!(code(&|s| s.users[3] = 31), "train.column");
    assert_eq!(code(&|s| s.categories[3] = 4), "train.column");
    assert_eq!(code(&|s| s.targets[3] = f32::NAN), "train.column");
    assert_eq!(code(&|s| s.items.truncate(5)), "train.column");
    assert_eq!(code(&|s| *s = Samples::default()), "train.samples");
    let recipe = Recipe { rule_weight: 7.0, ..quick() };
    assert_eq!(train_hybrid(&recipe, &good, &names, &mut |_| ()).unwrap_err().code(), "train.setting");
    let error = predict_hybrid(&Tensors::new(), &good).unwrap_err();
    assert_eq!(error.code(), "artifact.metadata");
    let backend: TrainError = candle_core::Error::Msg("x".into()).into();
    assert_eq!(backend.code(), "train.backend");
}

/// The same market with so many changes of the recipe.
fn trained(change: &dyn Fn(&mut Recipe)) -> Trained {
    let (samples, names) = market(30, 10, 600);
    let mut recipe = quick();
    change(&mut recipe);
    train_hybrid(&recipe, &samples, &names, &mut |_| ()).unwrap()
}

fn largest_difference(a: &Tensors, b: &Tensors) -> f32 {
    let of = |name: &str| {
        let shape = a.shape(name).unwrap();
        let (a, b) = (a.f32(name, shape).unwrap(), b.f32(name, shape).unwrap());
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    };
    a.names().map(of).fold(0.0, f32::max)
}

#[test]
fn two_small_batches_make_the_step_of_a_large_one() {
    // Nothing that looks at a batch as a whole, and nothing drawn: 420 samples in batches of 64, the last one smaller.
    let plain = |recipe: &mut Recipe| {
        (recipe.model.batch_norm, recipe.model.dropout, recipe.training.unknown_rate) = (false, 0.0, 0.0);
        // The first step of Adam has the sign of a gradient alone: a large epsilon makes it smooth.
        (recipe.training.epochs, recipe.optimizer.epsilon) = (2, 0.1);
    };
    let large = trained(&|r| {
        plain(r);
        (r.training.batch_size, r.training.accumulate) = (128, 1);
    });
    let small = trained(&|r| {
        plain(r);
        (r.training.batch_size, r.training.accumulate) = (64, 2);
    });
    let other = trained(&|r| {
        plain(r);
        (r.training.batch_size, r.training.accumulate) = (64, 1);
    });
    assert!(largest_difference(&large.model, &small.model) < 1e-6);
    assert!(largest_difference(&large.model, &other.model) > 1e-4);
    let losses = |trained: &Trained| trained.epochs.iter().map(|e| (e.train_loss * 1e6).round()).collect::<Vec<_>>();
    assert_eq!(losses(&large), losses(&small));
}

#[test]
fn a_network_without_norms_is_stored_as_one_that_scores_the_same() {
    let (samples, names) = market(30, 10, 600);
    let mut recipe = quick();
    recipe.model.batch_norm = false;
    let trained = train_hybrid(&recipe, &samples, &names, &mut |_| ()).unwrap();
    let scores = predict_hybrid(&trained.model, &samples).unwrap();
    let errors = trained.split.validation.iter().map(|&at| f64::from(scores[at][2] - samples.targets[at]).powi(2));
    let loss = errors.sum::<f64>() / trained.split.validation.len() as f64;
    let best = trained.epochs.iter().map(|epoch| epoch.validation_loss).fold(f64::INFINITY, f64::min);
    assert!((loss - best).abs() < 1e-6, "{loss} is not {best}");
    recipe.training.batch_size = 1;
    recipe.training.epochs = 1;
    assert!(train_hybrid(&recipe, &samples, &names, &mut |_| ()).is_ok());
}

#[test]
fn a_rate_of_zero_leaves_a_part_as_it_was() {
    let names = [
        "collaborative.user_embedding",
        "collaborative.item_embedding",
        "content.layers.1.weight",
        "content.output.weight",
    ];
    let values =
        |trained: &Trained| names.map(|name| trained.model.f32(name, trained.model.shape(name).unwrap()).unwrap());
    // After one epoch, at two lengths of steps.
    let run = |zero: usize, learning_rate: f64| {
        values(&trained(&|r| {
            (r.training.epochs, r.optimizer.learning_rate) = (1, learning_rate);
            let rates = &mut r.optimizer.rates;
            *[&mut rates.user, &mut rates.item, &mut rates.content, &mut rates.heads][zero] = 0.0;
        }))
    };
    for zero in 0..4 {
        let (short, long) = (run(zero, 0.001), run(zero, 0.002));
        for part in 0..4 {
            assert_eq!(short[part] == long[part], part == zero, "{} with rate {zero} at 0", names[part]);
        }
    }
}

#[test]
fn vectors_that_cost_something_are_shorter_and_only_theirs_are() {
    let length = |trained: &Trained, name: &str| {
        let values = trained.model.f32(name, trained.model.shape(name).unwrap()).unwrap();
        values.iter().map(|v| f64::from(v * v)).sum::<f64>()
    };
    let run = |l2: f64| {
        trained(&|r| {
            (r.optimizer.weight_decay, r.optimizer.embedding_decay, r.loss.embedding_l2) = (0.0, 0.0, l2);
        })
    };
    let (free, held) = (run(0.0), run(1.0));
    let of = |name: &str| length(&held, name) / length(&free, name);
    assert!(of("collaborative.user_embedding") < 0.9 && of("collaborative.item_embedding") < 0.9);
    assert!((0.9..1.1).contains(&of("content.category_embedding")));
}

#[test]
fn what_stops_a_training_may_be_another_figure_than_its_loss() {
    let found = trained(&|r| (r.early_stopping.metric, r.training.epochs) = (StopMetric::Mae, 3));
    let (samples, _) = market(30, 10, 600);
    let scores = predict_hybrid(&found.model, &samples).unwrap();
    let errors = found.split.validation.iter().map(|&at| f64::from(scores[at][2] - samples.targets[at]).abs());
    let mae = errors.sum::<f64>() / found.split.validation.len() as f64;
    let best = found.epochs.iter().filter_map(|epoch| epoch.metric).fold(f64::INFINITY, f64::min);
    assert!((mae - best).abs() < 1e-6, "{mae} is not {best}");
    let (samples, names) = market(30, 10, 300);
    let mut recipe = quick();
    recipe.early_stopping.metric = StopMetric::Mrr;
    assert_eq!(train_hybrid(&recipe, &samples, &names, &mut |_| ()).unwrap_err().code(), "train.needed");
    recipe = quick();
    recipe.loss.bpr = 1.0;
    assert_eq!(train_hybrid(&recipe, &samples, &names, &mut |_| ()).unwrap_err().code(), "train.needed");
}

#[test]
fn a_training_that_starts_from_a_model_takes_over_what_it_knew() {
    let (samples, names) = market(30, 10, 600);
    let first = train_hybrid(&quick(), &samples, &names, &mut |_| ()).unwrap();
    // Other data: clients and cleaners in another order, one of each new, one of each without any sample.
    let mut later = names.clone();
    later.users.reverse();
    later.items.reverse();
    later.users.insert(0, "new".into());
    later.items.insert(0, "new".into());
    let renamed = |row: u32, count: u32| count + 2 - row;
    let mut moved = samples.clone();
    moved.users.iter_mut().for_each(|row| *row = renamed(*row, 30));
    moved.items.iter_mut().for_each(|row| *row = renamed(*row, 10));
    let (silent_user, silent_item) = (renamed(4, 30), renamed(3, 10));
    moved.users.iter_mut().filter(|row| **row == silent_user).for_each(|row| *row = 0);
    moved.items.iter_mut().filter(|row| **row == silent_item).for_each(|row| *row = 0);
    let mut recipe = quick();
    // So small a step that nothing moves: what is read off is what was taken over.
    (recipe.optimizer.learning_rate, recipe.training.epochs) = (1e-12, 1);
    recipe.scheduler.decay = Decay::Constant;
    let session = Session { start: Some(&first.model), ..Session::default() };
    let second = train_hybrid_in(session, &recipe, &moved, &later, &mut |_| ()).unwrap();
    let row = |model: &Tensors, name: &str, at: u32| {
        let shape = model.shape(name).unwrap();
        let values = model.f32(name, shape).unwrap();
        values[at as usize * shape[1]..][..shape[1]].to_vec()
    };
    for (name, count) in [("collaborative.user_embedding", 30), ("collaborative.item_embedding", 10)] {
        for old in 1..=count {
            let (a, b) = (row(&first.model, name, old), row(&second.model, name, renamed(old, count)));
            assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-6), "{name} {old}");
        }
        assert_eq!(row(&second.model, name, 1), row(&second.model, name, 0), "{name}: the new one is unknown");
    }
    assert_eq!(first.model.metadata("normaliser").unwrap(), second.model.metadata("normaliser").unwrap());
    let layers: Vec<String> = first.model.names().filter(|n| n.ends_with("weight")).map(str::to_owned).collect();
    for name in &layers {
        let values = |model: &Tensors| model.f32(name, model.shape(name).unwrap()).unwrap();
        let close = values(&first.model).iter().zip(values(&second.model)).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(close, "{name}");
    }
    // Real steps: who has no sample keeps the row that was learned, to the bit, though all rows decay.
    recipe = quick();
    let session = Session { start: Some(&first.model), ..Session::default() };
    let third = train_hybrid_in(session, &recipe, &moved, &later, &mut |_| ()).unwrap();
    for (name, old, new) in
        [("collaborative.user_embedding", 4, silent_user), ("collaborative.item_embedding", 3, silent_item)]
    {
        assert_eq!(row(&first.model, name, old), row(&third.model, name, new), "{name}");
        assert_ne!(row(&first.model, name, 1), row(&third.model, name, renamed(1, if old == 4 { 30 } else { 10 })));
    }
    // It starts where the other one was: the first epoch is better than one from nothing.
    let cold = train_hybrid(&recipe, &moved, &later, &mut |_| ()).unwrap();
    assert!(third.epochs[0].validation_loss < cold.epochs[0].validation_loss);
}

#[test]
fn a_model_of_another_shape_is_not_started_from() {
    let (samples, names) = market(30, 10, 300);
    let mut recipe = quick();
    recipe.training.epochs = 1;
    let first = train_hybrid(&recipe, &samples, &names, &mut |_| ()).unwrap();
    let code = |change: &dyn Fn(&mut Recipe), start: &Tensors| {
        let mut recipe = recipe.clone();
        change(&mut recipe);
        let session = Session { start: Some(start), ..Session::default() };
        train_hybrid_in(session, &recipe, &samples, &names, &mut |_| ()).map(|_| ()).map_err(|error| error.code())
    };
    assert_eq!(code(&|_| (), &first.model), Ok(()));
    assert_eq!(code(&|r| r.model.embedding_dim = 32, &first.model), Err("train.start"));
    assert_eq!(code(&|r| r.model.hidden[1] = 32, &first.model), Err("train.start"));
    assert_eq!(code(&|r| r.model.batch_norm = false, &first.model), Err("train.start"));
    let mut other = first.model.clone();
    other.set_metadata("schema_hash", "another");
    assert_eq!(code(&|_| (), &other), Err("artifact.schema"));
    recipe.model.batch_norm = false;
    let plain = train_hybrid(&recipe, &samples, &names, &mut |_| ()).unwrap();
    let session = Session { start: Some(&plain.model), ..Session::default() };
    assert!(train_hybrid_in(session, &recipe, &samples, &names, &mut |_| ()).is_ok());
}
