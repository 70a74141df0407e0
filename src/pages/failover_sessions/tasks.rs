//! The virtual machines of a session.

use super::model::{glyph, message, or_dash, state};
use crate::live::rows::Rows;
use crate::pages::unreadable::or_unreadable;
use crate::prefs::{Zone, use_prefs};
use crate::ui::table::row_window::{LongTable, RowWindow};
use crate::ui::{StatusMark, name, times};
use chrono::{DateTime, Utc};
use health::failover_sessions::{duration, judge_session};
use health::severity::Severity;
use health::words;
use leptos::prelude::*;
use std::sync::Arc;
use vendors::veeam::{Session, Task};

/// Up to this many machines are all drawn.
const ALL_DRAWN: usize = 100;

#[derive(Debug, Clone, PartialEq)]
struct Row {
    machine: String,
    severity: Severity,
    glyph: Option<&'static str>,
    result: String,
    state: String,
    started: String,
    duration: String,
    replica: String,
    message: Option<String>,
}

/// A task is judged as a session of its own: the same states and results mean the same.
fn row(task: &Task, now: DateTime<Utc>, zone: Zone, imported: bool) -> Row {
    let alike = Session {
        name: task.vm_name.clone(),
        creation_time: task.creation_time,
        end_time: task.end_time,
        state: task.state.clone(),
        result: task.result.clone(),
        unreadable: task.unreadable.clone(),
        ..Session::default()
    };
    let running_until = (!imported).then_some(now);
    let verdict = judge_session(&alike, running_until);
    let marked = |name, words| or_unreadable(&task.unreadable, name, words);
    Row {
        machine: or_dash(task.vm_name.clone()),
        severity: verdict.severity,
        glyph: glyph(task.result.as_ref(), verdict.severity),
        result: match verdict.severity {
            Severity::Unknown => marked(
                "Result",
                or_dash(task.result.as_ref().map(|it| it.word().to_owned())),
            ),
            _ => verdict.word.into_owned(),
        },
        state: marked("State", state(task.state.as_ref())),
        started: marked(
            "CreationTimeUTC",
            or_dash(task.creation_time.map(|at| times::moment(at, now, zone))),
        ),
        duration: or_dash(duration(&alike, running_until).map(words::span)),
        replica: or_dash(
            task.replica_point
                .as_ref()
                .and_then(|link| link.name.clone()),
        ),
        message: message(
            task.failure_message.as_deref(),
            task.result.as_ref(),
            &task.unreadable,
        ),
    }
}

/// The machines of a session.
#[component]
pub fn Tasks(
    /// The session.
    session: Signal<Arc<Session>>,
    /// The vendor's time.
    now: Signal<DateTime<Utc>>,
    /// Whether the data is stale.
    stale: Signal<bool>,
    /// Whether it was imported, and nobody knows how long what runs in it has been running.
    #[prop(optional)]
    imported: bool,
) -> impl IntoView {
    let prefs = use_prefs();
    let count = Memo::new(move |_| session.read().tasks.len());
    let table = RowWindow::new(ALL_DRAWN, count);
    let list = Memo::new(move |_| {
        let now = now.get();
        let zone = prefs.zone.get();
        let session = session.read();
        let seen = session.tasks.get(table.rows.get().rows).unwrap_or_default();
        let rows = seen.iter().map(|task| row(task, now, zone, imported));
        rows.collect::<Vec<_>>()
    });
    let rows = Rows::follow(list);
    let draw = move |place, row| view! { <TaskRow row at=Signal::derive(move || table.row_index(place)) /> };
    let columns = [
        "Result",
        "Machine",
        "State",
        "Started",
        "Duration",
        "Replica point",
    ];
    let head = columns.map(|column| view! { <th scope="col">{column}</th> });
    let head = head.into_iter().collect_view().into_any();
    let none = move || {
        (count.get() == 0).then(
            || view! { <p class="blank">"The server lists no machines for this session."</p> },
        )
    };
    view! {
        <section class="panel" aria-labelledby="machines" data-fresh=move || stale.get().then_some("stale")>
            <header><h2 id="machines">"Machines"</h2><p>{count}</p></header>
            <LongTable table caption="Virtual machines of the session" region="Machines" head>
                <tbody>{table.before()}{rows.draw_numbered(draw)}{table.after()}</tbody>
            </LongTable>
            {none}
        </section>
    }
}

#[component]
fn TaskRow(
    row: RwSignal<Row>,
    /// Its number in the table, where not all rows are drawn.
    at: Signal<Option<usize>>,
) -> impl IntoView {
    let result = move || {
        let row = row.read();
        view! { <StatusMark severity=row.severity word=row.result.clone() icon=row.glyph /> }
    };
    view! {
        <tr aria-rowindex=move || at.get()>
            <td>{result}</td>
            <th scope="row"><b>{name(move || row.read().machine.clone())}</b>{move || row.read().message.clone().map(|text| view! { <span class="sub msg" dir="auto">{text}</span> })}</th>
            <td>{move || row.read().state.clone()}</td>
            <td>{move || row.read().started.clone()}</td>
            <td>{move || row.read().duration.clone()}</td>
            <td>{name(move || row.read().replica.clone())}</td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::row;
    use crate::prefs::Zone;
    use chrono::{DateTime, Utc};
    use vendors::UnreadableField;
    use vendors::veeam::{Outcome, State, Task};

    #[test]
    fn a_result_that_cannot_be_read_is_not_told_as_none() {
        let unreadable = UnreadableField {
            name: "Result".to_owned(),
            raw: "Code: 7".to_owned(),
        };
        for (result, unreadable, words) in [
            (None, vec![unreadable], "unreadable"),
            (None, Vec::new(), "–"),
            (Some(Outcome::Other("Odd".into())), Vec::new(), "Odd"),
            (Some(Outcome::Success), Vec::new(), "Success"),
        ] {
            let task = Task {
                state: Some(State::Stopped),
                result,
                unreadable,
                ..Task::default()
            };
            let row = row(&task, DateTime::<Utc>::UNIX_EPOCH, Zone::Utc, false);
            assert_eq!(row.result, words);
        }
    }
}
