use super::frame::rows_of;
use super::tile_rows::MOST_LINES;
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

fn hall((width, height): (f64, f64)) -> ViewingConditions {
    ViewingConditions {
        width,
        height,
        distance: 5.0,
        diagonal: 55.0,
    }
}

/// A large tile whose name is so wide in one line, and whose state is a usual one.
fn large(name: f64) -> TileWidth {
    TileWidth::Large(LargeWidth {
        least: (4.2 + name / 2.0).max(15.0),
        name: 4.2 + name,
        state: 15.0,
        words: (name, name / 2.0),
        tells_connection: false,
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

/// Everything that must hold of any layout.
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
                    let sentence = SENTENCE * lines(place.lines.unwrap_or(99));
                    let plain = large.height(place.w);
                    let height = match place.name {
                        NameSize::Plain => plain,
                        NameSize::Larger if large.stands_larger(place.w) => plain,
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
        let hall = ViewingConditions {
            distance: 3.5,
            ..hall(screen)
        };
        let wall = layout(&hall, &content(1, 2));
        assert_eq!(wall.pages.len(), 1, "{screen:?}");
        assert!(
            (wall.text - hall.text(PREFERRED)).abs() < 1e-9,
            "{screen:?}"
        );
    }
}

#[test]
fn more_tiles_make_the_text_smaller_and_many_make_pages() {
    for screen in SCREENS {
        let hall = hall(screen);
        let sizes: Vec<_> = (0..60)
            .map(|small| {
                let wall = layout(&hall, &content(2, small));
                assert!(!wall.too_small);
                assert!(wall.text >= hall.text(LEAST) - 1e-9);
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
fn what_is_left_over_goes_to_the_sentences() {
    let near = ViewingConditions {
        distance: 3.0,
        ..hall((1920.0, 1080.0))
    };
    let wall = layout(&near, &content(1, 0));
    assert_eq!(wall.pages[0].places[0].lines, Some(MOST_LINES));
}

#[test]
fn a_wall_that_nobody_could_read_says_so() {
    let far = ViewingConditions {
        distance: 30.0,
        diagonal: 32.0,
        ..hall((1920.0, 1080.0))
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
        "it takes two lines of its own"
    );
    assert_eq!(rows_of(&[1.0, 99.0], 20.0), 3);
    assert_eq!(rows_of(&[20.0], 20.0), 1);
}

/// A wall of 55 inches at 5 m, as most are.
fn usual() -> ViewingConditions {
    hall((1920.0, 1080.0))
}

fn places(content: &Content) -> Vec<TilePlacement> {
    let wall = layout(&usual(), content);
    assert!(check(&wall, content).is_ok());
    let places = wall.pages.into_iter().flat_map(|page| page.places);
    let name = NameSize::Plain;
    places
        .map(|place| TilePlacement { name, ..place })
        .collect()
}

#[test]
fn the_worst_tile_is_of_double_height_where_that_takes_no_page_and_no_other_is_ever_larger() {
    let double = layout(&usual(), &content(5, 0));
    assert_eq!(double.pages.len(), 1);
    assert!(double.pages[0].places[0].h > 2.0 * double.pages[0].places[4].h);
    let near = ViewingConditions {
        distance: 3.0,
        ..usual()
    };
    for (viewing, number) in (3..=30).flat_map(|number| [(near, number), (usual(), number)]) {
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
fn the_worst_tile_has_a_larger_name_where_all_stand_in_one_row() {
    let near = ViewingConditions {
        distance: 3.0,
        ..usual()
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
fn the_worst_tile_takes_no_page_of_its_own() {
    for number in 1..40 {
        let content = content(number, 0);
        let wall = layout(&usual(), &content);
        let plain = wall
            .pages
            .iter()
            .filter(|page| page.places.iter().all(|place| place.name < NameSize::Worst));
        let each = plain.map(|page| page.places.len()).max().unwrap_or(number);
        assert!(wall.pages.len() <= number.div_ceil(each), "{number}");
    }
    let six = layout(&usual(), &content(6, 20));
    assert_eq!(
        six.pages_of(6),
        1,
        "nor does it push the last to the next one"
    );
    // Where it would, it is as high as the others: what is critical and fits on one page takes no turns.
    let first = |large, critical| {
        let content = Content {
            critical,
            ..content(large, 0)
        };
        layout(&usual(), &content).pages_of(critical)
    };
    for number in 1..40 {
        let alone = first(number, number);
        assert!(first(number + 6, number) <= alone, "{number}");
    }
    // As many on a page as there is room for: twelve that are critical stand on two pages.
    assert_eq!(layout(&usual(), &content(12, 20)).pages_of(12), 2);
}

#[test]
fn no_name_is_larger_than_that_of_the_worst_and_those_beside_a_long_one_are_as_it_is() {
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
            ..usual()
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
fn another_word_and_a_longer_name_beside_it_change_no_tile_and_no_tile_spans_the_wall_for_its_name()
{
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
fn silent_connections_take_a_line_each_and_leave_the_room_to_what_they_hold() {
    let mut content = content(12, 0);
    let strips = [10.0, 10.0, 14.0, 16.0, 17.0].map(TileWidth::Strip);
    content.tiles.splice(0..0, strips);
    let wall = layout(&usual(), &content);
    assert!(check(&wall, &content).is_ok());
    assert!(wall.pages.len() <= 3, "{:?}", wall.pages);
    assert!(
        wall.pages[0].places[..5]
            .iter()
            .all(|place| place.h <= COMPACT + 1e-9)
    );
    assert!(wall.pages[0].places.len() > 5, "alarms stand beneath them");
}

#[test]
fn alarms_stand_in_two_columns_on_every_usual_screen() {
    for screen in [
        (1024.0, 768.0),
        (1280.0, 720.0),
        (1440.0, 900.0),
        (1920.0, 1080.0),
    ] {
        let content = content(12, 20);
        let wall = layout(&hall(screen), &content);
        let widths: Vec<_> = wall.pages[0].places.iter().map(|place| place.w).collect();
        assert!(
            widths.iter().all(|w| *w < wall.width / 2.0),
            "{screen:?}: {widths:?}"
        );
    }
}

#[test]
fn rows_of_large_tiles_fill_the_page() {
    let wall = layout(&usual(), &content(6, 0));
    let bottom = wall.pages[0].places.iter().map(|place| place.y + place.h);
    let bottom = bottom.fold(0.0, f64::max);
    assert!(
        (bottom - wall.area).abs() < 1e-6,
        "{bottom} of {}",
        wall.area
    );
}

#[test]
fn a_sentence_above_the_tiles_has_no_empty_line() {
    let near = ViewingConditions {
        distance: 3.0,
        ..usual()
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
fn words_are_measured_as_they_are_drawn() {
    // By Liberation Sans: 9.89 em.
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
    fn nothing_overlaps_nothing_is_lost_and_everything_is_on_the_screen(
        width in 640.0..4_000.0_f64, height in 640.0..4_000.0_f64,
        distance in 0.3..20.0_f64, diagonal in 20.0..120.0_f64,
        larges in proptest::collection::vec((3.0..40.0_f64, 3.0..40.0_f64, any::<bool>(), any::<bool>()), 0..40), smalls in proptest::collection::vec(3.0..40.0_f64, 0..120),
        totals in proptest::collection::vec(3.0..20.0_f64, 0..8), notes in proptest::collection::vec(3.0..20.0_f64, 0..3), sources in proptest::collection::vec(4.0..30.0_f64, 0..8),
        strip in proptest::option::of(1.0..60.0_f64),
    ) {
        let larges = larges.into_iter().map(|(name, state, tells_connection, is_strip)| {
            let words = (name, name / 1.7);
            let least = 4.2 + words.1.max(state / 1.7);
            if is_strip { TileWidth::Strip(name) } else { TileWidth::Large(LargeWidth { least, name: 4.2 + name, state: 4.2 + state, words, tells_connection }) }
        });
        let tiles = larges.chain(smalls.into_iter().map(TileWidth::Small)).collect();
        let content = Content { tiles, critical: 0, totals, notes, sources, strip };
        let viewing = ViewingConditions { width, height, distance, diagonal };
        let wall = layout(&viewing, &content);
        check(&wall, &content)?;
        prop_assert!(wall.too_small || wall.text >= viewing.text(LEAST) - 1e-6);
    }
}
