//! From the files of a released model to an engine that can rank.
//!
//! A damaged catalog or manifest is an error: without them there is nobody to rank. A damaged, missing or foreign model is
//! not: the engine goes on with rules alone and says so in every answer.

use std::ops::Range;

#[cfg(feature = "native")]
use serde::{Deserialize, Serialize};

use super::area::Area;
use super::catalog::Catalog;
use super::columns::Columns;
use super::conformal::Conformal;
use super::error::EngineError;
use super::ranking::Notice;
use super::request::Request;
use super::scratch::Pool;
use super::tiles::TileIndex;
use crate::artifact::text::{Quoted, text};
use crate::artifact::{ArtifactError, Manifest, Tensors, sha256_hex};
use crate::domain::Replay;
use crate::features::{BID_FEATURES, FEATURE_COUNT, Group, Normaliser, columns_of, encode_item, schema_hash};
use crate::model::{BidModel, ColumnGroups, Embeddings, FoldIn, Hybrid, ItemTable};
use crate::numeric::Kernel;

/// Weight of the rule score in the ensemble where no model says otherwise (seed 001).
const DEFAULT_RULE_WEIGHT: f32 = 0.6;
/// Where nothing was fitted, jobs are ranked by the rules alone: an expected rating does not say which job a cleaner wants.
const DEFAULT_JOBS_RULE_WEIGHT: f32 = 1.0;

/// Which of a model's two files scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// The int8 model: what pages load.
    #[default]
    Int8,
    /// The fp32 state: what was trained.
    Fp32,
}

impl Precision {
    /// The role of its file in a manifest.
    pub fn role(self) -> &'static str {
        match self {
            Self::Int8 => "model.q8",
            Self::Fp32 => "model.fp32",
        }
    }
}

/// Which model.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "native", derive(Serialize, Deserialize))]
pub struct ModelIdentity {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
}

/// Gives the bytes of the file with a role.
type ReadFile<'a> = &'a mut dyn FnMut(&str) -> Option<Vec<u8>>;

/// A catalog, the rules, and a model if there is one.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(super) catalog: Catalog,
    pub(super) model: Option<Neural>,
    pub(super) clients: Embeddings,
    pub(super) conformal: Option<Conformal>,
    pub(super) bids: Option<(BidModel, ModelIdentity)>,
    pub(super) fold: Option<FoldIn>,
    /// Where the model's jobs were; `None` where it does not say.
    pub(super) area: Option<Area>,
    pub(super) rule_weight: f32,
    pub(super) price_weight: f32,
    pub(super) jobs_rule_weight: f32,
    pub(super) identity: Option<ModelIdentity>,
    pub(super) kernel: Kernel,
    /// Why there is no model.
    pub(super) no_model: Notice,
    warnings: Vec<Notice>,
    pub(super) columns: Columns,
    pub(super) scratch: Pool,
    /// The tiles that the catalog is made of, in order, with the number of their cleaners.
    tiles: Vec<(String, u32)>,
    index: Option<TileIndex>,
}

/// A model with the shares of the catalog's cleaners in its first layers.
#[derive(Debug, Clone)]
pub(super) struct Neural {
    pub(super) hybrid: Hybrid,
    pub(super) normaliser: Normaliser,
    pub(super) items: ItemTable,
    pub(super) columns: ColumnGroups,
}

/// Which features depend on the job, the cleaner, or both, as the model wants to know it.
pub fn column_groups() -> ColumnGroups {
    ColumnGroups { query: columns_of(Group::Query), item: columns_of(Group::Item), pair: columns_of(Group::Pair) }
}

