//! Lines as pages write them, into a store and back.

use std::io::{BufRead, Cursor};
use std::path::Path;

use proptest::prelude::*;

use super::*;

const CLEANER: &str = r#"{"schema":1,"id":"e-1","at":1760000000,"type":"cleaner_recommendation","requestId":"r-1","jobId":"job-1","cleanerId":"c-1","clientId":"u-1","score":87.53912353515625,"rank":1,"ruleScore":85.0,"neuralScore":92.1,"interval":[80.5,99.25],"intervalLevel":0.9,"price":63.5,"distanceKm":2.25,"propensity":0.3333333333333333,"mode":"ensemble","model":{"name":"cleaners","version":"1.0.0"},"experiment":"blend","variant":"b","unitId":"u-1","segment":"apartment","breakdown":{"quality":90.0,"location":85.0,"specialisation":null,"pricing":75.0,"availability":100.0,"reliability":null}}"#;
const JOB: &str = r#"{"schema":1,"id":"e-2","at":1760000001,"type":"job_recommendation","requestId":"r-2","jobId":"job-1","cleanerId":"c-1","score":0.1,"rank":1,"mode":"rules","breakdown":{"quality":null,"location":85.0,"specialisation":1.0,"pricing":75.0,"availability":0.0}}"#;
const BID: &str = r#"{"schema":1,"id":"e-3","at":1760000001,"type":"bid_suggestion","requestId":"r-3","jobId":"job-1","cleanerId":"c-1","score":62.0,"rank":1,"mode":"neural","amounts":{"min":50.0,"optimal":55.5,"max":70.0},"inputs":{"clientBudget":70.0,"marketAverage":60.0,"cleanerAverage":null,"winRate":0.4,"bidCount":3,"lowestBid":52.0}}"#;
const FEEDBACK: &str = r#"{"schema":1,"id":"e-4","at":1760000002,"type":"feedback","recommendationId":"e-1","kind":"too_far","comment":"<img src=x onerror=alert(1)> Robert'); DROP TABLE events;-- \u0000\u001b[31m ★"}"#;
const OUTCOME: &str = r#"{"schema":1,"id":"e-5","at":1760000003,"type":"outcome","recommendationId":"e-1","outcome":"rated","value":9.5}"#;
const ALL: [&str; 5] = [CLEANER, JOB, BID, FEEDBACK, OUTCOME];

fn store(folder: &Path) -> EventStore {
    EventStore::open(&folder.join(STORE)).unwrap()
}

fn source(name: &str, text: &str) -> (String, Box<dyn BufRead>) {
    (name.to_owned(), Box::new(Cursor::new(text.as_bytes().to_vec())))
}

fn add(store: &mut EventStore, text: &str) -> Result<Ingested, IngestError> {
    ingest(store, [source("test", text)], false)
}

fn all(store: &EventStore, filter: &Filter) -> Vec<String> {
    store.events(filter).map(|event| event.unwrap().id).collect()
}

/// The line with one piece of it replaced.
fn with(line: &str, old: &str, new: &str) -> String {
    assert!(line.contains(old), "{old}");
    line.replacen(old, new, 1)
}

#[test]
fn every_type_is_read_and_written_without_a_change() {
    for line in ALL {
        let event = Event::parse(line).unwrap();
        assert_eq!(event.to_json(), line);
    }
}

