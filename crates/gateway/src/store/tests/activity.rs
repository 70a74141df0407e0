//! The activity: its entries and filters.

use super::super::*;
use super::{Site, reopen_by, sites};
use chrono::TimeDelta;
use health::Severity;
use health::events::{Event, EventKind};
use health::inventory::ResourceKey;
use protocol::ActivityKind;

pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn key(connection: &str, id: &str) -> ResourceKey {
    ResourceKey {
        kind: health::inventory::Kind::FailoverGroup,
        connection: connection.to_owned(),
        id: id.to_owned(),
    }
}

pub(super) fn event(
    second: i64,
    kind: EventKind,
    severity: Severity,
    connection: &str,
    id: &str,
) -> Event {
    Event {
        at: at(second),
        kind,
        severity,
        resource: Some(key(connection, id)),
        name: id.to_uppercase(),
        what: format!("{second}"),
        before: Some("a".to_owned()),
        after: None,
    }
}

pub(super) const FIRST_START: &str = "The gateway started watching. Earlier events are not known.";

/// A new store in each database, and one in memory.
pub(super) fn stores() -> Vec<(Store, Option<Site>)> {
    let open = |location: &StoreLocation| Store::open_by(location, || at(1_000)).unwrap();
    let mut stores = vec![(open(&StoreLocation::Memory), None)];
    stores.extend(
        sites()
            .into_iter()
            .map(|site| (open(&site.location), Some(site))),
    );
    stores
}

pub(super) fn everything() -> ActivityQuery {
    ActivityQuery {
        with_access: true,
        limit: 100,
        ..ActivityQuery::default()
    }
}

/// A query of everything, with this change.
pub(super) fn with(change: impl FnOnce(&mut ActivityQuery)) -> ActivityQuery {
    let mut query = everything();
    change(&mut query);
    query
}

pub(super) async fn texts(store: &Store, query: ActivityQuery) -> Vec<String> {
    let entries = store.activity(query).await.unwrap();
    entries.into_iter().map(|entry| entry.what).collect()
}

pub(super) fn change() -> Entry {
    Entry {
        request: "r1".to_owned(),
        who: "ann".to_owned(),
        role: "admin".to_owned(),
        from: "192.0.2.7".to_owned(),
        connection: "live".to_owned(),
        what: "order slicers".to_owned(),
        before: Some("[1]".to_owned()),
        body: Some("secret".to_owned()),
        shown: Shown {
            is_handling: false,
            what: "Order slicers".to_owned(),
            resource: Some(key("live", "g")),
            after: Some("[2]".to_owned()),
        },
        ..Entry::default()
    }
}

#[tokio::test]
async fn a_change_is_one_entry_from_its_intent_to_its_outcome() {
    for (store, _site) in stores() {
        let intent = store.intent(change()).await.unwrap();
        let read = async || store.activity(everything()).await.unwrap().remove(0);
        let begun = read().await;
        assert_eq!(
            (begun.outcome.as_str(), begun.severity),
            ("under way", Severity::Moving)
        );
        let ended = Entry {
            outcome: "refused by the vendor".to_owned(),
            operation_id: Some("op".to_owned()),
            ..Entry::default()
        };
        store.outcome(intent, ended).await.unwrap();
        let entry = read().await;
        assert_eq!(store.activity(everything()).await.unwrap().len(), 2);
        assert_eq!(entry.number, begun.number);
        assert_eq!(
            (entry.outcome.as_str(), entry.severity, entry.operation_id),
            (
                "refused by the vendor",
                Severity::Warning,
                Some("op".to_owned())
            )
        );
        assert_eq!(
            (entry.kind, entry.who.as_str(), entry.resource),
            (ActivityKind::Change, "ann", Some(key("live", "g")))
        );
        // Only fields known not to be secret are shown of the body.
        assert_eq!(
            (entry.before.as_deref(), entry.after.as_deref()),
            (Some("[1]"), Some("[2]"))
        );
    }
}

