//! Dates and times in the formats of the REST API: whole seconds, `+0000` without a colon on the
//! way out, and whatever ISO form programs send on the way in.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

/// `2022-03-17T16:21:26.000+0000`
pub(crate) fn show_time(seconds: i64) -> String {
    let time = Timestamp::from_second(seconds).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string()
}

/// `Thu Mar 17 16:21:26 GMT 2022`, as list views show it.
pub(crate) fn show_java(seconds: i64) -> String {
    let time = Timestamp::from_second(seconds).unwrap_or_default();
    time.strftime("%a %b %d %H:%M:%S GMT %Y").to_string()
}

/// The same, appended to bytes; by the million it is worth to do without a library.
pub(crate) fn push_time(seconds: i64, out: &mut Vec<u8>) {
    let Some((year, month, day)) = common_date(seconds.div_euclid(86_400)) else {
        out.extend_from_slice(show_time(seconds).as_bytes());
        return;
    };
    let rest = seconds.rem_euclid(86_400) as u32;
    push_digits::<4>(year, out);
    for (sign, number) in [
        (b'-', month),
        (b'-', day),
        (b'T', rest / 3_600),
        (b':', rest / 60 % 60),
        (b':', rest % 60),
    ] {
        out.push(sign);
        push_digits::<2>(number, out);
    }
    out.extend_from_slice(b".000+0000");
}

/// Year, month and day of a day since 1970-01-01, for years of four digits after 1600. Counts in
/// years that begin in March, so that the leap day comes last.
fn common_date(days: i64) -> Option<(u32, u32, u32)> {
    const FROM_1600_03_01: i64 = 135_080;
    const DAYS_OF_400_YEARS: u32 = 146_097;
    let days = u32::try_from(days.checked_add(FROM_1600_03_01)?).ok()?;
    let (era, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year = (day - day / 1_460 + day / 36_524 - day / (DAYS_OF_400_YEARS - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let late = month >= 10;
    let month = if late { month - 9 } else { month + 3 };
    let year = 1600 + 400 * era + year + u32::from(late);
    (year < 9_999).then_some((year, month, day))
}

fn push_digits<const N: usize>(mut number: u32, out: &mut Vec<u8>) {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
    out.extend_from_slice(&digits);
}

/// `2022-03-17`
pub(crate) fn show_date(days: i32) -> String {
    civil(days).strftime("%Y-%m-%d").to_string()
}

/// The date `days` after 1970-01-01.
pub(crate) fn civil(days: i32) -> Date {
    let epoch = Date::constant(1970, 1, 1);
    epoch.checked_add(i64::from(days).days()).unwrap_or(epoch)
}

/// Days from 1970-01-01 to `date`.
pub(crate) fn days(date: Date) -> i32 {
    let span = date.since((jiff::Unit::Day, Date::constant(1970, 1, 1)));
    span.map_or(0, |s| s.get_days())
}

/// The last day of the quarter, where a new deal is expected to close.
pub(crate) fn end_of_quarter(today: i32) -> i32 {
    let date = civil(today);
    let last = (date.month() - 1) / 3 * 3 + 3;
    let first_of_last = date.with().day(1).month(last).build();
    first_of_last.map_or(today, |date| days(date.last_of_month()))
}

/// Reads `2022-03-17T16:21:26[.123](Z|+01:00|+0100)` into seconds; fractions are dropped.
pub(crate) fn read_time(text: &str) -> Option<i64> {
    let (date, clock) = text.split_once(['T', 't'])?;
    read_date(date)?;
    if clock.ends_with(['Z', 'z']) {
        return parse(text);
    }
    let sign = clock.rfind(['+', '-'])?;
    let zone = &clock[sign + 1..];
    if zone.len() == 4 && zone.bytes().all(|b| b.is_ascii_digit()) {
        let (hours, minutes) = zone.split_at(2);
        let head = &text[..text.len() - 4];
        return parse(&format!("{head}{hours}:{minutes}"));
    }
    parse(text)
}

/// Reads `2022-03-17`, strictly.
pub(crate) fn read_date(text: &str) -> Option<i32> {
    let shape = text.len() == 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
    match shape {
        true => text.parse::<Date>().ok().map(days),
        false => None,
    }
}

/// Reads a time of day into the form in which it is shown: `11:59:59.000Z`.
pub(crate) fn read_clock(text: &str) -> Option<String> {
    let bare = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let time = bare.parse::<jiff::civil::Time>().ok()?;
    let clock = bare.as_bytes().get(2) == Some(&b':');
    clock.then(|| format!("{}Z", time.strftime("%H:%M:%S%.3f")))
}

fn parse(text: &str) -> Option<i64> {
    let time = text.parse::<Timestamp>().ok()?;
    Some(time.as_millisecond().div_euclid(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistake_19_times_are_whole_seconds_without_z() {
        for seconds in [1_647_534_086, 0, -1, 4_102_444_799] {
            let mut text = Vec::new();
            push_time(seconds, &mut text);
            assert_eq!(String::from_utf8(text).unwrap(), show_time(seconds));
        }
        assert_eq!(show_time(1_647_534_086), "2022-03-17T16:21:26.000+0000");
    }

    #[test]
    fn every_iso_form_that_clients_send_is_read() {
        let cases = [
            "2022-03-17T16:21:26.000+0000",
            "2022-03-17T16:21:26Z",
            "2022-03-17T16:21:26.987Z",
            "2022-03-17T17:21:26+01:00",
            "2022-03-17T17:21:26.000+0100",
        ];
        for text in cases {
            assert_eq!(read_time(text), Some(1_647_534_086), "{text}");
        }
        for text in [
            "2022-03-17",
            "2022-13-17T00:00:00Z",
            "17.3.2022",
            "2022-03-17T16:21:26",
        ] {
            assert_eq!(read_time(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_of_day_has_one_form() {
        for text in ["11:59", "11:59:00Z", "11:59:00.000Z", "11:59:00.000"] {
            assert_eq!(read_clock(text).unwrap(), "11:59:00.000Z", "{text}");
        }
        for text in ["", "1159", "25:00:00Z", "noon", "2026-01-01T11:59:00"] {
            assert_eq!(read_clock(text), None, "{text}");
        }
    }

    #[test]
    fn dates_survive_the_way_through_days() {
        for text in ["1969-12-31", "1970-01-01", "2024-02-29", "2100-12-31"] {
            assert_eq!(show_date(read_date(text).unwrap()), text);
        }
        assert_eq!(read_date("2023-02-29"), None);
    }

    proptest::proptest! {
        #[test]
        fn both_ways_of_showing_a_time_agree(seconds in -20_000_000_000i64..300_000_000_000) {
            let mut out = Vec::new();
            push_time(seconds, &mut out);
            proptest::prop_assert_eq!(String::from_utf8(out).unwrap(), show_time(seconds));
        }
    }
}
