//! Ranges in time zones, and their conversion to filters and back.

use super::{
    End, Range, RelativeRange, RelativeRanges, in_zone, other_conditions, replace_conditions, utc,
};
use crate::ui::time_zone::local_text;
use crate::ui::time_zone::tests::{at, berlin, east};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use vendors::veeam::{Condition, Field, Filter};

const NOW: &str = "2026-11-21T14:32:08.5Z";

fn filter(text: &str) -> Filter {
    Filter::parse(text).expect("a filter")
}

fn text(filter: Option<Filter>) -> String {
    filter.map(|filter| filter.to_string()).unwrap_or_default()
}

#[test]
fn relative_ranges_start_at_a_whole_minute() {
    for (range, start) in [
        (RelativeRange::Hour, "2026-11-21T13:32:00Z"),
        (RelativeRange::Day, "2026-11-20T14:32:00Z"),
        (RelativeRange::Week, "2026-11-14T14:32:00Z"),
        (RelativeRange::Month, "2026-11-01T00:00:00Z"),
    ] {
        assert_eq!(range.start(at(NOW), &east(0)), at(start));
        assert_eq!(RelativeRange::from_code(range.code()), Some(range));
    }
}

#[test]
fn this_month_starts_in_the_chosen_time_zone() {
    let month = |now: &str| RelativeRange::Month.start(at(now), &berlin);
    assert_eq!(month("2026-10-31T22:59:59Z"), at("2026-09-30T22:00:00Z"));
    assert_eq!(month("2026-10-31T23:00:00Z"), at("2026-10-31T23:00:00Z"));
}

#[test]
fn a_relative_range_is_added_to_the_filter_from_the_current_time() {
    let range = RelativeRanges::read(Some("24h"), None).expect("a range");
    let filter = filter("Result==Failed,State==Working");
    assert_eq!(
        text(range.narrow(Some(&filter), at(NOW), &berlin)),
        "(Result==Failed,State==Working);CreationTime>=\"2026-11-20T14:32:00Z\""
    );
    assert_eq!(
        text(range.narrow(None, at("2026-12-01T00:00:00Z"), &berlin)),
        "CreationTime>=\"2026-11-30T00:00:00Z\""
    );
    let both = RelativeRanges::read(Some("7d"), Some("1h")).expect("ranges");
    assert_eq!(
        text(both.narrow(None, at(NOW), &berlin)),
        "CreationTime>=\"2026-11-14T14:32:00Z\";EndTime>=\"2026-11-21T13:32:00Z\""
    );
    let none = RelativeRanges::read(None, Some("")).expect("no range");
    assert_eq!(none, RelativeRanges::default());
    assert_eq!(none.narrow(None, at(NOW), &berlin), None);
}

#[test]
fn an_unknown_relative_range_is_an_error_that_names_its_parameter() {
    assert_eq!(
        RelativeRanges::read(None, Some("3w")),
        Err("ended: “3w” is not one of 1h, 24h, 7d, month.".to_owned())
    );
}

#[test]
fn custom_ranges_are_sent_as_utc() {
    for (from, to, sent) in [
        (
            "2026-11-21T14:30",
            "2026-11-21T15:00",
            "EndTime>=\"2026-11-21T13:30:00Z\";EndTime<\"2026-11-21T14:00:00Z\"",
        ),
        ("2026-07-01", "", "EndTime>=\"2026-06-30T22:00:00Z\""),
        (
            "",
            " 2026-07-01T00:00:30 ",
            "EndTime<\"2026-06-30T22:00:30Z\"",
        ),
    ] {
        let range = Range::custom(from, to, Range::default(), &berlin).expect("a range");
        let conditions = range.conditions(Field::EndTime);
        assert_eq!(text(Some(Filter::All(conditions))), sent);
    }
}

#[test]
fn an_entered_range_covers_a_repeated_hour_and_an_unedited_end_stays() {
    let custom = |from: &str, to: &str| Range {
        from: Some(at(from)),
        to: Some(at(to)),
    };
    let night = ("2026-10-25T02:00", "2026-10-25T02:30");
    let both = custom("2026-10-25T00:00:00Z", "2026-10-25T01:30:00Z");
    let none = Range::default();
    assert_eq!(Range::custom(night.0, night.1, none, &berlin), Ok(both));
    let second = custom("2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z");
    let first = custom("2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z");
    for before in [first, second] {
        assert_eq!(Range::custom(night.0, night.1, before, &berlin), Ok(before));
    }
    assert_eq!(
        Range::custom(night.0, "2026-10-25T02:45", second, &berlin),
        Ok(custom("2026-10-25T01:00:00Z", "2026-10-25T01:45:00Z"))
    );
}

