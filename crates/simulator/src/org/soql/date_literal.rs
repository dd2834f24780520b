//! `TODAY`, `LAST_N_DAYS:7`, `THIS_QUARTER` and the rest: each names a run of whole days in the
//! running user's time zone, from its first day up to, but without, the day after its last.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// First day and the day after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Days {
    pub first: Date,
    pub end: Date,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// Units counted from the current one: which to begin with and which to end before.
struct Stretch {
    unit: Unit,
    from: i64,
    until: i64,
}

/// Whether a word (in capitals) names a period.
pub(super) fn is_period(word: &str) -> bool {
    stretch(word, 1).is_some()
}

/// The days of a period on the date `today`.
pub(super) fn days(word: &str, count: u32, today: Date) -> Option<Days> {
    let stretch = stretch(word, i64::from(count))?;
    let start = start_of(stretch.unit, today);
    Some(Days {
        first: shift(stretch.unit, start, stretch.from),
        end: shift(stretch.unit, start, stretch.until),
    })
}

/// The date of a moment in a zone; UTC when the zone is unknown.
pub(super) fn date_in(zone: &str, now_ms: i64) -> Date {
    let now = Timestamp::from_millisecond(now_ms).unwrap_or_default();
    now.to_zoned_datetime(time_zone(zone)).date()
}

/// The second at which a day begins in a zone.
pub(super) fn begins(date: Date, zone: &str) -> i64 {
    let midnight = date.to_zoned_datetime(time_zone(zone));
    midnight.map_or(0, |zoned| zoned.timestamp().as_second())
}

fn time_zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

fn stretch(word: &str, count: i64) -> Option<Stretch> {
    let word = word.replace("FISCAL_", "");
    let fixed = |unit, from, until| Some(Stretch { unit, from, until });
    match word.as_str() {
        "TODAY" => return fixed(Unit::Day, 0, 1),
        "YESTERDAY" => return fixed(Unit::Day, -1, 0),
        "TOMORROW" => return fixed(Unit::Day, 1, 2),
        "LAST_90_DAYS" => return fixed(Unit::Day, -90, 1),
        "NEXT_90_DAYS" => return fixed(Unit::Day, 1, 91),
        _ => {}
    }
    if let Some(name) = word
        .strip_prefix("N_")
        .and_then(|w| w.strip_suffix("S_AGO"))
    {
        return fixed(unit(name)?, -count, 1 - count);
    }
    if let Some(name) = word
        .strip_prefix("LAST_N_")
        .and_then(|w| w.strip_suffix('S'))
    {
        let unit = unit(name)?;
        return fixed(unit, -count, i64::from(unit == Unit::Day));
    }
    if let Some(name) = word
        .strip_prefix("NEXT_N_")
        .and_then(|w| w.strip_suffix('S'))
    {
        return fixed(unit(name)?, 1, 1 + count);
    }
    let (when, name) = word.split_once('_')?;
    let unit = unit(name).filter(|u| *u != Unit::Day)?;
    match when {
        "THIS" => fixed(unit, 0, 1),
        "LAST" => fixed(unit, -1, 0),
        "NEXT" => fixed(unit, 1, 2),
        _ => None,
    }
}

fn unit(name: &str) -> Option<Unit> {
    Some(match name {
        "DAY" => Unit::Day,
        "WEEK" => Unit::Week,
        "MONTH" => Unit::Month,
        "QUARTER" => Unit::Quarter,
        "YEAR" => Unit::Year,
        _ => return None,
    })
}

/// Weeks begin on Sunday.
fn start_of(unit: Unit, day: Date) -> Date {
    let into_week = i64::from(day.weekday().to_sunday_zero_offset());
    let month = match unit {
        Unit::Quarter => (day.month() - 1) / 3 * 3 + 1,
        _ => day.month(),
    };
    match unit {
        Unit::Day => day,
        Unit::Week => day.checked_sub(into_week.days()).unwrap_or(day),
        Unit::Month | Unit::Quarter => Date::new(day.year(), month, 1).unwrap_or(day),
        Unit::Year => Date::new(day.year(), 1, 1).unwrap_or(day),
    }
}

fn shift(unit: Unit, day: Date, by: i64) -> Date {
    let by = by.clamp(-30_000, 30_000);
    let span = match unit {
        Unit::Day => by.days(),
        Unit::Week => by.weeks(),
        Unit::Month => by.months(),
        Unit::Quarter => (by * 3).months(),
        Unit::Year => by.clamp(-3_000, 3_000).years(),
    };
    day.checked_add(span).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_period_covers_its_days() {
        let today = Date::constant(2026, 11, 24);
        let cases = [
            ("TODAY", 0, "2026-11-24", "2026-11-25"),
            ("YESTERDAY", 0, "2026-11-23", "2026-11-24"),
            ("LAST_N_DAYS", 3, "2026-11-21", "2026-11-25"),
            ("NEXT_N_DAYS", 3, "2026-11-25", "2026-11-28"),
            ("N_DAYS_AGO", 2, "2026-11-22", "2026-11-23"),
            ("THIS_WEEK", 0, "2026-11-22", "2026-11-29"),
            ("LAST_MONTH", 0, "2026-10-01", "2026-11-01"),
            ("LAST_N_MONTHS", 2, "2026-09-01", "2026-11-01"),
            ("THIS_QUARTER", 0, "2026-10-01", "2027-01-01"),
            ("NEXT_FISCAL_QUARTER", 0, "2027-01-01", "2027-04-01"),
            ("N_YEARS_AGO", 1, "2025-01-01", "2026-01-01"),
        ];
        for (word, count, first, end) in cases {
            let days = days(word, count, today).unwrap();
            assert_eq!(days.first.to_string(), first, "{word}");
            assert_eq!(days.end.to_string(), end, "{word}");
        }
        assert!(!is_period("THIS_DAY") && !is_period("SOMEDAY"));
    }

    #[test]
    fn a_day_begins_at_midnight_of_the_users_zone() {
        let day = Date::constant(2026, 7, 1);
        assert_eq!(begins(day, "Europe/London"), begins(day, "UTC") - 3_600);
    }
}
