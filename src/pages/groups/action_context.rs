//! The actions on a group's page: the open dialog, and the data for sending a change.

use crate::api::Outcome;
use crate::api::aveva::{SeenSession, Writer};
use crate::api::inventory::Refresh;
use crate::api::session::Session;
use crate::live::{Clock, Group, Live, Watched, use_clock, use_watched};
use crate::pages::resource_row::stale_mark;
use crate::provided::provided;
use crate::ui::notice::{Notices, Undo, use_notices};
use crate::ui::table::stable_rows::RowLock;
use chrono::{DateTime, Utc};
use futures_util::future::LocalBoxFuture;
use health::groups::{Action, GroupContext, Observation};
use leptos::prelude::*;
use std::rc::Rc;
use std::sync::Arc;
use vendors::aveva::{ApiVersion, ClientSession};
use vendors::{Connection, System};

/// The open dialog, with the id of its session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Open {
    /// Creating a new group with this group's configuration.
    Duplicate,
    /// Deleting the group.
    DeleteGroup,
    /// Adding a session.
    AddSession,
    /// Putting a session; a new one without an id.
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
    /// The open dialog.
    pub open: RwSignal<Option<Open>>,
    /// Keeps session rows in place while the user interacts with them.
    pub row_lock: RowLock,
    /// The value of `data-fresh` on elements that show the group: "stale" while its data is stale.
    pub stale: Memo<Option<&'static str>>,
    /// The sessions with an action without a dialog in progress; prevents sending it twice.
    pub sending: RwSignal<Vec<String>>,
    group: StoredValue<String>,
    writer: StoredValue<Writer>,
    watched: Watched,
    /// Shows the outcomes of actions.
    pub notices: Notices,
    clock: Clock,
    may_change: bool,
}

/// The writer of an AVEVA connection; `None` for other systems.
#[must_use]
pub fn writer(connection: &Connection) -> Option<Writer> {
    let System::Aveva(base) = &connection.system else {
        return None;
    };
    Some(Writer {
        connection: connection.id.clone(),
        title: connection.title.clone(),
        base: base.clone(),
    })
}

impl ActionContext {
    /// The actions of a group.
    #[must_use]
    pub fn new(writer: Writer, live: Live<Group>, group: &str) -> Self {
        let clock = use_clock();
        Self {
            live,
            open: RwSignal::new(None),
            row_lock: RowLock::default(),
            stale: stale_mark(live.status, clock),
            sending: RwSignal::new(Vec::new()),
            group: StoredValue::new(group.to_owned()),
            notices: use_notices().about(&writer.connection, group),
            writer: StoredValue::new(writer),
            watched: use_watched(),
            clock,
            may_change: provided::<Arc<Session>>().may_change(),
        }
    }

    /// Whether an action is offered: the user may make changes, and the connection supports it.
    #[must_use]
    pub fn offers(self, action: Action) -> bool {
        let has = |writer: &Writer| action.unsupported_reason(&writer.base).is_none();
        self.may_change && self.writer.with_value(has)
    }

    /// The button that opens the dialog of an action; `None` if the action is not offered.
    #[must_use]
    pub fn button(self, action: Action, words: &'static str, open: Open) -> Option<AnyView> {
        let open_dialog = move |_| self.open.set(Some(open.clone()));
        self.offers(action).then(|| {
            view! { <button type="button" class="btn" on:click=open_dialog>{words}</button> }
                .into_any()
        })
    }

    /// The group's id.
    #[must_use]
    pub fn group(self) -> String {
        self.group.get_value()
    }

    /// The writer that sends changes.
    #[must_use]
    pub fn writer(self) -> Writer {
        self.writer.get_value()
    }

    /// The version of the API by which sessions are read.
    #[must_use]
    pub fn sessions_version(self) -> ApiVersion {
        self.writer
            .with_value(|writer| writer.base.sessions_version)
    }

    /// The vendor's time, untracked.
    #[must_use]
    pub fn now_untracked(self) -> DateTime<Utc> {
        self.live.status.vendor_now()
    }

    /// If the group's data is stale: when it was last read, by the vendor's clock.
    #[must_use]
    pub fn last_read(self) -> Option<DateTime<Utc>> {
        let group = self.live.value().filter(|_| self.stale.get().is_some())?;
        let observation = group.observation_when_read(self.live.status, self.clock);
        Some(observation.observed_at)
    }

    /// A session as it is currently shown.
    #[must_use]
    pub fn session(self, id: &str) -> Option<ClientSession> {
        let group = self.live.value_untracked()?;
        let mut sessions = group.detail.sessions.iter();
        sessions.find(|one| one.id.as_deref() == Some(id)).cloned()
    }

    /// A session as it is currently shown, and whether it and others are live. A change is sent only if this holds.
    #[must_use]
    pub fn seen(self, id: &str) -> Option<SeenSession> {
        let seen = untrack(|| {
            self.with_group(Some(id), |group, session| {
                Some(SeenSession::of(&group, session?))
            })
        });
        seen.flatten()
    }

    /// Whether an action without a dialog is being sent for a session.
    #[must_use]
    pub fn is_sending(self, id: &str) -> bool {
        self.sending.read().iter().any(|one| one == id)
    }

    /// Refreshes after a change. Also works after the page was closed: a change may complete or be undone later.
    pub fn changed(self) {
        self.row_lock.acted();
        self.live.status.refresh();
        if let Some(writer) = self.writer.try_get_value() {
            self.watched.refresh(Refresh::Connection(writer.connection));
        }
    }

    /// The undo of a change. It shows the outcome; an undo without an outcome is not supported by the connection.
    pub fn undo<F: Future<Output = Option<Outcome>> + 'static>(
        self,
        back: impl Fn() -> F + 'static,
    ) -> Undo {
        self.boxed_undo(Box::new(move || Box::pin(back())))
    }

    fn boxed_undo(self, back: Box<dyn Fn() -> LocalBoxFuture<'static, Option<Outcome>>>) -> Undo {
        Rc::new(move || {
            let running = back();
            leptos::task::spawn_local(async move {
                if let Some(outcome) = running.await {
                    self.notices.show_outcome(outcome);
                }
                self.changed();
            });
        })
    }

    /// Reads the current group and the session with this id.
    pub fn with_group<T>(
        self,
        id: Option<&str>,
        read: impl FnOnce(GroupContext<'_>, Option<&ClientSession>) -> T,
    ) -> Option<T> {
        let group = self.live.value()?;
        let observation: Observation = group.observation(self.live.status, self.clock);
        let sessions = group.detail.sessions.as_slice();
        let session = id.and_then(|id| sessions.iter().find(|one| one.id.as_deref() == Some(id)));
        let context = GroupContext {
            group: &group.configuration,
            status: &group.detail.status,
            sessions,
            observation,
        };
        Some(read(context, session))
    }
}
