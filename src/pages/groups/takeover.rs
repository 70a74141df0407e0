//! When another session takes over, and which.

use super::handover::{Handover, HandoverView, Leaders, handover, last_to_process};
use crate::live::aveva::Election;
use crate::live::{Group, Live, clock, use_clock};
use crate::prefs::{Zone, use_prefs};
use crate::ui::times;
use chrono::{DateTime, TimeDelta, Utc};
use health::groups::{HeartbeatState, HeartbeatTiming, heartbeat_timing, is_pinned};
use health::severity::Severity;
use health::verdict::Verdict;
use health::words;
use leptos::prelude::*;
use vendors::aveva::ClientSession;

fn name(session: &ClientSession) -> String {
    session
        .id
        .clone()
        .or_else(|| session.name.clone())
        .unwrap_or_else(|| "(no id)".to_owned())
}

/// What the countdown shows.
#[derive(Debug, Clone, PartialEq, Default)]
struct Countdown {
    severity: &'static str,
    big: String,
    sentence: String,
    explained: String,
    /// The age as a share of the FailoverTimeout, at most 1.
    at: f64,
    /// The age and the FailoverTimeout, in milliseconds.
    age: f64,
    timeout: f64,
    marks: [(&'static str, String); 3],
    now: String,
}

/// What the panel shows.
#[derive(Debug, Clone, PartialEq)]
enum Shown {
    /// The primary, and the countdown from its last heartbeat.
    Countdown(String, Countdown),
    Handover(Handover),
    /// Why there is nothing to count.
    Words(String),
}

/// The countdown's words. Once a heartbeat is missed, the next due one is the takeover itself. A primary that an override
/// pins stays it, inactive from then on.
fn countdown(
    who: &str,
    pinned: bool,
    next: Option<&str>,
    timing: &HeartbeatTiming,
    now: DateTime<Utc>,
    zone: Zone,
) -> Option<Countdown> {
    let (age, timeout) = (timing.age?, timing.timeout?);
    let half = timeout / 2;
    let last = now - age;
    let clock = |at: DateTime<Utc>| times::moment(at, now, zone);
    let zero = TimeDelta::zero();
    let takeover = timeout - age;
    // The timing is judged for the moment of reading, as the verdict does: what became due since may have come.
    let (severity, big, sentence, explained) = match timing.state {
        HeartbeatState::OnTime | HeartbeatState::Future | HeartbeatState::Never if age <= half => (
            "normal",
            words::span(half - age),
            format!("Next heartbeat of {who} is due at {}.", clock(last + half)),
            format!(
                "Without one, {} {} {}.",
                match next {
                    _ if pinned => format!("{who} stays Primary and no data flows"),
                    Some(next) => format!("{next} takes over"),
                    None =>
                        "there is no primary, because no session is ready to take over,".to_owned(),
                },
                if pinned { "from" } else { "at" },
                clock(last + timeout)
            ),
        ),
        HeartbeatState::OnTime | HeartbeatState::Future | HeartbeatState::Never => (
            "normal",
            "due".to_owned(),
            format!("A heartbeat of {who} was due at {}.", clock(last + half)),
            "The next reading will show whether it arrived.".to_owned(),
        ),
        HeartbeatState::Late if takeover > zero => (
            "warning",
            words::span(takeover),
            match (next, clock(last + timeout)) {
                (Some(next), at) => {
                    format!("{next} takes over at {at} unless {who} reports first.")
                }
                (None, at) => format!(
                    "There is no primary from {at} unless {who} reports first: no session is ready to take over."
                ),
            },
            format!(
                "The heartbeat due {} ago has not arrived. A heartbeat before the deadline cancels the takeover.",
                words::span(age - half)
            ),
        ),
        HeartbeatState::Late => (
            "warning",
            "takeover due".to_owned(),
            format!("The takeover was due at {}.", clock(last + timeout)),
            "The next reading will show whether it happened.".to_owned(),
        ),
        HeartbeatState::Stale => (
            "critical",
            format!("{} late", words::span(-takeover)),
            format!(
                "{who} has been silent for {}, longer than the failover timeout.",
                words::span(age)
            ),
            format!(
                "{} heartbeats missed. The takeover was due at {}.",
                timing.missed,
                clock(last + timeout)
            ),
        ),
    };
    let (big, sentence, explained) = match timing.state {
        HeartbeatState::Late | HeartbeatState::Stale if pinned => (
            match timing.state {
                HeartbeatState::Late if takeover <= zero => "inactive".to_owned(),
                _ => big,
            },
            format!("{who} stays Primary because of the override: no takeover comes."),
            format!(
                "It has been silent for {}. Clear the override.",
                words::span(age)
            ),
        ),
        _ => (big, sentence, explained),
    };
    let (age_millis, timeout_millis) = (millis(age), millis(timeout).max(1.0));
    let due = if timing.state != HeartbeatState::OnTime {
        "Beat due, missed"
    } else {
        "Beat due"
    };
    Some(Countdown {
        severity,
        big,
        sentence,
        explained,
        at: (age_millis / timeout_millis).clamp(0.001, 1.0),
        age: age_millis,
        timeout: timeout_millis,
        marks: [
            ("Last heartbeat", clock(last)),
            (due, clock(last + half)),
            (
                if pinned { "Inactive" } else { "Takeover" },
                clock(last + timeout),
            ),
        ],
        now: words::span(age),
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of an age, drawn as a bar"
)]
fn millis(span: TimeDelta) -> f64 {
    span.num_milliseconds() as f64
}

/// By how many milliseconds the animation may be wrong before it is begun anew: less than can be seen.
const DRIFT: f64 = 500.0;

/// One animation along the lane. The browser moves it by itself, from one heartbeat to the next.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Animation {
    /// When the lane's beginning was, in milliseconds since 1970 by the browser's clock.
    begun: f64,
    /// The age at which the movement was begun, and how long the whole lane takes, in milliseconds.
    age: f64,
    timeout: f64,
    /// Whether it has the other name than the one before, without which the browser would not begin anew.
    again: bool,
}

impl Animation {
    /// This, while it is right, or the one that takes its place.
    fn at(self, now: f64, age: f64, timeout: f64) -> Self {
        let begun = now - age;
        if (self.timeout - timeout).abs() < f64::EPSILON && (self.begun - begun).abs() < DRIFT {
            return self;
        }
        Self {
            begun,
            age,
            timeout,
            again: !self.again,
        }
    }
}

/// The countdown from the primary's last heartbeat to the takeover, and then the handover itself.
#[component]
pub fn Takeover(
    /// What is shown, as it refreshes.
    live: Live<Group>,
    /// Who leads, and the order.
    election: Memo<Election>,
    /// What is said of the group.
    verdict: Memo<Option<Verdict>>,
) -> impl IntoView {
    let (clock, prefs) = (use_clock(), use_prefs());
    let stale = Memo::new(move |_| !live.status.freshness(clock).is_believable());
    let known = Memo::new(move |before: Option<&Leaders>| {
        let before = before.cloned().unwrap_or_default();
        let Some(group) = live.value() else {
            return before;
        };
        let election = election.read();
        let at = group.observation_when_read(live.status, clock).observed_at;
        let id_of = |session: &Option<ClientSession>| session.as_ref().map(name);
        before.after(id_of(&election.primary), id_of(&election.pending), at)
    });
    // Who comes after the primary, or who was it before; both only change with another reading.
    let (next, last) = (
        Memo::new(move |_| {
            let (group, election) = (live.value()?, election.read());
            let id = &election.primary.as_ref()?.id;
            let mut others = election.succession.places().map(|(place, eligible)| {
                let session = &group.detail.sessions[place];
                (session, eligible && session.id != *id)
            });
            let next = others.find(|(_, comes_after)| *comes_after);
            next.map(|(session, _)| name(session))
        }),
        Memo::new(move |_| {
            let (group, election) = (live.value()?, election.read());
            let pending = election.pending.as_ref()?;
            last_to_process(&group.detail.sessions, pending).map(name)
        }),
    );
    let shown = Memo::new(move |_| {
        let Some(group) = live.value() else {
            return Shown::Words(String::new());
        };
        let observation = group.observation(live.status, clock);
        let (now, zone) = (observation.now, prefs.zone.get());
        let timeout = group.configuration.failover_timeout.as_ref();
        let election = election.read();
        let handing = election.pending.as_ref().and_then(|pending| {
            let timing = heartbeat_timing(pending, timeout, observation);
            handover(&known.read(), &timing, last.get(), now, zone)
        });
        if let Some(words) = handing {
            return Shown::Handover(words);
        }
        let Some(session) = &election.primary else {
            return Shown::Words(
                "No session is primary, so there is no heartbeat to count from.".to_owned(),
            );
        };
        let who = name(session);
        match countdown(
            &who,
            is_pinned(session, observation.now),
            next.read().as_deref(),
            &heartbeat_timing(session, timeout, observation),
            now,
            zone,
        ) {
            Some(countdown) => Shown::Countdown(who, countdown),
            None => Shown::Words(format!(
                "{who} has not posted a heartbeat yet, or the group has no failover timeout."
            )),
        }
    });
    // What is drawn last keeps its words while it is taken away: a memo never holds less than it held.
    let countdown = Memo::new(move |before: Option<&Countdown>| match &*shown.read() {
        Shown::Countdown(_, countdown) => countdown.clone(),
        _ => before.cloned().unwrap_or_default(),
    });
    let handing = Memo::new(move |before: Option<&Handover>| match &*shown.read() {
        Shown::Handover(words) => words.clone(),
        _ => before.cloned().unwrap_or_default(),
    });
    let about = move || match &*shown.read() {
        Shown::Countdown(who, _) => Some(format!("heartbeat of the primary, {who}")),
        Shown::Handover(_) => Some("handing over".to_owned()),
        Shown::Words(_) => None,
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
        Shown::Words(_) => None,
    };
    // Drawn once, and then only its texts change.
    let kind = Memo::new(move |_| std::mem::discriminant(&*shown.read()));
    let draw = move || {
        // Read, not only tracked: a memo that nobody reads never runs, and so never changes.
        kind.get();
        match &*shown.read_untracked() {
            Shown::Countdown(..) => view! { <CountdownView countdown /> }.into_any(),
            Shown::Handover(_) => view! { <HandoverView handover=handing /> }.into_any(),
            Shown::Words(_) => view! {
                <p class="pad">{move || match &*shown.read() { Shown::Words(words) => Some(words.clone()), _ => None }}</p>
            }
            .into_any(),
        }
    };
    view! {
        <section class="panel" aria-labelledby="takeover" data-s=severity data-fresh=move || stale.get().then_some("stale")>
            <header>
                <h2 id="takeover">"Takeover"</h2>
                {move || about().map(|words| view! { <p>{words}</p> })}
            </header>
            {draw}
        </section>
    }
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
    // At the ends of the lane the label would overflow.
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

#[cfg(test)]
mod tests {
    use super::{Animation, countdown};
    use crate::prefs::Zone;
    use chrono::{DateTime, TimeDelta, Utc};
    use health::groups::heartbeat_timing;
    use vendors::aveva::{ClientSession, Heartbeat, TimeSpan};

    fn of_age(seconds: i64) -> super::Countdown {
        of(seconds, false)
    }

    fn of(seconds: i64, pinned: bool) -> super::Countdown {
        let now: DateTime<Utc> = "2026-11-21T14:32:08Z".parse().expect("a time");
        let heartbeat = Heartbeat {
            heartbeat_time: Some(now - TimeDelta::seconds(seconds)),
            ..Heartbeat::default()
        };
        let session = ClientSession {
            heartbeat: Some(heartbeat),
            ..ClientSession::default()
        };
        let timing = heartbeat_timing(&session, Some(&TimeSpan::from_seconds(60)), now);
        countdown("KILN-01", pinned, Some("KILN-02"), &timing, now, Zone::Utc).expect("a countdown")
    }

    #[test]
    fn before_half_of_the_timeout_the_next_heartbeat_counts_and_after_it_the_takeover() {
        for (age, severity, big) in [
            (6, "normal", "24 s"),
            (42, "warning", "18 s"),
            (72, "critical", "12 s late"),
        ] {
            let countdown = of_age(age);
            assert_eq!(
                (countdown.severity, countdown.big.as_str()),
                (severity, big),
                "{age} s"
            );
        }
        assert_eq!(
            of_age(42).sentence,
            "KILN-02 takes over at 14:32:26 unless KILN-01 reports first."
        );
    }

    #[test]
    fn a_primary_that_an_override_pins_is_followed_by_nobody() {
        for age in [6, 42, 72, 6_000] {
            let countdown = of(age, true);
            let all = format!("{countdown:?}").to_lowercase();
            assert!(
                !all.contains("kiln-02") && !all.contains("\"takeover"),
                "{all}"
            );
            assert_eq!(countdown.marks[2].0, "Inactive");
            assert_eq!(of_age(age).marks[2].0, "Takeover");
        }
        assert_eq!(
            of(6, true).explained,
            "Without one, KILN-01 stays Primary and no data flows from 14:33:02."
        );
        for age in [42, 72] {
            let countdown = of(age, true);
            assert_eq!(
                countdown.sentence,
                "KILN-01 stays Primary because of the override: no takeover comes."
            );
            assert!(countdown.explained.ends_with("Clear the override."));
        }
    }

    #[test]
    fn a_heartbeat_that_was_due_after_the_last_look_is_not_called_missed() {
        let countdown = of_age(31);
        assert_eq!(
            (countdown.severity, countdown.big.as_str()),
            ("normal", "due")
        );
    }

    #[test]
    fn the_movement_begins_anew_with_a_heartbeat_and_not_with_a_second() {
        let begun = Animation::default().at(100_000.0, 6_000.0, 60_000.0);
        assert_eq!((begun.begun, begun.age), (94_000.0, 6_000.0));
        assert_eq!(begun.at(101_000.0, 7_000.0, 60_000.0), begun);
        assert_eq!(begun.at(102_000.0, 8_400.0, 60_000.0), begun);
        for (now, age, timeout) in [
            (110_000.0, 0.0, 60_000.0),
            (101_000.0, 8_000.0, 60_000.0),
            (101_000.0, 7_000.0, 30_000.0),
        ] {
            let next = begun.at(now, age, timeout);
            assert_eq!((next.begun, next.timeout), (now - age, timeout));
            assert_ne!(next.again, begun.again, "{age}");
        }
    }

    #[test]
    fn the_lane_never_runs_over_its_end() {
        assert!((of_age(6000).at - 1.0).abs() < f64::EPSILON);
        assert!(of_age(0).at > 0.0);
    }
}