#[test]
fn every_wrong_line_says_which_field_and_why() {
    let cases = [
        (String::new(), "event.json", ""),
        ("[]".into(), "event.json", ""),
        (CLEANER[..CLEANER.len() / 2].into(), "event.json", ""),
        (format!("{CLEANER} {CLEANER}"), "event.json", ""),
        (with(OUTCOME, "\"at\"", "\"id\""), "event.json", ""),
        (with(FEEDBACK, "★", "\\ud800"), "event.json", ""),
        (with(OUTCOME, "\"schema\":1", "\"schema\":2"), "event.schema", "schema"),
        (with(OUTCOME, "\"schema\":1,", ""), "event.missing_field", "schema"),
        (with(OUTCOME, "\"type\":\"outcome\"", "\"type\":\"purchase\""), "event.type", "type"),
        (with(OUTCOME, "\"type\":\"outcome\"", "\"type\":7"), "event.bad_value", "type"),
        (with(OUTCOME, ",\"type\":\"outcome\"", ""), "event.missing_field", "type"),
        (with(OUTCOME, "\"e-5\"", "5"), "event.bad_value", "id"),
        (with(OUTCOME, "\"e-5\"", "\"\""), "event.out_of_range", "id"),
        (with(OUTCOME, "e-5", &"x".repeat(257)), "event.out_of_range", "id"),
        (with(OUTCOME, "1760000003", "1760000003.5"), "event.out_of_range", "at"),
        (with(OUTCOME, "1760000003", "-1"), "event.out_of_range", "at"),
        (with(OUTCOME, "1760000003", "253402300800"), "event.out_of_range", "at"),
        (with(OUTCOME, "\"rated\"", "\"bought\""), "event.bad_value", "outcome"),
        (with(OUTCOME, "9.5", "-1"), "event.out_of_range", "value"),
        (with(OUTCOME, "9.5", "\"9.5\""), "event.bad_value", "value"),
        (with(OUTCOME, ",\"recommendationId\":\"e-1\"", ""), "event.missing_field", "recommendationId"),
        (with(OUTCOME, "\"value\"", "\"valeu\""), "event.unknown_field", "\"valeu\""),
        (with(FEEDBACK, "\"too_far\"", "\"far\""), "event.bad_value", "kind"),
        (with(FEEDBACK, "★", &"★".repeat(4000)), "event.out_of_range", "comment"),
        (with(CLEANER, "87.53912353515625", "201"), "event.out_of_range", "score"),
        (with(CLEANER, "87.53912353515625", "null"), "event.missing_field", "score"),
        (with(CLEANER, "\"rank\":1", "\"rank\":0"), "event.out_of_range", "rank"),
        (with(CLEANER, "\"ensemble\"", "\"magic\""), "event.bad_value", "mode"),
        (with(CLEANER, "0.3333333333333333", "0"), "event.out_of_range", "propensity"),
        (with(CLEANER, "0.3333333333333333", "1.1"), "event.out_of_range", "propensity"),
        (with(CLEANER, "[80.5,99.25]", "[99.25,80.5]"), "event.out_of_range", "interval"),
        (with(CLEANER, "[80.5,99.25]", "[80.5]"), "event.bad_value", "interval"),
        (with(CLEANER, "[80.5,99.25]", "[80.5,null]"), "event.bad_value", "interval"),
        (with(CLEANER, "\"intervalLevel\":0.9", "\"intervalLevel\":90"), "event.out_of_range", "intervalLevel"),
        (with(CLEANER, "\"version\":\"1.0.0\"", "\"version\":1"), "event.bad_value", "model.version"),
        (with(CLEANER, ",\"variant\":\"b\"", ""), "event.missing_field", "variant"),
        (with(CLEANER, "\"quality\":90.0", "\"quality\":900"), "event.out_of_range", "breakdown.quality"),
        (with(CLEANER, "\"quality\":90.0", "\"charm\":9"), "event.unknown_field", "breakdown.\"charm\""),
        (with(JOB, "\"availability\":0.0", "\"reliability\":1"), "event.unknown_field", "breakdown.\"reliability\""),
        (
            with(
                JOB,
                "\"breakdown\":{\"quality\":null,\"location\":85.0,\"specialisation\":1.0,\"pricing\":75.0,\"availability\":0.0}",
                "\"breakdown\":null",
            ),
            "event.missing_field",
            "breakdown",
        ),
        (with(BID, "55.5", "45"), "event.out_of_range", "amounts.optimal"),
        (with(BID, "\"bidCount\":3", "\"bidCount\":-3"), "event.out_of_range", "inputs.bidCount"),
        (with(BID, "\"winRate\":0.4", "\"winRate\":40"), "event.out_of_range", "inputs.winRate"),
    ];
    let mut failed = Vec::new();
    for (line, code, field) in cases {
        let found = Event::parse(&line).map_err(|problems| (problems[0].code, problems[0].field.clone()));
        if found != Err((code, field.to_owned())) {
            failed.push(format!("{found:?} is not {code} {field}: {line:.200}"));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn all_that_is_wrong_with_a_line_is_found() {
    let line = with(&with(CLEANER, "\"rank\":1", "\"rank\":0"), "\"score\"", "\"skore\"");
    let codes: Vec<_> = Event::parse(&line).unwrap_err().into_iter().map(|problem| problem.field).collect();
    assert_eq!(codes, ["score", "rank", "\"skore\""]);
}

#[test]
fn events_are_stored_once_and_read_in_the_order_of_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut events = store(folder.path());
    // Later ones first, with a blank line and the line ends of Windows.
    let text = format!("{OUTCOME}\r\n\n{FEEDBACK}\n{BID}\n{JOB}\n{CLEANER}");
    let first = add(&mut events, &text).unwrap();
    assert_eq!(first.total(), Counts { inserted: 5, known: 0 });
    let again = add(&mut events, &format!("{text}\n{CLEANER}\n")).unwrap();
    assert_eq!(again.total(), Counts { inserted: 0, known: 6 });
    assert_eq!(again.by_kind[&Kind::CleanerRecommendation], Counts { inserted: 0, known: 2 });
    // Two are of the same second: as they were added.
    assert_eq!(all(&events, &Filter::default()), ["e-1", "e-3", "e-2", "e-4", "e-5"]);
    let read: Vec<String> = events.events(&Filter::default()).map(|event| event.unwrap().to_json()).collect();
    assert_eq!(read, [CLEANER, BID, JOB, FEEDBACK, OUTCOME]);
    assert_eq!((events.len().unwrap(), events.unmatched().unwrap()), (5, 0));
}

#[test]
fn events_are_chosen_by_type_experiment_and_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut events = store(folder.path());
    let other = with(&with(OUTCOME, "e-5", "e-6"), "\"recommendationId\":\"e-1\"", "\"recommendationId\":\"e-2\"");
    add(&mut events, &[&ALL[..], &[other.as_str()]].concat().join("\n")).unwrap();
    let chosen = |filter: Filter| all(&events, &filter);
    let kind = Some(Kind::Outcome);
    assert_eq!(chosen(Filter { kind, ..Filter::default() }), ["e-5", "e-6"]);
    let experiment = Some("blend".to_owned());
    assert_eq!(chosen(Filter { experiment: experiment.clone(), ..Filter::default() }), ["e-1", "e-4", "e-5"]);
    assert_eq!(chosen(Filter { experiment, kind, ..Filter::default() }), ["e-5"]);
    assert_eq!(
        chosen(Filter { from: Some(1_760_000_001), until: Some(1_760_000_003), ..Filter::default() }),
        ["e-2", "e-3", "e-4"]
    );
    assert_eq!(chosen(Filter { experiment: Some("none' OR 1=1 --".into()), ..Filter::default() }), [""; 0]);
}

#[test]
fn more_than_a_page_is_read_once_each_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut events = store(folder.path());
    // Seven seconds of 500 events: pages end within a second.
    let lines: Vec<String> = (0..3500)
        .map(|at| {
            with(&with(OUTCOME, "e-5", &format!("id-{at:04}")), "1760000003", &(1_760_000_000 + at / 500).to_string())
        })
        .collect();
    add(&mut events, &lines.join("\n")).unwrap();
    let expected: Vec<String> = (0..3500).map(|at| format!("id-{at:04}")).collect();
    assert_eq!(all(&events, &Filter::default()), expected);
    assert_eq!(events.unmatched().unwrap(), 3500);
}

