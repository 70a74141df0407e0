//! Nothing is here.

use crate::route::Route;
use crate::ui::Heading;
use leptos::prelude::*;

/// The page for what does not exist.
#[component]
pub fn NotFound(
    /// What is not there, in a sentence.
    #[prop(into)]
    what: String,
) -> impl IntoView {
    view! {
        <Heading text="Not found" />
        <section class="panel blank">
            <p>{what}</p>
            <p><a href=Route::Overview.href()>"Go to the overview"</a></p>
        </section>
    }
}
