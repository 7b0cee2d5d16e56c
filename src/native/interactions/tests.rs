//! What readers take and what they refuse.

use std::path::PathBuf;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use arrow_array::{ArrayRef, Float32Array, Int32Array, Int64Array, RecordBatch, StringArray};

use super::*;
use crate::domain::{BidRecord, JobRecord, JobSpec, Vocabulary};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn parquet(&self, columns: Vec<(&str, ArrayRef)>) -> PathBuf {
        let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        self.file("r.parquet", bytes)
    }
}

fn rows(found: &Interactions) -> Vec<(String, String, f32, i64)> {
    let id = |ids: &Vocabulary, at| ids.id(at).unwrap().to_owned();
    found.rows.iter().map(|row| (id(&found.users, row.user), id(&found.items, row.item), row.value, row.at)).collect()
}

fn expected() -> Vec<(String, String, f32, i64)> {
    let row = |user: &str, item: &str, value, at| (user.to_owned(), item.to_owned(), value, at);
    vec![row("7", "b", 3.5, 10), row("7", "a", 5.0, 11), row("2", "b", 1.0, 9), row("7", "b", 2.0, 12)]
}

#[test]
fn the_same_ratings_are_read_from_every_kind_of_file() {
    let folder = Folder::new();
    let ids = |ids: [&str; 4]| Arc::new(StringArray::from(ids.to_vec())) as ArrayRef;
    let parquet = folder.parquet(vec![
        ("user", Arc::new(Int32Array::from(vec![7, 7, 2, 7]))),
        ("item", ids(["b", "a", "b", "b"])),
        ("rating", Arc::new(Float32Array::from(vec![3.5, 5.0, 1.0, 2.0]))),
        ("timestamp", Arc::new(Int64Array::from(vec![10, 11, 9, 12]))),
    ]);
    let files = [
        folder.file("u.data", "7\tb\t3.5\t10\n7\ta\t5\t11\n2\tb\t1\t9\n7\tb\t2\t12\n"),
        folder.file(
            "r.csv",
            "\u{feff}timestamp,item,other,user,rating\r\n10, b ,x,7,3.5\r\n11,a,,7,5\r\n9,b,,2,1\r\n12,b,,7,2\r\n",
        ),
        folder.file("r.tsv", "user\titem\trating\ttimestamp\n7\tb\t3.5\t10\n7\ta\t5\t11\n2\tb\t1\t9\n7\tb\t2\t12"),
        parquet,
    ];
    for path in files {
        let found = read(&path, &Source::default()).unwrap();
        assert_eq!(rows(&found), expected(), "{path:?}");
        assert_eq!((found.scale, found.timed), (Scale { low: 1.0, high: 5.0 }, true), "{path:?}");
    }
    let named = folder.file("n.csv", "userId,movieId,stars\n1,x,4\n");
    let columns =
        Columns { user: "userId".into(), item: "movieId".into(), rating: "stars".into(), ..Columns::default() };
    let scale = Some(Scale { low: 0.5, high: 5.0 });
    let found = read(&named, &Source { columns, scale }).unwrap();
    assert_eq!((found.rows.len(), found.timed, Some(found.scale)), (1, false, scale));
    let three = folder.file("three", "1\tx\t4\n");
    assert!(!read(&three, &Source::default()).unwrap().timed);
}