#[test]
fn one_wrong_line_and_nothing_is_added_or_with_keep_going_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let mut events = store(folder.path());
    let text = format!("{CLEANER}\nnot json\n{}\n{OUTCOME}\n", with(JOB, "\"rank\":1", "\"rank\":1.5"));
    let Err(IngestError::Invalid { ingested }) = add(&mut events, &text) else { panic!("was added") };
    let refused: Vec<String> = ingested.refused.iter().map(ToString::to_string).collect();
    assert_eq!(ingested.lines_refused, 2);
    assert_eq!(refused[0], "test:2: event.json: no JSON: no value (byte 1)");
    assert_eq!(refused[1], "test:3: event.out_of_range: field rank: is 1.5, not a whole number from 1 to 4294967295");
    assert!(events.is_empty().unwrap());
    let ingested = ingest(&mut events, [source("test", &text)], true).unwrap();
    assert_eq!((ingested.total().inserted, ingested.lines_refused), (2, 2));
    assert_eq!(all(&events, &Filter::default()), ["e-1", "e-5"]);
}

#[test]
fn an_id_with_another_content_is_refused_with_both_places() {
    let folder = tempfile::tempdir().unwrap();
    let mut events = store(folder.path());
    ingest(&mut events, [source("monday.jsonl", &format!("{JOB}\n{CLEANER}"))], false).unwrap();
    let changed = with(CLEANER, "\"rank\":1", "\"rank\":2");
    let error = ingest(&mut events, [source("tuesday.jsonl", &format!("{OUTCOME}\n{changed}"))], false);
    let Err(IngestError::Invalid { ingested }) = error else { panic!("was added") };
    let expected = "tuesday.jsonl:2: event.conflict: field rank: event \"e-1\" differs from the one of monday.jsonl:2 with the same id";
    assert_eq!(ingested.refused[0].to_string(), expected);
    assert_eq!(events.len().unwrap(), 2);
    // Within one file, too.
    let Err(IngestError::Invalid { ingested }) = add(&mut events, &format!("{OUTCOME}\n{}", with(OUTCOME, "9.5", "9")))
    else {
        panic!("was added")
    };
    assert!(ingested.refused[0].to_string().contains("test:1"), "{:?}", ingested.refused);
    let mut append = events.append().unwrap();
    let origin = Origin { source: "code".into(), line: 1 };
    let conflict = append.add(&Event::parse(&changed).unwrap(), &origin).unwrap_err();
    assert_eq!(conflict.code(), "events.conflict");
}