impl Engine {
    /// An engine that ranks by rules.
    pub fn rules_only(catalog: Catalog) -> Self {
        Self {
            columns: Columns::of(&catalog),
            scratch: Pool::default(),
            tiles: Vec::new(),
            index: None,
            catalog,
            model: None,
            clients: Embeddings::default(),
            conformal: None,
            bids: None,
            fold: None,
            area: None,
            rule_weight: DEFAULT_RULE_WEIGHT,
            price_weight: 0.0,
            jobs_rule_weight: DEFAULT_JOBS_RULE_WEIGHT,
            identity: None,
            kernel: Kernel::detect(),
            no_model: Notice::new("model.none", "No model is loaded: ranked by rules."),
            warnings: Vec::new(),
        }
    }

    /// Loads a released model by the bytes of its `manifest.json`: see [`load_files`](Self::load_files).
    ///
    /// # Errors
    /// [`EngineError::Artifact`] for a manifest or catalog that is missing, damaged or of another version.
    #[cfg(feature = "native")]
    pub fn load(
        manifest: &[u8],
        file: impl FnMut(&str) -> Option<Vec<u8>>,
        precision: Precision,
    ) -> Result<Self, EngineError> {
        let refuse = |source| EngineError::Artifact { role: "manifest", source };
        Self::load_files(&Manifest::from_bytes(manifest).map_err(refuse)?, file, precision)
    }

    /// Loads a released model. `file` gives the bytes of the file with a role (`catalog`, `model.q8` or `model.fp32`,
    /// `clients`, `bids`; `tiles` where the manifest names an index of tiles in place of a catalog), or `None` where it is
    /// not to be had. An engine with an index ranks the tiles that are [added](Self::add_tile).
    ///
    /// A model that cannot be used is reported by [`warnings`](Self::warnings) and in every answer. Without the `clients`
    /// file every client is the unknown one, unless a request brings the client's vector.
    ///
    /// # Errors
    /// [`EngineError::Artifact`] for a catalog that is missing, damaged or of another version.
    pub fn load_files(
        manifest: &Manifest,
        mut file: impl FnMut(&str) -> Option<Vec<u8>>,
        precision: Precision,
    ) -> Result<Self, EngineError> {
        let file: ReadFile<'_> = &mut file;
        let refuse = |role: &'static str| move |source| EngineError::Artifact { role, source };
        let mut engine = if manifest.file("tiles").is_some() {
            let index = read(manifest, "tiles", file)
                .and_then(|tensors| TileIndex::from_tensors(&tensors))
                .map_err(refuse("tiles"))?;
            let mut engine = Self::rules_only(index.market().clone());
            engine.index = Some(index);
            engine
        } else {
            let catalog = read(manifest, "catalog", file)
                .and_then(|tensors| Catalog::from_tensors(&tensors))
                .map_err(refuse("catalog"))?;
            Self::rules_only(catalog)
        };
        (engine.rule_weight, engine.price_weight) = (manifest.rule_weight, manifest.price_weight);
        engine.jobs_rule_weight = manifest.jobs_rule_weight.unwrap_or(DEFAULT_JOBS_RULE_WEIGHT);
        match engine.read_model(manifest, file, precision) {
            Ok(model) => {
                engine.model = Some(model);
                engine.identity =
                    Some(ModelIdentity { name: manifest.name.clone(), version: manifest.version.clone() });
                if precision == Precision::Int8 {
                    engine.read_extra(manifest, "clients", file);
                }
                engine.read_extra(manifest, "conformal", file);
                engine.read_extra(manifest, "foldin", file);
            }
            Err(error) => {
                engine.no_model = Notice::new(
                    error.code(),
                    text!("The model cannot be used (", &error.message(), "): ranked by rules."),
                );
                engine.warnings.push(engine.no_model.clone());
            }
        }
        engine.read_bids(manifest, file);
        Ok(engine)
    }

