//! What the engine answers, as `js/src/answer.ts` reads it: that side has the names of the fields, in the order in which they
//! are written here.

use super::wire::Writer;
use crate::domain::{Cleaner, GeoPoint, Market};
use crate::engine::{
    Asked, Engine, Item, Meta, Mode, ModelIdentity, Notice, Part, Ranking, Reason, Request, Scored, TileIndex, Value,
};

/// A stable code, and what is wrong.
pub(super) type Failure = (&'static str, String);

/// An answer, or why there is none: the first number says which.
pub(super) fn envelope(outcome: Result<Writer, Failure>) -> Vec<u8> {
    let mut writer = Writer::default();
    let (code, message) = match outcome {
        Ok(answer) => return answer.into_bytes(),
        Err(failure) => failure,
    };
    writer.number(0.0);
    writer.text(code);
    writer.text(&message);
    writer.into_bytes()
}

pub(super) fn answer() -> Writer {
    let mut writer = Writer::default();
    writer.number(1.0);
    writer
}

pub(super) fn ranking(ranking: &Ranking) -> Writer {
    let mut writer = answer();
    writer.length(ranking.items.len());
    ranking.items.iter().for_each(|found| item(&mut writer, found));
    meta(&mut writer, &ranking.meta);
    writer
}

/// The scores of every cleaner: the rows and scores are two columns of four bytes each.
pub(super) fn scored(scored: &Scored) -> Writer {
    let mut writer = answer();
    meta(&mut writer, &scored.meta);
    writer.column(scored.rows.iter().map(|row| row.to_le_bytes()));
    writer.column(scored.scores.iter().map(|score| score.to_le_bytes()));
    writer
}

/// The tiles that a request needs, each with its place in the index.
pub(super) fn tiles(engine: &Engine, request: &Request) -> Writer {
    let mut writer = answer();
    let Some(index) = engine.tile_index() else {
        writer.length(0);
        return writer;
    };
    let near = index.near(request.job.location, request.filters.max_distance_km);
    writer.length(near.len());
    for tile in near {
        writer.count(index.tiles().iter().position(|other| other.cell == tile.cell).unwrap_or_default());
        writer.text(&tile.path());
        writer.text(&tile.sha256);
        writer.number(f64::from(tile.bytes));
    }
    writer
}

/// That something was done.
pub(super) fn done() -> Writer {
    answer()
}

pub(super) fn item(writer: &mut Writer, item: &Item) {
    writer.text(&item.cleaner_id);
    writer.text(&item.name);
    writer.number(f64::from(item.row));
    writer.number(f64::from(item.rank));
    let scores =
        [Some(item.score), Some(item.rule_score), item.neural_score, item.collaborative_score, item.content_score];
    scores.into_iter().for_each(|score| writer.float(score));
    writer.float(Some(item.boost));
    writer.part(item.interval, |writer, ends| ends.into_iter().for_each(|end| writer.float(Some(end))));
    writer.float(item.price);
    writer.flag(Some(item.bid));
    writer.maybe(item.distance_km);
    writer.part(item.location, point);
    writer.number(f64::from(item.reviews));
    writer.flag(Some(item.is_new));
    writer.count(item.placed_by as usize);
    writer.maybe(item.propensity);
    writer.length(item.contributions.len());
    item.contributions.iter().for_each(|found| part(writer, found));
    let fit = &item.breakdown;
    let values = [fit.quality, fit.location, fit.specialisation, fit.pricing, fit.availability, fit.reliability];
    values.into_iter().for_each(|value| writer.float(value));
    reasons(writer, &item.reasons);
}

pub(super) fn reasons(writer: &mut Writer, reasons: &[Reason]) {
    writer.length(reasons.len());
    reasons.iter().for_each(|found| reason(writer, found));
}

/// A code with its parameters: a number, or NaN and the text that it is instead.
pub(super) fn reason(writer: &mut Writer, reason: &Reason) {
    writer.text(&reason.code);
    writer.length(reason.params.len());
    for (name, value) in &reason.params {
        writer.text(name);
        match value {
            Value::Number(number) => writer.number(*number),
            Value::Text(text) => {
                writer.maybe(None);
                writer.text(text);
            }
        }
    }
}

pub(super) fn part(writer: &mut Writer, part: &Part) {
    writer.text(&part.component);
    [Some(part.weight), part.value, Some(part.contribution)].into_iter().for_each(|value| writer.float(value));
}

fn meta(writer: &mut Writer, meta: &Meta) {
    writer.count(meta.mode as usize);
    writer.count(meta.requested_mode as usize);
    writer.part(meta.fallback.as_ref(), notice);
    writer.float(Some(meta.rule_weight));
    writer.float(Some(meta.price_weight));
    writer.flag(Some(meta.client_known));
    [meta.cold.client, meta.cold.city].into_iter().for_each(|cold| writer.flag(Some(cold)));
    writer.text(&meta.backend);
    writer.text(&meta.kernel);
    writer.part(meta.model.as_ref(), identity);
    let excluded = &meta.excluded;
    let counts = [meta.candidates, meta.scored, meta.neural_scored];
    let left_out = [excluded.distance, excluded.offer, excluded.joined, excluded.price, excluded.rating, excluded.eco];
    let others = [excluded.available, excluded.property_types, excluded.hidden, excluded.seen, excluded.score];
    let all = counts.into_iter().chain(left_out).chain(others);
    all.for_each(|count| writer.number(f64::from(count)));
    writer.part(meta.asked, asked);
    writer.part(Some(meta.unknown_bids.as_slice()).filter(|ids| !ids.is_empty()), texts);
}

fn asked(writer: &mut Writer, asked: Asked) {
    writer.number(f64::from(asked.count));
    writer.number(asked.sum as f64);
}

/// What the engine can do with its files. Without a model the first warning says why there is none.
pub(super) fn capabilities(engine: &Engine) -> Writer {
    let mut writer = answer();
    let model = engine.model();
    let modes: &[Mode] = if model.is_none() { &[Mode::Rules] } else { &[Mode::Rules, Mode::Neural, Mode::Ensemble] };
    writer.text("cpu");
    writer.text(engine.kernel().name());
    writer.part(model, identity);
    writer.part(engine.warnings().first().filter(|_| model.is_none()), notice);
    notices(&mut writer, engine.warnings());
    writer.length(modes.len());
    modes.iter().for_each(|mode| writer.count(*mode as usize));
    writer.float(Some(engine.rule_weight()));
    writer.float(Some(engine.price_weight()));
    writer.float(Some(engine.jobs_rule_weight()));
    let in_tiles = |index: &TileIndex| index.tiles().iter().map(|tile| tile.cleaners as usize).sum();
    writer.count(engine.tile_index().map_or(engine.catalog().cleaners().len(), in_tiles));
    writer.number(engine.catalog().as_of() as f64);
    writer
}

/// The market and its cleaners.
pub(super) fn catalog(engine: &Engine) -> Writer {
    let mut writer = answer();
    let catalog = engine.catalog();
    market(&mut writer, catalog.market());
    writer.number(catalog.as_of() as f64);
    writer.length(catalog.cleaners().len());
    catalog.cleaners().iter().for_each(|found| cleaner(&mut writer, found));
    writer
}

fn market(writer: &mut Writer, market: &Market) {
    writer.text(&market.name);
    writer.part(market.centre, point);
    writer.text(&market.currency);
    writer.number(f64::from(market.utc_offset_minutes));
    texts(writer, &market.property_types);
}

fn texts(writer: &mut Writer, texts: &[String]) {
    writer.length(texts.len());
    texts.iter().for_each(|text| writer.text(text));
}

fn cleaner(writer: &mut Writer, cleaner: &Cleaner) {
    writer.text(&cleaner.id);
    writer.text(&cleaner.name);
    writer.part(cleaner.location, point);
    writer.float(cleaner.hourly_rate);
    writer.flag(cleaner.eco);
}

fn point(writer: &mut Writer, point: GeoPoint) {
    writer.number(point.latitude);
    writer.number(point.longitude);
}

pub(super) fn identity(writer: &mut Writer, model: &ModelIdentity) {
    writer.text(&model.name);
    writer.text(&model.version);
}

fn notices(writer: &mut Writer, notices: &[Notice]) {
    writer.length(notices.len());
    notices.iter().for_each(|found| notice(writer, found));
}

pub(super) fn notice(writer: &mut Writer, notice: &Notice) {
    writer.text(&notice.code);
    writer.text(&notice.text);
}
