//! A catalog of a million cleaners in tiles: what a job loads, and that its ranking is that of the whole catalog.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use tempfile::TempDir;
use tidyrank::artifact::{FileEntry, Tensors};
use tidyrank::domain::{Cleaner, DAY, Event, EventKind, GeoPoint, History, Hours, Market, Offer};
use tidyrank::engine::{
    BidQuestion, BidSource, CandidateScore, Catalog, CleanerRef, Engine, Filters, JobFilters, JobPosting, JobRequest,
    JobsRequest, Mode, Precision, Ranking, Request, Tile, TileIndex,
};
use tidyrank::model::Embeddings;
use tidyrank::native::model_dir::ModelDir;
use tidyrank::native::tiles;

const NOW: i64 = 1_700_000_000;
const DIM: usize = 64;
/// Kilometres of a degree of latitude.
const DEGREE_KM: f64 = 111.195;

/// Numbers from a counter (SplitMix64, G. Steele et al., OOPSLA 2014): row n is the same whatever was drawn before.
struct Draw(u64);

impl Draw {
    fn of(what: u64, row: usize) -> Self {
        Self((what << 40) ^ (row as u64).wrapping_mul(0xd134_2543_de82_ef95))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.unit()).ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }
}

/// A country of 8 by 9 degrees with 400 towns, the n-th of 3.5 million / n^0.9 people, and a quarter of all between them.
struct Country {
    towns: Vec<(GeoPoint, f64)>,
    /// People of the towns up to each.
    people: Vec<f64>,
}

impl Country {
    fn new() -> Self {
        let place = |rank: usize| {
            let mut draw = Draw::of(1, rank);
            GeoPoint { latitude: draw.between(47.5, 55.0), longitude: draw.between(6.0, 15.0) }
        };
        let size = |rank: usize| 3.5e6 / ((rank + 1) as f64).powf(0.9);
        // As many people to the square kilometre in every town.
        let towns = (0..400).map(|rank| (place(rank), 0.0038 * size(rank).sqrt())).collect();
        let mut sum = 0.0;
        let people = (0..400).map(|rank| {
            sum += size(rank);
            sum
        });
        Self { towns, people: people.collect() }
    }

    fn place(&self, draw: &mut Draw) -> GeoPoint {
        if draw.unit() < 0.25 {
            return GeoPoint { latitude: draw.between(47.5, 55.0), longitude: draw.between(6.0, 15.0) };
        }
        let lot = draw.unit() * self.people[self.people.len() - 1];
        let (centre, km) = self.towns[self.people.partition_point(|sum| *sum < lot)];
        let (north, east) = (draw.normal() * km / DEGREE_KM, draw.normal() * km / DEGREE_KM);
        let across = centre.latitude.to_radians().cos();
        GeoPoint { latitude: centre.latitude + north, longitude: centre.longitude + east / across }
    }
}

fn market() -> Market {
    Market {
        name: "country".into(),
        centre: GeoPoint::new(51.0, 10.5),
        currency: "EUR".into(),
        utc_offset_minutes: 60,
        rating_min: 1.0,
        rating_max: 10.0,
        property_types: ["apartment", "house", "office", "short_term_rental"].map(String::from).to_vec(),
        candidates_are_bidders: false,
    }
}

fn cleaner(country: &Country, row: usize) -> Cleaner {
    let mut draw = Draw::of(2, row);
    let offers = if draw.unit() < 0.8 { vec![] } else { vec![Offer { property_type: 0, hourly_rate: None, since: 0 }] };
    let mut hours = Hours::default();
    hours.add(row as i64 % 7, 8, 9 + row as i64 % 10);
    let hours = (!row.is_multiple_of(3)).then_some(hours);
    Cleaner {
        id: format!("cleaner-{row:07}"),
        name: format!("Cleaner {row}"),
        // One in two thousand gives no position.
        location: (draw.unit() > 0.0005).then(|| country.place(&mut draw)),
        hourly_rate: (draw.unit() > 0.1).then(|| draw.between(10.0, 35.0) as f32),
        eco: [None, Some(true), Some(false)][draw.below(3)],
        joined_at: NOW - draw.below(900) as i64 * DAY,
        offers,
        hours,
    }
}

