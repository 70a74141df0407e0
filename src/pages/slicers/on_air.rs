//! The facts of a slicer group, and what is on air.

use super::action_context::ActionContext;
use super::channels::Channels;
use super::model::NO_FAILOVER;
use super::thumbnail::{Thumbnail, stale_thumbnail};
use super::thumbnail_ages::thumbnail_age_of;
use crate::api::uplynk::has_all_slicers;
use crate::live::use_clock;
use crate::pages::resource_row::{StateTag, page_state, verdict_line};
use crate::pages::unreadable::{UnreadableFields, or_unreadable};
use crate::prefs::use_prefs;
use crate::ui::{Copy, icon, name, times};
use chrono::{DateTime, Utc};
use health::inventory::unreadable_of_slicer_group;
use health::slicers::{
    SlicerHealth, backups, hot_warm_words, judge_slicers, on_air, slicer_health, state_word,
};
use health::words;
use leptos::prelude::*;
use vendors::UnreadableField;
use vendors::uplynk::{FailoverGroup, OnAir};

/// The facts of a group.
#[component]
pub fn Facts(
    /// The page's actions.
    context: ActionContext,
) -> impl IntoView {
    let (clock, prefs, live) = (use_clock(), use_prefs(), context.live);
    let verdict = Memo::new(move |_| {
        live.value()
            .map(|group| judge_slicers(&group, live.status.vendor_time(clock)))
    });
    let state = Memo::new(move |_| page_state(verdict.read().as_ref(), live.status, clock));
    let id = Signal::derive(move || {
        live.value()
            .map(|group| group.id.clone())
            .unwrap_or_default()
    });
    let ready = move || {
        let group = live.value();
        group.map(|group| backups_ready(&group, live.status.vendor_time(clock)))
    };
    let unreadable = Signal::derive(move || {
        live.value()
            .map_or_else(Vec::new, |group| unreadable_of_slicer_group(&group))
    });
    let failover = move || {
        let now = live.status.vendor_time(clock);
        let zone = prefs.zone.get();
        match live.value().and_then(|group| group.failover_time) {
            Some(at) => {
                view! { {times::moment(at, now, zone)}" "<small>{times::ago(at, now)}</small> }
                    .into_any()
            }
            None => live
                .value()
                .map(|group| {
                    or_unreadable(&group.unreadable, "failover_time", NO_FAILOVER.to_owned())
                })
                .into_any(),
        }
    };
    view! {
        <section class="panel" aria-label="Group facts" data-fresh=move || context.stale.get()>
            <div class="head">
                <StateTag state />
                <dl class="facts">
                    <div><dt>"Group id"</dt><dd><code>{id}</code><Copy text=id name="Copy group id" /></dd></div>
                    <div><dt>"Connection"</dt><dd>{context.system()}</dd></div>
                    <div><dt>"Hot and warm"</dt><dd>{move || live.value().and_then(|group| group.hot_warm).map_or_else(|| "–".to_owned(), hot_warm_words)}</dd></div>
                    <div><dt>"Backups ready"</dt><dd>{ready}</dd></div>
                    <div><dt>"Last failover"</dt><dd>{failover}</dd></div>
                </dl>
            </div>
            {verdict_line(verdict)}
            <UnreadableFields fields=unreadable />
        </section>
    }
}

/// The panel "On air": the slicer or slate on air, and the channels.
#[component]
pub fn OnAirCard(
    /// The page's actions.
    context: ActionContext,
) -> impl IntoView {
    let (clock, prefs, live) = (use_clock(), use_prefs(), context.live);
    let since = move || {
        let now = live.status.vendor_time(clock);
        let at = live.value().and_then(|group| group.failover_time)?;
        Some(format!(
            "since {}",
            times::moment(at, now, prefs.zone.get())
        ))
    };
    let active = move || Some(active(&*live.value()?, live.status.vendor_time(clock)));
    let thumbnail = Memo::new(move |_| {
        let group = live.value()?;
        let slicer = on_air(&group)?;
        let vendor_url = slicer.thumbnail_url(true)?;
        context.thumbnail_url(&slicer.id, &vendor_url)
    });
    let of = Signal::derive(move || {
        let group = live.value();
        let slicer = group.as_deref().and_then(on_air);
        slicer.map(|slicer| slicer.id.clone()).unwrap_or_default()
    });
    let is_loaded = RwSignal::new(None);
    let thumbnail_note = move || {
        if !is_loaded.get()? {
            return Some(view! { "No preview available" }.into_any());
        }
        let thumbnail_ages = context.thumbnail_ages.read();
        let thumbnail = thumbnail_age_of(&thumbnail_ages, &of.read())?;
        if let Some(words) = thumbnail.stale() {
            return Some(stale_thumbnail(words));
        }
        let age = thumbnail.max_age(live.status.vendor_time(clock))?;
        Some(view! { {format!("thumbnail at most {} old", words::span(age))} }.into_any())
    };
    view! {
        <section class="panel" aria-labelledby="on-air" data-fresh=move || context.stale.get()>
            <header><h2 id="on-air">"On air"</h2><p class="end">{thumbnail_note}</p></header>
            <div class="pad">
                <Thumbnail src=thumbnail of big=true is_loaded />
                <p class="row">
                    {icon("onair")}
                    <b>{name(move || active().map(|(name, _)| name).unwrap_or_default())}</b>
                    <span class="dim">{move || active().map(|(_, words)| words)}</span>
                    <span class="end dim">{since}</span>
                </p>
                <Channels context />
            </div>
        </section>
    }
}

