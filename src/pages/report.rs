//! The page `/report`: what a time was like, for each group and each failover plan; as tables, as a CSV file, and on
//! paper.

use crate::api::transport::poll;
use crate::api::{Arrived, Failure};
use crate::json;
use crate::live::{Live, use_watched};
use crate::nav::use_nav;
use crate::pages::activity::{TimeFilter, connection_options};
use crate::pages::last_known::gateway_problems;
use crate::prefs::use_prefs;
use crate::route::Route;
use crate::ui::csv::{cell, row, whole};
use crate::ui::download::FileKind;
use crate::ui::table::filters::{Select, is_system, known, system_filter};
use crate::ui::{Heading, download, name, times};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use health::words::span;
use leptos::prelude::*;
use protocol::{GroupReport, PlanReport, Report as ReportData};
use std::sync::Arc;
use std::time::Duration;
use vendors::operation::percent_encoded;

/// A report is of one moment. It is read anew when somebody asks, and by a page that stays open for a day.
const INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// The parameters of the address that the gateway gets.
const PARAMS: [&str; 4] = ["system", "connection", "from", "to"];

/// The page.
#[component]
pub fn Report() -> impl IntoView {
    let (nav, watched) = (use_nav(), use_watched());
    let query = Memo::new(move |_| {
        let given = PARAMS.into_iter().filter_map(|name| {
            let value = nav.param(name)?;
            let value = match name {
                "system" => known(&value, is_system)?,
                _ => value,
            };
            Some(format!("{name}={}", percent_encoded(&value)))
        });
        given.collect::<Vec<_>>().join("&")
    });
    let content = move || {
        let query = query.get();
        let connection = untrack(|| nav.param("connection"));
        let snapshot = watched.snapshot_untracked();
        let is_gone = connection.is_some_and(|id| snapshot.connection(&id).is_none());
        view! { <Content query is_gone /> }
    };
    view! {
        <Heading text="Report" parent=("Activity", Route::Activity.href()) />
        <search class="row filters" aria-label="Filters">
            {system_filter()}
            <Select label="Connection" param="connection" all="all" options=connection_options() />
            <TimeFilter label="From" param="from" />
            <TimeFilter label="To" param="to" />
        </search>
        {content}
    }
}

#[component]
fn Content(
    query: String,
    /// Whether it is about a connection that is no longer configured.
    is_gone: bool,
) -> impl IntoView {
    let (watched, prefs) = (use_watched(), use_prefs());
    let state = Live::every(INTERVAL, move |abort| {
        let path = format!("/api/report?{query}");
        async move {
            let told: Result<ReportData, Failure> =
                poll(&path, false, Some(&abort), json::read).await;
            Ok(Arrived::now(told?))
        }
    });
    let told: Memo<Option<Arc<ReportData>>> = Memo::new(move |_| state.value());
    let time = move || {
        let Some(told) = told.get() else {
            return state
                .status
                .failure()
                .is_none()
                .then(|| "Loading…".to_owned());
        };
        let zone = prefs.zone.get();
        // Both with their dates, of which a printed report has no other.
        let moment = |at: DateTime<Utc>| {
            let at = at.with_timezone(&times::offset(zone, at));
            times::written(at.naive_local(), "%-d %b %Y %H:%M:%S")
        };
        let (from, to) = (moment(told.from), moment(told.to));
        Some(format!("From {from} to {to} {}", zone.word()))
    };
    // As it is when a table is drawn: titles change with the configuration alone.
    let title = move |id: &str| watched.snapshot_untracked().title(id);
    let export = move |_| {
        if let Some(told) = told.get_untracked() {
            let text = csv(&told, title);
            let file = FileKind::Csv.name(&file_of(told.from), told.to);
            download::text(&file, FileKind::Csv.media_type(), &text);
        }
    };
    let print = move |_| {
        // A browser without a printer does nothing.
        let _ = window().print();
    };
    let groups = move || {
        told.get()
            .map(|told| view! { <Groups groups=told.groups.clone() title is_gone /> })
    };
    let plans = move || {
        told.get()
            .map(|told| view! { <Plans plans=told.plans.clone() title is_gone /> })
    };
    view! {
        <p class="row"><span role="status">{time}</span>
            <button type="button" class="btn" disabled=move || told.read().is_none() on:click=export>"Export CSV"</button>
            <button type="button" class="btn" on:click=print>"Print"</button>
        </p>
        {gateway_problems(state.status)}
        {groups}
        {plans}
    }
}

