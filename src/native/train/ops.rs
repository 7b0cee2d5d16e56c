//! The steps of a network that plain candle operations do slowly, each as one pass over the values.
//!
//! candle's graph still decides what is differentiated when; only the loops are here. All are f32 on the CPU, row-major, and
//! sum in the order of the rows, so that a result never depends on the number of threads. Tests compare every gradient with
//! that of plain candle operations.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, CustomOp3, Device, Layout, Result, Shape, Tensor, bail};

/// Stands for the mean of all rows of a table, as the engine takes it for a property type that nobody knows.
pub(super) const MEAN_ROW: u32 = u32::MAX;

type Output = Result<(CpuStorage, Shape)>;

fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&storage.as_slice::<f32>()?[start..end]),
        None => bail!("a contiguous tensor was expected"),
    }
}

/// Calls `use_values` with the values of a tensor.
pub(super) fn with_values<R>(tensor: &Tensor, use_values: impl FnOnce(&[f32]) -> R) -> Result<R> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        candle_core::Storage::Cpu(storage) => Ok(use_values(slice(storage, layout)?)),
        _ => bail!("a tensor on the CPU was expected"),
    }
}

fn tensor(values: Vec<f32>, shape: impl Into<Shape>) -> Result<Tensor> {
    Tensor::from_vec(values, shape.into(), &Device::Cpu)
}

/// Copies the rows of a table into columns `at..` of a matrix that is `stride` wide.
fn copy_rows(table: &[f32], width: usize, rows: &[u32], to: &mut [f32], stride: usize, at: usize) {
    let mut mean = vec![0.0; width];
    if rows.contains(&MEAN_ROW) {
        add_columns(&mut mean, table);
        mean.iter_mut().for_each(|sum| *sum /= (table.len() / width) as f32);
    }
    for (line, &row) in to.chunks_exact_mut(stride).zip(rows) {
        let from = if row == MEAN_ROW { &mean } else { &table[row as usize * width..][..width] };
        line[at..at + width].copy_from_slice(from);
    }
}

/// Adds columns `at..` of a matrix that is `stride` wide to the rows of a table.
fn add_rows(table: &mut [f32], width: usize, rows: &[u32], from: &[f32], stride: usize, at: usize) {
    let share = width as f32 / table.len() as f32;
    for (line, &row) in from.chunks_exact(stride).zip(rows) {
        let line = &line[at..at + width];
        if row == MEAN_ROW {
            for to in table.chunks_exact_mut(width) {
                to.iter_mut().zip(line).for_each(|(sum, value)| *sum += value * share);
            }
        } else {
            let to = &mut table[row as usize * width..][..width];
            to.iter_mut().zip(line).for_each(|(sum, value)| *sum += value);
        }
    }
}

fn check_rows(rows: &[u32], table: &Layout) -> Result<usize> {
    let (count, width) = table.shape().dims2()?;
    match rows.iter().find(|&&row| row != MEAN_ROW && row as usize >= count) {
        Some(row) => bail!("row {row} of a table of {count}"),
        None => Ok(width),
    }
}

/// Rows of two tables side by side: `[n, a + b]` from `[_, a]` and `[_, b]`.
pub(super) struct EmbedPair {
    /// Rows of the first table.
    pub(super) first: Vec<u32>,
    /// Rows of the second table.
    pub(super) second: Vec<u32>,
}

impl CustomOp2 for EmbedPair {
    fn name(&self) -> &'static str {
        "embed-pair"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Output {
        let (a, b) = (check_rows(&self.first, l1)?, check_rows(&self.second, l2)?);
        let mut result = vec![0.0; self.first.len() * (a + b)];
        copy_rows(slice(s1, l1)?, a, &self.first, &mut result, a + b, 0);
        copy_rows(slice(s2, l2)?, b, &self.second, &mut result, a + b, a);
        Ok((CpuStorage::F32(result), (self.first.len(), a + b).into()))
    }

    fn bwd(&self, t1: &Tensor, t2: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (a, b) = (t1.dim(1)?, t2.dim(1)?);
        let (mut first, mut second) = (vec![0.0; t1.elem_count()], vec![0.0; t2.elem_count()]);
        with_values(grad, |grad| {
            add_rows(&mut first, a, &self.first, grad, a + b, 0);
            add_rows(&mut second, b, &self.second, grad, a + b, a);
        })?;
        Ok((Some(tensor(first, t1.shape())?), Some(tensor(second, t2.shape())?)))
    }
}

