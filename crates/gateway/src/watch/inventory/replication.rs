//! Publications between gateways: applying those of others as if the readings were made here, and creating those of
//! this gateway.

use super::super::sharing::{Publication, SharedResource};
use super::connection::{Connection, Step};
use super::state::State;
use super::{Inventory, Read};
use crate::store::Store;
use chrono::{DateTime, Utc};
use health::inventory::{Judged, Moment, Observed, WatchedGroup};
use protocol::ConnectionState;
use std::collections::HashSet;
use std::sync::Arc;

/// The state of a connection that was published to the other gateways.
#[derive(Debug, Clone)]
pub(in super::super) struct PublishedState {
    instance_id: String,
    number: u64,
    state: ConnectionState,
}

impl PublishedState {
    /// Whether no read of the connection has succeeded or failed yet.
    pub(in super::super) fn was_never_read(&self) -> bool {
        self.state.observed_at.is_none() && self.state.failure.is_none()
    }
}

impl Inventory {
    /// The store, which records events and connects the gateways.
    pub(in super::super) fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// The state of a connection.
    pub(in super::super) fn connection(&self, id: &str) -> Option<ConnectionState> {
        let state = self.state();
        let index = state.index_of(id)?;
        Some(state.connections[index].state.clone())
    }

    /// The unpublished changes of a connection since `known`; `None` if there are none.
    pub(in super::super) fn publication(
        &self,
        id: &str,
        known: Option<&PublishedState>,
    ) -> Option<(PublishedState, Publication)> {
        self.state().publication(id, known)
    }

    /// Applies a publication of another gateway.
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
        known: Option<&PublishedState>,
    ) -> Option<(PublishedState, Publication)> {
        let connection = &self.connections[self.index_of(id)?];
        let known = known.filter(|known| {
            known.instance_id == self.instance_id && known.number >= self.forgotten
        });
        let is_new = |revision: u64| known.is_none_or(|known| revision > known.number);
        let mut publication = Publication {
            state: connection.state.clone(),
            is_complete: known.is_none(),
            resources: Vec::new(),
            times: Vec::new(),
            gone: Vec::new(),
        };
        if connection.is_shared() {
            if is_new(connection.listed_at) {
                publication.is_complete = true;
                publication.resources =
                    connection.listed.iter().map(SharedResource::from).collect();
            }
        } else {
            let held = connection.resources.values();
            for held in held.filter(|held| is_new(held.revision)) {
                match held.judged.resource.times() {
                    Some(times) if !is_new(held.contents_at) => publication.times.push(times),
                    _ => publication
                        .resources
                        .push(SharedResource::from(&held.judged)),
                }
            }
            let gone = known.map_or_else(Vec::new, |known| self.removed_since(known.number));
            let of_this = gone.into_iter().filter(|key| key.connection == id);
            publication.gone = of_this.map(|key| key.id).collect();
        }
        let is_known = |known: &PublishedState| {
            let mut before = known.state.clone();
            // The start of a reading is published with its results.
            if publication.state.next_at.is_none() {
                before.next_at = None;
            }
            before == publication.state
        };
        let is_nothing = !publication.is_complete
            && publication.resources.is_empty()
            && publication.times.is_empty()
            && publication.gone.is_empty()
            && known.is_some_and(is_known);
        let now_known = PublishedState {
            instance_id: self.instance_id.clone(),
            number: self.number,
            state: publication.state.clone(),
        };
        (!is_nothing).then_some((now_known, publication))
    }

    /// Applies a publication of another gateway. Returns whether a resource changed.
    pub(super) fn apply_publication(
        &mut self,
        index: usize,
        publication: Publication,
        now: DateTime<Utc>,
        step: Step,
    ) -> bool {
        let connection = &mut self.connections[index];
        let moment = connection.moment(now);
        let Publication {
            is_complete,
            resources,
            times,
            gone,
            state: _,
        } = publication;
        let resources = resources.into_iter().map(Judged::from);
        // Unchanged resources are not published again, but were read all the same.
        let see_again = |judged: &mut Judged| {
            if judged.resource.observed == Observed::WithConnection {
                judged.observed_at = moment.last_seen(judged.observed_at);
            }
        };
        if connection.is_shared() {
            if is_complete {
                connection.list(resources.collect(), step);
            }
            connection.listed.iter_mut().for_each(see_again);
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
        let held = connection.resources.values_mut();
        held.for_each(|held| see_again(&mut held.judged));
        let gone: HashSet<String> = gone.into_iter().collect();
        let gone = if is_complete {
            connection.drop_unnamed(step)
        } else {
            let is_gone = |id: &String, _: &mut _| gone.contains(id);
            let gone = connection.resources.extract_if(is_gone);
            gone.map(|(_, held)| held).collect()
        };
        self.remove_resources(index, gone, now, step) || changed
    }
}

impl Connection {
    pub(super) fn judge(&self, group: &WatchedGroup, moment: &Moment) -> Judged {
        let judged = group.resource(&self.state.connection.id, moment);
        self.keep_known(judged, moment)
    }

    /// Keeps another gateway's reading of a resource until it is read here.
    pub(super) fn keep_known(&self, judged: Judged, moment: &Moment) -> Judged {
        if judged.observed_at.is_some() {
            return judged;
        }
        let key = &judged.resource.key;
        let known = if self.is_shared() {
            self.listed.iter().find(|one| one.resource.key == *key)
        } else {
            self.resources.get(&key.id).map(|held| &held.judged)
        };
        let known = known.and_then(|known| Some((known, known.observed_at?)));
        let Some((known, observed_at)) = known else {
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
