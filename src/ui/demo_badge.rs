//! Says that the vendors' systems are simulated, on every page of `failover-console demo`.

use leptos::prelude::*;

/// The badge.
pub fn demo_badge() -> impl IntoView {
    view! { <b class="role demo" title="The vendors' systems are simulated">"DEMO"</b> }
}
