//! Bid suggestions: the other side is `js/src/bids.ts`.

use wasm_bindgen::prelude::*;

use super::answer;
use super::bindings::{WasmEngine, failure, unreadable};
use super::request;
use super::wire::{Reader, Writer};
use crate::engine::{BidPoint, BidQuestion, BidSource, BidSuggestion, CleanerProfile, CleanerRef, WorkSpan};

#[wasm_bindgen]
impl WasmEngine {
    /// Suggests a bid. Answers with it, or with the failure `request.invalid` for a field that cannot be used, or
    /// `request.unknown_cleaner` for a cleaner who is not here.
    pub fn suggest_bid(&mut self, question: &[u8]) -> Vec<u8> {
        self.answer(&mut |engine| {
            let question = read(question).ok_or_else(unreadable)?;
            engine.suggest_bid(&question).map(|found| suggestion(&found)).map_err(failure)
        })
    }
}

fn read(bytes: &[u8]) -> Option<BidQuestion> {
    let reader = &mut Reader::new(bytes);
    reader.length()??;
    let job = request::job(reader)?;
    let cleaner = cleaner(reader)?;
    let prices = reader.list(|reader| reader.float()?)?.unwrap_or_default();
    let question = BidQuestion { job, cleaner, prices, fee: reader.float()?, at: reader.maybe()?.map(|at| at as i64) };
    reader.is_done().then_some(question)
}

/// An id, or a profile.
pub(super) fn cleaner(reader: &mut Reader<'_>) -> Option<CleanerRef> {
    let id = reader.maybe_text()?;
    let profile = reader.part(|reader| {
        Some(CleanerProfile {
            cleaner_id: reader.maybe_text()?,
            location: reader.part(request::point)?,
            hourly_rate: reader.float()?,
            eco: reader.maybe()?.map(|eco| eco == 1.0),
            property_types: reader.list(Reader::text)?.unwrap_or_default(),
            hours: reader.list(span)?,
        })
    })?;
    id.map(CleanerRef::Known).or_else(|| profile.map(CleanerRef::New))
}

fn span(reader: &mut Reader<'_>) -> Option<WorkSpan> {
    reader.length()??;
    let [weekday, from, to] = [reader.number()?, reader.number()?, reader.number()?].map(|number| number as u32);
    Some(WorkSpan { weekday, from, to })
}

fn suggestion(found: &BidSuggestion) -> Writer {
    let mut to = answer::answer();
    let writer = &mut to;
    writer.part(found.cleaner_id.as_deref(), Writer::text);
    writer.text(&found.currency);
    let prices = [found.min, found.median, found.max, found.optimal, found.win_probability];
    prices.into_iter().for_each(|number| writer.number(number));
    point(writer, &found.best);
    writer.length(found.curve.len());
    found.curve.iter().for_each(|found| point(writer, found));
    let inputs = &found.inputs;
    let known = [inputs.client_budget, inputs.market_average, inputs.cleaner_average, inputs.win_rate];
    known.into_iter().for_each(|value| writer.maybe(value));
    writer.number(f64::from(inputs.bid_count));
    writer.maybe(inputs.lowest_bid);
    writer.count(usize::from(found.source == BidSource::Market));
    writer.part(found.model.as_ref(), answer::identity);
    answer::reasons(writer, &found.reasons);
    to
}

fn point(writer: &mut Writer, point: &BidPoint) {
    [point.price, point.win_probability, point.expected_revenue].into_iter().for_each(|number| writer.number(number));
}
