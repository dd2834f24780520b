//! The parts of dates that functions take out.

use crate::org::datetime;
use crate::org::schema::FieldKind;
use crate::org::value::Value;

/// A part of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DatePart {
    Year,
    Quarter,
    Month,
    DayInMonth,
    DayInWeek,
    DayInYear,
    HourInDay,
    WeekInMonth,
    WeekInYear,
    Day,
}

impl DatePart {
    pub fn named(function: &str) -> Option<Self> {
        Some(match function.to_ascii_uppercase().as_str() {
            "CALENDAR_YEAR" | "FISCAL_YEAR" => Self::Year,
            "CALENDAR_QUARTER" | "FISCAL_QUARTER" => Self::Quarter,
            "CALENDAR_MONTH" | "FISCAL_MONTH" => Self::Month,
            "DAY_IN_MONTH" => Self::DayInMonth,
            "DAY_IN_WEEK" => Self::DayInWeek,
            "DAY_IN_YEAR" => Self::DayInYear,
            "HOUR_IN_DAY" => Self::HourInDay,
            "WEEK_IN_MONTH" => Self::WeekInMonth,
            "WEEK_IN_YEAR" => Self::WeekInYear,
            "DAY_ONLY" => Self::Day,
            _ => return None,
        })
    }

    pub fn kind(self) -> FieldKind {
        match self {
            Self::Day => FieldKind::Date,
            _ => FieldKind::Int,
        }
    }

    pub fn of(self, value: &Value) -> Value {
        let (days, seconds) = match value {
            Value::Date(days) => (*days, 0),
            Value::Time(time) => (time.div_euclid(86_400) as i32, time.rem_euclid(86_400)),
            _ => return Value::Null,
        };
        let date = datetime::civil(days);
        let (day, day_of_year) = (i64::from(date.day()), i64::from(date.day_of_year()));
        let number = match self {
            Self::Day => return Value::Date(days),
            Self::Year => i64::from(date.year()),
            Self::Quarter => i64::from((date.month() - 1) / 3 + 1),
            Self::Month => i64::from(date.month()),
            Self::DayInMonth => day,
            Self::DayInWeek => i64::from(date.weekday().to_sunday_one_offset()),
            Self::DayInYear => day_of_year,
            Self::HourInDay => seconds / 3_600,
            Self::WeekInMonth => (day - 1) / 7 + 1,
            Self::WeekInYear => (day_of_year - 1) / 7 + 1,
        };
        Value::Number(number as f64)
    }
}
