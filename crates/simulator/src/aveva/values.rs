//! Values as the service writes them: .NET's constant time-span format and date-times.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

/// A .NET time-span: ticks of 100 ns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TimeSpan(i64);

const TICKS_PER_SECOND: i64 = 10_000_000;
const TICKS_PER_DAY: i64 = 86_400 * TICKS_PER_SECOND;

impl TimeSpan {
    pub(crate) const fn seconds(seconds: i64) -> Self {
        Self(seconds * TICKS_PER_SECOND)
    }

    /// `[-][d.]hh:mm:ss[.fffffff]`; hours may have one digit.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let mut parts = rest.split(':');
        let (first, minutes, last) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let (days, hours) = first
            .split_once('.')
            .map_or((Some(0), first), |(days, hours)| (number(days, 8), hours));
        let (seconds, fraction) = last.split_once('.').unwrap_or((last, "0"));
        let ticks = number(&format!("{fraction:0<7}"), 7).filter(|_| !fraction.is_empty())?;
        let hours = number(hours, 2).filter(|hours| *hours < 24)?;
        let minutes = number(minutes, 2).filter(|minutes| *minutes < 60)?;
        let seconds = number(seconds, 2).filter(|seconds| *seconds < 60)?;
        let whole = (hours * 60 + minutes) * 60 + seconds;
        let total = days?
            .checked_mul(TICKS_PER_DAY)?
            .checked_add(whole * TICKS_PER_SECOND + ticks)?;
        Some(Self(sign * total))
    }

    /// The span in microseconds, the precision of the simulation.
    pub(crate) fn delta(self) -> TimeDelta {
        TimeDelta::microseconds(self.0 / 10)
    }

    /// Half of the span, at least one second: the interval of an adapter's heartbeats.
    pub(crate) fn half(self) -> TimeDelta {
        (self.delta() / 2).max(TimeDelta::seconds(1))
    }
}

/// Up to `digits` decimal digits.
fn number(text: &str, digits: usize) -> Option<i64> {
    let fits = (1..=digits).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

impl std::fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ticks = self.0.unsigned_abs();
        let (day, second) = (
            TICKS_PER_DAY.unsigned_abs(),
            TICKS_PER_SECOND.unsigned_abs(),
        );
        let (days, seconds, fraction) = (ticks / day, ticks % day / second, ticks % second);
        if self.0 < 0 {
            f.write_str("-")?;
        }
        if days > 0 {
            write!(f, "{days}.")?;
        }
        write!(
            f,
            "{:02}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        )?;
        if fraction > 0 {
            write!(f, ".{fraction:07}")?;
        }
        Ok(())
    }
}

/// `0001-01-01T00:00:00`, which means never.
pub(crate) const NEVER: &str = "0001-01-01T00:00:00";

/// Parses a date-time with up to seven fraction digits; without a zone it is UTC.
pub(crate) fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    let zoned = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    zoned
        .or_else(|_| text.parse::<NaiveDateTime>().map(|time| time.and_utc()))
        .ok()
}

/// Formats a time with seven fraction digits and `Z`, as the cloud does.
pub(crate) fn with_zone(time: DateTime<Utc>) -> String {
    let ticks = time.timestamp_subsec_nanos() / 100 % 10_000_000;
    format!("{}.{ticks:07}Z", time.format("%Y-%m-%dT%H:%M:%S"))
}

/// Formats a time with three fraction digits and no zone, as services on premises do.
pub(crate) fn without_zone(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.3f").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spans_are_read_and_written_in_the_constant_format() {
        for (text, canonical) in [
            ("00:01:00", "00:01:00"),
            ("0:01:00", "00:01:00"),
            ("1.00:00:00", "1.00:00:00"),
            ("08:00:00", "08:00:00"),
            ("00:00:30.5", "00:00:30.5000000"),
            ("-00:00:30.5000000", "-00:00:30.5000000"),
            ("10675199.02:48:05.4775807", "10675199.02:48:05.4775807"),
        ] {
            let span = TimeSpan::parse(text);
            assert_eq!(
                span.map(|span| span.to_string()).as_deref(),
                Some(canonical),
                "{text}"
            );
        }
    }

    #[test]
    fn text_in_another_format_is_not_a_time_span() {
        for text in [
            "PT1M",
            "61",
            "",
            "24:00:00",
            "00:60:00",
            "00:00:60",
            "00:01",
            "00:00:15.",
            ".00:01:00",
            "00:00:15.12345678",
            "1:2:3:4",
            "00:00:1５",
            "10675199.02:48:05.4775808",
            " 00:01:00",
        ] {
            assert_eq!(TimeSpan::parse(text), None, "{text}");
        }
    }

    #[test]
    fn times_without_a_zone_are_utc() {
        let want = "2026-11-21T14:32:08.123456700Z".parse().ok();
        assert_eq!(parse_time("2026-11-21T14:32:08.1234567"), want);
        assert_eq!(parse_time("2026-11-21T16:32:08.1234567+02:00"), want);
        assert_eq!(parse_time("21.11.2026"), None);
        let time = want.unwrap();
        assert_eq!(with_zone(time), "2026-11-21T14:32:08.1234567Z");
        assert_eq!(without_zone(time), "2026-11-21T14:32:08.123");
    }
}
