//! The shaders on a real Vulkan driver (a software one will do) against a scalar reference of their own. A machine without
//! an adapter fails: `scripts/vulkan.sh` installs one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod reference;
mod released;
#[path = "../parity/requests.rs"]
mod requests;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use reference::{Random, items, model, request, score};
use tidyrank::engine::gpu::{Arithmetic, GpuError, GpuModel, GpuScorer};

const ARITHMETICS: [Arithmetic; 2] = [Arithmetic::Dot4, Arithmetic::F32];

/// Widths of the two branches, layer by layer: the released model's, and every kind of tail.
const SHAPES: &[[&[usize]; 2]] = &[
    [&[128, 64, 32, 1], &[128, 64, 32, 1]],
    [&[4, 1], &[8, 1]],
    [&[12, 5, 3, 1], &[20, 9, 17, 2, 1]],
    [&[128, 64, 128, 64, 128, 33, 40, 1], &[4, 7, 1]],
];

/// What the differences are in fact, whatever the proven bound: far below what a wrong shader would do.
const CLOSE: f32 = 1e-4;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::yield_now(),
        }
    }
}

fn scorer(model: &GpuModel, rows: u32, arithmetic: Arithmetic) -> GpuScorer {
    block_on(GpuScorer::new(model, rows, Some(arithmetic))).expect("no Vulkan adapter: scripts/vulkan.sh installs one")
}

/// The largest difference of each branch from the reference.
fn differences(found: &[f32], expected: &[[f32; 2]]) -> [f32; 2] {
    assert_eq!(found.len(), 2 * expected.len());
    let mut worst = [0.0f32; 2];
    for (found, expected) in found.chunks_exact(2).zip(expected) {
        for branch in 0..2 {
            let difference = (found[branch] - expected[branch]).abs();
            assert!(difference.is_finite(), "{found:?}");
            worst[branch] = worst[branch].max(difference);
        }
    }
    worst
}

#[test]
fn naga_accepts_both_shaders() {
    for arithmetic in ARITHMETICS {
        let source = arithmetic.source();
        let module =
            wgpu::naga::front::wgsl::parse_str(source).unwrap_or_else(|error| panic!("{arithmetic:?}: {error}"));
        let mut validator =
            wgpu::naga::valid::Validator::new(wgpu::naga::valid::ValidationFlags::all(), Default::default());
        validator.validate(&module).unwrap_or_else(|error| panic!("{arithmetic:?}: {error:?}"));
        assert_eq!(module.entry_points[0].workgroup_size, [32, 1, 1]);
        assert!(source.contains("const LANES: u32 = 32u;") && source.contains("@workgroup_size(32)"));
    }
    assert!(wgpu::naga::front::wgsl::parse_str("fn main() { let x: u32 = 1.5; }").is_err());
}

#[test]
fn random_models_score_as_the_reference_does() {
    for (seed, widths) in SHAPES.iter().enumerate() {
        for pair_features in [0, 1, 2, 3, 5] {
            let mut random = Random::new(seed as u64 * 7 + pair_features as u64);
            let model = model(&mut random, *widths, pair_features);
            let rows = 70;
            let items = items(&mut random, &model, rows);
            for arithmetic in ARITHMETICS {
                let mut scorer = scorer(&model, rows, arithmetic);
                block_on(scorer.write_items(0, &items.bytes())).unwrap();
                let bound = scorer.tolerance();
                for count in [0, 1, 31, 32, 33, 200] {
                    let request = request(&mut random, &model, rows, count);
                    let found = block_on(scorer.score(&request.bytes())).unwrap();
                    let worst = differences(&found, &score(&model, &items, &request));
                    for branch in 0..2 {
                        assert!(
                            worst[branch] <= bound[branch].min(CLOSE),
                            "{arithmetic:?} {widths:?} {pair_features} {count}: {worst:?} is over {bound:?}"
                        );
                    }
                }
            }
        }
    }
}

