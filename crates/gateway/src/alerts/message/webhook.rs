//! This program's own JSON, as documented in `docs/alerts.md`. Fields may be added, but existing ones keep their
//! meaning.

use super::words::{NAME, SENTENCE, line};
use super::{Alarm, Message, Since};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

/// The message as this program's own JSON.
pub(crate) fn webhook_json(message: &Message) -> Value {
    let Message {
        id,
        at,
        occasion,
        alarm,
        until,
        others,
        omitted,
        omitted_connections: _,
        connection,
        link,
    } = message;
    let others: Vec<Value> = others.iter().map(summary_json).collect();
    json!({
        "version": 1,
        "id": id,
        "occasion": occasion,
        "at": time(*at),
        "alarm": {
            "id": alarm.id,
            "severity": alarm.severity.key(),
            "word": line(&alarm.word, NAME),
            "sentence": line(&alarm.sentence, SENTENCE),
            "advice": line(&alarm.advice, SENTENCE),
            "since": time(alarm.since.at()),
            "since_is_reported": matches!(alarm.since, Since::Reported(_)),
            "until": until.map(time),
            "kind": alarm.resource.kind.key(),
            "connection": alarm.resource.connection,
            "connection_title": line(connection, NAME),
            // Never truncated, because it identifies the resource at the vendor.
            "resource": alarm.resource.id,
            "name": line(&alarm.name, NAME),
        },
        "others": others,
        "omitted": omitted,
        "link": link,
    })
}

/// The summary of a further alarm.
fn summary_json(alarm: &Alarm) -> Value {
    json!({
        "id": alarm.id,
        "severity": alarm.severity.key(),
        "word": line(&alarm.word, NAME),
        "kind": alarm.resource.kind.key(),
        "connection": alarm.resource.connection,
        "resource": alarm.resource.id,
        "name": line(&alarm.name, NAME),
    })
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
