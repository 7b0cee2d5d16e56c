//! What `tidyrank import` says about bad input: every kind of problem, and that nothing is written.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use tidyrank::native::datasets::Dataset;

const MAPPING: &str = r#"
[market]
name = "small"
currency = "EUR"
utc_offset_minutes = 120
rating_min = 1
rating_max = 5
centre = "mean of cleaners"

[tables.clients]
file = "clients.csv"
[tables.clients.columns]
client_id = "id"
budget_tier = { column = "tier", map = { rich = "high", poor = "low" } }
joined_at = { column = "since", time = "%d/%m/%Y" }

[tables.cleaners]
file = "cleaners.csv"
missing = ["", "?"]
[tables.cleaners.columns]
cleaner_id = "id"
latitude = "lat"
longitude = "lon"
hourly_rate = { column = "cents", unit = "cents" }
eco = "eco"
joined_at = { value = "2020-01-01 00:00:00" }

[tables.availability]
file = "hours.csv"
[tables.availability.columns]
cleaner_id = "id"
weekday = { column = "day", map = { Mon = 0, Sun = 6 } }
from_hour = "from"
to_hour = "to"

[tables.jobs]
file = "jobs.csv"
[tables.jobs.columns]
job_id = "job"
client_id = "client"
property_type = "kind"
size_m2 = { column = "sqft", unit = "sqft" }
duration_h = { column = "minutes", unit = "minutes" }
posted_at = "posted"
status = "state"
hired_cleaner_id = "who"
completed_at = "done"

[tables.bids]
file = "bids.csv"
join = [{ file = "jobs.csv", on = "job", prefix = "job" }]
[tables.bids.columns]
bid_id = { template = "{job}/{who}" }
job_id = "job"
cleaner_id = "who"
amount = "amount"
placed_at = "job.posted"

[tables.reviews]
file = "jobs.csv"
[tables.reviews.columns]
review_id = "job"
job_id = "job"
cleaner_id = "who"
overall = "stars"
reviewed_at = { synthetic = { start = "2024-03-01 00:00:00", step_minutes = 60 } }
"#;

const FILES: [(&str, &str); 5] = [
    ("clients.csv", "id,tier,since\nu1,rich,31/12/2019\nu2,poor,01/01/2020\n"),
    ("cleaners.csv", "id,lat,lon,cents,eco\nc1,38.0,23.7,1250,yes\nc2,37.0,23.9,?,0\n"),
    (
        "jobs.csv",
        "job,client,kind,sqft,minutes,posted,state,who,done,stars\n\
         j1,u1,flat,1000,90,2024-02-01 10:00:00,completed,c1,2024-02-03 10:00:00,4\n\
         j2,u2,office,2000,120,2024-02-02 10:00:00,completed,c2,2024-02-04 10:00:00,5\n",
    ),
    ("hours.csv", "id,day,from,to\nc1,Mon,8,17\nc1,Sun,10,24\n"),
    ("bids.csv", "job,who,amount\nj1,c1,20\nj1,c2,25\nj2,c2,40.5\n"),
];

/// Writes the files with one of them altered and imports: exit code, standard error, whether anything was written.
fn import(file: &str, from: &str, to: &[u8]) -> (Option<i32>, String, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("csv");
    fs::create_dir(&source).unwrap();
    let all = FILES.into_iter().map(|(name, text)| (source.join(name), name, text));
    for (path, name, text) in all.chain([(dir.path().join("mapping.toml"), "mapping.toml", MAPPING)]) {
        let mut bytes = text.as_bytes().to_vec();
        if name == file {
            let at = text.find(from).unwrap_or_else(|| panic!("{file} has no {from:?}"));
            bytes.splice(at..at + from.len(), to.iter().copied());
        }
        fs::write(path, bytes).unwrap();
    }
    let (code, said) = run(dir.path(), &dir.path().join("out"), &[]);
    (code, said, dir)
}

