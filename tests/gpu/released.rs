//! The released model: its scores on the GPU, and the rankings by them.

use std::path::Path;

use tidyrank::artifact::{Manifest, Tensors};
use tidyrank::engine::gpu::{Arithmetic, GpuModel};
use tidyrank::engine::{Engine, Item, JobRequest, Mode, NearScores, Precision, Request};
use tidyrank::numeric::Kernel;

use super::{ARITHMETICS, CLOSE, block_on, requests, scorer};

/// The proven bounds of the released model: what makes the GPU's scores useful.
const BOUND: f32 = 8e-3;

fn file(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("models/cleaners/1.0.0").join(name)).unwrap()
}

fn engine() -> Engine {
    let bytes = file("manifest.json");
    let manifest = Manifest::from_bytes(&bytes).unwrap();
    let mut engine = Engine::load(&bytes, |role| Some(file(&manifest.file(role)?.path)), Precision::Int8).unwrap();
    assert_eq!(engine.warnings(), []);
    engine.set_kernel(Kernel::Scalar);
    engine
}

fn gpu_model(engine: &Engine) -> GpuModel {
    GpuModel::from_bytes(&engine.gpu_model().unwrap()).unwrap()
}

fn all_requests(engine: &Engine) -> Vec<Request> {
    let clients = Tensors::from_bytes(&file("clients.safetensors")).unwrap();
    let ids: Vec<String> = serde_json::from_str(clients.metadata("ids").unwrap()).unwrap();
    requests::requests(engine.catalog(), &ids)
}

#[test]
fn rankings_with_the_gpu_are_those_of_the_cpu() {
    let engine = engine();
    let model = gpu_model(&engine);
    let cleaners = engine.catalog().cleaners().len();
    for arithmetic in ARITHMETICS {
        let mut scorer = scorer(&model, cleaners as u32, arithmetic);
        for from in (0..cleaners).step_by(77) {
            block_on(scorer.write_items(from as u32, &engine.gpu_items(from..from + 77))).unwrap();
        }
        let tolerance = scorer.tolerance();
        assert!(tolerance.iter().all(|bound| *bound > 0.0 && *bound <= BOUND), "{tolerance:?}");
        let (mut worst, mut helped, mut scored) = (0.0f32, 0, [0, 0]);
        for (at, request) in all_requests(&engine).iter().enumerate() {
            let asked = engine.gpu_request(request).unwrap();
            assert_eq!(asked.is_none(), request.mode == Mode::Rules);
            let Some(asked) = asked else { continue };
            let scores = block_on(scorer.score(&asked)).unwrap();
            worst = worst.max(furthest(&engine, request, &scores));
            let near = NearScores { scores: &scores, tolerance };
            let found = engine.recommend_near(request, &near).unwrap().expect("within the tolerance");
            let expected = engine.recommend(request).unwrap();
            assert_eq!(found.items, expected.items, "request {at}");
            helped += usize::from(found.meta.neural_scored < expected.meta.neural_scored);
            scored[0] += found.meta.neural_scored;
            scored[1] += expected.meta.neural_scored;
        }
        println!(
            "{arithmetic:?}: bound {tolerance:?}, off by {worst}; computed exactly for it {scored:?}, fewer {helped} times"
        );
        assert!(worst <= CLOSE, "{arithmetic:?}: off by {worst}");
        assert!(helped > 50, "{arithmetic:?}: the GPU's scores spared the CPU {helped} times");
    }
}

/// How far the GPU is from what the CPU computes of each candidate's branches.
fn furthest(engine: &Engine, request: &Request, scores: &[f32]) -> f32 {
    let everyone = Request { mode: Mode::Neural, limit: Some(u32::MAX), ..request.clone() };
    let mut places = Vec::new();
    engine.score_each(&everyone, |candidate| places.push(candidate.row)).unwrap();
    assert_eq!(scores.len(), 2 * places.len());
    let of_item = |item: &Item| -> f32 {
        let at = places.binary_search(&item.row).unwrap();
        let exact = [item.collaborative_score.unwrap(), item.content_score.unwrap()];
        exact.iter().zip(&scores[2 * at..]).map(|(exact, near)| (exact / 100.0 - near).abs()).fold(0.0, f32::max)
    };
    engine.recommend(&everyone).unwrap().items.iter().map(of_item).fold(0.0, f32::max)
}

#[test]
fn scores_that_are_off_are_not_believed() {
    let engine = engine();
    let job = JobRequest { posted_at: engine.catalog().as_of(), ..JobRequest::default() };
    let request = Request { limit: Some(5), job, ..Request::default() };
    let mut scorer = scorer(&gpu_model(&engine), 200, Arithmetic::Dot4);
    block_on(scorer.write_items(0, &engine.gpu_items(0..200))).unwrap();
    let mut scores = block_on(scorer.score(&engine.gpu_request(&request).unwrap().unwrap())).unwrap();
    let tolerance = scorer.tolerance();
    let ranking = |scores: &[f32]| engine.recommend_near(&request, &NearScores { scores, tolerance }).unwrap();
    assert!(ranking(&scores).is_some());
    scores.iter_mut().for_each(|score| *score += 1.1 * tolerance[0].max(tolerance[1]));
    assert!(ranking(&scores).is_none());
    assert!(ranking(&scores[2..]).is_none());
}

#[test]
fn without_an_int8_model_there_is_nothing_to_ask() {
    let engine = Engine::rules_only(engine().catalog().clone());
    assert!(engine.gpu_model().is_none());
    assert!(engine.gpu_items(0..10).is_empty());
    assert!(engine.gpu_request(&Request::default()).unwrap().is_none());
}
