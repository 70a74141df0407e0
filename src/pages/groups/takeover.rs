//! The panel "Takeover": when another session takes over, and which one.

use super::action_context::ActionContext;
use super::countdown::{self, Animation, Countdown, countdown};
use super::handover::{Handover, HandoverView, Leaders, handover, last_to_process};
use crate::live::aveva::Election;
use crate::live::{Group, Live, Watched, clock, use_clock, use_watched};
use crate::prefs::use_prefs;
use chrono::TimeDelta;
use health::groups::{heartbeat_timing, is_pinned, session_name, unknown_primary_reason};
use health::inventory::ResourceKey;
use health::severity::Severity;
use health::verdict::Verdict;
use health::words;
use leptos::prelude::*;
use vendors::aveva::ClientSession;

fn name(session: &ClientSession) -> String {
    session_name(session).to_owned()
}

/// The content of the panel.
#[derive(Debug, Clone, PartialEq)]
enum Shown {
    /// The primary, and the countdown from its last heartbeat.
    Countdown(String, Countdown),
    Handover(Handover),
    /// Why there is no countdown.
    Message(String),
}

/// The countdown from the primary's last heartbeat to the takeover, and then the handover itself.
#[component]
pub fn Takeover(
    /// The page's actions.
    context: ActionContext,
    /// The current primary and the order of succession.
    election: Memo<Election>,
    /// The verdict on the group.
    verdict: Memo<Option<Verdict>>,
    /// The group's key in the gateway's inventory.
    resource: StoredValue<ResourceKey>,
) -> impl IntoView {
    let shown = shown(context, election, resource);
    // A view that is being replaced keeps its last text: these memos never become empty again.
    let countdown = Memo::new(move |before: Option<&Countdown>| match &*shown.read() {
        Shown::Countdown(_, countdown) => countdown.clone(),
        _ => before.cloned().unwrap_or_default(),
    });
    let handover = Memo::new(move |before: Option<&Handover>| match &*shown.read() {
        Shown::Handover(handover) => handover.clone(),
        _ => before.cloned().unwrap_or_default(),
    });
    let about = move || match &*shown.read() {
        Shown::Countdown(who, _) => Some(format!("heartbeat of the primary, {who}")),
        Shown::Handover(_) => Some("handing over".to_owned()),
        Shown::Message(_) => None,
    };
    let severity = move || match &*shown.read() {
        Shown::Countdown(_, countdown) => Some(countdown.severity),
        Shown::Handover(_) => {
            let verdict = verdict.read();
            let severity = verdict
                .as_ref()
                .map_or(Severity::Moving, |one| one.severity);
            Some(severity.min(Severity::Moving).key())
        }
        Shown::Message(_) => None,
    };
    // Redrawn only if the kind changes; otherwise only the texts change.
    let kind = Memo::new(move |_| std::mem::discriminant(&*shown.read()));
    let draw = move || {
        // Read, not only tracked: a memo that is never read does not run.
        kind.get();
        match &*shown.read_untracked() {
            Shown::Countdown(..) => view! { <CountdownView countdown /> }.into_any(),
            Shown::Handover(_) => view! { <HandoverView handover /> }.into_any(),
            Shown::Message(_) => view! {
                <p class="pad">{move || match &*shown.read() { Shown::Message(message) => Some(message.clone()), _ => None }}</p>
            }
            .into_any(),
        }
    };
    view! {
        <section class="panel" aria-labelledby="takeover" data-s=severity data-fresh=move || context.stale.get()>
            <header>
                <h2 id="takeover">"Takeover"</h2>
                {move || about().map(|words| view! { <p>{words}</p> })}
            </header>
            {draw}
        </section>
    }
}

/// The age of the gateway's alarm that the group's handover is stuck.
fn stuck_for(watched: Watched, resource: &ResourceKey) -> Option<TimeDelta> {
    let snapshot = watched.snapshot_untracked();
    let mut alarms = snapshot.alarms.iter();
    let alarm =
        alarms.find(|alarm| alarm.resource == *resource && alarm.word == "Handover stuck")?;
    untrack(|| Some(watched.since(alarm.since.at())))
}

/// The primary and the pending primary of the group, as this page has observed them.
fn leaders(
    live: Live<Group>,
    election: Memo<Election>,
    resource: StoredValue<ResourceKey>,
) -> Memo<Leaders> {
    let (clock, watched) = (use_clock(), use_watched());
    Memo::new(move |before: Option<&Leaders>| {
        let before = before.cloned().unwrap_or_default();
        let Some(group) = live.value() else {
            return before;
        };
        let election = election.read();
        let observation = group.observation_when_read(live.status, clock);
        let mut at = observation.observed_at;
        // If the handover was already stuck when the page was opened, the gateway's alarm tells for how long.
        if before == Leaders::default() {
            let lasts = resource.with_value(|resource| stuck_for(watched, resource));
            at = lasts.map_or(at, |lasts| at.min(observation.now - lasts));
        }
        let id_of = |session: &Option<ClientSession>| session.as_ref().map(name);
        before.after(id_of(&election.primary), id_of(&election.pending), at)
    })
}

