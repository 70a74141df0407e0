//! A configured connection: watched here, or by another gateway that publishes its readings.

use super::inbox::Inbox;
use super::inventory::Inventory;
use super::permit::Permit;
use super::watcher::{Setting, Settings, Watcher};
use super::{aveva, complete_reading, sharing, uplynk, veeam};
use crate::lock::lock;
use crate::supervision::{RESTART_DELAY, supervise};
use chrono::TimeDelta;
use futures_util::FutureExt as _;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::{Arc, Mutex};
use tokio::task::JoinSet;
use vendors::System;

/// A connection, with its watcher if it is watched here.
#[derive(Debug)]
pub(super) struct WatchedConnection {
    settings: Settings,
    pub(super) inbox: Arc<Inbox>,
    inventory: Arc<Inventory>,
    /// The key by which all gateways identify it.
    pub(super) key: String,
    pub(super) is_watched: bool,
    /// The watcher's permission to publish.
    pub(super) permit: Permit,
    /// The watcher, or the task that forwards requests to the watching gateway. Dropping it ends it.
    task: JoinSet<()>,
}

impl WatchedConnection {
    /// Creates a connection that is not watched here yet.
    pub(super) fn new(setting: Setting, inventory: &Arc<Inventory>) -> Self {
        let client = &setting.client;
        let mut one = Self {
            key: sharing::key(&client.public.id, &client.fingerprint()),
            settings: Arc::new(Mutex::new(setting)),
            inbox: Arc::new(Inbox::new()),
            inventory: inventory.clone(),
            is_watched: false,
            permit: Permit::default(),
            task: JoinSet::new(),
        };
        one.leave_to_others();
        one
    }

    pub(super) fn watch(&mut self) {
        if !self.is_watched {
            self.is_watched = true;
            self.permit = Permit::default();
            self.task = JoinSet::new();
            self.task.spawn(keep_watching(
                self.settings.clone(),
                self.inventory.clone(),
                self.inbox.clone(),
                self.permit.clone(),
            ));
        }
    }

    pub(super) fn leave_to_others(&mut self) {
        self.is_watched = false;
        self.permit.revoke();
        self.task = JoinSet::new();
        let store = self.inventory.store();
        if store.is_shared() {
            let (inbox, key) = (self.inbox.clone(), self.key.clone());
            self.task.spawn(sharing::forward(inbox, store.clone(), key));
        }
    }

    /// Switches to new settings, if they are for the same system.
    pub(super) fn replace(&self, new: &Setting) -> bool {
        let mut setting = lock(&self.settings);
        let same = setting.client.is_same_system(&new.client);
        if same {
            let reached_differently = !setting.client.is_reached_like(&new.client);
            *setting = new.clone();
            self.inbox.setting_changed(reached_differently);
        }
        same
    }
}

impl Drop for WatchedConnection {
    fn drop(&mut self) {
        self.permit.revoke();
    }
}

/// Keeps one watcher running: an obsolete one is replaced, and one that panics is restarted.
async fn keep_watching(
    settings: Settings,
    inventory: Arc<Inventory>,
    inbox: Arc<Inbox>,
    permit: Permit,
) {
    let id = lock(&settings).client.public.id.clone();
    let begin = || {
        let (settings, inventory) = (settings.clone(), inventory.clone());
        let (inbox, permit, id) = (inbox.clone(), permit.clone(), id.clone());
        async move {
            let watching = async {
                run(Watcher::new(
                    settings,
                    inventory.clone(),
                    inbox,
                    permit.clone(),
                ))
                .await;
            };
            if let Err(fault) = AssertUnwindSafe(watching).catch_unwind().await {
                // Without this, the failure would be visible only once the last reading is stale.
                inventory.watcher_failed(&permit, &id, RESTART_DELAY);
                resume_unwind(fault);
            }
        }
    };
    let what = format!("the watcher of {id}");
    loop {
        supervise(&what, begin).await;
    }
}

async fn run(watcher: Watcher) {
    match watcher.system().clone() {
        System::Aveva(base) => aveva::run(watcher, base).await,
        System::Uplynk => uplynk::run(watcher).await,
        System::Veeam {
            accept,
            recent_hours,
        } => {
            let recent = TimeDelta::hours(recent_hours.into());
            let memory = veeam::Memory::of(watcher.known_ids());
            complete_reading::run(watcher, move |source, when| {
                Box::pin(veeam::read(source, when, accept, recent, memory.clone()))
            })
            .await;
        }
    }
}