/// Wrong weights must not hide behind the tolerance.
#[test]
fn the_comparison_sees_wrong_weights() {
    let mut random = Random::new(5);
    let right = model(&mut random, *SHAPES.first().unwrap(), 2);
    let items = items(&mut random, &right, 40);
    let request = request(&mut random, &right, 40, 64);
    let mut wrong = right.clone();
    let codes = &mut wrong.branches[1].layers[2].codes;
    codes.iter_mut().for_each(|code| *code = -*code);
    for arithmetic in ARITHMETICS {
        let mut scorer = scorer(&wrong, 40, arithmetic);
        block_on(scorer.write_items(0, &items.bytes())).unwrap();
        let found = block_on(scorer.score(&request.bytes())).unwrap();
        let worst = differences(&found, &score(&right, &items, &request));
        assert!(worst[0] <= scorer.tolerance()[0] && worst[1] > scorer.tolerance()[1], "{worst:?}");
    }
}

#[test]
fn buffers_grow_and_items_are_replaced() {
    let mut random = Random::new(11);
    let model = model(&mut random, [&[8, 4, 1], &[12, 1]], 2);
    let rows = 50;
    let mut items = items(&mut random, &model, rows);
    let mut scorer = scorer(&model, rows, Arithmetic::Dot4);
    block_on(scorer.write_items(0, &items.bytes())).unwrap();
    let check = |scorer: &mut GpuScorer, items: &reference::Items, random: &mut Random, count: usize| {
        let request = request(random, &model, rows, count);
        let found = block_on(scorer.score(&request.bytes())).unwrap();
        let worst = differences(&found, &score(&model, items, &request));
        assert!(worst[0] <= scorer.tolerance()[0] && worst[1] <= scorer.tolerance()[1], "{count}: {worst:?}");
    };
    for count in [10, 5000, 3, 20_000, 4096] {
        check(&mut scorer, &items, &mut random, count);
    }
    // More workgroups than one dimension has.
    check(&mut scorer, &items, &mut random, 65_535 * 32 + 1);
    let changed = reference::items(&mut random, &model, 7);
    items.replace(20, &changed);
    block_on(scorer.write_items(20, &changed.bytes())).unwrap();
    check(&mut scorer, &items, &mut random, 300);
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut random = Random::new(3);
    let fine = model(&mut random, [&[8, 4, 1], &[12, 1]], 2);
    let mut scorer = scorer(&fine, 10, Arithmetic::Dot4);
    let row = scorer.row_bytes();
    for (first, bytes) in [(0, row - 4), (0, 11 * row), (10, row)] {
        let refused = block_on(scorer.write_items(first, &vec![0; bytes])).unwrap_err();
        assert_eq!(refused.code(), "webgpu.validation");
    }
    let good = request(&mut random, &fine, 10, 4).bytes();
    let beyond = request(&mut random, &fine, 200, 64).bytes();
    for bytes in [&good[..good.len() - 4], &good[..3], &[], &beyond] {
        let outcome = block_on(scorer.score(bytes));
        assert_eq!(outcome.unwrap_err().code(), "webgpu.validation");
    }
    assert!(block_on(scorer.score(&good)).is_ok());

    let refused = |change: &dyn Fn(&mut GpuModel)| {
        let mut model = fine.clone();
        change(&mut model);
        block_on(GpuScorer::new(&model, 10, None)).unwrap_err()
    };
    let changes: [&dyn Fn(&mut GpuModel); 6] = [
        &|model| model.branches[0].width = 132,
        &|model| model.branches[0].width = 6,
        &|model| model.branches[0].layers.clear(),
        &|model| model.branches[0].layers[0].outputs = 65,
        &|model| model.branches[0].layers.truncate(1),
        &|model| model.branches[1].pair_weights.truncate(3),
    ];
    for change in changes {
        assert!(matches!(refused(change), GpuError::Unavailable { .. }));
    }
    let too_many = block_on(GpuScorer::new(&fine, u32::MAX, None)).unwrap_err();
    assert_eq!(too_many.code(), "webgpu.unavailable");
}
