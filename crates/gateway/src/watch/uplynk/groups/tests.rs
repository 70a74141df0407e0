use super::*;
use vendors::uplynk::{Channel, OnAir, Slicer};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap()
}

/// The schedule's time at this second.
fn millis(second: i64) -> Millis {
    f64::from(i32::try_from(second).unwrap()) * 1_000.0
}

/// A listed group: `a` without slicers, `a+` without channels, `a++` complete.
fn listed(text: &str) -> FailoverGroup {
    FailoverGroup {
        id: text.trim_end_matches('+').to_owned(),
        active: Some(OnAir::Slicer("s1".to_owned())),
        slicers: text.ends_with('+').then(|| vec![Slicer::default()]),
        channels: text.ends_with("++").then(|| vec![Channel::default()]),
        ..FailoverGroup::default()
    }
}

fn list(groups: &mut Groups, ids: &str, is_complete: bool, second: i64) {
    let ids = ids.split_whitespace().map(listed).collect();
    groups.list(ids, is_complete, at(second), millis(second));
}

/// The groups that are read separately from this second on, one per second.
fn read(groups: &mut Groups, from: i64, seconds: i64) -> String {
    let mut ids = Vec::new();
    for second in from..from + seconds {
        let Some((id, _)) = groups.next(millis(second)) else {
            break;
        };
        groups.take(&id, listed(&format!("{id}++")), at(second));
        groups.round(millis(second + 1));
        ids.push(id);
    }
    ids.join(" ")
}

