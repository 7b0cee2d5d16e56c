//! The numeric scheme once more, as plainly as it can be written, and random things to score.

use tidyrank::engine::gpu::{GpuBranch, GpuLayer, GpuModel, GpuRequest};

/// xorshift64*.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    /// From `low` to `high`, both included.
    pub(crate) fn int(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1) as u64) as i64
    }

    fn unit(&mut self) -> f32 {
        (self.next() % 100_000) as f32 / 100_000.0
    }
}

/// A model with these widths whose activations use most of their range, and whose scores are around 0.5.
pub(crate) fn model(random: &mut Random, widths: [&[usize]; 2], pair_features: usize) -> GpuModel {
    let mut branches = widths.map(|widths| branch(random, widths));
    let weights = pair_features * branches[1].width;
    branches[1].pair_weights = (0..weights).map(|_| random.int(-9000, 9000) as i16).collect();
    GpuModel { pair_features, branches }
}

fn branch(random: &mut Random, widths: &[usize]) -> GpuBranch {
    let layer = |(at, sides): (usize, &[usize])| {
        let (inputs, outputs) = (sides[0], sides[1]);
        let last = at + 2 == widths.len();
        let spread = 73.0 * 7000.0 * (inputs as f32).sqrt();
        let (range, middle) = if last { (0.2, 0.5) } else { (5000.0, 3000.0) };
        GpuLayer {
            inputs,
            outputs,
            codes: (0..inputs * outputs).map(|_| random.int(-127, 127) as i8).collect(),
            multipliers: (0..outputs).map(|_| range / spread * (0.5 + random.unit())).collect(),
            biases: (0..outputs).map(|_| middle * (random.unit() - 0.2)).collect(),
        }
    };
    GpuBranch { width: widths[0], pair_weights: vec![], layers: widths.windows(2).enumerate().map(layer).collect() }
}

/// The items' shares of both branches.
pub(crate) struct Items {
    shares: Vec<[Vec<i16>; 2]>,
}

impl Items {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.shares.iter().flatten().flatten().flat_map(|x| x.to_le_bytes()).collect()
    }

    pub(crate) fn replace(&mut self, first: usize, by: &Self) {
        self.shares[first..first + by.shares.len()].clone_from_slice(&by.shares);
    }
}

pub(crate) fn items(random: &mut Random, model: &GpuModel, rows: u32) -> Items {
    Items { shares: (0..rows).map(|_| shares(random, model)).collect() }
}

/// Shares that sometimes saturate.
fn shares(random: &mut Random, model: &GpuModel) -> [Vec<i16>; 2] {
    model.branches.each_ref().map(|branch| {
        let mut one = |at: usize| match at % 17 {
            0 => random.int(-32768, 32767),
            _ => random.int(-6000, 9000),
        };
        (0..branch.width).map(|at| one(at) as i16).collect()
    })
}

/// A request with room of its own.
pub(crate) struct Request {
    query: [Vec<i16>; 2],
    rows: Vec<u32>,
    pairs: Vec<i16>,
}

impl Request {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let query = self.query.each_ref().map(Vec::as_slice);
        GpuRequest { query, rows: &self.rows, pairs: &self.pairs }.to_bytes()
    }
}

pub(crate) fn request(random: &mut Random, model: &GpuModel, rows: u32, count: usize) -> Request {
    Request {
        query: shares(random, model),
        rows: (0..count).map(|_| random.int(0, i64::from(rows) - 1) as u32).collect(),
        pairs: (0..count * model.pair_features).map(|_| random.int(-32767, 32767) as i16).collect(),
    }
}

/// The scores of both branches of every candidate.
pub(crate) fn score(model: &GpuModel, items: &Items, request: &Request) -> Vec<[f32; 2]> {
    let candidate = |(at, row): (usize, &u32)| -> [f32; 2] {
        let pair = &request.pairs[at * model.pair_features..(at + 1) * model.pair_features];
        [0, 1].map(|which| {
            let branch = &model.branches[which];
            forward(branch, &request.query[which], &items.shares[*row as usize][which], pair)
        })
    };
    request.rows.iter().enumerate().map(candidate).collect()
}

fn saturated(x: i64) -> i64 {
    x.clamp(-32768, 32767)
}

fn forward(branch: &GpuBranch, query: &[i16], item: &[i16], pair: &[i16]) -> f32 {
    let first = |channel: usize| -> i64 {
        let mut from_pair = 0;
        for (feature, x) in pair.iter().enumerate() {
            let weight = branch.pair_weights.get(feature * branch.width + channel).copied().unwrap_or(0);
            let product = i64::from(*x) * i64::from(weight);
            from_pair = saturated(from_pair + ((product as f64 / 32768.0) + 0.5).floor() as i64);
        }
        let shares = saturated(i64::from(query[channel]) + i64::from(item[channel]));
        saturated(shares + from_pair).clamp(0, 16383)
    };
    let mut codes: Vec<i64> = (0..branch.width).map(first).collect();
    for (at, layer) in branch.layers.iter().enumerate() {
        let output = |o: usize| -> f32 {
            let sum: i64 = (0..layer.inputs).map(|i| i64::from(layer.codes[o * layer.inputs + i]) * codes[i]).sum();
            sum as f32 * layer.multipliers[o] + layer.biases[o]
        };
        if at + 1 == branch.layers.len() {
            return output(0);
        }
        codes = (0..layer.outputs).map(|o| output(o).round_ties_even().clamp(0.0, 16383.0) as i64).collect();
    }
    f32::NAN
}
