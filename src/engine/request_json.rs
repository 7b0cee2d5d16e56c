//! A request from JSON, with the names and the strictness of the `serde` attributes in [`super::request`].

use serde_json::Value;

use super::catalog_json::point;
use super::ranking::Asked;
use super::request::{BidRequest, CandidateSource, Filters, JobRequest, Mode, Request};
use crate::artifact::json::{self, Fields, count, list, text};

impl Request {
    /// Reads a request from JSON, as `serde` would, in a fifth of the code.
    ///
    /// # Errors
    /// Names the field that is unknown, missing, or has a value that it cannot have.
    pub fn from_json(bytes: &[u8]) -> Result<Self, String> {
        let value = json::parse(bytes)?;
        let known =
            ["job", "limit", "mode", "ruleWeight", "priceWeight", "candidates", "clientVector", "filters", "asked"];
        let fields = Fields::of(&value)?.only(&known)?;
        Ok(Self {
            job: job(&fields.object("job")?)?,
            limit: fields.find("limit", count)?,
            mode: fields.find("mode", mode)?.unwrap_or_default(),
            rule_weight: fields.find("ruleWeight", float)?,
            price_weight: fields.find("priceWeight", float)?,
            candidates: fields.find("candidates", candidates)?,
            client_vector: fields.find("clientVector", |row| list(row, float))?,
            filters: filters(&fields)?,
            asked: fields.find("asked", asked)?,
        })
    }
}

fn asked(value: &Value) -> Option<Asked> {
    let fields = Fields::of(value).ok()?.only(&["count", "sum"]).ok()?;
    Some(Asked { count: fields.count("count").ok()?, sum: fields.need("sum", Value::as_i64).ok()? })
}

fn filters(request: &Fields<'_>) -> Result<Filters, String> {
    let Some(value) = request.find("filters", Some)? else { return Ok(Filters::default()) };
    let fields = Fields::of(value)?.only(&["maxDistanceKm"])?;
    Ok(Filters { max_distance_km: fields.find("maxDistanceKm", Value::as_f64)? })
}

fn job(fields: &Fields<'_>) -> Result<JobRequest, String> {
    let fields = fields.only(&[
        "clientId",
        "propertyType",
        "location",
        "sizeM2",
        "durationH",
        "eco",
        "budget",
        "postedAt",
        "scheduledAt",
        "bids",
    ])?;
    Ok(JobRequest {
        client_id: fields.find("clientId", text)?,
        property_type: fields.find("propertyType", text)?,
        location: fields.find("location", point)?,
        size_m2: fields.find("sizeM2", float)?,
        duration_h: fields.find("durationH", float)?,
        eco: fields.find("eco", Value::as_bool)?.unwrap_or_default(),
        budget: fields.find("budget", float)?,
        posted_at: fields.need("postedAt", Value::as_i64)?,
        scheduled_at: fields.find("scheduledAt", Value::as_i64)?,
        bids: fields.find("bids", |bids| list(bids, bid))?.unwrap_or_default(),
    })
}

fn bid(value: &Value) -> Option<BidRequest> {
    let fields = Fields::of(value).ok()?.only(&["cleanerId", "amount"]).ok()?;
    Some(BidRequest { cleaner_id: fields.text("cleanerId").ok()?, amount: fields.find("amount", float).ok()? })
}

fn float(value: &Value) -> Option<f32> {
    value.as_f64().map(|number| number as f32)
}

fn mode(value: &Value) -> Option<Mode> {
    Some(match value.as_str()? {
        "rules" => Mode::Rules,
        "neural" => Mode::Neural,
        "ensemble" => Mode::Ensemble,
        _ => return None,
    })
}

fn candidates(value: &Value) -> Option<CandidateSource> {
    Some(match value.as_str()? {
        "catalog" => CandidateSource::Catalog,
        "bidders" => CandidateSource::Bidders,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_serde() {
        let cases = [
            r#"{"job":{"postedAt":1}}"#,
            r#"{"job":{"postedAt":1,"clientId":null,"eco":true,"bids":[{"cleanerId":"a"},{"cleanerId":"b","amount":3}]},"limit":3}"#,
            r#"{"job":{"postedAt":-5,"location":{"latitude":1,"longitude":2.5},"sizeM2":70,"durationH":2,"budget":0.1,
               "propertyType":"flat","scheduledAt":9},"mode":"rules","ruleWeight":0.3,"priceWeight":0.1,"candidates":"bidders",
               "clientVector":[1,2.5],"filters":{"maxDistanceKm":4}}"#,
            r#"{"job":{"postedAt":1},"limits":3}"#,
            r#"{"job":{"postedAt":1,"sizem2":3}}"#,
            r#"{"job":{"postedAt":1.5}}"#,
            r#"{"job":{}}"#,
            r#"{"job":{"postedAt":1},"limit":-1}"#,
            r#"{"job":{"postedAt":1},"mode":"magic"}"#,
            r#"{"job":{"postedAt":1},"filters":{"km":1}}"#,
            r#"{"job":{"postedAt":1,"bids":[{}]}}"#,
            r#"{"job":{"postedAt":1,"clientId":7}}"#,
            r#"{"job":[]}"#,
            "[]",
            "{",
        ];
        for text in cases {
            let expected: Option<Request> = serde_json::from_str(text).ok();
            assert_eq!(Request::from_json(text.as_bytes()).ok(), expected, "{text}");
        }
    }
}
