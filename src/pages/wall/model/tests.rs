use super::*;
use health::Verdict;
use proptest::prelude::*;

fn tile(name: &str, severity: Severity) -> Tile {
    Tile {
        key: format!("plant-a/{name}"),
        source: "plant-a".to_owned(),
        name: name.to_owned(),
        severity,
        was: severity,
        rank: Verdict::RULE,
        word: "Heartbeat late".to_owned(),
        sentence: String::new(),
        since: Some(1_000.0),
        read: Some(10_000.0),
        fresh: Freshness::Live,
        is_source: false,
        is_told: true,
        care: "",
    }
}

fn not_believed(name: &str, was: Severity, fresh: Freshness) -> Tile {
    Tile {
        severity: if outlasts_silence(was) {
            was
        } else {
            Severity::Unknown
        },
        was,
        fresh,
        ..tile(name, was)
    }
}

fn order(mut tiles: Vec<Tile>) -> Vec<String> {
    tiles.sort_by(worst_first);
    tiles.into_iter().map(|tile| tile.name).collect()
}

#[test]
fn the_worst_stands_first_and_the_newest_within_it() {
    let newer = Tile {
        since: Some(9_000.0),
        ..tile("newer", Severity::Critical)
    };
    let ended = Tile {
        rank: Verdict::HISTORY,
        since: Some(99_000.0),
        ..tile("ended", Severity::Critical)
    };
    let tiles = vec![
        tile("normal", Severity::Normal),
        not_believed("was normal", Severity::Normal, Freshness::Stale),
        tile("moving", Severity::Moving),
        tile("off", Severity::Off),
        tile("unknown", Severity::Unknown),
        not_believed("was critical", Severity::Critical, Freshness::Stale),
        ended,
        tile("older", Severity::Critical),
        tile("warning", Severity::Warning),
        newer,
    ];
    assert_eq!(
        order(tiles),
        [
            "newer",
            "older",
            "was critical",
            "ended",
            "warning",
            "moving",
            "unknown",
            "was normal",
            "normal",
            "off"
        ]
    );
}

#[test]
fn normal_ones_stand_by_name_however_they_came() {
    let tiles = ["c", "a", "b"].map(|name| tile(name, Severity::Normal));
    assert_eq!(order(tiles.to_vec()), ["a", "b", "c"]);
}

#[test]
fn a_tile_says_what_it_is_and_how_old() {
    let late = tile("Kiln 2", Severity::Warning);
    assert_eq!(late.label(13_000.0), "Kiln 2: Heartbeat late");
    assert_eq!(late.age(373_000.0), "6 min");
    assert_eq!(late.note(13_000.0), "read 3 s ago");
    let well = tile("Kiln 2", Severity::Normal);
    assert_eq!(well.age(13_000.0), "3 s");
    assert!(!well.is_large() && late.is_large());
}

#[test]
fn a_name_that_is_too_long_for_a_narrow_wall_stands_smaller() {
    let plan = tile("ABC Company Failover Plan", Severity::Warning);
    assert!(plan.is_long(20.0) && !plan.is_long(24.0));
    let Need::Large(least) = plan.need() else {
        panic!("a warning is large");
    };
    assert!(least < 20.0, "in small text it fits: {least}");
}

#[test]
fn a_stale_tile_says_for_how_long_and_keeps_an_alarm() {
    let kept = not_believed("Kiln 2", Severity::Warning, Freshness::Stale);
    assert_eq!(
        kept.label(52_000.0),
        "Kiln 2: Heartbeat late, last known, STALE 42 s"
    );
    assert_eq!(kept.state(52_000.0), "Heartbeat late, last known");
    assert_eq!(kept.age(52_000.0), "");
    let stale = not_believed("Kiln 2", Severity::Normal, Freshness::Stale);
    assert_eq!(
        stale.label(52_000.0),
        "Kiln 2: STALE 42 s, last known Heartbeat late"
    );
    assert_eq!(stale.state(52_000.0), "STALE 42 s");
    assert_eq!(stale.age(52_000.0), "");
    let gone = Tile {
        fresh: Freshness::NoData,
        ..stale.clone()
    };
    assert_eq!(gone.state(190_000.0), "NO DATA 3 min");
    let never = Tile { read: None, ..gone };
    assert_eq!(never.state(190_000.0), "NO DATA");
}

#[test]
fn stale_ones_leave_the_healthy_count_and_connections_are_not_counted() {
    let source = Tile {
        is_source: true,
        ..tile("Plant B", Severity::Critical)
    };
    let totals = totals(&[
        tile("a", Severity::Normal),
        not_believed("b", Severity::Normal, Freshness::Stale),
        not_believed("c", Severity::Critical, Freshness::NoData),
        tile("d", Severity::Critical),
        source,
    ]);
    assert_eq!((totals.normal, totals.critical, totals.stale), (1, 2, 1));
    assert_eq!(totals.all(), 4);
}

#[test]
fn what_is_critical_now_stops_the_pages_and_what_has_ended_does_not() {
    let ended = Tile {
        rank: Verdict::HISTORY,
        ..tile("ended", Severity::Critical)
    };
    let warning = tile("warning", Severity::Warning);
    assert_eq!(critical(&[ended.clone(), warning.clone()]), 0);
    let mut tiles = [ended, tile("now", Severity::Critical), warning];
    tiles.sort_by(worst_first);
    assert_eq!(critical(&tiles), 1);
}

#[test]
fn ages_have_one_unit() {
    for (seconds, words) in [
        (-3.0, "0 s"),
        (0.9, "0 s"),
        (59.0, "59 s"),
        (60.0, "1 min"),
        (3_599.0, "59 min"),
        (7_300.0, "2 h"),
        (300_000.0, "3 d"),
    ] {
        assert_eq!(short(seconds * 1_000.0), words);
    }
    assert!(!short(f64::MAX).is_empty());
}

proptest! {
    #[test]
    fn the_order_is_one_and_does_not_depend_on_where_it_began(seeds in proptest::collection::vec((0_usize..6, 0_u8..3, any::<bool>(), "[a-c]{1,2}", 0_u32..4), 0..24)) {
        const ALL: [Severity; 6] = [Severity::Critical, Severity::Warning, Severity::Moving, Severity::Unknown, Severity::Normal, Severity::Off];
        let mut tiles: Vec<Tile> = seeds
            .into_iter()
            .enumerate()
            .map(|(at, (severity, rank, stale, name, since))| {
                let one = if stale { not_believed(&name, ALL[severity], Freshness::Stale) } else { tile(&name, ALL[severity]) };
                Tile { key: at.to_string(), rank, since: Some(f64::from(since)), ..one }
            })
            .collect();
        let mut back = tiles.clone();
        back.reverse();
        tiles.sort_by(worst_first);
        back.sort_by(worst_first);
        prop_assert_eq!(&tiles, &back);
        prop_assert!(tiles.windows(2).all(|pair| pair[0].is_large() || !pair[1].is_large()));
    }
}
