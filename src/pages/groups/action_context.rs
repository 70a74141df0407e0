//! The actions on a group's page: the open dialog, and what a change is sent with.

use crate::api::aveva::Writer;
use crate::api::session::Session;
use crate::live::{Clock, Feed, Group, Live, Source, Sweep, use_clock};
use crate::ui::notice::{Notices, use_notices};
use chrono::{DateTime, Utc};
use health::groups::{Action, Look, Scene};
use leptos::prelude::*;
use std::sync::Arc;
use vendors::System;
use vendors::aveva::ClientSession;

/// The dialog that is open, with the id of the session that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Open {
    /// A new group with this one's configuration.
    Duplicate,
    /// Deleting the group.
    DeleteGroup,
    /// Adding a session.
    AddSession,
    /// Putting a session; a new one where there is no id.
    PutSession(Option<String>),
    /// Deleting a session.
    DeleteSession(String),
    /// Posting a heartbeat.
    PostHeartbeat(String),
    /// Overriding a role.
    OverrideRole(String),
}

/// The actions of one group's page.
#[derive(Clone, Copy)]
pub struct ActionContext {
    /// The group as it refreshes.
    pub live: Live<Group>,
    /// The dialog that is open.
    pub open: RwSignal<Option<Open>>,
    group: StoredValue<String>,
    writer: StoredValue<Option<Writer>>,
    feed: Feed,
    sweep: Sweep,
    /// Where results are shown.
    pub notices: Notices,
    clock: Clock,
    changes: bool,
}

/// How changes reach an AVEVA connection.
#[must_use]
pub fn writer(source: &Source) -> Option<Writer> {
    let System::Aveva(base) = &source.connection.system else {
        return None;
    };
    Some(Writer {
        connection: source.connection.id.clone(),
        title: source.connection.title.clone(),
        base: base.clone(),
    })
}

impl ActionContext {
    /// The actions of a group of a connection.
    #[must_use]
    pub fn new(source: &Source, sweep: Sweep, live: Live<Group>, group: &str) -> Self {
        Self {
            live,
            open: RwSignal::new(None),
            group: StoredValue::new(group.to_owned()),
            writer: StoredValue::new(writer(source)),
            feed: source.feed,
            sweep,
            notices: use_notices(),
            clock: use_clock(),
            changes: expect_context::<Arc<Session>>().may_change(),
        }
    }

    /// Whether an action is offered: to who may change something, where the connection has it.
    #[must_use]
    pub fn offers(self, action: Action) -> bool {
        let has = |writer: &Option<Writer>| {
            writer
                .as_ref()
                .is_some_and(|writer| action.missing(&writer.base).is_none())
        };
        self.changes && self.writer.with_value(has)
    }

    /// The group's id.
    #[must_use]
    pub fn group(self) -> String {
        self.group.get_value()
    }

    /// How changes are sent.
    #[must_use]
    pub fn writer(self) -> Option<Writer> {
        self.writer.get_value()
    }

    /// The vendor's time now.
    #[must_use]
    pub fn now(self) -> DateTime<Utc> {
        self.live.status.vendor_now()
    }

    /// A session as it is shown at this moment.
    #[must_use]
    pub fn session(self, id: &str) -> Option<ClientSession> {
        let group = self.live.value_untracked()?;
        let detail = group.detail.as_ref()?;
        let mut sessions = detail.sessions.iter();
        sessions.find(|one| one.id.as_deref() == Some(id)).cloned()
    }

    /// Refreshes after a change. A change may end, and be undone, after its page was left.
    pub fn changed(self) {
        let _ = self.group.try_with_value(|group| self.sweep.forget(group));
        self.live.status.refresh();
        self.feed.status().refresh();
    }

    /// Reads the current group, with the session of this id.
    pub fn with_group<T>(
        self,
        id: Option<&str>,
        see: impl FnOnce(Scene<'_>, Option<&ClientSession>) -> T,
    ) -> Option<T> {
        let group = self.live.value()?;
        let look: Look = group.look(self.live.status, self.clock);
        let sessions = group
            .detail
            .as_ref()
            .map(|detail| detail.sessions.as_slice());
        let sessions = sessions.unwrap_or_default();
        let session = id.and_then(|id| sessions.iter().find(|one| one.id.as_deref() == Some(id)));
        let scene = Scene {
            group: &group.configuration,
            sessions,
            look,
        };
        Some(see(scene, session))
    }
}
