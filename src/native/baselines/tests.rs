//! What holds of every model, and answers that are known by hand.

use super::*;
use crate::domain::Vocabulary;
use crate::native::interactions::{Categories, Interaction, Interactions, Scale};

fn table(users: usize, items: usize, rows: &[(u32, u32, f32)]) -> Interactions {
    let ids = |n: usize| Vocabulary::from_ids((0..n).map(|at| at.to_string())).unwrap();
    let row = |(user, item, value): &(u32, u32, f32)| Interaction { user: *user, item: *item, value: *value, at: 0 };
    let scale = Scale { low: 1.0, high: 5.0 };
    let rows = rows.iter().map(row).collect();
    Interactions { users: ids(users), items: ids(items), rows, scale, timed: false }
}

/// All rows are learnt from, ratings of 4 are liked, and the category of an item is its index modulo 2.
fn training(users: usize, items: usize, rows: &[(u32, u32, f32)]) -> Training {
    let interactions = table(users, items, rows);
    let of_rows = rows.iter().map(|(_, item, _)| vec![(item % 2) as u16]).collect();
    let categories = Categories { names: vec!["even".into(), "odd".into()], of_rows };
    let all: Vec<usize> = (0..rows.len()).collect();
    Training::new(&interactions, &all, 4.0, Some(&categories))
}

/// Two circles of 12 users and 8 items: everybody likes 7 items of their own circle, and item 15, which nobody rates, is there.
fn circles() -> Training {
    let mut rows = Vec::new();
    for user in 0..24u32 {
        let circle = user / 12 * 8;
        let own = (0..8).filter(|item| *item != user % 8 && circle + item != 15);
        rows.extend(own.map(|item| (user, circle + item, 4.0 + ((user + item) % 2) as f32)));
    }
    training(25, 16, &rows)
}

fn scores(ranker: &dyn Ranker, user: Option<u32>, items: usize) -> Vec<f32> {
    let mut out = vec![f32::NAN; items];
    ranker.scores(user, &mut out);
    out
}

fn fitted(model: Model, training: &Training) -> Box<dyn Ranker> {
    fit(model, training, &Settings::default(), 42).unwrap()
}

#[test]
fn every_model_answers_for_everybody_and_repeats_itself_on_any_number_of_threads() {
    let training = circles();
    let pool = |n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
    for model in Model::ALL {
        let [one, three] = [1, 3].map(|n| pool(n).install(|| fitted(model, &training)));
        assert_eq!(one.name(), model.name());
        assert_eq!(serde_json::to_value(model).unwrap(), model.name());
        // A user of the table, one without a rating, one beyond it, and nobody.
        for user in [Some(3), Some(24), Some(1000), None] {
            let found = scores(&*one, user, 16);
            assert!(found.iter().all(|score| score.is_finite()), "{model:?} {user:?}: {found:?}");
            assert_eq!(found, scores(&*three, user, 16), "{model:?} {user:?}");
            let mut asked = vec![f32::NAN; 16];
            one.scores_in(user, None, &mut asked);
            assert_eq!(found, asked, "{model:?} {user:?}: no category changes nothing");
        }
        let unknown = scores(&*one, None, 16);
        if model != Model::Random {
            assert_eq!(scores(&*one, Some(1000), 16), unknown, "{model:?}");
            assert_eq!(scores(&*one, Some(24), 16), unknown, "{model:?}: a user without a rating is unknown");
        }
    }
}

#[test]
fn tables_without_rows_users_or_items_are_legal() {
    for (users, items) in [(0, 0), (2, 0), (0, 2), (2, 3)] {
        let training = training(users, items, &[]);
        for model in Model::ALL {
            let ranker = fitted(model, &training);
            assert!(
                scores(&*ranker, Some(0), items).iter().all(|score| score.is_finite()),
                "{model:?} {users} {items}"
            );
        }
    }
}

#[test]
fn the_item_of_ones_circle_comes_before_all_of_the_other() {
    let training = circles();
    // The defaults are for tables of thousands of ratings.
    let als = AlsSettings { confidence: 1.0, weight_decay: 10.0, ..AlsSettings::default() };
    let bpr = BprSettings { learning_rate: 0.05, weight_decay: 0.01, ..BprSettings::default() };
    let settings = Settings { als, bpr, ..Settings::default() };
    for model in [Model::ItemKnn, Model::Ease, Model::Bpr, Model::Als] {
        let ranker = fit(model, &training, &settings, 42).unwrap();
        for user in 0..24u32 {
            let found = scores(&*ranker, Some(user), 16);
            let missing = user / 12 * 8 + user % 8;
            if missing == 15 {
                continue;
            }
            let other = 8 - user / 12 * 8;
            let best = found[other as usize..other as usize + 7].iter().copied().fold(f32::MIN, f32::max);
            assert!(found[missing as usize] > best, "{model:?} user {user}: {found:?}");
        }
    }
}