    fn read_model(
        &mut self,
        manifest: &Manifest,
        file: ReadFile<'_>,
        precision: Precision,
    ) -> Result<Neural, ArtifactError> {
        manifest.check_schema(&schema_hash())?;
        let tensors = read(manifest, precision.role(), file)?;
        let found = tensors.metadata("schema_hash")?;
        if found != schema_hash() {
            return Err(ArtifactError::Schema { expected: schema_hash(), found: found.to_owned() });
        }
        self.area = Area::from_tensors(&tensors)?;
        #[cfg(feature = "native")]
        if precision == Precision::Fp32 {
            // Where the model was quantised, that file says.
            let quantised = read(manifest, Precision::Int8.role(), file).ok();
            self.area = quantised.and_then(|tensors| Area::from_tensors(&tensors).ok()).flatten();
            self.catalog.set_embeddings(Embeddings::from_state(&tensors, "items", "collaborative.item_embedding")?);
            self.clients = Embeddings::from_state(&tensors, "users", "collaborative.user_embedding")?;
            return Neural::new(&tensors, read_state_normaliser(&tensors)?, &self.catalog);
        }
        Neural::new(&tensors, read_normaliser(&tensors)?, &self.catalog)
    }

    /// Reads a file that the engine can do without; what it does without it is told where the file cannot be used.
    fn read_extra(&mut self, manifest: &Manifest, role: &str, file: ReadFile<'_>) {
        if manifest.file(role).is_none() {
            return;
        }
        let Some(bytes) = file(role) else { return };
        let tensors = manifest.verify(role, &bytes).and_then(|()| Tensors::from_bytes(&bytes));
        let dim = self.model.as_ref().map_or(0, |model| model.hybrid.user_dim());
        let (read, without) = match role {
            "clients" => (
                tensors.and_then(|tensors| Embeddings::from_tensors(&tensors)).map(|clients| self.clients = clients),
                "every client is treated as unknown",
            ),
            "foldin" => (
                tensors.and_then(|tensors| FoldIn::from_tensors(&tensors, dim)).map(|file| self.fold = Some(file)),
                "a client's ratings tell nothing",
            ),
            _ => (
                tensors.and_then(|tensors| Conformal::from_tensors(&tensors)).map(|file| self.conformal = Some(file)),
                "answers come without intervals",
            ),
        };
        if let Err(error) = read {
            let text = text!("The file of the role ", role, " cannot be used (", &error.message(), "): ", without, ".");
            self.warnings.push(Notice::new(error.code(), text));
        }
    }

    /// The model that suggests bids, if there is one: without it the market's statistics do.
    fn read_bids(&mut self, manifest: &Manifest, file: ReadFile<'_>) {
        if manifest.file("bids").is_none() {
            return;
        }
        let Some(bytes) = file("bids") else { return };
        let model = manifest
            .verify("bids", &bytes)
            .and_then(|()| Tensors::from_bytes(&bytes))
            .and_then(|tensors| BidModel::from_tensors(&tensors, &BID_FEATURES, &self.catalog.market.property_types));
        match model {
            Ok(model) => {
                let identity = ModelIdentity { name: manifest.name.clone(), version: manifest.version.clone() };
                self.bids = Some((model, identity));
            }
            Err(error) => self.warnings.push(Notice::new(
                error.code(),
                text!("The bid model cannot be used (", &error.message(), "): bids are suggested by the market."),
            )),
        }
    }

    /// What could not be used when the files were loaded.
    pub fn warnings(&self) -> &[Notice] {
        &self.warnings
    }

    /// The catalog.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The model, if one is loaded.
    pub fn model(&self) -> Option<&ModelIdentity> {
        self.identity.as_ref()
    }

    /// Weight of the rule score where a request gives none.
    pub fn rule_weight(&self) -> f32 {
        self.rule_weight
    }

    /// Weight of the price where a request gives none.
    pub fn price_weight(&self) -> f32 {
        self.price_weight
    }

    /// Weight of the rule score where jobs are ranked for a cleaner and the request gives none: the one that was fitted for that, or 1.
    pub fn jobs_rule_weight(&self) -> f32 {
        self.jobs_rule_weight
    }