fn events(row: usize) -> Vec<Event> {
    let mut draw = Draw::of(3, row);
    let property_type = Some(draw.below(4) as u16);
    let at = NOW - 1 - draw.below(400) as i64 * DAY;
    let event = |kind| Event { at, cleaner: row as u32, kind };
    let mut events =
        vec![event(EventKind::Bid { property_type, amount: draw.between(20.0, 90.0) as f32, duration_h: Some(3.0) })];
    if draw.unit() < 0.7 {
        let overall = draw.unit() as f32;
        let (quality, communication, professionalism, timeliness) =
            (Some(overall), None, None, Some(draw.unit() as f32));
        let (on_time, photos, earned) = (Some(draw.unit() < 0.8), None, 40.0);
        events.push(event(EventKind::Won));
        events.push(event(EventKind::Completed { property_type, eco: false, on_time, photos, earned }));
        events.push(event(EventKind::Review {
            property_type,
            overall,
            quality,
            communication,
            professionalism,
            timeliness,
        }));
    }
    events
}

/// Four in five cleaners have a vector.
fn embeddings(cleaners: usize) -> Embeddings {
    let known: Vec<usize> = (0..cleaners).filter(|row| row % 5 != 0).collect();
    let ids: Vec<String> = known.iter().map(|row| format!("cleaner-{row:07}")).collect();
    let vector = |row: &usize| {
        let mut draw = Draw::of(4, *row);
        (0..DIM).map(move |_| draw.between(-0.3, 0.3) as f32)
    };
    let mut table = vec![0.0; DIM];
    table.par_extend(known.par_iter().flat_map_iter(vector));
    let mut tensors = Tensors::new();
    tensors.set_metadata("items", serde_json::Value::from(ids).to_string());
    tensors.insert_f32("table", &[known.len() + 1, DIM], &table).unwrap();
    Embeddings::from_state(&tensors, "items", "table").unwrap()
}

/// The file of a catalog of so many cleaners.
fn catalog_file(country: &Country, cleaners: usize) -> Vec<u8> {
    let history = History::new((0..cleaners).into_par_iter().flat_map_iter(events).collect(), cleaners, 4);
    let mut replay = history.replay();
    replay.advance_to(NOW);
    let people = (0..cleaners).into_par_iter().map(|row| cleaner(country, row)).collect();
    let mut catalog = Catalog::new(market(), people).unwrap();
    catalog.refresh(&mut replay, 0..cleaners as u32);
    catalog.set_embeddings(embeddings(cleaners));
    catalog.to_tensors().unwrap().to_bytes()
}

/// The released model with another catalog.
struct Released {
    folder: ModelDir,
}

impl Released {
    fn new() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/cleaners/1.0.0");
        Self { folder: ModelDir::open(&path).unwrap() }
    }

    fn with_catalog(&self, bytes: Vec<u8>) -> Engine {
        let mut manifest = self.folder.manifest.clone();
        manifest.set_file(FileEntry::of("catalog", "catalog.safetensors", &bytes));
        let mut catalog = Some(bytes);
        let file = |role: &str| if role == "catalog" { catalog.take() } else { self.folder.read(role).ok() };
        ranks_by_model(Engine::load(&manifest.to_bytes(), file, Precision::Int8).unwrap())
    }

    fn in_tiles(&self, index: &TileIndex, out: &Path) -> Engine {
        tiles::release(Some(&self.folder), self.folder.manifest.clone(), index, out).unwrap();
        let served = ModelDir::open(out).unwrap();
        assert!(served.manifest.file("catalog").is_none() && served.manifest.file("model.fp32").is_none());
        ranks_by_model(
            Engine::load(&served.manifest.to_bytes(), |role| served.read(role).ok(), Precision::Int8).unwrap(),
        )
    }
}

fn ranks_by_model(engine: Engine) -> Engine {
    assert!(engine.model().is_some() && engine.warnings().is_empty(), "{:?}", engine.warnings());
    engine
}

/// A page that loads the tiles of a job before it ranks, and counts the bytes.
struct Page<'a> {
    engine: Engine,
    folder: &'a Path,
}

impl Page<'_> {
    fn index_bytes(&self) -> u64 {
        ModelDir::open(self.folder).unwrap().manifest.file("tiles").unwrap().size
    }

    /// Loads what the request needs, and drops what it does not; the bytes of what it needs come back.
    fn turn_to(&mut self, request: &Request) -> u64 {
        let index = self.engine.tile_index().unwrap();
        let near: Vec<Tile> =
            index.near(request.job.location, request.filters.max_distance_km).into_iter().cloned().collect();
        let there: Vec<String> = self.engine.tiles().map(str::to_owned).collect();
        for key in there.iter().filter(|key| near.iter().all(|tile| tile.sha256 != **key)) {
            self.engine.remove_tile(key);
        }
        for tile in &near {
            self.engine.add_tile(&tile.sha256, &std::fs::read(self.folder.join(tile.path())).unwrap()).unwrap();
        }
        near.iter().map(|tile| u64::from(tile.bytes)).sum()
    }
}

