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

fn content(large: usize, small: usize) -> Content {
    let large = std::iter::repeat_n(TileWidth::Large(15.0), large);
    let small = std::iter::repeat_n(TileWidth::Small(14.0), small);
    Content {
        tiles: large.chain(small).collect(),
        totals: vec![6.5, 6.8, 6.5, 7.0, 7.0],
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
            let words = content.tiles[page.first + at].words();
            prop_assert!(
                place.w >= words.min(layout.width) - 1e-6,
                "{place:?} cuts {words}"
            );
            prop_assert!(place.h >= COMPACT - 1e-9);
            prop_assert_eq!(
                place.lines.is_some(),
                content.tiles[page.first + at].is_large()
            );
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

#[test]
fn words_are_measured_as_they_are_drawn() {
    // By Liberation Sans: 9.89 em.
    let words = measure("Boiler House OPC UA");
    assert!((9.8..10.6).contains(&words), "{words}");
    assert!(measure("工場") >= 2.0);
    assert!(measure("").abs() < 1e-9);
}

proptest! {
    #[test]
    fn nothing_overlaps_nothing_is_lost_and_everything_is_on_the_screen(
        width in 640.0..4_000.0_f64, height in 640.0..4_000.0_f64,
        distance in 0.3..20.0_f64, diagonal in 20.0..120.0_f64,
        larges in proptest::collection::vec(3.0..40.0_f64, 0..40), smalls in proptest::collection::vec(3.0..40.0_f64, 0..120),
        totals in proptest::collection::vec(3.0..20.0_f64, 0..8), notes in proptest::collection::vec(3.0..20.0_f64, 0..3), sources in proptest::collection::vec(4.0..30.0_f64, 0..8),
        strip in proptest::option::of(1.0..60.0_f64),
    ) {
        let tiles = larges.into_iter().map(TileWidth::Large).chain(smalls.into_iter().map(TileWidth::Small)).collect();
        let content = Content { tiles, totals, notes, sources, strip };
        let viewing = ViewingConditions { width, height, distance, diagonal };
        let wall = layout(&viewing, &content);
        check(&wall, &content)?;
        prop_assert!(wall.too_small || wall.text >= viewing.text(LEAST) - 1e-6);
    }
}
