//! `tidyrank catalog`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use super::output::{Output, table};
use super::{CliError, Context, Format, progress};
use crate::artifact::{FORMAT_VERSION, Manifest, OLDEST_READABLE, Tensors};
use crate::engine::{Catalog, Tile, TileIndex};
use crate::features::schema_hash;
use crate::native::files;
use crate::native::model_dir::{ModelDir, ModelDirError};
use crate::native::tiles::{self, TilesError};

/// The role of the catalog in a manifest.
const CATALOG: &str = "catalog";
/// The folder of the tiles where none is named: in that of the catalog.
const DEFAULT_OUT: &str = "tiled";
/// Distances in kilometres for which `inspect` tells what a job loads.
const DISTANCES: [f64; 3] = [5.0, 10.0, 25.0];
/// At most that many places are tried for it.
const PLACES: usize = 512;

const BUILD_HELP: &str = "Examples:
  tidyrank catalog build --model models/cleaners/1.0.0 --tile-resolution 6 --out public/market
  tidyrank catalog build --catalog catalog.safetensors --tile-resolution 5

A cell has about 12,393 km² at resolution 3, 1,770 at 4, 253 at 5, 36 at 6, 5 at 7 and 0.7 at 8. Finer tiles load fewer
cleaners that are too far away, and a larger index (60 bytes a tile, loaded by every page).

The folder is served as it is: a page loads manifest.json, the model, tiles.safetensors (the index), and then the tiles in
tiles/ that can have a cleaner within the distance that is asked for. Tiles are named by their content, so that a server
may let them be cached for ever.";

/// Flags of `tidyrank catalog`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Cut a catalog into tiles, so that a page loads only those near a job
    Build(Build),
    /// Show what is in a folder of tiles, and check its files
    Inspect(Inspect),
}

