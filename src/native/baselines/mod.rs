//! Models that anything better has to beat: from chance to linear autoencoders and matrix factorisation.
//!
//! Each is fitted on the training rows of a table of ratings by a few settings and a seed, and then scores every item for a
//! user. The same rows, settings and seed give the same scores, bit for bit, on any number of threads.

mod als;
mod biases;
mod bpr;
mod category;
mod cholesky;
mod ease;
mod fit;
mod global_mean;
mod item_knn;
mod item_mean;
mod popularity;
mod random;
mod ranker;
mod svd;
#[cfg(test)]
mod tests;
mod training;

pub use als::{Als, AlsSettings};
pub use biases::{Biases, BiasesSettings};
pub use bpr::{Bpr, BprSettings};
pub use category::{CategoryPopularity, CategorySettings};
pub use ease::{Ease, EaseSettings};
pub use fit::{FitError, Model, Settings, fit};
pub use global_mean::GlobalMean;
pub use item_knn::{ItemKnn, ItemKnnSettings};
pub use item_mean::{ItemMean, ItemMeanSettings};
pub use popularity::Popularity;
pub use random::Random;
pub use ranker::Ranker;
pub use svd::{Svd, SvdSettings};
pub use training::Training;
