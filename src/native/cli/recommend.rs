//! `tidyrank recommend`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::arrange_flags::ArrangeFlags;
use super::known;
use super::load;
use super::locale::LocaleFlag;
use super::output::Output;
use super::ranking_table::ranking_table;
use super::{CliError, Context, DEFAULT_DATA, DEFAULT_MODEL, Format};
use crate::domain::{JobRecord, Replay};
use crate::engine::{
    CandidateSource, Catalog, CleanerRef, Engine, Exclusion, Explanation, JobFilters, JobsRequest, Mode, Precision,
    Ranking, Reason, Request,
};
use crate::native::datasets::Dataset;
use crate::native::eval::request::{Ask, Names};
use crate::native::messages::Locale;

const EXAMPLES: &str = "Examples:
  tidyrank recommend --data data/athens --model models/cleaners/1.0.0 --job job-00004321
  tidyrank recommend --data data/athens --job job-00004321 --candidates bidders --max-distance 10
  tidyrank recommend --data data/athens --model models/cleaners/1.0.0 --cleaner cleaner-00042
  tidyrank recommend --data data/athens --job job-00004321 --available --min-rating 7 --new-share 0.2 --diversity 0.7
  tidyrank recommend --data data/athens --job job-00004321 --max-distance 10 --why-not cleaner-000042
  tidyrank recommend --data data/taskrabbit --all --format json > rankings.json";

/// Flags of `tidyrank recommend`.
#[derive(Debug, clap::Args)]
pub(super) struct Question {
    /// Rank for every job of the data set, in order of time
    #[arg(long, group = "jobs")]
    all: bool,
    /// Id of the cleaner to rank the open jobs for: those open at the end of the data
    #[arg(long, value_name = "ID", group = "jobs", conflicts_with_all = OF_CLEANERS)]
    cleaner: Option<String>,
    /// Leave out jobs whose budget is below this, with --cleaner
    #[arg(long, value_name = "AMOUNT", conflicts_with_all = ["job", "all"])]
    min_pay: Option<f32>,
    /// Say why this cleaner is not in the ranking, or at which place by score
    #[arg(long, value_name = "CLEANER", conflicts_with = "all")]
    why_not: Option<String>,
    #[command(flatten)]
    args: Args,
}

/// What is asked of a ranking of cleaners alone.
const OF_CLEANERS: [&str; 14] = [
    "why_not",
    "price_weight",
    "candidates",
    "as_of",
    "max_price",
    "min_rating",
    "pin",
    "boost",
    "bury",
    "diversity",
    "new_share",
    "explore",
    "pool",
    "new_below",
];

