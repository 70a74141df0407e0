//! The thumbnail of a slicer's output, or a placeholder.

use crate::on_change::on_change;
use crate::ui::{StatusMark, icon};
use health::severity::Severity;
use leptos::prelude::*;

/// The warning that a thumbnail has not changed for too long.
pub fn stale_thumbnail(words: String) -> AnyView {
    let severity = Signal::stored(Severity::Warning);
    view! { <StatusMark severity word=Signal::stored(words) /> }.into_any()
}

/// The thumbnail.
#[component]
pub fn Thumbnail(
    /// The URL; `None` if there is no thumbnail.
    #[prop(into)]
    src: Signal<Option<String>>,
    /// The slicer's id. After it changes, nothing is shown until the new slicer's thumbnail has loaded.
    #[prop(into)]
    of: Signal<String>,
    /// Whether it is drawn large.
    #[prop(optional)]
    big: bool,
    /// Receives whether the thumbnail has loaded; `None` while it loads, or if there is none.
    #[prop(optional)]
    is_loaded: Option<RwSignal<Option<bool>>>,
) -> impl IntoView {
    let report = move |now: Option<bool>| {
        if let Some(is_loaded) = is_loaded {
            set_if_changed(is_loaded, now);
        }
    };
    on_change(move || {
        if src.read().is_none() {
            report(None);
        }
    });
    // The URL that failed to load. A different URL is tried.
    let broken: RwSignal<Option<String>> = RwSignal::new(None);
    let shown = Memo::new(move |_| src.get().filter(|src| broken.read().as_ref() != Some(src)));
    let is_shown = Memo::new(move |_| shown.read().is_some());
    let failed = move |_| {
        broken.set(src.get_untracked());
        report(Some(false));
    };
    // The slicer whose thumbnail has loaded. The element shows it until another one has loaded.
    let loaded: RwSignal<Option<String>> = RwSignal::new(None);
    let is_other = move || is_shown.get() && loaded.read().as_ref() != Some(&*of.read());
    let arrived = move |_| {
        set_if_changed(loaded, Some(of.get_untracked()));
        report(Some(true));
    };
    let draw = move || {
        if !is_shown.get() {
            return view! { {icon("slicers")} }.into_any();
        }
        // A new URL reuses the element, so the last thumbnail of the same slicer stays until the next one has loaded.
        // After its URL has changed, an element fires no load event for the previous one.
        view! {
            <img alt="" width="160" height="90" loading="lazy" decoding="async" referrerpolicy="no-referrer"
                style:visibility=move || is_other().then_some("hidden")
                src=move || shown.get() on:load=arrived on:error=failed />
        }
        .into_any()
    };
    view! { <div class="thumb" data-big=big.then_some("") aria-hidden="true">{draw}</div> }
}

/// Sets a signal only if the value differs, because a signal notifies its subscribers of each write.
pub(super) fn set_if_changed<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if *signal.read_untracked() != value {
        signal.set(value);
    }
}
