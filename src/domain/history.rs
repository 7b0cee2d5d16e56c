//! What happened, replayed in order of time, so that anything can be asked **as of** a moment.
//!
//! An event is visible to a job posted at `t` only if it happened strictly before `t`. The one exception is a
//! [`EventKind::Listed`] snapshot: it is what the marketplace itself showed at that moment, so it is visible at `t`.

use std::collections::VecDeque;

use super::stats::{CleanerStats, MarketStats, Tally, TypeStats};
use super::time::{DAY, Timestamp};

/// Something that happened to one cleaner.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// Index of the cleaner.
    pub cleaner: u32,
    /// What.
    pub kind: EventKind,
}

/// What happened. Ratings are normalised to [0, 1]; a part that was not rated is `None`.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// A bid was placed.
    Bid {
        /// Kind of the job.
        property_type: Option<u16>,
        /// The price offered.
        amount: f32,
        /// Estimated hours of the job.
        duration_h: Option<f32>,
    },
    /// A bid was accepted.
    Won,
    /// A job was completed.
    Completed {
        /// Kind of the job.
        property_type: Option<u16>,
        /// Whether it asked for eco-friendly products.
        eco: bool,
        /// Whether it began on time.
        on_time: Option<bool>,
        /// Whether there are photos of it.
        photos: Option<bool>,
        /// What was paid to the cleaner.
        earned: f32,
    },
    /// A job that was won was cancelled or failed.
    Cancelled,
    /// A client reviewed the cleaner.
    Review {
        /// Kind of the job.
        property_type: Option<u16>,
        /// Overall rating.
        overall: f32,
        /// Rating of the cleaning itself.
        quality: Option<f32>,
        /// Rating of communication.
        communication: Option<f32>,
        /// Rating of professionalism.
        professionalism: Option<f32>,
        /// Rating of timeliness.
        timeliness: Option<f32>,
    },
    /// A listing showed the totals so far for one kind of job: they replace what was known for that kind.
    Listed {
        /// Kind of job the totals are for.
        property_type: Option<u16>,
        /// Mean overall rating, if there is any.
        rating: Option<f32>,
        /// Number of ratings.
        ratings: u32,
        /// Number of jobs done; at least the number of ratings.
        completed: u32,
        /// The marketplace's badge of reliability.
        badge: Option<bool>,
    },
}

impl Event {
    /// The last moment at which a job may be posted without seeing this event.
    fn hidden_until(&self) -> Timestamp {
        match self.kind {
            EventKind::Listed { .. } => self.at - 1,
            _ => self.at,
        }
    }
}

/// All events of a market in order of time.
#[derive(Debug, Clone, Default)]
pub struct History {
    events: Vec<Event>,
    cleaners: usize,
    property_types: usize,
}

impl History {
    /// Sorts the events; those of one moment keep the order in which they are given. Events of cleaners outside
    /// `0..cleaners` are dropped.
    pub fn new(mut events: Vec<Event>, cleaners: usize, property_types: usize) -> Self {
        events.retain(|event| (event.cleaner as usize) < cleaners);
        events.sort_by_key(Event::hidden_until);
        Self { events, cleaners, property_types }
    }

    /// How many cleaners there are.
    pub fn cleaners(&self) -> usize {
        self.cleaners
    }

    /// The moment of the last event, if there is any.
    pub fn last(&self) -> Option<Timestamp> {
        self.events.iter().map(|event| event.at).max()
    }

    /// A replay that has seen nothing yet.
    pub fn replay(&self) -> Replay<'_> {
        Replay {
            history: self,
            next: 0,
            now: Timestamp::MIN,
            cleaners: vec![CleanerStats::new(self.property_types); self.cleaners],
            recent: vec![VecDeque::new(); self.cleaners],
            market: MarketStats::new(self.property_types),
        }
    }
}

/// The state of knowledge while history is replayed.
#[derive(Debug, Clone)]
pub struct Replay<'a> {
    history: &'a History,
    next: usize,
    now: Timestamp,
    cleaners: Vec<CleanerStats>,
    /// Completion times of the last 90 days, oldest first.
    recent: Vec<VecDeque<Timestamp>>,
    market: MarketStats,
}

