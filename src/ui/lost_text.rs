//! Reaction to text nodes that a page translator or an extension removed from the page, so that updates of them are no
//! longer visible. The script in `index.html` detects this; this module draws the page again.

use crate::nav::use_nav;
use crate::provided::provided;
use crate::subscribers::resubscribe;
use leptos::ev::{Custom, Event};
use leptos::prelude::*;
use std::time::Duration;

/// How long the banner is shown after the last loss.
const SHOWN_FOR: Duration = Duration::from_secs(30);

/// The minimum interval between two redraws of a page in use, so that its buttons can still be pressed.
const REDRAW_INTERVAL: Duration = Duration::from_secs(2);

/// The state of lost text.
#[derive(Clone, Copy)]
pub struct LostText {
    /// Number of losses within [`SHOWN_FOR`].
    recent: RwSignal<u32>,
    /// Number of redraws of the page.
    redraws: RwSignal<u32>,
}

/// The state of lost text. Call it inside the owner of [`provide`].
#[must_use]
pub fn use_lost_text() -> LostText {
    provided()
}

/// Starts to listen for lost text. `unattended`: whether nobody works with the page.
pub fn provide(unattended: Signal<bool>) -> LostText {
    let lost_text = LostText {
        recent: RwSignal::new(0),
        redraws: RwSignal::new(0),
    };
    provide_context(lost_text);
    let nav = use_nav();
    let just_redrawn = StoredValue::new(false);
    let listener = window_event_listener(Custom::<Event>::new("textlost"), move |_| {
        lost_text.recent.update(|recent| *recent += 1);
        let forget = move || {
            let _ = lost_text.recent.try_update(|recent| *recent -= 1);
        };
        set_timeout(forget, SHOWN_FOR);
        if unattended.get_untracked() {
            lost_text.redraw();
        } else if !(nav.has_unsaved() || is_in_use() || just_redrawn.get_value()) {
            lost_text.redraw();
            just_redrawn.set_value(true);
            let end = move || {
                let _ = just_redrawn.try_set_value(false);
            };
            set_timeout(end, REDRAW_INTERVAL);
        }
    });
    on_cleanup(move || listener.remove());
    lost_text
}

impl LostText {
    /// The number of redraws, tracked: a change requires a redraw of the page.
    #[must_use]
    pub fn redraw_count(self) -> u32 {
        self.redraws.get()
    }

    /// Drops the subscribers of pages that were left, see [`resubscribe`].
    pub fn resubscribe(self) {
        resubscribe(&[&self.recent]);
    }

    /// Draws the page again.
    pub fn redraw(self) {
        self.redraws
            .update(|number| *number = number.wrapping_add(1));
    }

    /// Whether text was lost recently, tracked.
    #[must_use]
    pub fn is_recent(self) -> bool {
        self.recent.get() > 0
    }
}

/// Whether a redraw would lose input: an open dialog, a focused field, or unused text, marked by `index.html`.
fn is_in_use() -> bool {
    let in_use = "dialog[open], [data-typed], :is(input, select, textarea):focus";
    document().query_selector(in_use).ok().flatten().is_some()
}

/// The message about lost text.
pub const LOST_TEXT: &str = "The browser's translation or an extension replaces text on this page, so that it \
    could show an old status. The page is drawn again whenever that happens and nothing that was typed would be lost. Turn it off for this page.";

/// The banner about lost text, with a button that draws the page again.
#[component]
pub fn LostTextBanner() -> impl IntoView {
    let lost_text = use_lost_text();
    let recent = Memo::new(move |_| lost_text.is_recent());
    view! {
        <div role="alert">
            {move || recent.get().then(|| view! {
                <p class="lost"><super::Icon name="warning" /><span>{LOST_TEXT}</span>
                    <button type="button" class="btn end" on:click=move |_| lost_text.redraw()>"Draw again now"</button></p>
            }.into_any())}
        </div>
    }
}
