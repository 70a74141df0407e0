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

/// A longer table draws only the visible machines.
const DRAW_ALL_UP_TO: usize = 100;

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

/// A task is judged like a session, because its states and results have the same meaning.
fn row(task: &Task, now: DateTime<Utc>, zone: Zone, imported: bool) -> Row {
    let as_session = Session {
        name: task.vm_name.clone(),
        creation_time: task.creation_time,
        end_time: task.end_time,
        state: task.state.clone(),
        result: task.result.clone(),
        unreadable: task.unreadable.clone(),
        ..Session::default()
    };
    let running_until = (!imported).then_some(now);
    let verdict = judge_session(&as_session, running_until);
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
        duration: or_dash(duration(&as_session, running_until).map(words::span)),
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
    /// The current time on the vendor's clock.
    now: Signal<DateTime<Utc>>,
    /// Whether the data is stale.
    stale: Signal<bool>,
    /// Whether the session is imported. Then the durations of running machines are unknown.
    #[prop(optional)]
    imported: bool,
) -> impl IntoView {
    let prefs = use_prefs();
    let count = Memo::new(move |_| session.read().tasks.len());
    let table = RowWindow::new(DRAW_ALL_UP_TO, count);
    let list = Memo::new(move |_| {
        let now = now.get();
        let zone = prefs.zone.get();
        let session = session.read();
        let visible = session.tasks.get(table.rows.get().rows).unwrap_or_default();
        let rows = visible.iter().map(|task| row(task, now, zone, imported));
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
    /// The row's number in the table, if not all rows are drawn.
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
    fn an_unreadable_result_is_distinguished_from_a_missing_one() {
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