/// What is ranked, and how.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, group = clap::ArgGroup::new("jobs").required(true))]
pub(super) struct Args {
    /// Folder of the data set
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    data: PathBuf,
    /// Folder of the model; without one the rules rank alone [default: models/cleaners/latest for data/athens, if it is there]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Id of the job to rank for
    #[arg(long, value_name = "ID", group = "jobs")]
    job: Option<String>,
    /// How to score [default: ensemble with a model, rules without]
    #[arg(long, value_enum)]
    mode: Option<ModeFlag>,
    /// How many to show [default: 10 for one job, every candidate with --all]
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Leave out cleaners further from the job than this
    #[arg(long, value_name = "KM")]
    max_distance: Option<f64>,
    /// Share of the rule score against the network in the ensemble, 0 to 1 [default: the model's]
    #[arg(long, value_name = "SHARE")]
    rule_weight: Option<f32>,
    /// Share of the price against both in the ensemble, 0 to 1 [default: the model's]
    #[arg(long, value_name = "SHARE")]
    price_weight: Option<f32>,
    /// How probable it is that a rating lies in its interval, 0.5 to 0.99 [default: 0.9]
    #[arg(long, value_name = "SHARE")]
    level: Option<f32>,
    /// Whom to rank [default: what the market says]
    #[arg(long, value_enum)]
    candidates: Option<CandidatesFlag>,
    /// What may be known: history before the job was posted, or all of it (with a model: the model's catalog as released)
    #[arg(long, value_enum, default_value = "job")]
    as_of: AsOf,
    /// Which file of the model scores
    #[arg(long, value_enum, default_value = "int8")]
    precision: PrecisionFlag,
    /// Language of the reasons
    #[arg(long, value_enum, default_value = "en")]
    locale: LocaleFlag,
    #[command(flatten)]
    arrange: ArrangeFlags,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum ModeFlag {
    Rules,
    Neural,
    Ensemble,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum CandidatesFlag {
    Catalog,
    Bidders,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum AsOf {
    Job,
    Latest,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum PrecisionFlag {
    Int8,
    Fp32,
}

impl Args {
    /// The job that is asked for.
    pub(super) fn job(&self) -> Option<&str> {
        self.job.as_deref()
    }
}

/// One answer of `--all`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    job_id: &'a str,
    #[serde(flatten)]
    ranking: &'a Ranking,
}

/// Runs the command.
pub(super) fn run(question: Question, context: &Context) -> Result<(), CliError> {
    let Question { all: every, cleaner, min_pay, why_not: missed, mut args } = question;
    if every {
        args.limit = args.limit.or(Some(u32::MAX));
    }
    let (data, engine) = prepared(&mut args)?;
    let mut output = Output::new();
    if let Some(cleaner) = &cleaner {
        let engine = at_the_end(&args, &data, engine);
        let form = (context.format, args.locale.into());
        let request = jobs_request(&args, min_pay, cleaner);
        super::recommend_jobs::run(&args.data, &data, &engine, request, form, &mut output)?;
        return output.finish();
    }
    let mut ranker = Ranker::new(&args, &data, engine);
    match (&args.job, &missed) {
        (Some(id), Some(cleaner)) => {
            why_not(&mut ranker, known::job(&data, id)?, cleaner, context.format, &mut output)?
        }
        (Some(id), None) => one(&mut ranker, known::job(&data, id)?, context.format, &mut output)?,
        (None, _) => all(&mut ranker, &data, context, &mut output)?,
    }
    output.finish()
}

/// The data set, and the engine for it; a model that goes without saying is put in.
pub(super) fn prepared(args: &mut Args) -> Result<(Dataset, Engine), CliError> {
    let usual = Path::new(DEFAULT_MODEL);
    if args.model.is_none() && args.data == Path::new(DEFAULT_DATA) && usual.join("manifest.json").is_file() {
        args.model = Some(usual.to_owned());
    }
    let data = load::dataset(&args.data)?;
    let engine = engine(args, &data)?;
    Ok((data, engine))
}

fn engine(args: &Args, data: &Dataset) -> Result<Engine, CliError> {
    let Some(dir) = &args.model else {
        let catalog = Catalog::new(data.market.clone(), data.cleaners.clone());
        let twice = |id| CliError::new("data.duplicate_id", format!("the cleaner {id:?} comes twice"), "import again");
        return Ok(Engine::rules_only(catalog.map_err(twice)?));
    };
    let precision = match args.precision {
        PrecisionFlag::Int8 => Precision::Int8,
        PrecisionFlag::Fp32 => Precision::Fp32,
    };
    let engine = load::engine(dir, precision)?;
    if args.as_of == AsOf::Job {
        load::check_same_cleaners(&engine, data)?;
    }
    Ok(engine)
}

/// With what is known at the end of the data; a model's catalog stays as it was released.
fn at_the_end(args: &Args, data: &Dataset, mut engine: Engine) -> Engine {
    if args.model.is_none() {
        let mut whole = data.history.replay();
        whole.advance_to(data.history.last().map_or(0, |last| last.saturating_add(1)));
        let rows: Vec<u32> = (0..data.cleaners.len() as u32).collect();
        engine.refresh(&mut whole, &rows);
    }
    engine
}

fn jobs_request(args: &Args, min_pay: Option<f32>, cleaner: &str) -> JobsRequest {
    let Ask { limit, mode, rule_weight, max_distance_km, level, .. } = ask(args);
    JobsRequest {
        cleaner: CleanerRef::Known(cleaner.to_owned()),
        jobs: Vec::new(),
        limit,
        mode,
        rule_weight,
        filters: JobFilters { max_distance_km, min_pay, ..args.arrange.of_jobs() },
        level,
    }
}

/// The engine, moved forward through the history of a data set.
pub(super) struct Ranker<'a> {
    engine: Engine,
    names: Names<'a>,
    ask: Ask,
    arrange: ArrangeFlags,
    /// `None` where the catalog stays as it is.
    replay: Option<Replay<'a>>,
    bidders_only: bool,
    rows: Vec<u32>,
    locale: Locale,
}

impl<'a> Ranker<'a> {
    pub(super) fn new(args: &Args, data: &'a Dataset, mut engine: Engine) -> Self {
        let names = Names { market: &data.market, cleaners: &data.cleaners, clients: &data.client_ids };
        let ask = ask(args);
        let rows: Vec<u32> = (0..data.cleaners.len() as u32).collect();
        let mut replay = Some(data.history.replay());
        if args.as_of == AsOf::Latest {
            engine = at_the_end(args, data, engine);
            replay = None;
        }
        args.arrange.warn_of_strangers(&engine);
        let by_market = data.market.candidates_are_bidders;
        let bidders_only = ask.candidates.map_or(by_market, |who| who == CandidateSource::Bidders);
        Self {
            engine,
            names,
            ask,
            arrange: args.arrange.clone(),
            replay,
            bidders_only,
            rows,
            locale: args.locale.into(),
        }
    }

    /// Ranks for a job; the jobs must come in order of time.
    fn rank(&mut self, job: &JobRecord) -> Result<Ranking, CliError> {
        let request = self.request(job);
        let mut ranking = self.engine.recommend(&request)?;
        self.locale.fill_ranking(&mut ranking);
        Ok(ranking)
    }

    /// Explains one cleaner's place for a job; `None` for who is no candidate.
    pub(super) fn explain(
        &mut self,
        job: &JobRecord,
        cleaner: &str,
        counterfactuals: bool,
    ) -> Result<Option<Explanation>, CliError> {
        known::cleaner(&self.engine, cleaner)?;
        let request = self.request(job);
        let mut found = self.engine.explain(&request, cleaner, counterfactuals)?;
        found.iter_mut().for_each(|found| self.locale.fill_explanation(found));
        Ok(found)
    }

    /// The filters that leave a cleaner out of the ranking for a job.
    pub(super) fn left_out_by(&mut self, job: &JobRecord, cleaner: &str) -> Result<Vec<Reason>, CliError> {
        let request = self.request(job);
        let mut by = self.engine.explain_exclusion(&request, cleaner)?.by;
        self.locale.fill(&mut by);
        Ok(by)
    }

    /// What is asked for a job, and the engine moved to its time.
    fn request(&mut self, job: &JobRecord) -> Request {
        if let Some(replay) = &mut self.replay {
            replay.advance_to(job.spec.posted_at);
            if self.bidders_only {
                // Nobody else is looked at, and a listing site may have thousands.
                let rows: Vec<u32> = job.bids.iter().map(|bid| bid.cleaner).collect();
                self.engine.refresh(replay, &rows);
            } else {
                self.engine.refresh(replay, &self.rows);
            }
        }
        let mut request = self.names.request(job, &self.ask);
        self.arrange.apply(&mut request);
        request
    }
}

fn ask(args: &Args) -> Ask {
    let mode = match args.mode {
        Some(ModeFlag::Rules) => Mode::Rules,
        Some(ModeFlag::Neural) => Mode::Neural,
        Some(ModeFlag::Ensemble) => Mode::Ensemble,
        None if args.model.is_none() => Mode::Rules,
        None => Mode::Ensemble,
    };
    let candidates = args.candidates.map(|flag| match flag {
        CandidatesFlag::Catalog => CandidateSource::Catalog,
        CandidatesFlag::Bidders => CandidateSource::Bidders,
    });
    Ask {
        limit: args.limit,
        mode,
        rule_weight: args.rule_weight,
        price_weight: args.price_weight,
        level: args.level,
        candidates,
        max_distance_km: args.max_distance,
    }
}

fn one(ranker: &mut Ranker<'_>, job: &JobRecord, format: Format, output: &mut Output) -> Result<(), CliError> {
    let ranking = ranker.rank(job)?;
    match format {
        Format::Json => {
            output.json(&ranking)?;
            output.text("\n")
        }
        Format::Table => output.text(&ranking_table(&job.id, &ranking)),
    }
}

/// Why a cleaner is not in a ranking.
fn why_not(
    ranker: &mut Ranker<'_>,
    job: &JobRecord,
    cleaner: &str,
    format: Format,
    output: &mut Output,
) -> Result<(), CliError> {
    known::cleaner(&ranker.engine, cleaner)?;
    let request = ranker.request(job);
    let mut exclusion = ranker.engine.explain_exclusion(&request, cleaner)?;
    ranker.locale.fill(&mut exclusion.by);
    match format {
        Format::Json => {
            output.json(&exclusion)?;
            output.text("\n")
        }
        Format::Table => output.text(&said(&job.id, &exclusion)),
    }
}

fn said(job: &str, exclusion: &Exclusion) -> String {
    let Exclusion { cleaner_id, by, rank, score, .. } = exclusion;
    let place = rank.zip(*score).map(|(rank, score)| format!("place {rank} by score, {score:.1} points"));
    let head = format!("Job {job}, {cleaner_id}: {}\n", place.unwrap_or_else(|| "left out".into()));
    by.iter().fold(head, |text, reason| text + "  " + &reason.text + " (" + &reason.code + ")\n")
}

fn all(ranker: &mut Ranker<'_>, data: &Dataset, context: &Context, output: &mut Output) -> Result<(), CliError> {
    let progress = super::progress::bar(context, data.jobs.len() as u64, "jobs");
    let json = context.format == Format::Json;
    output.text(if json { "[" } else { "" })?;
    for (at, job) in data.jobs.iter().enumerate() {
        let ranking = ranker.rank(job)?;
        if json {
            output.text(if at == 0 { "\n" } else { ",\n" })?;
            output.json(&Answer { job_id: &job.id, ranking: &ranking })?;
        } else {
            output.text(&ranking_table(&job.id, &ranking))?;
        }
        if !output.is_open() {
            break;
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    output.text(if json { "\n]\n" } else { "" })
}
