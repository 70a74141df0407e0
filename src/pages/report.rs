//! The page `/report`: failovers and outages per group, and runs per failover plan, in a chosen period. The report is
//! shown as tables and can be exported as CSV or printed.

use crate::api::Arrived;
use crate::api::transport::poll;
use crate::json;
use crate::live::{Live, use_watched};
use crate::nav::use_nav;
use crate::pages::activity::{TimeFilter, connection_options};
use crate::pages::last_known::gateway_problems;
use crate::prefs::use_prefs;
use crate::route::Route;
use crate::ui::csv::{cell, file, row};
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

/// A report is a snapshot, so it is not polled: only a page that stays open for a day reads it again.
const INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// The URL parameters that are passed on to the gateway.
const PARAMS: [&str; 4] = ["system", "connection", "from", "to"];

/// The page "Report".
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
        let is_removed = connection.is_some_and(|id| snapshot.connection(&id).is_none());
        view! { <Content query is_removed /> }
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
    /// Whether the address names a connection that is no longer configured.
    is_removed: bool,
) -> impl IntoView {
    let (watched, prefs) = (use_watched(), use_prefs());
    let state = Live::every(INTERVAL, move |abort| {
        let path = format!("/api/report?{query}");
        async move {
            let answer = poll::<ReportData>(&path, false, Some(&abort), json::read).await?;
            Ok(Arrived::now(answer.value))
        }
    });
    let report: Memo<Option<Arc<ReportData>>> = Memo::new(move |_| state.value());
    let time = move || {
        let Some(report) = report.get() else {
            return state
                .status
                .failure()
                .is_none()
                .then(|| "Loading…".to_owned());
        };
        let zone = prefs.zone.get();
        // Both moments include the date: a printed report shows it nowhere else.
        let moment = |at: DateTime<Utc>| {
            let at = at.with_timezone(&times::offset(zone, at));
            times::format_time(at.naive_local(), "%-d %b %Y %H:%M:%S")
        };
        let (from, to) = (moment(report.from), moment(report.to));
        Some(format!("From {from} to {to} {}", zone.word()))
    };
    // Untracked: titles change only with the configuration.
    let title = move |id: &str| watched.snapshot_untracked().title(id);
    let export = move |_| {
        if let Some(report) = report.get_untracked() {
            let text = csv(&report, title);
            let file = FileKind::Csv.name(&file_prefix(report.from), report.to);
            download::text(&file, FileKind::Csv.media_type(), &text);
        }
    };
    let print = move |_| {
        // Ignored: a browser that cannot print has nothing to report.
        let _ = window().print();
    };
    let groups = move || {
        report
            .get()
            .map(|report| view! { <Groups groups=report.groups.clone() title is_removed /> })
    };
    let plans = move || {
        report
            .get()
            .map(|report| view! { <Plans plans=report.plans.clone() title is_removed /> })
    };
    view! {
        <p class="row"><span role="status">{time}</span>
            <button type="button" class="btn" disabled=move || report.read().is_none() on:click=export>"Export CSV"</button>
            <button type="button" class="btn" on:click=print>"Print"</button>
        </p>
        {gateway_problems(state.status)}
        {groups}
        {plans}
    }
}

/// The text in place of a table without rows.
fn nothing(is_removed: bool, words: &'static str) -> AnyView {
    let words = if is_removed {
        "This connection is no longer configured."
    } else {
        words
    };
    view! { <p class="blank">{words}</p> }.into_any()
}

/// The beginning of the name of an exported file; the end of the period follows.
fn file_prefix(from: DateTime<Utc>) -> String {
    let from = times::format_time(from.naive_utc(), "%Y-%m-%dT%H%M%SZ");
    format!("report-{from}-to")
}

/// A duration in words; a dash for less than a second.
fn duration(millis: u64) -> String {
    match delta(millis) {
        delta if delta < TimeDelta::seconds(1) => "–".to_owned(),
        delta => span(delta),
    }
}

fn delta(millis: u64) -> TimeDelta {
    let millis = i64::try_from(millis).unwrap_or(i64::MAX);
    TimeDelta::try_milliseconds(millis).unwrap_or(TimeDelta::MAX)
}

const GROUP_COLUMNS: [&str; 8] = [
    "Group",
    "Connection",
    "Failovers",
    "No primary or on slate",
    "Longest",
    "Recoveries",
    "Mean time to recover",
    "Not known",
];

/// The cells of the row "All": durations are summed, and the longest is the longest of all groups. The last cell is
/// empty, because a sum of unknown times could exceed the period.
fn total(groups: &[GroupReport]) -> [String; 6] {
    let recoveries: usize = groups.iter().map(|group| group.recoveries).sum();
    let recovering: u64 = groups
        .iter()
        .map(|group| group.mean_recovery_ms.unwrap_or(0) * group.recoveries as u64)
        .sum();
    let longest = groups.iter().map(|group| group.longest_ms).max();
    [
        groups
            .iter()
            .map(|group| group.failovers)
            .sum::<usize>()
            .to_string(),
        duration(groups.iter().map(|group| group.without_ms).sum()),
        duration(longest.unwrap_or(0)),
        recoveries.to_string(),
        duration(recovering.checked_div(recoveries as u64).unwrap_or(0)),
        String::new(),
    ]
}

