//! One connection of the inventory, with the resources that it represents.

use super::super::failure;
use super::leaders::Leaders;
use crate::inventory_view::{self, vendor_ahead};
use chrono::{DateTime, TimeDelta, Utc};
use health::Freshness;
use health::alarms::Source;
use health::events::{self, Event};
use health::inventory::{Facts, Judged, Kind, Moment, Reading, Resource, WatchedGroup};
use protocol::ConnectionState;
use std::collections::HashMap;
use vendors::System;

/// The id of a resource that causes a panic, for tests of faults in the gateway.
#[cfg(test)]
pub(crate) const FAULT: &str = "a fault on purpose";

/// A resource and the revision in which it last changed.
#[derive(Debug)]
pub(super) struct TrackedResource {
    pub(super) judged: Judged,
    pub(super) revision: u64,
    /// The revision in which anything except its times last changed.
    pub(super) contents_at: u64,
    /// Whether its state has lasted too long, according to the alarm history.
    lingers: bool,
    /// The last publication that contained it. Resources that a complete publication omits are removed.
    named_in: u64,
    /// When the run ended, by the vendor's clock. Another connection's server may list it as running for a while
    /// longer, but it ends only once.
    ended: Option<DateTime<Utc>>,
}

impl TrackedResource {
    pub(super) fn new(judged: Judged, step: Step) -> Self {
        Self {
            ended: events::ended_at(&judged.resource),
            judged,
            revision: step.revision,
            contents_at: step.revision,
            lingers: false,
            named_in: step.publication,
        }
    }

    /// The resource as shown: a state that has lasted too long has the verdict for that.
    pub(super) fn shown(&self) -> Resource {
        let mut shown = self.judged.resource.clone();
        let lingering = shown.verdict.lingering.take();
        if let Some((_, wrong)) = lingering.filter(|_| self.lingers) {
            shown.verdict = *wrong;
        }
        shown
    }

    /// Updates whether its state has lasted too long. Returns whether that changed, in the revision of `step`.
    pub(super) fn linger(&mut self, lingers: bool, step: Step) -> bool {
        let changed = self.lingers != lingers;
        if changed {
            self.lingers = lingers;
            (self.revision, self.contents_at) = (step.revision, step.revision);
        }
        changed
    }
}

/// A publication, with the revision that it creates if it changes anything.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) publication: u64,
    pub(super) revision: u64,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) state: ConnectionState,
    /// The freshness when alarms were last judged.
    pub(super) freshness: Freshness,
    /// The resources that it represents, by id.
    pub(super) resources: HashMap<String, TrackedResource>,
    /// All listed resources, for a system whose resources other connections may represent.
    pub(super) listed: Vec<Judged>,
    /// The revision in which `listed` last changed.
    pub(super) listed_at: u64,
    /// When the complete reading before the last publication began. Without one, resources do not count as new.
    pub(super) baseline: Option<DateTime<Utc>>,
    pub(super) leaders: Leaders,
}

impl Connection {
    pub(super) fn new(state: ConnectionState, leaders: Leaders) -> Self {
        Self {
            state,
            freshness: Freshness::NoData,
            resources: HashMap::new(),
            listed: Vec::new(),
            listed_at: 0,
            baseline: None,
            leaders,
        }
    }

    /// Whether other connections may list the same resources.
    pub(super) fn is_shared(&self) -> bool {
        let system = &self.state.connection.system;
        matches!(system, System::Veeam { .. })
    }

    pub(super) fn reading(&self) -> Reading {
        inventory_view::reading(&self.state)
    }

    pub(super) fn freshness_at(&self, now: DateTime<Utc>) -> Freshness {
        self.reading().freshness(now)
    }

    /// Whether its freshness has changed since alarms were last judged.
    pub(super) fn has_turned(&self, now: DateTime<Utc>) -> bool {
        self.freshness != self.freshness_at(now)
    }

    /// The present time by all clocks.
    pub(super) fn moment(&self, now: DateTime<Utc>) -> Moment {
        let recent_hours = match &self.state.connection.system {
            System::Veeam { recent_hours, .. } => *recent_hours,
            System::Aveva(_) | System::Uplynk => 0,
        };
        Moment {
            now,
            vendor_ahead: vendor_ahead(&self.state),
            observed_at: self.state.observed_at,
            recent: TimeDelta::hours(recent_hours.into()),
        }
    }

