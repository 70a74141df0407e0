//! What is wrong with an entry, or went wrong with an attempt. It waits for its turn in a screen reader: only what
//! happens to the watched systems interrupts.

use crate::ui::Icon;
use leptos::prelude::*;

/// The words with their mark.
// Inlined: shared by a few pages only, it would be in a chunk of its own, which costs each of them another request or the
// bytes of a chunk that it is merged with.
#[inline(always)]
pub fn error_line(words: String) -> impl IntoView {
    view! { <span class="wrong"><Icon name="warning" />{words}</span> }
}

/// The words while there are some. What holds them is always there: a screen reader says what comes into it.
#[inline(always)]
pub fn error_status(words: RwSignal<Option<String>>) -> impl IntoView {
    let shown = move || words.get().map(error_line);
    view! { <div role="status">{shown}</div> }
}