/// Rows of a table beside constant columns: `[n, a + c]` from `[_, a]` and `[n, c]`.
pub(super) struct EmbedBeside {
    /// Rows of the table.
    pub(super) rows: Vec<u32>,
    /// The constant columns, row by row.
    pub(super) constant: Vec<f32>,
}

impl EmbedBeside {
    fn constant_width(&self) -> usize {
        self.constant.len() / self.rows.len().max(1)
    }
}

impl CustomOp1 for EmbedBeside {
    fn name(&self) -> &'static str {
        "embed-beside"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Output {
        let (a, c) = (check_rows(&self.rows, layout)?, self.constant_width());
        let mut result = vec![0.0; self.rows.len() * (a + c)];
        copy_rows(slice(storage, layout)?, a, &self.rows, &mut result, a + c, 0);
        for (line, constant) in result.chunks_exact_mut(a + c).zip(self.constant.chunks_exact(c)) {
            line[a..].copy_from_slice(constant);
        }
        Ok((CpuStorage::F32(result), (self.rows.len(), a + c).into()))
    }

    fn bwd(&self, table: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (a, c) = (table.dim(1)?, self.constant_width());
        let mut result = vec![0.0; table.elem_count()];
        with_values(grad, |grad| add_rows(&mut result, a, &self.rows, grad, a + c, 0))?;
        Ok(Some(tensor(result, table.shape())?))
    }
}

/// `relu(x + bias) * mask`: `[n, w]` from `[n, w]` and `[w]`.
pub(super) struct BiasRelu {
    /// The dropout mask, if anything is dropped.
    pub(super) mask: Option<Vec<f32>>,
}

impl CustomOp2 for BiasRelu {
    fn name(&self) -> &'static str {
        "bias-relu"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Output {
        let (values, bias) = (slice(s1, l1)?, slice(s2, l2)?);
        let mut result = Vec::with_capacity(values.len());
        for line in values.chunks_exact(bias.len()) {
            result.extend(line.iter().zip(bias).map(|(x, b)| (x + b).max(0.0)));
        }
        apply_mask(&mut result, self.mask.as_deref());
        Ok((CpuStorage::F32(result), l1.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        bias: &Tensor,
        result: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let grad = relu_gradient(result, grad, self.mask.as_deref())?;
        let mut sums = vec![0.0; bias.elem_count()];
        add_columns(&mut sums, &grad);
        Ok((Some(tensor(grad, x.shape())?), Some(tensor(sums, bias.shape())?)))
    }
}

/// `relu(weight * (x - mean) / √(var + ε) + bias) * mask`: `[n, w]` from `[n, w]`, `[w]` and `[w]` (S. Ioffe, C. Szegedy,
/// ICML 2015).
pub(super) struct NormRelu {
    /// Mean of each column: of the batch while training, the running one otherwise.
    pub(super) mean: Vec<f32>,
    /// 1 / √(var + ε) of each column.
    pub(super) inverse: Vec<f32>,
    /// The dropout mask, if anything is dropped.
    pub(super) mask: Option<Vec<f32>>,
}

impl CustomOp3 for NormRelu {
    fn name(&self) -> &'static str {
        "norm-relu"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Output {
        let (values, weight, bias) = (slice(s1, l1)?, slice(s2, l2)?, slice(s3, l3)?);
        let scale: Vec<f32> = weight.iter().zip(&self.inverse).map(|(w, i)| w * i).collect();
        let mut result = Vec::with_capacity(values.len());
        for line in values.chunks_exact(weight.len()) {
            let columns = line.iter().zip(&self.mean).zip(&scale).zip(bias);
            result.extend(columns.map(|(((x, mean), scale), bias)| ((x - mean) * scale + bias).max(0.0)));
        }
        apply_mask(&mut result, self.mask.as_deref());
        Ok((CpuStorage::F32(result), l1.shape().clone()))
    }

    /// The gradient with the batch's own mean and variance, which follow from `x`.
    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        result: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let width = self.mean.len();
        let mut grad = relu_gradient(result, grad, self.mask.as_deref())?;
        let (mut of_weight, mut of_bias) = (vec![0.0; width], vec![0.0; width]);
        add_columns(&mut of_bias, &grad);
        let rows = (grad.len() / width.max(1)) as f32;
        with_values(x, |x| {
            for (grad, x) in grad.chunks_exact(width).zip(x.chunks_exact(width)) {
                for j in 0..width {
                    of_weight[j] += grad[j] * (x[j] - self.mean[j]) * self.inverse[j];
                }
            }
            with_values(weight, |weight| {
                for (grad, x) in grad.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
                    for j in 0..width {
                        let normal = (x[j] - self.mean[j]) * self.inverse[j];
                        let centred = grad[j] - (of_bias[j] + normal * of_weight[j]) / rows;
                        grad[j] = weight[j] * self.inverse[j] * centred;
                    }
                }
            })
        })??;
        let of_x = tensor(grad, x.shape())?;
        Ok((Some(of_x), Some(tensor(of_weight, weight.shape())?), Some(tensor(of_bias, bias.shape())?)))
    }
}