fn run(dir: &Path, out: &Path, flags: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::cargo_bin("tidyrank").unwrap();
    command.arg("import").arg("--mapping").arg(dir.join("mapping.toml"));
    let output = command.arg("--source").arg(dir.join("csv")).arg("--out").arg(out).args(flags).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn nothing_written(dir: &Path) -> bool {
    fs::read_dir(dir).unwrap().count() == 2
}

#[test]
fn good_files_become_a_data_set_with_units_converted() {
    let (code, said, dir) = import("bids.csv", "", b"");
    assert_eq!(code, Some(0), "{said}");
    let data = Dataset::read(&dir.path().join("out")).unwrap();
    let job = &data.jobs[0];
    // 1 square foot = 0.09290304 square metres.
    assert!((job.spec.size_m2.unwrap() - 92.90304).abs() < 1e-4);
    assert_eq!((job.spec.duration_h, job.rating, job.bids.len()), (Some(1.5), Some(0.75), 2));
    // `date -u -d '2024-02-01 10:00 +0200' +%s`; a bid has its job's moment by the join.
    assert_eq!(
        (job.spec.posted_at, job.spec.scheduled_at, job.bids[0].placed_at),
        (1_706_774_400, 1_706_774_400, 1_706_774_400)
    );
    assert_eq!((data.cleaners[0].hourly_rate, data.cleaners[1].hourly_rate), (Some(12.5), None));
    assert_eq!((data.cleaners[0].eco, data.cleaners[1].eco), (Some(true), Some(false)));
    assert_eq!(data.cleaners[0].hours.unwrap().spans().collect::<Vec<_>>(), [(0, 8, 17), (6, 10, 24)]);
    assert_eq!(data.cleaners[1].hours, None);
    assert_eq!(data.market.property_types, ["flat", "office"]);
    assert_eq!(data.market.centre.map(|centre| centre.latitude), Some(37.5));
    let (code, said) = run(dir.path(), &dir.path().join("out"), &[]);
    assert_eq!((code, said.contains("error[data.exists]")), (Some(1), true), "{said}");
    assert_eq!(run(dir.path(), &dir.path().join("out"), &["--force"]).0, Some(0));
}

#[test]
fn every_problem_is_named_with_its_line_and_column_and_nothing_is_written() {
    // File, what is altered and how; kind; file:line of the problem; column; how many of that kind.
    type Case<'a> = (&'a str, &'a str, &'a [u8], &'a str, &'a str, &'a str, usize);
    let cases: &[Case<'_>] = &[
        ("mapping.toml", "file = \"clients.csv\"", b"file = \"none.csv\"", "missing_file", "none.csv:0", "", 1),
        ("clients.csv", "tier", b"Tier", "missing_column", "clients.csv:1", "tier", 1),
        ("cleaners.csv", "id,lat,lon", b"id,x,y", "missing_column", "cleaners.csv:1", "lat", 2),
        ("bids.csv", "j1,c2,25", b"j1,c2", "bad_line", "bids.csv:3", "", 1),
        ("cleaners.csv", "c2", b"c\xf3", "bad_line", "cleaners.csv:3", "", 1),
        ("clients.csv", "u2,", b",", "missing_value", "clients.csv:3", "id", 1),
        ("jobs.csv", "4\n", b"\n", "missing_value", "jobs.csv:2", "stars", 1),
        ("jobs.csv", ",2024-02-03 10:00:00", b",", "missing_value", "jobs.csv:2", "done", 1),
        ("bids.csv", "40.5", b"forty", "bad_number", "bids.csv:4", "amount", 1),
        ("bids.csv", "20\nj1,c2,25", b"NaN\nj1,c2,inf", "bad_number", "bids.csv:2", "amount", 2),
        ("jobs.csv", "1000", b"-1000", "out_of_range", "jobs.csv:2", "sqft", 1),
        ("cleaners.csv", "1250", b"-1", "out_of_range", "cleaners.csv:2", "cents", 1),
        ("jobs.csv", "4\n", b"6\n", "out_of_range", "jobs.csv:2", "stars", 1),
        ("hours.csv", "24", b"25", "out_of_range", "hours.csv:3", "to", 1),
        ("hours.csv", "17", b"8", "out_of_range", "hours.csv:2", "to", 1),
        ("hours.csv", "17", b"16.5", "bad_number", "hours.csv:2", "to", 1),
        ("cleaners.csv", "yes", b"maybe", "bad_flag", "cleaners.csv:2", "eco", 1),
        ("clients.csv", "31/12/2019", b"31/02/2019", "bad_date", "clients.csv:2", "since", 1),
        ("jobs.csv", "2024-02-02 10:00:00", b"2024-02-02 25:00:00", "bad_date", "jobs.csv:3", "posted", 2),
        ("jobs.csv", "2024-02-03 10:00:00", b"2024-01-03 10:00:00", "date_order", "jobs.csv:2", "done", 1),
        ("cleaners.csv", "38.0", b"91", "bad_position", "cleaners.csv:2", "lat", 1),
        ("cleaners.csv", "23.9", b"", "bad_position", "cleaners.csv:3", "lon", 1),
        ("clients.csv", "poor", b"average", "unknown_value", "clients.csv:3", "tier", 1),
        ("jobs.csv", "completed", b"finished", "unknown_value", "jobs.csv:2", "state", 1),
        ("jobs.csv", "u2", b"u3", "unknown_id", "jobs.csv:3", "client", 1),
        ("bids.csv", "j2,c2", b"j2,c9", "unknown_id", "bids.csv:4", "who", 1),
        ("clients.csv", "u2", b"u1", "duplicate_id", "clients.csv:3", "id", 1),
        ("bids.csv", "j1,c2", b"j1,c1", "duplicate_id", "bids.csv:3", "{job}/{who}", 1),
    ];
    let mut failures = Vec::new();
    for (file, from, to, kind, place, column, count) in cases {
        let (code, said, dir) = import(file, from, to);
        let shown = format!("{place}: import.{kind}: column {column:?}");
        let counted = format!("\n  {count} x import.{kind}: ");
        let named = said.starts_with("error[import.invalid]") && said.contains(&shown) && said.contains(&counted);
        if code != Some(1) || !named || !nothing_written(dir.path()) {
            failures.push(format!("{file} {from:?}: expected {shown} and {counted}: {said}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn many_problems_are_counted_and_twenty_shown() {
    let rows: String = (0..30).map(|at| format!("x{at},rich,nonsense\n")).collect();
    let (code, said, dir) = import("clients.csv", "u1,rich,31/12/2019\n", rows.as_bytes());
    assert_eq!(said.matches("import.bad_date: column").count(), 20, "{said}");
    assert!(said.contains("30 x import.bad_date: ") && said.contains("more\n") && code == Some(1), "{said}");
    assert!(nothing_written(dir.path()));
}

#[test]
fn a_wrong_mapping_is_explained() {
    let cases = [
        ("[market]", "[market", "TOML"),
        ("currency", "curency", "curency"),
        ("[tables.clients]", "[tables.customers]\nfile = \"x\"\ncolumns = {}\n[tables.clients]", "customers"),
        ("client_id = \"id\"", "client = \"id\"", "no column client"),
        ("amount = \"amount\"\nplaced_at = \"job.posted\"", "amount = \"amount\"", "placed_at is missing"),
        ("unit = \"cents\"", "unit = \"pence\"", "pence"),
        ("unit = \"cents\"", "units = \"cents\"", "units"),
        ("{ value = \"2020-01-01 00:00:00\" }", "{ value = \"x\", column = \"id\" }", "exactly one"),
        ("unit = \"cents\"", "scale = inf", "finite"),
        ("centre = \"mean of cleaners\"", "centre = \"nowhere\"", "Centre"),
    ];
    for (from, to, word) in cases {
        let (code, said, dir) = import("mapping.toml", from, to.as_bytes());
        assert_eq!(code, Some(1), "{to}: {said}");
        assert!(said.starts_with("error[import.mapping]") && said.contains(word), "{to}: {said}");
        assert!(nothing_written(dir.path()));
    }
    let dir = tempfile::tempdir().unwrap();
    let (code, said) = run(dir.path(), &dir.path().join("out"), &[]);
    assert_eq!((code, said.contains("error[import.mapping]")), (Some(1), true), "{said}");
}
