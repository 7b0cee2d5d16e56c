//! The index of a catalog that was cut into tiles: which of them can hold a cleaner near a job.
//!
//! A tile's name is an H3 cell, but nothing here knows H3. What decides is the cap around the tile's cleaners: none of them
//! is nearer to a point than the point is to the cap. Making tiles is `native::tiles`.

use super::catalog::Catalog;
use super::catalog_file::refuse;
use crate::artifact::text::text;
use crate::artifact::{ArtifactError, Tensors};
use crate::domain::GeoPoint;

/// Format name of the index file.
pub const TILES_FORMAT: &str = "tidyrank.tiles";

/// Bytes of a SHA-256 sum.
const SUM: usize = 32;
/// What a distance may be off by: relative, and in kilometres near the antipodes, where the haversine formula is weakest.
const MARGIN: (f64, f64) = (1e-6, 1e-3);

/// One tile: a file with some of the cleaners.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// H3 cell; 0 for the tile of the cleaners whose position nobody knows.
    pub cell: u64,
    /// Centre of the cap.
    pub centre: GeoPoint,
    /// Radius of the cap in kilometres; infinite for the tile without positions.
    pub radius_km: f32,
    /// How many cleaners it has.
    pub cleaners: u32,
    /// Bytes of its file.
    pub bytes: u32,
    /// SHA-256 of its file as 64 hexadecimal digits.
    pub sha256: String,
}

impl Tile {
    /// Its file, relative to the manifest.
    pub fn path(&self) -> String {
        text!("tiles/", &self.sha256, ".safetensors")
    }

    /// Whether it can have a cleaner within `km` of `point`.
    fn reaches(&self, point: &GeoPoint, km: f64) -> bool {
        let (relative, absolute) = MARGIN;
        self.centre.distance_km(point) <= (km + f64::from(self.radius_km)) * (1.0 + relative) + absolute
    }
}

/// The tiles of a catalog, and what holds for all of them.
#[derive(Debug, Clone)]
pub struct TileIndex {
    market: Catalog,
    resolution: u8,
    tiles: Vec<Tile>,
}

impl TileIndex {
    /// The index of these tiles of a catalog; `resolution` is that of their H3 cells, 0 to 15.
    pub fn new(catalog: &Catalog, resolution: u8, mut tiles: Vec<Tile>) -> Self {
        tiles.sort_unstable_by_key(|tile| tile.cell);
        Self { market: catalog.emptied(), resolution, tiles }
    }

    /// All tiles, in ascending order of their cells.
    pub fn tiles(&self) -> &[Tile] {
        &self.tiles
    }

    /// The resolution of the H3 cells.
    pub fn resolution(&self) -> u8 {
        self.resolution
    }

    /// A catalog without cleaners: the market and what is known of it.
    pub fn market(&self) -> &Catalog {
        &self.market
    }

    /// The tiles that can have a cleaner within `km` of `point`, in ascending order of their cells; all of them where the
    /// point or the limit is not known. The tile of the cleaners without a position is always among them.
    pub fn near(&self, point: Option<GeoPoint>, km: Option<f64>) -> Vec<&Tile> {
        let near = |tile: &&Tile| point.zip(km).is_none_or(|(point, km)| tile.reaches(&point, km));
        self.tiles.iter().filter(near).collect()
    }

    /// The file that [`from_tensors`](Self::from_tensors) reads.
    ///
    /// # Errors
    /// [`ArtifactError::Metadata`] for a checksum that is none.
    pub fn to_tensors(&self) -> Result<Tensors, ArtifactError> {
        let n = self.tiles.len();
        let mut tensors = Tensors::new();
        tensors.set_format(TILES_FORMAT);
        self.market.put_market(&mut tensors)?;
        tensors.set_metadata("resolution", self.resolution.to_string());
        let cells: Vec<i64> = self.tiles.iter().map(|tile| tile.cell as i64).collect();
        let cap = |tile: &Tile| [tile.centre.latitude as f32, tile.centre.longitude as f32, tile.radius_km];
        let caps: Vec<f32> = self.tiles.iter().flat_map(cap).collect();
        let sizes: Vec<u32> = self.tiles.iter().flat_map(|tile| [tile.cleaners, tile.bytes]).collect();
        let mut sums = Vec::with_capacity(n * SUM);
        for tile in &self.tiles {
            sums.extend(sum_bytes(&tile.sha256).ok_or_else(|| refuse("sha256", "it is no SHA-256 sum"))?);
        }
        tensors.insert_i64("cell", &[n], &cells)?;
        tensors.insert_f32("cap", &[n, 3], &caps)?;
        tensors.insert_u32("size", &[n, 2], &sizes)?;
        tensors.insert_i8("sha256", &[n, SUM], &sums)?;
        Ok(tensors)
    }