impl Replay<'_> {
    /// Makes everything visible that a job posted at `at` may know. A moment before the last one asked for changes
    /// nothing: a replay only goes forward.
    pub fn advance_to(&mut self, at: Timestamp) {
        self.now = self.now.max(at);
        let events = &self.history.events;
        while let Some(event) = events.get(self.next).filter(|event| event.hidden_until() < self.now) {
            self.apply(event);
            self.next += 1;
        }
    }

    /// What is known of a cleaner at the moment last advanced to.
    pub fn cleaner(&mut self, cleaner: u32) -> &CleanerStats {
        let at = cleaner as usize;
        let (recent, stats, now) = (&mut self.recent[at], &mut self.cleaners[at], self.now);
        while recent.front().is_some_and(|&done| done < now.saturating_sub(90 * DAY)) {
            recent.pop_front();
        }
        let month = now.saturating_sub(30 * DAY);
        stats.completed_90d = recent.len() as u32;
        stats.completed_30d = (recent.len() - recent.partition_point(|&done| done < month)) as u32;
        stats
    }

    /// The moment last advanced to.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// What is known of the whole market at the moment last advanced to.
    pub fn market(&self) -> &MarketStats {
        &self.market
    }

    fn apply(&mut self, event: &Event) {
        let at = event.cleaner as usize;
        if let EventKind::Completed { .. } = event.kind {
            self.recent[at].push_back(event.at);
            self.market.dated_completions += 1;
        }
        let ratio = price_ratio(&self.market, &event.kind);
        if let EventKind::Listed { .. } = event.kind {
            // The totals replace the earlier ones, in the market's sums too.
            let before = self.cleaners[at].clone();
            update(&mut self.cleaners[at], &event.kind, ratio);
            replace_totals(&mut self.market.total, &before, &self.cleaners[at]);
        } else {
            update(&mut self.cleaners[at], &event.kind, ratio);
            update(&mut self.market.total, &event.kind, ratio);
        }
        if let EventKind::Bid { property_type, amount, duration_h: Some(hours) } = event.kind
            && hours > 0.0
        {
            let hourly = f64::from(amount) / f64::from(hours);
            self.market.hourly.add(hourly);
            if let Some(of_kind) = property_type.and_then(|kind| self.market.hourly_by_type.get_mut(usize::from(kind)))
            {
                of_kind.add(hourly);
            }
        }
        self.raise_maxima(at);
    }

    fn raise_maxima(&mut self, cleaner: usize) {
        let (market, stats) = (&mut self.market, &self.cleaners[cleaner]);
        market.max_completed = market.max_completed.max(stats.completed);
        market.max_earnings = market.max_earnings.max(stats.earnings);
        for (max, of_kind) in market.max_completed_by_type.iter_mut().zip(&stats.by_type) {
            *max = (*max).max(of_kind.completed);
        }
    }
}

/// A bid relative to the market's price at that moment, if there is one.
fn price_ratio(market: &MarketStats, kind: &EventKind) -> Option<f64> {
    let EventKind::Bid { property_type, amount, duration_h: Some(hours) } = kind else { return None };
    let price = market.hourly_price(*property_type)? * f64::from(*hours);
    (price > 0.0).then(|| f64::from(*amount) / price)
}

fn update(stats: &mut CleanerStats, kind: &EventKind, price_ratio: Option<f64>) {
    match *kind {
        EventKind::Bid { .. } => {
            stats.bids += 1;
            if let Some(ratio) = price_ratio {
                stats.price_ratio.add(ratio);
            }
        }
        EventKind::Won => stats.wins += 1,
        EventKind::Cancelled => stats.cancelled += 1,
        EventKind::Completed { property_type, eco, on_time, photos, earned } => {
            stats.completed += 1;
            stats.eco_completed += u32::from(eco);
            stats.earnings += f64::from(earned);
            add_flag(&mut stats.on_time, on_time);
            add_flag(&mut stats.photos, photos);
            if let Some(of_kind) = property_type.and_then(|kind| stats.by_type.get_mut(usize::from(kind))) {
                of_kind.completed += 1;
            }
        }
        EventKind::Review { property_type, overall, quality, communication, professionalism, timeliness } => {
            stats.overall.add(f64::from(overall));
            let parts = [
                (&mut stats.quality, quality),
                (&mut stats.communication, communication),
                (&mut stats.professionalism, professionalism),
                (&mut stats.timeliness, timeliness),
            ];
            for (tally, rating) in parts {
                if let Some(rating) = rating {
                    tally.add(f64::from(rating));
                }
            }
            if let Some(of_kind) = property_type.and_then(|kind| stats.by_type.get_mut(usize::from(kind))) {
                of_kind.rating.add(f64::from(overall));
            }
        }
        EventKind::Listed { property_type, rating, ratings, completed, badge } => {
            let count = if rating.is_some() { ratings } else { 0 };
            let rating = Tally { count, sum: f64::from(rating.unwrap_or(0.0)) * f64::from(count) };
            let completed = completed.max(ratings);
            let of_kind = property_type.and_then(|kind| stats.by_type.get_mut(usize::from(kind)));
            let before = match of_kind {
                Some(of_kind) => std::mem::replace(of_kind, TypeStats { completed, rating }),
                None => TypeStats { completed: stats.completed, rating: stats.overall },
            };
            stats.completed = stats.completed - before.completed + completed;
            replace_tally(&mut stats.overall, before.rating, rating);
            stats.badge = badge.or(stats.badge);
        }
    }
}