#[test]
fn hostile_lines_are_refused_without_being_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut events = store(folder.path());
    let long = with(FEEDBACK, "★", &"a".repeat(2 << 20));
    let text = format!("{long}\n{OUTCOME}\n{}", "[".repeat(200_000));
    let Err(IngestError::Invalid { ingested }) = add(&mut events, &text) else { panic!("was added") };
    let codes: Vec<_> = ingested.refused.iter().map(|refused| (refused.origin.line, refused.problem.code)).collect();
    assert_eq!(codes, [(1, "event.too_long"), (3, "event.json")]);
    let bytes = [&b"\xff\xfe"[..], b"\n"].concat();
    let source: (String, Box<dyn BufRead>) = ("bytes".into(), Box::new(Cursor::new(bytes)));
    let Err(IngestError::Invalid { ingested }) = ingest(&mut events, [source], false) else { panic!("was added") };
    assert_eq!(ingested.refused[0].problem.message, "the line is no UTF-8");
    // What is only odd is stored as it is.
    add(&mut events, FEEDBACK).unwrap();
    let read = events.events(&Filter::default()).next().unwrap().unwrap();
    let EventBody::Feedback { comment: Some(comment), .. } = read.body else { panic!("no comment") };
    assert_eq!(comment, "<img src=x onerror=alert(1)> Robert'); DROP TABLE events;-- \0\u{1b}[31m ★");
}