/// Asserts that both engines give the same ranking, with the same numbers to the bit; it comes back.
fn same_ranking(page: &Engine, whole: &Engine, request: &Request) -> Ranking {
    let (found, expected) = (page.recommend(request).unwrap(), whole.recommend(request).unwrap());
    assert_eq!(found.items, expected.items, "{request:?}");
    assert_eq!(found.meta.scored, expected.meta.scored, "{request:?}");
    expected
}

fn request(location: Option<GeoPoint>, km: Option<f64>, at: usize) -> Request {
    let mut draw = Draw::of(6, at);
    Request {
        job: JobRequest {
            client_id: Some(format!("client-{:05}", draw.below(500))),
            property_type: Some(market().property_types[draw.below(4)].clone()),
            location,
            size_m2: Some(draw.between(30.0, 200.0) as f32),
            duration_h: Some(draw.between(1.0, 8.0) as f32),
            budget: (draw.unit() < 0.5).then(|| draw.between(30.0, 200.0) as f32),
            posted_at: NOW,
            ..JobRequest::default()
        },
        limit: Some(25),
        mode: [Mode::Ensemble, Mode::Neural, Mode::Ensemble, Mode::Rules][at % 4],
        filters: Filters { max_distance_km: km, ..Filters::default() },
        ..Request::default()
    }
}

/// Every candidate's scores by row, as bits.
fn all_scores(engine: &Engine, request: &Request) -> Vec<[u64; 4]> {
    let mut scores = Vec::new();
    let each = |c: CandidateScore| {
        let bits = [c.score, c.rules, c.neural, c.price].map(|x| u64::from(x.to_bits()));
        scores.push([u64::from(c.row), bits[0] << 32 | bits[1], bits[2] << 32 | bits[3], c.distance_km.to_bits()]);
    };
    engine.score_each(request, each).unwrap();
    scores.sort_unstable();
    scores
}

/// Where jobs are: where people live, and on corners and edges of the tiles' cells.
fn places(country: &Country, index: &TileIndex) -> Vec<GeoPoint> {
    let mut places: Vec<GeoPoint> = (0..30).map(|at| country.place(&mut Draw::of(5, at))).collect();
    let crowded: Vec<&Tile> = index.tiles().iter().filter(|tile| tile.cell != 0 && tile.cleaners > 500).collect();
    for at in 0..8 {
        let tile = crowded[Draw::of(7, at).below(crowded.len())];
        let corners = h3o::CellIndex::try_from(tile.cell).unwrap().boundary();
        let (a, b) = (corners[at % corners.len()], corners[(at + 1) % corners.len()]);
        places.push(GeoPoint { latitude: a.lat(), longitude: a.lng() });
        places.push(GeoPoint { latitude: (a.lat() + b.lat()) / 2.0, longitude: (a.lng() + b.lng()) / 2.0 });
    }
    places
}

#[test]
fn a_job_loads_few_tiles_of_a_million_cleaners_and_ranks_as_over_all() {
    let country = Country::new();
    let released = Released::new();
    let bytes = catalog_file(&country, 1_000_000);
    let catalog_bytes = bytes.len() as u64;
    let whole = released.with_catalog(bytes);
    let folder = tempfile::tempdir().unwrap();
    let index = tiles::cut(whole.catalog(), 5, folder.path(), &|_| ()).unwrap();
    assert_eq!(index.tiles().iter().map(|tile| tile.cleaners).sum::<u32>(), 1_000_000);
    let mut page = Page { engine: released.in_tiles(&index, folder.path()), folder: folder.path() };
    let index_bytes = page.index_bytes();
    println!("catalog: {catalog_bytes} bytes; {} tiles, index {index_bytes} bytes", index.tiles().len());
    let mut loads: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    for (at, place) in places(&country, &index).into_iter().enumerate() {
        let km = [10, 10, 2, 10, 25][at % 5];
        let job = request(Some(place), Some(f64::from(km)), at);
        loads.entry(km).or_default().push(index_bytes + page.turn_to(&job));
        assert!(all_scores(&page.engine, &job) == all_scores(&whole, &job), "{job:?}");
        let ranking = same_ranking(&page.engine, &whole, &job);
        // A limit that exactly lets somebody in.
        let Some(tight) = ranking.items.get(3).and_then(|item| item.distance_km) else { continue };
        let job = Request { filters: Filters { max_distance_km: Some(tight), ..Filters::default() }, ..job };
        page.turn_to(&job);
        let ranking = same_ranking(&page.engine, &whole, &job);
        assert!(ranking.items.iter().any(|item| item.distance_km == Some(tight)), "{job:?}");
    }
    for (km, mut loads) in loads {
        loads.sort_unstable();
        let share = |at: usize| 100.0 * loads[at] as f64 / catalog_bytes as f64;
        let (median, most) = (loads.len() / 2, loads.len() - 1);
        println!(
            "a job within {km} km loads: median {} bytes ({:.2} %), most {} bytes ({:.2} %)",
            loads[median],
            share(median),
            loads[most],
            share(most)
        );
        assert!(share(median) < 5.0 && share(most) < 15.0);
    }
}