#[test]
fn seeds_change_what_is_drawn_and_nothing_else() {
    let training = circles();
    for model in Model::ALL {
        let of = |seed| scores(&*fit(model, &training, &Settings::default(), seed).unwrap(), Some(3), 16);
        let drawn = matches!(model, Model::Random | Model::Svd | Model::Bpr | Model::Als);
        assert_eq!(of(42) != of(43), drawn, "{model:?}");
    }
    let random = Random::new(42);
    assert_ne!(scores(&random, Some(0), 16), scores(&random, Some(1), 16));
}

/// Ratings of three users: the expected numbers below are worked out by hand from the formulas in the documentation.
fn three() -> Training {
    training(3, 4, &[(0, 0, 5.0), (0, 1, 4.0), (1, 0, 4.0), (1, 2, 3.0)])
}

fn close(found: &[f32], expected: &[f64], what: &str) {
    let near = found.iter().zip(expected).all(|(found, expected)| (f64::from(*found) - expected).abs() < 1e-6);
    assert!(near && found.len() == expected.len(), "{what}: {found:?} for {expected:?}");
}

#[test]
fn means_and_offsets_are_those_worked_out_by_hand() {
    let training = three();
    // The mean is 4. Item offsets with damping 5: (1 + 0) / 7, 0 / 6, -1 / 6, nothing. User 0 rates 4.5 on average.
    let items = [1.0 / 7.0, 0.0, -1.0 / 6.0, 0.0];
    let ranker = ItemMean::fit(&training, &ItemMeanSettings::default());
    close(&scores(&ranker, Some(0), 4), &items.map(|offset| 4.5 + offset), "item mean");
    close(&scores(&ranker, Some(2), 4), &items.map(|offset| 4.0 + offset), "user without a rating");
    // One pass with 10 and 15: items 1 / 12, 0, -1 / 11; user 0 has 1 - 1/12 left over 17.
    let once = BiasesSettings { epochs: 1, ..BiasesSettings::default() };
    let of_user = (11.0 / 12.0) / 17.0;
    let expected = [1.0 / 12.0, 0.0, -1.0 / 11.0, 0.0].map(|offset| 4.0 + of_user + offset);
    close(&scores(&Biases::fit(&training, &once), Some(0), 4), &expected, "biases");
    close(&scores(&GlobalMean::fit(&training), None, 4), &[4.0; 4], "global mean");
    close(&scores(&Popularity::fit(&training), None, 4), &[2.0, 1.0, 0.0, 0.0], "popularity: ratings of 4 or more");
}

#[test]
fn neighbours_and_weights_are_those_worked_out_by_hand() {
    let training = training(3, 4, &[(0, 0, 5.0), (0, 1, 4.0), (1, 0, 4.0), (1, 2, 5.0), (2, 3, 3.9), (2, 0, 1.0)]);
    // Item 0 has users 0 and 1 who like it, items 1 and 2 one of them each: cosine 1 / sqrt 2. Items 1 and 2 share nobody.
    let half = 0.5f64.sqrt();
    let all = ItemKnn::fit(&training, &ItemKnnSettings::default());
    close(&scores(&all, Some(0), 4), &[half, half, half, 0.0], "all neighbours");
    // With one neighbour item 0 keeps item 1 alone, the lower index of two equal ones; items 1 and 2 keep item 0.
    let one = ItemKnn::fit(&training, &ItemKnnSettings { neighbours: 1 });
    close(&scores(&one, Some(1), 4), &[0.0, half, half, 0.0], "one neighbour");
    // Two items that two users both have: X'X + 2 = [[4, 2], [2, 4]], whose inverse is [[4, -2], [-2, 4]] / 12: weight 2 / 4.
    let both = super::tests::training(2, 2, &[(0, 0, 5.0), (0, 1, 4.0), (1, 0, 4.5), (1, 1, 4.0)]);
    let ease = Ease::fit(&both, &EaseSettings { lambda: 2.0 }).unwrap();
    close(&scores(&ease, Some(0), 2), &[0.5, 0.5], "EASE");
}

#[test]
fn a_category_shifts_what_is_popular() {
    // User 0 likes items 0 and 2 (even), user 1 item 1 (odd) and item 0; nobody likes item 3.
    let rows = [(0, 0, 5.0), (0, 2, 4.0), (1, 1, 5.0), (1, 0, 5.0), (1, 3, 1.0)];
    let training = training(3, 4, &rows);
    let ranker = CategoryPopularity::fit(&training, &CategorySettings { prior: 1.0 });
    // p0 = 2/4, 1/4, 1/4, 0. Even: 3 likes, (n + p0) / 4. Odd: 1 like, (n + p0) / 2.
    let even = [2.5 / 4.0, 0.25 / 4.0, 1.25 / 4.0, 0.0];
    let odd = [0.5 / 2.0, 1.25 / 2.0, 0.25 / 2.0, 0.0];
    let mixed = |share: f64| [0, 1, 2, 3].map(|at| share * even[at] + (1.0 - share) * odd[at]);
    close(&scores(&ranker, Some(0), 4), &even, "likes even ones only");
    close(&scores(&ranker, Some(1), 4), &mixed(0.5), "likes both");
    close(&scores(&ranker, None, 4), &mixed(0.75), "as everybody");
    let mut asked = [0.0; 4];
    ranker.scores_in(Some(0), Some(1), &mut asked);
    close(&asked, &odd, "asked for odd ones");
    ranker.scores_in(Some(0), Some(9), &mut asked);
    close(&asked, &even, "a category that nobody knows");
}

