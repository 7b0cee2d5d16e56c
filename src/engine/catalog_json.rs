//! The market and its totals from the JSON in a catalog's header.

use serde_json::Value;

use crate::artifact::json::{Fields, count, list};
use crate::domain::{CleanerStats, GeoPoint, Market, MarketStats, Tally, TypeStats};

/// A position.
pub(super) fn point(value: &Value) -> Option<GeoPoint> {
    let fields = Fields::of(value).ok()?.only(&["latitude", "longitude"]).ok()?;
    Some(GeoPoint { latitude: fields.number("latitude").ok()?, longitude: fields.number("longitude").ok()? })
}

/// What holds for the whole marketplace, as `serde` writes it.
pub(super) fn market(value: &Value) -> Result<Market, String> {
    let fields = Fields::of(value)?;
    Ok(Market {
        name: fields.text("name")?,
        centre: fields.find("centre", point)?,
        currency: fields.text("currency")?,
        utc_offset_minutes: fields.need("utc_offset_minutes", |at| i32::try_from(at.as_i64()?).ok())?,
        rating_min: fields.number("rating_min")? as f32,
        rating_max: fields.number("rating_max")? as f32,
        property_types: fields.texts("property_types")?,
        candidates_are_bidders: fields.need("candidates_are_bidders", Value::as_bool)?,
    })
}

/// What is known of the whole marketplace, as `serde` writes it.
pub(super) fn market_stats(value: &Value) -> Result<MarketStats, String> {
    let fields = Fields::of(value)?;
    Ok(MarketStats {
        total: cleaner_stats(&fields.object("total")?)?,
        hourly: fields.need("hourly", tally)?,
        hourly_by_type: fields.need("hourly_by_type", |tallies| list(tallies, tally))?,
        max_completed: fields.count("max_completed")?,
        max_completed_by_type: fields.need("max_completed_by_type", |counts| list(counts, count))?,
        max_earnings: fields.number("max_earnings")?,
        dated_completions: fields.count("dated_completions")?,
    })
}

fn cleaner_stats(fields: &Fields<'_>) -> Result<CleanerStats, String> {
    let tally_of = |key| fields.need(key, tally);
    Ok(CleanerStats {
        overall: tally_of("overall")?,
        quality: tally_of("quality")?,
        communication: tally_of("communication")?,
        professionalism: tally_of("professionalism")?,
        timeliness: tally_of("timeliness")?,
        completed: fields.count("completed")?,
        cancelled: fields.count("cancelled")?,
        on_time: tally_of("on_time")?,
        photos: tally_of("photos")?,
        bids: fields.count("bids")?,
        wins: fields.count("wins")?,
        price_ratio: tally_of("price_ratio")?,
        earnings: fields.number("earnings")?,
        eco_completed: fields.count("eco_completed")?,
        completed_30d: fields.count("completed_30d")?,
        completed_90d: fields.count("completed_90d")?,
        badge: fields.find("badge", Value::as_bool)?,
        by_type: fields.need("by_type", |kinds| list(kinds, type_stats))?,
    })
}

fn type_stats(value: &Value) -> Option<TypeStats> {
    Some(TypeStats { completed: count(value.get("completed")?)?, rating: tally(value.get("rating")?)? })
}

fn tally(value: &Value) -> Option<Tally> {
    Some(Tally { count: count(value.get("count")?)?, sum: value.get("sum")?.as_f64()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serde_writes_is_read_back() {
        let found = Market {
            name: "m".into(),
            centre: GeoPoint::new(37.5, 23.25),
            currency: "EUR".into(),
            utc_offset_minutes: -90,
            rating_min: 1.0,
            rating_max: 10.0,
            property_types: vec!["flat".into()],
            candidates_are_bidders: true,
        };
        assert_eq!(market(&serde_json::to_value(&found).unwrap()), Ok(found));
        let mut stats = MarketStats::new(2);
        stats.total.overall = Tally { count: 3, sum: 2.5 };
        stats.total.by_type[1] = TypeStats { completed: 4, rating: Tally { count: 1, sum: 0.5 } };
        stats.total.badge = Some(true);
        stats.hourly_by_type[0].add(12.5);
        (stats.max_completed, stats.max_earnings, stats.dated_completions) = (7, 99.5, 5);
        let mut value = serde_json::to_value(&stats).unwrap();
        assert_eq!(market_stats(&value), Ok(stats));
        value["total"].as_object_mut().unwrap().remove("wins");
        assert_eq!(market_stats(&value), Err("missing field `wins`".to_owned()));
    }
}
