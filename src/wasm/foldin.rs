//! Clients' vectors from their own ratings: the other side is `js/src/foldin.ts`.

use wasm_bindgen::prelude::*;

use super::answer;
use super::bindings::{WasmEngine, failure, unreadable};
use super::request;
use super::wire::Reader;
use crate::engine::{FoldTerm, Interaction};

#[wasm_bindgen]
impl WasmEngine {
    /// The terms of those ratings whose cleaners are here: place in the list, how far off, and a row of numbers each. Fails with
    /// `request.invalid` for a field that cannot be used.
    pub fn fold_terms(&mut self, history: &[u8]) -> Vec<u8> {
        self.answer(&mut |engine| {
            let history = read_history(history).ok_or_else(unreadable)?;
            let terms = engine.fold_terms(&history).map_err(failure)?;
            let mut to = answer::answer();
            to.length(terms.len());
            for (at, term) in terms {
                to.number(f64::from(at));
                to.number(term.residual);
                to.length(term.row.len());
                term.row.iter().for_each(|x| to.number(*x));
            }
            Ok(to)
        })
    }

    /// The client's vector by the terms of all engines, in the order of the ratings.
    pub fn fold(&mut self, terms: &[u8]) -> Vec<u8> {
        self.answer(&mut |engine| {
            let vector = engine.fold(&read_terms(terms).ok_or_else(unreadable)?);
            let mut to = answer::answer();
            to.length(vector.len());
            vector.iter().for_each(|x| to.float(Some(*x)));
            Ok(to)
        })
    }
}

fn read_history(bytes: &[u8]) -> Option<Vec<Interaction>> {
    let reader = &mut Reader::new(bytes);
    let history = reader.list(|reader| {
        reader.length()??;
        let (cleaner_id, rating) = (reader.text()?, reader.number()? as f32);
        // A job is an object that may be missing: its own reader starts with whether it is there.
        let job = if reader.number()? == 1.0 { Some(request::job(reader)?) } else { None };
        Some(Interaction { cleaner_id, rating, job })
    })??;
    reader.is_done().then_some(history)
}

fn read_terms(bytes: &[u8]) -> Option<Vec<FoldTerm>> {
    let reader = &mut Reader::new(bytes);
    let terms = reader.list(|reader| {
        reader.length()??;
        Some(FoldTerm { residual: reader.number()?, row: reader.list(Reader::number)?? })
    })??;
    reader.is_done().then_some(terms)
}