#[derive(Debug, clap::Args)]
#[command(after_help = BUILD_HELP)]
struct Build {
    /// Folder of the model
    #[arg(long, value_name = "DIR", required_unless_present = "catalog")]
    model: Option<PathBuf>,
    /// Catalog file, in place of the model's; without --model the pages rank by rules
    #[arg(long, value_name = "FILE")]
    catalog: Option<PathBuf>,
    /// Resolution of the H3 cells, 0 to 15
    #[arg(long, value_name = "R")]
    tile_resolution: u8,
    /// Folder to write into [default: `tiled` in the catalog's folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Remove the tiles of earlier builds, which pages that are open now may still ask for
    #[arg(long)]
    prune: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  tidyrank catalog inspect public/market\n  \
    tidyrank catalog inspect public/market --format json")]
struct Inspect {
    /// Folder that `tidyrank catalog build` wrote
    folder: PathBuf,
}

/// What is in a folder of tiles.
#[derive(Debug, Serialize)]
struct Report {
    folder: PathBuf,
    resolution: u8,
    tiles: usize,
    cleaners: u64,
    /// Cleaners without a position; every page loads them.
    without_position: u32,
    index_bytes: u64,
    tile_bytes: u64,
    per_tile: PerTile,
    /// What a job loads, by the distance asked for.
    loads: Vec<Load>,
    #[serde(skip_serializing_if = "Option::is_none")]
    built: Option<Built>,
}

#[derive(Debug, Serialize)]
struct PerTile {
    cleaners: Spread<u64>,
    bytes: Spread<u64>,
    radius_km: Spread<f64>,
}

/// The bytes of the tiles for a job in the middle of a tile, over tiles drawn by their cleaners.
#[derive(Debug, Serialize)]
struct Load {
    max_distance_km: f64,
    tiles: Spread<u64>,
    bytes: Spread<u64>,
}

#[derive(Debug, Serialize)]
struct Built {
    /// Bytes of the catalog that was cut.
    catalog_bytes: u64,
    pruned: usize,
    seconds: f64,
}

/// The least, the middle and the most.
#[derive(Debug, Default, Serialize)]
struct Spread<T> {
    min: T,
    median: T,
    max: T,
}

/// Runs the command.
pub(super) fn run(args: Args, context: &Context) -> Result<(), CliError> {
    match args.command {
        Command::Build(args) => build(&args, context),
        Command::Inspect(args) => inspect(&args, context),
    }
}

fn build(args: &Build, context: &Context) -> Result<(), CliError> {
    let began = Instant::now();
    let model = args.model.as_deref().map(ModelDir::open).transpose()?;
    let (path, bytes) = source(args, model.as_ref())?;
    let out = output_folder(args, &path)?;
    let catalog_bytes = bytes.len() as u64;
    let catalog = Tensors::from_bytes(&bytes).and_then(|tensors| {
        drop(bytes);
        Catalog::from_tensors(&tensors)
    });
    let catalog = catalog.map_err(|source| TilesError::Artifact { path, source })?;
    let bar = progress::bar(context, catalog.cleaners().len() as u64, "cleaners");
    let index = tiles::cut(&catalog, args.tile_resolution, &out, &|cleaners| bar.inc(cleaners as u64))?;
    bar.finish_and_clear();
    let manifest = model.as_ref().map_or_else(|| rules_manifest(&catalog), |model| model.manifest.clone());
    tiles::release(model.as_ref(), manifest, &index, &out)?;
    let pruned = if args.prune { tiles::prune(&index, &out)? } else { 0 };
    let mut report = report(&ModelDir::open(&out)?, &index);
    report.built = Some(Built { catalog_bytes, pruned, seconds: began.elapsed().as_secs_f64() });
    show(&report, context)
}

fn inspect(args: &Inspect, context: &Context) -> Result<(), CliError> {
    let folder = ModelDir::open(&args.folder)?;
    let bar = progress::bar(context, 0, "tiles checked");
    let index = tiles::check(&folder, &|| bar.inc(1))?;
    bar.finish_and_clear();
    show(&report(&folder, &index), context)
}

/// The file of the catalog to cut, and its bytes.
fn source(args: &Build, model: Option<&ModelDir>) -> Result<(PathBuf, Vec<u8>), CliError> {
    if let Some(path) = &args.catalog {
        return Ok((path.clone(), files::read(path)?));
    }
    // Without --catalog there is a model: clap sees to it.
    let (model, entry) = model.and_then(|model| Some((model, model.manifest.file(CATALOG)?))).ok_or_else(|| {
        ModelDirError::Role { path: args.model.clone().unwrap_or_default(), role: CATALOG.to_owned() }
    })?;
    Ok((model.path().join(&entry.path), model.read(CATALOG)?))
}

/// The folder to write into: not that of the model, whose manifest would lose its catalog.
fn output_folder(args: &Build, catalog: &Path) -> Result<PathBuf, TilesError> {
    let out = args.out.clone().unwrap_or_else(|| catalog.with_file_name(DEFAULT_OUT));
    let same = |folder: &Path| match (folder.canonicalize(), out.canonicalize()) {
        (Ok(folder), Ok(out)) => folder == out,
        _ => false,
    };
    if args.model.as_deref().is_some_and(same) {
        return Err(TilesError::Output { path: out });
    }
    Ok(out)
}

/// The manifest of a catalog without a model.
fn rules_manifest(catalog: &Catalog) -> Manifest {
    Manifest {
        format_version: FORMAT_VERSION,
        oldest_readable: OLDEST_READABLE,
        name: catalog.market().name.clone(),
        version: "0.0.0".to_owned(),
        created_by: format!("tidyrank {}", env!("CARGO_PKG_VERSION")),
        model_kind: "rules".to_owned(),
        schema_hash: schema_hash(),
        seed: 0,
        data_fingerprint: String::new(),
        rule_weight: 1.0,
        price_weight: 0.0,
        jobs_rule_weight: None,
        metrics: BTreeMap::new(),
        files: Vec::new(),
    }
}

fn report(folder: &ModelDir, index: &TileIndex) -> Report {
    let tiles = index.tiles();
    let placed: Vec<&Tile> = tiles.iter().filter(|tile| tile.radius_km.is_finite()).collect();
    let of = |value: fn(&Tile) -> u64| spread(placed.iter().map(|tile| value(tile)).collect());
    Report {
        folder: folder.path().to_owned(),
        resolution: index.resolution(),
        tiles: tiles.len(),
        cleaners: tiles.iter().map(|tile| u64::from(tile.cleaners)).sum(),
        without_position: tiles.iter().filter(|tile| tile.radius_km.is_infinite()).map(|tile| tile.cleaners).sum(),
        index_bytes: folder.manifest.file(tiles::INDEX_ROLE).map_or(0, |file| file.size),
        tile_bytes: tiles.iter().map(|tile| u64::from(tile.bytes)).sum(),
        per_tile: PerTile {
            cleaners: of(|tile| u64::from(tile.cleaners)),
            bytes: of(|tile| u64::from(tile.bytes)),
            radius_km: spread(placed.iter().map(|tile| f64::from(tile.radius_km)).collect()),
        },
        loads: DISTANCES.into_iter().map(|km| load(index, &placed, km)).collect(),
        built: None,
    }
}

/// What jobs load that are where the cleaners are: the middle of every tile that has the next of evenly spaced cleaners.
fn load(index: &TileIndex, placed: &[&Tile], max_distance_km: f64) -> Load {
    let cleaners: u64 = placed.iter().map(|tile| u64::from(tile.cleaners)).sum();
    let step = (cleaners / PLACES as u64).max(1);
    let (mut tiles, mut bytes, mut seen) = (Vec::new(), Vec::new(), 0);
    for tile in placed {
        let before = seen;
        seen += u64::from(tile.cleaners);
        let times = (seen / step - before / step) as usize;
        if times > 0 {
            let near = index.near(Some(tile.centre), Some(max_distance_km));
            tiles.extend(std::iter::repeat_n(near.len() as u64, times));
            bytes.extend(std::iter::repeat_n(near.iter().map(|tile| u64::from(tile.bytes)).sum::<u64>(), times));
        }
    }
    Load { max_distance_km, tiles: spread(tiles), bytes: spread(bytes) }
}

fn spread<T: Copy + PartialOrd + Default>(mut values: Vec<T>) -> Spread<T> {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    let at = |place: usize| values.get(place).copied().unwrap_or_default();
    Spread { min: at(0), median: at(values.len() / 2), max: at(values.len().saturating_sub(1)) }
}

fn show(report: &Report, context: &Context) -> Result<(), CliError> {
    let mut output = Output::new();
    match context.format {
        Format::Json => output.json(report)?,
        Format::Table => output.text(&tables(report))?,
    }
    output.text("\n")?;
    output.finish()
}

fn tables(report: &Report) -> String {
    let mut about = table(&["what", "value"]);
    let mut line = |name: &str, value: String| {
        about.add_row([name.to_owned(), value]);
    };
    line("folder", report.folder.display().to_string());
    line("H3 resolution", report.resolution.to_string());
    line("tiles", report.tiles.to_string());
    line("cleaners", format!("{}, {} of them without a position", report.cleaners, report.without_position));
    line("index", size(report.index_bytes));
    line("all tiles", size(report.tile_bytes));
    if let Some(built) = &report.built {
        line("catalog before", size(built.catalog_bytes));
        line("written in", format!("{:.1} s, {} earlier tiles removed", built.seconds, built.pruned));
    }
    let mut spreads = table(&["", "min", "median", "max"]);
    let mut row = |name: &str, values: [String; 3]| {
        spreads.add_row([name.to_owned()].into_iter().chain(values));
    };
    let PerTile { cleaners, bytes, radius_km } = &report.per_tile;
    row("cleaners of a tile", each(cleaners, u64::to_string));
    row("bytes of a tile", each(bytes, |bytes| size(*bytes)));
    row("radius of a tile", each(radius_km, |km| format!("{km:.1} km")));
    for Load { max_distance_km, tiles, bytes } in &report.loads {
        row(&format!("tiles for a job within {max_distance_km} km"), each(tiles, u64::to_string));
        row(&format!("bytes for a job within {max_distance_km} km"), each(bytes, |bytes| size(*bytes)));
    }
    format!("{about}\n{spreads}")
}

fn each<T>(spread: &Spread<T>, text: impl Fn(&T) -> String) -> [String; 3] {
    [&spread.min, &spread.median, &spread.max].map(text)
}

/// Bytes for people.
fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} B"),
        10_000..10_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

impl From<TilesError> for CliError {
    fn from(error: TilesError) -> Self {
        let hint = match error {
            TilesError::Folder(ModelDirError::Role { ref role, .. }) if role == tiles::INDEX_ROLE => {
                "give a folder that `tidyrank catalog build` wrote"
            }
            TilesError::Folder(error) => return error.into(),
            TilesError::File(error) => return error.into(),
            TilesError::Resolution { .. } => "give --tile-resolution a number from 0 to 15; 5 or 6 fits a country",
            TilesError::NoPositions { .. } => "serve the catalog as it is: without positions there is no near and far",
            TilesError::Output { .. } => "choose another --out: this folder would lose its catalog",
            TilesError::TooLarge { .. } => "give a finer --tile-resolution",
            TilesError::Artifact { .. } => "give a catalog.safetensors of this version, or build the tiles again",
        };
        Self::new(error.code(), error.to_string(), hint)
    }
}
