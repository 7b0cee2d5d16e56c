//! How near the int8 kernels come to what the processor can multiply and add:
//!
//!     cargo bench --no-default-features --bench kernel [-- ROUNDS]
//!
//! Every round measures the ceilings and the kernels one after the other, in one thread and in two, by processor time; what
//! is printed is the median over the rounds, the best, and the median of the ratio to the ceiling of the same round: that of
//! the kernel's own instructions. A MAC is one multiplication with its addition;
//! the first layer adds none. "dense": no unit is 0. "released": the committed model on its catalog, where pairs of units
//! that are 0 in a whole block are skipped but counted, so that its rate may exceed the ceiling.
#![allow(missing_docs, unsafe_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::hint::black_box;

use tidyrank::artifact::Tensors;
use tidyrank::engine::column_groups;
use tidyrank::model::{Embeddings, Hybrid, ItemTable, Query};
use tidyrank::numeric::{FirstLayer, Int8Linear, Int8Output, Int8Stack, Int8Weights, Kernel, Scratch, register_macs};

/// Candidates per pass.
const CANDIDATES: usize = 10_000;

/// What is measured: a name, the MACs of one pass, and the pass itself, with a scratch of its thread.
struct Subject {
    name: String,
    macs: f64,
    /// The kernel; a ceiling is that of the kernel with the same instructions.
    kernel: Kernel,
    pass: Box<dyn Fn(&mut Scratch) + Sync>,
}

fn main() {
    let rounds = std::env::args().skip(1).find_map(|text| text.parse().ok()).unwrap_or(9);
    let (ceilings, subjects) = (ceilings(), subjects());
    for threads in [1, 2] {
        let mut rates = vec![Vec::new(); ceilings.len() + subjects.len()];
        for _ in 0..rounds {
            for (subject, rates) in ceilings.iter().chain(&subjects).zip(&mut rates) {
                rates.push(rate(subject, threads));
            }
        }
        println!("{threads} thread(s), {rounds} rounds{:>21} {:>8} {:>11}", "GMAC/s", "best", "of ceiling");
        for (subject, measured) in ceilings.iter().chain(&subjects).zip(&rates) {
            let most = measured.iter().copied().fold(0.0, f64::max);
            let own = ceilings.iter().position(|ceiling| ceiling.kernel == subject.kernel);
            let own = own.map_or(&[][..], |at| &rates[at]);
            let ratios: Vec<f64> = measured.iter().zip(own).map(|(rate, ceiling)| 100.0 * rate / ceiling).collect();
            let ratio = if ratios.is_empty() { String::new() } else { format!("{:.0} %", median(ratios)) };
            println!("{:<35} {:>8.1} {most:>8.1} {ratio:>11}", subject.name, median(measured.clone()));
        }
    }
}

/// Processor time of this thread, so that other programs are not counted.
#[cfg(target_os = "linux")]
fn seconds() -> f64 {
    #[repr(C)]
    struct Time {
        seconds: i64,
        nanoseconds: i64,
    }
    unsafe extern "C" {
        fn clock_gettime(clock: i32, time: *mut Time) -> i32;
    }
    const THREAD: i32 = 3;
    let mut time = Time { seconds: 0, nanoseconds: 0 };
    // SAFETY: a function of the C library that std links, with a place to write to.
    assert_eq!(unsafe { clock_gettime(THREAD, &mut time) }, 0);
    time.seconds as f64 + time.nanoseconds as f64 * 1e-9
}

#[cfg(not(target_os = "linux"))]
fn seconds() -> f64 {
    static BEGAN: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    BEGAN.elapsed().as_secs_f64()
}