fn held(groups: &Groups) -> String {
    let words = groups.all().map(|watched| {
        let age = watched.read_at.map(|at| at.timestamp());
        format!(
            "{}{}",
            watched.group.id,
            age.map_or("?".to_owned(), |age| age.to_string())
        )
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn omitted_groups_are_read_in_rounds_oldest_first() {
    let mut groups = Groups::default();
    list(&mut groups, "a b c d++ e", true, 0);
    assert_eq!(held(&groups), "a? b? c? d0 e?");
    assert_eq!(read(&mut groups, 1, 2), "a b");
    assert_eq!(groups.round(millis(3)), Duration::from_secs(3));
    list(&mut groups, "a b c d++ e", true, 5);
    assert_eq!(held(&groups), "a1 b2 c? d5 e?");
    assert_eq!(read(&mut groups, 6, 9), "c e", "the round is over");
    assert_eq!(groups.round(millis(9)), Duration::from_secs(8));
    list(&mut groups, "a b c d++ e", true, 10);
    assert_eq!(read(&mut groups, 11, 9), "a b c e");
    // No group has to be read separately any more.
    list(&mut groups, "a++ b++ c++ d++ e++", true, 20);
    assert_eq!(read(&mut groups, 21, 9), "");
    assert_eq!(groups.round(millis(21)), Duration::ZERO);
}

#[test]
fn changed_groups_are_read_first_without_shared_answers() {
    let mut groups = Groups::default();
    list(&mut groups, "a b c", true, 0);
    assert_eq!(read(&mut groups, 1, 3), "a b c");
    groups.changed("b");
    assert_eq!(groups.next(millis(4)), Some(("b".to_owned(), true)));
    let mut switched = listed("c");
    switched.active = Some(OnAir::Slate);
    let groups_listed = vec![listed("a"), listed("b"), switched];
    groups.list(groups_listed, true, at(5), millis(5));
    assert_eq!(groups.next(millis(6)), Some(("c".to_owned(), true)));
    assert_eq!(groups.next(millis(7)), Some(("a".to_owned(), false)));
}

#[test]
fn channels_are_read_once_and_then_rarely() {
    let mut groups = Groups::default();
    list(&mut groups, "a+ b+", true, 0);
    assert_eq!(read(&mut groups, 1, 9), "a b");
    assert_eq!(groups.round(millis(3)), Duration::ZERO);
    list(&mut groups, "a+ b+", true, 300);
    assert_eq!(read(&mut groups, 301, 9), "");
    assert!(groups.all().all(|watched| watched.group.channels.is_some()));
    assert_eq!(held(&groups), "a300 b300", "channels are not judged");
    list(&mut groups, "a+ b+", true, 700);
    assert_eq!(read(&mut groups, 701, 9), "a b");
    groups.changed("b");
    assert_eq!(read(&mut groups, 702, 9), "b");
}

#[test]
fn a_group_that_an_incomplete_list_omits_stays_until_it_is_unknown() {
    let mut groups = Groups::default();
    list(&mut groups, "a++ b++ c++", true, 0);
    list(&mut groups, "a++", false, 5);
    let mut all = held(&groups);
    assert!(["a5 b0 c0", "a5 c0 b0"].contains(&all.as_str()), "{all}");
    let (first, _) = groups.next(millis(6)).unwrap();
    groups.failed(&first, "500".to_owned());
    let (second, _) = groups.next(millis(7)).unwrap();
    assert!(groups.confirm_deleted(&second));
    all = held(&groups);
    assert_eq!(all, format!("a5 {first}0"));
    assert_eq!(groups.get(&first).unwrap().failure.as_deref(), Some("500"));
    assert_eq!(groups.next(millis(8)), None);
    assert!(!groups.confirm_deleted("a"), "the list names it");
    list(&mut groups, "a++ b++ c++", true, 10);
    assert_eq!(held(&groups), "a10 b10 c10");
    list(&mut groups, "a++", true, 15);
    assert_eq!(held(&groups), "a15", "the list is complete");
}

#[test]
fn groups_of_another_gateway_survive_an_incomplete_list() {
    let known = || Groups::known(vec!["a".to_owned(), "b".to_owned()]);
    let mut groups = known();
    list(&mut groups, "a++", false, 0);
    assert_eq!(held(&groups), "a0 b?");
    assert_eq!(read(&mut groups, 1, 9), "b");
    let mut groups = known();
    list(&mut groups, "a++", true, 0);
    assert_eq!(held(&groups), "a0");
}

/// The time of an interruption must not count, because the duration of a round determines the permitted age.
#[test]
fn an_interruption_is_not_part_of_a_round() {
    let mut groups = Groups::default();
    list(&mut groups, "a b", true, 0);
    assert_eq!(read(&mut groups, 1, 1), "a");
    groups.interrupt();
    list(&mut groups, "a b", true, 600);
    assert_eq!(groups.round(millis(601)), Duration::from_secs(1));
    assert_eq!(read(&mut groups, 601, 9), "b a");
    assert_eq!(groups.round(millis(603)), Duration::from_secs(3));
}

#[test]
fn a_kept_part_keeps_its_unreadable_fields() {
    let field = |name: &str| UnreadableField {
        name: name.to_owned(),
        raw: "?".to_owned(),
    };
    let mut read = listed("a++");
    read.unreadable = vec![field("slicers[1]"), field("mode")];
    let mut groups = Groups::default();
    list(&mut groups, "a", true, 0);
    groups.take("a", read, at(1));
    let mut thin = listed("a");
    thin.unreadable = vec![field("slicers"), field("owner")];
    groups.list(vec![thin], true, at(5), millis(5));
    let group = &groups.get("a").unwrap().group;
    assert_eq!(group.unreadable, [field("owner"), field("slicers[1]")]);
}

/// The schedule decides which group is next; readings have the time of the clock.
#[test]
fn a_clock_that_is_set_back_does_not_prevent_reads() {
    let mut groups = Groups::default();
    let mut list_at = |clock: i64, second: i64, expected: &str| {
        let both = vec![listed("a"), listed("b")];
        groups.list(both, true, at(clock), millis(second));
        assert_eq!(read(&mut groups, second + 1, 9), expected);
    };
    list_at(7_200, 0, "a b");
    list_at(3_600, 10, "a b");
    list_at(3_610, 20, "a b");
    assert_eq!(groups.round(millis(30)), Duration::from_secs(3));
}
