//! The state of what is watched, as metric families. Pure: the inventory and the time come in. Nothing
//! here depends on whether anybody looks at the console.

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

/// How many resources have series of their own. All are counted in `resources`.
const MAX_RESOURCES: usize = 5_000;

/// Every severity, the most harmless first.
const SEVERITIES: [Severity; 6] = [
    Severity::Off,
    Severity::Normal,
    Severity::Moving,
    Severity::Unknown,
    Severity::Warning,
    Severity::Critical,
];

/// The families of a whole inventory at this moment, of which these connections are watched here.
pub(super) fn families(
    inventory: &Inventory,
    watched: &HashSet<String>,
    now: DateTime<Utc>,
) -> Families {
    let view = InventoryView::new(inventory, now);
    let not_held = not_held(inventory);
    let mut resources: Vec<(&Resource, Severity)> = inventory
        .resources
        .iter()
        .chain(&not_held)
        .map(|resource| (resource, view.severity(resource)))
        .collect();
    let mut families = vec![
        alarms(inventory),
        handled_alarms(inventory),
        totals(inventory, &resources),
    ];
    // What is left out is what matters least.
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

/// What is known by its open alarm alone, as after a restart before its source has answered: as it was last seen.
fn not_held(inventory: &Inventory) -> Vec<Resource> {
    let held = inventory.resources.iter().map(|resource| &resource.key);
    let mut known: HashSet<&ResourceKey> = held.collect();
    let open = inventory.alarms.iter().flatten();
    let not_held = open
        .filter(|alarm| alarm.resource.kind != Kind::Connection && known.insert(&alarm.resource));
    not_held.map(last_seen).collect()
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

/// A resource that has series of its own.
#[derive(Debug)]
struct Series<'a> {
    resource: &'a Resource,
    severity: Severity,
    connection: String,
    id: String,
    name: String,
}

impl Series<'_> {
    /// The labels of a metric of one kind of resource, and one more where it has one.
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

/// The first resources of the list, as many as may have series. Prometheus takes each set of labels only
/// once, and what was cut can be the same as another.
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
        "How bad: 0 normal or off, 1 moving, 2 unknown, 3 warning, 4 critical.",
    );
    for state in inventory.connections.iter().flatten() {
        let (id, title) = (label(&state.connection.id), label(&state.connection.title));
        let severity = view.severity_of_connection(state);
        family.add(
            whole_labels(&id, Kind::Connection, &id, &title),
            u64::from(level(severity)),
        );
    }
    for one in series {
        let kind = one.resource.key.kind;
        family.add(
            whole_labels(&one.connection, kind, &one.id, &one.name),
            u64::from(level(one.severity)),
        );
    }
    family
}

/// The labels of a metric of connections and resources of every kind.
fn whole_labels(connection: &str, kind: Kind, id: &str, name: &str) -> Labels {
    vec![
        ("connection", connection.to_owned()),
        ("kind", kind.key().to_owned()),
        ("id", id.to_owned()),
        ("name", name.to_owned()),
    ]
}

/// What is in maintenance, with the labels of `resource_severity`: so a rule can leave it out.
fn maintenance(inventory: &Inventory, view: &InventoryView<'_>, series: &[Series<'_>]) -> Family {
    let mut family = Family::gauge(
        "resource_in_maintenance",
        "1 while it is in maintenance; absent otherwise.",
    );
    for state in inventory.connections.iter().flatten() {
        let connection = &state.connection;
        if view.is_in_maintenance(&ResourceKey::of_connection(&connection.id)) {
            let (id, title) = (label(&connection.id), label(&connection.title));
            family.add(whole_labels(&id, Kind::Connection, &id, &title), 1_u64);
        }
    }
    for one in series {
        let key = &one.resource.key;
        if view.is_in_maintenance(key) {
            let labels = whole_labels(&one.connection, key.kind, &one.id, &one.name);
            family.add(labels, 1_u64);
        }
    }
    family
}

/// Every resource, counted. A severity that none has is 0, so that no series comes and goes.
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
        let of_it = open.filter(|alarm| alarm.severity == severity && !alarm.is_handled());
        let labels = vec![("severity", severity.key().to_owned())];
        family.add(labels, of_it.count());
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
            let of_it = open
                .filter(|alarm| alarm.severity == severity && alarm.handling_label() == Some(care));
            let labels = vec![
                ("severity", severity.key().to_owned()),
                ("care", care.replace(' ', "_")),
            ];
            family.add(labels, of_it.count());
        }
    }
    family
}