/// The current content of the panel.
fn shown(
    context: ActionContext,
    election: Memo<Election>,
    resource: StoredValue<ResourceKey>,
) -> Memo<Shown> {
    let (clock, zone, live) = (use_clock(), use_prefs().zone, context.live);
    let leaders = leaders(live, election, resource);
    // The next primary and the previous one are memos, because they change only with a new reading.
    let next = Memo::new(move |_| {
        let (group, election) = (live.value()?, election.read());
        let id = &election.primary.as_ref()?.id;
        let mut others = election.succession.indexes().map(|(place, eligible)| {
            let session = &group.detail.sessions[place];
            (session, eligible && session.id != *id)
        });
        let next = others.find(|(_, comes_after)| *comes_after);
        next.map(|(session, _)| name(session))
    });
    let last = Memo::new(move |_| {
        let (group, election) = (live.value()?, election.read());
        let pending = election.pending.as_ref()?;
        last_to_process(&group.detail.sessions, pending).map(name)
    });
    Memo::new(move |_| {
        let Some(group) = live.value() else {
            return Shown::Message(String::new());
        };
        let observation = group.observation(live.status, clock);
        let (now, zone) = (observation.now, zone.get());
        let timeout = group.configuration.failover_timeout.as_ref();
        let election = election.read();
        let in_progress = election.pending.as_ref().and_then(|pending| {
            let timing = heartbeat_timing(pending, timeout, observation);
            handover(&leaders.read(), &timing, last.get(), now, zone)
        });
        if let Some(handover) = in_progress {
            return Shown::Handover(handover);
        }
        let Some(session) = &election.primary else {
            let detail = &group.detail;
            let why = unknown_primary_reason(&detail.status, &detail.sessions, detail.left_out);
            let no_primary =
                || "No session is primary, so there is no heartbeat to count from.".to_owned();
            return Shown::Message(why.unwrap_or_else(no_primary));
        };
        let next = next.read();
        let takeover = countdown::Takeover {
            primary: session_name(session),
            is_pinned: is_pinned(session, now),
            next: next.as_deref(),
        };
        let timing = heartbeat_timing(session, timeout, observation);
        match countdown(&takeover, &timing, now, zone) {
            Ok(countdown) => Shown::Countdown(name(session), countdown),
            Err(message) => Shown::Message(message),
        }
    })
}

#[component]
fn CountdownView(#[prop(into)] countdown: Signal<Countdown>) -> impl IntoView {
    let text = move |of: fn(&Countdown) -> String| move || of(&countdown.read());
    let at = move || words::decimal(countdown.read().at, 4);
    let animation = Memo::new(move |before: Option<&Animation>| {
        let (before, countdown) = (before.copied().unwrap_or_default(), countdown.read());
        before.at(clock::now(), countdown.age, countdown.timeout)
    });
    let seconds = |millis: f64| format!("{}s", words::decimal(millis / 1_000.0, 3));
    let (age, timeout) = (
        move || seconds(-animation.get().age),
        move || seconds(animation.get().timeout),
    );
    let again = move || animation.get().again.then_some("");
    // Near the ends of the timeline a centred label would overflow.
    let end = move || match countdown.read().at {
        at if at < 0.1 => Some("start"),
        at if at > 0.9 => Some("end"),
        _ => None,
    };
    let mark = move |index: usize, at: &'static str| {
        view! {
            <li style:--at=at>
                <span>
                    <b>{move || countdown.read().marks[index].0}</b>
                    {move || countdown.read().marks[index].1.clone()}
                </span>
            </li>
        }
    };
    view! {
        <div class="count" style:--now=at style:--age=age style:--timeout=timeout data-again=again>
            <output aria-live="off">{text(|countdown| countdown.big.clone())}</output>
            <div>
                <h3>{text(|countdown| countdown.sentence.clone())}</h3>
                <p class="dim">{text(|countdown| countdown.explained.clone())}</p>
            </div>
            <div class="lane">
                <i aria-hidden="true"></i>
                <ol aria-label="From last heartbeat to takeover">
                    {mark(0, "0")}
                    {mark(1, ".5")}
                    <li class="now" data-end=end><span>{text(|countdown| format!("now, {}", countdown.now))}</span></li>
                    {mark(2, "1")}
                </ol>
            </div>
        </div>
    }
}
