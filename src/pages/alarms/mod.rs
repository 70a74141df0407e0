//! Alarms: the list on the overview and the counts in the rail. The gateway raises alarms; this module only
//! marks those that are no longer current.

pub mod acknowledge;
pub mod duration_choice;
pub mod remedies;
pub mod row;

pub use row::{AlarmAction, AlarmDialog, alarm_list, note_lines};

use crate::client_view::once;
use crate::live::{Watched, use_watched};
use crate::nav::{Nav, use_nav};
use crate::route::Route;
use crate::ui::table::filters::{is_severity, is_system, known};
use crate::ui::times;
use health::alarms::Alarm;
use health::inventory::Kind;
use health::severity::Severity;
use leptos::prelude::*;
use std::sync::Arc;

/// An alarm as it is currently shown.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownAlarm {
    /// The alarm.
    pub alarm: Arc<Alarm>,
    /// The connection's title, because resource names are unique only within a connection; empty if the alarm is about
    /// the connection itself.
    pub connection: String,
    /// If the alarm is no longer current: "last known" and its age.
    pub last_known: Option<String>,
}

impl ShownAlarm {
    /// The accessible name of the list entry.
    #[must_use]
    pub fn label(&self) -> String {
        let (name, severity) = (&self.alarm.name, self.alarm.severity.word());
        let mut label = format!("{name}: {severity}");
        let more = [
            self.connection.as_str(),
            self.last_known.as_deref().unwrap_or_default(),
            self.alarm.handling_label().unwrap_or_default(),
        ];
        for more in more.into_iter().filter(|words| !words.is_empty()) {
            label.push_str(", ");
            label.push_str(more);
        }
        label
    }

    /// The end of a button's accessible name. It contains no age, so that it changes only with the alarm.
    #[must_use]
    pub fn about(&self) -> String {
        let mut about = format!(" {}, {}", self.alarm.name, self.alarm.word);
        if !self.connection.is_empty() {
            about.push_str(", ");
            about.push_str(&self.connection);
        }
        about
    }

    /// The second line: the connection and the advice.
    #[must_use]
    pub fn details(&self) -> String {
        let (connection, advice) = (&self.connection, &self.alarm.advice);
        let between = if connection.is_empty() || advice.is_empty() {
            ""
        } else {
            " · "
        };
        format!("{connection}{between}{advice}")
    }
}

/// Similar alarms, folded into one entry: alarms of one connection with the same resource kind, severity and word.
#[derive(Debug, Clone, PartialEq)]
pub struct SimilarAlarms {
    /// The worst of them.
    pub first: ShownAlarm,
    /// The others, worst first.
    pub others: Vec<ShownAlarm>,
}

impl SimilarAlarms {
    /// Identifies the entry across refreshes. Does not depend on which of the folded alarms is the worst.
    #[must_use]
    pub fn key(&self) -> String {
        let alarm = &self.first.alarm;
        if self.others.is_empty() {
            return alarm.id.clone();
        }
        let (kind, connection) = (alarm.resource.kind.noun(), &alarm.resource.connection);
        let severity = alarm.severity.key();
        format!("{connection} {kind} {severity} {}", alarm.word)
    }
}

/// The largest number of similar alarms that are listed individually; more are folded behind the worst of them.
const MAX_UNFOLDED: usize = 3;

/// Folds alarms that probably have the same cause: the failure of a complete site is one entry, not hundreds.
#[must_use]
pub fn similar_alarms(alarms: &[ShownAlarm]) -> Vec<SimilarAlarms> {
    // The list of causes stays short: a connection has few kinds of resources, and each kind has few state words.
    let mut causes: Vec<Cause> = Vec::new();
    for shown in alarms {
        match causes.iter_mut().find(|cause| cause.matches(shown)) {
            Some(cause) => cause.number += 1,
            None => causes.push(Cause {
                first: shown,
                number: 1,
                place: None,
            }),
        }
    }
    let mut list: Vec<SimilarAlarms> = Vec::new();
    for shown in alarms {
        let cause = causes.iter_mut().find(|cause| cause.matches(shown));
        let cause = cause.filter(|cause| cause.number > MAX_UNFOLDED);
        match cause.as_ref().and_then(|cause| list.get_mut(cause.place?)) {
            Some(similar) => similar.others.push(shown.clone()),
            None => {
                if let Some(cause) = cause {
                    cause.place = Some(list.len());
                }
                list.push(SimilarAlarms {
                    first: shown.clone(),
                    others: Vec::new(),
                });
            }
        }
    }
    list
}