#[tokio::test]
async fn sign_ins_and_addresses_are_shown_to_admins_only() {
    for (store, _site) in stores() {
        let sign_in = Entry {
            who: "ann".to_owned(),
            from: "192.0.2.7".to_owned(),
            what: "sign in".to_owned(),
            outcome: "done".to_owned(),
            ..Entry::default()
        };
        store.event(sign_in).await.unwrap();
        store.intent(change()).await.unwrap();
        let of = async |with_access| {
            let query = ActivityQuery {
                with_access,
                ..everything()
            };
            let entries = store.activity(query).await.unwrap();
            let fields = entries.into_iter().map(|entry| (entry.what, entry.from));
            fields
                .filter(|(what, _)| what != FIRST_START)
                .collect::<Vec<_>>()
        };
        let from = || "192.0.2.7".to_owned();
        let changed = || "Order slicers".to_owned();
        assert_eq!(
            of(true).await,
            [(changed(), from()), ("sign in".to_owned(), from())]
        );
        assert_eq!(of(false).await, [(changed(), String::new())]);
    }
}

#[tokio::test]
async fn each_filter_selects_its_entries() {
    for (store, _site) in stores() {
        store.record(vec![
            event(1, EventKind::Failover, Severity::Warning, "plant-a", "g"),
            event(2, EventKind::Alarm, Severity::Critical, "plant-a", "h"),
            event(3, EventKind::Alarm, Severity::Warning, "live", "g"),
        ]);
        store.intent(change()).await.unwrap();
        assert!(store.catch_up().await);
        let text = |text: &str| Some(text.to_owned());
        let list = |all: &[&str]| -> Vec<String> { all.iter().map(ToString::to_string).collect() };
        for (query, expected) in [
            (everything(), vec!["Order slicers", "3", "2", "1"]),
            (
                with(|q| q.connections = Some(list(&["plant-a", "em"]))),
                vec!["2", "1"],
            ),
            (with(|q| q.connections = Some(Vec::new())), vec![]),
            (
                with(|q| (q.resource, q.connections) = (text("g"), Some(list(&["live"])))),
                vec!["Order slicers", "3"],
            ),
            (
                with(|q| (q.kinds, q.severities) = (list(&["alarm"]), list(&["critical"]))),
                vec!["2"],
            ),
            (
                with(|q| {
                    (q.kinds, q.severities) = (list(&["alarm"]), list(&["normal", "critical"]));
                }),
                vec!["2"],
            ),
            (
                with(|q| q.kinds = list(&["failover", "change"])),
                vec!["Order slicers", "1"],
            ),
            (with(|q| q.person = text("ann")), vec!["Order slicers"]),
            (with(|q| q.person = text(" ANN")), vec!["Order slicers"]),
            (with(|q| q.person = text("anna")), vec![]),
            (
                with(|q| (q.from, q.to) = (Some(at(2)), Some(at(3)))),
                vec!["2"],
            ),
        ] {
            let mut found = texts(&store, query.clone()).await;
            found.retain(|what| what != FIRST_START);
            assert_eq!(found, expected, "{query:?}");
        }
    }
}

#[tokio::test]
async fn a_resource_is_also_found_by_a_name_that_several_share() {
    for (store, _site) in stores() {
        let named = |second, id: &str| Event {
            name: "Überwachung Süd".to_owned(),
            ..event(second, EventKind::Run, Severity::Normal, "em", id)
        };
        store.record(vec![
            named(1, "one"),
            named(2, "two"),
            event(3, EventKind::Run, Severity::Normal, "em", "three"),
        ]);
        assert!(store.catch_up().await);
        for (text, expected) in [
            ("überwachung SÜD", vec!["2", "1"]),
            ("two", vec!["2"]),
            ("three", vec!["3"]),
            ("Überwachung", vec![]),
        ] {
            let query = ActivityQuery {
                resource: Some(text.to_owned()),
                ..everything()
            };
            assert_eq!(texts(&store, query).await, expected, "{text}");
        }
    }
}

#[tokio::test]
async fn the_first_entry_of_each_resource_and_kind_in_a_period_is_found() {
    for (store, _site) in stores() {
        store.record(vec![
            event(1, EventKind::Failover, Severity::Normal, "c", "g"),
            event(4, EventKind::Failover, Severity::Normal, "c", "g"),
            event(3, EventKind::Failover, Severity::Normal, "c", "g"),
            event(5, EventKind::Resource, Severity::Normal, "c", "g"),
            event(6, EventKind::Failover, Severity::Normal, "d", "g"),
            event(7, EventKind::Failover, Severity::Normal, "c", "h"),
            event(8, EventKind::Failover, Severity::Normal, "c", "h"),
        ]);
        assert!(store.catch_up().await);
        let first = |connections: &[&str], kinds: &[&str]| ActivityQuery {
            connections: Some(connections.iter().map(ToString::to_string).collect()),
            kinds: kinds.iter().map(ToString::to_string).collect(),
            from: Some(at(2)),
            first_of_each: true,
            ..everything()
        };
        for (query, expected) in [
            (first(&["c"], &["failover"]), vec!["7", "3"]),
            (
                first(&["c", "d"], &["failover", "resource"]),
                vec!["7", "6", "5", "3"],
            ),
        ] {
            assert_eq!(texts(&store, query.clone()).await, expected, "{query:?}");
        }
    }
}

