//! What everybody has to know who relies on messages about alarms: that they do not arrive.

use crate::live::use_watched;
use crate::route::Route;
use crate::ui::Icon;
use leptos::prelude::*;

/// The note, while the last message to some target did not arrive.
#[component]
pub fn AlertsFail() -> impl IntoView {
    let watched = use_watched();
    let fails = Memo::new(move |_| watched.world().alerts_fail);
    view! {
        <div role="status">
            {move || fails.get().then(|| view! {
                <p class="panel note">
                    <Icon name="warning" />
                    <span>
                        <b>"Alerts are not delivered."</b>
                        " The last message to at least one target failed. "
                        <a href=Route::Connections.href()>"Connections"</a>
                        " tells an admin why."
                    </span>
                </p>
            }.into_any())}
        </div>
    }
}