#[test]
fn an_invalid_custom_range_is_an_error_that_names_the_end() {
    for (from, to, expected) in [
        ("", " ", "at least one"),
        ("2026-11-21T14:30", "2026-11-21T14:29", "before"),
        ("2026-11-21T14:30", "2026-11-21T14:30", "before"),
        (
            "2026-02-29T10:00",
            "",
            "From: “2026-02-29T10:00” is not a date",
        ),
        (
            "2026-11-21T14:30",
            "tomorrow",
            "To: “tomorrow” is not a date",
        ),
        ("2026-11-21T24:00", "", "is not a date"),
        ("+12026-11-21T14:00", "", "is not a date"),
        (
            "",
            "2026-03-29T02:30",
            "To: 2026-03-29T02:30 does not exist in this zone because the clocks go forward",
        ),
    ] {
        let error = Range::custom(from, to, Range::default(), &berlin).expect_err("no range");
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_range_is_found_in_the_required_conditions_of_a_filter() {
    let range = |from: &str, to: &str| {
        let time = |text: &str| (!text.is_empty()).then(|| at(text));
        Some(Range {
            from: time(from),
            to: time(to),
        })
    };
    let day = "2026-11-20T00:00:00Z";
    for (written, range) in [
        (
            "Result==Failed;CreationTime>=\"2026-11-20T14:31:00Z\"",
            range("2026-11-20T14:31:00Z", ""),
        ),
        ("CreationTime>=\"2026-11-20\"", range(day, "")),
        ("CreationTime<\"2026-11-20T00:00\"", range("", day)),
        (
            "CreationTime>=\"2026-11-20\";CreationTime<\"2026-11-20T00:01:00Z\"",
            range(day, "2026-11-20T00:01:00Z"),
        ),
        ("EndTime>=\"2026-11-20\"", None),
        ("CreationTime>\"2026-11-20\"", None),
        (
            "CreationTime>=\"2026-11-20\";CreationTime>=\"2026-11-21\"",
            None,
        ),
        ("CreationTime>=\"2026-11-20\",Result==Failed", None),
        ("CreationTime>=\"2026-11-20T00:00:00.5Z\"", None),
        ("CreationTime>=yesterday", None),
        ("Result==Failed", None),
    ] {
        let found = Range::of(Some(&filter(written)), Field::CreationTime);
        assert_eq!(found, range, "{written}");
    }
    assert_eq!(Range::of(None, Field::CreationTime), None);
}

#[test]
fn a_new_range_replaces_only_the_old_range() {
    let new = [filter("CreationTime>=\"2026-11-21T00:00:00Z\"")];
    for (before, after) in [
        (
            "CreationTime>=\"2026-11-20T00:00:00Z\"",
            "CreationTime>=\"2026-11-21T00:00:00Z\"",
        ),
        (
            "CreationTime>=\"2026-11-20T00:00:00Z\";Result==Failed;CreationTime<\"2026-11-21T00:00:00Z\"",
            "Result==Failed;CreationTime>=\"2026-11-21T00:00:00Z\"",
        ),
        (
            "Result==Failed,CreationTime>=\"2026-11-20T00:00:00Z\"",
            "(Result==Failed,CreationTime>=\"2026-11-20T00:00:00Z\");CreationTime>=\"2026-11-21T00:00:00Z\"",
        ),
        (
            "EndTime>=\"2026-11-20T00:00:00Z\"",
            "EndTime>=\"2026-11-20T00:00:00Z\";CreationTime>=\"2026-11-21T00:00:00Z\"",
        ),
    ] {
        let found = replace_conditions(Some(&filter(before)), Field::CreationTime, &new);
        assert_eq!(text(found), after);
    }
    assert_eq!(
        text(replace_conditions(None, Field::CreationTime, &new)),
        new[0].to_string()
    );
    let removed = replace_conditions(Some(&new[0]), Field::CreationTime, &[]);
    assert_eq!(removed, None);
}

#[test]
fn conditions_that_form_no_range_are_returned_as_filter_text() {
    let inclusive = "CreationTime>=\"2026-11-20T00:00:00Z\";CreationTime<=\"2026-11-21T00:00:00Z\"";
    for (written, expected) in [
        (inclusive, inclusive),
        (
            "Result==Failed;CreationTime>\"2026-11-20\"",
            "CreationTime>\"2026-11-20T00:00:00Z\"",
        ),
        (
            "(CreationTime!=\"2026-11-20\";State==Working)",
            "CreationTime!=\"2026-11-20T00:00:00Z\"",
        ),
        // A range, a condition that is not required, and no condition on the field.
        ("CreationTime>=\"2026-11-20\"", ""),
        ("CreationTime>\"2026-11-20\",Result==Failed", ""),
        ("EndTime>\"2026-11-20\"", ""),
    ] {
        let found = other_conditions(Some(&filter(written)), Field::CreationTime);
        assert_eq!(found, expected, "{written}");
    }
    assert_eq!(other_conditions(None, Field::CreationTime), "");
}

#[test]
fn an_entered_time_is_converted_to_a_new_time_zone() {
    let utc = east(0);
    let first = at("2026-10-25T00:30:00Z");
    let second = at("2026-10-25T01:30:00Z");
    for (text, end, before, shown) in [
        ("2026-11-21T14:30", End::From, None, "2026-11-21T13:30"),
        // An applied end keeps its moment; a typed time includes the repeated hour.
        (
            "2026-10-25T02:30",
            End::From,
            Some(second),
            "2026-10-25T01:30",
        ),
        ("2026-10-25T02:30", End::To, Some(first), "2026-10-25T00:30"),
        ("2026-10-25T02:30", End::From, None, "2026-10-25T00:30"),
        ("2026-10-25T02:30", End::To, None, "2026-10-25T01:30"),
        // A local time that does not exist, and no time.
        ("2026-03-29T02:30", End::From, None, "2026-03-29T02:30"),
        ("", End::To, Some(first), ""),
    ] {
        let found = in_zone(text, end, before, &berlin, &utc);
        assert_eq!(found, shown, "{text} {end:?}");
    }
}

#[test]
fn every_known_format_of_a_time_value_is_parsed() {
    for (value, time) in [
        ("2025-02-18T14:16:31", Some("2025-02-18T14:16:31Z")),
        ("2019-06-30", Some("2019-06-30T00:00:00Z")),
        ("2019-07-01T04:00:16Z", Some("2019-07-01T04:00:16Z")),
        ("2019-07-01T04:00:16+02:00", Some("2019-07-01T02:00:16Z")),
        (
            "2019-07-01T04:00:16.1234567",
            Some("2019-07-01T04:00:16.1234567Z"),
        ),
        ("yesterday", None),
        ("", None),
    ] {
        assert_eq!(utc(value), time.map(at), "{value}");
    }
}

proptest! {
    #[test]
    fn a_custom_range_round_trips_through_its_form_and_its_filter(
        seconds in 0_i64..4_000_000_000,
        length in 3_600_i64..100_000_000,
        ends in 1_u8..4,
        minutes in -720_i32..=840,
    ) {
        let moment = |seconds| DateTime::<Utc>::from_timestamp(seconds, 0).expect("in range");
        let zone = east(minutes);
        let range = Range {
            from: (ends & 1 > 0).then(|| moment(seconds)),
            to: (ends & 2 > 0).then(|| moment(seconds + length)),
        };
        let form = |end: Option<DateTime<Utc>>| end.map(|at| local_text(at, &zone)).unwrap_or_default();
        let entered = Range::custom(&form(range.from), &form(range.to), Range::default(), &zone);
        prop_assert_eq!(entered, Ok(range));
        let conditions = range.conditions(Field::EndTime);
        for condition in &conditions {
            prop_assert_eq!(condition.conditions().into_iter().find_map(Condition::warning), None);
        }
        let sent = Filter::All(conditions).normalised().expect("conditions");
        let again = Filter::parse(&sent.to_string());
        prop_assert_eq!(again.as_ref(), Ok(&sent));
        prop_assert_eq!(Range::of(Some(&sent), Field::EndTime), Some(range));
    }
}
