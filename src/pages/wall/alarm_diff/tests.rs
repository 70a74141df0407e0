use super::*;
use health::freshness::Freshness;
use health::inventory::Observed;

fn tile(source: &str, name: &str, severity: Severity) -> Tile {
    Tile {
        key: format!("{source}/{name}"),
        source: source.to_owned(),
        name: name.to_owned(),
        connection: String::new(),
        severity,
        last_severity: severity,
        rank: 1,
        word: String::new(),
        sentence: String::new(),
        since: None,
        observed: Observed::WithConnection,
        fresh: Freshness::Live,
        is_source: false,
        is_read: true,
        handling: "",
    }
}

fn answering(sources: &[&str]) -> Vec<String> {
    sources.iter().map(|source| (*source).to_owned()).collect()
}

fn raised(changes: &AlarmChanges) -> Vec<(&str, Priority)> {
    let pairs = changes.raised.iter();
    pairs
        .map(|(key, priority)| (key.as_str(), *priority))
        .collect()
}

#[test]
fn alarms_at_the_start_are_not_new_and_later_ones_are() {
    let mut diff = AlarmDiff::default();
    let at = |severity| [tile("a", "x", severity), tile("a", "y", Severity::Critical)];
    assert_eq!(
        diff.update(&at(Severity::Normal), &answering(&["a"])),
        AlarmChanges::default()
    );
    let changes = diff.update(&at(Severity::Warning), &answering(&["a"]));
    assert_eq!(raised(&changes), [("a/x", Priority::Warning)]);
    assert_eq!(
        diff.update(&at(Severity::Warning), &answering(&["a"])),
        AlarmChanges::default()
    );
    let changes = diff.update(&at(Severity::Critical), &answering(&["a"]));
    assert_eq!(raised(&changes), [("a/x", Priority::Critical)]);
    // An alarm that becomes less urgent is neither new nor ended.
    assert_eq!(
        diff.update(&at(Severity::Warning), &answering(&["a"])),
        AlarmChanges::default()
    );
    assert!(diff.update(&at(Severity::Normal), &answering(&["a"])).ended);
    assert_eq!(diff.priority_of("a/y"), Some(Priority::Critical));
}

#[test]
fn alarms_that_the_first_sweep_reads_later_are_not_new() {
    let mut diff = AlarmDiff::default();
    let unread = Tile {
        is_read: false,
        handling: "",
        ..tile("a", "y", Severity::Unknown)
    };
    let x = tile("a", "x", Severity::Normal);
    diff.update(&[x.clone(), unread], &answering(&["a"]));
    let changes = diff.update(
        &[x.clone(), tile("a", "y", Severity::Critical)],
        &answering(&["a"]),
    );
    assert_eq!(changes, AlarmChanges::default());
    // After the first sweep, an alarm of a new resource is new.
    let z = tile("a", "z", Severity::Critical);
    let changes = diff.update(&[x, z], &answering(&["a"]));
    assert_eq!(raised(&changes), [("a/z", Priority::Critical)]);
    assert!(changes.ended, "y was critical and no longer exists");
}

#[test]
fn an_alarm_of_a_resource_that_becomes_unknown_has_not_ended() {
    let mut diff = AlarmDiff::default();
    let mut update = |severity, handling| {
        let x = Tile {
            handling,
            ..tile("a", "x", severity)
        };
        let changes = diff.update(&[x], &answering(&["a"]));
        let raised = !raised(&changes).is_empty();
        (raised, changes.ended, diff.has_open())
    };
    assert_eq!(update(Severity::Critical, ""), (false, false, true));
    assert_eq!(update(Severity::Unknown, ""), (false, false, true));
    assert_eq!(update(Severity::Critical, ""), (false, false, true));
    assert_eq!(update(Severity::Unknown, ""), (false, false, true));
    assert_eq!(update(Severity::Normal, ""), (false, true, false));
    assert_eq!(update(Severity::Critical, ""), (true, false, true));
    // An acknowledgement does not end it either.
    assert_eq!(
        update(Severity::Unknown, "acknowledged"),
        (false, false, false)
    );
}

#[test]
fn an_acknowledged_alarm_is_not_open_and_is_new_again_when_withdrawn() {
    let mut diff = AlarmDiff::default();
    let x = tile("a", "x", Severity::Critical);
    let handled = Tile {
        handling: "acknowledged",
        ..x.clone()
    };
    let normal = tile("a", "x", Severity::Normal);
    let mut update = |tile: &Tile| {
        let changes = diff.update(std::slice::from_ref(tile), &answering(&["a"]));
        let raised = !raised(&changes).is_empty();
        (raised, changes.ended, diff.priority_of("a/x"))
    };
    let critical = Some(Priority::Critical);
    let nothing = (false, false, None);
    assert_eq!(update(&normal), nothing);
    assert_eq!(update(&handled), nothing, "handled from the start");
    assert_eq!(update(&x), (true, false, critical), "withdrawn");
    assert_eq!(update(&handled), nothing, "it has not ended");
    assert_eq!(
        update(&normal),
        nothing,
        "its sound ended with the acknowledgement"
    );
    assert_eq!(update(&handled), nothing);
    assert_eq!(update(&x), (true, false, critical), "withdrawn again");
    assert_eq!(update(&x), (false, false, critical));
}