/// GMAC/s of so many threads that do the same at the same time, for at least 20 ms.
fn rate(subject: &Subject, threads: usize) -> f64 {
    let work = || {
        let mut scratch = Scratch::default();
        (subject.pass)(&mut scratch);
        let (began, mut passes) = (seconds(), 0);
        while seconds() - began < 0.02 {
            (subject.pass)(&mut scratch);
            passes += 1;
        }
        f64::from(passes) * subject.macs / (seconds() - began) / 1e9
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn subjects() -> Vec<Subject> {
    let mut subjects = Vec::new();
    for kernel in Kernel::available().into_iter().rev() {
        for (what, sides, pairs) in [
            ("128 > 64", &[128, 64][..], false),
            ("64 > 32", &[64, 32], false),
            ("32 > 1", &[32], false),
            ("collaborative, dense", &[128, 64, 32], false),
            ("content, dense", &[128, 64, 32], true),
        ] {
            subjects.push(dense(kernel, what, sides, pairs));
        }
        subjects.extend((0..2).map(|branch| released(kernel, branch)));
    }
    subjects
}

fn macs(sides: &[usize]) -> f64 {
    let last = sides[sides.len() - 1];
    (sides.windows(2).map(|pair| pair[0] * pair[1]).sum::<usize>() + last) as f64
}

/// Layers of random weights behind shares that are all positive.
fn dense(kernel: Kernel, what: &str, sides: &[usize], pairs: bool) -> Subject {
    let mut state = 1u32;
    let mut next = move |bound: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 8) % bound) as i16
    };
    let mut layers = Vec::new();
    for (at, inputs) in sides.iter().enumerate() {
        let outputs = sides.get(at + 1).copied().unwrap_or(1);
        let codes: Vec<i8> = (0..inputs * outputs).map(|_| (next(255) - 127) as i8).collect();
        let (scales, biases) = (vec![1e-4; outputs], vec![1000.0; outputs]);
        let weights = Int8Weights { codes: &codes, scales: &scales, biases: &biases };
        layers.push((Int8Linear::new(weights, 1.0, 1.0).unwrap(), Int8Output::new(weights, 1.0)));
    }
    let output = layers.pop().unwrap().1.unwrap();
    let stack = Int8Stack::new(layers.into_iter().map(|(layer, _)| layer).collect(), output).unwrap();
    let width = stack.width();
    let mut shares = |rows: usize, bound| (0..rows * width).map(|_| 500 + next(bound)).collect::<Vec<i16>>();
    let (query, items) = (shares(1, 5000), shares(CANDIDATES, 5000));
    let pair_weights = if pairs { shares(2, 500) } else { Vec::new() };
    let values: Vec<f32> = (0..2 * CANDIDATES).map(|at| (at % 100) as f32 / 50.0).collect();
    let rows: Vec<u32> = (0..CANDIDATES as u32).collect();
    let pass = move |scratch: &mut Scratch| {
        let pair_scales: &[f32] = if pair_weights.is_empty() { &[] } else { &[4096.0, 4096.0] };
        let first = FirstLayer { query: &query, items: &items, pair_weights: &pair_weights, pair_scales };
        let mut out = [0.0; CANDIDATES];
        stack.forward(kernel, &first, &rows, &values[..CANDIDATES * pair_scales.len()], scratch, &mut out);
        black_box(out);
    };
    let name = format!("{}, {what}", kernel.name());
    Subject { name, macs: CANDIDATES as f64 * macs(sides), kernel, pass: Box::new(pass) }
}

/// A branch of the committed model for one of its clients, over the cleaners of its catalog.
fn released(kernel: Kernel, branch: usize) -> Subject {
    let read = |name: &str| {
        let path = format!("{}/models/cleaners/1.0.0/{name}.safetensors", env!("CARGO_MANIFEST_DIR"));
        Tensors::from_bytes(&std::fs::read(path).unwrap()).unwrap()
    };
    let (model, clients, catalog) = (read("model.q8"), read("clients"), read("catalog"));
    let hybrid = Hybrid::from_tensors(&model, column_groups()).unwrap();
    let (query, table) = shares(&hybrid, &clients, &catalog);
    let rows: Vec<u32> = (0..CANDIDATES as u32).collect();
    let pairs: Vec<f32> = (0..2 * CANDIDATES).map(|at| (at * 7 % 101) as f32 / 50.0 - 1.0).collect();
    let pass = move |scratch: &mut Scratch| {
        let mut out = [0.0; CANDIDATES];
        match branch {
            0 => hybrid.collaborative(kernel, &query, &table, &rows, scratch, &mut out),
            _ => hybrid.content(kernel, &query, &table, &rows, &pairs, scratch, &mut out),
        }
        black_box(out);
    };
    let name = format!("{}, {}, released", kernel.name(), ["collaborative", "content"][branch]);
    Subject { name, macs: CANDIDATES as f64 * macs(&[128, 64, 32]), kernel, pass: Box::new(pass) }
}

fn shares(hybrid: &Hybrid, clients: &Tensors, catalog: &Tensors) -> (Query, ItemTable) {
    let clients = Embeddings::from_tensors(clients).unwrap();
    let groups = column_groups();
    let query = hybrid.query(clients.get("client-000017"), Some(1), &vec![0.3; groups.query.len()]);
    let shape = catalog.shape("rows").unwrap().to_vec();
    let (codes, scales) = (catalog.i16("rows", &shape).unwrap(), catalog.f32("scale", &shape[..1]).unwrap());
    let mut table = hybrid.items(CANDIDATES);
    for item in 0..CANDIDATES {
        let cleaner = item % shape[0];
        let codes = &codes[cleaner * shape[1]..][..shape[1]];
        let vector: Vec<f32> = codes.iter().map(|code| f32::from(*code) * scales[cleaner]).collect();
        let features: Vec<f32> =
            (0..groups.item.len()).map(|f| ((item * 31 + f * 17) % 97) as f32 / 48.0 - 1.0).collect();
        hybrid.set_item(&mut table, item, Some(&vector), &features);
    }
    (query, table)
}

/// Chains of multiply-adds in registers.
fn ceilings() -> Vec<Subject> {
    const STEPS: usize = 200_000;
    let ceiling = |(name, kernel): (&str, Kernel)| {
        let macs = register_macs(kernel, STEPS)? as f64;
        let pass = move |_: &mut Scratch| {
            black_box(register_macs(kernel, black_box(STEPS)));
        };
        Some(Subject { name: name.into(), macs, kernel, pass: Box::new(pass) })
    };
    let known =
        [("ceiling pmaddwd + paddd, 256 bits", Kernel::Avx2), ("ceiling vpdpwssd, 512 bits", Kernel::Avx512Vnni)];
    known.into_iter().filter_map(ceiling).collect()
}
