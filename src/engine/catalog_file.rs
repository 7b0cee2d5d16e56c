//! The catalog as a file: columns, so that it can be large.
//!
//! Statistics are written as counts (u32) and sums (f32); a catalog that was read back is what is served and measured.

use serde_json::Value;

use super::catalog::Catalog;
use super::catalog_json::{market, market_stats};
use crate::artifact::{ArtifactError, Tensors, json};
use crate::domain::{Cleaner, CleanerStats, GeoPoint, Offer, Tally};
use crate::model::Embeddings;

/// Format name of the file.
pub const CATALOG_FORMAT: &str = "tidyrank.catalog";

/// Counts of one cleaner that are not per kind of job.
const COUNTS: usize = 16;
/// Sums of one cleaner that are not per kind of job.
const SUMS: usize = 9;

impl Catalog {
    /// The file that [`from_tensors`](Self::from_tensors) reads.
    ///
    /// # Errors
    /// None for a catalog, whose columns are equally long by construction.
    pub fn to_tensors(&self) -> Result<Tensors, ArtifactError> {
        // The embedding rows are a file of their own kind; the catalog adds its columns to it. A cleaner that the model
        // does not know has no row.
        let mut tensors = self.embeddings.to_tensors()?;
        tensors.set_format(CATALOG_FORMAT);
        let json = |what: serde_json::Result<String>| what.unwrap_or_default();
        let ids: Vec<&str> = self.cleaners.iter().map(|cleaner| cleaner.id.as_str()).collect();
        let names: Vec<&str> = self.cleaners.iter().map(|cleaner| cleaner.name.as_str()).collect();
        tensors.set_metadata("embedding_ids", tensors.metadata("ids")?.to_owned());
        tensors.set_metadata("ids", json(serde_json::to_string(&ids)));
        tensors.set_metadata("names", json(serde_json::to_string(&names)));
        self.put_market(&mut tensors);
        self.put_cleaners(&mut tensors)?;
        self.put_rows(&mut tensors)?;
        self.put_offers(&mut tensors)?;
        self.put_stats(&mut tensors)?;
        Ok(tensors)
    }

    /// What is known of the market as a whole, as metadata.
    pub(super) fn put_market(&self, tensors: &mut Tensors) {
        let json = |what: serde_json::Result<String>| what.unwrap_or_default();
        tensors.set_metadata("market", json(serde_json::to_string(&self.market)));
        tensors.set_metadata("market_stats", json(serde_json::to_string(&self.market_stats)));
        tensors.set_metadata("as_of", self.as_of.to_string());
    }

    /// The optional column `row`: only a part of a catalog has it.
    fn put_rows(&self, tensors: &mut Tensors) -> Result<(), ArtifactError> {
        let part = self.rows.iter().zip(0..).any(|(row, at)| *row != at);
        if part { tensors.insert_u32("row", &[self.rows.len()], &self.rows) } else { Ok(()) }
    }

    fn put_cleaners(&self, tensors: &mut Tensors) -> Result<(), ArtifactError> {
        let n = self.cleaners.len();
        let at =
            |cleaner: &Cleaner| cleaner.location.map_or([f32::NAN; 2], |at| [at.latitude as f32, at.longitude as f32]);
        let locations: Vec<f32> = self.cleaners.iter().flat_map(at).collect();
        let rates: Vec<f32> = self.cleaners.iter().map(|cleaner| cleaner.hourly_rate.unwrap_or(f32::NAN)).collect();
        let eco: Vec<u32> = self.cleaners.iter().map(|cleaner| flag_code(cleaner.eco)).collect();
        let joined: Vec<i64> = self.cleaners.iter().map(|cleaner| cleaner.joined_at).collect();
        tensors.insert_f32("location", &[n, 2], &locations)?;
        tensors.insert_f32("hourly_rate", &[n], &rates)?;
        tensors.insert_u32("eco", &[n], &eco)?;
        tensors.insert_i64("joined_at", &[n], &joined)
    }

