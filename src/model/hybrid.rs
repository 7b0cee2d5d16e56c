//! The hybrid model of seed 001: a collaborative branch over two embeddings and a content branch over a category and
//! continuous features, blended by a learned weight.
//!
//! `score = alpha * collaborative(user, item) + (1 - alpha) * content(category, features)`, clamped to [0, 1].

use super::branch::{Branch, Int8Branch, Shares};
use super::state::{FP32_FORMAT, Q8_FORMAT, Q8_VERSION, matrix_shape};
use crate::artifact::text::text;
use crate::artifact::{ArtifactError, Tensors};
use crate::numeric::{Kernel, Scratch};

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
    collaborative: Shares,
    content: Shares,
    sum: Vec<f32>,
}

/// The share of a query in the first layers, computed once per request.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    collaborative: Shares,
    content: Shares,
    sum: Vec<f32>,
}

/// The shares of many queries in the first layers: rows in the order in which they were put there.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct QueryTable {
    collaborative: Shares,
    content: Shares,
    query: Query,
}

impl ItemTable {
    /// The codes of an int8 model's shares, collaborative and content: rows of [`Int8Branch::width`].
    pub fn codes(&self) -> Option<[&[i16]; 2]> {
        Some([self.collaborative.codes()?, self.content.codes()?])
    }
}

impl Query {
    /// The codes of an int8 model's shares, collaborative and content: [`Int8Branch::width`] each.
    pub fn codes(&self) -> Option<[&[i16]; 2]> {
        Some([self.collaborative.codes()?, self.content.codes()?])
    }
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

impl Hybrid {
    /// Reads an fp32 state or an int8 model; which of the two it is stands in its metadata.
    ///
    /// # Errors
    /// Another format or version, missing tensors, shapes that do not fit, an alpha outside [0, 1].
    pub fn from_tensors(tensors: &Tensors, columns: ColumnGroups) -> Result<Self, ArtifactError> {
        let quantised = tensors.metadata("format")? == Q8_FORMAT;
        // A page never loads an fp32 state; its reader would be in every page's module.
        let quantised = quantised || cfg!(target_family = "wasm");
        if quantised {
            tensors.expect_version(Q8_FORMAT, Q8_VERSION..=Q8_VERSION)?;
        } else {
            tensors.expect_format(FP32_FORMAT)?;
        }
        let (rows, dim) = matrix_shape(tensors, "content.category_embedding")?;
        let category_embedding = tensors.f32("content.category_embedding", &[rows, dim])?;
        let unknown_user = unknown_row(tensors, quantised, "user")?;
        let unknown_item = unknown_row(tensors, quantised, "item")?;
        let branch = |name: &str, pairs: Vec<usize>, unknown_item: (usize, &[f32])| match quantised {
            true => Branch::from_quantised(tensors, name, pairs, unknown_item),
            false => Branch::from_state(tensors, name, pairs),
        };
        let pairs = columns.pair.iter().map(|column| dim + column).collect();
        let model = Self {
            collaborative: branch("collaborative", Vec::new(), (unknown_user.len(), &unknown_item))?,
            // An unknown item's features are the normalised 0, so it has no share.
            content: branch("content", pairs, (0, &[]))?,
            alpha: tensors.f32("blend.collaborative_content.alpha", &[1])?[0],
            unknown_user,
            unknown_item,
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
            text!("the collaborative branch takes ", self.collaborative.inputs(), " inputs, not ", embeddings)
        } else if content != expected {
            text!("the content branch takes ", content, " inputs, not ", expected)
        } else if !(0.0..=1.0).contains(&self.alpha) {
            text!("alpha is not between 0 and 1")
        } else {
            return Ok(self);
        };
        Err(ArtifactError::Format { reason })
    }

    /// The weight of the collaborative branch.
    pub fn alpha(&self) -> f32 {
        self.alpha
    }

    /// The row of the user whom nobody knows.
    pub fn unknown_user(&self) -> &[f32] {
        &self.unknown_user
    }

    /// Length of a user's embedding row.
    pub fn user_dim(&self) -> usize {
        self.unknown_user.len()
    }

    /// Length of an item's embedding row.
    pub fn item_dim(&self) -> usize {
        self.unknown_item.len()
    }

