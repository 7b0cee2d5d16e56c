//! The question of `recommendJobs` as `js/src/jobs.ts` writes it, and its answer.

use wasm_bindgen::prelude::*;

use super::answer::{answer, identity, notice, part, reasons};
use super::bids::cleaner;
use super::bindings::WasmEngine;
use super::request::{MODES, choice, job_fields};
use super::wire::{Reader, Writer};
use crate::engine::{JobFilters, JobItem, JobPosting, JobRanking, JobsMeta, JobsRequest};

#[wasm_bindgen]
impl WasmEngine {
    /// Ranks jobs for a cleaner. Answers with the ranking, or with the failure `request.unknown_cleaner` or `request.invalid`.
    pub fn jobs(&mut self, request: &[u8]) -> Vec<u8> {
        self.asked(&mut || read_jobs(request), &mut |engine, request| {
            engine.recommend_jobs(request).map(|ranking| write_ranking(&ranking))
        })
    }
}

fn read_jobs(bytes: &[u8]) -> Option<JobsRequest> {
    let reader = &mut Reader::new(bytes);
    reader.length()??;
    let request = JobsRequest {
        cleaner: cleaner(reader)?,
        jobs: reader.list(posting)??,
        limit: reader.maybe()?.map(|limit| limit as u32),
        mode: choice(reader, &MODES)?.unwrap_or_default(),
        rule_weight: reader.float()?,
        filters: reader.part(filters)?.unwrap_or_default(),
        level: reader.float()?,
    };
    reader.is_done().then_some(request)
}

fn posting(reader: &mut Reader<'_>) -> Option<JobPosting> {
    reader.length()??;
    Some(JobPosting {
        job_id: reader.text()?,
        job: job_fields(reader)?,
        client_jobs: reader.maybe()?.map(|count| count as u32),
        client_completed: reader.maybe()?.map(|count| count as u32),
    })
}

fn filters(reader: &mut Reader<'_>) -> Option<JobFilters> {
    Some(JobFilters {
        max_distance_km: reader.maybe()?,
        min_pay: reader.float()?,
        property_types: reader.list(Reader::text)?.unwrap_or_default(),
        eco: reader.maybe()?.map(|eco| eco == 1.0),
        available: reader.number()? == 1.0,
        min_score: reader.float()?,
        hide: reader.list(Reader::text)?.unwrap_or_default(),
        seen: reader.list(Reader::text)?.unwrap_or_default(),
        strict: reader.number()? == 1.0,
    })
}

fn write_ranking(ranking: &JobRanking) -> Writer {
    let mut writer = answer();
    writer.length(ranking.items.len());
    ranking.items.iter().for_each(|found| item(&mut writer, found));
    meta(&mut writer, &ranking.meta);
    writer
}

fn item(writer: &mut Writer, item: &JobItem) {
    writer.text(&item.job_id);
    writer.part(item.client_id.as_ref(), |writer, id| writer.text(id));
    writer.number(f64::from(item.rank));
    [Some(item.score), Some(item.rule_score), item.neural_score].into_iter().for_each(|score| writer.float(score));
    writer.part(item.interval, |writer, ends| ends.into_iter().for_each(|end| writer.float(Some(end))));
    [item.pay, item.price].into_iter().for_each(|amount| writer.float(amount));
    writer.number(f64::from(item.bid_count));
    writer.float(item.lowest_bid);
    writer.maybe(item.distance_km);
    writer.length(item.contributions.len());
    item.contributions.iter().for_each(|found| part(writer, found));
    let fit = &item.breakdown;
    let values = [fit.quality, fit.location, fit.specialisation, fit.pricing, fit.availability];
    values.into_iter().for_each(|value| writer.float(value));
    reasons(writer, &item.reasons);
}

fn meta(writer: &mut Writer, meta: &JobsMeta) {
    writer.count(meta.mode as usize);
    writer.count(meta.requested_mode as usize);
    writer.part(meta.fallback.as_ref(), notice);
    writer.float(Some(meta.rule_weight));
    writer.flag(Some(meta.cleaner_known));
    writer.text(&meta.kernel);
    writer.part(meta.model.as_ref(), identity);
    let left_out = &meta.excluded;
    let counts = [
        meta.candidates,
        meta.scored,
        meta.neural_scored,
        left_out.distance,
        left_out.offer,
        left_out.pay,
        left_out.property_types,
        left_out.eco,
        left_out.available,
        left_out.hidden,
        left_out.seen,
        left_out.score,
    ];
    counts.into_iter().for_each(|count| writer.number(f64::from(count)));
}