/// Alarms with the same cause: the first one, their number, and the index of their entry in the list.
struct Cause<'a> {
    first: &'a ShownAlarm,
    number: usize,
    place: Option<usize>,
}

impl Cause<'_> {
    fn matches(&self, shown: &ShownAlarm) -> bool {
        let (one, other) = (&self.first.alarm, &shown.alarm);
        one.severity == other.severity
            && one.resource.kind == other.resource.kind
            && one.word == other.word
            && one.resource.connection == other.resource.connection
    }
}

/// The filters for system and severity in the URL, tracked; `None` for all.
#[must_use]
pub fn filters(nav: Nav) -> [Option<String>; 2] {
    let of = |param, is_known: fn(&str) -> bool| known(&nav.param(param)?, is_known);
    [of("system", is_system), of("severity", is_severity)]
}

/// Whether an alarm passes the filters in the URL, tracked.
fn is_included(nav: Nav, watched: Watched) -> impl Fn(&Alarm) -> bool {
    let [systems, severities] = filters(nav);
    let snapshot = watched.snapshot();
    let holds = |list: &Option<String>, key: &str| {
        let list = list.as_deref();
        list.is_none_or(|list| list.split(',').any(|one| one == key))
    };
    move |alarm| {
        let state = snapshot.connection(&alarm.resource.connection);
        let system = state.map_or("", |state| state.connection.system.kind().key());
        holds(&systems, system) && holds(&severities, alarm.severity.key())
    }
}

/// The alarm count of an entry in the rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmCount {
    /// Number of open alarms.
    pub number: usize,
    /// The severity of the worst one.
    pub worst: Severity,
}

/// The alarms that pass the filters in the URL, worst first: either the handled ones (acknowledged or in maintenance),
/// or the open ones.
#[must_use]
pub fn alarms(handled: bool) -> Memo<Vec<ShownAlarm>> {
    let (watched, nav) = (use_watched(), use_nav());
    Memo::new(move |_| {
        let snapshot = watched.snapshot();
        let is_included = is_included(nav, watched);
        snapshot
            .alarms
            .iter()
            .filter(|alarm| alarm.is_handled() == handled && is_included(alarm))
            .map(|alarm| ShownAlarm {
                last_known: last_known(watched, alarm),
                connection: connection(watched, alarm),
                alarm: Arc::clone(alarm),
            })
            .collect()
    })
}

/// The open alarms of a page's resource, shown while the page loads; hidden if there are none. They
/// open no dialogs: a dialog would close and lose its input as soon as the page has loaded.
pub fn alarms_of(page: Route) -> AnyView {
    let all = alarms(false);
    let here = Memo::new(move |_| {
        let mut alarms = all.get();
        alarms.retain(|shown| page.is_of(&shown.alarm.resource));
        similar_alarms(&alarms)
    });
    let is_empty = Memo::new(move |_| here.read().is_empty());
    once(view! {
        <section class="panel" aria-label="Needs attention" hidden=is_empty>
            <header><h2>"Needs attention"</h2></header>
            <ol class="alarms" aria-label="Alarms">{alarm_list(here, None)}</ol>
        </section>
    })
}

/// The title of an alarm's connection, tracked; empty if the alarm is about the connection itself.
#[must_use]
pub fn connection(watched: Watched, alarm: &Alarm) -> String {
    let key = &alarm.resource;
    if key.kind == Kind::Connection {
        return String::new();
    }
    watched.snapshot().title(&key.connection)
}

fn last_known(watched: Watched, alarm: &Alarm) -> Option<String> {
    let snapshot = watched.snapshot();
    let resource = snapshot.find(&alarm.resource);
    let age = if alarm.is_unconfirmed(resource.map(Arc::as_ref)) {
        None
    } else {
        let resource = resource?;
        watched.effective_state(resource).last_known?;
        watched.age_of(resource)
    };
    Some(format!("last known, {}", times::age(age)))
}