/// Jobs of a place for a cleaner: where it is, and around.
fn postings(place: GeoPoint, at: usize) -> Vec<JobPosting> {
    let posting = |number: usize| {
        let east = (number as f64 - 6.0) / 40.0;
        let location = GeoPoint { latitude: place.latitude, longitude: place.longitude + east };
        let job = request(Some(location), None, 31 * at + number).job;
        let client_jobs = (!number.is_multiple_of(3)).then_some(number as u32);
        JobPosting {
            job_id: format!("job {number}"),
            job,
            client_jobs,
            client_completed: client_jobs.map(|jobs| jobs / 2),
        }
    };
    (0..12).map(posting).collect()
}

#[test]
fn bids_explanations_and_jobs_are_those_of_the_whole_catalog() {
    let country = Country::new();
    let released = Released::new();
    let whole = released.with_catalog(catalog_file(&country, 60_000));
    let folder = tempfile::tempdir().unwrap();
    let index = tiles::cut(whole.catalog(), 5, folder.path(), &|_| ()).unwrap();
    let mut page = Page { engine: released.in_tiles(&index, folder.path()), folder: folder.path() };
    let (mut asked, mut priced, mut changed) = (0, 0, 0);
    for at in 0..12 {
        let place = country.place(&mut Draw::of(8, at));
        let job = Request { mode: Mode::Ensemble, ..request(Some(place), Some(20.0), at) };
        page.turn_to(&job);
        let here = page.engine.catalog().cleaners().len();
        assert!(0 < here && here < 60_000, "{here}");
        let ranking = same_ranking(&page.engine, &whole, &job);
        for item in ranking.items.iter().step_by(6) {
            let cleaner = || CleanerRef::Known(item.cleaner_id.clone());
            let bid =
                BidQuestion { job: job.job.clone(), cleaner: cleaner(), prices: vec![], fee: Some(0.1), at: None };
            let suggested = page.engine.suggest_bid(&bid);
            assert_eq!(suggested, whole.suggest_bid(&bid), "{bid:?}");
            priced += usize::from(suggested.is_ok_and(|found| found.source == BidSource::Model));
            let explained = page.engine.explain(&job, &item.cleaner_id, true).unwrap().expect("a candidate");
            assert_eq!(explained.item.rank, item.rank);
            changed += explained.counterfactuals.len();
            assert_eq!(Some(explained), whole.explain(&job, &item.cleaner_id, true).unwrap(), "{job:?}");
            for mode in [Mode::Ensemble, Mode::Neural] {
                let wanted = JobsRequest {
                    cleaner: cleaner(),
                    jobs: postings(place, at),
                    limit: None,
                    mode,
                    rule_weight: Some(0.4),
                    filters: JobFilters { max_distance_km: Some(15.0), ..JobFilters::default() },
                    level: None,
                };
                let found = page.engine.recommend_jobs(&wanted).unwrap();
                assert_eq!(found, whole.recommend_jobs(&wanted).unwrap(), "{wanted:?}");
                assert!(found.meta.model.is_some());
            }
            asked += 1;
        }
        // Of somebody whose tile is not here nothing is made up.
        let there = |cleaner: &&Cleaner| page.engine.catalog().cleaners().iter().all(|here| here.id != cleaner.id);
        let absent = whole.catalog().cleaners().iter().find(there).unwrap().id.clone();
        let bid = BidQuestion {
            cleaner: CleanerRef::Known(absent.clone()),
            job: job.job.clone(),
            prices: vec![],
            fee: None,
            at: None,
        };
        assert_eq!(page.engine.suggest_bid(&bid).unwrap_err().code(), "request.unknown_cleaner");
        assert_eq!(page.engine.explain(&job, &absent, true).unwrap_err().code(), "request.unknown_cleaner");
    }
    assert!(asked > 20 && priced > 20 && changed > 20, "{asked} {priced} {changed}");
}

