//! The primary, or the slicer on air, over time: an image of bars, and a table with the same intervals, which is
//! visually hidden until it is requested.

use super::table::time;
use crate::live::timeline::leader_history;
use crate::live::{sort, use_watched};
use crate::nav::use_nav;
use crate::prefs::use_prefs;
use crate::ui::{name, times};
use chrono::{DateTime, TimeDelta, Utc};
use health::events::{Interval, Leader, UnknownInterval, timeline};
use health::inventory::{Kind, ResourceKey};
use health::words::{decimal, span};
use leptos::prelude::*;

/// The periods to choose from: their keys in the URL, their labels and their lengths.
const SPANS: [(&str, &str, TimeDelta); 3] = [
    ("hour", "Hour", TimeDelta::hours(1)),
    ("day", "Day", TimeDelta::days(1)),
    ("week", "Week", TimeDelta::weeks(1)),
];

/// The width of the image in SVG units.
const WIDTH: f64 = 1_000.0;
/// The minimum width of a bar.
const MIN_BAR_WIDTH: f64 = 4.0;

/// The section "Primary over time" or "On air over time".
#[component]
pub fn Timeline(
    /// The group.
    resource: ResourceKey,
) -> impl IntoView {
    let nav = use_nav();
    let title = match resource.kind {
        Kind::SlicerGroup => "On air over time",
        _ => "Primary over time",
    };
    let chosen = Memo::new(move |_| {
        let param = nav.param("lane");
        let known = |(key, ..): &(&str, &str, TimeDelta)| param.as_deref() == Some(*key);
        SPANS.into_iter().find(known).unwrap_or(SPANS[0])
    });
    let buttons = SPANS.map(|(key, word, _)| {
        let pressed = move || if chosen.get().0 == key { "true" } else { "false" };
        let click = move |_| nav.replace(&nav.with_params(&[("lane", Some(key))]));
        view! { <button type="button" class="chip" aria-pressed=pressed on:click=click>{word}</button> }
    });
    let resource = StoredValue::new(resource);
    let drawn = move || {
        let (_, _, span) = chosen.get();
        view! { <Drawn resource=resource.get_value() span title /> }
    };
    view! {
        // Without an accessible name, so not a region: the region "On air" is the one with the current slicer.
        <section class="panel">
            <header><h2>{title}</h2><div class="row end" role="group" aria-label="Time shown">{buttons.into_iter().collect::<Vec<_>>()}</div></header>
            {drawn}
        </section>
    }
}

#[component]
fn Drawn(resource: ResourceKey, span: TimeDelta, title: &'static str) -> impl IntoView {
    let watched = use_watched();
    let live = leader_history(resource.clone(), span);
    let is_slicers = resource.kind == Kind::SlicerGroup;
    // Redrawn only when the image would differ, not each second.
    let step = (span.num_seconds() / 200).max(1);
    let tick = Memo::new(move |_| watched.now().timestamp() / step);
    let intervals = Memo::new(move |_| {
        tick.track();
        let (seen, now) = (live.value()?, watched.now_untracked());
        let snapshot = watched.snapshot_untracked();
        let found = snapshot.find(&resource);
        let leader = found.and_then(|found| found.leader().map(str::to_owned));
        let leader = Leader::of(resource.kind, leader);
        let from = now.checked_sub_signed(span)?;
        let connection = snapshot.connection(&resource.connection);
        let before = connection.and_then(|connection| connection.watched_since);
        let since = found.and_then(|found| {
            let freshness = untrack(|| watched.freshness_of(found));
            found.unknown_since(freshness, connection?.observed_at)
        });
        let unknown = before.map(UnknownInterval::before).into_iter();
        let unknown = seen
            .unknown
            .and(unknown.chain(since.map(UnknownInterval::since)));
        let intervals = timeline(&seen.changes, &leader, &unknown, from, now);
        Some((from, now, intervals))
    });
    let nobody = if is_slicers { "Slate" } else { "No primary" };
    let failure = move || {
        let failure = live.status.failure()?;
        Some(
            view! { <p class="blank wrong">{format!("The history could not be read: {}.", failure.line())}</p> },
        )
    };
    let image = move || {
        let (from, to, intervals) = intervals.get()?;
        Some(image(from, to, &intervals, title, nobody))
    };
    let rows = move || Some(rows(&intervals.get()?.2, nobody));
    let column = if is_slicers { "On air" } else { "Primary" };
    // Whether the table is visible; otherwise only assistive technology has it.
    let is_shown = RwSignal::new(false);
    view! {
        {failure}
        <div class="pad">{image}
            <div hidden=move || intervals.read().is_none()>
                <p class="row"><button type="button" class="btn" aria-expanded=move || is_shown.get().to_string() on:click=move |_| is_shown.update(|is| *is = !*is)>"As a table"</button></p>
                // A group, because there already is a region "On air". While hidden it takes no focus.
                <div class=move || if is_shown.get() { "scroll" } else { "vh" } tabindex=move || is_shown.get().then_some("0") role="group" aria-label=format!("{title}, scrollable")>
                    <table>
                        <caption class="vh">{title}</caption>
                        <thead><tr><th scope="col">{column}</th><th scope="col">"From"</th><th scope="col">"To"</th><th scope="col">"Duration"</th></tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </div>
        </div>
    }
}

