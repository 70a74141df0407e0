//! What another gateway has read, taken over as if it had been read here, and what is read here, for the others.

use super::super::sharing::{Publication, SharedResource};
use super::connection::{Connection, Step};
use super::state::State;
use super::{Inventory, Read};
use crate::store::Store;
use chrono::{DateTime, Utc};
use health::inventory::{Judged, Moment, Observed, ResourceKey, WatchedGroup};
use protocol::ConnectionState;
use std::collections::HashSet;
use std::sync::Arc;

/// How much of a connection was told to the other gateways.
#[derive(Debug, Clone)]
pub(in super::super) struct PublishedState {
    instance_id: String,
    number: u64,
    state: ConnectionState,
}

impl PublishedState {
    /// Whether nobody has read the connection yet, nor tried to.
    pub(in super::super) fn was_never_read(&self) -> bool {
        self.state.observed_at.is_none() && self.state.failure.is_none()
    }
}

impl Inventory {
    /// Where what is seen is recorded, and shared with other gateways.
    pub(in super::super) fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// How a connection is.
    pub(in super::super) fn connection(&self, id: &str) -> Option<ConnectionState> {
        let state = self.state();
        let place = state.place(id)?;
        Some(state.connections[place].state.clone())
    }

    /// What of a connection is to be told to the others, who were told this much; `None` where that is nothing.
    pub(in super::super) fn publication(
        &self,
        id: &str,
        told: Option<&PublishedState>,
    ) -> Option<(PublishedState, Publication)> {
        self.state().publication(id, told)
    }

    /// Takes over what another gateway has read.
    pub(in super::super) fn take_over(&self, publication: Publication) {
        #[cfg(test)]
        self.fail_on_purpose("taking over");
        let now = self.clock().now();
        let state = self.state();
        let connection = publication.state.clone();
        let read = Read::Publication(Box::new(publication));
        self.apply(state, &connection, read, now);
    }
}

impl State {
    fn publication(
        &self,
        id: &str,
        told: Option<&PublishedState>,
    ) -> Option<(PublishedState, Publication)> {
        let connection = &self.connections[self.place(id)?];
        let told = told
            .filter(|told| told.instance_id == self.instance_id && told.number >= self.forgotten);
        let is_new = |revision: u64| told.is_none_or(|told| revision > told.number);
        let mut publication = Publication {
            state: connection.state.clone(),
            whole: told.is_none(),
            resources: Vec::new(),
            times: Vec::new(),
            gone: Vec::new(),
        };
        if connection.is_shared() {
            if is_new(connection.listed_at) {
                publication.whole = true;
                publication.resources =
                    connection.listed.iter().map(SharedResource::from).collect();
            }
        } else {
            let held = connection.resources.values();
            for held in held.filter(|held| is_new(held.revision)) {
                match held.judged.resource.times() {
                    Some(times) if !is_new(held.beyond_times) => publication.times.push(times),
                    _ => publication
                        .resources
                        .push(SharedResource::from(&held.judged)),
                }
            }
            let gone = told.map_or_else(Vec::new, |told| self.removed_since(told.number));
            let of_this = gone.into_iter().filter(|key| key.connection == id);
            publication.gone = of_this.map(|key| key.id).collect();
        }
        let is_known = |told: &PublishedState| {
            let mut before = told.state.clone();
            // That it is being read is told with what that brings.
            if publication.state.next_at.is_none() {
                before.next_at = None;
            }
            before == publication.state
        };
        let is_nothing = !publication.whole
            && publication.resources.is_empty()
            && publication.times.is_empty()
            && publication.gone.is_empty()
            && told.is_some_and(is_known);
        let now_told = PublishedState {
            instance_id: self.instance_id.clone(),
            number: self.number,
            state: publication.state.clone(),
        };
        (!is_nothing).then_some((now_told, publication))
    }

    /// Takes over what another gateway has read. Returns whether a resource changed.
    pub(super) fn apply_publication(
        &mut self,
        place: usize,
        publication: Publication,
        now: DateTime<Utc>,
        step: Step,
    ) -> bool {
        let connection = &mut self.connections[place];
        let moment = connection.moment(now);
        let Publication {
            whole,
            resources,
            times,
            gone,
            state: _,
        } = publication;
        let resources = resources.into_iter().map(Judged::from);
        if connection.is_shared() {
            if whole {
                connection.list(resources.collect(), step);
            }
            for judged in &mut connection.listed {
                judged.observed_at = moment.seen(judged.observed_at);
            }
            return self.represent_shared(step, now);
        }
        let mut changed = false;
        for judged in resources {
            changed |= connection.hold(judged, step, &moment, &mut self.unrecorded_events);
        }
        for times in times {
            let Some(held) = connection.resources.get(&times.key.id) else {
                continue;
            };
            let judged = Judged {
                resource: held.judged.resource.clone().with_times(&times),
                ..held.judged
            };
            changed |= connection.hold(judged, step, &moment, &mut self.unrecorded_events);
        }
        // What is as it was is not told again, and was read all the same.
        for held in connection.resources.values_mut() {
            let judged = &mut held.judged;
            if judged.resource.observed == Observed::WithConnection {
                judged.observed_at = moment.seen(judged.observed_at);
            }
        }
        let gone: HashSet<String> = gone.into_iter().collect();
        let gone = if whole {
            connection.drop_unnamed(step)
        } else {
            let is_gone = |id: &String, _: &mut _| gone.contains(id);
            let gone = connection.resources.extract_if(is_gone);
            gone.map(|(_, held)| held).collect()
        };
        self.remove_resources(place, gone, now, step) || changed
    }
}

impl Connection {
    /// A group as a resource.
    pub(super) fn judge(&self, group: &WatchedGroup, moment: &Moment) -> Judged {
        let judged = group.resource(&self.state.connection.id, moment);
        self.keep_known(judged, moment)
    }

    /// What another gateway has read of a resource stays until it is read here.
    pub(super) fn keep_known(&self, judged: Judged, moment: &Moment) -> Judged {
        let ResourceKey { id, .. } = &judged.resource.key;
        let known = self.resources.get(id).map(|held| &held.judged);
        let known = known.and_then(|known| Some((known, known.observed_at?)));
        let Some((known, observed_at)) = known.filter(|_| judged.observed_at.is_none()) else {
            return judged;
        };
        let mut resource = known.resource.clone();
        resource.failure = judged.resource.failure;
        if moment.observed_at.is_some() {
            resource.observed = moment.observed(observed_at);
        }
        Judged { resource, ..*known }
    }
}
