//! The frame of a page about one resource: loading, failure, not found, or the resource. The content is
//! drawn once and stays through refreshes and failures. Dialogs are drawn beside it: one answer that there is no such
//! resource must not take away what somebody types.

use crate::live::{Live, Status, use_watched};
use crate::pages::NotFound;
use crate::pages::last_known::{LastKnown, aged};
use crate::pages::maintenance::{self, AnnounceMaintenance, HandlingNotes};
use crate::route::Route;
use crate::ui::{FailureCard, Heading};
use health::alarms::Scope;
use health::inventory::ResourceKey;
use health::severity::Severity;
use leptos::prelude::*;
use vendors::operation::is_addressable;

/// Whether the vendor says that there is no such resource.
fn is_gone(status: Status) -> bool {
    status.failure().is_some_and(|failure| failure.is_missing())
}

/// What a dialog says of a group that is not found while it is open.
#[must_use]
pub fn gone_note(status: Status) -> Option<(Severity, String)> {
    is_gone(status).then(|| {
        let words =
            "The group is not found at the moment. What is shown here is its last known state.";
        (Severity::Warning, words.to_owned())
    })
}

/// The frame.
#[component]
pub fn DetailPage<T: Send + Sync + 'static>(
    /// The resource as it refreshes.
    live: Live<T>,
    /// The connection's title.
    #[prop(into)]
    system: String,
    /// The resource's name, or its id until that is known.
    #[prop(into)]
    heading: Signal<String>,
    /// The list that it belongs to: its words and where it is.
    parent: (&'static str, Route),
    /// The text if the vendor has no such resource.
    #[prop(into)]
    missing: String,
    /// What the gateway knows it by.
    resource: ResourceKey,
    /// What the gateway knows by itself of the resource, drawn below its last known state while its source does not tell of
    /// it. Given by the page, so that a page without it does not load it.
    #[prop(optional)]
    history: Option<fn(ResourceKey) -> AnyView>,
    /// The content.
    children: ChildrenFn,
) -> impl IntoView {
    let status = live.status;
    // Of what no URL of the vendor's can address, nobody has asked whether it exists.
    let can_be_asked = is_addressable(&resource.id);
    let gone = Memo::new(move |_| can_be_asked && is_gone(status));
    let known = Memo::new(move |_| live.value().is_some());
    let system = StoredValue::new(system);
    let failure = move || {
        let retry = Callback::new(move |()| status.refresh());
        status
            .failure()
            .map(|failure| view! { <FailureCard failure system=system.get_value() retry /> })
    };
    let watched = use_watched();
    watched.ask_when_answering(resource.connection.clone(), status);
    let scope = Some(Scope::Resource(resource.clone()));
    let resource = StoredValue::new(resource);
    let action = RwSignal::new(None);
    // As a memo: a refresh that changes nothing writes nothing.
    let heading: Signal<String> = Memo::new(move |_| {
        let last_known = || resource.with_value(|key| watched.snapshot().find(key).cloned());
        match last_known().filter(|_| !known.get()) {
            Some(resource) => resource.name.clone(),
            None => heading.get(),
        }
    })
    .into();
    let unreachable = Memo::new(move |_| !known.get() && status.failure().is_some());
    let last_known = move || {
        unreachable.get().then(|| {
            let history = history.map(|history| history(resource.get_value()));
            view! { <LastKnown resource=resource.get_value() />{history} }
        })
    };
    let watches =
        Memo::new(move |_| resource.with_value(|key| watched.snapshot().find(key).is_some()));
    let asking = Memo::new(move |_| !known.get() && status.failure().is_none());
    let children = StoredValue::new(children);
    let parent = (parent.0, parent.1.href());
    let content = move || {
        if gone.get() {
            return view! { <NotFound what=missing.clone() /> }.into_any();
        }
        view! {
            <Heading text=heading parent=parent.clone() />
            {move || asking.get().then(|| view! { <p class="panel note" role="status">{format!("Loading from {}…", system.get_value())}</p> })}
            <HandlingNotes resource=resource.get_value() action />
            {failure}
            {aged(status)}
            {last_known}
            {move || known.get().then(|| children.with_value(|children| children()))}
            // Of what the gateway does not watch, such as a session that ended long ago, it takes no maintenance.
            {move || watches.get().then(|| view! { <AnnounceMaintenance action /> })}
        }
        .into_any()
    };
    view! {
        {content}
        <maintenance::Dialogs action scope name=heading />
    }
}