/// The label of a leader, and the tone of its bars.
fn label<'a>(leader: &'a Leader, nobody: &'a str) -> (&'a str, Option<&'static str>) {
    match leader {
        Leader::Named(leader) => (leader, None),
        Leader::Nobody => (nobody, Some("critical")),
        Leader::Unknown => ("Not known", Some("unknown")),
    }
}

/// Each leader once, in the order in which they first led; "no leader" and "unknown" come last.
fn lanes(intervals: &[Interval]) -> Vec<&Leader> {
    let mut lanes: Vec<&Leader> = Vec::new();
    for interval in intervals {
        if !lanes.contains(&&interval.leader) {
            lanes.push(&interval.leader);
        }
    }
    let rank = |leader: &Leader| match leader {
        Leader::Named(_) => 0,
        Leader::Nobody => 1,
        Leader::Unknown => 2,
    };
    sort(&mut lanes, |a, b| rank(a).cmp(&rank(b)));
    lanes
}

fn image(
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    intervals: &[Interval],
    title: &'static str,
    nobody: &str,
) -> impl IntoView + use<> {
    let rows: Vec<_> = lanes(intervals)
        .into_iter()
        .map(|leader| {
            let (label, tone) = label(leader, nobody);
            let bars: Vec<_> = intervals
                .iter()
                .filter(|interval| interval.leader == *leader)
                .map(|interval| {
                    let (x, width) = bar(interval, from, to);
                    view! { <rect x=decimal(x, 2) y="0" width=decimal(width, 2) height="20" data-s=tone></rect> }
                })
                .collect();
            let label = label.to_owned();
            view! {
                <span>{name(move || label.clone())}</span>
                <svg aria-hidden="true" viewBox="0 0 1000 20" preserveAspectRatio="none">{bars}</svg>
            }
        })
        .collect();
    view! {
        <div class="lanes" role="img" aria-label=title>
            {rows}
            <p class="row"><small>{time(from)}</small><small>{time(to)}</small></p>
        </div>
    }
}

/// The x coordinate and the width of an interval's bar.
fn bar(interval: &Interval, from: DateTime<Utc>, to: DateTime<Utc>) -> (f64, f64) {
    let whole = (to - from).as_seconds_f64().max(0.001);
    let share = |span: TimeDelta| span.as_seconds_f64() / whole * WIDTH;
    let width = share(interval.to - interval.from).max(MIN_BAR_WIDTH);
    let x = share(interval.from - from);
    (x.min(WIDTH - width), width)
}

/// The rows of the table, newest first.
fn rows(intervals: &[Interval], nobody: &str) -> impl IntoView + use<> {
    let (prefs, watched) = (use_prefs(), use_watched());
    let now = watched.now_untracked();
    let zone = prefs.zone.get();
    let rows = intervals.iter().rev().map(|interval| {
        let moment = |at| times::moment(at, now, zone);
        let leader = label(&interval.leader, nobody).0.to_owned();
        view! {
            <tr>
                <th scope="row">{name(move || leader.clone())}</th>
                <td>{moment(interval.from)}</td>
                <td>{moment(interval.to)}</td>
                <td>{span(interval.to - interval.from)}</td>
            </tr>
        }
    });
    rows.collect::<Vec<_>>()
}

#[cfg(test)]
mod tests {
    use super::{bar, lanes};
    use chrono::{DateTime, Utc};
    use health::events::{Interval, Leader};

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).expect("in range")
    }

    fn interval(from: i64, to: i64, leader: Leader) -> Interval {
        Interval {
            from: at(from),
            to: at(to),
            leader,
        }
    }

    #[test]
    fn a_bar_stays_within_the_image_and_has_a_minimum_width() {
        let of = |from, to| bar(&interval(from, to, Leader::Nobody), at(0), at(100));
        assert_eq!(of(0, 100), (0.0, 1_000.0));
        assert_eq!(of(40, 50), (400.0, 100.0));
        assert_eq!(of(100, 100), (996.0, 4.0));
    }

    #[test]
    fn each_leader_has_one_lane_and_unknown_comes_last() {
        let by = |id: &str| Leader::Named(id.to_owned());
        let intervals = [
            interval(0, 1, Leader::Unknown),
            interval(1, 2, by("b")),
            interval(2, 3, Leader::Nobody),
            interval(3, 4, by("a")),
            interval(4, 5, by("b")),
        ];
        assert_eq!(
            lanes(&intervals),
            [&by("b"), &by("a"), &Leader::Nobody, &Leader::Unknown]
        );
    }
}
