//! Times as the API writes them: `2022-03-17T16:21:26.000+0000`, whole seconds, UTC.
//!
//! The days are counted with the civil-calendar arithmetic of Howard Hinnant's `chrono` papers,
//! which needs no table and no time zone.

/// A time of the API in epoch milliseconds; accepts `Z`, `+0000` and `+01:00`, with or without a fraction.
pub fn parse(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once('T')?;
    let days = parse_date(date)?;
    let zone_at = rest.find(['Z', '+', '-'])?;
    let (clock, zone) = rest.split_at(zone_at);
    let mut parts = clock.split(':');
    let hours: i64 = parts.next()?.parse().ok()?;
    let minutes: i64 = parts.next()?.parse().ok()?;
    let seconds = parts.next().unwrap_or("0");
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let millis: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let of_day = (hours * 60 + minutes) * 60 + whole.parse::<i64>().ok()?;
    Some((days * 86_400 + of_day - zone_seconds(zone)?) * 1_000 + millis)
}

/// A time for a request or a query: `2022-03-17T16:21:26.000Z`.
pub fn format(epoch_ms: i64) -> String {
    let (days, ms) = (
        epoch_ms.div_euclid(86_400_000),
        epoch_ms.rem_euclid(86_400_000),
    );
    let seconds = ms / 1_000;
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    format!(
        "{}T{hours:02}:{minutes:02}:{:02}.{:03}Z",
        format_date(days),
        seconds % 60,
        ms % 1_000
    )
}

/// The date of a moment in UTC: `2022-03-17`.
pub fn date_of(epoch_ms: i64) -> String {
    format_date(epoch_ms.div_euclid(86_400_000))
}

/// The Date header of HTTP: `Tue, 24 Nov 2026 03:46:04 GMT`.
pub fn parse_http_date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let parts: Vec<&str> = text.split_whitespace().collect();
    let [_, day, month, year, clock, "GMT"] = parts[..] else {
        return None;
    };
    let month = MONTHS.iter().position(|known| *known == month)? + 1;
    parse(&format!("{year}-{month:02}-{day}T{clock}Z"))
}

fn zone_seconds(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let digits: String = zone[1..].chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = (
        digits.get(..2)?.parse::<i64>().ok()?,
        digits.get(2..4)?.parse::<i64>().ok()?,
    );
    let seconds = (hours * 60 + minutes) * 60;
    Some(if zone.starts_with('-') {
        -seconds
    } else {
        seconds
    })
}

fn parse_date(date: &str) -> Option<i64> {
    let mut parts = date.splitn(3, '-');
    let year: i64 = parts.next()?.parse().ok()?;
    let month: i64 = parts.next()?.parse().ok()?;
    let day: i64 = parts.next()?.parse().ok()?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

fn format_date(days: i64) -> String {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_that_orgs_write_are_read() {
        for (text, epoch_ms) in [
            ("1970-01-01T00:00:00.000+0000", 0),
            ("2022-03-17T16:21:26.000+0000", 1_647_534_086_000),
            ("2022-03-17T17:21:26+01:00", 1_647_534_086_000),
            ("2024-02-29T23:59:59.500Z", 1_709_251_199_500),
        ] {
            assert_eq!(parse(text), Some(epoch_ms), "{text}");
        }
        for text in [
            "",
            "2022-03-17",
            "2022-13-17T00:00:00Z",
            "2022-03-17T16:21:26",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_date_header_is_read() {
        assert_eq!(
            parse_http_date("Thu, 17 Mar 2022 16:21:26 GMT"),
            Some(1_647_534_086_000)
        );
        assert_eq!(parse_http_date("yesterday"), None);
    }

    #[test]
    fn a_time_reads_back_as_itself() {
        for epoch_ms in [
            0,
            951_782_400_000,
            1_709_251_199_000,
            4_102_444_800_000,
            -86_400_000,
        ] {
            assert_eq!(parse(&format(epoch_ms)), Some(epoch_ms));
        }
    }
}
