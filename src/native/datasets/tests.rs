//! Round trips, and every way in which a data set can be wrong.
#![allow(unreachable_pub)] // `table!` makes public structs; here they are seen by nobody.

use std::fs;
use std::path::Path;

use super::rows::*;
use super::*;
use crate::domain::{GeoPoint, Market};

fn market() -> Market {
    Market {
        name: "test".into(),
        centre: GeoPoint::new(38.0, 23.7),
        currency: "EUR".into(),
        utc_offset_minutes: 120,
        rating_min: 0.0,
        rating_max: 10.0,
        property_types: vec!["flat".into(), "office".into()],
        candidates_are_bidders: false,
    }
}

fn client() -> ClientRow {
    ClientRow { client_id: "u1".into(), budget_tier: None, joined_at: 0 }
}

fn cleaner(id: &str) -> CleanerRow {
    CleanerRow {
        cleaner_id: id.into(),
        name: "Eleni".into(),
        latitude: Some(38.01),
        longitude: Some(23.7),
        hourly_rate: Some(12.5),
        eco: None,
        joined_at: 5,
    }
}

fn job(id: &str, posted_at: i64) -> JobRow {
    JobRow {
        job_id: id.into(),
        client_id: Some("u1".into()),
        property_id: None,
        property_type: Some("office".into()),
        latitude: None,
        longitude: None,
        size_m2: Some(80.0),
        duration_h: Some(4.0),
        eco: true,
        budget: None,
        posted_at,
        scheduled_at: posted_at + 200,
        status: "completed".into(),
        hired_cleaner_id: Some("c2".into()),
        accepted_at: Some(posted_at + 100),
        confirmed_at: None,
        completed_at: Some(posted_at + 300),
        cancelled_at: None,
        on_time: Some(true),
        photos: None,
    }
}

fn bid(id: &str, job: &str, cleaner: &str, amount: f64, placed_at: i64) -> BidRow {
    BidRow { bid_id: id.into(), job_id: job.into(), cleaner_id: cleaner.into(), amount: Some(amount), placed_at }
}

fn review(job: &str, cleaner: &str, overall: f64) -> ReviewRow {
    ReviewRow {
        review_id: format!("r-{job}"),
        job_id: Some(job.into()),
        client_id: None,
        cleaner_id: cleaner.into(),
        property_type: Some("office".into()),
        overall,
        quality: Some(7.0),
        communication: None,
        professionalism: None,
        timeliness: None,
        reviewed_at: 5000,
    }
}

/// A small good market; `spoil` may add rows before it is written.
fn write(dir: &Path, spoil: impl FnOnce(&mut DatasetWriter)) -> Result<Written, DataError> {
    let mut data = DatasetWriter::create(dir, true)?;
    data.clients.push(client())?;
    data.cleaners.push(cleaner("c1"))?;
    data.cleaners.push(cleaner("c2"))?;
    data.jobs.push(job("late", 2000))?;
    data.jobs.push(job("early", 1000))?;
    data.bids.push(bid("b1", "early", "c2", 50.0, 1010))?;
    data.bids.push(bid("b2", "early", "c1", 40.0, 1005))?;
    data.bids.push(bid("b3", "early", "c2", 45.0, 1020))?;
    data.reviews.push(review("early", "c2", 8.0))?;
    let (payment_id, job_id, status) = ("p".into(), "early".into(), "paid".into());
    data.payments.push(PaymentRow { payment_id, job_id, amount: 45.0, platform_fee: 5.0, paid_at: 1300, status })?;
    spoil(&mut data);
    data.finish(&market(), None)
}

