//! Announcements of new events on every page and on the wall: a failover, a connection or the gateway that can no
//! longer be read or can be read again, and a new critical alarm. Each event is announced once.

use super::focus::{hand_over, keep_focus_in_sight};
use super::icon::Icon;
use crate::api::Failure;
use crate::live::{GroupLeaderChange, Watched, keyed, sort, use_watched};
use crate::nav::use_nav;
use crate::on_change::on_change;
use crate::provided::provided;
use crate::route::Route;
use crate::subscribers::resubscribe;
use chrono::TimeDelta;
use health::alarms::Alarm;
use health::freshness::Freshness;
use health::inventory::{Kind, ResourceKey};
use health::severity::Severity;
use leptos::prelude::*;
use protocol::ConnectionState;
use std::sync::Arc;
use std::time::Duration;
use vendors::Connection;

/// The maximum number of failovers, or of new critical alarms, that are announced individually at once.
const MAX_INDIVIDUAL: usize = 3;

/// How long an announcement is shown.
const SHOWN_FOR: Duration = Duration::from_secs(30);

/// The maximum difference between the start times of the same alarm at several gateways. They agree on the id and the
/// start only a moment after each has detected the alarm.
const SAME_START: TimeDelta = TimeDelta::seconds(60);

/// An event to announce.
#[derive(Debug, Clone, PartialEq)]
struct Event {
    sentence: String,
    /// Number of failovers in this event.
    failovers: usize,
    /// The resource that failed over, for a single failover.
    resource: Option<ResourceKey>,
}

/// An announced event.
#[derive(Debug, Clone, PartialEq)]
struct Announcement {
    number: u32,
    event: Event,
}

/// The current announcements.
#[derive(Clone, Copy)]
pub struct Announced(RwSignal<Vec<Announcement>>);

/// The current announcements. Call it inside the owner of [`provide`].
#[must_use]
pub fn use_announced() -> Announced {
    provided()
}

/// Starts to compare each state of the inventory with the previous one.
pub fn provide() {
    let watched = use_watched();
    let shown = RwSignal::new(Vec::new());
    provide_context(Announced(shown));
    let number = StoredValue::new(0_u32);
    // Announcements of one moment also disappear together, because a complete site may fail over at once.
    let show = move |events: Vec<Event>| {
        if events.is_empty() {
            return;
        }
        let first = number.get_value();
        let mut next = first;
        shown.update(|shown: &mut Vec<Announcement>| {
            for event in events {
                shown.push(Announcement {
                    number: next,
                    event,
                });
                next = next.wrapping_add(1);
            }
        });
        number.set_value(next);
        let remove = move || {
            let is_of_these = |one: &Announcement| (first..next).contains(&one.number);
            let _ = shown.try_update(|shown| shown.retain(|one| !is_of_these(one)));
        };
        set_timeout(remove, SHOWN_FOR);
    };
    on_change(move || {
        let snapshot = watched.snapshot_untracked();
        show(of_failovers(watched.leader_changes(), |id| {
            snapshot.title(id)
        }));
    });
    let known = StoredValue::new(PreviousMoment::default());
    // A memo, because the value is computed each second but changes rarely.
    let is_current = Memo::new(move |_| watched.is_current());
    on_change(move || {
        let moment = moment(watched, is_current.get());
        let sentences = known.try_update_value(|known| known.update(&moment));
        let sentences = sentences.unwrap_or_default().into_iter();
        let events = sentences.map(|sentence| Event {
            sentence,
            failovers: 0,
            resource: None,
        });
        show(events.collect());
    });
}

