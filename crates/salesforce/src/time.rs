//! Times as the API writes them: `2022-03-17T16:21:26.000+0000`, and as HTTP does.

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

/// A time of the API in epoch milliseconds; accepts `Z`, `+0000` and `+01:00`, with or without a fraction.
pub fn parse(text: &str) -> Option<i64> {
    let time = text.parse::<Timestamp>().ok().or_else(|| {
        // Without a colon in its offset a time is not one of RFC 3339.
        strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text)
            .and_then(|parts| parts.to_timestamp())
            .ok()
    });
    time.map(Timestamp::as_millisecond)
}

/// A time for a request or a query: `2022-03-17T16:21:26.000Z`.
pub fn format(epoch_ms: i64) -> String {
    let time = timestamp(epoch_ms);
    format!("{time:.3}")
}

/// The date of a moment in UTC: `2022-03-17`.
pub fn date_of(epoch_ms: i64) -> String {
    let day = TimeZone::UTC.to_datetime(timestamp(epoch_ms)).date();
    day.to_string()
}

/// The Date header of HTTP: `Tue, 24 Nov 2026 03:46:04 GMT`.
pub fn parse_http_date(text: &str) -> Option<i64> {
    let time = httpdate::parse_http_date(text).ok()?;
    Timestamp::try_from(time)
        .ok()
        .map(Timestamp::as_millisecond)
}

/// A clock that is off by millennia reads as the last moment there is.
fn timestamp(epoch_ms: i64) -> Timestamp {
    let last = if epoch_ms < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::from_millisecond(epoch_ms).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_that_orgs_write_are_read() {
        for (text, epoch_ms) in [
            ("1970-01-01T00:00:00.000+0000", 0),
            ("2022-03-17T16:21:26.000+0000", 1_647_534_086_000),
            ("2022-03-17T15:21:26-0100", 1_647_534_086_000),
            ("2022-03-17T17:21:26+01:00", 1_647_534_086_000),
            ("2024-02-29T23:59:59.500Z", 1_709_251_199_500),
        ] {
            assert_eq!(parse(text), Some(epoch_ms), "{text}");
        }
        for text in [
            "",
            "2022-03-17",
            "2022-13-17T00:00:00Z",
            "2022-02-30T00:00:00.000+0000",
            "2022-03-17T25:00:00.000+0000",
            "2022-03-17T16:21:26",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_date_header_is_read() {
        for text in [
            "Thu, 17 Mar 2022 16:21:26 GMT",
            "Thursday, 17-Mar-22 16:21:26 GMT",
        ] {
            assert_eq!(parse_http_date(text), Some(1_647_534_086_000), "{text}");
        }
        for text in ["yesterday", "Thu, 30 Feb 2022 16:21:26 GMT", ""] {
            assert_eq!(parse_http_date(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_reads_back_as_itself_and_is_written_as_queries_want_it() {
        for epoch_ms in [
            0,
            951_782_400_000,
            1_709_251_199_001,
            4_102_444_800_000,
            -86_400_000,
        ] {
            assert_eq!(parse(&format(epoch_ms)), Some(epoch_ms));
        }
        assert_eq!(format(1_647_534_086_007), "2022-03-17T16:21:26.007Z");
        assert_eq!(date_of(1_709_251_199_000), "2024-02-29");
        assert_eq!(date_of(-1), "1969-12-31");
        let _ = (format(i64::MAX), format(i64::MIN));
    }
}