/// Mean and biased variance of each column of `[n, w]`.
pub(super) fn column_moments(x: &Tensor) -> Result<(Vec<f32>, Vec<f32>)> {
    let (rows, width) = x.dims2()?;
    with_values(x, |x| {
        let mut mean = vec![0.0; width];
        add_columns(&mut mean, x);
        mean.iter_mut().for_each(|sum| *sum /= rows as f32);
        let mut variance = vec![0.0; width];
        for line in x.chunks_exact(width) {
            let columns = variance.iter_mut().zip(line).zip(&mean);
            columns.for_each(|((sum, x), mean)| *sum += (x - mean) * (x - mean));
        }
        variance.iter_mut().for_each(|sum| *sum /= rows as f32);
        (mean, variance)
    })
}

/// `alpha * a + (1 - alpha) * b` with `alpha = sigmoid(logit)`: `[n, 1]` from `[n, 1]`, `[n, 1]` and `[1]`.
pub(super) struct Blend;

/// 1 / (1 + exp(-x)).
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

impl CustomOp3 for Blend {
    fn name(&self) -> &'static str {
        "blend"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Output {
        let alpha = slice(s3, l3)?.first().map_or(0.5, |&logit| sigmoid(logit));
        let pairs = slice(s1, l1)?.iter().zip(slice(s2, l2)?);
        let result: Vec<f32> = pairs.map(|(a, b)| alpha * a + (1.0 - alpha) * b).collect();
        Ok((CpuStorage::F32(result), l1.shape().clone()))
    }

    fn bwd(
        &self,
        a: &Tensor,
        b: &Tensor,
        logit: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let alpha = sigmoid(logit.to_vec1::<f32>()?.first().copied().unwrap_or_default());
        let of_alpha = ((a - b)? * grad)?.sum_all()?.to_scalar::<f32>()?;
        let of_logit = tensor(vec![of_alpha * alpha * (1.0 - alpha)], 1)?;
        let share = |share: f32| grad.affine(f64::from(share), 0.0);
        Ok((Some(share(alpha)?), Some(share(1.0 - alpha)?), Some(of_logit)))
    }
}

fn apply_mask(values: &mut [f32], mask: Option<&[f32]>) {
    if let Some(mask) = mask {
        values.iter_mut().zip(mask).for_each(|(value, mask)| *value *= mask);
    }
}

/// The gradient before ReLU and mask: a positive result means that both let it through.
fn relu_gradient(result: &Tensor, grad: &Tensor, mask: Option<&[f32]>) -> Result<Vec<f32>> {
    with_values(result, |result| {
        with_values(grad, |grad| {
            let passed = result.iter().zip(grad).map(|(y, g)| if *y > 0.0 { *g } else { 0.0 });
            let mut passed: Vec<f32> = passed.collect();
            apply_mask(&mut passed, mask);
            passed
        })
    })?
}