#[test]
fn a_wrong_file_is_refused_with_its_line_and_column() {
    let folder = Folder::new();
    let scale = Some(Scale { low: 1.0, high: 5.0 });
    let source = Source { scale, ..Source::default() };
    let timed = Source { columns: Columns { time_required: true, ..Columns::default() }, scale };
    let head = "user,item,rating,timestamp\n";
    let cases: Vec<(&str, String, &Source, &str, &str)> = vec![
        ("a.data", String::new(), &source, "interactions.empty", "a.data"),
        ("a.csv", head.to_owned(), &source, "interactions.empty", "a.csv"),
        (
            "a.csv",
            "user,item,stars\n1,2,3\n".into(),
            &source,
            "interactions.missing_column",
            "\"rating\" is missing; there are: user, item, stars",
        ),
        ("a.csv", "user,item,rating\n1,2,3\n".into(), &timed, "interactions.missing_column", "\"timestamp\""),
        (
            "a.csv",
            format!("{head}1,2,3,4\n1,3,good,4\n"),
            &source,
            "interactions.not_a_number",
            "line 3: column \"rating\" is \"good\"",
        ),
        (
            "a.csv",
            format!("{head}1,2,3,noon\n"),
            &source,
            "interactions.not_a_number",
            "line 2: column \"time\" is \"noon\"",
        ),
        ("a.csv", format!("{head}1,2,,4\n"), &source, "interactions.not_a_number", "line 2: column \"rating\" is \"\""),
        ("a.csv", format!("{head}1,2,NaN,4\n"), &source, "interactions.not_finite", "line 2: the rating is NaN"),
        ("a.csv", format!("{head}1,2,inf,4\n"), &source, "interactions.not_finite", "line 2: the rating is inf"),
        (
            "a.csv",
            format!("{head}1,2,6,4\n"),
            &source,
            "interactions.out_of_range",
            "line 2: the rating is 6, expected 1 to 5",
        ),
        ("a.csv", format!("{head},2,3,4\n"), &source, "interactions.empty_id", "line 2: column \"user\""),
        ("a.csv", format!("{head}1,2,3\n"), &source, "interactions.fields", "line 2: 3 fields, expected 4"),
        ("a.data", "1\t2\t3\t4\n1\t3\n".into(), &source, "interactions.fields", "line 2: 2 fields, expected 4"),
        ("a.data", "1,2,3,4\n".into(), &source, "interactions.fields", "line 1: 1 fields, expected 4"),
        (
            "a.data",
            "1\t2\t3\t4\n5\t2\t3\t4\n1\t2\t4\t4\n".into(),
            &source,
            "interactions.duplicate",
            "line 3: user \"1\" rates item \"2\" twice at the same time; first in",
        ),
    ];
    for (name, text, source, code, part) in cases {
        let error = read(&folder.file(name, &text), source).unwrap_err();
        assert_eq!(error.code(), code, "{text:?}: {error}");
        assert!(error.to_string().contains(part) && error.to_string().contains(name), "{text:?}: {error}");
        assert!(!error.hint().is_empty());
    }
    let latin = folder.file("latin.csv", b"user,item,rating\n1,\xe9,3\n");
    assert_eq!(read(&latin, &source).unwrap_err().code(), "interactions.read");
    assert_eq!(read(&folder.0.path().join("none"), &source).unwrap_err().code(), "interactions.read");
}

