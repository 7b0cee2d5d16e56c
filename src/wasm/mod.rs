//! The browser's side of the engine: conversion only. Rust values become plain JavaScript objects and errors become
//! `{code, message}`; nothing is computed here.
//!
//! It is not the npm package's API: that is the TypeScript in `js/`, which adds workers, caching and cancellation.

mod view;

use js_sys::{Object, Reflect, Uint8Array};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::engine::{Engine, EngineError, Precision, Request};
use view::{CapabilitiesView, CatalogView};

/// The loaded engine as JavaScript holds it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct WasmEngine {
    engine: Engine,
}

#[wasm_bindgen]
impl WasmEngine {
    /// Loads a model: the bytes of `manifest.json`, and an object with the bytes of the other files by their role.
    ///
    /// # Errors
    /// `{code, message}` with an `artifact.*` code for a manifest or catalog that cannot be used.
    #[wasm_bindgen(constructor)]
    pub fn new(manifest: &[u8], files: &Object) -> Result<WasmEngine, JsValue> {
        let engine = Engine::load(manifest, |role| bytes_of(files, role), Precision::Int8).map_err(refusal)?;
        Ok(Self { engine })
    }

    /// Ranks the candidates of one job: a [`Request`] in, a [`Ranking`](crate::engine::Ranking) out. The request comes as JSON: a JavaScript object would lose its unknown fields on the way, and those are refused.
    ///
    /// # Errors
    /// `{code, message}`: `request.shape` for what is no request, `request.invalid` for a field that cannot be used.
    pub fn recommend(&self, request: &[u8]) -> Result<JsValue, JsValue> {
        let request = Request::from_json(request).map_err(|reason| failure("request.shape", &reason))?;
        to_js(&self.engine.recommend(&request).map_err(refusal)?)
    }

    /// The market and its cleaners, for a map or a list.
    ///
    /// # Errors
    /// `{code, message}` with the code `engine.answer` if it cannot be converted.
    pub fn catalog(&self) -> Result<JsValue, JsValue> {
        to_js(&CatalogView::of(&self.engine))
    }

    /// What this engine can do with its files.
    ///
    /// # Errors
    /// As [`catalog`](Self::catalog).
    pub fn capabilities(&self) -> Result<JsValue, JsValue> {
        to_js(&CapabilitiesView::of(&self.engine))
    }
}

fn bytes_of(files: &Object, role: &str) -> Option<Vec<u8>> {
    let found = Reflect::get(files, &JsValue::from_str(role)).ok()?;
    found.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec)
}

fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).map_err(|error| failure("engine.answer", &error.to_string()))
}

fn refusal(error: EngineError) -> JsValue {
    failure(error.code(), &error.to_string())
}

/// A plain `{code, message}`; the package turns it into its error class.
fn failure(code: &str, message: &str) -> JsValue {
    let object = Object::new();
    for (key, value) in [("code", code), ("message", message)] {
        // Setting a key of a fresh plain object cannot fail.
        let _ = Reflect::set(&object, &JsValue::from_str(key), &JsValue::from_str(value));
    }
    object.into()
}
