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

/// The same, into a buffer and without a formatter: bulk answers hold millions of stamps.
pub(crate) fn write_time(text: &mut Vec<u8>, seconds: i64) {
    let date = civil(seconds.div_euclid(86_400) as i32);
    let clock = seconds.rem_euclid(86_400);
    let mut digits = |number: i64, count: u32, after: u8| {
        for place in (0..count).rev() {
            text.push(b'0' + (number / 10i64.pow(place) % 10) as u8);
        }
        text.push(after);
    };
    digits(i64::from(date.year()), 4, b'-');
    digits(i64::from(date.month()), 2, b'-');
    digits(i64::from(date.day()), 2, b'T');
    digits(clock / 3_600, 2, b':');
    digits(clock / 60 % 60, 2, b':');
    digits(clock % 60, 2, b'.');
    text.extend_from_slice(b"000+0000");
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
            write_time(&mut text, seconds);
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
    fn dates_survive_the_way_through_days() {
        for text in ["1969-12-31", "1970-01-01", "2024-02-29", "2100-12-31"] {
            assert_eq!(show_date(read_date(text).unwrap()), text);
        }
        assert_eq!(read_date("2023-02-29"), None);
    }
}
