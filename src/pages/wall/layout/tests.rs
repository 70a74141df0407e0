use super::frame::rows_of;
use super::tile_rows::MAX_LINES;
use super::*;
use proptest::prelude::*;

const SCREENS: [(f64, f64); 6] = [
    (1280.0, 720.0),
    (1920.0, 1080.0),
    (2560.0, 1440.0),
    (3840.0, 2160.0),
    (1080.0, 1920.0),
    (720.0, 1280.0),
];

fn viewing((width, height): (f64, f64)) -> ViewingConditions {
    ViewingConditions {
        width,
        height,
        distance: 5.0,
        diagonal: 55.0,
    }
}

/// A large tile with a name of this width and a typical state.
fn large(name: f64) -> TileWidth {
    TileWidth::Large(LargeWidth {
        least: (4.2 + name / 2.0).max(15.0),
        name: 4.2 + name,
        state: 15.0,
        name_only: (name, name / 2.0),
        shows_connection: false,
    })
}

fn content(large: usize, small: usize) -> Content {
    let large = std::iter::repeat_n(self::large(9.0), large);
    let small = std::iter::repeat_n(TileWidth::Small(14.0), small);
    Content {
        tiles: large.chain(small).collect(),
        critical: 0,
        totals: vec![7.1, 7.4, 8.5, 6.5],
        notes: vec![9.0, 9.0],
        sources: vec![9.0, 9.0, 12.0, 14.0, 16.0],
        strip: None,
    }
}

/// Checks the invariants of any layout.
fn check(layout: &Layout, content: &Content) -> Result<(), TestCaseError> {
    prop_assert!(!layout.pages.is_empty());
    let mut next = 0;
    for page in &layout.pages {
        prop_assert_eq!(page.first, next, "every tile once, in order");
        next += page.places.len();
        for (at, place) in page.places.iter().enumerate() {
            prop_assert!(place.x >= -1e-6 && place.y >= -1e-6);
            prop_assert!(
                place.x + place.w <= layout.width + 1e-6,
                "{place:?} {}",
                layout.width
            );
            prop_assert!(
                place.y + place.h <= layout.area + 1e-6,
                "{place:?} {}",
                layout.area
            );
            let words = content.tiles[page.first + at].least();
            prop_assert!(
                place.w >= words.min(layout.width) - 1e-6,
                "{place:?} cuts {words}"
            );
            prop_assert!(place.h >= COMPACT - 1e-9);
            match content.tiles[page.first + at] {
                TileWidth::Large(large) => {
                    let sentence = SENTENCE * as_f64(place.lines.unwrap_or(99));
                    let plain = large.height(place.w);
                    let height = match place.name {
                        NameSize::Plain => plain,
                        NameSize::Larger if large.fits_larger_name(place.w) => plain,
                        size => large.height_with(size, place.w).unwrap_or(f64::MAX),
                    };
                    prop_assert!(
                        place.h >= height + sentence - 1e-6,
                        "{place:?} cuts its words"
                    );
                }
                TileWidth::Strip(_) => prop_assert_eq!(place.name, NameSize::Plain),
                TileWidth::Small(_) => prop_assert!(place.lines.is_none()),
            }
            for other in &page.places[..at] {
                let apart = place.x >= other.x + other.w - 1e-6
                    || other.x >= place.x + place.w - 1e-6
                    || place.y >= other.y + other.h - 1e-6
                    || other.y >= place.y + place.h - 1e-6;
                prop_assert!(apart, "{:?} and {:?} overlap", place, other);
            }
        }
    }
    prop_assert_eq!(next, content.tiles.len());
    Ok(())
}

#[test]
fn few_tiles_are_drawn_at_the_preferred_size() {
    for screen in SCREENS {
        let viewing = ViewingConditions {
            distance: 3.5,
            ..viewing(screen)
        };
        let wall = layout(&viewing, &content(1, 2));
        assert_eq!(wall.pages.len(), 1, "{screen:?}");
        assert!(
            (wall.text - viewing.text(PREFERRED_ARC_MINUTES)).abs() < 1e-9,
            "{screen:?}"
        );
    }
}

