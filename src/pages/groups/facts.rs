//! The facts of a group: its state, id, FailoverTimeout and last data.

use super::action_context::{ActionContext, Open};
use super::model::json_text;
use crate::live::aveva::Election;
use crate::live::{Detail, use_clock};
use crate::pages::resource_row::{StateTag, page_state, verdict_line};
use crate::pages::unreadable::{UnreadableFields, or_unreadable};
use crate::prefs::use_prefs;
use crate::ui::{Copy, times};
use chrono::TimeDelta;
use health::groups::{Action, heartbeat_period, last_data};
use health::inventory::unreadable_of_group;
use health::verdict::Verdict;
use health::words;
use leptos::prelude::*;
use vendors::UnreadableField;
use vendors::aveva::{ClientSession, GroupStatus, TimeSpan};

/// The text in place of a missing time of the last data. A time that is left out and one that means "never" cannot be
/// told apart.
fn without_data(primary: Option<&ClientSession>, status: &GroupStatus) -> &'static str {
    let unreadable = |fields, name| UnreadableField::find(fields, name).is_some();
    let is_unreadable = primary.is_some_and(|primary| {
        unreadable(&primary.unreadable, "Heartbeat")
            || unreadable(&primary.unreadable, "Heartbeat.LastDataProcessedTime")
    });
    if is_unreadable || unreadable(&status.unreadable, "LastDataProcessedTime") {
        "unreadable"
    } else {
        "none reported"
    }
}

/// The facts of a group.
#[component]
pub fn Facts(
    /// The page's actions.
    context: ActionContext,
    /// The connection's title.
    connection: String,
    /// The current primary.
    election: Memo<Election>,
    /// The verdict on the group.
    verdict: Memo<Option<Verdict>>,
) -> impl IntoView {
    let live = context.live;
    let (clock, prefs) = (use_clock(), use_prefs());
    let state = Memo::new(move |_| page_state(verdict.read().as_ref(), live.status, clock));
    let id = Signal::derive(move || {
        live.value()
            .and_then(|group| group.configuration.id.clone())
            .unwrap_or_default()
    });
    let timeout = move || {
        live.value()
            .and_then(|group| group.configuration.failover_timeout)
    };
    let every = move || {
        let timeout = timeout().map(TimeSpan::delta);
        // An invalid timeout gives no interval.
        let timeout = timeout.filter(|timeout| *timeout > TimeDelta::zero());
        timeout.map_or_else(|| "–".to_owned(), |it| words::span(heartbeat_period(it)))
    };
    let data = move || {
        let now = live.status.vendor_time(clock);
        let group = live.value()?;
        let (status, election) = (&group.detail.status, election.read());
        let primary = election.primary.as_ref();
        let (at, ago) = match last_data(primary, status) {
            None => ("–".to_owned(), without_data(primary, status).to_owned()),
            at => times::moment_and_age(at, now, prefs.zone.get()),
        };
        Some(view! { {at}" "<small>{ago}</small> })
    };
    let unreadable = Signal::derive(move || {
        live.value().map_or_else(Vec::new, |group| {
            let Detail {
                status, sessions, ..
            } = group.detail.as_ref();
            unreadable_of_group(&group.configuration, Some(status), sessions)
        })
    });
    let timeout_words = move || {
        let words = timeout().map_or_else(|| "–".to_owned(), |timeout| timeout.to_string());
        live.value()
            .map(|group| or_unreadable(&group.configuration.unreadable, "FailoverTimeout", words))
    };
    let description = move || {
        live.value()
            .and_then(|group| group.configuration.description.clone())
            .filter(|text| !text.is_empty())
            .map(|text| view! { <div><dt>"Description"</dt><dd>{text}</dd></div> })
    };
    let additional = Memo::new(move |_| {
        let group = live.value()?;
        json_text(group.configuration.additional_data.as_ref())
    });
    view! {
        <section class="panel" aria-label="Group facts" data-fresh=move || context.stale.get()>
            <div class="head">
                <StateTag state />
                <dl class="facts">
                    <div><dt>"Group id"</dt><dd><code>{id}</code><Copy text=id name="Copy group id" /></dd></div>
                    <div><dt>"Connection"</dt><dd>{connection}</dd></div>
                    <div><dt>"Failover timeout"</dt><dd>{timeout_words}</dd></div>
                    <div><dt>"Heartbeat every"</dt><dd>{every}</dd></div>
                    <div><dt>"Last data processed"</dt><dd>{data}</dd></div>
                    {description}
                </dl>
            </div>
            {verdict_line(verdict)}
            {additional_data(additional)}
            <UnreadableFields fields=unreadable />
            <p class="bar acts">
                {context.button(Action::CreateGroup, "Duplicate with changes…", Open::Duplicate)}
                {context.button(Action::DeleteGroup, "Delete group", Open::DeleteGroup)}
            </p>
        </section>
    }
}

/// The additional data of a group or a session.
pub(super) fn additional_data(text: Memo<Option<String>>) -> impl IntoView {
    move || {
        text.get().map(|text| {
            view! { <details class="more"><summary>"Additional data"</summary><pre>{text}</pre></details> }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::without_data;
    use vendors::UnreadableField;
    use vendors::aveva::{ClientSession, GroupStatus};

    #[test]
    fn an_unreadable_time_of_last_data_is_not_shown_as_none_reported() {
        let fields = |name: Option<&str>| {
            let field = |name: &str| UnreadableField {
                name: name.to_owned(),
                raw: "?".to_owned(),
            };
            name.map(field).into_iter().collect::<Vec<_>>()
        };
        for (primary, status, words) in [
            (None, None, "none reported"),
            (Some("Role"), Some("Primary"), "none reported"),
            (None, Some("LastDataProcessedTime"), "unreadable"),
            (Some("Heartbeat"), None, "unreadable"),
            (Some("Heartbeat.LastDataProcessedTime"), None, "unreadable"),
        ] {
            let primary = ClientSession {
                unreadable: fields(primary),
                ..ClientSession::default()
            };
            let status = GroupStatus {
                unreadable: fields(status),
                ..GroupStatus::default()
            };
            assert_eq!(without_data(Some(&primary), &status), words);
        }
        assert_eq!(without_data(None, &GroupStatus::default()), "none reported");
    }
}