#[test]
fn a_silent_connection_raises_its_own_alarm_and_keeps_the_open_ones() {
    let mut diff = AlarmDiff::default();
    let x = tile("a", "x", Severity::Critical);
    diff.update(std::slice::from_ref(&x), &answering(&["a"]));
    let stale = Tile {
        severity: Severity::Unknown,
        fresh: Freshness::NoData,
        ..x.clone()
    };
    let silent = Tile {
        is_source: true,
        fresh: Freshness::NoData,
        key: "a".to_owned(),
        ..tile("a", "", Severity::Critical)
    };
    let changes = diff.update(&[silent, stale], &answering(&[]));
    assert_eq!(raised(&changes), [("a", Priority::Critical)]);
    assert!(!changes.ended);
    let changes = diff.update(&[x], &answering(&["a"]));
    assert_eq!(raised(&changes), []);
    assert!(changes.ended, "the connection answers again");
}

#[test]
fn an_alarm_from_before_a_restart_is_not_new_when_read_and_ends_when_normal() {
    let at = |severity| tile("a", "x", severity);
    for (read, has_ended) in [(Severity::Critical, false), (Severity::Normal, true)] {
        let mut diff = AlarmDiff::default();
        let before = Tile {
            fresh: Freshness::NoData,
            ..at(Severity::Critical)
        };
        for answering in [answering(&[]), answering(&["a"])] {
            let changes = diff.update(std::slice::from_ref(&before), &answering);
            assert_eq!(changes, AlarmChanges::default());
        }
        let changes = diff.update(&[at(read)], &answering(&["a"]));
        assert_eq!((raised(&changes), changes.ended), (Vec::new(), has_ended));
    }
}

#[test]
fn a_run_read_through_another_connection_is_not_new_and_ends_when_removed() {
    let mut diff = AlarmDiff::default();
    let run = |source: &str, fresh| Tile {
        key: "run 7".to_owned(),
        fresh,
        ..tile(source, "7", Severity::Critical)
    };
    let live = Freshness::Live;
    let both = answering(&["em", "em-old"]);
    diff.update(&[run("em", live)], &both);
    for (tile, answering) in [
        (run("em", Freshness::Stale), answering(&["em-old"])),
        (run("em-old", live), answering(&["em-old"])),
        (run("em-old", live), both.clone()),
        (run("em", live), both.clone()),
    ] {
        let changes = diff.update(&[tile], &answering);
        assert_eq!(changes, AlarmChanges::default());
    }
    assert!(!diff.update(&[], &answering(&["em-old"])).ended);
    assert!(diff.update(&[], &both).ended);
}

#[test]
fn a_connection_that_never_answered_is_not_new() {
    let mut diff = AlarmDiff::default();
    let silent = Tile {
        is_source: true,
        fresh: Freshness::NoData,
        key: "a".to_owned(),
        ..tile("a", "", Severity::Critical)
    };
    assert_eq!(
        diff.update(&[silent], &answering(&[])),
        AlarmChanges::default()
    );
    let x = tile("a", "x", Severity::Critical);
    assert_eq!(raised(&diff.update(&[x], &answering(&["a"]))), []);
}

#[test]
fn an_alarm_of_a_silent_connection_can_be_acknowledged_and_withdrawn() {
    let mut diff = AlarmDiff::default();
    let x = tile("a", "x", Severity::Critical);
    diff.update(std::slice::from_ref(&x), &answering(&["a"]));
    let silent = Tile {
        fresh: Freshness::NoData,
        ..x.clone()
    };
    let handled = Tile {
        handling: "acknowledged",
        ..silent.clone()
    };
    let changes = diff.update(&[handled], &answering(&[]));
    assert_eq!(changes, AlarmChanges::default());
    assert!(!diff.has_open());
    let changes = diff.update(&[silent], &answering(&[]));
    assert_eq!(raised(&changes), [("a/x", Priority::Critical)], "withdrawn");
    let changes = diff.update(&[x], &answering(&["a"]));
    assert_eq!(changes, AlarmChanges::default());
    assert!(diff.has_open());
}

#[test]
fn an_alarm_of_a_connection_that_is_no_longer_shown_is_not_open() {
    let mut diff = AlarmDiff::default();
    let tiles = ["a", "b"].map(|source| tile(source, "x", Severity::Critical));
    diff.update(&tiles, &answering(&["a", "b"]));
    diff.keep_only(|source| source == "b");
    assert_eq!(diff.priority_of("a/x"), None);
    assert!(diff.has_open());
    // When it is shown again, its alarms are seen for the first time.
    let changes = diff.update(&tiles, &answering(&["a", "b"]));
    assert_eq!(changes, AlarmChanges::default());
}

#[test]
fn after_a_reload_only_alarms_raised_meanwhile_are_new() {
    let at = |name, severity| tile("a", name, severity);
    let (critical, warning) = (Severity::Critical, Severity::Warning);
    let mut before = AlarmDiff::default();
    let tiles = [
        at("old", critical),
        at("worse", warning),
        at("over", warning),
        at("broken", Severity::Normal),
    ];
    before.update(&tiles, &answering(&["a"]));
    let mut diff = AlarmDiff::restored(&before.stored(0, |_| false), 1).unwrap();
    // One connection has become silent, and another was not known before the reload.
    let silent = Tile {
        fresh: Freshness::Stale,
        ..at("silent", critical)
    };
    let tiles = [
        at("old", critical),
        at("worse", critical),
        at("over", Severity::Normal),
        at("broken", critical),
        silent,
        tile("b", "x", critical),
    ];
    let changes = diff.update(&tiles, &answering(&["a", "b"]));
    let names: Vec<_> = raised(&changes).into_iter().map(|(key, _)| key).collect();
    assert_eq!(names, ["a/worse", "a/broken", "a/silent"]);
    assert!(changes.ended);
    assert_eq!(
        diff.update(&tiles, &answering(&["a", "b"])),
        AlarmChanges::default()
    );
}
