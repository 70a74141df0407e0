//! The common parts of rows and pages of resources: the state, and moments with their ages.

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

/// The data of a row beside its resource.
pub struct RowContext {
    /// The connection's title.
    pub connection: String,
    /// The resource's state.
    pub state: RowState,
}

/// The cell "State" of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct RowState {
    /// The effective severity.
    pub severity: Severity,
    /// The state as text.
    pub word: String,
    /// If the state is no longer current: the last known state and its age.
    pub last_known: Option<String>,
    /// How its alarm is handled: "acknowledged", "in maintenance".
    pub handling: Option<&'static str>,
    /// Number of unreadable fields.
    pub unreadable: usize,
    /// Whether the resource has ever been read.
    pub is_read: bool,
}

impl RowState {
    /// Whether all fields were read, so that a missing value means that there is none.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.is_read && self.unreadable == 0
    }
}

/// The current state of a resource, tracked.
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

/// The current state of a resource on a page that reads the resource itself, tracked.
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

/// The value of `data-fresh` on elements that show a page's resource: "stale" while its data is stale.
#[must_use]
pub fn stale_mark(status: Status, clock: Clock) -> Memo<Option<&'static str>> {
    Memo::new(move |_| {
        let is_believable = status.freshness(clock).is_believable();
        (!is_believable).then_some("stale")
    })
}

/// The verdict and the advice for a page's resource that is not normal.
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
        // The state that is already shown is not repeated.
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

/// The state of a page's resource as a tag, with the last known state beside it.
#[component]
pub fn StateTag(
    /// The state.
    #[prop(into)]
    state: Signal<RowState>,
) -> impl IntoView {
    let severity = Signal::derive(move || state.read().severity);
    let word = Signal::derive(move || state.read().word.clone());
    view! { <Tag severity word />{last_known_beside(state)} }
}

/// The last known state, beside a tag, if the state is no longer current.
pub fn last_known_beside(state: Signal<RowState>) -> impl IntoView {
    move || {
        let last_known = state.read().last_known.clone();
        last_known.map(|words| view! { <span class="known">{words}</span> })
    }
}

/// The cell "State" of a row.
#[component]
pub fn StateCell(
    /// The state.
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

/// The time of a row, by its vendor's clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowTime {
    /// The vendor's time.
    pub now: DateTime<Utc>,
    /// The selected time zone.
    pub zone: Zone,
    /// Whether `now` is updated each second. A row far outside the view is not updated, so it shows moments without
    /// ages.
    pub is_current: bool,
}

impl RowTime {
    /// Like [`times::moment_and_age`], without the age if the row is not current.
    #[must_use]
    pub fn moment(self, at: Option<DateTime<Utc>>) -> (String, String) {
        let (moment, age) = times::moment_and_age(at, self.now, self.zone);
        let shows_age = self.is_current || at.is_none();
        (moment, if shows_age { age } else { String::new() })
    }
}

/// The time of a row, by its vendor's clock: updated each second while the row is in or near the view.
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
    /// Whether a missing moment is unknown, because it was not read, rather than absent.
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
    fn a_row_outside_the_view_shows_no_age() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        let time = RowTime {
            now: at("2026-11-21T14:32:08Z"),
            zone: Zone::Utc,
            is_current: true,
        };
        let outside = RowTime {
            is_current: false,
            ..time
        };
        let moment = Some(at("2026-11-21T14:31:25Z"));
        assert_eq!(time.moment(moment), ("14:31:25".into(), "43 s ago".into()));
        assert_eq!(outside.moment(moment), ("14:31:25".into(), String::new()));
        assert_eq!(outside.moment(None), ("–".into(), "none reported".into()));
    }
}
