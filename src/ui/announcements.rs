//! What happens while somebody watches, announced once on every page and on the wall: a failover, a
//! connection or the gateway that falls silent or answers again, and a new critical alarm.

use super::focus::{hand_over, keep_focus_in_sight};
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

/// The most failovers, or critical alarms that begin, that are told one by one at one moment.
const EACH: usize = 3;

/// How long an announcement stands.
const STANDS: Duration = Duration::from_secs(30);

/// The beginnings of one alarm differ by no more: gateways that share a store agree on its id, and on when it began, only a
/// moment after each has seen it.
const SAME_BEGINNING: TimeDelta = TimeDelta::seconds(60);

/// Something that is told.
#[derive(Debug, Clone, PartialEq)]
struct News {
    sentence: String,
    /// How many failovers it tells of.
    failovers: usize,
    /// The resource that failed over, where it is one.
    resource: Option<ResourceKey>,
}

/// It, as it is announced.
#[derive(Debug, Clone, PartialEq)]
struct Announcement {
    number: u32,
    news: News,
}

/// What has just happened.
#[derive(Clone, Copy)]
pub struct Announced(RwSignal<Vec<Announcement>>);

/// What has just happened. Only inside [`provide`]'s owner.
#[must_use]
pub fn use_announced() -> Announced {
    provided()
}

/// Begins to compare what the gateway says with what it said before.
pub fn provide() {
    let watched = use_watched();
    let shown = RwSignal::new(Vec::new());
    provide_context(Announced(shown));
    let number = StoredValue::new(0_u32);
    // What is told at one moment goes at one moment: a whole site may fail over at once.
    let show = move |news: Vec<News>| {
        if news.is_empty() {
            return;
        }
        let first = number.get_value();
        let mut next = first;
        shown.update(|shown: &mut Vec<Announcement>| {
            for news in news {
                shown.push(Announcement { number: next, news });
                next = next.wrapping_add(1);
            }
        });
        number.set_value(next);
        let forget = move || {
            let is_of_these = |one: &Announcement| (first..next).contains(&one.number);
            let _ = shown.try_update(|shown| shown.retain(|one| !is_of_these(one)));
        };
        set_timeout(forget, STANDS);
    };
    on_change(move || {
        let snapshot = watched.snapshot_untracked();
        show(of_failovers(watched.leader_changes(), |id| {
            snapshot.title(id)
        }));
    });
    let known = StoredValue::new(PreviousMoment::default());
    // Asked each second, and seldom another.
    let is_current = Memo::new(move |_| watched.is_current());
    on_change(move || {
        let moment = moment(watched, is_current.get());
        let news = known.try_update_value(|known| known.update(&moment));
        let news = news.unwrap_or_default().into_iter();
        let news = news.map(|sentence| News {
            sentence,
            failovers: 0,
            resource: None,
        });
        show(news.collect());
    });
}

/// The failovers of one moment: a whole site may fail over at once.
fn of_failovers(changes: Vec<GroupLeaderChange>, title: impl Fn(&str) -> String) -> Vec<News> {
    let mut changes = changes.into_iter();
    let each = changes.by_ref().take(EACH).map(|change| {
        let GroupLeaderChange {
            resource,
            name,
            from,
            to,
        } = change;
        let title = title(&resource.connection);
        News {
            sentence: format!("{title}, {name}: {to} has taken over from {from}."),
            failovers: 1,
            resource: Some(resource),
        }
    });
    let mut news: Vec<News> = each.collect();
    let sentence = match changes.len() {
        0 => return news,
        1 => "1 more group has failed over.".to_owned(),
        more => format!("{more} more groups have failed over."),
    };
    news.push(News {
        sentence,
        failovers: changes.len(),
        resource: None,
    });
    news
}

impl Announced {
    /// Drops subscribers on pages that were left, as [`resubscribe`].
    pub fn resubscribe(self) {
        resubscribe(&[&self.0]);
    }

    /// The failovers among them, in one line: the newest two, and how many more there are.
    #[must_use]
    pub fn failovers(self) -> String {
        in_one_line(&self.0.read())
    }
}