#[test]
fn more_tiles_make_the_text_smaller_and_many_make_pages() {
    for screen in SCREENS {
        let viewing = viewing(screen);
        let sizes: Vec<_> = (0..60)
            .map(|small| {
                let wall = layout(&viewing, &content(2, small));
                assert!(!wall.too_small);
                assert!(wall.text >= viewing.text(MIN_ARC_MINUTES) - 1e-9);
                (wall.text, wall.pages.len())
            })
            .collect();
        assert!(
            sizes
                .windows(2)
                .all(|pair| pair[1].0 <= pair[0].0 + 1e-9 && pair[1].1 >= pair[0].1)
        );
        assert!(
            sizes.last().is_some_and(|last| last.1 > 1),
            "{screen:?}: {sizes:?}"
        );
    }
}

#[test]
fn unused_height_goes_to_the_sentences() {
    let near = ViewingConditions {
        distance: 3.0,
        ..viewing((1920.0, 1080.0))
    };
    let wall = layout(&near, &content(1, 0));
    assert_eq!(wall.pages[0].places[0].lines, Some(MAX_LINES));
}

#[test]
fn a_wall_that_is_too_far_away_to_read_is_marked_too_small() {
    let far = ViewingConditions {
        distance: 30.0,
        diagonal: 32.0,
        ..viewing((1920.0, 1080.0))
    };
    let wall = layout(&far, &content(3, 20));
    assert!(wall.too_small);
    assert!(far.legible_from(wall.text) < 30.0);
    assert!(check(&wall, &content(3, 20)).is_ok());
}

#[test]
fn sources_take_as_many_lines_as_they_need() {
    assert_eq!(rows_of(&[], 30.0), 0);
    assert_eq!(rows_of(&[10.0, 10.0], 21.0), 1);
    assert_eq!(rows_of(&[10.0, 10.0], 20.0), 2);
    assert_eq!(
        rows_of(&[99.0, 1.0], 20.0),
        3,
        "the wide one takes two lines"
    );
    assert_eq!(rows_of(&[1.0, 99.0], 20.0), 3);
    assert_eq!(rows_of(&[20.0], 20.0), 1);
}

/// A typical wall: 55 inches at 5 m.
fn typical_viewing() -> ViewingConditions {
    viewing((1920.0, 1080.0))
}

fn places(content: &Content) -> Vec<TilePlacement> {
    let wall = layout(&typical_viewing(), content);
    assert!(check(&wall, content).is_ok());
    let places = wall.pages.into_iter().flat_map(|page| page.places);
    let name = NameSize::Plain;
    places
        .map(|place| TilePlacement { name, ..place })
        .collect()
}

#[test]
fn the_worst_tile_has_double_height_if_there_is_room_and_no_other_is_larger() {
    let double = layout(&typical_viewing(), &content(5, 0));
    assert_eq!(double.pages.len(), 1);
    assert!(double.pages[0].places[0].h > 2.0 * double.pages[0].places[4].h);
    let near = ViewingConditions {
        distance: 3.0,
        ..typical_viewing()
    };
    for (viewing, number) in
        (3..=30).flat_map(|number| [(near, number), (typical_viewing(), number)])
    {
        let wall = layout(&viewing, &content(number, 4));
        let worst = wall.pages[0].places[0];
        for other in wall.pages[0].places.iter().filter(|place| **place != worst) {
            let is_as_large = other.w <= worst.w + 1e-9 && other.h <= worst.h + 1e-9;
            assert!(
                is_as_large && other.name <= worst.name,
                "{number}: {other:?}"
            );
        }
    }
}

#[test]
fn the_worst_tile_in_a_single_row_has_a_larger_name() {
    let near = ViewingConditions {
        distance: 3.0,
        ..typical_viewing()
    };
    let wall = layout(&near, &content(3, 0));
    let names: Vec<_> = wall.pages[0]
        .places
        .iter()
        .map(|place| place.name)
        .collect();
    assert_eq!(names, [NameSize::Worst, NameSize::Larger, NameSize::Larger]);
}

