//! The other direction: open jobs ranked for a cleaner, by what speaks for taking them.
//!
//! `score = w * rules + (1 - w) * neural`: the rules are those of [`crate::rules::JobScore`], the model says which rating the cleaner can
//! expect of this client for this job. It scores only jobs that can reach the first places; the answer is that of scoring all.

use std::borrow::Cow;

use super::conformal::level_of;
use super::error::EngineError;
use super::explain::strongest;
use super::jobs_answer::{JobBreakdown, JobItem, JobRanking, JobsExcluded, JobsMeta};
use super::jobs_request::{Bids, JobPosting, JobsRequest};
use super::load::{Engine, Neural};
use super::profile::CleanerRef;
use super::rank::{DEFAULT_LIMIT, share};
use super::ranking::Part;
use super::reason::{Reason, tenths, whole};
use super::request::Mode;
use super::select::{Placed, Selection};
use crate::artifact::text::{Quoted, text};
use crate::domain::{Cleaner, CleanerStats, Hours, JobSpec, Place, Rates};
use crate::features::{encode_item, encode_pair};
use crate::model::{ItemTable, QueryTable, Scores, Scratch};
use crate::rules::{JobComponent, JobScore, JobSubject};

/// Jobs whose shares of the first layers are computed together.
const BLOCK: usize = 64;
/// So many bids are a crowd.
const CROWDED: u32 = 6;

/// Who looks for a job.
struct Seeker<'a> {
    id: Option<&'a str>,
    cleaner: &'a Cleaner,
    stats: &'a CleanerStats,
    /// In the catalog; `None` for a newcomer.
    place: Option<usize>,
    from: Option<Place>,
}

/// A job that was not left out.
struct Open<'a> {
    posting: &'a JobPosting,
    spec: JobSpec,
    bids: Bids,
    price: Option<f32>,
    distance_km: Option<f64>,
    available: Option<bool>,
    rules: JobScore,
    /// The sum of the contributions as they are shown, 0 to 100.
    rule_score: f32,
}

/// The model with the cleaner's shares of its first layers.
struct Network<'a> {
    model: &'a Neural,
    items: Cow<'a, ItemTable>,
    item: usize,
    queries: QueryTable,
    rows: Vec<u32>,
    pairs: Vec<f32>,
    scratch: Scratch,
    scores: Scores,
}

