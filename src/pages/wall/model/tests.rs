use super::*;
use health::Verdict;
use proptest::prelude::*;

fn at_second(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).expect("in range")
}

/// The ages of a tile at a second.
fn ages(tile: &Tile, at: i64) -> Ages {
    tile.ages(at_second(at), None).0
}

fn tile(name: &str, severity: Severity) -> Tile {
    Tile {
        key: format!("plant-a/{name}"),
        source: "plant-a".to_owned(),
        name: name.to_owned(),
        connection: String::new(),
        severity,
        last_severity: severity,
        rank: Verdict::RULE,
        word: "Heartbeat late".to_owned(),
        sentence: String::new(),
        since: Some(at_second(1)),
        observed: Observed::At(at_second(10)),
        fresh: Freshness::Live,
        is_source: false,
        is_read: true,
        handling: "",
    }
}

fn stale_tile(name: &str, last_severity: Severity, fresh: Freshness) -> Tile {
    Tile {
        severity: if outlasts_silence(last_severity) {
            last_severity
        } else {
            Severity::Unknown
        },
        last_severity,
        fresh,
        ..tile(name, last_severity)
    }
}

fn order(mut tiles: Vec<Tile>) -> Vec<String> {
    tiles.sort_by(worst_first);
    tiles.into_iter().map(|tile| tile.name).collect()
}