#[test]
fn the_double_height_of_the_worst_tile_adds_no_page() {
    for number in 1..40 {
        let content = content(number, 0);
        let wall = layout(&typical_viewing(), &content);
        let plain = wall
            .pages
            .iter()
            .filter(|page| page.places.iter().all(|place| place.name < NameSize::Worst));
        let per_page = plain.map(|page| page.places.len()).max().unwrap_or(number);
        assert!(wall.pages.len() <= number.div_ceil(per_page), "{number}");
    }
    let six = layout(&typical_viewing(), &content(6, 20));
    assert_eq!(
        six.pages_of(6),
        1,
        "it must not push the last tile to another page"
    );
    // If it would, it has single height: critical tiles that fit on one page stay on one page.
    let first = |large, critical| {
        let content = Content {
            critical,
            ..content(large, 0)
        };
        layout(&typical_viewing(), &content).pages_of(critical)
    };
    for number in 1..40 {
        let alone = first(number, number);
        assert!(first(number + 6, number) <= alone, "{number}");
    }
    // Twelve critical tiles take two pages.
    assert_eq!(layout(&typical_viewing(), &content(12, 20)).pages_of(12), 2);
}

#[test]
fn the_worst_name_is_largest_and_a_long_name_makes_the_others_plain() {
    for (names, sizes) in [
        (
            [9.0, 9.0, 9.0],
            [NameSize::Worst, NameSize::Larger, NameSize::Larger],
        ),
        (
            [9.0, 30.0, 9.0],
            [NameSize::Worst, NameSize::Plain, NameSize::Plain],
        ),
        ([80.0, 9.0, 9.0], [NameSize::Plain; 3]),
    ] {
        let content = Content {
            tiles: names.map(large).to_vec(),
            ..content(0, 0)
        };
        let near = ViewingConditions {
            distance: 2.0,
            ..typical_viewing()
        };
        let wall = layout(&near, &content);
        assert!(check(&wall, &content).is_ok());
        let shown: Vec<_> = wall.pages[0]
            .places
            .iter()
            .map(|place| place.name)
            .collect();
        assert_eq!(shown, sizes, "{names:?}");
    }
}

#[test]
fn a_longer_name_moves_no_tile_and_widens_none() {
    let before = places(&content(6, 4));
    let mut content = content(6, 4);
    for name in [11.0, 13.0, 6.0] {
        content.tiles[3] = large(name);
        assert_eq!(places(&content), before, "{name}");
    }
    content.tiles[3] = large(20.0);
    let column = before[0].w;
    assert!(
        places(&content)[..6]
            .iter()
            .all(|place| (place.w - column).abs() < 1e-9)
    );
}

#[test]
fn silent_connections_take_one_line_each_above_the_alarms() {
    let mut content = content(12, 0);
    let strips = [10.0, 10.0, 14.0, 16.0, 17.0].map(TileWidth::Strip);
    content.tiles.splice(0..0, strips);
    let wall = layout(&typical_viewing(), &content);
    assert!(check(&wall, &content).is_ok());
    assert!(wall.pages.len() <= 3, "{:?}", wall.pages);
    assert!(
        wall.pages[0].places[..5]
            .iter()
            .all(|place| place.h <= COMPACT + 1e-9)
    );
    assert!(wall.pages[0].places.len() > 5, "alarms are below them");
}

#[test]
fn the_end_of_a_row_is_filled_by_a_later_tile_that_fits() {
    let wide = layout(&typical_viewing(), &content(0, 0)).width;
    let [strip, small] = [TileWidth::Strip, TileWidth::Small];
    let (third, half) = (wide / 3.0 - 1.0, wide / 2.0 - 1.0);
    for (tiles, rows) in [
        // The third does not fit beside the second, the fourth does.
        ([third, third, wide, third].map(small), [0, 0, 1, 0]),
        ([third, half, wide, third].map(small), [0, 0, 1, 2]),
        (
            [strip(half), small(third), small(third), small(third)],
            [0, 0, 1, 1],
        ),
        // Of four strips, the widest one does not decide how many are beside each other.
        ([half, half, wide, half].map(strip), [0, 0, 1, 2]),
        // Below an alarm.
        (
            [strip(third), large(9.0), small(third), small(third)],
            [0, 1, 2, 2],
        ),
    ] {
        let content = Content {
            tiles: tiles.to_vec(),
            ..content(0, 0)
        };
        let places = places(&content);
        let mut tops: Vec<f64> = places.iter().map(|place| place.y).collect();
        tops.sort_by(f64::total_cmp);
        tops.dedup();
        let row = |place: &TilePlacement| tops.iter().position(|top| *top >= place.y);
        let found: Vec<_> = places.iter().filter_map(row).collect();
        assert_eq!(found, rows, "{tiles:?}");
    }
}