#[test]
fn what_is_written_is_read_in_dense_form() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("set");
    write(&out, |_| ()).unwrap();
    let data = Dataset::read(&out).unwrap();
    assert_eq!(data.jobs.iter().map(|job| job.id.as_str()).collect::<Vec<_>>(), ["early", "late"]);
    let early = &data.jobs[0];
    assert_eq!((early.hired, early.completed, early.rating, early.client), (Some(1), true, Some(0.8), Some(0)));
    // The later bid of c2 replaced the first one; the list is in order of time.
    assert_eq!(
        early.bids.iter().map(|b| (b.cleaner, b.amount)).collect::<Vec<_>>(),
        [(0, Some(40.0)), (1, Some(45.0))]
    );
    let mut replay = data.history.replay();
    replay.advance_to(10_000);
    let stats = replay.cleaner(1).clone();
    assert_eq!((stats.bids, stats.wins, stats.completed, stats.eco_completed), (2, 2, 2, 2));
    // 45 - 5 from the payment; the other job has neither payment nor bid.
    assert_eq!((stats.earnings, stats.overall.mean(), stats.quality.count), (40.0, Some(f64::from(0.8f32)), 1));
    assert_eq!((data.cleaners[1].hourly_rate, data.cleaner_ids.get("c2")), (Some(12.5), Some(1)));
    assert_eq!(read_truth(&out, &data).unwrap(), None);
}

fn availability(cleaner: &str, weekday: i64, from_hour: i64, to_hour: i64) -> AvailabilityRow {
    AvailabilityRow { cleaner_id: cleaner.into(), weekday, from_hour, to_hour }
}

#[test]
fn hours_are_those_of_all_rows_and_unknown_without_any() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("set");
    let written = write(&out, |data| {
        for (weekday, from, to) in [(0, 8, 12), (0, 11, 17), (6, 0, 24)] {
            data.availability.push(availability("c2", weekday, from, to)).unwrap();
        }
    });
    assert!(written.unwrap().0.contains(&("availability", 3)));
    let data = Dataset::read(&out).unwrap();
    assert_eq!(data.cleaners[0].hours, None);
    assert_eq!(data.cleaners[1].hours.unwrap().spans().collect::<Vec<_>>(), [(0, 8, 17), (6, 0, 24)]);
}

#[test]
fn the_fingerprint_follows_the_tables_and_not_the_truth() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    write(&a, |_| ()).unwrap();
    write(&b, |_| ()).unwrap();
    assert_eq!(fingerprint(&a).unwrap(), fingerprint(&b).unwrap());
    fs::create_dir(b.join("truth")).unwrap();
    fs::write(b.join("truth/jobs.parquet"), b"x").unwrap();
    assert_eq!(fingerprint(&a).unwrap(), fingerprint(&b).unwrap());
    write(&b, |data| data.clients.push(ClientRow { client_id: "u2".into(), ..client() }).unwrap()).unwrap();
    assert_ne!(fingerprint(&a).unwrap(), fingerprint(&b).unwrap());
}

