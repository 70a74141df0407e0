//! The value formats of the AVEVA contract.

use super::RoleOverride;
use crate::from_json::{FirstError, FromJson};
use crate::json;
use crate::json::Value;
use chrono::TimeDelta;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// Ticks of 100 ns in a second.
const SECOND: i64 = 10_000_000;

/// .NET's constant time-span, `[-][d.]hh:mm:ss[.fffffff]`, in ticks of 100 ns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct TimeSpan {
    /// Ticks of 100 ns.
    pub ticks: i64,
}

impl FromJson for TimeSpan {
    fn from_json(value: &Value<'_>, error: &mut FirstError) -> Self {
        let ticks = FromJson::from_json(value, error);
        Self { ticks }
    }
}

/// The error for a text that is not a time span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeSpanError(String);

impl fmt::Display for TimeSpanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a time-span such as 00:01:00 or 1.00:00:00",
            self.0
        )
    }
}

impl std::error::Error for TimeSpanError {}

impl TimeSpan {
    /// A whole number of seconds; saturates at the longest and shortest time-span.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Self {
        Self {
            ticks: seconds.saturating_mul(SECOND),
        }
    }

    /// The exact chrono duration.
    #[must_use]
    pub fn delta(self) -> TimeDelta {
        let nanos = self.ticks.rem_euclid(SECOND) * 100;
        TimeDelta::seconds(self.ticks.div_euclid(SECOND)) + TimeDelta::nanoseconds(nanos)
    }
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.ticks < 0 { "-" } else { "" };
        // Unsigned, because the shortest time-span has no positive counterpart.
        let ticks = self.ticks.unsigned_abs();
        let (seconds, fraction) = (ticks / SECOND.unsigned_abs(), ticks % SECOND.unsigned_abs());
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
        f.write_str(sign)?;
        if days > 0 {
            write!(f, "{days}.")?;
        }
        write!(f, "{hours:02}:{minutes:02}:{:02}", seconds % 60)?;
        if fraction > 0 {
            write!(f, ".{fraction:07}")?;
        }
        Ok(())
    }
}

impl FromStr for TimeSpan {
    type Err = TimeSpanError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read(text.trim())
            .map(|ticks| Self { ticks })
            .ok_or_else(|| TimeSpanError(text.chars().take(60).collect()))
    }
}

fn read(text: &str) -> Option<i64> {
    let (negative, rest) = text
        .strip_prefix('-')
        .map_or((false, text), |rest| (true, rest));
    let (clock, fraction) = match rest.rsplit_once(':') {
        Some((_, seconds)) => match seconds.split_once('.') {
            Some((_, fraction)) => (&rest[..rest.len() - fraction.len() - 1], Some(fraction)),
            None => (rest, None),
        },
        None => return None,
    };
    let (days, clock) = clock.split_once('.').map_or((0, clock), |(days, clock)| {
        (digits(days, 8).unwrap_or(-1), clock)
    });
    let mut parts = clock.split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    if days < 0 || parts.next().is_some() {
        return None;
    }
    let (hours, minutes, seconds) = (digits(hours, 2)?, digits(minutes, 2)?, digits(seconds, 2)?);
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let fraction = match fraction {
        Some(fraction) => {
            digits(fraction, 7)?.checked_mul(10_i64.pow(7 - u32::try_from(fraction.len()).ok()?))?
        }
        None => 0,
    };
    // Negative, because the shortest time-span has one tick more than the longest.
    let seconds = -(((days * 24 + hours) * 60 + minutes) * 60 + seconds);
    let ticks = seconds.checked_mul(SECOND)?.checked_sub(fraction)?;
    if negative {
        Some(ticks)
    } else {
        ticks.checked_neg()
    }
}

