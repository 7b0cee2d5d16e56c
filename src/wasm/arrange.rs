//! Filters, rules of the house and policies across the border; `js/src/arrange.ts` is the other side.

use wasm_bindgen::prelude::*;

use super::answer;
use super::bindings::WasmEngine;
use super::request::{choice, point};
use super::wire::{Reader, Writer};
use crate::engine::{
    Arranged, Diversity, EngineError, Explore, ExploreMethod, Exposure, Filters, HouseAction, HouseRule, PoolItem,
    Reason, arrange,
};

const ACTIONS: [HouseAction; 3] = [HouseAction::Pin, HouseAction::Boost, HouseAction::Bury];
const METHODS: [ExploreMethod; 2] = [ExploreMethod::Epsilon, ExploreMethod::Thompson];

#[wasm_bindgen]
impl WasmEngine {
    /// By which filters a cleaner, given as the bytes of their id, is left out: their row and the reasons, or the failure
    /// `request.unknown_cleaner`.
    pub fn exclusion(&mut self, request: &[u8], cleaner: &[u8]) -> Vec<u8> {
        self.ask(request, &mut |engine, request| {
            let (row, by) = engine.failed_filters(request, &String::from_utf8_lossy(cleaner))?;
            Ok(exclusion(row, &by))
        })
    }

    /// The order of what several engines found, by the policies of the request.
    pub fn arrange(&mut self, request: &[u8], pool: &[u8]) -> Vec<u8> {
        self.ask(request, &mut |_, request| {
            let unreadable =
                || EngineError::Request { field: "pool", reason: "it is not in the form of this build".into() };
            let pool = read_pool(pool).ok_or_else(unreadable)?;
            let items: Vec<PoolItem<'_>> = pool.iter().map(|(id, item)| PoolItem { id, ..item.clone() }).collect();
            let limit = request.limit.unwrap_or_default() as usize;
            Ok(arranged(&arrange(&items, &request.policy(), limit, request.filters.min_score)))
        })
    }
}

fn exclusion(row: u32, by: &[Reason]) -> Writer {
    let mut writer = answer::done();
    writer.number(f64::from(row));
    answer::reasons(&mut writer, by);
    writer
}

fn arranged(arranged: &Arranged) -> Writer {
    let mut writer = answer::done();
    writer.number(f64::from(arranged.below));
    writer.length(arranged.places.len());
    for place in &arranged.places {
        writer.count(place.at);
        writer.count(place.by as usize);
        writer.maybe(place.propensity);
    }
    writer
}

fn read_pool(bytes: &[u8]) -> Option<Vec<(String, PoolItem<'static>)>> {
    Reader::new(bytes).list(|reader| {
        let id = reader.text()?;
        let item = PoolItem {
            id: "",
            row: reader.number()? as u32,
            score: reader.number()? as f32,
            reviews: reader.number()? as u32,
            price: reader.float()?,
            location: reader.part(point)?,
            values: {
                let mut values = [f32::NAN; 5];
                for value in &mut values {
                    *value = reader.number()? as f32;
                }
                values
            },
        };
        Some((id, item))
    })?
}

pub(super) fn filters(reader: &mut Reader<'_>) -> Option<Filters> {
    Some(Filters {
        max_distance_km: reader.maybe()?,
        max_price: reader.float()?,
        min_rating: reader.float()?,
        eco: reader.number()? == 1.0,
        available: reader.number()? == 1.0,
        property_types: reader.list(Reader::text)?.unwrap_or_default(),
        min_score: reader.float()?,
        hide: reader.list(Reader::text)?.unwrap_or_default(),
        seen: reader.list(Reader::text)?.unwrap_or_default(),
        strict: reader.number()? == 1.0,
    })
}

pub(super) fn house_rule(reader: &mut Reader<'_>) -> Option<HouseRule> {
    reader.length()??;
    Some(HouseRule {
        cleaner_id: reader.text()?,
        action: choice(reader, &ACTIONS)??,
        position: whole(reader)?,
        points: reader.float()?,
    })
}

pub(super) fn diversity(reader: &mut Reader<'_>) -> Option<Diversity> {
    Some(Diversity { lambda: reader.number()?, pool: whole(reader)? })
}

pub(super) fn exposure(reader: &mut Reader<'_>) -> Option<Exposure> {
    Some(Exposure { share: reader.number()?, below: whole(reader)? })
}

pub(super) fn explore(reader: &mut Reader<'_>) -> Option<Explore> {
    Some(Explore {
        method: choice(reader, &METHODS)??,
        epsilon: reader.maybe()?,
        seed: reader.number()? as i64,
        pool: whole(reader)?,
    })
}

fn whole(reader: &mut Reader<'_>) -> Option<Option<u32>> {
    Some(reader.maybe()?.map(|number| number as u32))
}