/// The number of backups that are ready, out of all backups.
fn backups_ready(group: &FailoverGroup, now: DateTime<Utc>) -> String {
    if group.slicers.is_none() {
        return or_unreadable(&group.unreadable, "slicers", "–".to_owned());
    }
    let (ready, all) = backups(group, now);
    format!("{ready} of {all}")
}

/// The name of what is on air, and its state.
fn active(group: &FailoverGroup, now: DateTime<Utc>) -> (String, String) {
    let known = |name: &str, words: &str| (name.to_owned(), words.to_owned());
    match (&group.active, on_air(group)) {
        (Some(OnAir::Slate), _) => known("Slate", "no slicer is on air"),
        (None, _) if UnreadableField::find(&group.unreadable, "active_slicer_id").is_some() => {
            known("unreadable", "what is on air cannot be read")
        }
        (None, _) => known("Unknown", "Uplynk does not report what is on air"),
        (Some(OnAir::Slicer(id)), Some(slicer)) => {
            let health = match slicer_health(slicer, now) {
                SlicerHealth::Healthy => "healthy",
                SlicerHealth::Unhealthy { .. } => "unhealthy",
                SlicerHealth::RecheckDue { .. } => "re-check due",
                SlicerHealth::Unknown => "health unknown",
            };
            let state = slicer.state.as_ref().map(state_word);
            let state = state.unwrap_or_else(|| "State unknown".to_owned());
            (id.clone(), format!("{state}, {health}"))
        }
        (Some(OnAir::Slicer(id)), None) if has_all_slicers(group) => {
            known(id, "not one of this group's slicers")
        }
        (Some(OnAir::Slicer(id)), None) => known(id, "its state and health are not known"),
    }
}

#[cfg(test)]
mod tests {
    use super::{active, backups_ready};
    use chrono::DateTime;
    use vendors::UnreadableField;
    use vendors::uplynk::{FailoverGroup, OnAir, Slicer};

    fn group(slicers: Option<&[&str]>, unreadable: &[&str]) -> FailoverGroup {
        let slicer = |id: &&str| Slicer {
            id: (*id).to_owned(),
            ..Slicer::default()
        };
        let field = |name: &&str| UnreadableField {
            name: (*name).to_owned(),
            raw: "?".to_owned(),
        };
        FailoverGroup {
            active: Some(OnAir::Slicer("a".to_owned())),
            slicers: slicers.map(|ids| ids.iter().map(slicer).collect()),
            unreadable: unreadable.iter().map(field).collect(),
            ..FailoverGroup::default()
        }
    }

    #[test]
    fn nothing_is_claimed_about_unreported_or_unreadable_slicers() {
        let unknown = "its state and health are not known";
        for (slicers, unreadable, words, backups) in [
            (
                Some(&["a", "b"][..]),
                &[][..],
                "State unknown, health unknown",
                "0 of 1",
            ),
            (
                Some(&["b"]),
                &[],
                "not one of this group's slicers",
                "0 of 1",
            ),
            (Some(&["b"]), &["slicers[1]"], unknown, "0 of 1"),
            (None, &["slicers"], unknown, "unreadable"),
            (None, &[], unknown, "–"),
        ] {
            let (group, now) = (group(slicers, unreadable), DateTime::UNIX_EPOCH);
            assert_eq!(active(&group, now), ("a".to_owned(), words.to_owned()));
            assert_eq!(backups_ready(&group, now), backups, "{unreadable:?}");
        }
    }
}