#[test]
fn tiles_are_ordered_worst_first_and_newest_first_among_equals() {
    let newer = Tile {
        since: Some(at_second(9)),
        ..tile("newer", Severity::Critical)
    };
    let ended = Tile {
        rank: Verdict::HISTORY,
        since: Some(at_second(99)),
        ..tile("ended", Severity::Critical)
    };
    let tiles = vec![
        tile("normal", Severity::Normal),
        stale_tile("was normal", Severity::Normal, Freshness::Stale),
        tile("moving", Severity::Moving),
        tile("off", Severity::Off),
        tile("unknown", Severity::Unknown),
        stale_tile("was critical", Severity::Critical, Freshness::Stale),
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
fn normal_tiles_are_ordered_by_name() {
    let tiles = ["c", "a", "b"].map(|name| tile(name, Severity::Normal));
    assert_eq!(order(tiles.to_vec()), ["a", "b", "c"]);
}

#[test]
fn a_tile_shows_its_state_and_its_age() {
    let late = tile("Kiln 2", Severity::Warning);
    assert_eq!(late.label(ages(&late, 13)), "Kiln 2: Heartbeat late");
    let age = |tile: &Tile, at| tile.age(ages(tile, at)).map(|age| age.to_string());
    assert_eq!(age(&late, 373).as_deref(), Some("6 min"));
    assert_eq!(late.note(ages(&late, 13)), "read <10 s ago");
    let normal = tile("Kiln 2", Severity::Normal);
    assert_eq!(age(&normal, 24).as_deref(), Some("10 s"));
    assert!(!normal.is_large() && late.is_large());
}

#[test]
fn a_tile_read_with_its_connection_has_the_age_of_the_connection() {
    let with = Tile {
        observed: Observed::WithConnection,
        ..tile("Kiln 2", Severity::Normal)
    };
    let read = |connection| {
        with.ages(at_second(40), connection)
            .0
            .read
            .map(|age| age.to_string())
    };
    assert_eq!(read(Some(at_second(7))).as_deref(), Some("30 s"));
    assert_eq!(read(None), None);
}

#[test]
fn a_long_name_can_break_into_two_lines() {
    let plan = tile("ABC Company Failover Plan", Severity::Warning);
    let TileWidth::Large(width) = plan.required_width() else {
        panic!("a warning is large");
    };
    assert!(width.name < 20.0, "in small text it fits: {width:?}");
    assert!(
        width.name_only.1 < 9.0,
        "in two lines it is half as wide: {width:?}"
    );
}

#[test]
fn typical_states_and_ages_take_the_same_width() {
    let of = |word: &str, since| {
        let tile = Tile {
            word: word.to_owned(),
            since: Some(at_second(since)),
            ..tile("Kiln 2", Severity::Critical)
        };
        tile.required_width()
    };
    let typical = of("On slate", 1);
    for word in [
        "Primary silent",
        "Override silent",
        "Handover stuck",
        "Failed",
    ] {
        assert_eq!(of(word, 9_999_999), typical, "{word}");
    }
}

#[test]
fn a_silent_connection_takes_one_line() {
    let source = Tile {
        is_source: true,
        ..stale_tile("Plant B", Severity::Critical, Freshness::NoData)
    };
    assert!(matches!(source.required_width(), TileWidth::Strip(_)));
    assert!(source.is_large(), "it is ordered among the alarms");
}

#[test]
fn a_sentence_repeats_neither_the_name_nor_the_state() {
    for (sentence, word, expected) in [
        (
            "Kids 24 is on slate: no slicer is healthy.",
            "On slate",
            "no slicer is healthy.",
        ),
        (
            "Kids 24 has no primary: no data is being collected.",
            "No primary",
            "no data is being collected.",
        ),
        (
            "Kids 24: kids02 is on air and is silent.",
            "On air unhealthy",
            "kids02 is on air and is silent.",
        ),
        (
            "Kids 24 failed on em01: disk full.",
            "Failed",
            "failed on em01: disk full.",
        ),
        ("Kids 24 does not answer.", "", "does not answer."),
        ("Kids 24", "Failed", "Kids 24"),
        ("Kids 245 has failed.", "Failed", "Kids 245 has failed."),
        (
            "Nothing is known: unread.",
            "Unknown",
            "Nothing is known: unread.",
        ),
        ("Kids 24: n: x", "known", "n: x"),
        ("", "Failed", ""),
    ] {
        assert_eq!(without_repetition(sentence, "Kids 24", word), expected);
    }
}

#[test]
fn tiles_with_the_same_name_show_their_connection() {
    let twin = Tile {
        connection: "Enterprise Manager".to_owned(),
        ..tile("Web Shop DR", Severity::Critical)
    };
    let TileWidth::Large(width) = twin.required_width() else {
        panic!("a critical one is large");
    };
    assert!(width.shows_connection);
}

#[test]
fn a_stale_tile_shows_its_age_and_keeps_an_alarm() {
    let kept = stale_tile("Kiln 2", Severity::Warning, Freshness::Stale);
    assert_eq!(
        kept.label(ages(&kept, 52)),
        "Kiln 2: Heartbeat late, last known, STALE 40 s"
    );
    assert_eq!(kept.state(ages(&kept, 52)), "Heartbeat late, last known");
    let age = kept.age(ages(&kept, 52));
    assert_eq!(age.map(|age| age.to_string()).as_deref(), Some("40 s"));
    let stale = stale_tile("Kiln 2", Severity::Normal, Freshness::Stale);
    assert_eq!(
        stale.label(ages(&stale, 52)),
        "Kiln 2: STALE 40 s, last known Heartbeat late"
    );
    assert_eq!(stale.state(ages(&stale, 52)), "STALE 40 s");
    assert_eq!(stale.age(ages(&stale, 52)), None);
    let gone = Tile {
        fresh: Freshness::NoData,
        ..stale.clone()
    };
    assert_eq!(gone.state(ages(&gone, 190)), "NO DATA 3 min");
    let never = Tile {
        observed: Observed::Never,
        ..gone
    };
    assert_eq!(never.state(ages(&never, 190)), "NO DATA");
}

#[test]
fn a_stale_tile_shows_its_acknowledgement() {
    let handled = |tile: Tile| Tile {
        handling: "acknowledged",
        ..tile
    };
    let kept = handled(stale_tile("Kiln 2", Severity::Critical, Freshness::Stale));
    let at = ages(&kept, 52);
    assert_eq!(
        kept.label(at),
        "Kiln 2: Heartbeat late, last known, STALE 40 s, acknowledged"
    );
    assert_eq!(kept.note(at), "STALE, acknowledged");
    let stale = handled(stale_tile("Kiln 2", Severity::Moving, Freshness::Stale));
    assert_eq!(
        stale.label(at),
        "Kiln 2: STALE 40 s, last known Heartbeat late, acknowledged"
    );
    assert_eq!(stale.state(at), "STALE 40 s, acknowledged");
    let source = handled(Tile {
        is_source: true,
        ..stale_tile("Plant B", Severity::Critical, Freshness::NoData)
    });
    assert_eq!(source.label(at), "Plant B: NO DATA 40 s, acknowledged");
}

#[test]
fn handling_a_last_known_alarm_moves_no_tile_and_is_shown_if_there_is_room() {
    let open = stale_tile("Kiln 2", Severity::Critical, Freshness::NoData);
    let handled = Tile {
        handling: "in maintenance",
        ..open.clone()
    };
    assert_eq!(handled.required_width(), open.required_width());
    assert!(open.has_room_for_note(29.0) && !handled.has_room_for_note(29.0));
    let words = ["Heartbeat late, last known", " 59 min"].map(measure_bold);
    let room = GLYPH_AND_PADDING + words.iter().sum::<f64>() + measure(" NO DATA, in maintenance");
    assert!(handled.has_room_for_note(room + 0.1));
}

#[test]
fn totals_count_stale_tiles_separately_and_connections_only_if_critical() {
    let source = |severity| Tile {
        is_source: true,
        ..tile("Plant B", severity)
    };
    let tiles = [
        tile("a", Severity::Normal),
        stale_tile("b", Severity::Normal, Freshness::Stale),
        stale_tile("c", Severity::Critical, Freshness::NoData),
        stale_tile("d", Severity::Normal, Freshness::NoData),
        tile("e", Severity::Critical),
        source(Severity::Critical),
        source(Severity::Unknown),
    ];
    let totals = totals(&tiles);
    assert_eq!((totals.normal, totals.critical, totals.stale), (1, 3, 2));
    assert_eq!((totals.all(), without_data(&tiles)), (6, 1));
}

#[test]
fn ended_failures_hold_the_pages_only_together_with_a_current_critical_alarm() {
    let ended = Tile {
        rank: Verdict::HISTORY,
        ..tile("ended", Severity::Critical)
    };
    let warning = tile("warning", Severity::Warning);
    assert_eq!(critical(&[ended.clone(), warning.clone()]), 0);
    let handled = Tile {
        handling: "acknowledged",
        ..tile("handled", Severity::Critical)
    };
    assert_eq!(critical(&[ended.clone(), warning.clone(), handled]), 0);
    let mut tiles = [ended, tile("now", Severity::Critical), warning];
    tiles.sort_by(worst_first);
    assert_eq!(critical(&tiles), 2);
    assert_eq!(order(tiles.to_vec()), ["now", "ended", "warning"]);
}

#[test]
fn a_handled_alarm_comes_last_and_holds_no_page() {
    let handled = Tile {
        handling: "acknowledged",
        ..tile("handled", Severity::Critical)
    };
    let withdrawn = Tile {
        handling: "",
        ..handled.clone()
    };
    let others = [
        tile("now", Severity::Critical),
        tile("warning", Severity::Warning),
    ];
    let sorted = |first: Tile| {
        let mut tiles = others.to_vec();
        tiles.insert(0, first);
        tiles.sort_by(worst_first);
        tiles
    };
    let tiles = sorted(handled.clone());
    assert_eq!(critical(&tiles), 1);
    assert_eq!(order(tiles), ["now", "warning", "handled"]);
    assert_eq!(critical(&sorted(withdrawn)), 2);
    assert_eq!(critical(std::slice::from_ref(&handled)), 0);
    assert_eq!(
        handled.label(ages(&handled, 13)),
        "handled: Heartbeat late, acknowledged"
    );
}

#[test]
fn ages_have_one_unit() {
    for (millis, words, tile_age) in [
        (-3_000, "0 s", "<10 s"),
        (900, "0 s", "<10 s"),
        (10_000, "10 s", "10 s"),
        (59_000, "59 s", "50 s"),
        (60_000, "1 min", "1 min"),
        (3_599_000, "59 min", "59 min"),
        (7_300_000, "2 h", "2 h"),
        (300_000_000, "3 d", "3 d"),
    ] {
        let age = TimeDelta::milliseconds(millis);
        assert_eq!(short(age), words);
        assert_eq!(Age::of(age).0.to_string(), tile_age);
    }
    assert!(!short(TimeDelta::MAX).is_empty());
    assert!(!Age::of(TimeDelta::MAX).0.to_string().is_empty());
}

proptest! {
    #[test]
    fn a_displayed_age_is_valid_exactly_as_long_as_returned(millis in 0_i64..1_000_000_000) {
        let age = TimeDelta::milliseconds(millis);
        let (displayed, lasts) = Age::of(age);
        prop_assert!(lasts > TimeDelta::zero());
        prop_assert_eq!(Age::of(age + lasts - TimeDelta::milliseconds(1)).0, displayed);
        prop_assert_ne!(Age::of(age + lasts).0, displayed);
    }

    #[test]
    fn the_order_of_tiles_does_not_depend_on_their_initial_order(seeds in proptest::collection::vec((0_usize..6, 0_u8..3, any::<bool>(), "[a-c]{1,2}", 0_u32..4), 0..24)) {
        const ALL: [Severity; 6] = [Severity::Critical, Severity::Warning, Severity::Moving, Severity::Unknown, Severity::Normal, Severity::Off];
        let mut tiles: Vec<Tile> = seeds
            .into_iter()
            .enumerate()
            .map(|(at, (severity, rank, stale, name, since))| {
                let one = if stale { stale_tile(&name, ALL[severity], Freshness::Stale) } else { tile(&name, ALL[severity]) };
                Tile { key: at.to_string(), rank, since: Some(at_second(i64::from(since))), ..one }
            })
            .collect();
        let mut reversed = tiles.clone();
        reversed.reverse();
        tiles.sort_by(worst_first);
        reversed.sort_by(worst_first);
        prop_assert_eq!(&tiles, &reversed);
        prop_assert!(tiles.windows(2).all(|pair| pair[0].is_large() || !pair[1].is_large()));
    }
}
