//! Explanations as JavaScript asks for them.

use wasm_bindgen::prelude::*;

use super::answer;
use super::bindings::WasmEngine;
use super::wire::{Reader, Writer};
use crate::engine::{Explanation, Rivals, Share};

#[wasm_bindgen]
impl WasmEngine {
    /// The row of a cleaner (an id as the bytes of its text), NaN for who is not here.
    pub fn row(&mut self, cleaner: &[u8]) -> Vec<u8> {
        self.answer(&mut |engine| {
            let mut writer = answer::answer();
            writer.maybe(engine.row_of(&String::from_utf8_lossy(cleaner)).map(f64::from));
            Ok(writer)
        })
    }

    /// Explains a cleaner's score and place. `question`: the cleaner's id, whether changes are asked for, the rank, and the best
    /// others as scores and rows. Answers with nothing for who is no candidate.
    pub fn explain(&mut self, request: &[u8], question: &[u8]) -> Vec<u8> {
        self.ask(request, &mut |engine, request| {
            let Some((cleaner, changes, rivals)) = read(question) else { return Ok(answer::done()) };
            let found = engine.explain_among(request, &cleaner, &rivals, changes)?;
            let mut writer = answer::answer();
            writer.part(found.as_ref(), explanation);
            Ok(writer)
        })
    }
}

fn read(question: &[u8]) -> Option<(String, bool, Rivals)> {
    let reader = &mut Reader::new(question);
    let (cleaner, changes, rank) = (reader.text()?, reader.number()? == 1.0, reader.number()? as u32);
    let best = reader.list(|reader| Some((reader.number()? as f32, reader.number()? as u32)))??;
    Some((cleaner, changes, Rivals { rank, best }))
}

fn explanation(writer: &mut Writer, found: &Explanation) {
    answer::item(writer, &found.item);
    [found.parts.rules, found.parts.neural, found.parts.price].iter().for_each(|part| share(writer, part));
    writer.number(found.parts.boost);
    writer.part(found.neural.as_ref(), |writer, neural| {
        writer.number(neural.baseline);
        writer.number(neural.score);
        writer.length(neural.groups.len());
        for of_group in &neural.groups {
            writer.text(&of_group.group);
            writer.number(of_group.points);
        }
    });
    writer.length(found.counterfactuals.len());
    for change in &found.counterfactuals {
        answer::reason(writer, &change.reason);
        writer.number(f64::from(change.rank));
        writer.float(Some(change.score));
    }
}

fn share(writer: &mut Writer, share: &Share) {
    writer.number(share.weight);
    writer.maybe(share.value);
    writer.number(share.points);
}
