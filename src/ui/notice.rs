//! Notices: a completed change is shown for a while, with Undo if possible; a failed or uncertain one until the user
//! dismisses it. Each shows its time, because what it says about a state may be out of date soon.

use super::focus::{focus, keep_focus_in_sight};
use super::icon::Icon;
use super::times;
use crate::api::{Failure, Outcome};
use crate::live::{Watched, keyed, use_watched};
use crate::prefs::use_prefs;
use crate::provided::provided;
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::rc::Rc;
use std::time::Duration;

/// How long a notice is shown, and so how long a change can be undone; longer while the notice is in use.
const SHOWN_FOR: Duration = Duration::from_secs(30);

/// The maximum number of notices at once.
const MAX_SHOWN: usize = 4;

/// Undoes a change.
pub type Undo = Rc<dyn Fn()>;

/// The result that a notice reports.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Done,
    /// The change is still being sent.
    Sending,
    /// Nothing was changed.
    Refused,
    /// The change may be in effect.
    Unknown,
}

impl Mark {
    fn icon(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Sending => "pending",
            Self::Refused => "warning",
            Self::Unknown => "unknown",
        }
    }
}

#[derive(Clone)]
struct Notice {
    number: u32,
    at: DateTime<Utc>,
    message: String,
    mark: Mark,
    /// The hash of the resource that it is about.
    about: Option<u64>,
    undo: StoredValue<Option<Undo>, LocalStorage>,
}

/// The notices of the console.
#[derive(Clone, Copy)]
pub struct Notices {
    shown: RwSignal<Vec<Notice>>,
    count: StoredValue<u32>,
    owner: StoredValue<Owner>,
    watched: Watched,
    /// The hash of the resource that new notices are about.
    about: Option<u64>,
}

/// The notices. Call it inside the owner of [`provide`].
#[must_use]
pub fn use_notices() -> Notices {
    provided()
}

/// Provides the notices.
pub fn provide() -> Notices {
    let notices = Notices {
        shown: RwSignal::new(Vec::new()),
        count: StoredValue::new(0),
        owner: StoredValue::new(Owner::new()),
        watched: use_watched(),
        about: None,
    };
    provide_context(notices);
    notices
}

impl Notices {
    /// The notices about a resource: that of a completed change replaces the previous one, which it may contradict.
    #[must_use]
    pub fn about(self, connection: &str, id: &str) -> Self {
        let resource = BuildHasherDefault::<DefaultHasher>::default().hash_one((connection, id));
        Self {
            about: Some(resource),
            ..self
        }
    }

    /// Shows a notice of a completed change.
    pub fn show(self, message: String, undo: Option<Undo>) {
        self.put(self.next_number(), Mark::Done, message, undo);
    }

    /// The number for a notice that is shown later.
    #[must_use]
    pub fn next_number(self) -> u32 {
        let number = self.count.get_value();
        self.count.set_value(number.wrapping_add(1));
        number
    }

    /// Shows a notice that a change is still being sent, until [`Notices::drop`] removes it.
    pub fn show_sending(self, number: u32, message: String) {
        self.put(number, Mark::Sending, message, None);
    }

    /// Shows a notice of a failed change, or of one with an unknown outcome.
    pub fn show_failure(self, message: String, is_unknown: bool) {
        let mark = if is_unknown {
            Mark::Unknown
        } else {
            Mark::Refused
        };
        self.put(self.next_number(), mark, message, None);
    }

    fn put(self, number: u32, mark: Mark, message: String, undo: Option<Undo>) {
        if mark == Mark::Done && self.about.is_some() {
            self.dismiss(|notice| notice.about == self.about);
        }
        let make = || StoredValue::new_local(undo);
        let undo = self.owner.with_value(|owner| owner.with(make));
        let notice = Notice {
            number,
            at: self.watched.now_untracked(),
            message,
            mark,
            about: self.about,
            undo,
        };
        self.shown.update(|shown| shown.push(notice));
        keep_focus_in_sight();
        let surplus = self.shown.with_untracked(|shown| {
            // Only completed changes expire. The others stay until they are dismissed, and the strip scrolls.
            let mut older = shown[..shown.len() - 1].iter();
            let oldest = older.find(|notice| notice.mark == Mark::Done)?.number;
            (shown.len() > MAX_SHOWN).then_some(oldest)
        });
        if let Some(oldest) = surplus {
            self.expire(oldest);
        }
        if mark == Mark::Done {
            set_timeout(move || self.expire(number), SHOWN_FOR);
        }
    }