impl Engine {
    /// Ranks jobs for a cleaner. Order: higher score first, equal scores as the jobs were given. No job is a legal request.
    ///
    /// # Errors
    /// [`EngineError::UnknownCleaner`] for an id that is not in this catalog or part of it, [`EngineError::Request`] with the
    /// field that cannot be used.
    pub fn recommend_jobs(&self, request: &JobsRequest) -> Result<JobRanking, EngineError> {
        let market = &self.catalog.market;
        let none = CleanerStats::new(market.property_types.len());
        let newcomer;
        let seeker = match &request.cleaner {
            CleanerRef::Known(id) => {
                let unknown = || EngineError::UnknownCleaner { field: "cleaner", id: id.clone() };
                let place = self.catalog.place(id).ok_or_else(unknown)? as usize;
                let (cleaner, stats) = (&self.catalog.cleaners[place], &self.catalog.stats[place]);
                Seeker { id: Some(id), cleaner, stats, place: Some(place), from: cleaner.location.map(Place::of) }
            }
            CleanerRef::New(profile) => {
                newcomer = profile.cleaner(market)?;
                let from = newcomer.location.map(Place::of);
                Seeker { id: profile.cleaner_id.as_deref(), cleaner: &newcomer, stats: &none, place: None, from }
            }
        };
        let rule_weight = share("ruleWeight", request.rule_weight.unwrap_or(self.jobs_rule_weight))?;
        let (mode, rule_weight) = match request.mode {
            Mode::Neural if self.model.is_some() => (Mode::Neural, 0.0),
            Mode::Ensemble if self.model.is_some() => (Mode::Ensemble, rule_weight),
            _ => (Mode::Rules, 1.0),
        };
        let level = level_of(request.level)?;
        let mut excluded = JobsExcluded::default();
        let open = self.open(request, &seeker, &mut excluded)?;
        let mut network = self.model.as_ref().filter(|_| mode != Mode::Rules).map(|model| self.network(model, &seeker));
        let blend = |rules: f32, neural: f32| rule_weight * rules + (1.0 - rule_weight) * 100.0 * neural;
        let limit = request.limit.unwrap_or(DEFAULT_LIMIT) as usize;
        let bounds: Vec<f32> = open.iter().map(|job| blend(job.rule_score, 1.0)).collect();
        let rows: Vec<u32> = (0..open.len() as u32).collect();
        let mut neural = vec![0.0f32; open.len()];
        let mut selection = Selection::default();
        let scored = selection.bounded(&bounds, &rows, limit, |block, out| {
            if let Some(network) = &mut network {
                block.chunks(BLOCK).for_each(|block| self.score_jobs(network, &open, block, &mut neural));
            }
            out.extend(block.iter().map(|at| blend(open[*at as usize].rule_score, neural[*at as usize])));
        });
        let least = request.filters.min_score.unwrap_or(0.0);
        let best: Vec<&Placed> = selection.best().iter().filter(|placed| placed.score >= least).collect();
        excluded.score = (selection.best().len() - best.len()) as u32;
        let item = |(at, placed): (usize, &&Placed)| {
            let neural = network.as_ref().map(|_| 100.0 * neural[placed.at as usize]);
            self.job_item(&open[placed.at as usize], (&seeker, level), placed.score, neural, at as u32 + 1)
        };
        let meta = JobsMeta {
            mode,
            requested_mode: request.mode,
            fallback: (mode != request.mode).then(|| self.no_model.clone()),
            rule_weight,
            cleaner_known: seeker.place.is_some_and(|place| self.catalog.embedding(place as u32).is_some()),
            kernel: self.kernel.name().into(),
            model: self.identity.clone(),
            candidates: request.jobs.len() as u32,
            scored: open.len() as u32,
            neural_scored: if network.is_some() { scored } else { 0 },
            excluded,
        };
        Ok(JobRanking { items: best.iter().enumerate().map(item).collect(), meta })
    }

