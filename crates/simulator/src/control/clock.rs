//! The clock routes of the control port: set the time and speed, and advance the time.

use super::{ControlError, ControlResult, ControlState, bad, ok, read};
use axum::body::Bytes;
use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use std::time::Duration;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClockChange {
    pub(super) now: Option<DateTime<Utc>>,
    pub(super) speed: Option<f64>,
}

pub(super) async fn set_clock(State(control): ControlState, body: Bytes) -> ControlResult {
    let change: ClockChange = read(&body)?;
    let speed = change.speed.map(valid_speed).transpose()?;
    if let Some(now) = change.now {
        control.shared.clock.set(now);
    }
    if let Some(speed) = speed {
        control.shared.clock.set_speed(speed);
    }
    ok(&control.clock())
}

pub(super) fn valid_speed(speed: f64) -> Result<f64, ControlError> {
    if (0.0..=1e6).contains(&speed) {
        Ok(speed)
    } else {
        Err(bad("speed has to be from 0 to 1000000"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Advance {
    pub(super) seconds: f64,
}

pub(super) async fn advance(State(control): ControlState, body: Bytes) -> ControlResult {
    let Advance { seconds } = read(&body)?;
    let by = seconds_to_duration(seconds)?;
    control
        .shared
        .clock
        .advance(TimeDelta::from_std(by).unwrap_or_default());
    ok(&control.clock())
}

/// A number of seconds as a duration in whole milliseconds.
pub(super) fn seconds_to_duration(seconds: f64) -> Result<Duration, ControlError> {
    if !(0.0..=1e9).contains(&seconds) {
        return Err(bad(
            "seconds has to be from 0 to 1000000000; use PUT to set any time",
        ));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to 1e12 milliseconds"
    )]
    let millis = (seconds * 1e3) as u64;
    Ok(Duration::from_millis(millis))
}