    /// Reads an index.
    ///
    /// # Errors
    /// Another format or version, missing columns, columns of another length, caps off the globe, cells out of order.
    pub fn from_tensors(tensors: &Tensors) -> Result<Self, ArtifactError> {
        tensors.expect_format(TILES_FORMAT)?;
        let expected = "whole number from 0 to 15";
        let resolution = tensors.json("resolution", expected, |json| json.count().filter(|at| *at <= 15))?;
        let n = tensors.shape("cell")?.first().copied().unwrap_or_default();
        let cells = tensors.i64("cell", &[n])?;
        let caps = tensors.f32("cap", &[n, 3])?;
        let sizes = tensors.u32("size", &[n, 2])?;
        let sums = tensors.i8("sha256", &[n, SUM])?;
        let mut tiles = Vec::with_capacity(n);
        for (at, cell) in cells.into_iter().enumerate() {
            let centre = GeoPoint::new(f64::from(caps[3 * at]), f64::from(caps[3 * at + 1]));
            let radius_km = Some(caps[3 * at + 2]).filter(|radius| *radius >= 0.0);
            let (centre, radius_km) =
                centre.zip(radius_km).ok_or_else(|| refuse("cap", "one of them is none on the globe"))?;
            tiles.push(Tile {
                cell: cell as u64,
                centre,
                radius_km,
                cleaners: sizes[2 * at],
                bytes: sizes[2 * at + 1],
                sha256: sum_text(&sums[SUM * at..SUM * (at + 1)]),
            });
        }
        if !tiles.windows(2).all(|pair| pair[0].cell < pair[1].cell) {
            return Err(refuse("cell", "the cells are not in ascending order"));
        }
        Ok(Self { market: Catalog::of_market(tensors, Vec::new())?, resolution: resolution as u8, tiles })
    }
}

fn sum_bytes(text: &str) -> Option<Vec<i8>> {
    let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<i8>> = (0..text.len()).step_by(2).map(|at| Some(byte(at)? as i8)).collect();
    bytes.filter(|bytes| bytes.len() == SUM)
}

