//! The section "Alerts": the targets of alerts, and whether deliveries succeed. Only for admins; the gateway refuses
//! the data to others.

use crate::api::transport::get;
use crate::api::{Arrived, Failure};
use crate::live::Live;
use crate::pages::last_known::{gateway_problems, loading};
use crate::pages::moments::use_moments;
use crate::ui::Icon;
use leptos::prelude::*;
use protocol::{AlertTargetState, AlertTargets};
use std::time::Duration;

/// The polling interval.
const INTERVAL: Duration = Duration::from_secs(10);

/// The section "Alerts".
#[component]
pub fn Alerts() -> impl IntoView {
    let state = Live::every(INTERVAL, |_| async {
        let list: Result<AlertTargets, Failure> = get("/api/alert-targets").await;
        Ok(Arrived::now(list?))
    });
    let list = Memo::new(move |_| {
        let list = state.value();
        list.map_or_else(Vec::new, |list| list.targets.clone())
    });
    let words = move || {
        let list = state.value()?;
        let count = |number: usize, one: &str, several: &str| match number {
            1 => format!("1 {one}"),
            _ => format!("{number} {several}"),
        };
        Some(format!(
            "{}, {}",
            count(list.rules, "rule", "rules"),
            count(list.targets.len(), "target", "targets")
        ))
    };
    let none = move || {
        let list = state.value()?;
        let none = match (list.targets.len(), list.rules) {
            (0, _) => {
                view! { "No alerts are configured. Add "<code>"[[alert_target]]"</code>" and " }
                    .into_any()
            }
            (_, 0) => {
                "No alert is sent to these targets, because there is no rule. Add ".into_any()
            }
            _ => return None,
        };
        Some(
            view! { <p class="blank">{none}<code>"[[alert]]"</code>" to the gateway's configuration."</p> },
        )
    };
    view! {
        <section class="panel" aria-labelledby="alerts">
            <header><h2 id="alerts">"Alerts"</h2><p>{words}</p></header>
            {loading(state.status)}
            {gateway_problems(state.status)}
            <div class="scroll" tabindex="0" role="region" aria-label="Alert targets, scrollable" hidden=move || list.read().is_empty()>
                <table>
                    <caption class="vh">"Alert targets"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Target"</th>
                            <th scope="col">"Last delivery"</th>
                            <th scope="col">"Last failure"</th>
                            <th scope="col">"Waiting"</th>
                            <th scope="col">"Undelivered"</th>
                        </tr>
                    </thead>
                    <tbody>{move || list.get().into_iter().map(|target| view! { <Target target /> }).collect_view()}</tbody>
                </table>
            </div>
            {none}
        </section>
    }
}

#[component]
fn Target(target: AlertTargetState) -> impl IntoView {
    let moment = use_moments();
    let fails = target.is_failing();
    let AlertTargetState {
        id,
        kind,
        delivered_at,
        failed_at,
        failure,
        waiting,
        undelivered,
    } = target;
    // A failure before the last delivery is no longer a warning.
    let severity = if fails { "warning" } else { "normal" };
    let mark = fails.then(|| view! { <Icon name="warning" /> });
    let number = undelivered.len();
    let list = (number > 0).then(|| {
        let one = move |one: protocol::UndeliveredAlert| {
            view! { <li>{move || moment(one.at)}" "<b>{one.name}</b>": "{one.failure}</li> }
        };
        view! { <details><summary>{number}</summary><ul>{undelivered.into_iter().map(one).collect_view()}</ul></details> }
    });
    view! {
        <tr>
            <th scope="row"><b>{id}</b><span class="sub">{kind}</span></th>
            <td>{move || delivered_at.map_or_else(|| "none yet".to_owned(), moment)}</td>
            <td><span class="st" data-s=severity>{mark}{move || failed_at.map_or_else(|| "none".to_owned(), moment)}</span><span class="sub">{failure}</span></td>
            <td>{waiting}</td>
            <td>{list.is_none().then_some("none")}{list}</td>
        </tr>
    }
}