    /// Removes an expired notice. One with the focus or under the pointer is checked again later, because the user may
    /// read it or be about to press its Undo.
    fn expire(self, number: u32) {
        let in_use = format!("#notice-{number}:is(:focus-within, :hover)");
        if let Ok(Some(_)) = document().query_selector(&in_use) {
            set_timeout(move || self.expire(number), SHOWN_FOR);
        } else {
            self.drop(number);
        }
    }

    /// Shows the outcome of a change that has no open dialog.
    pub fn show_outcome(self, outcome: Outcome) {
        let (mark, message) = match outcome {
            Outcome::Done { message, .. } => (Mark::Done, message),
            Outcome::Unverified { message } => (Mark::Unknown, message),
            Outcome::Changed { message } | Outcome::Prevented { message } => {
                (Mark::Refused, format!("Nothing was sent: {message}"))
            }
            Outcome::Refused {
                failure, message, ..
            } => {
                let message = message.unwrap_or_default();
                let refused = match failure {
                    // The change did not reach a system that could refuse it.
                    Failure::Unreachable(_) => "Nothing was sent",
                    _ => "Refused",
                };
                let words = format!("{refused}: {} {message}", failure.in_full());
                (Mark::Refused, words.trim_end().to_owned())
            }
            Outcome::Unknown { failure, message } => {
                let words = format!("Outcome unknown: {} {message}", failure.in_full());
                (Mark::Unknown, words)
            }
        };
        self.put(self.next_number(), mark, message, None);
    }

    /// Before another change: removes the notices of completed changes that are about the same resource or have an
    /// Undo, because they no longer apply to the current state.
    pub fn dismiss_completed(self) {
        self.dismiss(|notice| {
            notice.about == self.about || notice.undo.try_get_value().flatten().is_some()
        });
    }

    /// Removes the notices of completed changes that match.
    fn dismiss(self, is_outdated: impl Fn(&Notice) -> bool) {
        let shown = self.shown.get_untracked().into_iter();
        for notice in shown.filter(|notice| notice.mark == Mark::Done && is_outdated(notice)) {
            self.drop(notice.number);
        }
    }

    /// Removes a notice, if it is shown.
    pub fn drop(self, number: u32) {
        // The focus moves to the adjacent notice, otherwise to the page. Not to a button of that notice, because a
        // second Enter would dismiss it unread.
        let here = format!("#notice-{number}:focus-within");
        if !focus(&format!("{here} + .notice, .notice:has(+ {here})")) {
            focus(&format!("#main:has(~ * {here})"));
        }
        let _ = self.shown.try_update(|shown| {
            shown.retain(|notice| {
                let stays = notice.number != number;
                if !stays {
                    notice.undo.dispose();
                }
                stays
            });
        });
    }
}

/// The area where notices are shown.
#[component]
pub fn NoticeArea() -> impl IntoView {
    let (notices, prefs) = (use_notices(), use_prefs());
    let each = move || notices.shown.get();
    let draw = move |notice: Notice| {
        let at = notice.at;
        // The newest is shown first, although it is the last in the list for screen readers.
        let order = format!("-{}", notice.number);
        let id = format!("notice-{}", notice.number);
        let undo = notice.undo.try_get_value().flatten().map(|undo| {
            let undo = StoredValue::new_local(undo);
            let click = move |_| {
                undo.with_value(|undo| undo());
                notices.drop(notice.number);
            };
            view! { <button type="button" class="btn" on:click=click>"Undo"</button> }
        });
        view! {
            <p id=id class="notice" tabindex="-1" style:order=order>
                <Icon name=notice.mark.icon() />
                <time class="dim" datetime=times::datetime_attribute(at)>{move || times::moment(at, at, prefs.zone.get())}</time>
                <span>{notice.message}</span>
                {undo}
                <button type="button" class="icon" aria-label="Dismiss" on:click=move |_| notices.drop(notice.number)><Icon name="close" /></button>
            </p>
        }
    };
    view! { <div role="status" aria-atomic="false">{keyed(each, |notice| notice.number, draw)}</div> }
}