#[test]
fn only_a_store_of_a_known_version_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(STORE);
    let code = |found: Result<EventStore, StoreError>| found.map(|_| "opened").unwrap_or_else(|error| error.code());
    assert_eq!(code(EventStore::read(&path)), "events.missing");
    std::fs::write(&path, "not a database, but long enough to look like one".repeat(50)).unwrap();
    assert_eq!(code(EventStore::open(&path)), "events.foreign");
    std::fs::remove_file(&path).unwrap();
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (a)").unwrap();
    assert_eq!(code(EventStore::open(&path)), "events.foreign");
    std::fs::remove_file(&path).unwrap();
    drop(EventStore::open(&path).unwrap());
    assert_eq!(code(EventStore::read(&path)), "opened");
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 2).unwrap();
    assert_eq!(code(EventStore::open(&path)), "events.version");
    std::fs::write(&path, "").unwrap();
    assert_eq!(code(EventStore::read(&path)), "events.foreign");
    assert_eq!(code(EventStore::open(&folder.path().join("none/here"))), "events.sqlite");
}

#[test]
fn what_was_not_committed_was_never_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut events = store(folder.path());
    let origin = Origin { source: "code".into(), line: 1 };
    let mut append = events.append().unwrap();
    assert_eq!(append.add(&Event::parse(CLEANER).unwrap(), &origin).unwrap(), Appended::Inserted);
    drop(append);
    assert!(events.is_empty().unwrap());
    let invalid = Event { at: -1, ..Event::parse(CLEANER).unwrap() };
    let mut append = events.append().unwrap();
    assert_eq!(append.add(&invalid, &origin).unwrap_err().code(), "events.invalid");
    append.add(&Event::parse(JOB).unwrap(), &origin).unwrap();
    append.commit().unwrap();
    assert_eq!(all(&store(folder.path()), &Filter::default()), ["e-2"]);
}

fn any_event() -> impl Strategy<Value = Event> {
    let number = || 0.0..100.0f64;
    let served = (
        ("\\PC{1,30}", any::<String>().prop_filter("not empty", |text| !text.is_empty() && text.len() < 200)),
        number(),
        1..1000u32,
        prop::option::of(number()),
        1e-9..=1.0f64,
    );
    (
        any::<u64>(),
        0..=253_402_300_799i64,
        served,
        prop::option::of(any::<String>().prop_filter("bounded", |text| (1..1000).contains(&text.len()))),
        0..3usize,
    )
        .prop_map(|(id, at, ((job_id, cleaner_id), score, rank, price, propensity), comment, kind)| {
            let served = Served {
                request_id: "r".into(),
                job_id,
                cleaner_id,
                client_id: None,
                score,
                rank,
                rule_score: price,
                neural_score: None,
                interval: Some((score / 3.0, score)),
                interval_level: None,
                price,
                distance_km: None,
                propensity: Some(propensity),
                mode: "rules".into(),
                model: None,
                experiment: None,
                variant: None,
                unit_id: None,
                segment: comment.clone().map(|text| text.chars().take(100).collect()),
            };
            let body = match kind {
                0 => EventBody::CleanerRecommendation {
                    served,
                    breakdown: CleanerFit { quality: price, ..CleanerFit::default() },
                },
                1 => EventBody::BidSuggestion {
                    served,
                    amounts: Amounts { min: score / 7.0, optimal: score / 3.0, max: score },
                    inputs: BidInputs::default(),
                },
                _ => EventBody::Feedback { recommendation_id: "x".into(), kind: FeedbackKind::Other, comment },
            };
            Event { schema: SCHEMA, id: format!("{id}"), at, body }
        })
}

proptest! {
    #[test]
    fn what_is_written_is_read_to_the_last_bit(event in any_event()) {
        let line = event.to_json();
        prop_assert!(!line.contains('\n'));
        prop_assert_eq!(Event::parse(&line), Ok(event));
    }

    #[test]
    fn a_damaged_line_never_panics(at in 0..CLEANER.len(), byte in any::<u8>()) {
        let mut bytes = CLEANER.as_bytes().to_vec();
        bytes[at] = byte;
        if let Ok(text) = std::str::from_utf8(&bytes) {
            let _ = Event::parse(text);
        }
    }
}
