//! The hybrid model of seed 001: a collaborative branch over two embeddings and a content branch over a category and
//! continuous features, blended by a learned weight.
//!
//! `score = alpha * collaborative(user, item) + (1 - alpha) * content(category, features)`, clamped to [0, 1].

use super::branch::Branch;
use super::state::{FP32_FORMAT, Q8_FORMAT, matrix_shape};
use crate::artifact::{ArtifactError, Tensors};
use crate::numeric::Kernel;

/// Which of the continuous features depend on the query alone, on the item alone, and on both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnGroups {
    /// Positions of the features that depend on the query alone.
    pub query: Vec<usize>,
    /// Positions of those that depend on the item alone.
    pub item: Vec<usize>,
    /// Positions of those that depend on both.
    pub pair: Vec<usize>,
}

/// The model, fp32 or int8.
#[derive(Debug, Clone, PartialEq)]
pub struct Hybrid {
    collaborative: Branch,
    content: Branch,
    alpha: f32,
    unknown_user: Vec<f32>,
    unknown_item: Vec<f32>,
    /// `categories * category_dim` values.
    category_embedding: Vec<f32>,
    /// The mean of all category rows: what a category that nobody knows is taken for.
    unknown_category: Vec<f32>,
    columns: ColumnGroups,
}

/// The share of every item in the first layers, computed once per catalog.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ItemTable {
    collaborative: Vec<f32>,
    content: Vec<f32>,
}

/// The share of a query in the first layers, computed once per request.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    collaborative: Vec<f32>,
    content: Vec<f32>,
}

/// Scores of candidates: the blend, and what it is made of.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scores {
    /// The blend, in [0, 1].
    pub blend: Vec<f32>,
    /// The collaborative branch, unbounded.
    pub collaborative: Vec<f32>,
    /// The content branch, unbounded.
    pub content: Vec<f32>,
}

/// Memory of a forward pass, used again by the next one.
#[derive(Debug, Clone, Default)]
pub struct Scratch;

impl Hybrid {
    /// Reads an fp32 state or an int8 model; which of the two it is stands in its metadata.
    ///
    /// # Errors
    /// Another format or version, missing tensors, shapes that do not fit, an alpha outside [0, 1].
    pub fn from_tensors(tensors: &Tensors, columns: ColumnGroups) -> Result<Self, ArtifactError> {
        let quantised = tensors.metadata("format")? == Q8_FORMAT;
        tensors.expect_format(if quantised { Q8_FORMAT } else { FP32_FORMAT })?;
        let branch = if quantised { Branch::from_quantised } else { Branch::from_state };
        let (rows, dim) = matrix_shape(tensors, "content.category_embedding")?;
        let category_embedding = tensors.f32("content.category_embedding", &[rows, dim])?;
        let model = Self {
            collaborative: branch(tensors, "collaborative")?,
            content: branch(tensors, "content")?,
            alpha: tensors.f32("blend.collaborative_content.alpha", &[1])?[0],
            unknown_user: unknown_row(tensors, quantised, "user")?,
            unknown_item: unknown_row(tensors, quantised, "item")?,
            unknown_category: mean_row(&category_embedding, dim),
            category_embedding,
            columns,
        };
        model.check()
    }

    fn check(self) -> Result<Self, ArtifactError> {
        let groups = &self.columns;
        let features = groups.query.len() + groups.item.len() + groups.pair.len();
        let embeddings = self.unknown_user.len() + self.unknown_item.len();
        let (content, expected) = (self.content.inputs(), self.unknown_category.len() + features);
        let reason = if self.collaborative.inputs() != embeddings {
            format!("the collaborative branch takes {} inputs, not {embeddings}", self.collaborative.inputs())
        } else if content != expected {
            format!("the content branch takes {content} inputs, not {expected}")
        } else if !(0.0..=1.0).contains(&self.alpha) {
            format!("alpha is {}, not between 0 and 1", self.alpha)
        } else {
            return Ok(self);
        };
        Err(ArtifactError::Format { reason })
    }

    /// The weight of the collaborative branch.
    pub fn alpha(&self) -> f32 {
        self.alpha
    }

    /// Length of a user's embedding row.
    pub fn user_dim(&self) -> usize {
        self.unknown_user.len()
    }

    /// Length of an item's embedding row.
    pub fn item_dim(&self) -> usize {
        self.unknown_item.len()
    }

    /// A table for that many items, to be filled by [`set_item`](Self::set_item).
    pub fn items(&self, count: usize) -> ItemTable {
        ItemTable {
            collaborative: vec![0.0; count * self.collaborative.width()],
            content: vec![0.0; count * self.content.width()],
        }
    }

    /// Computes the share of one item. `embedding`: its row, or `None` (also for a row of another length) for the unknown
    /// one. `features`: the normalised features of [`ColumnGroups::item`].
    pub fn set_item(&self, table: &mut ItemTable, item: usize, embedding: Option<&[f32]>, features: &[f32]) {
        let embedding = embedding.filter(|row| row.len() == self.item_dim()).unwrap_or(&self.unknown_item);
        let sum = row_mut(&mut table.collaborative, item, self.collaborative.width());
        sum.fill(0.0);
        self.collaborative.add_inputs(sum, self.unknown_user.len().., embedding);
        let sum = row_mut(&mut table.content, item, self.content.width());
        sum.fill(0.0);
        self.content.add_inputs(sum, self.feature_inputs(&self.columns.item), features);
    }

