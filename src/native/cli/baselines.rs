//! `tidyrank baselines`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::output::Output;
use super::{CliError, Context, Format, progress, warn};
use crate::domain::{Fractions, Split, Timestamp, leave_last_out, random_split, temporal_split, user_temporal_split};
use crate::native::baselines::{FitError, Model, Settings, Training, fit};
use crate::native::eval::bootstrap;
use crate::native::files;
use crate::native::interactions::{
    Columns, InteractionError, Interactions, ItemCategories, Scale, Source, read, read_files,
};

mod market;
mod measure;
mod report;
mod task;

use market::Market;
use measure::{How, Measured, measure};
use report::{Protocol, Report, definitions};
use task::Task;

const EXAMPLES: &str = "Examples:
  tidyrank baselines --ratings ml-100k/u1.base --test ml-100k/u1.test --items ml-100k/u.item
  tidyrank baselines --ratings ratings.csv --split user-temporal --columns user=userId,item=movieId,time=ts
  tidyrank baselines --ratings ratings.parquet --split random --seed 7 --models popularity,ease --format json
  tidyrank baselines --data data/athens

Ratings are read by the file's name: .parquet; .csv and .tsv with a header; anything else as lines of user, item, rating and
timestamp between tabs. `full` ranks everything that is new to the user, `candidates` the user's own test items; on a
marketplace they rank everybody who had joined, and the job's bidders. docs/baselines.md says what each model does.";

/// Flags of `tidyrank baselines`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Ratings: to learn from, with --test; to learn from and to measure on, with --split
    #[arg(long, value_name = "FILE", required_unless_present = "data", conflicts_with = "data")]
    ratings: Option<PathBuf>,
    /// Ratings to measure on
    #[arg(long, value_name = "FILE", requires = "ratings", conflicts_with = "split")]
    test: Option<PathBuf>,
    /// What decides which ratings are measured on
    #[arg(long, value_enum, value_name = "KIND", requires = "ratings", required_unless_present_any = ["test", "data"])]
    split: Option<SplitFlag>,
    /// Share of the ratings to learn from
    #[arg(long, value_name = "SHARE", default_value_t = 0.8, value_parser = share)]
    train: f64,
    /// Folder of a marketplace data set, instead of ratings
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The models, separated by commas [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = Row::parse)]
    models: Option<Vec<Row>>,
    /// Settings that differ from the usual ones, as TOML
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// A rating of that or more says that the user liked the item [default: 4; with --data every finished job]
    #[arg(long, value_name = "RATING")]
    relevant: Option<f32>,
    /// Places of a ranking that count [default: 10; with --data 3, as jobs have few bidders]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    k: Option<u16>,
    /// Categories of the items: MovieLens' u.item, or a .csv with the columns item and categories (a|b)
    #[arg(long, value_name = "FILE", requires = "ratings")]
    items: Option<PathBuf>,
    /// The least and the highest rating that can be [default: as observed]
    #[arg(long, value_name = "LOW,HIGH", requires = "ratings", value_parser = scale, allow_hyphen_values = true)]
    scale: Option<Scale>,
    /// What the columns are called, e.g. user=userId,item=movieId,rating=stars,time=ts
    #[arg(long, value_name = "NAMES", requires = "ratings", value_parser = columns)]
    columns: Option<Columns>,
    /// Seed of the models, of a random split and of the order of ties
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Resamples of the intervals
    #[arg(long, value_name = "N", default_value_t = 1000)]
    bootstrap: usize,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum SplitFlag {
    /// The last ratings of all
    Temporal,
    /// The last ratings of each user
    UserTemporal,
    /// The last rating of each user
    LeaveLastOut,
    /// By chance
    Random,
}

/// A row of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    Model(Model),
    /// The rules of the engine.
    Rules,
}

impl Row {
    fn parse(text: &str) -> Result<Self, String> {
        let known = Model::ALL.map(Model::name);
        match Model::ALL.iter().find(|model| model.name() == text) {
            Some(model) => Ok(Self::Model(*model)),
            None if text == "rules" => Ok(Self::Rules),
            None => Err(format!("there is none; there are {} and, with --data, rules", known.join(", "))),
        }
    }
}

fn share(text: &str) -> Result<f64, String> {
    let inside = text.parse().ok().filter(|share| 0.0 < *share && *share < 1.0);
    inside.ok_or_else(|| "expected a number between 0 and 1".to_owned())
}

fn scale(text: &str) -> Result<Scale, String> {
    let numbers: Vec<f32> = text.split(',').filter_map(|part| part.trim().parse().ok()).collect();
    match numbers[..] {
        [low, high] if low.is_finite() && high.is_finite() && low < high => Ok(Scale { low, high }),
        _ => Err("expected two numbers, the lower first, e.g. 1,5".to_owned()),
    }
}