fn add_flag(tally: &mut Tally, flag: Option<bool>) {
    if let Some(flag) = flag {
        tally.add(f64::from(u8::from(flag)));
    }
}

fn replace_tally(tally: &mut Tally, before: Tally, after: Tally) {
    tally.count = tally.count - before.count + after.count;
    tally.sum += after.sum - before.sum;
}

fn replace_totals(total: &mut CleanerStats, before: &CleanerStats, after: &CleanerStats) {
    total.completed = total.completed - before.completed + after.completed;
    replace_tally(&mut total.overall, before.overall, after.overall);
    for ((total, before), after) in total.by_type.iter_mut().zip(&before.by_type).zip(&after.by_type) {
        total.completed = total.completed - before.completed + after.completed;
        replace_tally(&mut total.rating, before.rating, after.rating);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review(at: Timestamp, overall: f32) -> Event {
        let kind = EventKind::Review {
            property_type: Some(0),
            overall,
            quality: Some(overall),
            communication: None,
            professionalism: None,
            timeliness: None,
        };
        Event { at, cleaner: 0, kind }
    }

    fn completed(at: Timestamp) -> Event {
        let kind =
            EventKind::Completed { property_type: Some(1), eco: true, on_time: Some(true), photos: None, earned: 40.0 };
        Event { at, cleaner: 1, kind }
    }

    #[test]
    fn an_event_is_seen_only_after_its_moment() {
        let history = History::new(vec![review(20, 1.0), review(10, 0.5)], 2, 2);
        let mut replay = history.replay();
        for (at, expected) in [(10, None), (11, Some(0.5)), (20, Some(0.5)), (21, Some(0.75))] {
            replay.advance_to(at);
            assert_eq!(replay.cleaner(0).overall.mean(), expected, "at {at}");
            assert_eq!(replay.market().total.overall.mean(), expected, "at {at}");
        }
        assert_eq!(replay.cleaner(1).overall.count, 0);
    }

    #[test]
    fn windows_of_30_and_90_days_close() {
        let history = History::new((0..4).map(|i| completed(i * 40 * DAY)).collect(), 2, 2);
        let mut replay = history.replay();
        replay.advance_to(121 * DAY);
        let stats = replay.cleaner(1);
        assert_eq!((stats.completed, stats.completed_30d, stats.completed_90d), (4, 1, 3));
        assert_eq!((stats.in_type(Some(1)).completed, stats.eco_completed, stats.earnings), (4, 4, 160.0));
        assert_eq!((replay.market().max_completed, replay.market().max_completed_by_type[1]), (4, 4));
    }

    #[test]
    fn a_listing_replaces_what_was_known_and_is_seen_at_once() {
        let listed = |at, ratings, rating| Event {
            at,
            cleaner: 0,
            kind: EventKind::Listed { property_type: Some(1), rating, ratings, completed: 0, badge: Some(true) },
        };
        let history = History::new(vec![listed(5, 4, Some(0.5)), listed(9, 8, Some(1.0))], 1, 2);
        let mut replay = history.replay();
        replay.advance_to(5);
        assert_eq!((replay.cleaner(0).overall.count, replay.cleaner(0).completed), (4, 4));
        replay.advance_to(9);
        let stats = replay.cleaner(0).clone();
        assert_eq!((stats.overall, stats.completed, stats.badge), (Tally { count: 8, sum: 8.0 }, 8, Some(true)));
        assert_eq!((replay.market().total.overall, replay.market().total.completed), (stats.overall, 8));
    }

    #[test]
    fn a_bid_is_compared_with_the_bids_before_it() {
        let bid = |at, amount| Event {
            at,
            cleaner: 0,
            kind: EventKind::Bid { property_type: None, amount, duration_h: Some(2.0) },
        };
        let history = History::new(vec![bid(1, 20.0), bid(2, 30.0)], 1, 1);
        let mut replay = history.replay();
        replay.advance_to(3);
        assert_eq!(replay.cleaner(0).price_ratio, Tally { count: 1, sum: 1.5 });
        assert_eq!(replay.market().hourly, Tally { count: 2, sum: 25.0 });
    }
}
