//! Time as seconds since 1970 in UTC. Nothing in the core reads a clock: time is always an input.

/// Seconds since 1970-01-01 00:00:00 UTC.
pub type Timestamp = i64;

/// Seconds in an hour.
pub const HOUR: i64 = 3600;
/// Seconds in a day.
pub const DAY: i64 = 24 * HOUR;

/// Local hour of the day, 0.0 up to but not including 24.0, at a fixed offset from UTC in minutes.
pub fn hour_of_day(at: Timestamp, utc_offset_minutes: i32) -> f32 {
    let local = at + i64::from(utc_offset_minutes) * 60;
    local.rem_euclid(DAY) as f32 / HOUR as f32
}

/// Local day of the week, 0 = Monday to 6 = Sunday, at a fixed offset from UTC in minutes.
pub fn day_of_week(at: Timestamp, utc_offset_minutes: i32) -> u8 {
    let local = at + i64::from(utc_offset_minutes) * 60;
    // 1970-01-01 was a Thursday.
    ((local.div_euclid(DAY) + 3).rem_euclid(7)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments() {
        // `date -u -d @1763712000 +'%u %H'` = "5 08"; the other rows by the same command.
        assert_eq!(day_of_week(1_763_712_000, 0), 4);
        assert_eq!(hour_of_day(1_763_712_000, 0), 8.0);
        assert_eq!(hour_of_day(1_763_712_000, 120), 10.0);
        assert_eq!(day_of_week(0, 0), 3);
        assert_eq!(day_of_week(-1, 0), 2);
        assert_eq!(hour_of_day(-HOUR, 0), 23.0);
        assert_eq!(day_of_week(1_763_712_000, 16 * 60), 5);
    }
}