fn columns(text: &str) -> Result<Columns, String> {
    let mut columns = Columns::default();
    for part in text.split(',') {
        let Some((what, name)) = part.split_once('=') else { return Err(format!("{part:?} is no WHAT=NAME")) };
        let place = match what.trim() {
            "user" => &mut columns.user,
            "item" => &mut columns.item,
            "rating" => &mut columns.rating,
            "time" => {
                columns.time_required = true;
                &mut columns.time
            }
            other => return Err(format!("{other:?} is none of user, item, rating, time")),
        };
        name.trim().clone_into(place);
    }
    Ok(columns)
}

impl From<InteractionError> for CliError {
    fn from(error: InteractionError) -> Self {
        Self::new(error.code(), error.to_string(), error.hint())
    }
}

impl From<FitError> for CliError {
    fn from(error: FitError) -> Self {
        let hint = match &error {
            FitError::Setting { .. } => "correct the file of --settings; docs/baselines.md lists all settings",
            FitError::TooManyItems { .. } => "leave this model out with --models",
        };
        Self::new(error.code(), error.to_string(), hint)
    }
}

/// Runs the command.
pub(super) fn run(args: Args, context: &Context) -> Result<(), CliError> {
    let settings = settings(args.settings.as_deref())?;
    let report = match (&args.data, &args.ratings) {
        (Some(dir), _) => of_market(&args, dir, settings, context)?,
        (None, Some(path)) => of_ratings(&args, path, settings, context)?,
        // clap asks for one of the two.
        (None, None) => return Ok(()),
    };
    let mut output = Output::new();
    match context.format {
        Format::Json => {
            output.json(&report)?;
            output.text("\n")?;
        }
        Format::Table => output.text(&report.tables())?,
    }
    output.finish()
}

fn settings(path: Option<&Path>) -> Result<Settings, CliError> {
    let Some(path) = path else { return Ok(Settings::default()) };
    let text = String::from_utf8_lossy(&files::read(path)?).into_owned();
    let settings: Settings = toml::from_str(&text).map_err(|error| {
        let message = format!("{}: {}", path.display(), error.to_string().trim_end());
        CliError::new("baselines.settings", message, "docs/baselines.md lists all settings")
    })?;
    settings.check()?;
    Ok(settings)
}

fn how(args: &Args) -> How {
    let bootstrap = bootstrap::Settings { resamples: args.bootstrap, ..bootstrap::Settings::default() };
    let k = args.k.unwrap_or(if args.data.is_some() { 3 } else { 10 });
    How { k: usize::from(k), seed: args.seed, bootstrap }
}

/// The models to fit, and whether the rules are asked for.
fn models(args: &Args, without: &[Model], rules: bool) -> Result<(Vec<Model>, bool), CliError> {
    let Some(asked) = &args.models else {
        return Ok((Model::ALL.into_iter().filter(|model| !without.contains(model)).collect(), rules));
    };
    let named = asked.iter().filter_map(|row| match row {
        Row::Model(model) => Some(*model),
        Row::Rules => None,
    });
    let named: Vec<Model> = named.collect();
    if let Some(model) = named.iter().find(|model| without.contains(model)) {
        let message = format!("{} needs the categories of the items", model.name());
        return Err(CliError::new("baselines.no_categories", message, "give them with --items"));
    }
    if asked.contains(&Row::Rules) && !rules {
        let message = "rules rank the cleaners of a marketplace".to_owned();
        return Err(CliError::new("baselines.no_market", message, "leave them out, or give a marketplace with --data"));
    }
    Ok((named, asked.contains(&Row::Rules)))
}