fn in_one_line(shown: &[Announcement]) -> String {
    let failovers = shown.iter().map(|one| one.news.failovers).sum::<usize>();
    let single = shown.iter().rev().map(|one| &one.news);
    let single = single.filter(|news| news.resource.is_some());
    let newest: Vec<&str> = single.take(2).map(|news| news.sentence.as_str()).collect();
    let line = newest.join(" ");
    match failovers.saturating_sub(newest.len()) {
        0 => line,
        more => format!("{line} And {more} more."),
    }
}

/// The announcements; those of failovers can be seen on a page, with a link to what failed over.
#[component]
pub fn Announcements(
    /// Whether this is the wall, which has a place of its own for failovers and no links.
    #[prop(optional)]
    on_wall: bool,
) -> impl IntoView {
    let (Announced(shown), nav) = (use_announced(), use_nav());
    let draw = move |one: Announcement| {
        let News {
            sentence,
            failovers,
            resource,
        } = one.news;
        if on_wall || failovers == 0 {
            return view! { <p class="vh">{sentence}</p> }.into_any();
        }
        let open = resource.map(|resource| {
            let route = Route::of(&resource);
            // No link to the page that is open. Where this opens it, the link goes, and its focus goes to the page.
            move || {
                hand_over("#main");
                let is_here = Route::parse(&nav.path()) == route;
                (!is_here).then(|| view! { <a class="btn" href=route.href()>"Open"</a> })
            }
        });
        view! { <p class="notice"><span title=sentence.clone()>{sentence.clone()}</span>{open}</p> }
            .into_any()
    };
    let list = move || {
        // Somebody may be about to open what one of those that go tells of.
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

/// What announcements are made from, at one moment.
struct Moment {
    is_gateway_gone: bool,
    /// Whether what is known is of this moment: otherwise it is old because of this console, and no connection's silence.
    is_current: bool,
    /// Id, title and freshness of each that was read, or could not be read.
    connections: Vec<(String, String, Freshness)>,
    alarms: Arc<Vec<Arc<Alarm>>>,
}

fn moment(watched: Watched, is_current: bool) -> Moment {
    let snapshot = watched.snapshot();
    // A connection that was never asked has not fallen silent, so its first answer is not a return.
    let asked =
        |state: &&Arc<ConnectionState>| state.observed_at.is_some() || state.failure.is_some();
    let connections = snapshot.connections.iter().filter(asked);
    let connections = connections.map(|state| {
        let Connection { id, title, .. } = &state.connection;
        (id.clone(), title.clone(), watched.freshness(id))
    });
    Moment {
        is_gateway_gone: watched.is_gateway_gone(),
        is_current,
        connections: connections.collect(),
        alarms: Arc::clone(&snapshot.alarms),
    }
}

/// What was true when it was last looked at.
#[derive(Debug, Default)]
struct PreviousMoment {
    is_gateway_gone: bool,
    freshness: Vec<(String, Freshness)>,
    /// By their resources, in order; `None` before the first look: what was wrong already is not new.
    critical: Option<Vec<Arc<Alarm>>>,
}

impl PreviousMoment {
    /// What is new.
    fn update(&mut self, moment: &Moment) -> Vec<String> {
        let was_gone = std::mem::replace(&mut self.is_gateway_gone, moment.is_gateway_gone);
        // A silent gateway has a banner, which is an alert of its own; of everything else nothing new is
        // known then.
        if moment.is_gateway_gone {
            return Vec::new();
        }
        let mut news = Vec::new();
        if was_gone {
            news.push("The gateway answers again.".to_owned());
        }
        if !moment.is_current {
            return news;
        }
        for (id, title, fresh) in &moment.connections {
            let mut known = self.freshness.iter_mut();
            match known.find(|(known, _)| known == id) {
                Some((_, known)) => {
                    let before = std::mem::replace(known, *fresh);
                    news.extend(change(title, before, *fresh));
                }
                None => self.freshness.push((id.clone(), *fresh)),
            }
        }
        // What somebody takes care of is not announced, and is news when nobody does any more.
        let critical = moment.alarms.iter().filter(|alarm| {
            alarm.severity == Severity::Critical
                && alarm.resource.kind != Kind::Connection
                && !alarm.is_handled()
        });
        if let Some(known) = &self.critical {
            let is_new = |alarm: &&Arc<Alarm>| {
                let before = known.binary_search_by(|held| known_by(held).cmp(&known_by(alarm)));
                before.map_or(true, |place| is_other_trouble(alarm, &known[place]))
            };
            let mut new = critical.clone().filter(is_new);
            news.extend(new.by_ref().take(EACH).map(|alarm| {
                let id = &alarm.resource.connection;
                let mut titles = moment.connections.iter();
                let title = titles.find_map(|(one, title, _)| (one == id).then_some(title));
                let title = title.unwrap_or(id);
                format!("Critical ({title}): {}", alarm.sentence)
            }));
            match new.count() {
                0 => {}
                1 => news.push("1 more critical alarm.".to_owned()),
                more => news.push(format!("{more} more critical alarms.")),
            }
        }
        let mut critical = critical.cloned().collect();
        sort(&mut critical, |a, b| known_by(a).cmp(&known_by(b)));
        self.critical = Some(critical);
        news
    }
}

/// Another connection may come to represent the same run of a plan: that is no news.
fn known_by(alarm: &Alarm) -> (Kind, &str, &str) {
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

/// Whether a critical alarm is news where its resource had one already: it has got worse, or that one has ended and this one
/// has begun between two looks.
fn is_other_trouble(alarm: &Alarm, before: &Alarm) -> bool {
    let later = alarm.since.at().signed_duration_since(before.since.at());
    alarm.is_worse_than(before.severity, &before.word)
        || alarm.id != before.id && later > SAME_BEGINNING
}

fn change(title: &str, before: Freshness, now: Freshness) -> Option<String> {
    match (before.is_believable(), now.is_believable()) {
        (false, true) => Some(format!("{title} answers again.")),
        (_, false) if before != now => Some(format!("{title} does not answer: {}.", now.word())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Announcement, Moment, News, PreviousMoment, in_one_line, of_failovers};
    use crate::live::GroupLeaderChange;
    use chrono::{DateTime, TimeDelta};
    use health::alarms::{
        Acknowledgement, Alarm, FlappingAlarm, FlappingSubject, Maintenance, Scope, Since,
    };
    use health::freshness::Freshness;
    use health::inventory::{Kind, ResourceKey};
    use health::severity::Severity;
    use std::sync::Arc;

    fn moment(fresh: Freshness, critical: &[(&str, Kind)]) -> Moment {
        let alarm = |(id, kind): &(&str, Kind)| {
            Arc::new(Alarm {
                id: (*id).to_owned(),
                resource: ResourceKey {
                    kind: *kind,
                    connection: "plant-a".to_owned(),
                    id: (*id).to_owned(),
                },
                name: (*id).to_owned(),
                severity: Severity::Critical,
                rank: 0,
                word: "No primary".into(),
                sentence: format!("{id} has no primary."),
                advice: String::new(),
                since: Since::Observed(DateTime::UNIX_EPOCH),
                flapping: None,
                acknowledged: None,
                notes: Vec::new(),
                maintenance: None,
            })
        };
        Moment {
            is_gateway_gone: false,
            is_current: true,
            connections: vec![("plant-a".to_owned(), "Plant A".to_owned(), fresh)],
            alarms: Arc::new(critical.iter().map(alarm).collect()),
        }
    }

    #[test]
    fn a_source_that_is_read_for_the_first_time_does_not_come_back() {
        let mut known = PreviousMoment::default();
        let mut unread = moment(Freshness::NoData, &[]);
        unread.connections.clear();
        assert_eq!(known.update(&unread), Vec::<String>::new());
        let live = moment(Freshness::Live, &[]);
        assert_eq!(known.update(&live), Vec::<String>::new());
        let silent = known.update(&moment(Freshness::NoData, &[]));
        assert_eq!(silent, ["Plant A does not answer: NO DATA."]);
    }

    #[test]
    fn a_source_that_falls_silent_and_returns_is_announced_once_each() {
        let mut known = PreviousMoment::default();
        for (fresh, expected) in [
            (Freshness::Live, ""),
            (Freshness::Live, ""),
            (Freshness::Aging, ""),
            (Freshness::Stale, "Plant A does not answer: STALE."),
            (Freshness::Stale, ""),
            (Freshness::NoData, "Plant A does not answer: NO DATA."),
            (Freshness::NoData, ""),
            (Freshness::Live, "Plant A answers again."),
            (Freshness::Live, ""),
        ] {
            let news = known.update(&moment(fresh, &[]));
            assert_eq!(news.join(" "), expected, "{fresh:?}");
        }
    }

    #[test]
    fn a_critical_alarm_is_announced_when_it_is_new_and_not_when_the_page_opens() {
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
    fn a_run_that_another_connection_comes_to_represent_is_no_news() {
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
    fn another_trouble_of_a_resource_that_was_critical_already_is_news() {
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
                "the id of another gateway that has seen it, too",
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
    fn what_a_whole_site_begins_with_is_told_one_by_one_only_at_first() {
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
            let news = known.update(&moment(Freshness::Live, &critical));
            assert_eq!(news.len(), number.min(4));
            assert_eq!(news.last().map(String::as_str), Some(last));
        }
    }

    #[test]
    fn the_strip_has_the_newest_two_failovers_and_how_many_more_there_are() {
        let announcement = |number: u32| Announcement {
            number,
            news: News {
                sentence: format!("{number} failed over."),
                // The first is not of a failover.
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
    fn of_a_site_that_fails_over_the_first_groups_are_told_one_by_one() {
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
        let third = "Plant A, Kiln 2: b has taken over from a.";
        for (number, told, last, more) in [
            (3, 3, third, "And 1 more."),
            (4, 4, "1 more group has failed over.", "And 2 more."),
            (200, 4, "197 more groups have failed over.", "And 198 more."),
        ] {
            let news = of_failovers((0..number).map(change).collect(), |_| "Plant A".to_owned());
            assert_eq!(news.len(), told);
            let shown: Vec<_> = (0..)
                .zip(news)
                .map(|(number, news)| Announcement { number, news })
                .collect();
            let end = shown.last().map(|one| one.news.sentence.as_str());
            assert_eq!(end, Some(last));
            let line = in_one_line(&shown);
            assert!(line.starts_with(third) && line.ends_with(more), "{line}");
        }
    }

    /// The moment with its only alarm as somebody handles it.
    fn handled(moment: &Moment, handle: impl Fn(&mut Alarm)) -> Moment {
        let alarm = |alarm: &Arc<Alarm>| {
            let mut alarm = Alarm::clone(alarm);
            handle(&mut alarm);
            Arc::new(alarm)
        };
        Moment {
            is_gateway_gone: moment.is_gateway_gone,
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
    fn what_somebody_takes_care_of_is_not_announced_until_nobody_does_any_more() {
        let live = Freshness::Live;
        let alone = moment(live, &[("a", Kind::FailoverGroup)]);
        for handle in [acknowledge, maintain] {
            let handled = handled(&alone, handle);
            let told = ["Critical (Plant A): a has no primary."];
            let mut known = PreviousMoment::default();
            known.update(&moment(live, &[]));
            assert_eq!(known.update(&handled), Vec::<String>::new());
            assert_eq!(known.update(&alone), told, "withdrawn");
            // To take care of it is no news either, and to withdraw that is news again.
            assert_eq!(known.update(&handled), Vec::<String>::new());
            assert_eq!(known.update(&alone), told);
            assert_eq!(known.update(&alone), Vec::<String>::new());
        }
    }

    #[test]
    fn what_is_old_because_nobody_asked_is_no_news() {
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
    fn a_silent_gateway_says_nothing_of_its_connections() {
        let mut known = PreviousMoment::default();
        known.update(&moment(Freshness::Live, &[]));
        let gone = Moment {
            is_gateway_gone: true,
            ..moment(Freshness::Stale, &[])
        };
        assert!(known.update(&gone).is_empty());
        assert_eq!(
            known.update(&moment(Freshness::Live, &[])),
            ["The gateway answers again."]
        );
    }
}
