//! When somebody works: the hours of a week, in local time.

use super::{HOUR, Timestamp};

/// Hours of a week.
const WEEK: i64 = 7 * 24;
/// The bits of one day.
const DAY_BITS: u32 = (1 << 24) - 1;

/// Hours of the week, in the market's local time: one bit for each, 24 a day, Monday first. It says either when somebody
/// works or, for a job, which hours it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hours([u32; 7]);

impl Hours {
    /// By the bits of each day: bit 0 is the hour from 0:00 to 1:00. `None` for bits beyond the 24th.
    pub fn of_days(days: [u32; 7]) -> Option<Self> {
        days.iter().all(|bits| *bits <= DAY_BITS).then_some(Self(days))
    }

    /// The bits of each day, Monday first.
    pub fn days(&self) -> [u32; 7] {
        self.0
    }

    /// The hours that work from `start` on touches, for as long as `hours` says: an hour that is begun counts. Work of unknown
    /// length needs the hour it begins in, work of a week and more every hour.
    pub fn needed(start: Timestamp, hours: Option<f32>, utc_offset_minutes: i32) -> Self {
        let local = start.rem_euclid(WEEK * HOUR) + i64::from(utc_offset_minutes) * 60;
        // A cast takes what is no number for 0, and what is too large for the largest.
        let seconds = (hours.unwrap_or(0.0).clamp(0.0, WEEK as f32) * HOUR as f32) as i64;
        let first = local.div_euclid(HOUR);
        let last = (local + seconds - 1).div_euclid(HOUR).clamp(first, first + WEEK - 1);
        let mut needed = Self::default();
        for hour in first..=last {
            // 1970-01-01 was a Thursday.
            let at = (hour + 3 * 24).rem_euclid(WEEK);
            needed.0[(at / 24) as usize] |= 1 << (at % 24);
        }
        needed
    }

    /// Adds the hours from `from` to `to` (1 to 24, exclusive) of a day, 0 = Monday. `false`, and nothing added, where that
    /// is no part of a day.
    pub fn add(&mut self, weekday: i64, from: i64, to: i64) -> bool {
        let day = usize::try_from(weekday).ok().and_then(|day| self.0.get_mut(day));
        let Some(day) = day.filter(|_| 0 <= from && from < to && to <= 24) else { return false };
        *day |= (DAY_BITS >> (24 - (to - from))) << from;
        true
    }

    /// Whether all hours of `needed` are among these.
    pub fn hold(&self, needed: &Self) -> bool {
        self.0.iter().zip(&needed.0).all(|(have, needed)| needed & !have == 0)
    }

    /// The spans of each day as (weekday, from, to), in order: what [`add`](Self::add) would need to make the same hours.
    pub fn spans(&self) -> impl Iterator<Item = (u8, u8, u8)> {
        (0u8..).zip(self.0).flat_map(|(day, bits)| {
            let set = move |hour: u8| hour < 24 && bits >> hour & 1 == 1;
            let starts = (0..24).filter(move |hour| set(*hour) && !(*hour > 0 && set(hour - 1)));
            starts.map(move |from| (day, from, (from..=24).find(|hour| !set(*hour)).unwrap_or(24)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{day_of_week, hour_of_day};
    use proptest::prelude::*;

    /// A Monday: `date -u -d '2025-06-02 00:00' +%s`.
    const MONDAY: Timestamp = 1_748_822_400;

    #[test]
    fn work_needs_every_hour_that_it_touches() {
        let needed = |at, hours, offset| Hours::needed(at, hours, offset).spans().collect::<Vec<_>>();
        assert_eq!(needed(MONDAY + 9 * HOUR, Some(2.5), 0), [(0, 9, 12)]);
        assert_eq!(needed(MONDAY + 9 * HOUR, Some(3.0), 0), [(0, 9, 12)]);
        assert_eq!(needed(MONDAY + 9 * HOUR + 1800, Some(3.0), 0), [(0, 9, 13)]);
        assert_eq!(needed(MONDAY + 9 * HOUR, None, 120), [(0, 11, 12)]);
        assert_eq!(needed(MONDAY + 9 * HOUR, Some(f32::NAN), 0), [(0, 9, 10)]);
        assert_eq!(needed(MONDAY - HOUR, Some(2.0), 0), [(0, 0, 1), (6, 23, 24)]);
        assert_eq!(needed(MONDAY, Some(-3.0), -60), [(6, 23, 24)]);
        let always = Hours::of_days([DAY_BITS; 7]).unwrap();
        for (at, hours) in [(0, f32::INFINITY), (MONDAY, 168.0), (i64::MAX, 500.0), (i64::MIN, 1e30)] {
            assert_eq!(Hours::needed(at, Some(hours), 720).days(), always.days(), "{at} {hours}");
        }
    }

    #[test]
    fn parts_of_a_day_are_added_and_others_refused() {
        let mut hours = Hours::default();
        assert!(hours.add(0, 8, 12) && hours.add(0, 13, 17) && hours.add(6, 0, 24));
        for (weekday, from, to) in [(7, 8, 9), (-1, 8, 9), (0, 9, 9), (0, 9, 8), (0, -1, 3), (0, 23, 25), (0, 24, 25)] {
            assert!(!hours.add(weekday, from, to), "{weekday} {from} {to}");
        }
        assert_eq!(hours.spans().collect::<Vec<_>>(), [(0, 8, 12), (0, 13, 17), (6, 0, 24)]);
        assert_eq!(hours.days()[0], 0b1_1110_1111_0000_0000);
        assert_eq!(Hours::of_days(hours.days()), Some(hours));
        assert_eq!(Hours::of_days([1 << 24, 0, 0, 0, 0, 0, 0]), None);
        let lunch = Hours::needed(MONDAY + 11 * HOUR, Some(2.0), 0);
        let morning = Hours::needed(MONDAY + 8 * HOUR, Some(4.0), 0);
        assert!(hours.hold(&morning) && !hours.hold(&lunch) && hours.hold(&Hours::default()));
    }

    proptest! {
        #[test]
        fn every_minute_of_the_work_is_in_an_hour_that_it_needs(
            at in 0i64..2_000_000_000, minutes in 1i64..2000, offset in -720i32..840,
        ) {
            let needed = Hours::needed(at, Some(minutes as f32 / 60.0), offset);
            for minute in (0..minutes).chain([minutes]) {
                let moment = (at + minute * 60).min(at + minutes * 60 - 1);
                let (day, hour) = (day_of_week(moment, offset), hour_of_day(moment, offset) as u32);
                prop_assert!(needed.days()[usize::from(day)] >> hour & 1 == 1);
            }
            let most = minutes / 60 + 2;
            prop_assert!(needed.days().iter().map(|day| i64::from(day.count_ones())).sum::<i64>() <= most);
        }

        #[test]
        fn spans_make_the_same_hours(days in prop::array::uniform7(0u32..1 << 24)) {
            let mut again = Hours::default();
            let hours = Hours::of_days(days).unwrap();
            prop_assert!(hours.spans().all(|(day, from, to)| again.add(day.into(), from.into(), to.into())));
            prop_assert_eq!(again, hours);
        }
    }
}
