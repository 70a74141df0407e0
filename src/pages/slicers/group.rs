//! The page of one slicer group: what is on air, the slicers in order, and the failover settings.

use super::action_context::ActionContext;
use super::actions::Dialogs;
use super::model::name;
use super::on_air::{Facts, OnAirCard};
use super::order::{SlicerOrder, ask_before_leaving};
use super::owners::Owners;
use super::settings::Settings;
use crate::api::uplynk::Writer;
use crate::live::{Live, uplynk, use_watched};
use crate::pages::activity::history;
use crate::pages::{DetailPage, NotFound};
use crate::route::Route;
use health::inventory::{Kind, ResourceKey};
use leptos::prelude::*;
use vendors::System;
use vendors::uplynk::FailoverGroup;

/// The page `/slicers/{connection}/{group}`.
#[component]
pub fn SlicerGroupPage(
    /// The connection.
    connection: String,
    /// The group's id.
    group: String,
) -> impl IntoView {
    let snapshot = use_watched().snapshot_untracked();
    let known = snapshot
        .connection(&connection)
        .map(|state| &state.connection);
    let Some(known) = known.filter(|known| matches!(known.system, System::Uplynk)) else {
        return view! { <NotFound what=format!("There is no Uplynk connection “{connection}”.") /> }
            .into_any();
    };
    let title = known.title.clone();
    let live = uplynk::group(connection.clone(), group.clone());
    let writer = Writer {
        connection,
        title: title.clone(),
        on_read: Callback::new(move |(group, requested_at)| live.show(group, requested_at)),
    };
    view! { <Group live title id=group writer /> }.into_any()
}

#[component]
fn Group(live: Live<FailoverGroup>, title: String, id: String, writer: Writer) -> impl IntoView {
    let resource = ResourceKey {
        kind: Kind::SlicerGroup,
        connection: writer.connection.clone(),
        id: id.clone(),
    };
    let missing = format!("{title} has no slicer failover group “{id}”.");
    let heading = Signal::derive(move || {
        live.value()
            .map_or_else(|| id.clone(), |group| name(&group))
    });
    let key = StoredValue::new(resource.clone());
    // Created outside of the content, so that the draft is kept while the group is not found, which may be temporary.
    let context = ActionContext::new(live, writer, &resource.id);
    ask_before_leaving(context);
    view! {
        <DetailPage live system=title heading parent=("Slicers", Route::Slicers) missing resource history>
            <Page context resource=key.get_value() />
        </DetailPage>
        <Dialogs context />
    }
}

#[component]
fn Page(context: ActionContext, resource: ResourceKey) -> impl IntoView {
    view! {
        <Facts context />
        <div class="cols lead">
            <SlicerOrder context />
            <div class="cols aside">
                <OnAirCard context />
                <Settings context />
                <Owners context />
            </div>
            {history(resource)}
        </div>
    }
}