/// The number of open alarms about resources of a kind, without those acknowledged or in maintenance.
#[must_use]
pub fn count(kind: Kind) -> Memo<AlarmCount> {
    let watched = use_watched();
    Memo::new(move |_| {
        let snapshot = watched.snapshot();
        let of_kind = || {
            let alarms = snapshot.alarms.iter();
            alarms.filter(move |alarm| alarm.resource.kind == kind && !alarm.is_handled())
        };
        AlarmCount {
            number: of_kind().count(),
            worst: of_kind()
                .map(|alarm| alarm.severity)
                .min()
                .unwrap_or(Severity::Normal),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{ShownAlarm, SimilarAlarms, similar_alarms};
    use crate::live::alarm;
    use health::alarms::Alarm;
    use health::inventory::Kind;
    use std::sync::Arc;

    fn shown(connection: &str, id: usize, word: &'static str) -> ShownAlarm {
        ShownAlarm {
            alarm: Arc::new(Alarm {
                id: format!("{connection}{id}"),
                word: word.into(),
                ..alarm(Kind::FailoverGroup, connection, &id.to_string())
            }),
            connection: connection.to_owned(),
            last_known: None,
        }
    }

    #[test]
    fn more_than_three_similar_alarms_are_folded_into_one_entry() {
        for (of_a, of_b, expected) in [
            (0, 0, vec![]),
            (1, 1, vec![0, 0]),
            (3, 3, vec![0; 6]),
            (4, 2, vec![3, 0, 0]),
            (300, 7, vec![299, 6]),
        ] {
            let a = (0..of_a).map(|id| shown("plant-a", id, "No primary"));
            let b = (0..of_b).map(|id| shown("plant-b", id, "No primary"));
            let alarms: Vec<ShownAlarm> = a.chain(b).collect();
            let sizes: Vec<usize> = similar_alarms(&alarms)
                .iter()
                .map(|one| one.others.len())
                .collect();
            assert_eq!(sizes, expected);
        }
    }

    #[test]
    fn alarms_with_different_words_are_not_folded_together() {
        let words = ["No primary", "Heartbeat late"];
        let alarms: Vec<ShownAlarm> = (0..14)
            .map(|id| shown("plant-a", id, words[id % 2]))
            .collect();
        let folded = similar_alarms(&alarms);
        let first: Vec<&str> = folded
            .iter()
            .map(|one| one.first.alarm.name.as_str())
            .collect();
        assert_eq!(first, ["0", "1"]);
        let others: Vec<&str> = folded[0]
            .others
            .iter()
            .map(|one| one.alarm.name.as_str())
            .collect();
        assert_eq!(others, ["2", "4", "6", "8", "10", "12"]);
    }

    #[test]
    fn a_single_entry_has_its_alarm_as_key_and_a_folded_entry_its_cause() {
        let keys = |ids: std::ops::Range<usize>| {
            let alarms: Vec<ShownAlarm> = ids.map(|id| shown("plant-a", id, "Failed")).collect();
            let entries = similar_alarms(&alarms);
            entries.iter().map(SimilarAlarms::key).collect::<Vec<_>>()
        };
        assert_eq!(keys(1..4), ["plant-a1", "plant-a2", "plant-a3"]);
        assert_eq!(keys(2..3), ["plant-a2"]);
        // The key stays the same after the worst alarm has ended.
        assert_eq!(keys(0..9), ["plant-a groups critical Failed"]);
        assert_eq!(keys(1..9), keys(0..9));
    }

    #[test]
    fn labels_button_names_and_details_contain_the_connection() {
        let of = |connection: &str, last_known: Option<&str>| {
            let shown = shown(connection, 7, "Failed");
            let alarm = Alarm {
                sentence: "7 failed on vbr-01.".to_owned(),
                advice: "Run the plan again.".to_owned(),
                ..(*shown.alarm).clone()
            };
            ShownAlarm {
                alarm: Arc::new(alarm),
                last_known: last_known.map(str::to_owned),
                ..shown
            }
        };
        let one = of("Enterprise Manager", Some("last known, 47 s ago"));
        let label = "7: Critical, Enterprise Manager, last known, 47 s ago";
        assert_eq!(one.label(), label);
        assert_eq!(one.about(), " 7, Failed, Enterprise Manager");
        assert_eq!(one.details(), "Enterprise Manager · Run the plan again.");
        // The name of an alarm about a connection is the connection's title.
        let silent = of("", None);
        assert_eq!(silent.label(), "7: Critical");
        assert_eq!(silent.about(), " 7, Failed");
        assert_eq!(silent.details(), "Run the plan again.");
    }
}