/// What a table without rows says.
fn nothing(is_gone: bool, words: &'static str) -> AnyView {
    let words = if is_gone {
        "This connection is no longer configured."
    } else {
        words
    };
    view! { <p class="blank">{words}</p> }.into_any()
}

/// How the name of a file begins that reports from this moment on. Its end follows.
fn file_of(from: DateTime<Utc>) -> String {
    let from = times::written(from.naive_utc(), "%Y-%m-%dT%H%M%SZ");
    format!("report-{from}-to")
}

/// A time in words; a dash for none.
fn words(millis: u64) -> String {
    match delta(millis) {
        delta if delta < TimeDelta::seconds(1) => "–".to_owned(),
        delta => span(delta),
    }
}

fn delta(millis: u64) -> TimeDelta {
    let millis = i64::try_from(millis).unwrap_or(i64::MAX);
    TimeDelta::try_milliseconds(millis).unwrap_or(TimeDelta::MAX)
}

const OF_GROUPS: [&str; 8] = [
    "Group",
    "Connection",
    "Failovers",
    "No primary or on slate",
    "Longest",
    "Recoveries",
    "Mean time to recover",
    "Not known",
];

/// What all of them together are: times of several groups are summed, the longest is the longest of all. What is not
/// known of several would be more than the period.
fn total(groups: &[GroupReport]) -> [String; 6] {
    let recoveries: usize = groups.iter().map(|one| one.recoveries).sum();
    let recovering: u64 = groups
        .iter()
        .map(|one| one.mean_recovery_ms.unwrap_or(0) * one.recoveries as u64)
        .sum();
    let longest = groups.iter().map(|one| one.longest_ms).max();
    [
        groups
            .iter()
            .map(|one| one.failovers)
            .sum::<usize>()
            .to_string(),
        words(groups.iter().map(|one| one.without_ms).sum()),
        words(longest.unwrap_or(0)),
        recoveries.to_string(),
        words(recovering.checked_div(recoveries as u64).unwrap_or(0)),
        String::new(),
    ]
}

fn cells(group: &GroupReport) -> [String; 6] {
    [
        group.failovers.to_string(),
        words(group.without_ms),
        words(group.longest_ms),
        group.recoveries.to_string(),
        group.mean_recovery_ms.map_or_else(|| "–".to_owned(), words),
        words(group.unknown_ms),
    ]
}

#[component]
fn Groups(
    groups: Vec<GroupReport>,
    title: impl Fn(&str) -> String + Copy + Send + Sync + 'static,
    is_gone: bool,
) -> impl IntoView {
    let total = total(&groups).map(|words| view! { <td><b>{words}</b></td> });
    let none = groups.is_empty();
    let body = groups.into_iter().map(|group| {
        let cells = cells(&group).map(|words| view! { <td>{words}</td> });
        let href = Route::of(&group.resource).href();
        let of = group.resource.connection;
        let named = group.name;
        view! {
            <tr>
                <th scope="row"><a href=href>{name(move || named.clone())}</a></th>
                <td>{title(&of)}</td>
                {cells.into_iter().collect_view()}
            </tr>
        }
    });
    let body = body.collect_view();
    let head = OF_GROUPS.map(|words| view! { <th scope="col">{words}</th> });
    view! {
        <section class="panel" aria-labelledby="groups-report">
            <header><h2 id="groups-report">"Groups"</h2><p>"Failovers, and time with no primary or on slate. A silent primary still counts as primary: how long it was silent is not reported."</p></header>
            <div class="scroll" tabindex="0" role="region" aria-label="Groups, scrollable" hidden=none>
                <table>
                    <caption class="vh">"Groups"</caption>
                    <thead><tr>{head.into_iter().collect_view()}</tr></thead>
                    <tbody>{body}</tbody>
                    <tfoot><tr><th scope="row">"All"</th><td></td>{total.into_iter().collect_view()}</tr></tfoot>
                </table>
            </div>
            {none.then(|| nothing(is_gone, "No group matches."))}
        </section>
    }
}

const OF_PLANS: [&str; 5] = ["Plan", "Connection", "Runs", "Failed", "With warnings"];

