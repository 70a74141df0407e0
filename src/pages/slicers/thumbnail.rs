//! The thumbnail of a slicer's output, or a placeholder.

use crate::on_change::on_change;
use crate::ui::{StatusMark, icon};
use health::severity::Severity;
use leptos::prelude::*;

/// That a thumbnail has been the same for too long.
pub fn stale_thumbnail(words: String) -> AnyView {
    let severity = Signal::stored(Severity::Warning);
    view! { <StatusMark severity word=Signal::stored(words) /> }.into_any()
}

/// The thumbnail.
#[component]
pub fn Thumbnail(
    /// Where it is; `None` where there is none to show.
    #[prop(into)]
    src: Signal<Option<String>>,
    /// Whose it is. Where that changes, nothing is shown until the new one has loaded.
    #[prop(into)]
    of: Signal<String>,
    /// The one thumbnail of a page that is large.
    #[prop(optional)]
    big: bool,
    /// Whether it is there: `None` while the browser fetches it or there is none to fetch.
    #[prop(optional)]
    there: Option<RwSignal<Option<bool>>>,
) -> impl IntoView {
    let tell = move |now: Option<bool>| {
        if let Some(there) = there {
            put(there, now);
        }
    };
    on_change(move || {
        if src.read().is_none() {
            tell(None);
        }
    });
    // The address that failed to load; another address is tried again.
    let broken: RwSignal<Option<String>> = RwSignal::new(None);
    let shown = Memo::new(move |_| src.get().filter(|src| broken.read().as_ref() != Some(src)));
    let is_shown = Memo::new(move |_| shown.read().is_some());
    let failed = move |_| {
        broken.set(src.get_untracked());
        tell(Some(false));
    };
    // Whose thumbnail has loaded: the element shows that one until another has.
    let loaded: RwSignal<Option<String>> = RwSignal::new(None);
    let is_other = move || is_shown.get() && loaded.read().as_ref() != Some(&*of.read());
    let arrived = move |_| {
        put(loaded, Some(of.get_untracked()));
        tell(Some(true));
    };
    let draw = move || {
        if !is_shown.get() {
            return view! { {icon("slicers")} }.into_any();
        }
        // A new address reuses the element: the last thumbnail of the same slicer stays until the next one has
        // loaded. An element whose address changes no longer tells that the last one has.
        view! {
            <img alt="" width="160" height="90" loading="lazy" decoding="async" referrerpolicy="no-referrer"
                style:visibility=move || is_other().then_some("hidden")
                src=move || shown.get() on:load=arrived on:error=failed />
        }
        .into_any()
    };
    view! { <div class="thumb" data-big=big.then_some("") aria-hidden="true">{draw}</div> }
}

/// Writes what is new: a signal tells of each writing.
pub(super) fn put<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if *signal.read_untracked() != value {
        signal.set(value);
    }
}
