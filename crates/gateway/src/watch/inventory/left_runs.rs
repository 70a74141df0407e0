//! Runs of plans that no connection lists at present. A run that is listed again, by any connection, is not a new one.

use super::Inventory;
use super::connection::TrackedResource;
use super::state::State;
use crate::store::ActivityQuery;
use health::events::EventKind;
use std::collections::{HashMap, VecDeque};

/// The most runs that are remembered.
const MAX_REMEMBERED: usize = 4_096;

/// Runs that were listed, by id, each as last read; `None` for runs from before a restart.
#[derive(Debug, Default)]
pub(super) struct LeftRuns {
    runs: HashMap<String, (u64, Option<TrackedResource>)>,
    /// The order in which runs left, including runs that have come back. The number distinguishes several departures of
    /// one run.
    order: VecDeque<(u64, String)>,
    added: u64,
}

impl LeftRuns {
    /// Adds a run that has left the list.
    pub(super) fn add(&mut self, id: String, run: Option<TrackedResource>) {
        self.added += 1;
        self.order.push_back((self.added, id.clone()));
        self.runs.insert(id, (self.added, run));
        if self.order.len() > MAX_REMEMBERED
            && let Some((number, oldest)) = self.order.pop_front()
            && self
                .runs
                .get(&oldest)
                .is_some_and(|(own, _)| *own == number)
        {
            self.runs.remove(&oldest);
        }
    }

    /// Removes a run that is listed again, and returns its last reading. `None` if it was never listed.
    pub(super) fn take(&mut self, id: &str) -> Option<Option<TrackedResource>> {
        self.runs.remove(id).map(|(_, run)| run)
    }
}

impl Inventory {
    /// Remembers the runs that were recorded before a restart, so that a run which the first reading omits is not
    /// recorded again. Returns whether they could be read.
    pub(in super::super) async fn recall_runs(&self) -> bool {
        let query = ActivityQuery {
            kinds: vec![EventKind::Run.key().to_owned()],
            limit: MAX_REMEMBERED,
            ..ActivityQuery::default()
        };
        match self.store().activity(query).await {
            Ok(entries) => {
                // The oldest are added first, because they are forgotten first.
                let keys = entries.into_iter().rev().filter_map(|entry| entry.resource);
                self.state().recall_runs(keys.map(|key| key.id));
                true
            }
            Err(problem) => {
                tracing::warn!(detail = problem.detail, "earlier runs cannot be read");
                false
            }
        }
    }
}

impl State {
    fn recall_runs(&mut self, ids: impl Iterator<Item = String>) {
        for id in ids {
            let mut connections = self.connections.iter();
            let is_known = connections.any(|one| one.resources.contains_key(&id))
                || self.left_runs.runs.contains_key(&id);
            if !is_known {
                self.left_runs.add(id, None);
            }
        }
    }
}