/// Cleaners across the antimeridian, around a pole, and nowhere.
fn far_away(cleaners: usize) -> Vec<Cleaner> {
    let place = |row: usize, draw: &mut Draw| match row % 4 {
        0 => GeoPoint::new(draw.between(-17.0, -16.0), [-180.0, 179.0][draw.below(2)] + draw.unit()),
        1 => GeoPoint::new(draw.between(88.0, 90.0), draw.between(-180.0, 180.0)),
        2 => GeoPoint::new(draw.between(-90.0, -89.0), draw.between(-180.0, 180.0)),
        _ => None,
    };
    let of = |row: usize| {
        let mut draw = Draw::of(8, row);
        Cleaner { location: place(row, &mut draw), ..cleaner(&Country::new(), row) }
    };
    (0..cleaners).map(of).collect()
}

#[test]
fn tiles_hold_at_the_ends_of_the_map_and_where_nothing_is_known() {
    let mut catalog = Catalog::new(market(), far_away(800)).unwrap();
    catalog.set_embeddings(embeddings(800));
    let released = Released::new();
    let whole = released.with_catalog(catalog.to_tensors().unwrap().to_bytes());
    let folder = tempfile::tempdir().unwrap();
    let index = tiles::cut(whole.catalog(), 3, folder.path(), &|_| ()).unwrap();
    let mut page = Page { engine: released.in_tiles(&index, folder.path()), folder: folder.path() };
    let all: u64 = index.tiles().iter().map(|tile| u64::from(tile.bytes)).sum();
    let points = [(-16.5, 180.0), (-16.5, -180.0), (-16.2, 179.9), (90.0, 0.0), (-90.0, 77.0), (89.9, -179.9)];
    let mut places: Vec<_> = points.map(|(latitude, longitude)| GeoPoint::new(latitude, longitude)).to_vec();
    places.push(None);
    for (at, place) in places.into_iter().enumerate() {
        for km in [Some(0.0), Some(30.0), Some(150.0), Some(20_100.0), None] {
            let job = request(place, km, at);
            let bytes = page.turn_to(&job);
            let known = place.zip(km).filter(|(_, km)| *km < 200.0);
            assert_eq!(bytes < all, known.is_some(), "{place:?} {km:?}");
            same_ranking(&page.engine, &whole, &job);
            assert!(all_scores(&page.engine, &job) == all_scores(&whole, &job), "{job:?}");
        }
    }
}

/// A place with a catalog file and a copy of the released model whose catalog it is.
struct Shop(TempDir);