#[component]
fn Plans(
    plans: Vec<PlanReport>,
    title: impl Fn(&str) -> String + Copy + Send + Sync + 'static,
    is_gone: bool,
) -> impl IntoView {
    let none = plans.is_empty();
    let body = plans.into_iter().map(|plan| {
        let of = plan.connection;
        let numbers =
            [plan.runs, plan.failed, plan.warnings].map(|number| view! { <td>{number}</td> });
        view! {
            <tr>
                <th scope="row">{name(move || plan.plan.clone())}</th>
                <td>{title(&of)}</td>
                {numbers.into_iter().collect_view()}
            </tr>
        }
    });
    let body = body.collect_view();
    let head = OF_PLANS.map(|words| view! { <th scope="col">{words}</th> });
    view! {
        <section class="panel" aria-labelledby="plans-report">
            <header><h2 id="plans-report">"Failover plans"</h2><p>"Runs that were seen to end in this period. A plan that was renamed has a row for each of its names."</p></header>
            <div class="scroll" tabindex="0" role="region" aria-label="Failover plans, scrollable" hidden=none>
                <table>
                    <caption class="vh">"Failover plans"</caption>
                    <thead><tr>{head.into_iter().collect_view()}</tr></thead>
                    <tbody>{body}</tbody>
                </table>
            </div>
            {none.then(|| nothing(is_gone, "No plan run was seen to end in this period."))}
        </section>
    }
}

const COLUMNS: [&str; 14] = [
    "Kind",
    "Name",
    "Connection",
    "Failovers",
    "No primary or on slate (s)",
    "Longest (s)",
    "Recoveries",
    "Mean time to recover (s)",
    "Not known (s)",
    "Runs",
    "Failed",
    "With warnings",
    "From",
    "To",
];

/// Both tables in one, with empty cells where a column says nothing of a row.
fn csv(told: &ReportData, title: impl Fn(&str) -> String) -> String {
    let seconds = |millis: u64| format!("{}.{:03}", millis / 1_000, millis % 1_000);
    // The same in each row, so that files of several times can be put together.
    let period = [told.from, told.to].map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
    let [from, to] = &period;
    let groups = told.groups.iter().map(|group| {
        row(&[
            "group".to_owned(),
            cell(&group.name),
            cell(&title(&group.resource.connection)),
            group.failovers.to_string(),
            seconds(group.without_ms),
            seconds(group.longest_ms),
            group.recoveries.to_string(),
            group.mean_recovery_ms.map(seconds).unwrap_or_default(),
            seconds(group.unknown_ms),
            String::new(),
            String::new(),
            String::new(),
            from.clone(),
            to.clone(),
        ])
    });
    let plans = told.plans.iter().map(|plan| {
        let empty = || String::new();
        row(&[
            "plan".to_owned(),
            cell(&plan.plan),
            cell(&title(&plan.connection)),
            empty(),
            empty(),
            empty(),
            empty(),
            empty(),
            empty(),
            plan.runs.to_string(),
            plan.failed.to_string(),
            plan.warnings.to_string(),
            from.clone(),
            to.clone(),
        ])
    });
    whole(&row(&COLUMNS), &groups.chain(plans).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, csv, file_of};
    use crate::ui::download::FileKind;
    use crate::ui::time_zone::tests::at;
    use health::inventory::{Kind, ResourceKey};
    use protocol::{GroupReport, PlanReport, Report};

    #[test]
    fn a_file_says_of_which_time_it_is_in_each_row_and_in_its_name() {
        let told = Report {
            from: at("2026-10-31T00:00:00.25Z"),
            to: at("2026-11-30T12:30:00Z"),
            groups: vec![GroupReport {
                resource: ResourceKey {
                    kind: Kind::SlicerGroup,
                    connection: "live".to_owned(),
                    id: "news".to_owned(),
                },
                name: "News".to_owned(),
                failovers: 1,
                without_ms: 1_500,
                longest_ms: 1_500,
                recoveries: 1,
                mean_recovery_ms: None,
                unknown_ms: 0,
            }],
            plans: vec![PlanReport {
                connection: "em".to_owned(),
                plan: "Web Shop".to_owned(),
                runs: 2,
                failed: 1,
                warnings: 0,
            }],
        };
        let text = csv(&told, str::to_owned);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(lines[0].ends_with(",From,To"), "{text}");
        for line in &lines {
            assert_eq!(line.split(',').count(), COLUMNS.len(), "{line}");
        }
        for line in &lines[1..] {
            assert!(
                line.ends_with(",2026-10-31T00:00:00Z,2026-11-30T12:30:00Z"),
                "{line}"
            );
        }
        assert_eq!(
            FileKind::Csv.name(&file_of(told.from), told.to),
            "report-2026-10-31T000000Z-to-2026-11-30T123000Z.csv"
        );
    }
}
