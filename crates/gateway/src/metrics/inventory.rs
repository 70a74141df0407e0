//! The state of the watched systems, as metric families, whether or not anybody has the console open. Pure: the inventory
//! and the time are arguments.

mod groups;
mod sources;

#[cfg(test)]
mod tests;

use super::families::{Families, Family, Labels, label};
use crate::inventory_view::{InventoryView, level};
use chrono::{DateTime, Utc};
use health::alarms::Alarm;
use health::inventory::{Facts, Kind, Observed, Resource, ResourceKey};
use health::{Severity, Verdict};
use protocol::Inventory;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

/// The maximum number of resources with series of their own. All are counted in `resources`.
const MAX_RESOURCES: usize = 5_000;

/// Every severity, the least severe first.
const SEVERITIES: [Severity; 6] = [
    Severity::Off,
    Severity::Normal,
    Severity::Moving,
    Severity::Unknown,
    Severity::Warning,
    Severity::Critical,
];

/// The metric families of a complete inventory. `watched`: the connections that this gateway reads itself.
pub(super) fn families(
    inventory: &Inventory,
    watched: &HashSet<String>,
    now: DateTime<Utc>,
) -> Families {
    let view = InventoryView::new(inventory, now);
    let from_alarms = known_from_alarms(inventory);
    let mut resources: Vec<(&Resource, Severity)> = inventory
        .resources
        .iter()
        .chain(&from_alarms)
        .map(|resource| (resource, view.severity(resource)))
        .collect();
    let mut families = vec![
        alarms(inventory),
        handled_alarms(inventory),
        totals(inventory, &resources),
    ];
    // The least severe resources are left out.
    resources.sort_by_key(|(_, severity)| Reverse(level(*severity)));
    let series = distinct(&resources);
    let mut left_out = Family::gauge(
        "resources_left_out",
        "Resources that are counted but have no series of their own.",
    );
    left_out.add(Vec::new(), resources.len() - series.len());
    families.extend([
        severities(inventory, &view, &series),
        maintenance(inventory, &view, &series),
        left_out,
    ]);
    families.extend(sources::families(inventory, watched, now));
    families.extend(groups::families(inventory, &series, now));
    Families(families)
}

/// Resources that are known only from their open alarms, such as after a restart before the first reading. They have
/// their last known state.
fn known_from_alarms(inventory: &Inventory) -> Vec<Resource> {
    let held = inventory.resources.iter().map(|resource| &resource.key);
    let mut known: HashSet<&ResourceKey> = held.collect();
    let open = inventory.alarms.iter().flatten();
    let unread = open
        .filter(|alarm| alarm.resource.kind != Kind::Connection && known.insert(&alarm.resource));
    unread.map(last_seen).collect()
}

fn last_seen(alarm: &Alarm) -> Resource {
    Resource {
        key: alarm.resource.clone(),
        name: alarm.name.clone(),
        verdict: Verdict::new(alarm.severity, alarm.word.clone(), alarm.sentence.clone()),
        observed: Observed::WithConnection,
        failure: None,
        unreadable: Vec::new(),
        also_on: Vec::new(),
        facts: Facts::None,
    }
}

/// A resource with series of its own.
#[derive(Debug)]
struct Series<'a> {
    resource: &'a Resource,
    severity: Severity,
    connection: String,
    id: String,
    name: String,
}

impl Series<'_> {
    /// The labels of metrics for a single kind of resource.
    fn labels(&self) -> Labels {
        vec![
            ("connection", self.connection.clone()),
            ("id", self.id.clone()),
            ("name", self.name.clone()),
        ]
    }

    fn facts(&self) -> &Facts {
        &self.resource.facts
    }
}

/// The first resources of the list, up to the maximum. Prometheus accepts each set of labels only once, and cut labels
/// may be equal.
fn distinct<'a>(resources: &[(&'a Resource, Severity)]) -> Vec<Series<'a>> {
    let mut seen = HashSet::new();
    let mut list = Vec::new();
    for (resource, severity) in resources {
        if list.len() == MAX_RESOURCES {
            break;
        }
        let series = Series {
            resource,
            severity: *severity,
            connection: label(&resource.key.connection),
            id: label(&resource.key.id),
            name: label(&resource.name),
        };
        if seen.insert((resource.key.kind, series.labels())) {
            list.push(series);
        }
    }
    list
}

