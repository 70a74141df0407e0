//! The page "Not found".

use crate::route::Route;
use crate::ui::Heading;
use leptos::prelude::*;

/// The page for a route or resource that does not exist.
#[component]
pub fn NotFound(
    /// A sentence that names the missing thing.
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