/// The events for the failovers of one moment. If a complete site fails over, most are only counted.
fn of_failovers(changes: Vec<GroupLeaderChange>, title: impl Fn(&str) -> String) -> Vec<Event> {
    let mut changes = changes.into_iter();
    let each = changes.by_ref().take(MAX_INDIVIDUAL).map(|change| {
        let GroupLeaderChange {
            resource,
            name,
            from,
            to,
        } = change;
        let title = title(&resource.connection);
        // What is on air may be the slate, which takes nothing over.
        let change = match resource.kind {
            Kind::SlicerGroup => format!("on air changed from {from} to {to}."),
            _ => format!("{to} has taken over from {from}."),
        };
        Event {
            sentence: format!("{title}, {name}: {change}"),
            failovers: 1,
            resource: Some(resource),
        }
    });
    let mut events: Vec<Event> = each.collect();
    let sentence = match changes.len() {
        0 => return events,
        1 => "1 more group has failed over.".to_owned(),
        more => format!("{more} more groups have failed over."),
    };
    events.push(Event {
        sentence,
        failovers: changes.len(),
        resource: None,
    });
    events
}

impl Announced {
    /// Drops the subscribers of pages that were left, see [`resubscribe`].
    pub fn resubscribe(self) {
        resubscribe(&[&self.0]);
    }

    /// The announced failovers in one line: the newest two, and the number of others.
    #[must_use]
    pub fn failovers(self) -> String {
        in_one_line(&self.0.read())
    }
}

fn in_one_line(shown: &[Announcement]) -> String {
    let failovers = shown.iter().map(|one| one.event.failovers).sum::<usize>();
    let single = shown.iter().rev().map(|one| &one.event);
    let single = single.filter(|event| event.resource.is_some());
    let newest: Vec<&str> = single
        .take(2)
        .map(|event| event.sentence.as_str())
        .collect();
    let line = newest.join(" ");
    match failovers.saturating_sub(newest.len()) {
        0 => line,
        more => format!("{line} And {more} more."),
    }
}

/// The announcements. Only failovers are visible, with a link to the resource; all others are for screen readers.
#[component]
pub fn Announcements(
    /// Whether this is the wall, which shows failovers elsewhere and has no links.
    #[prop(optional)]
    on_wall: bool,
) -> impl IntoView {
    let (Announced(shown), nav) = (use_announced(), use_nav());
    let draw = move |one: Announcement| {
        let Event {
            sentence,
            failovers,
            resource,
        } = one.event;
        if on_wall || failovers == 0 {
            return view! { <p class="vh">{sentence}</p> }.into_any();
        }
        let open = resource.map(|resource| {
            let route = Route::of(&resource);
            // No link to the open page. When the link opens its page, it disappears, and the page gets the focus.
            move || {
                hand_over("#main");
                let is_here = Route::parse(&nav.path()) == route;
                (!is_here).then(|| view! { <a class="btn" href=route.href()>"Open"</a> })
            }
        });
        let dismiss = move |_| shown.update(|shown| shown.retain(|held| held.number != one.number));
        view! {
            <p class="notice">
                <span title=sentence.clone()>{sentence.clone()}</span>
                {open}
                <button type="button" class="icon" aria-label="Dismiss" on:click=dismiss><Icon name="close" /></button>
            </p>
        }
        .into_any()
    };
    let list = move || {
        // An announcement that is removed may have the focus.
        hand_over("#main");
        keep_focus_in_sight();
        shown.get()
    };
    view! {
        <div class="failovers" role="alert" aria-atomic="false">
            {keyed(list, |one| one.number, draw)}
        </div>
    }
}

/// The state that announcements are based on, at one moment.
struct Moment {
    is_gateway_lost: bool,
    /// Whether the inventory is current. Otherwise old data is the fault of this console and not of a connection.
    is_current: bool,
    /// Id, title, freshness and last failure of each connection that was read, or that the gateway tried to read.
    connections: Vec<(String, String, Freshness, Option<String>)>,
    alarms: Arc<Vec<Arc<Alarm>>>,
}