/// Parses one to `max` decimal digits and nothing else.
fn digits(text: &str, max: usize) -> Option<i64> {
    let fits = (1..=max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

/// `ClientRole`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Role {
    /// 0: standby.
    Secondary,
    /// 1: collects and sends.
    Primary,
    /// 2: elected, but has to confirm with another heartbeat.
    PendingPrimary,
    /// A value that is not in the contract, unmodified.
    Other(String),
}

impl Role {
    /// Reads a role from a number or from its case-insensitive name (the adapters' code accepts both).
    pub(crate) fn read(value: &Value<'_>) -> Option<Self> {
        let word = word(value)?;
        Some(match word.to_ascii_lowercase().as_str() {
            "0" | "secondary" => Self::Secondary,
            "1" | "primary" => Self::Primary,
            "2" | "pendingprimary" => Self::PendingPrimary,
            _ => Self::Other(word),
        })
    }

    /// The number in the contract, if it has one.
    #[must_use]
    pub fn number(&self) -> Option<u8> {
        match self {
            Self::Secondary => Some(0),
            Self::Primary => Some(1),
            Self::PendingPrimary => Some(2),
            Self::Other(_) => None,
        }
    }
}

impl RoleOverride {
    /// Reads an override from a number or from its case-insensitive name.
    pub(crate) fn read(value: &Value<'_>) -> Option<Self> {
        let word = word(value)?;
        Some(match word.to_ascii_lowercase().as_str() {
            "0" | "off" => Self::Off,
            "1" | "primary" => Self::Primary,
            _ => Self::Other(word),
        })
    }
}

fn word(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Str(text) => Some(text.trim().to_owned()),
        // A service may write 1 as `1.0`.
        Value::Number(_) => {
            let whole = json::integer(value);
            Some(whole.map_or_else(|| json::raw(value), |whole| whole.to_string()))
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Role, RoleOverride, TimeSpan, Value};
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn time_spans_are_read_and_written_like_dotnet() {
        for (text, ticks, written) in [
            ("00:01:00", 600_000_000, "00:01:00"),
            ("0:01:00", 600_000_000, "00:01:00"),
            ("00:00:15", 150_000_000, "00:00:15"),
            ("1.00:00:00", 864_000_000_000, "1.00:00:00"),
            ("08:00:00", 288_000_000_000, "08:00:00"),
            ("00:00:30.5000000", 305_000_000, "00:00:30.5000000"),
            ("00:00:30.5", 305_000_000, "00:00:30.5000000"),
            ("-00:00:01", -10_000_000, "-00:00:01"),
            ("00:00:00", 0, "00:00:00"),
            (
                "10675199.02:48:05.4775807",
                i64::MAX,
                "10675199.02:48:05.4775807",
            ),
            (
                "-10675199.02:48:05.4775808",
                i64::MIN,
                "-10675199.02:48:05.4775808",
            ),
        ] {
            let span: TimeSpan = text.parse().expect(text);
            assert_eq!(span.ticks, ticks, "{text}");
            assert_eq!(span.to_string(), written);
        }
    }

    #[test]
    fn an_invalid_time_span_is_rejected() {
        for text in [
            "PT1M",
            "61",
            "",
            " ",
            "00:01",
            "24:00:00",
            "00:60:00",
            "00:00:60",
            "1:2:3:4",
            "00:00:00.",
            "00:00:00.12345678",
            "a.00:00:00",
            ".00:00:00",
            "--00:00:01",
            "+00:00:01",
            "00:-1:00",
            "10675199.02:48:05.4775808",
            "99999999.00:00:00",
            "00 : 01 : 00",
        ] {
            assert!(text.parse::<TimeSpan>().is_err(), "{text}");
        }
    }

    #[test]
    fn roles_are_numbers_or_names() {
        for (value, role) in [
            (json!(0), Role::Secondary),
            (json!(1), Role::Primary),
            (json!(2), Role::PendingPrimary),
            (json!("Primary"), Role::Primary),
            (json!("PENDINGPRIMARY"), Role::PendingPrimary),
            (json!("1"), Role::Primary),
            (json!(0.0), Role::Secondary),
            (json!(1.0), Role::Primary),
            (json!(1.5), Role::Other("1.5".into())),
            (json!(7), Role::Other("7".into())),
            (json!("Observer"), Role::Other("Observer".into())),
        ] {
            assert_eq!(Role::read(&Value::from(&value)), Some(role), "{value}");
        }
        for (value, pinned) in [
            (json!(1), RoleOverride::Primary),
            (json!(1.0), RoleOverride::Primary),
            (json!("off"), RoleOverride::Off),
            (json!(9), RoleOverride::Other("9".into())),
        ] {
            assert_eq!(
                RoleOverride::read(&Value::from(&value)),
                Some(pinned),
                "{value}"
            );
        }
        for value in [json!({}), json!(["Primary"]), json!(true)] {
            assert_eq!(
                (
                    Role::read(&Value::from(&value)),
                    RoleOverride::read(&Value::from(&value))
                ),
                (None, None),
                "{value}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_time_span_survives_formatting(ticks in any::<i64>()) {
            let span = TimeSpan { ticks };
            prop_assert_eq!(span.to_string().parse::<TimeSpan>(), Ok(span));
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = text.parse::<TimeSpan>();
        }

        #[test]
        fn a_time_span_equals_its_duration(ticks in any::<i64>()) {
            let delta = TimeSpan { ticks }.delta();
            prop_assert_eq!(delta.num_seconds(), ticks / 10_000_000);
        }
    }
}
