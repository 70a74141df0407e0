//! What happens while somebody watches, announced once on every page and on the wall: a failover, a
//! connection or the gateway that falls silent or answers again, and a new critical alarm.

use crate::live::{GroupLeaderChange, Watched, keyed, sort, use_watched};
use crate::on_change::on_change;
use crate::provided::provided;
use crate::readers::renew;
use crate::route::Route;
use health::alarms::Alarm;
use health::freshness::Freshness;
use health::inventory::{Kind, ResourceKey};
use health::severity::Severity;
use leptos::prelude::*;
use protocol::ConnectionState;
use std::sync::Arc;
use std::time::Duration;

/// How long an announcement stands.
const STANDS: Duration = Duration::from_secs(30);

/// One of them.
#[derive(Debug, Clone, PartialEq)]
struct Announcement {
    number: u32,
    sentence: String,
    /// The resource that failed over.
    failover: Option<ResourceKey>,
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
    let show = move |sentence: String, failover: Option<ResourceKey>| {
        let of_this = number.get_value();
        number.set_value(of_this.wrapping_add(1));
        shown.update(|shown: &mut Vec<Announcement>| {
            shown.push(Announcement {
                number: of_this,
                sentence,
                failover,
            });
        });
        let forget = move || {
            let _ = shown.try_update(|shown| shown.retain(|one| one.number != of_this));
        };
        set_timeout(forget, STANDS);
    };
    on_change(move || {
        for GroupLeaderChange {
            resource,
            name,
            from,
            to,
        } in watched.leader_changes()
        {
            let title = watched.world_untracked().title(&resource.connection);
            let sentence = format!("{title}, {name}: {to} has taken over from {from}.");
            show(sentence, Some(resource));
        }
    });
    let known = StoredValue::new(PreviousMoment::default());
    on_change(move || {
        let moment = moment(watched);
        let news = known.try_update_value(|known| known.update(&moment));
        for sentence in news.unwrap_or_default() {
            show(sentence, None);
        }
    });
}

impl Announced {
    /// Forgets who has read the announcements, which change seldom.
    pub fn renew(self) {
        renew(&[&self.0]);
    }

    /// The failovers among them, in one line.
    #[must_use]
    pub fn failovers(self) -> String {
        let shown = self.0.read();
        let failovers = shown.iter().filter(|one| one.failover.is_some());
        let sentences: Vec<&str> = failovers.map(|one| one.sentence.as_str()).collect();
        sentences.join(" ")
    }
}

/// The announcements; those of failovers can be seen on a page, with a link to what failed over.
#[component]
pub fn Announcements(
    /// Whether this is the wall, which has a place of its own for failovers and no links.
    #[prop(optional)]
    on_wall: bool,
) -> impl IntoView {
    let Announced(shown) = use_announced();
    let draw = move |one: Announcement| {
        match one.failover.filter(|_| !on_wall) {
        Some(resource) => view! {
            <p class="notice"><span title=one.sentence.clone()>{one.sentence.clone()}</span><a class="btn" href=Route::of(&resource).href()>"Open"</a></p>
        }
        .into_any(),
        None => view! { <p class="vh">{one.sentence}</p> }.into_any(),
    }
    };
    view! {
        <div class="failovers" role="alert" aria-atomic="false">
            {keyed(move || shown.get(), |one| one.number, draw)}
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

fn moment(watched: Watched) -> Moment {
    let world = watched.world();
    let of_connection = |id: &str, title: &str| {
        let fresh = watched.freshness(id);
        (id.to_owned(), title.to_owned(), fresh)
    };
    // A connection that was never asked has not fallen silent, so its first answer is not a return.
    let asked =
        |state: &&Arc<ConnectionState>| state.observed_at.is_some() || state.failure.is_some();
    let connections = world.connections.iter().filter(asked);
    let connections = connections.map(|state| &state.connection);
    Moment {
        is_gateway_gone: watched.is_gateway_gone(),
        is_current: watched.is_current(),
        connections: connections
            .map(|connection| of_connection(&connection.id, &connection.title))
            .collect(),
        alarms: Arc::clone(&world.alarms),
    }
}

/// What was true when it was last looked at.
#[derive(Debug, Default)]
struct PreviousMoment {
    is_gateway_gone: bool,
    freshness: Vec<(String, Freshness)>,
    /// In order; `None` before the first look: what was wrong already is not new.
    critical: Option<Vec<ResourceKey>>,
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
            let new = critical
                .clone()
                .filter(|alarm| known.binary_search(&alarm.resource).is_err());
            news.extend(new.map(|alarm| {
                let id = &alarm.resource.connection;
                let mut titles = moment.connections.iter();
                let title = titles.find_map(|(one, title, _)| (one == id).then_some(title));
                let title = title.unwrap_or(id);
                format!("Critical ({title}): {}", alarm.sentence)
            }));
        }
        let mut critical = critical.map(|alarm| alarm.resource.clone()).collect();
        sort(&mut critical, Ord::cmp);
        self.critical = Some(critical);
        news
    }
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
    use super::{Moment, PreviousMoment};
    use chrono::{DateTime, TimeDelta};
    use health::alarms::{Acknowledgement, Alarm, Maintenance, Scope, Since};
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