fn moment(watched: Watched, is_current: bool) -> Moment {
    let snapshot = watched.snapshot();
    // A connection without a first read is not silent, so its first answer is not a return.
    let is_tried =
        |state: &&Arc<ConnectionState>| state.observed_at.is_some() || state.failure.is_some();
    let connections = snapshot.connections.iter().filter(is_tried);
    let connections = connections.map(|state| {
        let Connection { id, title, .. } = &state.connection;
        let failure = state.failure.clone();
        let failure = failure.map(|failure| Failure::from(failure).line());
        (id.clone(), title.clone(), watched.freshness(id), failure)
    });
    Moment {
        is_gateway_lost: watched.is_gateway_lost(),
        is_current,
        connections: connections.collect(),
        alarms: Arc::clone(&snapshot.alarms),
    }
}

/// The previous state.
#[derive(Debug, Default)]
struct PreviousMoment {
    is_gateway_lost: bool,
    freshness: Vec<(String, Freshness)>,
    /// Critical alarms sorted by resource. `None` at the start, because alarms that already exist are not new.
    critical: Option<Vec<Arc<Alarm>>>,
}

impl PreviousMoment {
    /// Takes over a state. Returns the events since the previous one, as sentences.
    fn update(&mut self, moment: &Moment) -> Vec<String> {
        let was_lost = std::mem::replace(&mut self.is_gateway_lost, moment.is_gateway_lost);
        // The banner of a lost gateway is an alert itself, and there is no new data about anything else.
        if moment.is_gateway_lost {
            return Vec::new();
        }
        let mut events = Vec::new();
        if was_lost {
            events.push("The gateway answers again.".to_owned());
        }
        if !moment.is_current {
            return events;
        }
        for (id, title, fresh, failure) in &moment.connections {
            let mut known = self.freshness.iter_mut();
            match known.find(|(known, _)| known == id) {
                Some((_, known)) => {
                    let before = std::mem::replace(known, *fresh);
                    events.extend(change(title, before, *fresh, failure.as_deref()));
                }
                None => self.freshness.push((id.clone(), *fresh)),
            }
        }
        // A handled alarm is not announced. It counts as new when it is no longer handled.
        let critical = moment.alarms.iter().filter(|alarm| {
            alarm.severity == Severity::Critical
                && alarm.resource.kind != Kind::Connection
                && !alarm.is_handled()
        });
        if let Some(known) = &self.critical {
            let is_new = |alarm: &&Arc<Alarm>| {
                let before = known.binary_search_by(|held| identity(held).cmp(&identity(alarm)));
                before.map_or(true, |place| is_new_problem(alarm, &known[place]))
            };
            let mut new = critical.clone().filter(is_new);
            events.extend(new.by_ref().take(MAX_INDIVIDUAL).map(|alarm| {
                let id = &alarm.resource.connection;
                let mut titles = moment.connections.iter();
                let title = titles.find_map(|(one, title, ..)| (one == id).then_some(title));
                let title = title.unwrap_or(id);
                format!("Critical ({title}): {}", alarm.sentence)
            }));
            match new.count() {
                0 => {}
                1 => events.push("1 more critical alarm.".to_owned()),
                more => events.push(format!("{more} more critical alarms.")),
            }
        }
        let mut critical = critical.cloned().collect();
        sort(&mut critical, |a, b| identity(a).cmp(&identity(b)));
        self.critical = Some(critical);
        events
    }
}

/// The identity of an alarm's resource. It excludes the connection of a failover session, because another connection
/// may start to represent the same session.
fn identity(alarm: &Alarm) -> (Kind, &str, &str) {
    let ResourceKey {
        kind,
        connection,
        id,
    } = &alarm.resource;
    match kind {
        Kind::FailoverSession => (*kind, "", id),
        _ => (*kind, connection, id),
    }
}

/// Whether a critical alarm is new although its resource already had one: it has become worse, or the previous alarm
/// has ended and this one has started since the previous state.
fn is_new_problem(alarm: &Alarm, before: &Alarm) -> bool {
    let later = alarm.since.at().signed_duration_since(before.since.at());
    alarm.is_worse_than(before.severity, &before.word)
        || alarm.id != before.id && later > SAME_START
}

