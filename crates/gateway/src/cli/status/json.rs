//! The report as JSON, for scripts. Alarms and connections are those of `GET /api/inventory`, with ages and durations
//! added. Pure.

use super::printable::escaped_json;
use super::report::{OpenAlarm, Report, Source, State};
use serde_json::{Value, json};

/// The report.
pub(super) fn as_json(report: &Report) -> String {
    let Report {
        state,
        totals,
        maintained,
        unread,
        sources,
        alarms,
    } = report;
    serialized(&json!({
        "state": state_name(*state),
        "exit_status": *state as u8,
        "totals": {
            "resources": report.resources(),
            "critical": totals.critical,
            "warning": totals.warning,
            "moving": totals.moving,
            "unknown": totals.unknown,
            "stale": totals.stale,
            "normal": totals.normal,
            "off": totals.off,
            "maintenance": maintained,
            "unread": unread,
        },
        "connections": sources.iter().map(connection).collect::<Vec<_>>(),
        "alarms": alarms.iter().map(alarm).collect::<Vec<_>>(),
    }))
}

/// The reason why the state is unknown.
pub(super) fn failure_as_json(why: &str) -> String {
    let state = State::Unknown;
    serialized(&json!({
        "state": state_name(state),
        "exit_status": state as u8,
        "error": why,
    }))
}

fn state_name(state: State) -> String {
    state.name().to_ascii_lowercase()
}

fn serialized(value: &Value) -> String {
    escaped_json(&format!("{value:#}"))
}

fn connection(source: &Source) -> Value {
    let mut value = json!(source.connection);
    value["freshness"] = json!(source.freshness.word().to_ascii_lowercase());
    value["age_seconds"] = json!(source.age.map(|age| age.num_seconds()));
    value
}

fn alarm(open: &OpenAlarm) -> Value {
    let mut value = json!(open.alarm);
    value["lasts_seconds"] = json!(open.lasts.num_seconds());
    value["last_known_seconds"] = json!(open.last_known.map(|age| age.num_seconds()));
    value
}