#[test]
fn wrong_parquet_is_refused_too() {
    let folder = Folder::new();
    let text = |values: Vec<Option<&str>>| Arc::new(StringArray::from(values)) as ArrayRef;
    let whole = |value: Option<i64>| Arc::new(Int64Array::from(vec![value])) as ArrayRef;
    let one = || whole(Some(1));
    let real = |value: f32| Arc::new(Float32Array::from(vec![value])) as ArrayRef;
    let columns =
        |user, item, rating, time| vec![("user", user), ("item", item), ("rating", rating), ("timestamp", time)];
    let cases = [
        (columns(one(), one(), text(vec![Some("5")]), one()), "interactions.column_type", "\"rating\" is Utf8"),
        (columns(real(1.0), one(), one(), one()), "interactions.column_type", "\"user\" is Float32"),
        (columns(one(), whole(None), one(), one()), "interactions.null", "line 1: column \"item\" is null"),
        (columns(one(), text(vec![Some("")]), one(), one()), "interactions.empty_id", "line 1: column \"item\""),
        (columns(one(), one(), real(f32::NAN), one()), "interactions.not_finite", "line 1"),
        (columns(one(), one(), one(), real(1.5)), "interactions.not_a_number", "line 1: column \"time\" is \"1.5\""),
        (vec![("user", one()), ("item", one())], "interactions.missing_column", "\"rating\" is missing"),
    ];
    for (columns, code, part) in cases {
        let error = read(&folder.parquet(columns), &Source::default()).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
    let none = Arc::new(Int64Array::from(Vec::<i64>::new())) as ArrayRef;
    let empty = folder.parquet(columns(none.clone(), none.clone(), none.clone(), none));
    assert_eq!(read(&empty, &Source::default()).unwrap_err().code(), "interactions.empty");
    let damaged = folder.file("d.parquet", "PAR1 and no more");
    assert_eq!(read(&damaged, &Source::default()).unwrap_err().code(), "interactions.parquet");
}

#[test]
fn two_files_are_two_parts_and_may_not_share_a_rating() {
    let folder = Folder::new();
    let train = folder.file("train", "1\ta\t3\t5\n2\tb\t4\t6\n");
    let (found, split) = read_files(&train, &folder.file("test", "1\tc\t5\t9\n"), &Source::default()).unwrap();
    assert_eq!((found.users.len(), found.items.len(), found.rows.len()), (2, 3, 3));
    assert_eq!((split.train, split.validation, split.test), (vec![0, 1], vec![], vec![2]));
    let error = read_files(&train, &folder.file("leak", "3\tc\t5\t9\n2\tb\t4\t6\n"), &Source::default()).unwrap_err();
    assert_eq!(error.code(), "interactions.duplicate");
    let text = error.to_string();
    assert!(text.contains("leak: line 2") && text.contains("train: line 2"), "{text}");
    let error = read_files(&train, &folder.file("none", ""), &Source::default()).unwrap_err();
    assert!(error.code() == "interactions.empty" && error.to_string().contains("none"), "{error}");
}

#[test]
fn categories_are_read_for_items_and_belong_to_rows() {
    let folder = Folder::new();
    let ratings = folder.file("r", "1\t3\t3\t5\n1\t1\t4\t6\n1\t9\t4\t7\n");
    let ratings = read(&ratings, &Source::default()).unwrap();
    let line = |id: u32, name: &[u8], flags: &str| {
        [format!("{id}|").as_bytes(), name, b"|01-Jan-1995||http://x|", flags.as_bytes(), b"\n"].concat()
    };
    // Latin-1, as the original is.
    let first = line(1, b"Caf\xe9 (1995)", "0|1|0|0|0|1|0|0|0|0|0|0|0|0|0|0|0|0|0");
    let second = line(3, b"B", "1|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0");
    let items = ItemCategories::read(&folder.file("u.item", [first.clone(), second].concat())).unwrap();
    let found = items.of_rows(&ratings);
    assert_eq!(found.of_rows, [vec![0], vec![1, 5], vec![]]);
    assert_eq!((found.names.len(), found.names[1].as_str(), found.names[5].as_str()), (19, "Action", "Comedy"));
    let csv = folder.file("i.csv", "item,categories\n1,red|blue|red\n3,blue\n9,\n");
    let found = ItemCategories::read(&csv).unwrap().of_rows(&ratings);
    assert_eq!((found.names, found.of_rows), (vec!["red".into(), "blue".into()], vec![vec![1], vec![0, 1], vec![]]));
    let wrong = [
        ("u.item", "1|a|b\n".as_bytes().to_vec(), "interactions.fields", "line 1: 3 fields, expected 24"),
        ("u.item", [first.clone(), first].concat(), "interactions.duplicate_item", "line 2: item \"1\""),
        ("u.item", Vec::new(), "interactions.empty", "u.item"),
        ("i.csv", b"item,kind\n1,2\n".to_vec(), "interactions.missing_column", "\"categories\""),
        ("i.csv", b"item,categories\n,2\n".to_vec(), "interactions.empty_id", "line 2"),
        ("i.csv", b"item,categories\n1,\xff\n".to_vec(), "interactions.read", "i.csv"),
    ];
    for (name, bytes, code, part) in wrong {
        let error = ItemCategories::read(&folder.file(name, bytes)).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn the_rated_jobs_of_a_market_are_ratings() {
    let job = |client, hired, rating, at| JobRecord {
        id: String::new(),
        client,
        spec: JobSpec { property_type: (at == 4).then_some(1), posted_at: at, ..JobSpec::default() },
        bids: vec![BidRecord { cleaner: 0, amount: None, placed_at: at }],
        hired,
        completed: true,
        rating,
    };
    let jobs = [
        job(Some(0), Some(1), Some(0.5), 3),
        job(None, Some(1), Some(0.5), 4),
        job(Some(1), None, Some(0.5), 4),
        job(Some(1), Some(0), None, 4),
        job(Some(1), Some(0), Some(1.0), 4),
    ];
    let ids = |ids: &[&str]| Vocabulary::from_ids(ids.iter().copied()).unwrap();
    let (found, categories) =
        of_jobs(&jobs, &ids(&["c", "d"]), &ids(&["x", "y", "z"]), &["flat".into(), "villa".into()]);
    let row = |user, item, value, at| Interaction { user, item, value, at };
    assert_eq!(found.rows, [row(0, 1, 0.5, 3), row(1, 0, 1.0, 4)]);
    assert_eq!((rated_jobs(&jobs), found.items.len()), (vec![0, 4], 3));
    assert_eq!((categories.of_rows, found.scale), (vec![vec![], vec![1]], Scale { low: 0.0, high: 1.0 }));
}