    /// The intervals of expected ratings, where the model comes with them.
    pub fn conformal(&self) -> Option<&Conformal> {
        self.conformal.as_ref()
    }

    /// Takes other knowledge of clients than what came with the model.
    #[cfg(feature = "native")]
    pub fn set_fold_in(&mut self, fold: FoldIn) {
        self.fold = Some(fold);
    }

    /// The kernel that multiplies.
    pub fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// Chooses another kernel, e.g. the scalar one to compare with.
    pub fn set_kernel(&mut self, kernel: Kernel) {
        self.kernel = kernel;
    }

    /// Puts in what is known of these rows at the moment a replay has reached: for evaluation as of a job's time.
    pub fn refresh(&mut self, replay: &mut Replay<'_>, rows: &[u32]) {
        self.catalog.refresh(replay, rows.iter().copied());
        if let Some(model) = &mut self.model {
            rows.iter().for_each(|row| model.set_item(&self.catalog, *row));
        }
        self.renew();
    }

    /// Keeps the `index`-th of `count` equal parts of the catalog, for ranking in several workers at once. What each of them
    /// answers is to be merged by score, then row.
    pub fn keep_shard(&mut self, index: u32, count: u32) {
        let n = self.catalog.cleaners.len() as u64;
        let start = |index: u32| (u64::from(index) * n / u64::from(count.max(1))) as u32;
        let places: Vec<u32> = (start(index)..start(index + 1)).collect();
        self.catalog = self.catalog.part(&places);
        if let Some(model) = &mut self.model {
            model.set_items(&self.catalog);
        }
        self.renew();
    }

    /// Adds a tile: the file of a part of the catalog. A tile that is there already is left alone.
    ///
    /// # Errors
    /// [`EngineError::Artifact`] for a file that cannot be used or holds a cleaner that is there already.
    pub fn add_tile(&mut self, key: &str, bytes: &[u8]) -> Result<(), EngineError> {
        if self.tiles.iter().any(|(known, _)| known == key) {
            return Ok(());
        }
        let refuse = |source| EngineError::Artifact { role: "tile", source };
        let tile = Tensors::from_bytes(bytes).and_then(|tensors| Catalog::from_tensors(&tensors)).map_err(refuse)?;
        let count = tile.cleaners.len() as u32;
        let twice = |row| {
            refuse(ArtifactError::Metadata { key: "row".into(), reason: text!("row ", row, " is there already") })
        };
        let before = self.catalog.cleaners.len() as u32;
        self.catalog.append(tile).map_err(twice)?;
        self.tiles.push((key.to_owned(), count));
        if let Some(model) = &mut self.model {
            model.hybrid.grow_items(&mut model.items, (before + count) as usize);
            (before..before + count).for_each(|place| model.set_item(&self.catalog, place));
        }
        self.renew();
        Ok(())
    }

    /// Whether the bytes of a tile have the SHA-256 sum that is its key, for callers that cannot tell.
    ///
    /// # Errors
    /// [`EngineError::Artifact`] with [`ArtifactError::Checksum`] where they have another.
    pub fn check_tile(key: &str, bytes: &[u8]) -> Result<(), EngineError> {
        let actual = sha256_hex(bytes);
        if actual == key {
            return Ok(());
        }
        let (what, expected) = (text!("tiles/", key, ".safetensors"), key.to_owned());
        Err(EngineError::Artifact { role: "tile", source: ArtifactError::Checksum { what, expected, actual } })
    }

    /// Takes a tile out, if it is there.
    pub fn remove_tile(&mut self, key: &str) {
        let Some(at) = self.tiles.iter().position(|(known, _)| known == key) else { return };
        let start: u32 = self.tiles[..at].iter().map(|(_, count)| count).sum();
        let (_, count) = self.tiles.remove(at);
        self.catalog.remove(&(start..start + count));
        if let Some(model) = &mut self.model {
            model.hybrid.remove_items(&mut model.items, start as usize..(start + count) as usize);
        }
        self.renew();
    }