#[tokio::test]
async fn a_query_with_more_values_than_statement_parts_is_answered() {
    for (store, _site) in stores() {
        store.record(vec![
            event(1, EventKind::Run, Severity::Normal, "c7", "g"),
            event(2, EventKind::Alarm, Severity::Normal, "c7", "g"),
            event(3, EventKind::Run, Severity::Normal, "other", "g"),
        ]);
        assert!(store.catch_up().await);
        let query = ActivityQuery {
            connections: Some((0..600).map(|number| format!("c{number}")).collect()),
            kinds: vec!["run".to_owned(), "failover".to_owned()],
            ..everything()
        };
        assert_eq!(texts(&store, query).await, ["1"]);
    }
}

#[tokio::test]
async fn pages_have_no_gaps_and_no_repeats() {
    for (store, _site) in stores() {
        // Several at one moment, and one that was recorded late.
        let times = [5, 3, 5, 5, 1, 4, 5];
        let events =
            times.map(|second| event(second, EventKind::Member, Severity::Normal, "c", "g"));
        store.record(events.into());
        assert!(store.catch_up().await);
        let (mut before, mut numbers, mut seen) = (None, Vec::new(), Vec::new());
        loop {
            let query = ActivityQuery {
                before,
                limit: 2,
                ..everything()
            };
            let page = store.activity(query).await.unwrap();
            let Some(last) = page.last() else { break };
            before = ActivityCursor::parse(&ActivityCursor::of(last).to_string());
            numbers.extend(page.iter().map(|entry| entry.number));
            seen.extend(page.iter().map(|entry| entry.at));
        }
        assert!(seen.is_sorted_by(|one, next| one >= next), "newest first");
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=8).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn repeated_events_during_a_write_failure_are_all_listed() {
    for site in sites() {
        let store = Store::open_by(&site.location, || at(1_000)).unwrap();
        let failover = |second| Event {
            what: "The primary changed.".to_owned(),
            ..event(second, EventKind::Failover, Severity::Warning, "c", "g")
        };
        store.record(vec![failover(1)]);
        assert!(store.catch_up().await);
        for table in ["resource_name", "acknowledgement"] {
            site.rename("probe", "no_probe");
            site.rename(table, "elsewhere");
            store.record(vec![failover(2), failover(3)]);
            store.save_later(vec![StateChange::put(Table::Acknowledgements, "a", &1)]);
            assert!(!store.catch_up().await, "it waits");
            site.rename("no_probe", "probe");
            site.rename("elsewhere", table);
            assert!(store.catch_up().await);
        }
        let failovers = ActivityQuery {
            kinds: vec![EventKind::Failover.key().to_owned()],
            ..everything()
        };
        assert_eq!(texts(&store, failovers).await.len(), 5);
    }
}

#[tokio::test]
async fn a_time_without_a_gateway_is_reported_at_the_next_start() {
    for Site { location, .. } in &sites() {
        let first = Store::open_by(location, || at(1_000)).unwrap();
        assert_eq!(texts(&first, everything()).await, [FIRST_START]);
        first.note_watching();
        // Wait for the writer: reads are answered by another thread.
        assert!(first.event(change()).await.is_ok());
        drop(first);
        let second = reopen_by(location, || at(1_300)).await;
        let entries = second.activity(everything()).await.unwrap();
        let entry = &entries[0];
        assert_eq!(entry.kind, ActivityKind::Event(EventKind::Watching));
        assert!(
            entry
                .what
                .starts_with("The gateway did not watch for 5 min"),
            "{}",
            entry.what
        );
        assert_eq!(entry.before.as_deref(), Some("1970-01-01T00:16:40.000Z"));
        // The second store notes later that it watches if the session of the first ends after its start.
        let complete_since = second.complete_since().await.unwrap().unwrap();
        let noted = complete_since + TimeDelta::days(400);
        assert!([at(1_000), at(1_300)].contains(&noted), "{noted}");
    }
}