    /// Computes the share of a query. `user`: the user's embedding row, or `None` (also for a row of another length) for
    /// the unknown one. `category`: an index, or `None` for the mean of all. `features`: those of [`ColumnGroups::query`].
    pub fn query(&self, user: Option<&[f32]>, category: Option<usize>, features: &[f32]) -> Query {
        let user = user.filter(|row| row.len() == self.user_dim()).unwrap_or(&self.unknown_user);
        let mut collaborative = self.collaborative.biases().to_vec();
        self.collaborative.add_inputs(&mut collaborative, 0.., user);
        let dim = self.unknown_category.len();
        let category = category.and_then(|at| self.category_embedding.get(at * dim..(at + 1) * dim));
        let mut content = self.content.biases().to_vec();
        self.content.add_inputs(&mut content, 0.., category.unwrap_or(&self.unknown_category));
        self.content.add_inputs(&mut content, self.feature_inputs(&self.columns.query), features);
        Query { collaborative, content }
    }

    /// The collaborative branch for the items `rows` of the table. The scores do not depend on which other items are scored
    /// with them, nor on the kernel.
    pub fn collaborative(
        &self,
        kernel: Kernel,
        query: &Query,
        table: &ItemTable,
        rows: &[u32],
        _scratch: &mut Scratch,
        out: &mut [f32],
    ) {
        let width = self.collaborative.width();
        let first = |at: usize, sum: &mut [f32]| {
            let item = &table.collaborative[rows[at] as usize * width..][..width];
            add(sum, &query.collaborative, item);
        };
        self.collaborative.score(kernel, first, out);
    }

    /// The content branch, likewise. `pairs`: for each item the normalised features of [`ColumnGroups::pair`].
    #[allow(clippy::too_many_arguments)]
    pub fn content(
        &self,
        kernel: Kernel,
        query: &Query,
        table: &ItemTable,
        rows: &[u32],
        pairs: &[f32],
        _scratch: &mut Scratch,
        out: &mut [f32],
    ) {
        let (width, pair) = (self.content.width(), self.columns.pair.len());
        let first = |at: usize, sum: &mut [f32]| {
            add(sum, &query.content, &table.content[rows[at] as usize * width..][..width]);
            self.content.add_inputs(sum, self.feature_inputs(&self.columns.pair), &pairs[at * pair..(at + 1) * pair]);
        };
        self.content.score(kernel, first, out);
    }

    /// The blend of the two branches' scores, in [0, 1].
    pub fn blend(&self, collaborative: f32, content: f32) -> f32 {
        (self.alpha * collaborative + (1.0 - self.alpha) * content).clamp(0.0, 1.0)
    }

    /// All three scores of the items `rows`.
    pub fn score(&self, kernel: Kernel, query: &Query, table: &ItemTable, rows: &[u32], pairs: &[f32]) -> Scores {
        let mut scores = Scores {
            blend: vec![0.0; rows.len()],
            collaborative: vec![0.0; rows.len()],
            content: vec![0.0; rows.len()],
        };
        let mut scratch = Scratch;
        self.collaborative(kernel, query, table, rows, &mut scratch, &mut scores.collaborative);
        self.content(kernel, query, table, rows, pairs, &mut scratch, &mut scores.content);
        for ((blend, a), b) in scores.blend.iter_mut().zip(&scores.collaborative).zip(&scores.content) {
            *blend = self.blend(*a, *b);
        }
        scores
    }

    fn feature_inputs<'a>(&self, columns: &'a [usize]) -> impl Iterator<Item = usize> + use<'a> {
        let dim = self.unknown_category.len();
        columns.iter().map(move |column| dim + column)
    }
}

fn unknown_row(tensors: &Tensors, quantised: bool, side: &str) -> Result<Vec<f32>, ArtifactError> {
    if quantised {
        let name = format!("collaborative.unknown_{side}");
        let dim = tensors.shape(&name)?.first().copied().unwrap_or(0);
        return tensors.f32(&name, &[dim]);
    }
    let name = format!("collaborative.{side}_embedding");
    let (rows, dim) = matrix_shape(tensors, &name)?;
    let mut table = tensors.f32(&name, &[rows, dim])?;
    table.truncate(dim);
    Ok(table)
}

fn mean_row(rows: &[f32], dim: usize) -> Vec<f32> {
    let count = (rows.len() / dim.max(1)).max(1) as f32;
    (0..dim).map(|at| rows.iter().skip(at).step_by(dim).sum::<f32>() / count).collect()
}

fn row_mut(table: &mut [f32], row: usize, width: usize) -> &mut [f32] {
    &mut table[row * width..(row + 1) * width]
}

fn add(out: &mut [f32], a: &[f32], b: &[f32]) {
    for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
        *out = a + b;
    }
}
