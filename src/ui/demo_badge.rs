//! The badge on every page of `failover-console demo`: the vendors' systems are simulated.

use leptos::prelude::*;

/// The badge.
pub fn demo_badge() -> impl IntoView {
    view! { <b class="role demo" title="The vendors' systems are simulated">"DEMO"</b> }
}
