//! The market and what is known of it in the header and the tensors of a file.

use super::catalog::Catalog;
use super::catalog_file::refuse;
use super::stats_columns::{market_widths, visit_market};
use crate::artifact::json::{Reader, quoted, quoted_list};
use crate::artifact::text::{Quoted, text};
use crate::artifact::{ArtifactError, Tensors};
use crate::domain::{Cleaner, GeoPoint, Market, MarketStats};

/// What the metadata tell of the market; its numbers are in tensors.
const FIELDS: [&str; 5] = ["name", "currency", "utc_offset_minutes", "property_types", "candidates_are_bidders"];

impl Catalog {
    /// Puts in the market, what is known of it, and the moment of that.
    ///
    /// # Errors
    /// None for a catalog.
    pub(super) fn put_market(&self, tensors: &mut Tensors) -> Result<(), ArtifactError> {
        let Market { name, centre, currency, utc_offset_minutes, rating_min, rating_max, .. } = &self.market;
        let market = format!(
            "{{\"name\":{},\"currency\":{},\"utc_offset_minutes\":{utc_offset_minutes},\"property_types\":{},\
             \"candidates_are_bidders\":{}}}",
            quoted(name),
            quoted(currency),
            quoted_list(&self.market.property_types),
            self.market.candidates_are_bidders
        );
        tensors.set_metadata("market", market);
        let centre = centre.map_or([f64::NAN; 2], |centre| [centre.latitude, centre.longitude]);
        tensors.insert_f64("market.centre", &[2], &centre)?;
        tensors.insert_f32("market.rating", &[2], &[*rating_min, *rating_max])?;
        tensors.insert_i64("market.as_of", &[1], &[self.as_of])?;
        let kinds = self.market.property_types.len();
        let mut stats = self.market_stats.clone();
        stats.total.by_type.resize_with(kinds, Default::default);
        stats.hourly_by_type.resize_with(kinds, Default::default);
        stats.max_completed_by_type.resize(kinds, 0);
        let (mut counts, mut sums) = (Vec::new(), Vec::new());
        visit_market(&mut stats, &mut |count| counts.push(*count), &mut |sum| sums.push(*sum));
        tensors.insert_u32("market.counts", &[counts.len()], &counts)?;
        tensors.insert_f64("market.sums", &[sums.len()], &sums)
    }

    /// These cleaners in the market of a file.
    ///
    /// # Errors
    /// A market that is missing or cannot be read, ids that come twice.
    pub(super) fn of_market(tensors: &Tensors, cleaners: Vec<Cleaner>) -> Result<Self, ArtifactError> {
        let market = read_market(tensors)?;
        let kinds = market.property_types.len();
        let mut catalog =
            Self::new(market, cleaners).map_err(|id| refuse("ids", &text!(Quoted(&id), " comes twice")))?;
        catalog.as_of = tensors.i64("market.as_of", &[1])?[0];
        let (counts, sums) = market_widths(kinds);
        let (counts, sums) = (tensors.u32("market.counts", &[counts])?, tensors.f64("market.sums", &[sums])?);
        let (mut counts, mut sums) = (counts.into_iter(), sums.into_iter());
        catalog.market_stats = MarketStats::new(kinds);
        visit_market(
            &mut catalog.market_stats,
            &mut |field| *field = counts.next().unwrap_or_default(),
            &mut |field| *field = sums.next().unwrap_or_default(),
        );
        Ok(catalog)
    }
}

fn read_market(tensors: &Tensors) -> Result<Market, ArtifactError> {
    let centre = tensors.f64("market.centre", &[2])?;
    let rating = tensors.f32("market.rating", &[2])?;
    let centre = GeoPoint { latitude: centre[0], longitude: centre[1] };
    tensors.json("market", "market", |json| {
        let mut market = Market {
            name: String::new(),
            centre: Some(centre).filter(|centre| !centre.latitude.is_nan()),
            currency: String::new(),
            utc_offset_minutes: 0,
            rating_min: rating[0],
            rating_max: rating[1],
            property_types: Vec::new(),
            candidates_are_bidders: false,
        };
        let mut missing = FIELDS.to_vec();
        json.object(&mut |json, field| {
            missing.remove(missing.iter().position(|missing| *missing == field)?);
            read_field(&mut market, json, &field)
        })?;
        missing.is_empty().then_some(market)
    })
}

fn read_field(market: &mut Market, json: &mut Reader<'_>, field: &str) -> Option<()> {
    match field {
        "name" => market.name = json.text()?,
        "currency" => market.currency = json.text()?,
        "utc_offset_minutes" => market.utc_offset_minutes = i32::try_from(json.integer()?).ok()?,
        "property_types" => market.property_types = json.texts()?,
        "candidates_are_bidders" => market.candidates_are_bidders = json.flag()?,
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Tally, TypeStats};

    fn market() -> Market {
        Market {
            name: "m \"1\"".into(),
            centre: GeoPoint::new(37.512_345_678_9, 23.25),
            currency: "EUR".into(),
            utc_offset_minutes: -90,
            rating_min: 1.0,
            rating_max: 10.1,
            property_types: vec!["flat".into(), "é".into()],
            candidates_are_bidders: true,
        }
    }

    fn stats() -> MarketStats {
        let mut stats = MarketStats::new(2);
        stats.total.overall = Tally { count: 3, sum: 0.1 };
        stats.total.by_type[1] = TypeStats { completed: 4, rating: Tally { count: 1, sum: 0.5 } };
        stats.hourly_by_type[0].add(12.3);
        (stats.max_completed, stats.max_earnings, stats.dated_completions) = (7, 99.9, 5);
        stats
    }

    fn written() -> Tensors {
        let mut catalog = Catalog::new(market(), Vec::new()).unwrap();
        (catalog.market_stats, catalog.as_of) = (stats(), -5);
        let mut tensors = Tensors::new();
        catalog.put_market(&mut tensors).unwrap();
        tensors
    }

    #[test]
    fn what_is_written_is_read_back() {
        let back = Catalog::of_market(&written(), Vec::new()).unwrap();
        assert_eq!((back.market(), back.market_stats(), back.as_of()), (&market(), &stats(), -5));
        let mut bare = written();
        bare.insert_f64("market.centre", &[2], &[f64::NAN; 2]).unwrap();
        assert_eq!(Catalog::of_market(&bare, Vec::new()).unwrap().market().centre, None);
    }

    #[test]
    fn damaged_markets_are_refused() {
        let text = written().metadata("market").unwrap().to_owned();
        for (from, to) in [
            ("\"name\":\"m \\\"1\\\"\",", ""),
            ("\"currency\"", "\"name\""),
            ("-90", "99999999999"),
            ("-90", "1.5"),
            ("true", "1"),
            ("true}", "true,\"later\":1}"),
            ("{", ""),
        ] {
            assert!(text.contains(from), "{from} is not in {text}");
            let mut tensors = written();
            tensors.set_metadata("market", text.replacen(from, to, 1));
            let error = Catalog::of_market(&tensors, Vec::new()).unwrap_err();
            assert_eq!(error.code(), "artifact.metadata", "{from} -> {to}: {error}");
        }
        let mut short = written();
        short.insert_u32("market.counts", &[1], &[1]).unwrap();
        assert_eq!(Catalog::of_market(&short, Vec::new()).unwrap_err().code(), "artifact.shape");
    }
}
