//! Text that a page translator or an extension took out of the page: what the console writes into it is no
//! longer seen. The script in `index.html` notices that; here the page is drawn anew.

use crate::nav::use_nav;
use crate::provided::provided;
use crate::subscribers::resubscribe;
use leptos::ev::{Custom, Event};
use leptos::prelude::*;
use std::time::Duration;

/// How long after the last time it is still said.
const SAID_FOR: Duration = Duration::from_secs(30);

/// Between two times that a page that somebody works with is drawn anew: nothing can be pressed on a page
/// that is new at every moment.
const APART: Duration = Duration::from_secs(2);

/// What is known of text that was lost.
#[derive(Clone, Copy)]
pub struct LostText {
    /// How often text was lost lately.
    recent: RwSignal<u32>,
    /// How often everything was drawn anew.
    drawings: RwSignal<u32>,
}

/// What is known of text that was lost. Only inside [`provide`]'s owner.
#[must_use]
pub fn use_lost_text() -> LostText {
    provided()
}

/// Begins to listen. `unattended` says whether nobody works with the page.
pub fn provide(unattended: Signal<bool>) -> LostText {
    let lost_text = LostText {
        recent: RwSignal::new(0),
        drawings: RwSignal::new(0),
    };
    provide_context(lost_text);
    let nav = use_nav();
    let resting = StoredValue::new(false);
    let listener = window_event_listener(Custom::<Event>::new("textlost"), move |_| {
        lost_text.recent.update(|recent| *recent += 1);
        let calm = move || {
            let _ = lost_text.recent.try_update(|recent| *recent -= 1);
        };
        set_timeout(calm, SAID_FOR);
        if unattended.get_untracked() {
            lost_text.draw_anew();
        } else if !(nav.has_unsaved() || is_in_use() || resting.get_value()) {
            lost_text.draw_anew();
            resting.set_value(true);
            let end = move || {
                let _ = resting.try_set_value(false);
            };
            set_timeout(end, APART);
        }
    });
    on_cleanup(move || listener.remove());
    lost_text
}

impl LostText {
    /// Another number whenever everything has to be drawn anew, tracked.
    #[must_use]
    pub fn drawing(self) -> u32 {
        self.drawings.get()
    }

    /// Drops subscribers on pages that were left, as [`resubscribe`].
    pub fn resubscribe(self) {
        resubscribe(&[&self.recent]);
    }

    /// Draws everything anew.
    pub fn draw_anew(self) {
        self.drawings
            .update(|number| *number = number.wrapping_add(1));
    }

    /// Whether text was lost lately, tracked.
    #[must_use]
    pub fn is_recent(self) -> bool {
        self.recent.get() > 0
    }
}

/// Whether somebody types, chooses or confirms, or typed what was not used yet, which the script in `index.html` marks: that
/// would be lost by drawing anew.
fn is_in_use() -> bool {
    let in_use = "dialog[open], [data-typed], :is(input, select, textarea):focus";
    document().query_selector(in_use).ok().flatten().is_some()
}

/// What is wrong, in words.
pub const LOST_TEXT: &str = "The browser's translation or an extension replaces text on this page, so that it \
    could show an old status. The page is drawn again whenever that happens and nothing that was typed would be lost. Turn it off for this page.";

/// Says that text was lost, and draws the page anew on demand.
#[component]
pub fn LostTextBanner() -> impl IntoView {
    let lost_text = use_lost_text();
    let recent = Memo::new(move |_| lost_text.is_recent());
    view! {
        <div role="alert">
            {move || recent.get().then(|| view! {
                <p class="lost"><super::Icon name="warning" /><span>{LOST_TEXT}</span>
                    <button type="button" class="btn end" on:click=move |_| lost_text.draw_anew()>"Draw again now"</button></p>
            }.into_any())}
        </div>
    }
}
