//! The frame of a page about one resource: loading, failure, not found, or the resource. The content is
//! drawn once and stays through refreshes and failures. Dialogs are drawn outside of the content, so that a single
//! "not found" response does not discard what the user is typing.

use crate::live::{Live, Status, use_watched};
use crate::pages::NotFound;
use crate::pages::last_known::{LastKnown, last_known_note};
use crate::pages::maintenance::{self, AnnounceMaintenance, HandlingNotes};
use crate::route::Route;
use crate::ui::{FailureCard, Heading};
use health::alarms::Scope;
use health::inventory::ResourceKey;
use health::severity::Severity;
use leptos::prelude::*;
use vendors::operation::is_addressable;

/// Whether the vendor reports that the resource does not exist.
fn is_not_found(status: Status) -> bool {
    status.failure().is_some_and(|failure| failure.is_missing())
}

/// The note in an open dialog whose group is no longer found.
#[must_use]
pub fn not_found_note(status: Status) -> Option<(Severity, String)> {
    is_not_found(status).then(|| {
        let words =
            "The group is not found at the moment. What is shown here is its last known state.";
        (Severity::Warning, words.to_owned())
    })
}

/// The frame of a page about one resource.
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
    /// The list that the resource belongs to: its title and route.
    parent: (&'static str, Route),
    /// The text if the vendor has no such resource.
    #[prop(into)]
    missing: String,
    /// The resource's key in the gateway's inventory.
    resource: ResourceKey,
    /// Draws the gateway's own history of the resource below its last known state, while its source cannot be read.
    /// Passed in by the page, so that pages without a history do not load its code.
    #[prop(optional)]
    history: Option<fn(ResourceKey) -> AnyView>,
    /// The content.
    children: ChildrenFn,
) -> impl IntoView {
    let status = live.status;
    // An id that no vendor URL can hold was never requested, so whether it exists is unknown.
    let can_be_requested = is_addressable(&resource.id);
    let not_found = Memo::new(move |_| can_be_requested && is_not_found(status));
    let known = Memo::new(move |_| live.value().is_some());
    let system = StoredValue::new(system);
    let failure = move || {
        let retry = Callback::new(move |()| status.refresh());
        status
            .failure()
            .map(|failure| view! { <FailureCard failure system=system.get_value() retry /> })
    };
    let watched = use_watched();
    watched.wake_when_answering(resource.connection.clone(), status);
    let scope = Some(Scope::Resource(resource.clone()));
    let resource = StoredValue::new(resource);
    let action = RwSignal::new(None);
    // A memo, so that a refresh that changes nothing writes nothing.
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
    let is_watched =
        Memo::new(move |_| resource.with_value(|key| watched.snapshot().find(key).is_some()));
    let loading = Memo::new(move |_| !known.get() && status.failure().is_none());
    let children = StoredValue::new(children);
    let parent = (parent.0, parent.1.href());
    let content = move || {
        if not_found.get() {
            return view! { <NotFound what=missing.clone() /> }.into_any();
        }
        view! {
            <Heading text=heading parent=parent.clone() />
            {move || loading.get().then(|| view! { <p class="panel note" role="status">{format!("Loading from {}…", system.get_value())}</p> })}
            <HandlingNotes resource=resource.get_value() action />
            {failure}
            {last_known_note(status)}
            {last_known}
            {move || known.get().then(|| children.with_value(|children| children()))}
            // The gateway accepts no maintenance for a resource that it does not watch, such as a long-ended session.
            {move || is_watched.get().then(|| view! { <AnnounceMaintenance action /> })}
        }
        .into_any()
    };
    view! {
        {content}
        <maintenance::Dialogs action scope name=heading />
    }
}