    /// The index of all tiles, where the model came with one.
    pub fn tile_index(&self) -> Option<&TileIndex> {
        self.index.as_ref()
    }

    /// The tiles that are there, in the order in which they came.
    pub fn tiles(&self) -> impl Iterator<Item = &str> {
        self.tiles.iter().map(|(key, _)| key.as_str())
    }

    /// The places that can have a candidate for a request, ascending: all of them, or those of the tiles near the job, so that
    /// an answer does not depend on which other tiles happen to be there.
    pub(super) fn reach(&self, request: &Request) -> impl Iterator<Item = Range<u32>> {
        let Request { job, filters, .. } = request;
        let near = self.index.as_ref().map(|index| index.near(job.location, filters.max_distance_km));
        let whole = near.is_none().then_some(0..self.catalog.cleaners.len() as u32);
        let mut start = 0;
        let tiles = self.tiles.iter().filter_map(move |(key, count)| {
            start += count;
            near.as_ref()?.iter().any(|tile| tile.sha256 == *key).then_some(start - count..start)
        });
        whole.into_iter().chain(tiles)
    }

    /// Forgets what was derived from the catalog before.
    fn renew(&mut self) {
        self.columns = Columns::of(&self.catalog);
        self.scratch = Pool::default();
    }
}

impl Neural {
    fn new(tensors: &Tensors, normaliser: Normaliser, catalog: &Catalog) -> Result<Self, ArtifactError> {
        let columns = column_groups();
        let hybrid = Hybrid::from_tensors(tensors, columns.clone())?;
        let mut model = Self { items: hybrid.items(0), hybrid, normaliser, columns };
        model.set_items(catalog);
        Ok(model)
    }

    fn set_items(&mut self, catalog: &Catalog) {
        self.items = self.hybrid.items(catalog.cleaners.len());
        (0..catalog.cleaners.len() as u32).for_each(|row| self.set_item(catalog, row));
    }

    fn set_item(&mut self, catalog: &Catalog, row: u32) {
        let at = row as usize;
        let (Some(rates), Some(stats)) = (catalog.rates.get(at), catalog.stats.get(at)) else { return };
        let mut features = encode_item(rates, stats);
        self.normaliser.apply_to(self.columns.item.iter().copied(), &mut features);
        self.hybrid.set_item(&mut self.items, at, catalog.embedding(row), &features);
    }
}

/// The normaliser of an int8 model: `normaliser.mean` and `normaliser.std`.
fn read_normaliser(tensors: &Tensors) -> Result<Normaliser, ArtifactError> {
    let row = |name| tensors.f32(name, &[FEATURE_COUNT]);
    Normaliser::from_parts(row("normaliser.mean")?, row("normaliser.std")?).ok_or_else(wrong_normaliser)
}

/// The normaliser of an fp32 state: JSON, as the trainer writes it.
#[cfg(feature = "native")]
fn read_state_normaliser(tensors: &Tensors) -> Result<Normaliser, ArtifactError> {
    let normaliser: Option<Normaliser> = serde_json::from_str(tensors.metadata("normaliser")?).ok();
    normaliser.filter(Normaliser::is_valid).ok_or_else(wrong_normaliser)
}

fn wrong_normaliser() -> ArtifactError {
    let reason = "it needs a finite mean and a positive deviation for every feature".to_owned();
    ArtifactError::Metadata { key: "normaliser".into(), reason }
}

fn read(manifest: &Manifest, role: &str, file: ReadFile<'_>) -> Result<Tensors, ArtifactError> {
    let path = manifest.file(role).map_or(role, |entry| entry.path.as_str());
    let missing = || ArtifactError::Manifest { reason: text!("the file ", Quoted(path), " is missing") };
    let bytes = file(role).ok_or_else(missing)?;
    manifest.verify(role, &bytes)?;
    Tensors::from_bytes(&bytes)
}
