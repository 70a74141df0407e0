//! Notices: what was done, shown for a while, with Undo where possible.

use super::icon::Icon;
use crate::api::Outcome;
use crate::live::keyed;
use leptos::prelude::*;
use std::rc::Rc;
use std::time::Duration;

/// How long a notice is shown, and so how long a change can be undone.
const STANDS: Duration = Duration::from_secs(10);

/// The most notices at once.
const MOST: usize = 4;

/// Undoes a change.
pub type Undo = Rc<dyn Fn()>;

#[derive(Clone, Copy)]
struct Notice {
    number: u32,
    message: StoredValue<String>,
    undo: StoredValue<Option<Undo>, LocalStorage>,
}

/// The notices of the console.
#[derive(Clone, Copy)]
pub struct Notices {
    shown: RwSignal<Vec<Notice>>,
    count: RwSignal<u32>,
    owner: StoredValue<Owner>,
}

/// The notices. Only inside [`provide`]'s owner.
#[must_use]
pub fn use_notices() -> Notices {
    expect_context()
}

/// Provides the notices.
pub fn provide() -> Notices {
    let notices = Notices {
        shown: RwSignal::new(Vec::new()),
        count: RwSignal::new(0),
        owner: StoredValue::new(Owner::new()),
    };
    provide_context(notices);
    notices
}

impl Notices {
    /// Shows a notice.
    pub fn show(self, message: String, undo: Option<Undo>) {
        let number = self.count.get_untracked();
        self.count.set(number.wrapping_add(1));
        let make = || Notice {
            number,
            message: StoredValue::new(message),
            undo: StoredValue::new_local(undo),
        };
        let notice = self.owner.with_value(|owner| owner.with(make));
        self.shown.update(|shown| {
            shown.push(notice);
            if shown.len() > MOST {
                shown.remove(0).forget();
            }
        });
        set_timeout(move || self.drop(number), STANDS);
    }

    /// Shows the outcome of a change that has no open dialog.
    pub fn show_outcome(self, outcome: Outcome) {
        let message = match outcome {
            Outcome::Done { message, .. } => message,
            Outcome::Changed { message } => format!("Nothing was sent: {message}"),
            Outcome::Refused { failure, .. } => format!("Refused: {}.", failure.line()),
            Outcome::Unknown { failure, message } => {
                format!("Outcome unknown: {}. {message}", failure.line())
            }
        };
        self.show(message, None);
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
        let _ = self.shown.try_update(|shown| {
            shown.retain(|notice| {
                if notice.number == number {
                    notice.forget();
                }
                notice.number != number
            });
        });
    }
}

impl Notice {
    fn forget(self) {
        self.message.dispose();
        self.undo.dispose();
    }
}

/// The area where notices are shown.
#[component]
pub fn NoticeArea() -> impl IntoView {
    let notices = use_notices();
    let each = move || notices.shown.get();
    let draw = move |notice: Notice| {
        let message = notice.message.try_get_value().unwrap_or_default();
        let whole = message.clone();
        // The newest is seen first, wherever it is in the list that is read out.
        let order = format!("-{}", notice.number);
        let undo = notice.undo.try_get_value().flatten().map(|undo| {
            let undo = StoredValue::new_local(undo);
            let click = move |_| {
                undo.with_value(|undo| undo());
                notices.drop(notice.number);
            };
            view! { <button type="button" class="btn" on:click=click>"Undo"</button> }
        });
        view! {
            <p class="notice" style:order=order>
                <Icon name="done" />
                <span title=whole>{message}</span>
                {undo}
                <button type="button" class="icon" aria-label="Dismiss" on:click=move |_| notices.drop(notice.number)><Icon name="close" /></button>
            </p>
        }
    };
    view! { <div role="status" aria-atomic="false">{keyed(each, |notice| notice.number, draw)}</div> }
}