/// A change of freshness in words, with the failure of the connection's page: not every one is a missing answer.
fn change(title: &str, before: Freshness, now: Freshness, failure: Option<&str>) -> Option<String> {
    match (before.is_believable(), now.is_believable(), failure) {
        (false, true, _) => Some(format!("{title} can be read again.")),
        (_, false, _) if before == now => None,
        (_, false, None) => Some(format!("{title}: {}.", now.word())),
        (_, false, Some(failure)) => Some(format!("{title}: {}. {failure}.", now.word())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Announcement, Event, Moment, PreviousMoment, in_one_line, of_failovers};
    use crate::live::{GroupLeaderChange, alarm};
    use chrono::{DateTime, TimeDelta};
    use health::alarms::{
        Acknowledgement, Alarm, FlappingAlarm, FlappingSubject, Maintenance, Scope, Since,
    };
    use health::freshness::Freshness;
    use health::inventory::{Kind, ResourceKey};
    use std::sync::Arc;

    fn moment(fresh: Freshness, critical: &[(&str, Kind)]) -> Moment {
        let alarm = |(id, kind): &(&str, Kind)| Arc::new(alarm(*kind, "plant-a", id));
        Moment {
            is_gateway_lost: false,
            is_current: true,
            connections: vec![("plant-a".to_owned(), "Plant A".to_owned(), fresh, None)],
            alarms: Arc::new(critical.iter().map(alarm).collect()),
        }
    }

    #[test]
    fn the_first_read_of_a_source_is_not_announced_as_a_return() {
        let mut known = PreviousMoment::default();
        let mut unread = moment(Freshness::NoData, &[]);
        unread.connections.clear();
        assert_eq!(known.update(&unread), Vec::<String>::new());
        let live = moment(Freshness::Live, &[]);
        assert_eq!(known.update(&live), Vec::<String>::new());
        let silent = known.update(&moment(Freshness::NoData, &[]));
        assert_eq!(silent, ["Plant A: NO DATA."]);
    }

    #[test]
    fn a_source_that_stops_answering_and_returns_is_announced_once_each() {
        let mut known = PreviousMoment::default();
        let failed = Some("503: Maintenance");
        for (fresh, failure, expected) in [
            (Freshness::Live, None, ""),
            (Freshness::Live, None, ""),
            (Freshness::Aging, failed, ""),
            (
                Freshness::Stale,
                failed,
                "Plant A: STALE. 503: Maintenance.",
            ),
            (Freshness::Stale, failed, ""),
            (Freshness::NoData, None, "Plant A: NO DATA."),
            (Freshness::NoData, failed, ""),
            (Freshness::Live, None, "Plant A can be read again."),
            (Freshness::Live, None, ""),
        ] {
            let mut moment = moment(fresh, &[]);
            moment.connections[0].3 = failure.map(str::to_owned);
            let events = known.update(&moment);
            assert_eq!(events.join(" "), expected, "{fresh:?}");
        }
    }

    #[test]
    fn a_critical_alarm_is_announced_only_if_it_starts_after_the_page_opened() {
        let live = Freshness::Live;
        let group = Kind::FailoverGroup;
        let mut known = PreviousMoment::default();
        assert!(known.update(&moment(live, &[("a", group)])).is_empty());
        let both = [("a", group), ("b", group), ("plant-a", Kind::Connection)];
        assert_eq!(
            known.update(&moment(live, &both)),
            ["Critical (Plant A): b has no primary."]
        );
        assert!(known.update(&moment(live, &both)).is_empty());
        assert!(known.update(&moment(live, &[])).is_empty());
        assert_eq!(known.update(&moment(live, &[("a", group)])).len(), 1);
    }

    #[test]
    fn a_session_that_another_connection_represents_is_not_announced_again() {
        for (kind, expected) in [(Kind::FailoverSession, 0), (Kind::FailoverGroup, 1)] {
            let mut known = PreviousMoment::default();
            let before = moment(Freshness::Live, &[("a", kind)]);
            known.update(&before);
            let elsewhere = handled(&before, |alarm| {
                "plant-b".clone_into(&mut alarm.resource.connection);
            });
            assert_eq!(known.update(&elsewhere).len(), expected, "{kind:?}");
        }
    }

    #[test]
    fn a_new_problem_of_an_already_critical_resource_is_announced() {
        type Change = fn(&mut Alarm);
        let cases: [(&str, Change, usize); 6] = [
            ("nothing", |_| {}, 0),
            ("another word", |alarm| alarm.word = "On slate".into(), 1),
            (
                "another sentence",
                |alarm| "Still none.".clone_into(&mut alarm.sentence),
                0,
            ),
            (
                "another word while it flaps",
                |alarm| {
                    alarm.word = "On slate".into();
                    alarm.flapping = Some(FlappingAlarm {
                        subject: FlappingSubject::State,
                        changes: 7,
                    });
                },
                0,
            ),
            (
                "the same again, later",
                |alarm| {
                    "b".clone_into(&mut alarm.id);
                    alarm.since = Since::Observed(DateTime::UNIX_EPOCH + TimeDelta::minutes(9));
                },
                1,
            ),
            (
                "the id of another gateway that has detected it, too",
                |alarm| {
                    "b".clone_into(&mut alarm.id);
                    alarm.since = Since::Observed(DateTime::UNIX_EPOCH + TimeDelta::seconds(3));
                },
                0,
            ),
        ];
        let before = moment(Freshness::Live, &[("a", Kind::FailoverGroup)]);
        for (what, change, expected) in cases {
            let mut known = PreviousMoment::default();
            known.update(&before);
            let after = handled(&before, change);
            assert_eq!(known.update(&after).len(), expected, "{what}");
            assert_eq!(known.update(&after).len(), 0, "{what}, once");
        }
    }

    #[test]
    fn only_the_first_of_many_new_critical_alarms_are_announced_individually() {
        let ids = ["a", "b", "c", "d", "e"];
        for (number, last) in [
            (3, "Critical (Plant A): c has no primary."),
            (4, "1 more critical alarm."),
            (5, "2 more critical alarms."),
        ] {
            let mut known = PreviousMoment::default();
            known.update(&moment(Freshness::Live, &[]));
            let critical = ids[..number].iter().map(|id| (*id, Kind::FailoverGroup));
            let critical: Vec<_> = critical.collect();
            let events = known.update(&moment(Freshness::Live, &critical));
            assert_eq!(events.len(), number.min(4));
            assert_eq!(events.last().map(String::as_str), Some(last));
        }
    }

    #[test]
    fn the_line_contains_the_newest_two_failovers_and_the_number_of_others() {
        let announcement = |number: u32| Announcement {
            number,
            event: Event {
                sentence: format!("{number} failed over."),
                // The first event is not a failover.
                failovers: usize::from(number > 0),
                resource: (number > 0).then(|| ResourceKey::of_connection("plant-a")),
            },
        };
        for (number, expected) in [
            (1, ""),
            (2, "1 failed over."),
            (3, "2 failed over. 1 failed over."),
            (5, "4 failed over. 3 failed over. And 2 more."),
        ] {
            let shown: Vec<_> = (0..number).map(announcement).collect();
            assert_eq!(in_one_line(&shown), expected);
        }
    }

    #[test]
    fn only_the_first_of_many_failovers_are_announced_individually() {
        let change = |number: usize| GroupLeaderChange {
            resource: ResourceKey {
                kind: Kind::FailoverGroup,
                connection: "plant-a".to_owned(),
                id: number.to_string(),
            },
            name: format!("Kiln {number}"),
            from: "a".to_owned(),
            to: "b".to_owned(),
        };
        let mut slate = change(1);
        slate.resource.kind = Kind::SlicerGroup;
        slate.to = "slate".to_owned();
        let events = of_failovers(vec![slate], |_| "Live".to_owned());
        assert_eq!(
            events[0].sentence,
            "Live, Kiln 1: on air changed from a to slate."
        );
        let third = "Plant A, Kiln 2: b has taken over from a.";
        for (number, announced, last, more) in [
            (3, 3, third, "And 1 more."),
            (4, 4, "1 more group has failed over.", "And 2 more."),
            (200, 4, "197 more groups have failed over.", "And 198 more."),
        ] {
            let events = of_failovers((0..number).map(change).collect(), |_| "Plant A".to_owned());
            assert_eq!(events.len(), announced);
            let shown: Vec<_> = (0..)
                .zip(events)
                .map(|(number, event)| Announcement { number, event })
                .collect();
            let end = shown.last().map(|one| one.event.sentence.as_str());
            assert_eq!(end, Some(last));
            let line = in_one_line(&shown);
            assert!(line.starts_with(third) && line.ends_with(more), "{line}");
        }
    }

    /// The same state with its alarm changed by `handle`.
    fn handled(moment: &Moment, handle: impl Fn(&mut Alarm)) -> Moment {
        let alarm = |alarm: &Arc<Alarm>| {
            let mut alarm = Alarm::clone(alarm);
            handle(&mut alarm);
            Arc::new(alarm)
        };
        Moment {
            is_gateway_lost: moment.is_gateway_lost,
            is_current: moment.is_current,
            connections: moment.connections.clone(),
            alarms: Arc::new(moment.alarms.iter().map(alarm).collect()),
        }
    }

    fn acknowledge(alarm: &mut Alarm) {
        alarm.acknowledged = Some(Acknowledgement {
            by: "ann".to_owned(),
            reason: String::new(),
            at: DateTime::UNIX_EPOCH,
            until: None,
            severity: alarm.severity,
            word: alarm.word.clone(),
        });
    }

    fn maintain(alarm: &mut Alarm) {
        alarm.maintenance = Some(Maintenance {
            id: "1".to_owned(),
            scope: Scope::Resource(alarm.resource.clone()),
            from: DateTime::UNIX_EPOCH,
            until: DateTime::UNIX_EPOCH + TimeDelta::hours(1),
            reason: String::new(),
            by: "ann".to_owned(),
        });
    }

    #[test]
    fn a_handled_alarm_is_announced_only_when_it_is_no_longer_handled() {
        let live = Freshness::Live;
        let alone = moment(live, &[("a", Kind::FailoverGroup)]);
        for handle in [acknowledge, maintain] {
            let handled = handled(&alone, handle);
            let expected = ["Critical (Plant A): a has no primary."];
            let mut known = PreviousMoment::default();
            known.update(&moment(live, &[]));
            assert_eq!(known.update(&handled), Vec::<String>::new());
            assert_eq!(known.update(&alone), expected, "withdrawn");
            // Handling it again is not announced, and ending that is announced again.
            assert_eq!(known.update(&handled), Vec::<String>::new());
            assert_eq!(known.update(&alone), expected);
            assert_eq!(known.update(&alone), Vec::<String>::new());
        }
    }

    #[test]
    fn data_that_is_old_because_polling_is_paused_is_not_announced() {
        let mut known = PreviousMoment::default();
        known.update(&moment(Freshness::Live, &[]));
        for fresh in [Freshness::Stale, Freshness::NoData] {
            let paused = Moment {
                is_current: false,
                ..moment(fresh, &[])
            };
            assert_eq!(known.update(&paused), Vec::<String>::new());
        }
        assert!(known.update(&moment(Freshness::Live, &[])).is_empty());
    }

    #[test]
    fn a_lost_gateway_announces_nothing_about_its_connections() {
        let mut known = PreviousMoment::default();
        known.update(&moment(Freshness::Live, &[]));
        let lost = Moment {
            is_gateway_lost: true,
            ..moment(Freshness::Stale, &[])
        };
        assert!(known.update(&lost).is_empty());
        assert_eq!(
            known.update(&moment(Freshness::Live, &[])),
            ["The gateway answers again."]
        );
    }
}
