//! The two worked examples on their real data. The data are not in the repository: without the folder
//! `$TIDYRANK_DATA` (default `../shared/data`) a test says "not run", and fails if `REQUIRE_DATA=1`.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use tidyrank::domain::GeoPoint;
use tidyrank::native::datasets::Dataset;

fn source(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("TIDYRANK_DATA").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(root).join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    if std::env::var("REQUIRE_DATA").is_ok_and(|value| value == "1") {
        panic!("REQUIRE_DATA=1, but there is no folder {}", folder.display());
    }
    println!("not run: there is no folder {}", folder.display());
    None
}

fn import(example: &str, source: &Path) -> Dataset {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("set");
    let mapping = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/{example}/mapping.toml"));
    let mut command = Command::cargo_bin("tidyrank").unwrap();
    command.args(["import", "--mapping"]).arg(mapping).arg("--source").arg(source).arg("--out").arg(&out);
    command.assert().success();
    Dataset::read(&out).unwrap()
}

#[test]
fn listings_become_a_market() {
    let Some(source) = source("taskrabbit-brooklyn") else { return };
    let data = import("taskrabbit", &source);
    // By `csv.DictReader` in Python: 6,994 rows, 629 taskers, 50 pairs of category and scan, 8 rows without a rate.
    assert_eq!((data.cleaners.len(), data.jobs.len(), data.client_ids.len()), (629, 50, 0));
    assert_eq!(data.jobs.iter().map(|job| job.bids.len()).sum::<usize>(), 6994);
    assert_eq!(data.jobs.iter().flat_map(|job| &job.bids).filter(|bid| bid.amount.is_none()).count(), 8);
    assert_eq!(data.market.property_types.len(), 6);
    assert!(data.market.candidates_are_bidders && data.market.centre.is_none());
    // tb9959936af, first row of the file: 1,989 reviews of 5.0 in electrical help, at 92.91 dollars.
    let job = data.jobs.iter().find(|job| job.id == "electrical_help@2025-08-23 15:31:25").unwrap();
    let tasker = data.cleaner_ids.get("tb9959936af").unwrap();
    assert_eq!(job.bid_of(tasker), Some(92.91));
    // `date -u -d '2025-08-23 15:31:25 -0400' +%s`.
    assert_eq!(job.spec.posted_at, 1_755_977_485);
    let mut replay = data.history.replay();
    replay.advance_to(job.spec.posted_at);
    let stats = replay.cleaner(tasker).in_type(job.spec.property_type);
    assert_eq!((stats.completed, stats.rating.count, stats.rating.mean()), (1989, 1989, Some(1.0)));
    // In every category the scan's own bidders offer it by then.
    for job in &data.jobs {
        let offered = |cleaner: u32| data.cleaners[cleaner as usize].offers(job.spec.property_type, job.spec.posted_at);
        assert!(job.bids.iter().all(|bid| offered(bid.cleaner)), "{}", job.id);
    }
}

#[test]
fn restaurants_become_a_market() {
    let Some(source) = source("uci-restaurant-consumer") else { return };
    let data = import("uci-restaurants", &source);
    assert_eq!((data.cleaners.len(), data.jobs.len(), data.client_ids.len()), (130, 1161, 138));
    let mut replay = data.history.replay();
    replay.advance_to(i64::MAX);
    // The file has 254 ratings of 0, 421 of 1 and 486 of 2: the mean is 1393 / 1161 / 2.
    let total = &replay.market().total;
    assert_eq!((total.completed, total.overall.count, total.quality.count), (1161, 1161, 1161));
    assert!((total.overall.mean().unwrap() - 1393.0 / 1161.0 / 2.0).abs() < 1e-6);
    let job = data.jobs.iter().find(|job| job.id == "U1077-135038").unwrap();
    assert_eq!((job.completed, job.rating, job.hired), (true, Some(1.0), data.cleaner_ids.get("135038")));
    assert!(job.spec.location.is_some_and(|place| GeoPoint::is_valid(&place)));
    // Latin-1: the name has an accent, and its bytes are no UTF-8 in the file.
    assert!(data.cleaners.iter().any(|cleaner| cleaner.name == "El Rincón de San Francisco"));
    let mut times: Vec<_> = data.jobs.iter().map(|job| job.spec.posted_at).collect();
    times.dedup();
    assert_eq!(times.len(), 1161);
}