    fn put_offers(&self, tensors: &mut Tensors) -> Result<(), ArtifactError> {
        let counts: Vec<u32> = self.cleaners.iter().map(|cleaner| cleaner.offers.len() as u32).collect();
        let offers: Vec<Offer> = self.cleaners.iter().flat_map(|cleaner| cleaner.offers.iter().copied()).collect();
        let kinds: Vec<u32> = offers.iter().map(|offer| u32::from(offer.property_type)).collect();
        let rates: Vec<f32> = offers.iter().map(|offer| offer.hourly_rate.unwrap_or(f32::NAN)).collect();
        let since: Vec<i64> = offers.iter().map(|offer| offer.since).collect();
        tensors.insert_u32("offers.count", &[counts.len()], &counts)?;
        tensors.insert_u32("offers.property_type", &[offers.len()], &kinds)?;
        tensors.insert_f32("offers.hourly_rate", &[offers.len()], &rates)?;
        tensors.insert_i64("offers.since", &[offers.len()], &since)
    }

    fn put_stats(&self, tensors: &mut Tensors) -> Result<(), ArtifactError> {
        let (mut counts, mut sums) = (Vec::new(), Vec::new());
        let (n, kinds) = (self.stats.len(), self.market.property_types.len());
        for stats in &self.stats {
            let mut stats = stats.clone();
            stats.by_type.resize_with(kinds, Default::default);
            let badge = flag_code(stats.badge);
            let (count_fields, sum_fields) = fields(&mut stats);
            counts.extend(count_fields.into_iter().map(|field| *field));
            sums.extend(sum_fields.into_iter().map(|field| *field as f32));
            counts.push(badge);
        }
        tensors.insert_u32("stats.counts", &[n, COUNTS + 2 * kinds], &counts)?;
        tensors.insert_f32("stats.sums", &[n, SUMS + kinds], &sums)
    }

    /// Reads a catalog.
    ///
    /// # Errors
    /// Another format or version, missing columns, columns of another length, ids that come twice, positions off the globe.
    pub fn from_tensors(tensors: &Tensors) -> Result<Self, ArtifactError> {
        tensors.expect_format(CATALOG_FORMAT)?;
        let texts = |value: &Value| json::texts(value).ok_or_else(|| "it is no list of texts".to_owned());
        let ids = metadata(tensors, "ids", texts)?;
        let names = metadata(tensors, "names", texts)?;
        if names.len() != ids.len() {
            return Err(refuse("names", "there are not as many as ids"));
        }
        let cleaners = read_cleaners(tensors, ids, names)?;
        let mut catalog = Self::of_market(tensors, cleaners)?;
        catalog.read_rows(tensors)?;
        catalog.read_stats(tensors)?;
        let mut rows = tensors.clone();
        rows.set_format(crate::model::CLIENTS_FORMAT);
        rows.set_metadata("ids", tensors.metadata("embedding_ids")?.to_owned());
        catalog.embeddings = Embeddings::from_tensors(&rows)?;
        Ok(catalog)
    }

    /// These cleaners in the market of a file's metadata.
    pub(super) fn of_market(tensors: &Tensors, cleaners: Vec<Cleaner>) -> Result<Self, ArtifactError> {
        let mut catalog = Self::new(metadata(tensors, "market", market)?, cleaners)
            .map_err(|id| refuse("ids", &format!("{id:?} comes twice")))?;
        catalog.market_stats = metadata(tensors, "market_stats", market_stats)?;
        catalog.as_of = metadata(tensors, "as_of", |at| at.as_i64().ok_or_else(|| "it is no moment".to_owned()))?;
        Ok(catalog)
    }

    fn read_rows(&mut self, tensors: &Tensors) -> Result<(), ArtifactError> {
        if tensors.names().any(|name| name == "row") {
            self.rows = tensors.u32("row", &[self.cleaners.len()])?;
            self.is_part = true;
        }
        let ascending = self.rows.windows(2).all(|pair| pair[0] < pair[1]);
        if ascending { Ok(()) } else { Err(refuse("row", "the rows are not in ascending order")) }
    }

    fn read_stats(&mut self, tensors: &Tensors) -> Result<(), ArtifactError> {
        let (n, kinds) = (self.cleaners.len(), self.market.property_types.len());
        let counts = tensors.u32("stats.counts", &[n, COUNTS + 2 * kinds])?;
        let sums = tensors.f32("stats.sums", &[n, SUMS + kinds])?;
        let rows = counts.chunks_exact(COUNTS + 2 * kinds).zip(sums.chunks_exact(SUMS + kinds));
        for (stats, (counts, sums)) in self.stats.iter_mut().zip(rows) {
            let (count_fields, sum_fields) = fields(stats);
            count_fields.into_iter().zip(counts).for_each(|(field, count)| *field = *count);
            sum_fields.into_iter().zip(sums).for_each(|(field, sum)| *field = f64::from(*sum));
            stats.badge = flag_of(counts.last().copied().unwrap_or(0));
        }
        self.update_rates();
        Ok(())
    }
}

