//! The catalog as a file: columns, so that it can be large.
//!
//! Statistics are written as counts (u32) and sums (f32); a catalog that was read back is what is served and measured.

use super::catalog::Catalog;
use super::stats_columns::{visit, widths};
use crate::artifact::json::quoted_list;
use crate::artifact::text::{Quoted, text};
use crate::artifact::{ArtifactError, Tensors};
use crate::domain::{Cleaner, GeoPoint, Hours, Offer};
use crate::model::Embeddings;

/// Format name of the file.
pub const CATALOG_FORMAT: &str = "tidyrank.catalog";
/// Its version: since 2 no fraction is written as text.
const CATALOG_VERSION: u32 = 2;
/// A weekday of a cleaner whose hours nobody knows.
const UNKNOWN_DAY: u32 = u32::MAX;

impl Catalog {
    /// The file that [`from_tensors`](Self::from_tensors) reads.
    ///
    /// # Errors
    /// None for a catalog, whose columns are equally long by construction.
    pub fn to_tensors(&self) -> Result<Tensors, ArtifactError> {
        // The embedding rows are a file of their own kind; the catalog adds its columns to it. A cleaner that the model
        // does not know has no row.
        let mut tensors = self.embeddings.to_tensors()?;
        tensors.set_version(CATALOG_FORMAT, CATALOG_VERSION);
        tensors.set_metadata("embedding_ids", tensors.metadata("ids")?.to_owned());
        tensors.set_metadata("ids", quoted_list(self.cleaners.iter().map(|cleaner| &cleaner.id)));
        tensors.set_metadata("names", quoted_list(self.cleaners.iter().map(|cleaner| &cleaner.name)));
        self.put_market(&mut tensors)?;
        self.put_cleaners(&mut tensors)?;
        self.put_rows(&mut tensors)?;
        self.put_offers(&mut tensors)?;
        self.put_hours(&mut tensors)?;
        self.put_stats(&mut tensors)?;
        Ok(tensors)
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

    /// The optional column `hours`, bits by weekday: only a catalog that knows somebody's hours has it.
    fn put_hours(&self, tensors: &mut Tensors) -> Result<(), ArtifactError> {
        if self.cleaners.iter().all(|cleaner| cleaner.hours.is_none()) {
            return Ok(());
        }
        let days = |cleaner: &Cleaner| cleaner.hours.map_or([UNKNOWN_DAY; 7], |hours| hours.days());
        let days: Vec<u32> = self.cleaners.iter().flat_map(days).collect();
        tensors.insert_u32("hours", &[self.cleaners.len(), 7], &days)
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
            visit(&mut stats, &mut |count| counts.push(*count), &mut |sum| sums.push(*sum as f32));
            counts.push(flag_code(stats.badge));
        }
        let (count_width, sum_width) = widths(kinds);
        tensors.insert_u32("stats.counts", &[n, count_width + 1], &counts)?;
        tensors.insert_f32("stats.sums", &[n, sum_width], &sums)
    }

    /// Reads a catalog.
    ///
    /// # Errors
    /// Another format or version, missing columns, columns of another length, ids that come twice, positions off the globe.
    pub fn from_tensors(tensors: &Tensors) -> Result<Self, ArtifactError> {
        tensors.expect_version(CATALOG_FORMAT, CATALOG_VERSION..=CATALOG_VERSION)?;
        let ids = tensors.texts("ids")?;
        let names = tensors.texts("names")?;
        if names.len() != ids.len() {
            return Err(refuse("names", "there are not as many as ids"));
        }
        let cleaners = read_cleaners(tensors, ids, names)?;
        let mut catalog = Self::of_market(tensors, cleaners)?;
        catalog.read_rows(tensors)?;
        catalog.read_stats(tensors)?;
        catalog.embeddings = Embeddings::within(tensors, "embedding_ids")?;
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
        let (n, (count_width, sum_width)) = (self.cleaners.len(), widths(self.market.property_types.len()));
        let counts = tensors.u32("stats.counts", &[n, count_width + 1])?;
        let sums = tensors.f32("stats.sums", &[n, sum_width])?;
        let (mut counts, mut sums) = (counts.into_iter(), sums.into_iter());
        for stats in &mut self.stats {
            visit(stats, &mut |field| *field = counts.next().unwrap_or_default(), &mut |field| {
                *field = f64::from(sums.next().unwrap_or_default())
            });
            stats.badge = flag_of(counts.next().unwrap_or_default());
        }
        self.update_rates();
        Ok(())
    }
}

fn read_cleaners(tensors: &Tensors, ids: Vec<String>, names: Vec<String>) -> Result<Vec<Cleaner>, ArtifactError> {
    let n = ids.len();
    let locations = tensors.f32("location", &[n, 2])?;
    let rates = tensors.f32("hourly_rate", &[n])?;
    let eco = tensors.u32("eco", &[n])?;
    let joined = tensors.i64("joined_at", &[n])?;
    let mut offers = read_offers(tensors, n)?.into_iter();
    let mut hours = read_hours(tensors, n)?.into_iter();
    let mut cleaners = Vec::with_capacity(n);
    for (row, (id, name)) in ids.into_iter().zip(names).enumerate() {
        let (latitude, longitude) = (f64::from(locations[2 * row]), f64::from(locations[2 * row + 1]));
        let location = GeoPoint::new(latitude, longitude);
        if location.is_none() && !latitude.is_nan() {
            return Err(refuse("location", &text!("that of ", Quoted(&id), " is off the globe")));
        }
        cleaners.push(Cleaner {
            id,
            name,
            location,
            hourly_rate: Some(rates[row]).filter(|rate| rate.is_finite()),
            eco: flag_of(eco[row]),
            joined_at: joined[row],
            offers: offers.next().unwrap_or_default(),
            hours: hours.next().flatten(),
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

fn read_hours(tensors: &Tensors, n: usize) -> Result<Vec<Option<Hours>>, ArtifactError> {
    if !tensors.names().any(|name| name == "hours") {
        return Ok(Vec::new());
    }
    let days = tensors.u32("hours", &[n, 7])?;
    let mut hours = Vec::with_capacity(n);
    for days in days.as_chunks::<7>().0 {
        let known = days.iter().any(|day| *day != UNKNOWN_DAY);
        let days =
            known.then(|| Hours::of_days(*days).ok_or_else(|| refuse("hours", "a day has more than 24 of them")));
        hours.push(days.transpose()?);
    }
    Ok(hours)
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
