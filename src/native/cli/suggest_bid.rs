//! `tidyrank suggest-bid`.

use std::path::{Path, PathBuf};

use super::known;
use super::load;
use super::locale::LocaleFlag;
use super::output::{Output, table};
use super::{CliError, Context, DEFAULT_DATA, DEFAULT_MODEL, Format};
use crate::engine::{BidPoint, BidQuestion, BidSource, BidSuggestion, Catalog, CleanerRef, Engine, Precision};
use crate::native::datasets::Dataset;
use crate::native::eval::request::Names;
use crate::native::messages::Locale;

const EXAMPLES: &str = "Examples:
  tidyrank suggest-bid --data data/athens --model models/cleaners/latest --job job-00004990 --cleaner cleaner-000007
  tidyrank suggest-bid --job job-00004990 --cleaner cleaner-000007 --prices 40,50,60 --fee 0.15 --format json

Known is what had happened before the job was posted, and the bids of the others.";

/// Flags of `tidyrank suggest-bid`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Folder of the data set
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    data: PathBuf,
    /// Folder of the model; without one the market's statistics answer [default: models/cleaners/latest for data/athens, if it
    /// is there]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Id of the job
    #[arg(long, value_name = "ID")]
    job: String,
    /// Id of the cleaner
    #[arg(long, value_name = "ID")]
    cleaner: String,
    /// Prices of the curve, separated by commas [default: some around the range]
    #[arg(long, value_delimiter = ',', value_name = "PRICES")]
    prices: Vec<f32>,
    /// Share of the price that the platform keeps, 0 to 1
    #[arg(long)]
    fee: Option<f32>,
    /// Only the bids that were placed this many hours after posting or earlier; the bid would be placed then [default: all of them]
    #[arg(long, value_name = "H")]
    after_hours: Option<f64>,
    /// Language of the reasons
    #[arg(long, value_enum, default_value = "en")]
    locale: LocaleFlag,
}

/// Runs the command.
pub(super) fn run(mut args: Args, context: &Context) -> Result<(), CliError> {
    let usual = Path::new(DEFAULT_MODEL);
    if args.model.is_none() && args.data == Path::new(DEFAULT_DATA) && usual.join("manifest.json").is_file() {
        args.model = Some(usual.to_owned());
    }
    let data = load::dataset(&args.data)?;
    let job = known::job(&data, &args.job)?;
    let mut engine = engine(&args, &data)?;
    known::cleaner(&engine, &args.cleaner)?;
    let mut replay = data.history.replay();
    replay.advance_to(job.spec.posted_at);
    let rows: Vec<u32> = data.cleaner_ids.get(&args.cleaner).into_iter().collect();
    engine.refresh(&mut replay, &rows);
    let names = Names { market: &data.market, cleaners: &data.cleaners, clients: &data.client_ids };
    let at = args.after_hours.map(|hours| job.spec.posted_at.saturating_add((hours * 3600.0) as i64));
    let mut known = job.clone();
    known.bids.retain(|bid| at.is_none_or(|at| bid.placed_at <= at));
    let question = BidQuestion {
        job: names.job(&known),
        cleaner: CleanerRef::Known(args.cleaner),
        prices: args.prices,
        fee: args.fee,
        at,
    };
    let mut found = engine.suggest_bid(&question)?;
    let locale = Locale::from(args.locale);
    for reason in &mut found.reasons {
        reason.text = locale.render(reason);
    }
    let mut output = Output::new();
    match context.format {
        Format::Json => {
            output.json(&found)?;
            output.text("\n")?;
        }
        Format::Table => output.text(&tables(&job.id, &found))?,
    }
    output.finish()
}

fn engine(args: &Args, data: &Dataset) -> Result<Engine, CliError> {
    let Some(dir) = &args.model else {
        let catalog = Catalog::new(data.market.clone(), data.cleaners.clone());
        let twice = |id| CliError::new("data.duplicate_id", format!("the cleaner {id:?} comes twice"), "import again");
        return Ok(Engine::rules_only(catalog.map_err(twice)?));
    };
    let engine = load::engine(dir, Precision::Int8)?;
    load::check_same_cleaners(&engine, data)?;
    Ok(engine)
}

fn tables(job: &str, found: &BidSuggestion) -> String {
    let currency = &found.currency;
    let cleaner = found.cleaner_id.as_deref().unwrap_or("-");
    let source = match found.source {
        BidSource::Model => "by the model",
        BidSource::Market => "by the market's statistics",
    };
    let mut rows = table(&["", currency, "wins", "expected revenue"]);
    let mut add = |name: &str, point: &BidPoint| {
        let wins = format!("{:.1} %", 100.0 * point.win_probability);
        rows.add_row([name, &format!("{:.2}", point.price), &wins, &format!("{:.2}", point.expected_revenue)]);
    };
    found.curve.iter().for_each(|point| add(if *point == found.best { "best" } else { "" }, point));
    let reasons: Vec<&str> = found.reasons.iter().map(|reason| reason.text.as_str()).collect();
    format!(
        "{job}, {cleaner}, {source}: {:.2} to {:.2} {currency}, median {:.2}; optimal {:.2}, which wins with {:.1} %\n{}\n{rows}\n",
        found.min,
        found.max,
        found.median,
        found.optimal,
        100.0 * found.win_probability,
        reasons.join(" · "),
    )
}