#[test]
fn alarms_have_two_columns_on_every_typical_screen() {
    for screen in [
        (1024.0, 768.0),
        (1280.0, 720.0),
        (1440.0, 900.0),
        (1920.0, 1080.0),
    ] {
        let content = content(12, 20);
        let wall = layout(&viewing(screen), &content);
        let widths: Vec<_> = wall.pages[0].places.iter().map(|place| place.w).collect();
        assert!(
            widths.iter().all(|w| *w < wall.width / 2.0),
            "{screen:?}: {widths:?}"
        );
    }
}

#[test]
fn rows_of_large_tiles_fill_the_page() {
    let wall = layout(&typical_viewing(), &content(6, 0));
    let bottom = wall.pages[0].places.iter().map(|place| place.y + place.h);
    let bottom = bottom.fold(0.0, f64::max);
    assert!(
        (bottom - wall.area).abs() < 1e-6,
        "{bottom} of {}",
        wall.area
    );
}

#[test]
fn the_warning_above_the_tiles_has_no_empty_line() {
    let near = ViewingConditions {
        distance: 3.0,
        ..typical_viewing()
    };
    let of = |strip| {
        layout(
            &near,
            &Content {
                strip,
                ..content(2, 2)
            },
        )
    };
    let width = of(None).width - 3.0;
    assert_eq!(of(Some(width - 0.1)).strip, 1);
    assert_eq!(of(Some(width + 0.1)).strip, 2);
}

#[test]
fn measured_widths_match_drawn_text() {
    // In Liberation Sans: 9.89 em.
    let words = measure("Boiler House OPC UA");
    assert!((9.8..10.6).contains(&words), "{words}");
    assert!(measure("工場") >= 2.0);
    assert!(measure("").abs() < 1e-9);
    assert!(in_two_lines("").abs() < 1e-9);
    let halved = in_two_lines("On slate, last known");
    assert!((measure_bold("last known")..measure_bold("last known, ")).contains(&halved));
    assert!((in_two_lines("Überwachung") - measure_bold("Überwachung")).abs() < 1e-9);
}

proptest! {
    #[test]
    fn tiles_never_overlap_and_all_are_on_the_screen(
        width in 640.0..4_000.0_f64, height in 640.0..4_000.0_f64,
        distance in 0.3..20.0_f64, diagonal in 20.0..120.0_f64,
        larges in proptest::collection::vec((3.0..40.0_f64, 3.0..40.0_f64, any::<bool>(), any::<bool>()), 0..40), smalls in proptest::collection::vec(3.0..40.0_f64, 0..120),
        totals in proptest::collection::vec(3.0..20.0_f64, 0..8), notes in proptest::collection::vec(3.0..20.0_f64, 0..3), sources in proptest::collection::vec(4.0..30.0_f64, 0..8),
        strip in proptest::option::of(1.0..60.0_f64),
    ) {
        let larges = larges.into_iter().map(|(name, state, shows_connection, is_strip)| {
            let name_only = (name, name / 1.7);
            let least = 4.2 + name_only.1.max(state / 1.7);
            if is_strip { TileWidth::Strip(name) } else { TileWidth::Large(LargeWidth { least, name: 4.2 + name, state: 4.2 + state, name_only, shows_connection }) }
        });
        let tiles = larges.chain(smalls.into_iter().map(TileWidth::Small)).collect();
        let content = Content { tiles, critical: 0, totals, notes, sources, strip };
        let viewing = ViewingConditions { width, height, distance, diagonal };
        let wall = layout(&viewing, &content);
        check(&wall, &content)?;
        prop_assert!(wall.too_small || wall.text >= viewing.text(MIN_ARC_MINUTES) - 1e-6);
    }
}