fn cells(group: &GroupReport) -> [String; 6] {
    [
        group.failovers.to_string(),
        duration(group.without_ms),
        duration(group.longest_ms),
        group.recoveries.to_string(),
        group
            .mean_recovery_ms
            .map_or_else(|| "–".to_owned(), duration),
        duration(group.unknown_ms),
    ]
}

#[component]
fn Groups(
    groups: Vec<GroupReport>,
    title: impl Fn(&str) -> String + Copy + Send + Sync + 'static,
    is_removed: bool,
) -> impl IntoView {
    let total = total(&groups).map(|words| view! { <td><b>{words}</b></td> });
    let none = groups.is_empty();
    let body = groups.into_iter().map(|group| {
        let cells = cells(&group).map(|words| view! { <td>{words}</td> });
        let href = Route::of(&group.resource).href();
        let connection = group.resource.connection;
        let group_name = group.name;
        view! {
            <tr>
                <th scope="row"><a href=href>{name(move || group_name.clone())}</a></th>
                <td>{title(&connection)}</td>
                {cells.into_iter().collect_view()}
            </tr>
        }
    });
    let body = body.collect_view();
    let head = GROUP_COLUMNS.map(|words| view! { <th scope="col">{words}</th> });
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
            {none.then(|| nothing(is_removed, "No group matches."))}
        </section>
    }
}

const PLAN_COLUMNS: [&str; 5] = ["Plan", "Connection", "Runs", "Failed", "With warnings"];

#[component]
fn Plans(
    plans: Vec<PlanReport>,
    title: impl Fn(&str) -> String + Copy + Send + Sync + 'static,
    is_removed: bool,
) -> impl IntoView {
    let none = plans.is_empty();
    let body = plans.into_iter().map(|plan| {
        let connection = plan.connection;
        let numbers =
            [plan.runs, plan.failed, plan.warnings].map(|number| view! { <td>{number}</td> });
        view! {
            <tr>
                <th scope="row">{name(move || plan.plan.clone())}</th>
                <td>{title(&connection)}</td>
                {numbers.into_iter().collect_view()}
            </tr>
        }
    });
    let body = body.collect_view();
    let head = PLAN_COLUMNS.map(|words| view! { <th scope="col">{words}</th> });
    view! {
        <section class="panel" aria-labelledby="plans-report">
            <header><h2 id="plans-report">"Failover plans"</h2><p>"Runs that ended in this period while the gateway was watching. A renamed plan has a row for each of its names."</p></header>
            <div class="scroll" tabindex="0" role="region" aria-label="Failover plans, scrollable" hidden=none>
                <table>
                    <caption class="vh">"Failover plans"</caption>
                    <thead><tr>{head.into_iter().collect_view()}</tr></thead>
                    <tbody>{body}</tbody>
                </table>
            </div>
            {none.then(|| nothing(is_removed, "No run of a failover plan ended in this period while the gateway was watching."))}
        </section>
    }
}

const CSV_COLUMNS: [&str; 14] = [
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

/// Both tables in one file, with empty cells where a column does not apply to a row.
fn csv(report: &ReportData, title: impl Fn(&str) -> String) -> String {
    let seconds = |millis: u64| format!("{}.{:03}", millis / 1_000, millis % 1_000);
    // The period is repeated in each row, so that files of several periods can be concatenated.
    let period = [report.from, report.to].map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
    let [from, to] = &period;
    let groups = report.groups.iter().map(|group| {
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
    let plans = report.plans.iter().map(|plan| {
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
    file(&row(&CSV_COLUMNS), &groups.chain(plans).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::{CSV_COLUMNS, csv, file_prefix};
    use crate::ui::download::FileKind;
    use crate::ui::time_zone::tests::at;
    use health::inventory::{Kind, ResourceKey};
    use protocol::{GroupReport, PlanReport, Report};

    #[test]
    fn a_csv_file_names_its_period_in_each_row_and_in_the_file_name() {
        let report = Report {
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
        let text = csv(&report, str::to_owned);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(lines[0].ends_with(",From,To"), "{text}");
        for line in &lines {
            assert_eq!(line.split(',').count(), CSV_COLUMNS.len(), "{line}");
        }
        for line in &lines[1..] {
            assert!(
                line.ends_with(",2026-10-31T00:00:00Z,2026-11-30T12:30:00Z"),
                "{line}"
            );
        }
        assert_eq!(
            FileKind::Csv.name(&file_prefix(report.from), report.to),
            "report-2026-10-31T000000Z-to-2026-11-30T123000Z.csv"
        );
    }
}