fn measure_all(
    models: &[Model],
    task: &Task,
    (settings, how): (&Settings, &How),
    context: &Context,
) -> Result<Vec<Measured>, CliError> {
    let bar = progress::bar(context, models.len() as u64, "models");
    let mut all = Vec::new();
    for model in models {
        bar.set_message(model.name());
        let ranker = fit(*model, &task.training, settings, how.seed)?;
        all.push(measure(&*ranker, task, how));
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(all)
}

fn of_ratings(args: &Args, path: &Path, settings: Settings, context: &Context) -> Result<Report, CliError> {
    let source = Source { columns: args.columns.clone().unwrap_or_default(), scale: args.scale };
    let (interactions, split, split_name) = match (&args.test, args.split) {
        (Some(test), _) => {
            let (interactions, split) = read_files(path, test, &source)?;
            (interactions, split, "files: the two that were given".to_owned())
        }
        (None, Some(kind)) => {
            let interactions = read(path, &source)?;
            let (split, name) = split(&interactions, kind, args)?;
            (interactions, split, name)
        }
        (None, None) => return Err(CliError::new("baselines.split", "there is no split", "give --test or --split")),
    };
    if split.train.is_empty() || split.test.is_empty() {
        let message = format!("{} ratings to learn from, {} to measure on", split.train.len(), split.test.len());
        return Err(CliError::new("baselines.split", message, "give more ratings, or another --train or --split"));
    }
    let categories = args.items.as_deref().map(ItemCategories::read).transpose()?.map(|all| all.of_rows(&interactions));
    let without: &[Model] = if categories.is_some() { &[] } else { &[Model::CategoryPopularity] };
    let (models, _) = models(args, without, false)?;
    let relevant = args.relevant.unwrap_or(4.0);
    let training = Training::new(&interactions, &split.train, relevant, categories.as_ref());
    let task = Task::of_ratings(&interactions, &split, training, relevant);
    if task.queries.is_empty() {
        warn(&format!(
            "no user has a test rating of {relevant} or more: there is nothing to rank; --relevant lowers that"
        ));
    }
    let name = |path: &Path| path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let data = args.test.iter().fold(name(path), |all, test| format!("{all}, {}", name(test)));
    let candidate_sets = BTreeMap::from([
        ("candidates", "the user's own test items"),
        ("full", "all items of the table that the user has no training rating of"),
    ]);
    let left_out = BTreeMap::from([("users without a relevant test item, in the rankings", task.nothing_relevant)]);
    let models = measure_all(&models, &task, (&settings, &how(args)), context)?;
    let rows = [split.train.len(), split.validation.len(), split.test.len()];
    let protocol = Protocol {
        users: interactions.users.len(),
        items: interactions.items.len(),
        unit: "users",
        ..protocol(args, &task, (data, split_name, rows), (relevant, settings))
    };
    Ok(Report { protocol: Protocol { candidate_sets, left_out, ..protocol }, models })
}

fn split(interactions: &Interactions, kind: SplitFlag, args: &Args) -> Result<(Split, String), CliError> {
    if !interactions.timed && !matches!(kind, SplitFlag::Random) {
        let hint = "name the column with --columns time=…, or split with --split random or --test";
        return Err(CliError::new("baselines.no_times", "the ratings have no times to split them by", hint));
    }
    let users: Vec<u32> = interactions.rows.iter().map(|row| row.user).collect();
    let times: Vec<Timestamp> = interactions.rows.iter().map(|row| row.at).collect();
    let fractions = Fractions { train: args.train, validation: 0.0 };
    let percent = format!("first {:.0} %", 100.0 * args.train);
    Ok(match kind {
        SplitFlag::Temporal => (temporal_split(&times, fractions), format!("temporal: {percent} of all by time")),
        SplitFlag::UserTemporal => {
            (user_temporal_split(&users, &times, fractions), format!("user_temporal: {percent} of each user's by time"))
        }
        SplitFlag::LeaveLastOut => {
            let mut split = leave_last_out(&users, &times);
            // Nothing is chosen here: what would be chosen by is learnt from.
            split.train.append(&mut split.validation);
            split.train.sort_unstable();
            (split, "leave_last_out: each user's last rating is measured on".to_owned())
        }
        SplitFlag::Random => (
            random_split(users.len(), fractions, args.seed),
            format!("random: {:.0} % drawn by the seed", 100.0 * args.train),
        ),
    })
}

fn of_market(args: &Args, dir: &Path, settings: Settings, context: &Context) -> Result<Report, CliError> {
    let (models, rules) = models(args, &[], true)?;
    let market = Market::read(dir)?;
    let relevant = args.relevant.unwrap_or(0.0);
    let task = market.task(relevant);
    let how = how(args);
    let mut all = measure_all(&models, &task, (&settings, &how), context)?;
    if rules {
        let bar = progress::bar(context, market.queries() as u64, "jobs by the rules");
        all.push(market.rules(&task, &how, &mut || bar.inc(1))?);
        bar.finish_and_clear();
    }
    let candidate_sets = BTreeMap::from([
        ("candidates", "the job's bidders"),
        ("full", "all cleaners who had joined when the job was posted"),
    ]);
    let Fractions { train, validation } = market.fractions;
    let split_name = format!(
        "temporal: by the time the job was posted, {:.0} % / {:.0} % / rest of the rated jobs",
        100.0 * train,
        100.0 * validation
    );
    let rows = [market.split.train.len(), market.split.validation.len(), market.split.test.len()];
    let data = format!("data {:.12}…", market.data.fingerprint);
    let protocol = Protocol {
        users: market.data.client_ids.len(),
        items: market.data.cleaners.len(),
        unit: "jobs that somebody got",
        ..protocol(args, &task, (data, split_name, rows), (relevant, settings))
    };
    Ok(Report { protocol: Protocol { candidate_sets, ..protocol }, models: all })
}

/// What both kinds of report have in common.
fn protocol(
    args: &Args,
    task: &Task,
    (data, split, rows): (String, String, [usize; 3]),
    (relevant, settings): (f32, Settings),
) -> Protocol {
    let how = how(args);
    Protocol {
        data,
        split,
        rows,
        k: how.k,
        relevant,
        scale: [task.scale.low, task.scale.high],
        gain: "1 for what is relevant",
        candidate_sets: BTreeMap::new(),
        ties: "an order drawn by the seed, anew for every query",
        seed: args.seed,
        users: 0,
        items: 0,
        queries: task.queries.len(),
        left_out: BTreeMap::new(),
        unit: "",
        bootstrap: how.bootstrap,
        settings,
        metrics: definitions(),
    }
}