    /// The branches of an int8 model, collaborative and content, to be computed or bounded elsewhere; `None` for fp32.
    pub fn int8(&self) -> Option<[Int8Branch<'_>; 2]> {
        Some([self.collaborative.int8()?, self.content.int8()?])
    }

    /// A table for that many items, to be filled by [`set_item`](Self::set_item).
    pub fn items(&self, count: usize) -> ItemTable {
        let (collaborative, content) = (self.collaborative.shares(count), self.content.shares(count));
        ItemTable { collaborative, content, sum: Vec::new() }
    }

    /// Makes room for that many items in all, to be filled by [`set_item`](Self::set_item); those that are there stay.
    pub fn grow_items(&self, table: &mut ItemTable, count: usize) {
        self.collaborative.grow(&mut table.collaborative, count);
        self.content.grow(&mut table.content, count);
    }

    /// Takes items out; those behind them move up.
    pub fn remove_items(&self, table: &mut ItemTable, items: std::ops::Range<usize>) {
        self.collaborative.remove(&mut table.collaborative, items.clone());
        self.content.remove(&mut table.content, items);
    }

    /// Computes the share of one item. `embedding`: its row, or `None` (also for a row of another length) for the unknown
    /// one. `features`: the normalised features of [`ColumnGroups::item`].
    pub fn set_item(&self, table: &mut ItemTable, item: usize, embedding: Option<&[f32]>, features: &[f32]) {
        let embedding = embedding.filter(|row| row.len() == self.item_dim()).unwrap_or(&self.unknown_item);
        let ItemTable { collaborative, content, sum } = table;
        self.collaborative.start_item(sum);
        self.collaborative.add_inputs(sum, self.unknown_user.len().., embedding);
        self.collaborative.store_item(sum, collaborative, item);
        self.content.start_item(sum);
        self.content.add_inputs(sum, self.feature_inputs(&self.columns.item), features);
        self.content.store_item(sum, content, item);
    }

    /// Computes the share of a query. `user`: the user's embedding row, or `None` (also for a row of another length) for
    /// the unknown one. `category`: an index, or `None` for the mean of all. `features`: those of [`ColumnGroups::query`].
    pub fn query(&self, user: Option<&[f32]>, category: Option<usize>, features: &[f32]) -> Query {
        let mut query = Query::default();
        self.set_query(&mut query, user, category, features);
        query
    }

    /// [`query`](Self::query) in the memory of an earlier one.
    pub fn set_query(&self, query: &mut Query, user: Option<&[f32]>, category: Option<usize>, features: &[f32]) {
        let Query { collaborative, content, sum } = query;
        let user = user.filter(|row| row.len() == self.user_dim()).unwrap_or(&self.unknown_user);
        self.collaborative.start_query(sum);
        self.collaborative.add_inputs(sum, 0.., user);
        self.collaborative.store_query(sum, collaborative);
        let dim = self.unknown_category.len();
        let category = category.and_then(|at| self.category_embedding.get(at * dim..(at + 1) * dim));
        self.content.start_query(sum);
        self.content.add_inputs(sum, 0.., category.unwrap_or(&self.unknown_category));
        self.content.add_inputs(sum, self.feature_inputs(&self.columns.query), features);
        self.content.store_query(sum, content);
    }

    /// The outputs of the collaborative branch for the items `rows` of the table, into as many values.
    pub fn collaborative(
        &self,
        kernel: Kernel,
        query: &Query,
        table: &ItemTable,
        rows: &[u32],
        scratch: &mut Scratch,
        out: &mut [f32],
    ) {
        let shares = (&query.collaborative, &table.collaborative);
        self.collaborative.score(kernel, shares, rows, &[], scratch, out);
    }

    /// The outputs of the content branch for the items `rows` of the table, into as many values. `pairs`: for each of them
    /// the normalised features of [`ColumnGroups::pair`].
    #[allow(clippy::too_many_arguments)]
    pub fn content(
        &self,
        kernel: Kernel,
        query: &Query,
        table: &ItemTable,
        rows: &[u32],
        pairs: &[f32],
        scratch: &mut Scratch,
        out: &mut [f32],
    ) {
        self.content.score(kernel, (&query.content, &table.content), rows, pairs, scratch, out);
    }

