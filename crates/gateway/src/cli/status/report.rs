//! Reduces the inventory to one state with its reasons. Pure.

use crate::inventory_view::{InventoryView, age, reading};
use chrono::TimeDelta;
use health::alarms::Alarm;
use health::inventory::{EffectiveState, Kind, Resource, ResourceKey};
use health::{Freshness, Severity, Totals};
use protocol::{ConnectionState, Inventory};
use std::collections::HashMap;

/// The state in the sense of Nagios and Icinga. The number is the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing needs attention.
    Ok = 0,
    /// Something should be checked.
    Warning = 1,
    /// Something needs action now.
    Critical = 2,
    /// The state is unknown: something is stale, was never read, or could not be reached.
    Unknown = 3,
}

/// The report of what needs attention.
#[derive(Debug)]
pub(super) struct Report {
    /// The worst state of everything below that is not in maintenance.
    pub(super) state: State,
    /// The number of resources by severity, without those in maintenance. Each has the severity of its state or its
    /// alarm, whichever is worse.
    pub(super) totals: Totals,
    /// The number of resources in maintenance.
    pub(super) maintained: usize,
    /// The number of resources that have not been read yet.
    pub(super) unread: usize,
    /// The connections in the order of the configuration.
    pub(super) sources: Vec<Source>,
    /// The open alarms, worst first.
    pub(super) alarms: Vec<OpenAlarm>,
}

/// A connection and the freshness of its last reading.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) connection: ConnectionState,
    pub(super) freshness: Freshness,
    /// The time since it was last read completely; `None` if it never was.
    pub(super) age: Option<TimeDelta>,
    /// The severity of the connection itself; `None` in maintenance.
    pub(super) severity: Option<Severity>,
}

/// An alarm and the facts that are printed with it.
#[derive(Debug)]
pub(super) struct OpenAlarm {
    pub(super) alarm: Alarm,
    /// The title of its connection; `None` if the alarm is about the connection itself.
    pub(super) connection: Option<String>,
    /// The duration of the alarm.
    pub(super) lasts: TimeDelta,
    /// The age of the resource's last reading, if that is stale.
    pub(super) last_known: Option<TimeDelta>,
}

impl Report {
    /// The numbers of resources and connections that are critical, a warning and unknown, without those in maintenance.
    pub(super) fn counts(&self) -> [usize; 3] {
        let Totals {
            critical,
            warning,
            unknown,
            stale,
            ..
        } = self.totals;
        [
            (Severity::Critical, critical),
            (Severity::Warning, warning),
            (Severity::Unknown, unknown + stale),
        ]
        .map(|(severity, resources)| {
            let severities = self.sources.iter().filter_map(|source| source.severity);
            resources + severities.filter(|one| *one == severity).count()
        })
    }

    /// The number of all resources.
    pub(super) fn resources(&self) -> usize {
        self.totals.all() + self.maintained
    }