fn severities(inventory: &Inventory, view: &InventoryView<'_>, series: &[Series<'_>]) -> Family {
    let mut family = Family::gauge(
        "resource_severity",
        "Severity: 0 normal or off, 1 moving, 2 unknown, 3 warning, 4 critical.",
    );
    for state in inventory.connections.iter().flatten() {
        let (id, title) = (label(&state.connection.id), label(&state.connection.title));
        let severity = view.severity_of_connection(state);
        family.add(
            labels_with_kind(&id, Kind::Connection, &id, &title),
            u64::from(level(severity)),
        );
    }
    for one in series {
        let kind = one.resource.key.kind;
        family.add(
            labels_with_kind(&one.connection, kind, &one.id, &one.name),
            u64::from(level(one.severity)),
        );
    }
    family
}

/// The labels of metrics for connections and resources of every kind.
fn labels_with_kind(connection: &str, kind: Kind, id: &str, name: &str) -> Labels {
    vec![
        ("connection", connection.to_owned()),
        ("kind", kind.key().to_owned()),
        ("id", id.to_owned()),
        ("name", name.to_owned()),
    ]
}

/// The resources in maintenance, with the labels of `resource_severity`, so that a rule can exclude them.
fn maintenance(inventory: &Inventory, view: &InventoryView<'_>, series: &[Series<'_>]) -> Family {
    let mut family = Family::gauge(
        "resource_in_maintenance",
        "1 while it is in maintenance; absent otherwise.",
    );
    for state in inventory.connections.iter().flatten() {
        let connection = &state.connection;
        if view.is_in_maintenance(&ResourceKey::of_connection(&connection.id)) {
            let (id, title) = (label(&connection.id), label(&connection.title));
            family.add(labels_with_kind(&id, Kind::Connection, &id, &title), 1_u64);
        }
    }
    for one in series {
        let key = &one.resource.key;
        if view.is_in_maintenance(key) {
            let labels = labels_with_kind(&one.connection, key.kind, &one.id, &one.name);
            family.add(labels, 1_u64);
        }
    }
    family
}

/// The number of resources by severity. A severity without resources is 0, so that every series always exists.
fn totals(inventory: &Inventory, resources: &[(&Resource, Severity)]) -> Family {
    let mut family = Family::gauge("resources", "Resources by severity.");
    let mut counts: BTreeMap<(String, Kind), BTreeMap<Severity, u64>> = BTreeMap::new();
    for state in inventory.connections.iter().flatten() {
        let kind = Kind::held_by(&state.connection.system);
        counts
            .entry((label(&state.connection.id), kind))
            .or_default();
    }
    for (resource, severity) in resources {
        let key = (label(&resource.key.connection), resource.key.kind);
        *counts.entry(key).or_default().entry(*severity).or_default() += 1;
    }
    for ((connection, kind), by_severity) in counts {
        for severity in SEVERITIES {
            let labels = vec![
                ("connection", connection.clone()),
                ("kind", kind.key().to_owned()),
                ("severity", severity.key().to_owned()),
            ];
            family.add(labels, by_severity.get(&severity).copied().unwrap_or(0));
        }
    }
    family
}

const ALARM_SEVERITIES: [Severity; 3] = [Severity::Critical, Severity::Warning, Severity::Unknown];

fn alarms(inventory: &Inventory) -> Family {
    let mut family = Family::gauge(
        "alarms",
        "Open alarms that are neither acknowledged nor in maintenance, by severity.",
    );
    for severity in ALARM_SEVERITIES {
        let open = inventory.alarms.iter().flatten();
        let unhandled = open.filter(|alarm| alarm.severity == severity && !alarm.is_handled());
        let labels = vec![("severity", severity.key().to_owned())];
        family.add(labels, unhandled.count());
    }
    family
}

fn handled_alarms(inventory: &Inventory) -> Family {
    let mut family = Family::gauge(
        "alarms_handled",
        "Open alarms that are acknowledged or in maintenance, by severity.",
    );
    for severity in ALARM_SEVERITIES {
        for care in ["acknowledged", "in maintenance"] {
            let open = inventory.alarms.iter().flatten();
            let handled = open
                .filter(|alarm| alarm.severity == severity && alarm.handling_label() == Some(care));
            let labels = vec![
                ("severity", severity.key().to_owned()),
                ("care", care.replace(' ', "_")),
            ];
            family.add(labels, handled.count());
        }
    }
    family
}