fn add_columns(sums: &mut [f32], values: &[f32]) {
    for line in values.chunks_exact(sums.len()) {
        sums.iter_mut().zip(line).for_each(|(sum, value)| *sum += value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::train::init::{Stream, stream, uniform};
    use candle_core::Var;

    fn vars<const N: usize>(shapes: [&[usize]; N]) -> [Var; N] {
        let mut rng = stream(5, Stream::Weights);
        shapes.map(|shape| uniform(&mut rng, shape, 1.0).unwrap())
    }

    /// The largest difference of values and gradients between two ways of computing the same.
    fn difference(ours: &Tensor, plain: &Tensor, vars: &[Var]) -> f32 {
        // Weights that differ per element, so that a transposed gradient would show.
        let weigh = |y: &Tensor| {
            let count = y.elem_count();
            let weights: Vec<f32> = (0..count).map(|i| ((i * 37) % 11) as f32 / 11.0 - 0.3).collect();
            (y * Tensor::from_vec(weights, y.shape(), &Device::Cpu).unwrap()).unwrap().sum_all().unwrap()
        };
        let (a, b) = (weigh(ours).backward().unwrap(), weigh(plain).backward().unwrap());
        let gap = |a: &Tensor, b: &Tensor| {
            let gap = (a - b).unwrap().abs().unwrap().flatten_all().unwrap().max(0).unwrap();
            gap.to_scalar::<f32>().unwrap()
        };
        let of_gradients = vars.iter().map(|var| gap(a.get(var).unwrap(), b.get(var).unwrap()));
        of_gradients.fold(gap(ours, plain), f32::max)
    }

    #[test]
    fn rows_of_two_tables() {
        let [first, second] = vars([&[5, 3], &[4, 2]]);
        let op = EmbedPair { first: vec![0, 4, 4], second: vec![3, 0, 3] };
        let index = |rows: &[u32]| Tensor::new(rows, &Device::Cpu).unwrap();
        let plain =
            [first.index_select(&index(&[0, 4, 4]), 0).unwrap(), second.index_select(&index(&[3, 0, 3]), 0).unwrap()];
        let plain = Tensor::cat(&plain, 1).unwrap();
        let ours = first.apply_op2(&second, op).unwrap();
        assert!(difference(&ours, &plain, &[first.clone(), second]) < 1e-6);
        let outside = EmbedPair { first: vec![5], second: vec![0] };
        assert!(first.apply_op2(first.as_tensor(), outside).is_err());
    }

    #[test]
    fn rows_beside_constants_and_the_mean_of_all_rows() {
        let [table] = vars([&[3, 2]]);
        let ours = table.apply_op1(EmbedBeside { rows: vec![2, MEAN_ROW], constant: vec![7.0, 8.0] }).unwrap();
        let constant = Tensor::new(&[[7.0f32], [8.0]], &Device::Cpu).unwrap();
        let rows = [table.narrow(0, 2, 1).unwrap(), table.mean_keepdim(0).unwrap()];
        let plain = Tensor::cat(&[Tensor::cat(&rows, 0).unwrap(), constant], 1).unwrap();
        assert!(difference(&ours, &plain, &[table]) < 1e-6);
    }

    #[test]
    fn bias_relu_and_mask() {
        let [x, bias] = vars([&[6, 5], &[5]]);
        let mask: Vec<f32> = (0..30).map(|i| if i % 4 == 0 { 0.0 } else { 1.25 }).collect();
        let masked = Tensor::from_vec(mask.clone(), (6, 5), &Device::Cpu).unwrap();
        let plain = (x.broadcast_add(&bias).unwrap().relu().unwrap() * masked).unwrap();
        let ours = x.apply_op2(&bias, BiasRelu { mask: Some(mask) }).unwrap();
        assert!(difference(&ours, &plain, &[x, bias]) < 1e-6);
    }

    #[test]
    fn batch_norm_relu_and_mask() {
        let [x, weight, bias] = vars([&[7, 4], &[4], &[4]]);
        let mask: Vec<f32> = (0..28).map(|i| if i % 3 == 0 { 0.0 } else { 1.5 }).collect();
        let masked = Tensor::from_vec(mask.clone(), (7, 4), &Device::Cpu).unwrap();
        let centred = x.broadcast_sub(&x.mean_keepdim(0).unwrap()).unwrap();
        let deviation = (centred.sqr().unwrap().mean_keepdim(0).unwrap() + 1e-5).unwrap().sqrt().unwrap();
        let normal = centred.broadcast_div(&deviation).unwrap();
        let plain = normal.broadcast_mul(&weight).unwrap().broadcast_add(&bias).unwrap().relu().unwrap();
        let plain = (plain * masked).unwrap();
        let (mean, variance) = column_moments(&x).unwrap();
        let inverse = variance.iter().map(|v| 1.0 / (v + 1e-5).sqrt()).collect();
        let ours = x.apply_op3(&weight, &bias, NormRelu { mean, inverse, mask: Some(mask) }).unwrap();
        assert!(difference(&ours, &plain, &[x, weight, bias]) < 1e-5);
    }

    #[test]
    fn blend_of_two_columns() {
        let [a, b, logit] = vars([&[5, 1], &[5, 1], &[1]]);
        let alpha = ((logit.neg().unwrap().exp().unwrap() + 1.0).unwrap().recip()).unwrap();
        let plain =
            (a.broadcast_mul(&alpha).unwrap() + b.broadcast_mul(&alpha.affine(-1.0, 1.0).unwrap()).unwrap()).unwrap();
        let ours = a.apply_op3(&b, &logit, Blend).unwrap();
        assert!(difference(&ours, &plain, &[a, b, logit]) < 1e-6);
        assert_eq!((sigmoid(100.0), sigmoid(-100.0), sigmoid(0.0)), (1.0, 0.0, 0.5));
    }
}
