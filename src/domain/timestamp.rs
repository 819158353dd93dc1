//! `Timestamp`: a moment in whole seconds, UTC. Never reads a clock.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::format_description::well_known::Rfc3339;
use time::{Date, Month, OffsetDateTime};

/// Seconds since 1970-01-01T00:00:00Z, between the years 1970 and 9999 (the range that RFC 5280
/// times and RFC 3339 text can both say).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A moment outside the years 1970 to 9999, or text that is no RFC 3339 time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time between 1970 and 9999 in RFC 3339 form")]
pub struct TimestampError;

/// One day in seconds.
pub const DAY_SECS: i64 = 86_400;

impl Timestamp {
    /// Seconds of 9999-12-31T23:59:59Z.
    const MAX: i64 = 253_402_300_799;

    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// Takes seconds since the Unix epoch.
    ///
    /// # Errors
    /// [`TimestampError`] outside the years 1970 to 9999.
    pub const fn from_unix(secs: i64) -> Result<Self, TimestampError> {
        if secs < 0 || secs > Self::MAX {
            Err(TimestampError)
        } else {
            Ok(Self(secs))
        }
    }

    /// Reads RFC 3339 text; a fraction of a second is dropped.
    ///
    /// # Errors
    /// [`TimestampError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_not_a_time| TimestampError)?;
        Self::from_unix(moment.unix_timestamp())
    }

    /// Seconds since the Unix epoch.
    pub const fn unix_secs(self) -> i64 {
        self.0
    }

    /// The moment `secs` later (earlier when negative), held inside the range.
    pub fn plus_secs(self, secs: i64) -> Self {
        Self(self.0.saturating_add(secs).clamp(0, Self::MAX))
    }

    /// The moment `days` of 24 hours later, held inside the range.
    pub fn plus_days(self, days: i64) -> Self {
        self.plus_secs(days.saturating_mul(DAY_SECS))
    }

    /// The same day and time `months` later; the last day of a shorter month. Held inside the range.
    pub fn plus_months(self, months: u32) -> Self {
        let moment = self.to_offset();
        let date = moment.date();
        let months =
            i64::from(date.year()) * 12 + i64::from(u8::from(date.month())) - 1 + i64::from(months);
        let later = || {
            let year = i32::try_from(months.div_euclid(12)).ok()?;
            let month = Month::try_from(u8::try_from(months.rem_euclid(12) + 1).ok()?).ok()?;
            let day = date.day().min(month.length(year));
            let date = Date::from_calendar_date(year, month, day).ok()?;
            Self::from_unix(moment.replace_date(date).unix_timestamp()).ok()
        };
        later().unwrap_or_else(|| Self::EPOCH.plus_secs(i64::MAX))
    }

    /// As the `time` crate has it, UTC.
    pub fn to_offset(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.0).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// The UTC day.
    pub fn date(self) -> Date {
        self.to_offset().date()
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC: `2026-11-24T08:00:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = self.to_offset();
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            moment.year(),
            u8::from(moment.month()),
            moment.day(),
            moment.hour(),
            moment.minute(),
            moment.second()
        )
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_moment_are_each_others_inverse() {
        let text = "2026-11-24T08:00:59Z";
        assert_eq!(Timestamp::parse(text).unwrap().to_string(), text);
        assert_eq!(
            Timestamp::parse("2026-11-24T16:00:59+08:00")
                .unwrap()
                .to_string(),
            text
        );
    }

    #[test]
    fn moments_outside_the_range_are_refused() {
        assert!(Timestamp::from_unix(-1).is_err());
        assert!(Timestamp::from_unix(253_402_300_800).is_err());
        assert!(Timestamp::parse("1969-12-31T23:59:59Z").is_err());
        assert!(Timestamp::parse("yesterday").is_err());
    }
}
