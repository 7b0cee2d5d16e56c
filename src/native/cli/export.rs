//! `tidyrank export`.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::load;
use super::output::{Output, table};
use super::{CliError, Context, DEFAULT_DATA, Format};
use crate::domain::{GeoPoint, JobRecord};
use crate::engine::JobRequest;
use crate::native::datasets::rows::{ClientRow, JobRow, PropertyRow};
use crate::native::datasets::{DataError, Dataset, read_table};
use crate::native::eval::request::Names;
use crate::native::files;

/// What a page loads; of the last three, those that there are.
const ROLES: [&str; 6] = ["model.q8", "catalog", "clients", "conformal", "foldin", "bids"];
const NEEDED: usize = 3;

const EXAMPLES: &str = "Example:
  tidyrank export --data data/athens --model models/cleaners/1.0.0 --out www/public/market";

/// Flags of `tidyrank export`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Folder of the data set
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    data: PathBuf,
    /// Folder of the model
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Folder to write into; files of the same names are replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// At most that many clients, those with open jobs first
    #[arg(long, value_name = "N", default_value_t = 60)]
    clients: usize,
    /// At most that many jobs of each, open ones first, then the latest
    #[arg(long, value_name = "N", default_value_t = 4)]
    jobs: usize,
}

/// `market.json`: clients with their properties and jobs, to choose from.
#[derive(Serialize)]
struct MarketFile {
    clients: Vec<ClientEntry>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClientEntry {
    client_id: String,
    label: String,
    budget_tier: Option<String>,
    properties: Vec<PropertyEntry>,
    jobs: Vec<JobEntry>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PropertyEntry {
    property_id: String,
    property_type: String,
    location: Option<GeoPoint>,
    size_m2: Option<f64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JobEntry {
    job_id: String,
    status: String,
    #[serde(flatten)]
    job: JobRequest,
}

/// One file that was written.
#[derive(Serialize)]
struct Written {
    file: String,
    bytes: usize,
}

/// Runs the command.
pub(super) fn run(args: Args, context: &Context) -> Result<(), CliError> {
    let mut written = copy_model(&args.model, &args.out)?;
    let data = load::dataset(&args.data)?;
    let market = MarketFile { clients: clients(&args, &data)? };
    let bytes =
        serde_json::to_vec(&market).map_err(|error| CliError::new("cli.json", error.to_string(), "report it"))?;
    files::write_atomic(&args.out.join("market.json"), &bytes)?;
    written.push(Written { file: "market.json".to_owned(), bytes: bytes.len() });
    let mut output = Output::new();
    match context.format {
        Format::Json => {
            output.json(&written)?;
            output.text("\n")?;
        }
        Format::Table => {
            let mut rows = table(&["file", "bytes"]);
            written.iter().for_each(|file| {
                rows.add_row([file.file.clone(), file.bytes.to_string()]);
            });
            output.text(&format!("{} clients\n{rows}\n", market.clients.len()))?;
        }
    }
    output.finish()
}

/// Copies the manifest and what a page loads of a model, each checked against its checksum.
fn copy_model(model: &Path, out: &Path) -> Result<Vec<Written>, CliError> {
    let (manifest, manifest_bytes) = load::manifest(model)?;
    let hint = "train or quantise the model again, or copy its folder again";
    let mut written = Vec::new();
    for (at, role) in ROLES.into_iter().enumerate() {
        let Some(entry) = manifest.file(role) else {
            if at >= NEEDED {
                continue;
            }
            let message = format!("the model has no file with the role {role:?}");
            return Err(CliError::new("export.missing_file", message, "make it with `tidyrank quantize`"));
        };
        let bytes = files::read(&model.join(&entry.path))?;
        manifest.verify(role, &bytes).map_err(|error| CliError::new(error.code(), error.to_string(), hint))?;
        files::write_atomic(&out.join(&entry.path), &bytes)?;
        written.push(Written { file: entry.path.clone(), bytes: bytes.len() });
    }
    // Last: who finds the manifest finds the files that it names.
    files::write_atomic(&out.join("manifest.json"), &manifest_bytes)?;
    written.insert(0, Written { file: "manifest.json".to_owned(), bytes: manifest_bytes.len() });
    Ok(written)
}

/// The clients to show: those with an open job first, then those with the latest ones; within, in order of time.
fn clients(args: &Args, data: &Dataset) -> Result<Vec<ClientEntry>, DataError> {
    let mut status = HashMap::new();
    read_table(&args.data, |_, row: JobRow| {
        status.insert(row.job_id, row.status);
        Ok(())
    })?;
    let (tiers, mut properties) = (tiers(&args.data)?, properties(&args.data)?);
    let status_of = |job: &JobRecord| status.get(&job.id).map_or("", String::as_str);
    let open = |job: &JobRecord| matches!(status_of(job), "open" | "bidding");
    let mut by_client: BTreeMap<u32, Vec<&JobRecord>> = BTreeMap::new();
    for job in &data.jobs {
        by_client.entry(job.client.unwrap_or(u32::MAX)).or_default().push(job);
    }
    by_client.remove(&u32::MAX);
    let mut chosen: Vec<(u32, Vec<&JobRecord>)> = by_client.into_iter().collect();
    for (_, jobs) in &mut chosen {
        jobs.sort_by_key(|job| (!open(job), std::cmp::Reverse(job.spec.posted_at)));
        jobs.truncate(args.jobs.max(1));
    }
    chosen.sort_by_key(|(_, jobs)| jobs.first().map(|job| (!open(job), std::cmp::Reverse(job.spec.posted_at))));
    chosen.truncate(args.clients);
    let names = Names { market: &data.market, cleaners: &data.cleaners, clients: &data.client_ids };
    let job_entry =
        |job: &&JobRecord| JobEntry { job_id: job.id.clone(), status: status_of(job).to_owned(), job: names.job(job) };
    let entry = |(client, jobs): (u32, Vec<&JobRecord>)| {
        let client_id = data.client_ids.id(client)?.to_owned();
        let budget_tier = tiers.get(&client_id).cloned().flatten();
        let properties = properties.remove(&client_id).unwrap_or_default();
        let label = label(&client_id, budget_tier.as_deref(), &properties);
        Some(ClientEntry { label, client_id, budget_tier, properties, jobs: jobs.iter().map(job_entry).collect() })
    };
    Ok(chosen.into_iter().filter_map(entry).collect())
}

/// What a client is shown as: the id, how freely they spend, and what they have cleaned.
fn label(id: &str, tier: Option<&str>, properties: &[PropertyEntry]) -> String {
    let mut kinds: Vec<&str> = properties.iter().map(|property| property.property_type.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let tier = tier.map(|tier| format!("{tier} budget"));
    let parts = [Some(id.to_owned()), tier, (!kinds.is_empty()).then(|| kinds.join(", "))];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn tiers(dir: &Path) -> Result<HashMap<String, Option<String>>, DataError> {
    let mut tiers = HashMap::new();
    read_table(dir, |_, row: ClientRow| {
        tiers.insert(row.client_id, row.budget_tier);
        Ok(())
    })?;
    Ok(tiers)
}

fn properties(dir: &Path) -> Result<HashMap<String, Vec<PropertyEntry>>, DataError> {
    let mut properties: HashMap<String, Vec<PropertyEntry>> = HashMap::new();
    read_table(dir, |_, row: PropertyRow| {
        let location =
            row.latitude.zip(row.longitude).and_then(|(latitude, longitude)| GeoPoint::new(latitude, longitude));
        let (property_id, property_type, size_m2) = (row.property_id, row.property_type, row.size_m2);
        let entry = PropertyEntry { property_id, property_type, location, size_m2 };
        properties.entry(row.client_id).or_default().push(entry);
        Ok(())
    })?;
    Ok(properties)
}