#[test]
fn every_wrong_row_is_named() {
    type Spoil = fn(&mut DatasetWriter);
    let cases: &[(Spoil, &str, &[&str])] = &[
        (|d| d.clients.push(client()).unwrap(), "data.duplicate_id", &["clients.parquet", "row 2", "client_id", "u1"]),
        (|d| d.cleaners.push(cleaner("c1")).unwrap(), "data.duplicate_id", &["cleaners.parquet", "row 3", "c1"]),
        (|d| d.jobs.push(job("early", 3)).unwrap(), "data.duplicate_id", &["jobs.parquet", "row 3", "early"]),
        (|d| d.bids.push(bid("b1", "early", "c1", 1.0, 3)).unwrap(), "data.duplicate_id", &["bids.parquet", "row 4"]),
        (|d| d.reviews.push(review("early", "c2", 8.0)).unwrap(), "data.duplicate_id", &["reviews.parquet", "r-early"]),
        (|d| d.bids.push(bid("b9", "no", "c1", 1.0, 3)).unwrap(), "data.unknown_id", &["job_id", "row 4", "no"]),
        (|d| d.bids.push(bid("b9", "early", "c9", 1.0, 3)).unwrap(), "data.unknown_id", &["cleaner_id", "c9"]),
        (|d| d.availability.push(availability("c9", 0, 8, 9)).unwrap(), "data.unknown_id", &["availability", "c9"]),
        (
            |d| d.availability.push(availability("c1", 7, 8, 9)).unwrap(),
            "data.bad_value",
            &["to_hour", "day 7", "row 1"],
        ),
        (|d| d.availability.push(availability("c1", 0, 9, 9)).unwrap(), "data.bad_value", &["from 9 to 9"]),
        (|d| d.reviews.push(review("late", "c2", 11.0)).unwrap(), "data.bad_value", &["overall", "11", "scale"]),
        (|d| d.bids.push(bid("b9", "early", "c1", -1.0, 3)).unwrap(), "data.bad_value", &["amount", "-1"]),
        (|d| d.bids.push(bid("b9", "early", "c1", f64::NAN, 3)).unwrap(), "data.bad_value", &["amount", "finite"]),
        (
            |d| d.cleaners.push(CleanerRow { latitude: Some(91.0), ..cleaner("c3") }).unwrap(),
            "data.bad_value",
            &["latitude", "91", "globe"],
        ),
        (
            |d| d.cleaners.push(CleanerRow { latitude: None, ..cleaner("c3") }).unwrap(),
            "data.bad_value",
            &["latitude", "half a position"],
        ),
        (
            |d| d.jobs.push(JobRow { status: "done".into(), ..job("x", 1) }).unwrap(),
            "data.bad_value",
            &["status", "done", "cancelled"],
        ),
        (
            |d| d.jobs.push(JobRow { completed_at: None, ..job("x", 1) }).unwrap(),
            "data.bad_value",
            &["completed_at", "row 3"],
        ),
        (
            |d| d.jobs.push(JobRow { status: "failed".into(), ..job("x", 1) }).unwrap(),
            "data.bad_value",
            &["cancelled_at"],
        ),
        (
            |d| d.jobs.push(JobRow { property_type: Some("yacht".into()), ..job("x", 1) }).unwrap(),
            "data.unknown_id",
            &["property_type", "yacht"],
        ),
        (
            |d| d.jobs.push(JobRow { client_id: Some("u9".into()), ..job("x", 1) }).unwrap(),
            "data.unknown_id",
            &["client_id", "u9"],
        ),
    ];
    for (at, (spoil, code, words)) in cases.iter().enumerate() {
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join("set"), *spoil).unwrap();
        let error = Dataset::read(&dir.path().join("set")).unwrap_err();
        assert_eq!(error.code(), *code, "case {at}: {error}");
        words.iter().for_each(|word| assert!(error.to_string().contains(word), "case {at}: {error} lacks {word}"));
    }
}

table::table! {
    /// Not the clients: one column of another type, one missing.
    OtherRow in "clients" {
        /// A number.
        client_id: i64,
        /// As it should be.
        budget_tier: Option<String>,
    }
}

table::table! {
    /// The clients with a moment that may be missing, which it may not be.
    LaxRow in "clients" {
        /// As it should be.
        client_id: String,
        /// As it should be.
        budget_tier: Option<String>,
        /// Should not be optional.
        joined_at: Option<i64>,
    }
}

table::table! {
    /// The clients without their moment.
    ShortRow in "clients" {
        /// As it should be.
        client_id: String,
        /// As it should be.
        budget_tier: Option<String>,
    }
}

fn replace<R: Row>(dir: &Path, row: Option<R>) -> DataError {
    let mut writer = TableWriter::new(table_path::<R>(dir));
    row.into_iter().for_each(|row| writer.push(row).unwrap());
    writer.finish().unwrap();
    Dataset::read(dir).unwrap_err()
}

