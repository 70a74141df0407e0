//! Notices: a completed change is shown for a while, with Undo if possible; a failed or uncertain one until the user
//! dismisses it.

use super::focus::{focus, keep_focus_in_sight};
use super::icon::Icon;
use crate::api::{Failure, Outcome};
use crate::live::keyed;
use crate::provided::provided;
use leptos::prelude::*;
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
    /// Nothing was changed.
    Refused,
    /// The change may be in effect.
    Unknown,
}

impl Mark {
    fn icon(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "warning",
            Self::Unknown => "unknown",
        }
    }
}

#[derive(Clone)]
struct Notice {
    number: u32,
    message: String,
    mark: Mark,
    undo: StoredValue<Option<Undo>, LocalStorage>,
}

/// The notices of the console.
#[derive(Clone, Copy)]
pub struct Notices {
    shown: RwSignal<Vec<Notice>>,
    count: StoredValue<u32>,
    owner: StoredValue<Owner>,
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
    };
    provide_context(notices);
    notices
}

impl Notices {
    /// Shows a notice of a completed change.
    pub fn show(self, message: String, undo: Option<Undo>) {
        self.put(Mark::Done, message, undo);
    }

    /// Shows a notice of a failed change, or of one with an unknown outcome.
    pub fn show_failure(self, message: String, is_unknown: bool) {
        let mark = if is_unknown {
            Mark::Unknown
        } else {
            Mark::Refused
        };
        self.put(mark, message, None);
    }

    fn put(self, mark: Mark, message: String, undo: Option<Undo>) {
        let number = self.count.get_value();
        self.count.set_value(number.wrapping_add(1));
        let make = || StoredValue::new_local(undo);
        let undo = self.owner.with_value(|owner| owner.with(make));
        let notice = Notice {
            number,
            message,
            mark,
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
        self.put(mark, message, None);
    }

    /// Removes the notices with an Undo, before another change of the same data.
    pub fn dismiss_undoable(self) {
        let shown = self.shown.get_untracked();
        for notice in shown {
            let is_undoable = notice.undo.try_get_value().flatten().is_some();
            if is_undoable {
                self.drop(notice.number);
            }
        }
    }

    fn drop(self, number: u32) {
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
    let notices = use_notices();
    let each = move || notices.shown.get();
    let draw = move |notice: Notice| {
        let full = notice.message.clone();
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
            <p id=id class="notice" tabindex="-1" style:order=order data-stays=(notice.mark != Mark::Done).then_some("")>
                <Icon name=notice.mark.icon() />
                <span title=full>{notice.message}</span>
                {undo}
                <button type="button" class="icon" aria-label="Dismiss" on:click=move |_| notices.drop(notice.number)><Icon name="close" /></button>
            </p>
        }
    };
    view! { <div role="status" aria-atomic="false">{keyed(each, |notice| notice.number, draw)}</div> }
}
