//! What rows and pages of resources have in common: the state, and moments with their ages.

use super::unreadable;
use crate::live::{Clock, Status, Watched};
use crate::prefs::{Zone, use_prefs};
use crate::ui::table::row_in_view::row_in_view;
use crate::ui::{StatusMark, Tag, times};
use chrono::{DateTime, TimeDelta, Utc};
use health::inventory::{EffectiveState, Observed, Resource};
use health::severity::Severity;
use health::verdict::Verdict;
use leptos::html;
use leptos::prelude::*;

/// What a row shows beside its resource.
pub struct RowContext {
    /// The connection's title.
    pub connection: String,
    /// The resource's state.
    pub state: RowState,
}

/// The cell "State" of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct RowState {
    /// How it counts.
    pub severity: Severity,
    /// The state in words.
    pub word: String,
    /// Where it is no longer current: what was last known, and how old that is.
    pub last_known: Option<String>,
    /// How its alarm is handled: "acknowledged", "in maintenance".
    pub handling: Option<&'static str>,
    /// How many of its fields could not be read.
    pub unreadable: usize,
    /// Whether it was read at all.
    pub is_read: bool,
}

impl RowState {
    /// Whether it was read with all of its fields, so that what is missing is not there.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.is_read && self.unreadable == 0
    }
}

/// The state of a resource at this moment, tracked.
#[must_use]
pub fn row_state(watched: Watched, resource: &Resource) -> RowState {
    let age = || watched.age_of(resource);
    let snapshot = watched.snapshot();
    let mut alarms = snapshot.alarms.iter();
    let alarm = alarms.find(|alarm| alarm.resource == resource.key);
    RowState {
        handling: alarm.and_then(|alarm| alarm.handling_label()),
        unreadable: resource.unreadable.len(),
        is_read: resource.observed != Observed::Never,
        ..shown(watched.effective_state(resource), age)
    }
}

/// The state of the resource of a page that reads it for itself, at this moment, tracked.
#[must_use]
pub fn page_state(verdict: Option<&Verdict>, status: Status, clock: Clock) -> RowState {
    let state = match verdict {
        Some(verdict) => EffectiveState::of(verdict, status.freshness(clock)),
        None => EffectiveState {
            severity: Severity::Unknown,
            word: "Unknown".into(),
            last_known: None,
        },
    };
    shown(state, || status.age(clock))
}

/// The mark of what shows a page's resource while that is too old to be believed.
#[must_use]
pub fn stale_mark(status: Status, clock: Clock) -> Memo<Option<&'static str>> {
    Memo::new(move |_| {
        let is_believable = status.freshness(clock).is_believable();
        (!is_believable).then_some("stale")
    })
}

/// What is said of a page's resource that is not normal, and what to do.
pub fn verdict_line(verdict: Memo<Option<Verdict>>) -> impl IntoView {
    move || {
        let verdict = verdict.get()?;
        (verdict.severity != Severity::Normal)
            .then(|| view! { <p class="why"><b>{verdict.sentence}</b>" "{verdict.advice}</p> })
    }
}

fn shown(state: EffectiveState, age: impl FnOnce() -> Option<TimeDelta>) -> RowState {
    let last_known = state.last_known.map(|word| {
        let age = times::age(age());
        // A word that stands above is not written twice.
        if word == state.word {
            format!("last known, {age}")
        } else {
            format!("last known {word}, {age}")
        }
    });
    RowState {
        severity: state.severity,
        word: state.word.into_owned(),
        last_known,
        handling: None,
        unreadable: 0,
        is_read: true,
    }
}

/// The state of a page's resource as a tag, and beside it what was last known.
#[component]
pub fn StateTag(
    /// What it shows.
    #[prop(into)]
    state: Signal<RowState>,
) -> impl IntoView {
    let severity = Signal::derive(move || state.read().severity);
    let word = Signal::derive(move || state.read().word.clone());
    view! { <Tag severity word />{last_known_beside(state)} }
}

/// What was last known, beside a tag, where it is no longer current.
pub fn last_known_beside(state: Signal<RowState>) -> impl IntoView {
    move || {
        let last_known = state.read().last_known.clone();
        last_known.map(|words| view! { <span class="known">{words}</span> })
    }
}

/// The cell "State" of a row.
#[component]
pub fn StateCell(
    /// What it shows.
    state: Signal<RowState>,
) -> impl IntoView {
    let severity = Signal::derive(move || state.read().severity);
    let word = Signal::derive(move || state.read().word.clone());
    let last_known = move || {
        let last_known = state.read().last_known.clone();
        last_known.map(|words| view! { <span class="sub">{words}</span> })
    };
    let handling = move || {
        let handling = state.read().handling;
        handling.map(|words| view! { <span class="sub">{words}</span> })
    };
    let unreadable = move || {
        let unreadable = state.read().unreadable;
        (unreadable > 0).then(|| view! { <span class="sub">{unreadable::count(unreadable)}</span> })
    };
    view! { <td><StatusMark severity word />{last_known}{handling}{unreadable}</td> }
}

/// When a row is drawn, by its vendor's clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowTime {
    /// The vendor's time.
    pub now: DateTime<Utc>,
    /// The zone on the screen.
    pub zone: Zone,
    /// Whether this is kept current. A row far from what is seen shows moments and no ages, because
    /// nobody writes them each second.
    pub is_current: bool,
}

impl RowTime {
    /// As [`times::moment_and_age`].
    #[must_use]
    pub fn moment(self, at: Option<DateTime<Utc>>) -> (String, String) {
        let (moment, age) = times::moment_and_age(at, self.now, self.zone);
        let is_said = self.is_current || at.is_none();
        (moment, if is_said { age } else { String::new() })
    }
}

/// The time of a row, by its vendor's clock: each second while the row is near what is seen.
pub fn row_time(
    row: NodeRef<html::Tr>,
    now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
) -> Memo<RowTime> {
    let zone = use_prefs().zone;
    let in_view = row_in_view(row);
    Memo::new(move |_| {
        let is_current = in_view.get();
        let now = if is_current { now() } else { untrack(&now) };
        RowTime {
            now,
            zone: zone.get(),
            is_current,
        }
    })
}

/// A cell with a moment and how long ago it was.
#[component]
pub fn MomentCell(
    /// The moment, by the vendor's clock.
    at: Signal<Option<DateTime<Utc>>>,
    /// Whether a missing moment is one that was not read, and not one that never was.
    #[prop(into)]
    unread: Signal<bool>,
    /// The row's time.
    time: Memo<RowTime>,
) -> impl IntoView {
    let words = Memo::new(move |_| {
        let at = at.get();
        if at.is_none() && unread.get() {
            return ("–".to_owned(), "not known".to_owned());
        }
        time.get().moment(at)
    });
    view! { <td>{move || words.read().0.clone()}<span class="sub">{move || words.read().1.clone()}</span></td> }
}

#[cfg(test)]
mod tests {
    use super::RowTime;
    use crate::prefs::Zone;
    use chrono::{DateTime, Utc};

    #[test]
    fn a_row_that_is_not_kept_current_shows_no_age() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        let time = RowTime {
            now: at("2026-11-21T14:32:08Z"),
            zone: Zone::Utc,
            is_current: true,
        };
        let away = RowTime {
            is_current: false,
            ..time
        };
        let moment = Some(at("2026-11-21T14:31:25Z"));
        assert_eq!(time.moment(moment), ("14:31:25".into(), "43 s ago".into()));
        assert_eq!(away.moment(moment), ("14:31:25".into(), String::new()));
        assert_eq!(away.moment(None), ("–".into(), "none reported".into()));
    }
}