    /// The jobs that are not left out, with their rule scores.
    fn open<'a>(
        &self,
        request: &'a JobsRequest,
        seeker: &Seeker<'_>,
        excluded: &mut JobsExcluded,
    ) -> Result<Vec<Open<'a>>, EngineError> {
        let filters = &request.filters;
        let kinds = filters.check(&self.catalog.market)?;
        let mut ids: Vec<&str> = request.jobs.iter().map(|posting| posting.job_id.as_str()).collect();
        ids.sort_unstable();
        if let Some(twice) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
            let reason = text!("the job ", Quoted(twice[0]), " comes twice");
            return Err(EngineError::request("jobs.jobId", reason));
        }
        let listed = |ids: &[String]| {
            let mut ids = ids.to_vec();
            ids.sort_unstable();
            ids
        };
        let (hide, seen) = (listed(&filters.hide), listed(&filters.seen));
        let mut open = Vec::with_capacity(request.jobs.len());
        for posting in &request.jobs {
            let job = self.job_for(posting, seeker).map_err(|error| posting.blame(error))?;
            let (spec, strict) = (&job.spec, filters.strict);
            // What is known decides; what is unknown fails only a strict filter.
            let fails = |known: Option<bool>| known.map_or(strict, |fine| !fine);
            let offered =
                job.bids.has_own || seeker.cleaner.offers(spec.property_type, spec.posted_at.max(self.catalog.as_of));
            let left_out = if hide.binary_search(&posting.job_id).is_ok() {
                &mut excluded.hidden
            } else if seen.binary_search(&posting.job_id).is_ok() {
                &mut excluded.seen
            } else if !offered {
                &mut excluded.offer
            } else if !kinds.is_empty() && fails(spec.property_type.map(|kind| kinds.contains(&kind))) {
                &mut excluded.property_types
            } else if filters.eco.is_some_and(|eco| eco != spec.eco) {
                &mut excluded.eco
            } else if filters.max_distance_km.is_some_and(|most| fails(job.distance_km.map(|km| km <= most))) {
                &mut excluded.distance
            } else if filters.min_pay.is_some_and(|least| fails(spec.budget.map(|budget| budget >= least))) {
                &mut excluded.pay
            } else if filters.available && fails(job.available) {
                &mut excluded.available
            } else {
                open.push(job);
                continue;
            };
            *left_out += 1;
        }
        Ok(open)
    }

    /// One job as the cleaner sees it.
    fn job_for<'a>(&self, posting: &'a JobPosting, seeker: &Seeker<'_>) -> Result<Open<'a>, EngineError> {
        let spec = posting.job.spec(&self.catalog.market)?;
        let bids = posting.bids(seeker.id)?;
        let price = bids.own.or_else(|| seeker.cleaner.expected_price(&spec));
        let distance_km = seeker.from.zip(spec.location).map(|(from, to)| from.distance_km(&Place::of(to)));
        let rules = JobScore::of(&JobSubject {
            market: &self.catalog.market_stats,
            stats: seeker.stats,
            job: &spec,
            distance_km,
            price,
            bids: bids.count,
            lowest: bids.lowest,
            client: posting.client()?,
        });
        let rule_score = rules.contributions.iter().map(|part| 100.0 * part.points).sum();
        let offset = self.catalog.market.utc_offset_minutes;
        let needed = || Hours::needed(spec.scheduled_at, spec.duration_h, offset);
        let available = seeker.cleaner.hours.map(|hours| hours.hold(&needed()));
        Ok(Open { posting, spec, bids, price, distance_km, available, rules, rule_score })
    }

    fn network<'a>(&self, model: &'a Neural, seeker: &Seeker<'_>) -> Network<'a> {
        let (items, item) = match seeker.place {
            Some(place) => (Cow::Borrowed(&model.items), place),
            None => {
                // Somebody whom nobody knows: the unknown row, and the market's means for a record.
                let mut items = model.hybrid.items(1);
                let mut features = encode_item(&Rates::of(seeker.stats, &self.catalog.market_stats), seeker.stats);
                model.normaliser.apply_to(model.columns.item.iter().copied(), &mut features);
                model.hybrid.set_item(&mut items, 0, None, &features);
                (Cow::Owned(items), 0)
            }
        };
        let queries = model.hybrid.queries(BLOCK);
        let (rows, pairs, scratch, scores) = Default::default();
        Network { model, items, item, queries, rows, pairs, scratch, scores }
    }

    /// Fills in what the model says of at most [`BLOCK`] jobs.
    fn score_jobs(&self, network: &mut Network<'_>, open: &[Open<'_>], block: &[u32], neural: &mut [f32]) {
        let Network { model, items, item, queries, rows, pairs, scratch, scores } = network;
        rows.clear();
        pairs.clear();
        for (row, at) in block.iter().enumerate() {
            let Open { posting, spec, price, distance_km, .. } = &open[*at as usize];
            let client = posting.job.client_id.as_ref().and_then(|id| self.clients.get(id));
            let client = client.and_then(|row| row.get(..model.hybrid.user_dim()));
            let features = self.query_features(model, spec);
            model.hybrid.put_query(queries, row, client, spec.property_type.map(usize::from), &features);
            let mut pair = encode_pair(*price, *distance_km);
            model.normaliser.apply_to(model.columns.pair.iter().copied(), &mut pair);
            pairs.extend(pair);
            rows.push(row as u32);
        }
        model.hybrid.score_queries(self.kernel, queries, (&**items, *item), rows, pairs, scratch, scores);
        block.iter().zip(&scores.blend).for_each(|(at, score)| neural[*at as usize] = *score);
    }

    fn job_item(
        &self,
        job: &Open<'_>,
        (seeker, level): (&Seeker<'_>, f32),
        score: f32,
        neural: Option<f32>,
        rank: u32,
    ) -> JobItem {
        let Open { posting, spec, bids, price, distance_km, available, rules, rule_score } = job;
        let part = |part: &crate::rules::JobContribution| Part {
            component: part.component.name().to_owned(),
            weight: 100.0 * part.weight,
            value: part.value.map(|value| 100.0 * value),
            contribution: 100.0 * part.points,
        };
        let contributions: Vec<Part> = rules.contributions.iter().map(part).collect();
        let reviews = seeker.stats.overall.count;
        let percent = |component| rules.value(component).map(|value| 100.0 * value);
        JobItem {
            job_id: posting.job_id.clone(),
            client_id: posting.job.client_id.clone(),
            rank,
            score,
            rule_score: *rule_score,
            neural_score: neural,
            interval: self.conformal.as_ref().zip(neural).map(|(known, score)| known.interval(score, reviews, level)),
            pay: spec.budget,
            price: *price,
            bid_count: bids.count,
            lowest_bid: bids.lowest,
            distance_km: *distance_km,
            breakdown: JobBreakdown {
                quality: neural,
                location: percent(JobComponent::Location),
                specialisation: percent(JobComponent::Specialisation),
                pricing: percent(JobComponent::Pricing),
                availability: available.map(|fits| if fits { 100.0 } else { 0.0 }),
            },
            contributions,
            reasons: self.job_reasons(job, seeker),
        }
    }

    /// The strongest reasons for and against; warnings first.
    fn job_reasons(&self, job: &Open<'_>, seeker: &Seeker<'_>) -> Vec<Reason> {
        let Open { spec, bids, price, distance_km, available, rules, posting, .. } = job;
        let currency = &self.catalog.market.currency;
        let mut found: Vec<(f64, Reason)> = Vec::new();
        let mut say = |strength: f64, reason: Reason| found.push((strength, reason));
        let below =
            |amount: Option<f32>| price.zip(amount).map_or(0.0, |(price, amount)| whole(f64::from(price - amount)));
        if below(spec.budget) > 0.0 {
            say(9.0, Reason::new("job_below_price").number("amount", below(spec.budget)).text("currency", currency));
        }
        if *available == Some(false) {
            say(8.5, Reason::new("job_not_free"));
        }
        if spec.eco && seeker.cleaner.eco == Some(false) {
            say(8.0, Reason::new("job_needs_eco"));
        }
        let client = posting.client_jobs.zip(posting.client_completed);
        let client = client.map(|(jobs, completed)| (f64::from(jobs), f64::from(completed)));
        if let Some((jobs, completed)) = client.filter(|(jobs, completed)| *jobs >= 3.0 && *completed < 0.7 * jobs) {
            say(7.0, Reason::new("job_client_cancels").number("jobs", jobs).number("ended", jobs - completed));
        }
        if below(bids.lowest) > 0.0 {
            say(6.0, Reason::new("job_undercut").number("amount", below(bids.lowest)).text("currency", currency));
        }
        if bids.count >= CROWDED {
            say(5.0, Reason::new("job_crowded").number("count", f64::from(bids.count)));
        }
        if let Some(km) = distance_km.filter(|km| *km <= 5.0) {
            say(1.2 - km / 10.0, Reason::new("job_near").number("km", tenths(km)));
        }
        if bids.count == 0 {
            say(0.9, Reason::new("job_first"));
        }
        // A value of `v` says that the job pays v / (1 - v) times what the cleaner asks.
        if let Some(value) =
            rules.value(JobComponent::Pricing).map(f64::from).filter(|value| (0.53..1.0).contains(value))
        {
            let more = value / (1.0 - value) - 1.0;
            say(0.4 + more.min(1.0), Reason::new("job_pays").number("percent", whole(100.0 * more)));
        }
        let special = rules.value(JobComponent::Specialisation).filter(|value| *value > 0.55);
        if let Some((kind, value)) = spec.property_type.zip(special) {
            let jobs = f64::from(seeker.stats.in_type(Some(kind)).completed);
            let name = self.catalog.market.property_types.get(usize::from(kind)).map_or("", String::as_str);
            let strength = 0.3 + 4.0 * (f64::from(value) - 0.5);
            say(strength, Reason::new("job_own_kind").number("count", jobs).text("type", name));
        }
        if let Some((jobs, _)) = client.filter(|(jobs, completed)| *jobs >= 3.0 && *completed >= 0.95 * jobs) {
            say(0.5, Reason::new("job_good_client").number("jobs", jobs));
        }
        strongest(found)
    }
}
