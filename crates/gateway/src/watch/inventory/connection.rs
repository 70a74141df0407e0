//! One connection of the inventory, with the resources that it represents.

use super::super::failure;
use crate::inventory_view::{self, vendor_ahead};
use chrono::{DateTime, TimeDelta, Utc};
use health::Freshness;
use health::alarms::Source;
use health::events::{self, Event};
use health::inventory::{Facts, Judged, Kind, Moment, Reading, Resource, WatchedGroup};
use protocol::ConnectionState;
use std::collections::HashMap;
use vendors::System;

/// The id of a resource that cannot be taken over: so tests see what follows from a fault of the gateway's own.
#[cfg(test)]
pub(crate) const FAULT: &str = "a fault on purpose";

/// A resource and the revision in which it last changed.
#[derive(Debug)]
pub(super) struct TrackedResource {
    pub(super) judged: Judged,
    pub(super) revision: u64,
    /// The revision in which anything but its times last changed.
    pub(super) beyond_times: u64,
    /// Whether its state has lasted too long, as the history of the alarms knows.
    lingers: bool,
    /// The publication that last named it: what a whole one does not name is gone.
    named: u64,
    /// When it ended, of a run that was seen to, by the vendor's clock. Another connection's server may list it as running
    /// for a while longer: it ends once.
    ended: Option<DateTime<Utc>>,
}

impl TrackedResource {
    pub(super) fn new(judged: Judged, step: Step) -> Self {
        Self {
            ended: events::ended_at(&judged.resource),
            judged,
            revision: step.revision,
            beyond_times: step.revision,
            lingers: false,
            named: step.publication,
        }
    }

    /// The resource as it is shown: a state that has lasted too long is what it is by that.
    pub(super) fn shown(&self) -> Resource {
        let mut shown = self.judged.resource.clone();
        let lingering = shown.verdict.lingering.take();
        if let Some((_, wrong)) = lingering.filter(|_| self.lingers) {
            shown.verdict = *wrong;
        }
        shown
    }

    /// Takes over whether its state has lasted too long. Returns whether that changed, which `step` numbers.
    pub(super) fn linger(&mut self, lingers: bool, step: Step) -> bool {
        let changed = self.lingers != lingers;
        if changed {
            self.lingers = lingers;
            (self.revision, self.beyond_times) = (step.revision, step.revision);
        }
        changed
    }
}

/// The publication under way, and the revision that it makes if it changes something.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) publication: u64,
    pub(super) revision: u64,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) state: ConnectionState,
    /// How fresh it was when alarms were last judged.
    pub(super) freshness: Freshness,
    /// The resources that it represents, by their ids.
    pub(super) resources: HashMap<String, TrackedResource>,
    /// Of a system whose resources another connection may represent: all that it lists.
    pub(super) listed: Vec<Judged>,
    /// The revision in which that last changed.
    pub(super) listed_at: u64,
    /// When the complete reading before the last publication began. Without one, nothing that is seen is new.
    pub(super) baseline: Option<DateTime<Utc>>,
}

impl Connection {
    pub(super) fn new(state: ConnectionState) -> Self {
        Self {
            state,
            freshness: Freshness::NoData,
            resources: HashMap::new(),
            listed: Vec::new(),
            listed_at: 0,
            baseline: None,
        }
    }

    /// Whether what it lists may be listed by other connections too.
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

    /// Whether it is fresher or less fresh than when alarms were last judged.
    pub(super) fn has_turned(&self, now: DateTime<Utc>) -> bool {
        self.freshness != self.freshness_at(now)
    }

    /// The clocks at this moment.
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

    /// As far as alarms depend on it.
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

    /// Whether it holds a group with the first id, and the group a session with the second. `None` before it was
    /// read once, or where it holds more than was read.
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

    /// Takes over a resource. Returns whether it is new or changed, which `step` numbers, and adds what that tells
    /// to `seen`.
    pub(super) fn hold(
        &mut self,
        judged: Judged,
        step: Step,
        moment: &Moment,
        seen: &mut Vec<Event>,
    ) -> bool {
        #[cfg(test)]
        assert_ne!(judged.resource.key.id, FAULT, "on purpose");
        let reading = self.reading();
        let Some(held) = self.resources.get_mut(&judged.resource.key.id) else {
            if self.baseline.is_some() {
                seen.extend(events::appeared(&judged, moment));
            }
            let id = judged.resource.key.id.clone();
            self.resources
                .insert(id, TrackedResource::new(judged, step));
            return true;
        };
        held.named = step.publication;
        let changed = held.judged.resource != judged.resource;
        if changed {
            held.revision = step.revision;
            if let Some(last) = self.baseline {
                seen.extend(events::read_again(&held.judged, &judged, last, &reading));
            }
            if !judged
                .resource
                .differs_in_times_alone(&held.judged.resource)
            {
                held.beyond_times = step.revision;
                let ended = events::ended_at(&judged.resource);
                if ended.is_none() || ended != held.ended {
                    seen.extend(events::between(&held.judged, &judged, moment));
                }
                held.ended = ended.or(held.ended);
            }
        }
        held.judged = judged;
        changed
    }

    /// Takes over groups. Returns whether one of them is new or changed, and adds what that tells to `seen`.
    pub(super) fn hold_groups<'g>(
        &mut self,
        groups: impl IntoIterator<Item = &'g WatchedGroup>,
        step: Step,
        moment: &Moment,
        seen: &mut Vec<Event>,
    ) -> bool {
        let mut changed = false;
        for group in groups {
            let judged = self.judge(group, moment);
            changed |= self.hold(judged, step, moment, seen);
        }
        changed
    }

    pub(super) fn holds(&self, id: &str) -> bool {
        self.resources.contains_key(id)
    }

    /// Represents what another connection did, or nobody did any more.
    pub(super) fn take_over(&mut self, mut held: TrackedResource, step: Step) {
        (held.revision, held.beyond_times) = (step.revision, step.revision);
        let id = held.judged.resource.key.id.clone();
        self.resources.insert(id, held);
    }

    /// Takes over all that it lists.
    pub(super) fn list(&mut self, listed: Vec<Judged>, step: Step) {
        let before = self.listed.iter().map(|one| &one.resource);
        if !before.eq(listed.iter().map(|one| &one.resource)) {
            self.listed_at = step.revision;
        }
        self.listed = listed;
    }

    /// Drops what a publication did not name, and returns it.
    pub(super) fn drop_unnamed(&mut self, step: Step) -> Vec<TrackedResource> {
        let gone = |_: &String, held: &mut TrackedResource| held.named != step.publication;
        let gone = self.resources.extract_if(gone);
        gone.map(|(_, held)| held).collect()
    }
}
