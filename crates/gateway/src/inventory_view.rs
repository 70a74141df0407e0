//! The inventory at one moment, for the metrics, the report, the command `status` and the watchers. Combines resources,
//! connections and alarms; the judgement is made by `health`.

use chrono::{DateTime, TimeDelta, Utc};
use health::alarms::{Maintenance, maintenance_of};
use health::inventory::{EffectiveState, Reading, Resource, ResourceKey};
use health::{Freshness, Severity};
use protocol::{ConnectionState, Inventory};
use std::collections::HashMap;

/// The complete inventory at one moment.
#[derive(Debug)]
pub(crate) struct InventoryView<'a> {
    connections: HashMap<&'a str, &'a ConnectionState>,
    alarms: HashMap<&'a ResourceKey, Severity>,
    maintenance: &'a [Maintenance],
    now: DateTime<Utc>,
}

/// The time of a connection's last reading, and the expected interval.
pub(crate) fn reading(connection: &ConnectionState) -> Reading {
    let interval = i64::try_from(connection.interval_ms).unwrap_or(i64::MAX);
    Reading {
        observed_at: connection.observed_at,
        interval: TimeDelta::try_milliseconds(interval).unwrap_or(TimeDelta::MAX),
    }
}

/// The time since a connection was last read completely; `None` if it never was.
pub(crate) fn age(connection: &ConnectionState, now: DateTime<Utc>) -> Option<TimeDelta> {
    let at = connection.observed_at?;
    Some(now.signed_duration_since(at).max(TimeDelta::zero()))
}

/// The difference by which the vendor's clock is ahead of the gateway's.
pub(crate) fn vendor_ahead(connection: &ConnectionState) -> TimeDelta {
    TimeDelta::try_milliseconds(connection.vendor_ahead_ms).unwrap_or_default()
}

/// Severities as numbers, higher is worse: 0 normal or off, 1 moving, 2 unknown, 3 warning, 4 critical.
pub(crate) fn level(severity: Severity) -> u8 {
    match severity {
        Severity::Normal | Severity::Off => 0,
        Severity::Moving => 1,
        Severity::Unknown => 2,
        Severity::Warning => 3,
        Severity::Critical => 4,
    }
}

impl<'a> InventoryView<'a> {
    /// Creates a view of a complete inventory.
    pub(crate) fn new(inventory: &'a Inventory, now: DateTime<Utc>) -> Self {
        let connections = inventory.connections.iter().flatten();
        let alarms = inventory.alarms.iter().flatten();
        Self {
            connections: connections
                .map(|connection| (connection.connection.id.as_str(), connection))
                .collect(),
            alarms: alarms
                .map(|alarm| (&alarm.resource, alarm.severity))
                .collect(),
            maintenance: inventory.maintenance.as_deref().unwrap_or_default(),
            now,
        }
    }

    /// A connection by its id.
    pub(crate) fn connection(&self, id: &str) -> Option<&'a ConnectionState> {
        self.connections.get(id).copied()
    }

    /// Whether a resource or a connection is in maintenance now, so that its alarms are expected.
    pub(crate) fn is_in_maintenance(&self, key: &ResourceKey) -> bool {
        let system = |id: &str| Some(self.connection(id)?.connection.system.kind());
        maintenance_of(self.maintenance, key, system, self.now).is_some()
    }

    /// The effective state of a resource now. A stale resource is never healthy.
    pub(crate) fn effective_state(&self, resource: &Resource) -> EffectiveState {
        resource.effective_state(self.freshness_of(resource))
    }

    /// The time at which the state of a resource became unknown; `None` while its last reading is fresh enough.
    pub(crate) fn unknown_since(&self, resource: &Resource) -> Option<DateTime<Utc>> {
        let connection = self.connection(&resource.key.connection);
        let read = connection.and_then(|connection| connection.observed_at);
        resource.unknown_since(self.freshness_of(resource), read)
    }

    fn freshness_of(&self, resource: &Resource) -> Freshness {
        let connection = self.connection(&resource.key.connection);
        connection.map_or(Freshness::NoData, |connection| {
            reading(connection).freshness_of(resource, self.now)
        })
    }

    /// The severity of a resource: that of its effective state, or of its open alarm if that is worse. A resource that
    /// keeps changing, or that has been changing for too long, has an alarm although its state is normal.
    pub(crate) fn severity(&self, resource: &Resource) -> Severity {
        self.worse(self.effective_state(resource).severity, &resource.key)
    }

    /// The severity of a connection: at least unknown while its last reading is too old.
    pub(crate) fn severity_of_connection(&self, connection: &ConnectionState) -> Severity {
        let believed = reading(connection).freshness(self.now).is_believable();
        let severity = if believed {
            Severity::Normal
        } else {
            Severity::Unknown
        };
        self.worse(
            severity,
            &ResourceKey::of_connection(&connection.connection.id),
        )
    }

    fn worse(&self, severity: Severity, key: &ResourceKey) -> Severity {
        match self.alarms.get(key) {
            Some(alarm) if level(*alarm) > level(severity) => *alarm,
            _ => severity,
        }
    }
}
