//! A client's vector from the client's own ratings. Every rating is a term; terms may come from engines with different parts of a
//! catalog, and are put together in the order of the ratings.

#[cfg(feature = "native")]
use serde::{Deserialize, Serialize};

use super::error::EngineError;
use super::load::{Engine, Neural};
use super::request::{BidRequest, CandidateSource, JobRequest, Mode, Request};
pub use crate::model::FoldTerm;
use crate::model::{LEANINGS, Query, Scratch};

/// A rating that the client gave.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase", deny_unknown_fields))]
pub struct Interaction {
    /// Id of the cleaner.
    pub cleaner_id: String,
    /// The rating, on the market's scale.
    pub rating: f32,
    /// The job, as far as it is known.
    #[cfg_attr(feature = "native", serde(default, skip_serializing_if = "Option::is_none"))]
    pub job: Option<JobRequest>,
}

/// A client's vector, and what it rests on.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "native", derive(Serialize))]
#[cfg_attr(feature = "native", serde(rename_all = "camelCase"))]
pub struct Folded {
    /// For [`Request::client_vector`].
    pub client_vector: Vec<f32>,
    /// How many ratings counted.
    pub used: u32,
    /// Cleaners of whom nothing is known here.
    pub ignored: Vec<String>,
}

impl Engine {
    /// The client's vector by these ratings. Ratings of cleaners whom the catalog does not have are ignored; without a
    /// [`FoldIn`](crate::model::FoldIn) file all are, and the vector is that of the unknown client (nothing without a model).
    ///
    /// # Errors
    /// [`EngineError::Request`] with the field that cannot be used.
    pub fn fold_in(&self, history: &[Interaction]) -> Result<Folded, EngineError> {
        let terms = self.fold_terms(history)?;
        let is_used = |at: usize| terms.iter().any(|(used, _)| *used as usize == at);
        let ignored = history.iter().enumerate().filter(|(at, _)| !is_used(*at)).map(|(_, one)| one.cleaner_id.clone());
        let (used, ignored) = (terms.len() as u32, ignored.collect());
        let terms: Vec<FoldTerm> = terms.into_iter().map(|(_, term)| term).collect();
        Ok(Folded { client_vector: self.fold(&terms), used, ignored })
    }

    /// The terms of those ratings whose cleaners are here, each with its place in the history.
    ///
    /// # Errors
    /// As [`fold_in`](Self::fold_in).
    pub fn fold_terms(&self, history: &[Interaction]) -> Result<Vec<(u32, FoldTerm)>, EngineError> {
        let market = &self.catalog.market;
        let mut requests = Vec::new();
        for (at, one) in history.iter().enumerate() {
            if !(market.rating_min..=market.rating_max).contains(&one.rating) {
                return Err(EngineError::request("history.rating", "it must be on the market's scale"));
            }
            let request = self.request_of(one);
            request.job.spec(market)?;
            requests.push((at as u32, one, request));
        }
        let (Some(model), Some(fold)) = (&self.model, &self.fold) else { return Ok(Vec::new()) };
        // The client whom nobody knows, then a step along each direction.
        let clients = std::iter::once(None).chain(fold.probes().map(Some));
        let queries: Vec<Query> = clients.map(|client| model.hybrid.query(client.as_deref(), None, &[])).collect();
        let mut terms = Vec::new();
        for (at, one, request) in requests {
            let Some(place) = self.catalog.place(&one.cleaner_id) else { continue };
            let mut expected = f32::NAN;
            self.score_each(&request, |candidate| expected = candidate.neural)?;
            if !expected.is_nan() {
                let residual = f64::from(market.normalise_rating(one.rating)) - f64::from(expected);
                terms.push((at, FoldTerm { residual, row: self.fold_row(model, &queries, place) }));
            }
        }
        Ok(terms)
    }

    /// The client's vector by these terms.
    pub fn fold(&self, terms: &[FoldTerm]) -> Vec<f32> {
        match (&self.fold, &self.model) {
            (Some(fold), _) => fold.vector(terms),
            (None, Some(model)) => model.hybrid.unknown_user().to_vec(),
            (None, None) => Vec::new(),
        }
    }

    /// What the rating was expected to be is asked as for a client whom nobody knows, at the price of then.
    fn request_of(&self, one: &Interaction) -> Request {
        let unknown = || JobRequest { posted_at: self.catalog.as_of.max(0), ..JobRequest::default() };
        let mut job = one.job.clone().unwrap_or_else(unknown);
        let amount = job.bids.iter().find(|bid| bid.cleaner_id == one.cleaner_id).and_then(|bid| bid.amount);
        job.bids = vec![BidRequest { cleaner_id: one.cleaner_id.clone(), amount }];
        job.client_id = None;
        Request { job, mode: Mode::Neural, candidates: Some(CandidateSource::Bidders), ..Request::default() }
    }

    fn fold_row(&self, model: &Neural, queries: &[Query], place: u32) -> Vec<f64> {
        let mut scratch = Scratch::default();
        let mut liked = queries.iter().map(|query| {
            let mut out = [0.0];
            model.hybrid.collaborative(self.kernel, query, &model.items, &[place], &mut scratch, &mut out);
            out[0]
        });
        let nobody = liked.next().unwrap_or_default();
        let mut row: Vec<f64> = liked.map(|liked| f64::from(model.hybrid.alpha() * (liked - nobody))).collect();
        row.push(1.0);
        row.extend(self.parts_of(place).map(f64::from));
        row
    }

    /// What a client's leniency and weights add to a cleaner's collaborative score; `leanings`: what a vector has behind the
    /// embedding row.
    pub(super) fn leaning(&self, model: &Neural, leanings: &[f32], place: u32) -> f32 {
        let (Ok([leniency, weights @ ..]), alpha) = (<&[f32; LEANINGS]>::try_from(leanings), model.hybrid.alpha())
        else {
            return 0.0;
        };
        let parts = self.parts_of(place);
        let sum = weights.iter().zip(parts).fold(*leniency, |sum, (weight, part)| sum + weight * part);
        if alpha > 0.0 { sum / alpha } else { 0.0 }
    }

    /// The cleaner's four part ratings beside the market's, each beside their mean; 0 where nothing is known.
    fn parts_of(&self, place: u32) -> [f32; 4] {
        let (rates, total) = (&self.catalog.rates[place as usize], &self.catalog.market_stats.total);
        let all = [
            (rates.quality, &total.quality),
            (rates.communication, &total.communication),
            (rates.professionalism, &total.professionalism),
            (rates.timeliness, &total.timeliness),
        ];
        let parts = all.map(|(own, market)| own.zip(market.mean()).map_or(0.0, |(own, market)| own - market));
        let mean = parts.iter().sum::<f64>() / 4.0;
        parts.map(|part| (part - mean) as f32)
    }
}