    /// Reports on a complete inventory, or on one of its connections.
    ///
    /// # Errors
    /// The connection does not exist, or no connection is configured.
    pub(super) fn new(inventory: &Inventory, only: Option<&str>) -> Result<Self, String> {
        let connections = connections(inventory, only)?;
        let view = InventoryView::new(inventory, inventory.now);
        let mut resources: Vec<&Resource> = inventory.resources.iter().collect();
        resources.retain(|resource| only.is_none_or(|id| is_of(resource, id)));
        let (mut totals, mut maintained) = (Totals::default(), 0);
        for resource in &resources {
            if view.is_in_maintenance(&resource.key) {
                maintained += 1;
                continue;
            }
            totals.add(&EffectiveState {
                severity: view.severity(resource),
                ..view.effective_state(resource)
            });
        }
        let alarms = alarms(inventory, &view, &resources, only);
        let alarm_severities = alarms.iter().map(|open| &open.alarm);
        let alarm_severities =
            alarm_severities.map(|alarm| (alarm.resource.clone(), alarm.severity));
        let sources: Vec<Source> = connections
            .into_iter()
            .map(|connection| {
                let key = ResourceKey::of_connection(&connection.connection.id);
                Source {
                    freshness: reading(connection).freshness(inventory.now),
                    age: age(connection, inventory.now),
                    severity: (!view.is_in_maintenance(&key))
                        .then(|| view.severity_of_connection(connection)),
                    connection: connection.clone(),
                }
            })
            .collect();
        let resource_severities = resources
            .iter()
            .map(|one| (one.key.clone(), view.severity(one)));
        // Maintenance silences all notifications, including this state.
        let severities = alarm_severities
            .chain(resource_severities)
            .filter(|(key, _)| !view.is_in_maintenance(key))
            .map(|(_, severity)| severity)
            .chain(sources.iter().filter_map(|source| source.severity));
        Ok(Self {
            state: worst(severities),
            totals,
            maintained,
            unread: resources.iter().filter(|one| one.is_unread()).count(),
            sources,
            alarms,
        })
    }
}

fn connections<'i>(
    inventory: &'i Inventory,
    only: Option<&str>,
) -> Result<Vec<&'i ConnectionState>, String> {
    let all: Vec<&ConnectionState> = inventory.connections.iter().flatten().collect();
    let Some(id) = only else {
        return if all.is_empty() {
            Err("no connection is configured".to_owned())
        } else {
            Ok(all)
        };
    };
    match all.iter().find(|state| state.connection.id == id) {
        Some(state) => Ok(vec![state]),
        None => {
            let known: Vec<&str> = all.iter().map(|one| one.connection.id.as_str()).collect();
            let known = known.join(", ");
            Err(format!("no connection has the id {id}; there are: {known}"))
        }
    }
}

fn alarms(
    inventory: &Inventory,
    view: &InventoryView<'_>,
    resources: &[&Resource],
    only: Option<&str>,
) -> Vec<OpenAlarm> {
    let by_key: HashMap<&ResourceKey, &Resource> =
        resources.iter().map(|one| (&one.key, *one)).collect();
    let mut open: Vec<&Alarm> = inventory.alarms.iter().flatten().collect();
    open.retain(|alarm| {
        let key = &alarm.resource;
        only.is_none_or(|id| key.connection == id || by_key.contains_key(key))
    });
    open.sort_by(|one, other| one.worst_first(other));
    let open_alarm = |alarm: &Alarm| {
        let connection = view.connection(&alarm.resource.connection);
        let resource = by_key.get(&alarm.resource);
        let stale = resource.filter(|one| view.effective_state(one).last_known.is_some());
        let read = stale.and_then(|one| one.observed_at(connection?.observed_at));
        let is_of_resource = alarm.resource.kind != Kind::Connection;
        OpenAlarm {
            alarm: alarm.clone(),
            connection: connection
                .filter(|_| is_of_resource)
                .map(|state| state.connection.title.clone()),
            lasts: inventory.now.signed_duration_since(alarm.since.at()),
            last_known: read.map(|at| inventory.now.signed_duration_since(at)),
        }
    };
    open.into_iter().map(open_alarm).collect()
}

fn is_of(resource: &Resource, connection: &str) -> bool {
    resource.key.connection == connection || resource.also_on.iter().any(|id| id == connection)
}

/// Critical before warning before unknown.
fn worst(severities: impl Iterator<Item = Severity>) -> State {
    severities.fold(State::Ok, |state, severity| match (severity, state) {
        (Severity::Critical, _) | (_, State::Critical) => State::Critical,
        (Severity::Warning, _) | (_, State::Warning) => State::Warning,
        (Severity::Unknown, _) | (_, State::Unknown) => State::Unknown,
        (Severity::Moving | Severity::Normal | Severity::Off, State::Ok) => State::Ok,
    })
}

impl State {
    /// The name in the output of plugins.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }
}
