//! The picture of a slicer's output, or a plain one in its place.

use crate::ui::Icon;
use leptos::prelude::*;

/// The picture.
#[component]
pub fn Picture(
    /// Where it is; `None` where there is none to show.
    #[prop(into)]
    src: Signal<Option<String>>,
    /// The one picture of a page that is large.
    #[prop(optional)]
    big: bool,
) -> impl IntoView {
    // Which address did not lead to a picture: another one is another chance.
    let broken: RwSignal<Option<String>> = RwSignal::new(None);
    let shown = Memo::new(move |_| src.get().filter(|src| broken.read().as_ref() != Some(src)));
    let there = Memo::new(move |_| shown.read().is_some());
    let draw = move || {
        if !there.get() {
            return view! { <Icon name="slicers" /> }.into_any();
        }
        // A new address changes the one element: the last picture stands until the next one is there.
        view! {
            <img alt="" width="160" height="90" loading="lazy" decoding="async" referrerpolicy="no-referrer"
                src=move || shown.get() on:error=move |_| broken.set(src.get_untracked()) />
        }
        .into_any()
    };
    view! { <div class="thumb" data-big=big.then_some("") aria-hidden="true">{draw}</div> }
}
