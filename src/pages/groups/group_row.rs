//! One row of the table "Failover groups".

use super::model::{Row, heartbeat_bar};
use crate::live::use_watched;
use crate::pages::resource_row::{MomentCell, StateCell, row_time};
use crate::ui::{HeartbeatBar, StatusMark, icon, name};
use health::severity::Severity;
use leptos::prelude::*;

/// One group.
#[component]
pub fn GroupRow(
    /// The group's data.
    row: RwSignal<Row>,
) -> impl IntoView {
    let state = Signal::derive(move || row.read().state.clone());
    let or_dash = |id: &Option<String>| id.clone().unwrap_or_else(|| "–".to_owned());
    let sub = move || row.read().sub.clone();
    // Redrawn only if it changes: most updates change only ages.
    let pending = Memo::new(move |_| row.read().pending.clone());
    let pending = move || {
        pending.get().map_or_else(
            || "–".into_any(),
            |id| {
                view! { <StatusMark severity=Severity::Moving word=id icon=Some("pending") /> }
                    .into_any()
            },
        )
    };
    let element = NodeRef::new();
    let watched = use_watched();
    let time = row_time(element, move || {
        watched.vendor_now(&row.read().connection_id)
    });
    let data = Signal::derive(move || row.read().data);
    let heartbeat = Signal::derive(move || {
        let row = row.read();
        let last_read = || {
            let connection = watched.connection(&row.connection_id)?;
            let at = row.last_read?.at(connection.observed_at)?;
            Some(watched.vendor_time(&row.connection_id, at))
        };
        Some(heartbeat_bar(
            row.heartbeat?,
            row.timeout,
            last_read(),
            time.get(),
        ))
    });
    let timeout = move || {
        row.read()
            .timeout
            .map_or_else(|| "–".to_owned(), |timeout| timeout.to_string())
    };
    view! {
        <tr node_ref=element data-fresh=move || row.read().state.last_known.is_some().then_some("stale")>
            <StateCell state />
            <th scope="row">
                <a href=move || row.read().href.clone()><b>{name(move || row.read().name.clone())}</b></a>
                <span class="sub" class:id=move || row.read().sub_is_id>{name(sub)}</span>
            </th>
            <td>{name(move || row.read().connection.clone())}</td>
            <td>{name(move || or_dash(&row.read().primary))}</td>
            <td>{pending}</td>
            <td><Members row /></td>
            <td>{timeout}</td>
            <MomentCell at=data unread=Signal::derive(move || !state.read().is_complete()) time />
            <td><HeartbeatBar facts=heartbeat /></td>
        </tr>
    }
}

#[component]
fn Members(row: RwSignal<Row>) -> impl IntoView {
    let members = Memo::new(move |_| row.read().members);
    let kinds = move || {
        members.get().map_or_else(Vec::new, |members| {
            [
                ("primary", "primary", members.primary),
                ("pending", "pending", members.pending),
                ("normal", "standby", members.standby),
                ("unknown", "silent", members.stale),
                ("unknown", "of unknown role", members.unknown),
            ]
            .into_iter()
            .filter(|(_, _, number)| *number > 0)
            .map(|(name, word, number)| view! { {icon(name)}{number}<span class="vh">" "{word}" "</span> })
            .collect()
        })
    };
    let none = move || match members.get() {
        None => Some("–"),
        Some(members) if members == health::groups::Members::default() => Some("none"),
        Some(_) => None,
    };
    view! { <span class="row">{kinds}{none}</span> }
}
