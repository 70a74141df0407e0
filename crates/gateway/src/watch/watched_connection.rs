//! A connection that is configured: watched here, or by another gateway that passes on what it reads.

use super::inbox::Inbox;
use super::inventory::Inventory;
use super::watcher::{Setting, Settings, Watcher};
use super::{aveva, sharing, uplynk, veeam, whole};
use crate::lock::lock;
use crate::supervision::supervise;
use chrono::TimeDelta;
use std::sync::{Arc, Mutex};
use tokio::task::JoinSet;
use vendors::System;

/// One connection, and its watcher if it is watched here.
#[derive(Debug)]
pub(super) struct WatchedConnection {
    settings: Settings,
    pub(super) inbox: Arc<Inbox>,
    inventory: Arc<Inventory>,
    /// By what all gateways know it.
    pub(super) key: String,
    pub(super) is_watched: bool,
    /// The watcher, or what forwards requests to the gateway that watches. Ends when it is dropped.
    task: JoinSet<()>,
}

impl WatchedConnection {
    /// Not watched here, until it is.
    pub(super) fn new(setting: Setting, inventory: &Arc<Inventory>) -> Self {
        let client = &setting.client;
        let mut one = Self {
            key: sharing::key(&client.public.id, &client.fingerprint()),
            settings: Arc::new(Mutex::new(setting)),
            inbox: Arc::new(Inbox::new()),
            inventory: inventory.clone(),
            is_watched: false,
            task: JoinSet::new(),
        };
        one.leave_to_others();
        one
    }

    pub(super) fn watch(&mut self) {
        if !self.is_watched {
            self.is_watched = true;
            self.task = JoinSet::new();
            self.task.spawn(keep_watching(
                self.settings.clone(),
                self.inventory.clone(),
                self.inbox.clone(),
            ));
        }
    }

    pub(super) fn leave_to_others(&mut self) {
        self.is_watched = false;
        self.task = JoinSet::new();
        let store = self.inventory.store();
        if store.is_shared() {
            let (inbox, key) = (self.inbox.clone(), self.key.clone());
            self.task.spawn(sharing::forward(inbox, store.clone(), key));
        }
    }

    /// Goes on with another setting, if it is of the same system.
    pub(super) fn replace(&self, new: &Setting) -> bool {
        let mut setting = lock(&self.settings);
        let same = setting.client.is_same_system(&new.client);
        if same {
            *setting = new.clone();
            self.inbox.setting_changed();
        }
        same
    }
}

/// Keeps one watcher running: one that is obsolete begins anew, and so does one that has failed by a fault of
/// its own.
async fn keep_watching(settings: Settings, inventory: Arc<Inventory>, inbox: Arc<Inbox>) {
    let what = {
        let setting = lock(&settings);
        format!("the watcher of {}", setting.client.public.id)
    };
    let watcher = || Watcher::new(settings.clone(), inventory.clone(), inbox.clone());
    loop {
        supervise(&what, || run(watcher())).await;
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
            whole::run(watcher, move |source, when| {
                Box::pin(veeam::read(source, when, accept, recent, memory.clone()))
            })
            .await;
        }
    }
}