    /// Makes room for that many queries, to be filled by [`put_query`](Self::put_query).
    pub fn queries(&self, count: usize) -> QueryTable {
        let (collaborative, content) = (self.collaborative.shares(count), self.content.shares(count));
        QueryTable { collaborative, content, query: Query::default() }
    }

    /// Puts what [`query`](Self::query) computes into a row of a table.
    pub fn put_query(
        &self,
        table: &mut QueryTable,
        row: usize,
        user: Option<&[f32]>,
        category: Option<usize>,
        features: &[f32],
    ) {
        let QueryTable { collaborative, content, query } = table;
        self.set_query(query, user, category, features);
        self.collaborative.put(&query.collaborative, collaborative, row);
        self.content.put(&query.content, content, row);
    }

    /// Scores one item for the queries `rows` of a table, as [`score`](Self::score) does for one query and many items, to the
    /// bit: the first layer is a sum in which the two sides may change places.
    #[allow(clippy::too_many_arguments)]
    pub fn score_queries(
        &self,
        kernel: Kernel,
        queries: &QueryTable,
        (items, item): (&ItemTable, usize),
        rows: &[u32],
        pairs: &[f32],
        scratch: &mut Scratch,
        out: &mut Scores,
    ) {
        for values in [&mut out.blend, &mut out.collaborative, &mut out.content] {
            values.resize(rows.len(), 0.0);
        }
        let one = |branch: &Branch, table: &Shares| branch.row(table, item);
        let (collaborative, content) =
            (one(&self.collaborative, &items.collaborative), one(&self.content, &items.content));
        let shares = (&collaborative, &queries.collaborative);
        self.collaborative.score(kernel, shares, rows, &[], scratch, &mut out.collaborative);
        self.content.score(kernel, (&content, &queries.content), rows, pairs, scratch, &mut out.content);
        for ((blend, a), b) in out.blend.iter_mut().zip(&out.collaborative).zip(&out.content) {
            *blend = self.blend(*a, *b);
        }
    }

    /// The score of a candidate by the outputs of its branches, in [0, 1].
    pub fn blend(&self, collaborative: f32, content: f32) -> f32 {
        (self.alpha * collaborative + (1.0 - self.alpha) * content).clamp(0.0, 1.0)
    }

    /// Scores the items `rows` of the table for a query. `pairs`: for each of them the normalised features of
    /// [`ColumnGroups::pair`]. The scores do not depend on which other items are scored with them, nor on the kernel.
    #[allow(clippy::too_many_arguments)]
    pub fn score(
        &self,
        kernel: Kernel,
        query: &Query,
        table: &ItemTable,
        rows: &[u32],
        pairs: &[f32],
        scratch: &mut Scratch,
        out: &mut Scores,
    ) {
        for values in [&mut out.blend, &mut out.collaborative, &mut out.content] {
            values.resize(rows.len(), 0.0);
        }
        self.collaborative(kernel, query, table, rows, scratch, &mut out.collaborative);
        self.content(kernel, query, table, rows, pairs, scratch, &mut out.content);
        for ((blend, a), b) in out.blend.iter_mut().zip(&out.collaborative).zip(&out.content) {
            *blend = self.blend(*a, *b);
        }
    }

    fn feature_inputs<'a>(&self, columns: &'a [usize]) -> impl Iterator<Item = usize> + use<'a> {
        let dim = self.unknown_category.len();
        columns.iter().map(move |column| dim + column)
    }
}

fn unknown_row(tensors: &Tensors, quantised: bool, side: &str) -> Result<Vec<f32>, ArtifactError> {
    if quantised {
        let name = text!("collaborative.unknown_", side);
        let dim = tensors.shape(&name)?.first().copied().unwrap_or(0);
        return tensors.f32(&name, &[dim]);
    }
    let name = text!("collaborative.", side, "_embedding");
    let (rows, dim) = matrix_shape(tensors, &name)?;
    let mut table = tensors.f32(&name, &[rows, dim])?;
    table.truncate(dim);
    Ok(table)
}

fn mean_row(rows: &[f32], dim: usize) -> Vec<f32> {
    let count = (rows.len() / dim.max(1)).max(1) as f32;
    (0..dim).map(|at| rows.iter().skip(at).step_by(dim).sum::<f32>() / count).collect()
}