#[test]
fn factorisation_finds_a_product_that_offsets_cannot() {
    // Likes and dislikes on a checkerboard: every row and column has the same mean, so that offsets alone give 3 everywhere.
    let rows: Vec<(u32, u32, f32)> = (0..12)
        .flat_map(|user| (0..12).map(move |item| (user, item, if (user + item) % 2 == 0 { 5.0 } else { 1.0 })))
        .collect();
    // The cells (0, 0) and (0, 1) are left out.
    let training = training(12, 12, &rows[2..]);
    let settings = SvdSettings { embedding_dim: 4, epochs: 400, learning_rate: 0.02, ..SvdSettings::default() };
    let found = scores(&Svd::fit(&training, &settings, 1), Some(0), 12);
    assert!(found[0] > 4.3 && found[1] < 1.7, "{found:?}");
    let offsets = scores(&Biases::fit(&training, &BiasesSettings::default()), Some(0), 12);
    assert!(offsets.iter().all(|score| (2.7..3.3).contains(score)), "{offsets:?}");
}

#[test]
fn the_unit_of_ratings_changes_nothing_but_the_unit() {
    let rows: Vec<(u32, u32, f32)> =
        (0..6).flat_map(|u| (0..6).map(move |i| (u, i, 1.0 + ((u * i) % 5) as f32))).collect();
    let all: Vec<usize> = (0..rows.len()).collect();
    let stars = table(6, 6, &rows);
    let mut shares = stars.clone();
    shares.scale = Scale { low: 0.0, high: 1.0 };
    shares.rows.iter_mut().for_each(|row| row.value = (row.value - 1.0) / 4.0);
    for model in [Model::GlobalMean, Model::ItemMean, Model::Biases, Model::Svd] {
        let of = |table: &Interactions| fitted(model, &Training::new(table, &all, 0.0, None));
        let stars =
            scores(&*of(&stars), Some(2), 6).iter().map(|stars| f64::from(*stars - 1.0) / 4.0).collect::<Vec<_>>();
        close(&scores(&*of(&shares), Some(2), 6), &stars, model.name());
    }
}

#[test]
fn the_least_squares_have_no_slope_left() {
    let training = circles();
    let settings = AlsSettings { embedding_dim: 3, epochs: 60, weight_decay: 0.5, confidence: 2.0, init_sd: 0.1 };
    let ranker = Als::fit(&training, &settings, 5);
    // At the minimum in the items' vectors the gradient is 0: sum over users of c (p q - x) p + decay q = 0. The product of
    // that with q is a sum over scores alone.
    let rated = training.liked_items();
    let of_user: Vec<Vec<f32>> = (0..25).map(|user| scores(&ranker, Some(user), 16)).collect();
    for item in 0..16 {
        let slope: f64 = of_user
            .iter()
            .zip(&rated)
            .map(|(scores, rated)| {
                let (score, has) = (f64::from(scores[item]), rated.contains(&(item as u32)));
                let (weight, wanted) = if has { (1.0 + settings.confidence, 1.0) } else { (1.0, 0.0) };
                weight * (wanted - score) * score
            })
            .sum();
        let norm = ranker.norm_of_item(item);
        assert!((slope - settings.weight_decay * norm).abs() < 1e-4, "item {item}: {slope} for {norm}");
    }
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let training = three();
    let cases = [
        "[ease]\nlambda = 0.0",
        "[svd]\nepochs = 0",
        "[bpr]\nlearning_rate = nan",
        "[als]\nweight_decay = -1.0",
        "[item_mean]\ndamping = -0.5",
        "[item_knn]\nneighbours = 0",
    ];
    for text in cases {
        let settings: Settings = toml::from_str(text).unwrap();
        let error = fit(Model::Random, &training, &settings, 1).err().unwrap();
        assert_eq!(error.code(), "baselines.setting", "{text}");
        let name = text.trim_start_matches('[').replace("]\n", ".");
        assert!(error.to_string().starts_with(name.split(' ').next().unwrap()), "{text}: {error}");
    }
    for text in ["[ease]\nlamda = 3.0", "[slim]\n", "[svd]\nepochs = 1.5"] {
        assert!(toml::from_str::<Settings>(text).is_err(), "{text}");
    }
    let many = super::tests::training(1, 20_001, &[]);
    let error = fit(Model::Ease, &many, &Settings::default(), 1).err().unwrap();
    assert_eq!(error.code(), "baselines.too_many_items");
}
