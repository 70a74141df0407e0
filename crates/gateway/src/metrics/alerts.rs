//! The delivery of alerts, as metric families, because notifications can fail too.

use super::families::{Families, Family, label};
use chrono::{DateTime, Utc};
use protocol::AlertTargets;

/// The metric families of all targets.
pub(super) fn families(targets: &AlertTargets) -> Families {
    let mut waiting = Family::gauge(
        "alert_messages_waiting",
        "Messages that wait to be sent to a target, or to be sent again.",
    );
    let mut undelivered = Family::gauge(
        "alert_messages_undelivered",
        "Messages to a target that were given up in the last week.",
    );
    let mut delivered = Family::gauge(
        "alert_last_delivery_timestamp_seconds",
        "When a message last arrived at a target.",
    );
    let mut failed = Family::gauge(
        "alert_last_failure_timestamp_seconds",
        "When an attempt to send to a target last failed.",
    );
    for target in &targets.targets {
        let labels = || vec![("target", label(&target.id))];
        waiting.add(labels(), target.waiting);
        undelivered.add(labels(), target.undelivered.len());
        for (family, at) in [
            (&mut delivered, target.delivered_at),
            (&mut failed, target.failed_at),
        ] {
            if let Some(at) = at {
                family.add(labels(), seconds(at));
            }
        }
    }
    Families(vec![waiting, undelivered, delivered, failed])
}

/// Seconds since 1970.
fn seconds(at: DateTime<Utc>) -> f64 {
    at.signed_duration_since(DateTime::UNIX_EPOCH)
        .as_seconds_f64()
}
