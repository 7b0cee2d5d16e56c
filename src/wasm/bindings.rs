//! The engine as JavaScript calls it.

use wasm_bindgen::prelude::*;

use super::answer::{self, Failure, envelope};
use super::manifest::read_manifest;
use super::request::read_request;
use super::wire::Writer;
use crate::engine::{Engine, EngineError, NearScores, Precision, Request};

/// The roles of files by their number.
const ROLES: [&str; 7] = ["catalog", "model.q8", "clients", "tiles", "conformal", "foldin", "bids"];

/// The engine as JavaScript holds it: first its files, then [`load`](Self::load), then questions.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct WasmEngine {
    files: [Option<Vec<u8>>; ROLES.len()],
    engine: Option<Engine>,
}

#[wasm_bindgen]
impl WasmEngine {
    /// An engine without files.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Hands over the bytes of a file; `role` is its place in the list of roles.
    pub fn file(&mut self, role: usize, bytes: Vec<u8>) {
        if let Some(file) = self.files.get_mut(role) {
            *file = Some(bytes);
        }
    }

    /// Loads the model whose files were handed over, by its `manifest.json`. Answers with the engine's capabilities, or
    /// with an `artifact.*` failure for a manifest or catalog that cannot be used.
    pub fn load(&mut self, manifest: &[u8]) -> Vec<u8> {
        let mut files = std::mem::take(&mut self.files);
        let file = |role: &str| files[ROLES.iter().position(|known| *known == role)?].take();
        let manifest = read_manifest(manifest).map_err(|source| EngineError::Artifact { role: "manifest", source });
        let engine = manifest.and_then(|manifest| Engine::load_files(&manifest, file, Precision::Int8));
        envelope(engine.map_err(failure).map(|engine| {
            let capabilities = answer::capabilities(&engine);
            self.engine = Some(engine);
            capabilities
        }))
    }

    /// Ranks the candidates of one job. Answers with the ranking, or with the failure `request.invalid` for a field that
    /// cannot be used. `near`: the GPU's two scores of each candidate, which can be off by `collaborative` and `content`, or
    /// nothing; where they are off by more, the answer is nothing.
    pub fn recommend(&mut self, request: &[u8], near: &[f32], collaborative: f32, content: f32) -> Vec<u8> {
        let near = NearScores { scores: near, tolerance: [collaborative, content] };
        let mut believed = true;
        let answer = self.ask(request, &mut |engine, request| {
            let ranking = engine.recommend_near(request, &near)?;
            believed = ranking.is_some();
            Ok(ranking.map_or_else(answer::done, |ranking| answer::ranking(&ranking)))
        });
        if believed { answer } else { Vec::new() }
    }

    /// Scores every cleaner for one job; refuses as [`recommend`](Self::recommend) does.
    pub fn score(&mut self, request: &[u8]) -> Vec<u8> {
        self.ask(request, &mut |engine, request| engine.score_all(request).map(|scored| answer::scored(&scored)))
    }

    /// The model as the GPU's module takes it; nothing where a GPU is of no use.
    pub fn gpu_model(&self) -> Vec<u8> {
        self.engine.as_ref().and_then(Engine::gpu_model).unwrap_or_default()
    }

    /// How many cleaners [`gpu_items`](Self::gpu_items) has shares of; none where a GPU is of no use.
    pub fn gpu_rows(&self) -> usize {
        let of_use = |engine: &&Engine| engine.model().is_some() && engine.tile_index().is_none();
        self.engine.as_ref().filter(of_use).map_or(0, |engine| engine.catalog().cleaners().len())
    }

    /// The shares of some cleaners as the GPU's module takes them.
    pub fn gpu_items(&self, from: usize, to: usize) -> Vec<u8> {
        self.engine.as_ref().map(|engine| engine.gpu_items(from..to)).unwrap_or_default()
    }

    /// What to ask the GPU about a request; nothing where no model scores, or where the request is refused.
    pub fn gpu_request(&self, request: &[u8]) -> Vec<u8> {
        let asked = self.engine.as_ref().zip(read_request(request));
        asked.and_then(|(engine, request)| engine.gpu_request(&request).ok()?).unwrap_or_default()
    }

    /// The market and its cleaners, for a map or a list.
    pub fn catalog(&mut self) -> Vec<u8> {
        self.answer(&mut |engine| Ok(answer::catalog(engine)))
    }

    /// Keeps the `index`-th of `count` equal parts of the catalog.
    pub fn shard(&mut self, index: u32, count: u32) -> Vec<u8> {
        self.answer(&mut |engine| {
            engine.keep_shard(index, count);
            Ok(answer::done())
        })
    }

    /// The tiles that a request needs; none where the model came without tiles.
    pub fn tiles(&mut self, request: &[u8]) -> Vec<u8> {
        self.ask(request, &mut |engine, request| Ok(answer::tiles(engine, request)))
    }

    /// Adds the tile with this SHA-256 sum, given as the bytes of its text, or fails with an `artifact.*` code. `checked`:
    /// whether its bytes are known to have that sum.
    pub fn add_tile(&mut self, key: &[u8], bytes: &[u8], checked: bool) -> Vec<u8> {
        self.answer(&mut |engine| {
            let key = String::from_utf8_lossy(key);
            let right = if checked { Ok(()) } else { Engine::check_tile(&key, bytes) };
            right.and_then(|()| engine.add_tile(&key, bytes)).map(|()| answer::done()).map_err(failure)
        })
    }

    /// Takes a tile out, if it is there.
    pub fn remove_tile(&mut self, key: &[u8]) -> Vec<u8> {
        self.answer(&mut |engine| {
            engine.remove_tile(&String::from_utf8_lossy(key));
            Ok(answer::done())
        })
    }

    pub(super) fn ask(
        &mut self,
        request: &[u8],
        ask: &mut dyn FnMut(&mut Engine, &Request) -> Result<Writer, EngineError>,
    ) -> Vec<u8> {
        self.asked(&mut || read_request(request), ask)
    }

    /// Answers a question that `read` reads.
    pub(super) fn asked<Q>(
        &mut self,
        read: &mut dyn FnMut() -> Option<Q>,
        ask: &mut dyn FnMut(&mut Engine, &Q) -> Result<Writer, EngineError>,
    ) -> Vec<u8> {
        self.answer(&mut |engine| ask(engine, &read().ok_or_else(unreadable)?).map_err(failure))
    }

    // Not generic: each question would have its own copy.
    pub(super) fn answer(&mut self, ask: &mut dyn FnMut(&mut Engine) -> Result<Writer, Failure>) -> Vec<u8> {
        let unloaded = ("disposed", "the engine is not loaded".to_owned());
        envelope(self.engine.as_mut().ok_or(unloaded).and_then(ask))
    }
}

/// Why bytes are refused.
pub(super) fn unreadable() -> Failure {
    ("request.shape", "the request is not in the form of this build".to_owned())
}

pub(super) fn failure(error: EngineError) -> Failure {
    (error.code(), error.message())
}
