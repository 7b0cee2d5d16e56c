//! A request as `js/src/request.ts` writes it. That side knows the names of the fields, refuses what is unknown or of another
//! type, and writes the fields in the order in which they are read here.

use super::arrange;
use super::wire::Reader;
use crate::domain::GeoPoint;
use crate::engine::{Asked, BidRequest, CandidateSource, JobRequest, Mode, Request};

pub(super) const MODES: [Mode; 3] = [Mode::Rules, Mode::Neural, Mode::Ensemble];
const SOURCES: [CandidateSource; 2] = [CandidateSource::Catalog, CandidateSource::Bidders];

/// The request in these bytes; `None` where they are none.
pub(super) fn read_request(bytes: &[u8]) -> Option<Request> {
    let reader = &mut Reader::new(bytes);
    reader.length()??;
    let request = Request {
        job: job(reader)?,
        limit: reader.maybe()?.map(|limit| limit as u32),
        mode: choice(reader, &MODES)?.unwrap_or_default(),
        rule_weight: reader.float()?,
        price_weight: reader.float()?,
        level: reader.float()?,
        candidates: choice(reader, &SOURCES)?,
        client_vector: reader.list(|reader| reader.float()?)?,
        filters: reader.part(arrange::filters)?.unwrap_or_default(),
        house: reader.list(arrange::house_rule)?.unwrap_or_default(),
        diversity: reader.part(arrange::diversity)?,
        exposure: reader.part(arrange::exposure)?,
        explore: reader.part(arrange::explore)?,
        asked: reader.part(asked)?,
        unarranged: reader.number()? == 1.0,
    };
    reader.is_done().then_some(request)
}

fn asked(reader: &mut Reader<'_>) -> Option<Asked> {
    Some(Asked { count: reader.number()? as u32, sum: reader.number()? as i64 })
}

pub(super) fn job(reader: &mut Reader<'_>) -> Option<JobRequest> {
    reader.length()??;
    job_fields(reader)
}

/// The fields of a job, one after the other.
pub(super) fn job_fields(reader: &mut Reader<'_>) -> Option<JobRequest> {
    Some(JobRequest {
        client_id: reader.maybe_text()?,
        property_type: reader.maybe_text()?,
        location: reader.part(point)?,
        size_m2: reader.float()?,
        duration_h: reader.float()?,
        eco: reader.number()? == 1.0,
        budget: reader.float()?,
        posted_at: reader.number()? as i64,
        scheduled_at: reader.maybe()?.map(|at| at as i64),
        bids: reader.list(bid)?.unwrap_or_default(),
    })
}

pub(super) fn point(reader: &mut Reader<'_>) -> Option<GeoPoint> {
    Some(GeoPoint { latitude: reader.number()?, longitude: reader.number()? })
}

fn bid(reader: &mut Reader<'_>) -> Option<BidRequest> {
    reader.length()??;
    Some(BidRequest { cleaner_id: reader.text()?, amount: reader.float()? })
}

pub(super) fn choice<T: Copy>(reader: &mut Reader<'_>, choices: &[T]) -> Option<Option<T>> {
    match reader.maybe()? {
        None => Some(None),
        Some(at) => choices.get(at as usize).copied().map(Some),
    }
}
