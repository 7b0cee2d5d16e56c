//! Filters, rules of the house and policies as flags.

use super::known;
use crate::engine::{Diversity, Engine, Explore, ExploreMethod, Exposure, HouseAction, HouseRule, JobFilters, Request};

/// Who is left out, and what is wanted of the order beyond the scores.
#[derive(Debug, Clone, clap::Args)]
#[command(
    next_help_heading = "Filters, rules of the house and policies (docs/ranking.md)",
    group = clap::ArgGroup::new("chosen").multiple(true)
)]
pub(super) struct ArrangeFlags {
    /// Leave out who asks more than this
    #[arg(long, value_name = "AMOUNT")]
    max_price: Option<f32>,
    /// Leave out whose mean rating, on the market's scale, is lower
    #[arg(long, value_name = "RATING")]
    min_rating: Option<f32>,
    /// Leave out who does not work with eco-friendly products; with --cleaner jobs that do not ask for them
    #[arg(long)]
    eco: bool,
    /// Leave out who does not work at the hours of the job
    #[arg(long)]
    available: bool,
    /// Leave out who does not offer this kind of job, too; with --cleaner other jobs; may be repeated
    #[arg(long, value_name = "KIND")]
    property_type: Vec<String>,
    /// Leave out whose score is lower
    #[arg(long, value_name = "SCORE")]
    min_score: Option<f32>,
    /// Leave out this cleaner, with --cleaner this job; may be repeated
    #[arg(long, value_name = "ID")]
    hide: Vec<String>,
    /// Leave out this cleaner, whom the client has seen, with --cleaner this job; may be repeated
    #[arg(long, value_name = "ID")]
    seen: Vec<String>,
    /// Leave out, too, of whom it is not known
    #[arg(long)]
    strict: bool,
    /// Give this cleaner a place, the first one or that behind the @; may be repeated
    #[arg(long, value_name = "CLEANER[@PLACE]", value_parser = pin)]
    pin: Vec<HouseRule>,
    /// Give this cleaner points, -100 to 100; may be repeated
    #[arg(long, value_name = "CLEANER=POINTS", value_parser = boost)]
    boost: Vec<HouseRule>,
    /// Put this cleaner behind everybody else; may be repeated
    #[arg(long, value_name = "CLEANER")]
    bury: Vec<String>,
    /// Spread the list out: 1 = by score alone, 0 = by difference alone
    #[arg(long, value_name = "LAMBDA", group = "chosen")]
    diversity: Option<f64>,
    /// Least share of new cleaners in the list, 0 to 1
    #[arg(long, value_name = "SHARE")]
    new_share: Option<f64>,
    /// New = fewer reviews than this [default: 5]
    #[arg(long, value_name = "REVIEWS", requires = "new_share")]
    new_below: Option<u32>,
    /// Give places away by chance
    #[arg(long, value_enum, group = "chosen")]
    explore: Option<ExploreFlag>,
    /// How often, 0 to 1, with --explore epsilon [default: 0.1]
    #[arg(long, value_name = "SHARE", requires = "explore")]
    epsilon: Option<f64>,
    /// Seed of --explore
    #[arg(long, value_name = "N", default_value_t = 0, requires = "explore")]
    seed: i64,
    /// Among how many of the best --diversity and --explore choose [default: 4 times the limit, at least 50]
    #[arg(long, value_name = "N", requires = "chosen")]
    pool: Option<u32>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum ExploreFlag {
    /// Now and then to anybody
    Epsilon,
    /// By a draw from what a score may be
    Thompson,
}

impl ArrangeFlags {
    /// Writes them into a request.
    pub(super) fn apply(&self, request: &mut Request) {
        let filters = &mut request.filters;
        filters.max_price = self.max_price;
        filters.min_rating = self.min_rating;
        filters.eco = self.eco;
        filters.available = self.available;
        filters.property_types.clone_from(&self.property_type);
        filters.min_score = self.min_score;
        filters.hide.clone_from(&self.hide);
        filters.seen.clone_from(&self.seen);
        filters.strict = self.strict;
        let buried = self.bury.iter().map(|id| rule(id, HouseAction::Bury));
        request.house = self.pin.iter().chain(&self.boost).cloned().chain(buried).collect();
        request.diversity = self.diversity.map(|lambda| Diversity { lambda, pool: self.pool });
        request.exposure = self.new_share.map(|share| Exposure { share, below: self.new_below });
        request.explore = self.explore.map(|method| Explore {
            method: match method {
                ExploreFlag::Epsilon => ExploreMethod::Epsilon,
                ExploreFlag::Thompson => ExploreMethod::Thompson,
            },
            epsilon: self.epsilon,
            seed: self.seed,
            pool: self.pool,
        });
    }
}

impl ArrangeFlags {
    /// The filters as they are where jobs are ranked.
    pub(super) fn of_jobs(&self) -> JobFilters {
        JobFilters {
            property_types: self.property_type.clone(),
            eco: self.eco.then_some(true),
            available: self.available,
            min_score: self.min_score,
            hide: self.hide.clone(),
            seen: self.seen.clone(),
            strict: self.strict,
            ..JobFilters::default()
        }
    }

    /// Warns of flags about cleaners whom the catalog does not have: they change nothing.
    pub(super) fn warn_of_strangers(&self, engine: &Engine) {
        let house = |flag, rules: &[HouseRule]| rules.iter().map(|rule| (flag, rule.cleaner_id.clone())).collect();
        let ids = |flag, ids: &[String]| ids.iter().map(|id| (flag, id.clone())).collect();
        let named: [Vec<(&str, String)>; 5] = [
            ids("--hide", &self.hide),
            ids("--seen", &self.seen),
            house("--pin", &self.pin),
            house("--boost", &self.boost),
            ids("--bury", &self.bury),
        ];
        for (flag, id) in named.into_iter().flatten() {
            if let Err(error) = known::cleaner(engine, &id) {
                super::warn(&format!("{flag}: {}; {}", error.message, error.hint));
            }
        }
    }
}

fn rule(id: &str, action: HouseAction) -> HouseRule {
    HouseRule { cleaner_id: id.to_owned(), action, position: None, points: None }
}

fn pin(text: &str) -> Result<HouseRule, String> {
    let Some((id, place)) = text.rsplit_once('@') else { return Ok(rule(text, HouseAction::Pin)) };
    let position = place.parse().map_err(|_| format!("{place:?} is no place: a whole number from 1 up"))?;
    Ok(HouseRule { position: Some(position), ..rule(id, HouseAction::Pin) })
}

fn boost(text: &str) -> Result<HouseRule, String> {
    let (id, points) = text.rsplit_once('=').ok_or("CLEANER=POINTS is needed, e.g. cleaner-000007=5")?;
    let points = points.parse().map_err(|_| format!("{points:?} is no number of points"))?;
    Ok(HouseRule { points: Some(points), ..rule(id, HouseAction::Boost) })
}