/// Every number of a cleaner's statistics, in the order of the file's columns: counts, and sums.
fn fields(stats: &mut CleanerStats) -> (Vec<&mut u32>, Vec<&mut f64>) {
    let CleanerStats {
        overall,
        quality,
        communication,
        professionalism,
        timeliness,
        completed,
        cancelled,
        on_time,
        photos,
        bids,
        wins,
        price_ratio,
        earnings,
        eco_completed,
        completed_30d,
        completed_90d,
        badge: _,
        by_type,
    } = stats;
    let mut counts: Vec<&mut u32> = vec![completed, cancelled, bids, wins, eco_completed, completed_30d, completed_90d];
    let mut sums: Vec<&mut f64> = vec![earnings];
    for Tally { count, sum } in
        [overall, quality, communication, professionalism, timeliness, on_time, photos, price_ratio]
    {
        counts.push(count);
        sums.push(sum);
    }
    for of_kind in by_type {
        counts.extend([&mut of_kind.completed, &mut of_kind.rating.count]);
        sums.push(&mut of_kind.rating.sum);
    }
    (counts, sums)
}

fn read_cleaners(tensors: &Tensors, ids: Vec<String>, names: Vec<String>) -> Result<Vec<Cleaner>, ArtifactError> {
    let n = ids.len();
    let locations = tensors.f32("location", &[n, 2])?;
    let rates = tensors.f32("hourly_rate", &[n])?;
    let eco = tensors.u32("eco", &[n])?;
    let joined = tensors.i64("joined_at", &[n])?;
    let mut offers = read_offers(tensors, n)?.into_iter();
    let mut cleaners = Vec::with_capacity(n);
    for (row, (id, name)) in ids.into_iter().zip(names).enumerate() {
        let (latitude, longitude) = (f64::from(locations[2 * row]), f64::from(locations[2 * row + 1]));
        let location = GeoPoint::new(latitude, longitude);
        if location.is_none() && !latitude.is_nan() {
            return Err(refuse("location", &format!("that of {id:?} is off the globe")));
        }
        cleaners.push(Cleaner {
            id,
            name,
            location,
            hourly_rate: Some(rates[row]).filter(|rate| rate.is_finite()),
            eco: flag_of(eco[row]),
            joined_at: joined[row],
            offers: offers.next().unwrap_or_default(),
        });
    }
    Ok(cleaners)
}

fn read_offers(tensors: &Tensors, n: usize) -> Result<Vec<Vec<Offer>>, ArtifactError> {
    let counts = tensors.u32("offers.count", &[n])?;
    let total = counts.iter().fold(0usize, |sum, count| sum.saturating_add(*count as usize));
    let kinds = tensors.u32("offers.property_type", &[total])?;
    let rates = tensors.f32("offers.hourly_rate", &[total])?;
    let since = tensors.i64("offers.since", &[total])?;
    let mut at = 0;
    let mut next = || {
        let offer = Offer {
            property_type: kinds[at] as u16,
            hourly_rate: Some(rates[at]).filter(|rate| rate.is_finite()),
            since: since[at],
        };
        at += 1;
        offer
    };
    Ok(counts.iter().map(|count| (0..*count).map(|_| next()).collect()).collect())
}

pub(super) fn metadata<T>(
    tensors: &Tensors,
    key: &str,
    read: impl FnOnce(&Value) -> Result<T, String>,
) -> Result<T, ArtifactError> {
    let value = json::parse(tensors.metadata(key)?.as_bytes());
    value.and_then(|value| read(&value)).map_err(|reason| refuse(key, &reason))
}

pub(super) fn refuse(key: &str, reason: &str) -> ArtifactError {
    ArtifactError::Metadata { key: key.to_owned(), reason: reason.to_owned() }
}

fn flag_code(flag: Option<bool>) -> u32 {
    flag.map_or(0, |flag| 1 + u32::from(flag))
}

fn flag_of(code: u32) -> Option<bool> {
    (code > 0).then_some(code == 2)
}