#[test]
fn every_wrong_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let set = dir.path().join("set");
    write(&set, |_| ()).unwrap();
    let (client_id, budget_tier) = ("u1".to_owned(), None);
    let error = replace(&set, Some(OtherRow { client_id: 1, budget_tier: None }));
    assert_eq!((error.code(), error.to_string().contains("Int64, expected Utf8")), ("data.column_type", true));
    let error = replace(&set, Some(LaxRow { client_id: client_id.clone(), budget_tier, joined_at: None }));
    assert_eq!((error.code(), error.to_string().contains("row 1: column joined_at")), ("data.null", true), "{error}");
    // The columns of an empty table are checked too.
    for row in [None, Some(ShortRow { client_id, budget_tier: None })] {
        let error = replace(&set, row);
        assert_eq!((error.code(), error.to_string().contains("joined_at")), ("data.missing_column", true));
    }
    fs::write(set.join("clients.parquet"), b"PAR1 no").unwrap();
    assert_eq!(Dataset::read(&set).unwrap_err().code(), "data.parquet");
    fs::remove_file(set.join("clients.parquet")).unwrap();
    assert_eq!(Dataset::read(&set).unwrap_err().code(), "data.missing_table");
    fs::write(set.join("market.json"), b"{\"name\":1}").unwrap();
    assert_eq!(Dataset::read(&set).unwrap_err().code(), "data.json");
    fs::remove_file(set.join("market.json")).unwrap();
    assert_eq!(Dataset::read(&set).unwrap_err().code(), "data.io");
}

#[test]
fn a_market_that_cannot_be_is_refused() {
    type Spoil = fn(&mut Market);
    let cases: &[(&str, Spoil)] = &[
        ("rating_max", |m| m.rating_max = 0.0),
        ("property_types", |m| m.property_types.clear()),
        ("property_types", |m| m.property_types.push("flat".into())),
        ("centre", |m| m.centre = Some(GeoPoint { latitude: 99.0, longitude: 0.0 })),
        ("utc_offset_minutes", |m| m.utc_offset_minutes = 5000),
    ];
    for (field, spoil) in cases {
        let dir = tempfile::tempdir().unwrap();
        let mut bad = market();
        spoil(&mut bad);
        let error = DatasetWriter::create(&dir.path().join("x"), false).unwrap().finish(&bad, None).unwrap_err();
        assert_eq!(error.code(), "data.market");
        assert!(error.to_string().contains(field), "{error}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing may be left behind");
    }
}

#[test]
fn a_good_data_set_outlives_a_failed_write() {
    let dir = tempfile::tempdir().unwrap();
    let set = dir.path().join("set");
    write(&set, |_| ()).unwrap();
    let before = fingerprint(&set).unwrap();
    assert_eq!(DatasetWriter::create(&set, false).unwrap_err().code(), "data.exists");
    let mut dropped = DatasetWriter::create(&set, true).unwrap();
    dropped.clients.push(client()).unwrap();
    drop(dropped);
    let bad = Market { rating_max: -1.0, ..market() };
    DatasetWriter::create(&set, true).unwrap().finish(&bad, None).unwrap_err();
    assert_eq!(fingerprint(&set).unwrap(), before);
    fs::write(set.join("notes.txt"), b"mine").unwrap();
    let error = DatasetWriter::create(&set, true).unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("notes.txt")), ("data.foreign_file", true));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no other folder may be left behind");
    assert!(!DatasetWriter::create(Path::new("/.."), true).unwrap_err().hint().is_empty());
    assert_eq!(DatasetWriter::create(Path::new("no/such/.."), false).unwrap_err().code(), "data.output_path");
}

#[test]
fn bytes_do_not_depend_on_when_rows_come_and_groups_are_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let rows = writer::ROW_GROUP + 10;
    let write = |name: &str| {
        let mut table = TableWriter::new(dir.path().join(name));
        (0..rows).for_each(|at| table.push(ClientRow { client_id: at.to_string(), ..client() }).unwrap());
        assert_eq!(table.finish().unwrap(), rows as u64);
        fs::read(dir.path().join(name)).unwrap()
    };
    let (one, other) = (write("clients.parquet"), write("b"));
    assert!(one == other);
    let mut seen = 0;
    assert!(
        read_table(dir.path(), |row, client: ClientRow| {
            seen += 1;
            assert_eq!((row, client.client_id), (seen, (seen - 1).to_string()));
            Ok(())
        })
        .unwrap()
    );
    assert_eq!(seen, rows as u64);
    let file = fs::File::open(dir.path().join("clients.parquet")).unwrap();
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    assert_eq!(reader.metadata().num_row_groups(), 2);
}
