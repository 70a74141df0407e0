//! Fixtures of the AVEVA tests.
#![expect(clippy::expect_used, reason = "a failing helper fails its test")]

use chrono::{DateTime, Utc};
use serde_json::Value;
use vendors::Answer;
use vendors::aveva::{ApiVersion, Base, GroupConfiguration, NewHeartbeat, TimeSpan};

pub(crate) fn cloud(sessions: ApiVersion) -> Base {
    Base {
        tenant: Some("t 1".into()),
        namespace: Some("n/2".into()),
        groups_version: ApiVersion::V1,
        sessions_version: sessions,
    }
}

pub(crate) fn on_premises() -> Base {
    Base::default()
}

pub(crate) fn answer(status: u16, body: &Value) -> Answer {
    Answer {
        status,
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
    }
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

pub(crate) fn group() -> GroupConfiguration {
    GroupConfiguration {
        id: Some("kiln 2".into()),
        failover_timeout: Some(TimeSpan::from_seconds(60)),
        ..GroupConfiguration::default()
    }
}

pub(crate) fn new_heartbeat() -> NewHeartbeat {
    NewHeartbeat {
        score: 97.5,
        heartbeat_time: at("2026-11-21T14:32:08Z"),
        last_data_processed_time: Some(at("2026-11-21T14:32:07.5Z")),
    }
}