fn sum_text(bytes: &[i8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(*byte as u8 >> 4), digit(*byte as u8 & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Cleaner, Market};

    fn catalog() -> Catalog {
        let market = Market {
            name: "m".into(),
            centre: None,
            currency: "EUR".into(),
            utc_offset_minutes: 0,
            rating_min: 0.0,
            rating_max: 1.0,
            property_types: vec!["flat".into()],
            candidates_are_bidders: false,
        };
        let cleaner = Cleaner {
            id: "a".into(),
            name: String::new(),
            location: None,
            hourly_rate: None,
            eco: None,
            joined_at: 0,
            offers: vec![],
            hours: None,
        };
        let mut catalog = Catalog::new(market, vec![cleaner]).unwrap();
        catalog.as_of = 77;
        catalog.market_stats.hourly.add(12.5);
        catalog
    }

    fn tile(cell: u64, latitude: f64, longitude: f64, radius_km: f32) -> Tile {
        let sha256 = format!("{cell:064x}");
        Tile { cell, centre: GeoPoint { latitude, longitude }, radius_km, cleaners: 3, bytes: 1000, sha256 }
    }

    fn index() -> TileIndex {
        let far = tile(9, 0.0, 180.0, 100.0);
        TileIndex::new(&catalog(), 5, vec![far, tile(7, 0.0, 1.0, 50.0), tile(0, 0.0, 0.0, f32::INFINITY)])
    }

    #[test]
    fn what_is_written_is_read_back_at_sixty_bytes_a_tile() {
        let bytes = index().to_tensors().unwrap().to_bytes();
        let back = TileIndex::from_tensors(&Tensors::from_bytes(&bytes).unwrap()).unwrap();
        assert_eq!(back.tiles(), index().tiles());
        assert_eq!(back.tiles().iter().map(|tile| tile.cell).collect::<Vec<_>>(), [0, 7, 9]);
        assert_eq!((back.resolution(), back.market().as_of(), back.market().cleaners().len()), (5, 77, 0));
        assert_eq!(
            (back.market().market(), back.market().market_stats()),
            (catalog().market(), catalog().market_stats())
        );
        assert_eq!(back.tiles()[1].path(), format!("tiles/{}.safetensors", back.tiles()[1].sha256));
        let more = (1..11).map(|cell| tile(cell, 1.0, 2.0, 3.0)).collect();
        let more = TileIndex::new(&catalog(), 5, more).to_tensors().unwrap().to_bytes();
        let less = TileIndex::new(&catalog(), 5, vec![]).to_tensors().unwrap().to_bytes();
        assert!((more.len() - less.len()).abs_diff(10 * 60) < 32, "{} {}", more.len(), less.len());
    }

    #[test]
    fn the_tiles_near_a_point_are_those_whose_cap_is() {
        let index = index();
        let near = |longitude, km| {
            let point = GeoPoint { latitude: 0.0, longitude };
            index.near(Some(point), Some(km)).iter().map(|tile| tile.cell).collect::<Vec<_>>()
        };
        // A degree of the equator is 111.195 km.
        assert_eq!(near(0.0, 61.0), [0]);
        assert_eq!(near(0.0, 61.3), [0, 7]);
        assert_eq!(near(1.0, 0.0), [0, 7]);
        assert_eq!(near(-179.0, 11.3), [0, 9]);
        assert_eq!(near(-179.0, 11.0), [0]);
        assert_eq!(near(0.0, 20_000.0), [0, 7, 9]);
        assert_eq!(index.near(None, Some(1.0)).len(), 3);
        assert_eq!(index.near(GeoPoint::new(50.0, 50.0), None).len(), 3);
    }

    #[test]
    fn damaged_indices_are_refused() {
        let good = index().to_tensors().unwrap();
        let with = |change: &dyn Fn(&mut Tensors)| {
            let mut tensors = good.clone();
            change(&mut tensors);
            TileIndex::from_tensors(&tensors).map(|_| ()).unwrap_err().code()
        };
        let caps = |cap: [f32; 3]| move |t: &mut Tensors| t.insert_f32("cap", &[3, 3], &[cap; 3].concat()).unwrap();
        let cases = [
            (with(&|t| t.set_format("tidyrank.catalog")), "artifact.format"),
            (with(&|t| t.set_metadata("resolution", "16")), "artifact.metadata"),
            (with(&|t| t.set_metadata("market", "{}")), "artifact.metadata"),
            (with(&|t| t.insert_i64("cell", &[3], &[1, 3, 3]).unwrap()), "artifact.metadata"),
            (with(&|t| t.insert_i64("cell", &[2], &[1, 3]).unwrap()), "artifact.shape"),
            (with(&caps([91.0, 0.0, 1.0])), "artifact.metadata"),
            (with(&caps([0.0, f32::NAN, 1.0])), "artifact.metadata"),
            (with(&caps([0.0, 0.0, -1.0])), "artifact.metadata"),
            (with(&caps([0.0, 0.0, f32::NAN])), "artifact.metadata"),
        ];
        for (at, (found, expected)) in cases.into_iter().enumerate() {
            assert_eq!(found, expected, "case {at}");
        }
        let mut wrong = tile(1, 0.0, 0.0, 1.0);
        wrong.sha256 = "é".repeat(32);
        assert_eq!(TileIndex::new(&catalog(), 5, vec![wrong]).to_tensors().unwrap_err().code(), "artifact.metadata");
    }
}