impl Shop {
    fn new() -> Self {
        let shop = Self(tempfile::tempdir().unwrap());
        std::fs::write(shop.path("catalog.safetensors"), catalog_file(&Country::new(), 3000)).unwrap();
        shop
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, arguments: &str, threads: &str) -> (Option<i32>, String, String) {
        let mut command = assert_cmd::Command::cargo_bin("tidyrank").unwrap();
        command.current_dir(self.0.path()).env("RAYON_NUM_THREADS", threads).args(arguments.split_whitespace());
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    fn json(&self, arguments: &str, threads: &str) -> serde_json::Value {
        let (code, out, error) = self.run(&format!("{arguments} --format json"), threads);
        assert_eq!(code, Some(0), "{arguments}: {error}");
        serde_json::from_str(&out).unwrap()
    }

    fn fails(&self, arguments: &str, code: &str) {
        let (status, _, error) = self.run(arguments, "1");
        assert_eq!(status, Some(1), "{arguments}: {error}");
        assert!(error.contains(&format!("error[{code}]")) && error.contains("help:"), "{arguments}: {error}");
    }

    fn names(&self, folder: &str) -> Vec<(String, Vec<u8>)> {
        let entries = std::fs::read_dir(self.path(folder)).unwrap().map(|entry| entry.unwrap());
        let mut names: Vec<_> = entries
            .filter(|entry| entry.path().is_file())
            .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
            .collect();
        names.sort();
        names
    }
}

#[test]
fn the_command_cuts_and_inspects_and_says_what_is_wrong() {
    let shop = Shop::new();
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/models/cleaners/1.0.0");
    for threads in ["1", "2"] {
        let build = format!("catalog build --model {model} --catalog catalog.safetensors --tile-resolution 4");
        let report = shop.json(&format!("{build} --out out{threads}"), threads);
        assert_eq!(report["cleaners"], 3000);
        assert_eq!(report["built"]["catalog_bytes"], shop.path("catalog.safetensors").metadata().unwrap().len());
    }
    assert!(shop.names("out1") == shop.names("out2") && shop.names("out1/tiles") == shop.names("out2/tiles"));
    let names: Vec<String> = shop.names("out1").into_iter().map(|(name, _)| name).collect();
    let served = ["bids", "clients", "conformal", "foldin"].map(|role| format!("{role}.safetensors"));
    let others = ["manifest.json", "model.q8.safetensors", "tiles.safetensors"].map(str::to_owned);
    assert_eq!(names, [&served[..], &others].concat());
    let report = shop.json("catalog inspect out1", "2");
    let tiles = shop.names("out1/tiles");
    assert_eq!((report["resolution"].as_u64(), report["tiles"].as_u64()), (Some(4), Some(tiles.len() as u64)));
    assert_eq!(report["tile_bytes"].as_u64(), Some(tiles.iter().map(|(_, bytes)| bytes.len() as u64).sum()));
    let (_, table, _) = shop.run("catalog inspect out1", "1");
    assert!(table.contains("cleaners of a tile") && table.contains("H3 resolution"), "{table}");

    // A second build leaves the tiles of the first for open pages, until they are pruned.
    shop.json("catalog build --catalog catalog.safetensors --tile-resolution 2 --out out2", "2");
    assert!(shop.names("out2/tiles").len() > tiles.len());
    let coarse = shop.json("catalog build --catalog catalog.safetensors --tile-resolution 2 --out out2 --prune", "2");
    // Tiles of the same cleaners are the same file: at least that of the cleaners without a position.
    let pruned = coarse["built"]["pruned"].as_u64().unwrap();
    assert!((1..5).contains(&(tiles.len() as u64 - pruned)), "{coarse}");
    assert_eq!(Some(shop.names("out2/tiles").len() as u64), coarse["tiles"].as_u64());
    shop.json("catalog build --catalog catalog.safetensors --tile-resolution 2", "2");
    assert_eq!(shop.names("tiled/tiles"), shop.names("out2/tiles"));

    let build = "catalog build --catalog catalog.safetensors --tile-resolution";
    shop.fails(&format!("{build} 16 --out x"), "tiles.resolution");
    shop.fails("catalog build --catalog none --tile-resolution 4", "file.read");
    shop.fails("catalog build --model none --tile-resolution 4", "file.read");
    shop.fails("catalog build --model out1 --tile-resolution 4", "model.role");
    shop.fails("catalog build --catalog out1/tiles.safetensors --tile-resolution 4", "artifact.format");
    shop.fails("catalog build --catalog out1/manifest.json --tile-resolution 4", "artifact.truncated");
    shop.fails(&format!("{build} 4 --model out1 --out out1"), "tiles.output");
    let mut homeless = far_away(8);
    homeless.iter_mut().for_each(|cleaner| cleaner.location = None);
    let homeless = Catalog::new(market(), homeless).unwrap().to_tensors().unwrap().to_bytes();
    std::fs::write(shop.path("homeless"), homeless).unwrap();
    shop.fails("catalog build --catalog homeless --tile-resolution 4", "tiles.no_positions");
    assert!(!shop.path("x").exists());
    shop.fails("catalog inspect none", "file.read");
    shop.fails(&format!("catalog inspect {model}"), "model.role");
    assert_eq!(shop.run("generate --out data --jobs 20 --cleaners 10 --clients 5", "1").0, Some(0));
    shop.fails("score --all-pairs --data data --model out1", "model.tiles");
    let tile = shop.path("out1/tiles").join(&tiles[0].0);
    std::fs::write(&tile, &tiles[0].1[1..]).unwrap();
    shop.fails("catalog inspect out1", "artifact.checksum");
    std::fs::remove_file(&tile).unwrap();
    shop.fails("catalog inspect out1", "file.read");
    assert_eq!(shop.run("catalog build --tile-resolution 4", "1").0, Some(2));
}
