//! The error of an input or of an attempt. Only events of the watched systems interrupt a screen reader.

use crate::ui::Icon;
use leptos::prelude::*;

/// The error text with an icon.
// Inlined: shared by only a few pages, it would be in a separate chunk, which costs each of them another request or the
// bytes of a merged chunk.
#[inline(always)]
pub fn error_line(words: String) -> impl IntoView {
    view! { <span class="wrong"><Icon name="warning" />{words}</span> }
}

/// The error text if there is one. Its container always exists, because a screen reader announces changes inside it.
#[inline(always)]
pub fn error_status(words: RwSignal<Option<String>>) -> impl IntoView {
    let shown = move || words.get().map(error_line);
    view! { <div role="status">{shown}</div> }
}