    /// The part of the connection that alarms depend on.
    pub(super) fn source(&self) -> Source {
        let vendors::Connection { id, title, system } = &self.state.connection;
        Source {
            id: id.clone(),
            title: title.clone(),
            reading: self.reading(),
            vendor_ahead: vendor_ahead(&self.state),
            failure: self.state.failure.as_ref().map(failure::line),
            held: self.state.held,
            noun: Kind::held_by(system).noun(),
        }
    }

    /// Whether it has a group with the first id, and the group has sessions with the other ids. `None` before the first
    /// reading, or if the reading is incomplete.
    pub(super) fn knows(&self, ids: &[&str]) -> Option<bool> {
        if self.state.observed_at.is_none() || self.state.limit.is_some() {
            return None;
        }
        let (group, sessions) = ids.split_first()?;
        let Some(held) = self.resources.get(*group) else {
            return Some(false);
        };
        match &held.judged.resource.facts {
            Facts::FailoverGroup(facts) if facts.members.is_some() => Some(
                sessions
                    .iter()
                    .all(|id| facts.sessions.iter().any(|known| known == id)),
            ),
            _ if sessions.is_empty() => Some(true),
            _ => None,
        }
    }

    /// Stores a resource. Returns whether it is new or changed, in the revision of `step`, and adds the resulting
    /// events to `events_seen`.
    pub(super) fn hold(
        &mut self,
        judged: Judged,
        step: Step,
        moment: &Moment,
        events_seen: &mut Vec<Event>,
    ) -> bool {
        #[cfg(test)]
        assert_ne!(judged.resource.key.id, FAULT, "on purpose");
        let reading = self.reading();
        let held = self.resources.get_mut(&judged.resource.key.id);
        let before = held.as_ref().map(|held| &held.judged);
        self.leaders.observe(before, &judged, moment, events_seen);
        let Some(held) = held else {
            if self.baseline.is_some() {
                events_seen.extend(events::appeared(&judged, moment));
            }
            let id = judged.resource.key.id.clone();
            self.resources
                .insert(id, TrackedResource::new(judged, step));
            return true;
        };
        held.named_in = step.publication;
        let changed = held.judged.resource != judged.resource;
        if changed {
            held.revision = step.revision;
            if let Some(last) = self.baseline {
                events_seen.extend(events::read_again(&held.judged, &judged, last, &reading));
            }
            if !judged
                .resource
                .differs_in_times_alone(&held.judged.resource)
            {
                held.contents_at = step.revision;
                let ended = events::ended_at(&judged.resource);
                if ended.is_none() || ended != held.ended {
                    events_seen.extend(events::between(&held.judged, &judged, moment));
                }
                held.ended = ended.or(held.ended);
            }
        }
        held.judged = judged;
        changed
    }

    /// Stores groups. Returns whether one of them is new or changed, and adds the resulting events to `events_seen`.
    pub(super) fn hold_groups<'g>(
        &mut self,
        groups: impl IntoIterator<Item = &'g WatchedGroup>,
        step: Step,
        moment: &Moment,
        events_seen: &mut Vec<Event>,
    ) -> bool {
        let mut changed = false;
        for group in groups {
            let judged = self.judge(group, moment);
            changed |= self.hold(judged, step, moment, events_seen);
        }
        changed
    }

    pub(super) fn holds(&self, id: &str) -> bool {
        self.resources.contains_key(id)
    }

    /// Represents a resource from now on that another connection, or none, represented before.
    pub(super) fn take_over(&mut self, mut held: TrackedResource, step: Step) {
        (held.revision, held.contents_at) = (step.revision, step.revision);
        let id = held.judged.resource.key.id.clone();
        self.resources.insert(id, held);
    }

    /// Stores all listed resources.
    pub(super) fn list(&mut self, listed: Vec<Judged>, step: Step) {
        let before = self.listed.iter().map(|one| &one.resource);
        if !before.eq(listed.iter().map(|one| &one.resource)) {
            self.listed_at = step.revision;
        }
        self.listed = listed;
    }

    /// Removes the resources that a publication omitted, and returns them.
    pub(super) fn drop_unnamed(&mut self, step: Step) -> Vec<TrackedResource> {
        let gone = |_: &String, held: &mut TrackedResource| held.named_in != step.publication;
        let gone = self.resources.extract_if(gone);
        let gone = gone.map(|(_, held)| held).collect();
        if self.baseline.is_none() {
            // Groups may have been removed while no gateway watched.
            self.leaders.keep(|id| self.resources.contains_key(id));
        }
        gone
    }
}
