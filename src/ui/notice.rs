//! Notices: what was done, shown for a while, with Undo where possible; what was not, or not certainly, until somebody
//! dismisses it.

use super::focus::{focus, keep_focus_in_sight};
use super::icon::Icon;
use crate::api::{Failure, Outcome};
use crate::live::keyed;
use crate::provided::provided;
use leptos::prelude::*;
use std::rc::Rc;
use std::time::Duration;

/// How long a notice is shown, and so how long a change can be undone; longer while somebody is about to use it.
const STANDS: Duration = Duration::from_secs(10);

/// The most notices at once.
const MOST: usize = 4;

/// Undoes a change.
pub type Undo = Rc<dyn Fn()>;

/// What a notice tells of a change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Done,
    /// Nothing was changed.
    Refused,
    /// It may have been changed.
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

/// The notices. Only inside [`provide`]'s owner.
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
    /// Shows a notice of what was done.
    pub fn show(self, message: String, undo: Option<Undo>) {
        self.put(Mark::Done, message, undo);
    }

    /// Shows a notice of what failed, or whose outcome is unknown.
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
            // What stays until somebody dismisses it is not taken away unread: the strip scrolls.
            let mut older = shown[..shown.len() - 1].iter();
            let oldest = older.find(|notice| notice.mark == Mark::Done)?.number;
            (shown.len() > MOST).then_some(oldest)
        });
        if let Some(oldest) = surplus {
            self.expire(oldest);
        }
        if mark == Mark::Done {
            set_timeout(move || self.expire(number), STANDS);
        }
    }

    /// Takes a notice away whose time is over. One with the focus or under the pointer is looked at again later: somebody
    /// reads it, or is about to press its Undo.
    fn expire(self, number: u32) {
        let in_use = format!("#notice-{number}:is(:focus-within, :hover)");
        if let Ok(Some(_)) = document().query_selector(&in_use) {
            set_timeout(move || self.expire(number), STANDS);
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
                    // Nobody was reached who could refuse it.
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

    /// Takes away the notices with an Undo: what they would undo is about to be changed again.
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
        // The focus goes from it to the notice beside it, else to the page above. Not to a button of that: who presses Enter
        // twice would dismiss what has to be read.
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
        let whole = notice.message.clone();
        // The newest is seen first, wherever it is in the list that is read out.
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
                <span title=whole>{notice.message}</span>
                {undo}
                <button type="button" class="icon" aria-label="Dismiss" on:click=move |_| notices.drop(notice.number)><Icon name="close" /></button>
            </p>
        }
    };
    view! { <div role="status" aria-atomic="false">{keyed(each, |notice| notice.number, draw)}</div> }
}
