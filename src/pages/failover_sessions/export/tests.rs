//! Exported files, read back by independent parsers.

use super::{COLUMNS, CombinedSessions, Pages, Source, csv, export_summary, json};
use crate::ui::time_zone::ZoneAt;
use crate::ui::time_zone::tests::{at, berlin, east};
use proptest::prelude::*;
use serde_json::Value;
use vendors::LeftOut;
use vendors::veeam::{
    Field, Filter, Link, Outcome, Page, Paging, Query, Server, Session, Sort, State, Task,
};

const NOW: &str = "2026-11-21T14:32:08Z";

fn full_session() -> Session {
    let task = |state| Task {
        state: Some(state),
        ..Task::default()
    };
    Session {
        uid: Some("12295005-0000-4000-8000-00000000476e".to_owned()),
        name: Some("Web Shop, \"DR\"".to_owned()),
        job_type: Some("FailoverPlan".to_owned()),
        creation_time: Some(at("2026-10-25T00:58:11Z")),
        end_time: Some(at("2026-10-25T01:01:51.74Z")),
        state: Some(State::Stopped),
        result: Some(Outcome::Failed),
        progress: Some(62.5),
        failure_message: Some("2 of 5 machines\r\ndid not start".to_owned()),
        server: Some(Server {
            uid: Some("ca19249e-e638-421a-ab22-68cb89b9009a".to_owned()),
            name: Some("vbr-north-02".to_owned()),
        }),
        tasks: vec![task(State::Stopped), task(State::Working)],
        ..Session::default()
    }
}

/// A page of sessions with these ids, out of `pages` pages.
fn page(ids: &[&str], pages: Option<u32>) -> Page {
    let session = |id: &&str| Session {
        uid: Some((*id).to_owned()),
        ..Session::default()
    };
    Page {
        sessions: ids.iter().map(session).collect(),
        paging: Some(Paging {
            pages,
            ..Paging::default()
        }),
        ..Page::default()
    }
}

#[test]
fn joined_pages_contain_each_session_once_and_note_changes_of_the_list() {
    const CHANGED: &str = " The list changed while it was read.";
    for (read, ids, note) in [
        (
            vec![page(&["a", "b"], Some(2)), page(&["c"], Some(2))],
            "a b c",
            "",
        ),
        // A newer run started, which moved b to the next page.
        (
            vec![page(&["a", "b"], Some(2)), page(&["b", "c"], Some(2))],
            "a b c",
            CHANGED,
        ),
        // One page more than at first.
        (
            vec![
                page(&["a"], Some(2)),
                page(&["b"], Some(3)),
                page(&["c"], Some(3)),
            ],
            "a b c",
            CHANGED,
        ),
        // One page fewer.
        (
            vec![page(&["a"], Some(3)), page(&["b"], Some(2))],
            "a b",
            CHANGED,
        ),
        (vec![page(&["a"], None)], "a", ""),
        (
            vec![page(&["a", "b"], None)],
            "a b",
            " The server does not say whether there are more.",
        ),
    ] {
        let (mut pages, count) = (Pages::default(), read.len());
        for (number, one) in (1..).zip(read) {
            let has_next = pages.add(number, 2, one).is_some();
            assert_eq!(has_next, (number as usize) < count, "{ids}: {number}");
        }
        let (joined, notes) = pages.finish(&Query::default());
        let found: Vec<_> = joined
            .sessions
            .iter()
            .filter_map(|one| one.uid.as_deref())
            .collect();
        assert_eq!((found.join(" ").as_str(), notes), (ids, [note, ""]));
    }
}

#[test]
fn sessions_that_can_move_between_pages_are_noted_as_possibly_missing() {
    const MISSING: &str = " Sessions that changed while it was read may be missing.";
    let by = |field| Sort {
        field,
        descending: true,
    };
    for (filter, field, count, note) in [
        ("State==Working", Field::CreationTime, 2, MISSING),
        ("Name==a;(Name==b,Result==Failed)", Field::Name, 2, MISSING),
        ("EndTime>=\"2026-11-01T00:00:00Z\"", Field::Name, 2, MISSING),
        ("", Field::EndTime, 2, MISSING),
        ("", Field::FailureMessage, 2, MISSING),
        ("Name==a", Field::CreationTime, 2, ""),
        ("State==Working", Field::EndTime, 1, ""),
    ] {
        let query = Query {
            filter: Filter::parse(filter).ok(),
            sort: by(field),
            ..Query::default()
        };
        let mut pages = Pages::default();
        for number in 1..=count {
            pages.add(number, 1, page(&[&number.to_string()], Some(count)));
        }
        assert_eq!(pages.finish(&query).1, ["", note], "{filter} by {field:?}");
    }
}

#[test]
fn without_a_page_count_the_links_show_whether_a_page_follows() {
    let link = |rel: &str, page: u32| Link {
        rel: Some(rel.to_owned()),
        href: Some(format!("/api/query?page={page}")),
        ..Link::default()
    };
    let with = |links: Vec<Link>| Page {
        paging: Some(Paging {
            links,
            ..Paging::default()
        }),
        ..page(&["a"], None)
    };
    let mut pages = Pages::default();
    assert_eq!(pages.add(1, 1, with(vec![link("Next", 2)])), Some(2));
    assert_eq!(
        Pages::default().add(1, 1, with(vec![link("Last", 8)])),
        Some(8)
    );
    assert_eq!(
        Pages::default().add(1, 1, with(vec![link("First", 1)])),
        None
    );
}

#[test]
fn the_summary_names_sessions_missing_from_the_file() {
    let mut page = page(&["a"], Some(1));
    assert_eq!(export_summary(&page, ""), "1 session exported.");
    page.left_out = LeftOut {
        unreadable: 2,
        repeated: 0,
    };
    page.sessions.clear();
    assert_eq!(
        export_summary(&page, " The list changed while it was read."),
        "0 sessions exported. 2 items could not be read. The list changed while it was read."
    );
}

/// The CSV file for a session of a single connection.
fn file(session: Session, zone: ZoneAt) -> String {
    csv(&[session], &[source("", NOW)], zone)
}

fn source(titles: &str, now: &str) -> Source {
    Source {
        titles: titles.to_owned(),
        now: at(now),
    }
}

fn read(text: &str) -> Vec<Vec<String>> {
    read_with(b',', text)
}

/// Reads a file like a spreadsheet with this list separator.
fn read_with(delimiter: u8, text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.expect("a row"));
    rows.map(|row| row.iter().map(str::to_owned).collect())
        .collect()
}

#[test]
fn an_exported_session_is_read_back_with_its_time_offsets() {
    let rows = read(&file(full_session(), &berlin));
    assert_eq!(rows[0], COLUMNS);
    assert_eq!(
        rows[1],
        [
            "12295005-0000-4000-8000-00000000476e",
            "Web Shop, \"DR\"",
            "FailoverPlan",
            "Stopped",
            "Failed",
            "2026-10-25T02:58:11+02:00",
            "2026-10-25T02:01:51.740+01:00",
            "220",
            "62.5",
            "vbr-north-02",
            "ca19249e-e638-421a-ab22-68cb89b9009a",
            "1",
            "2",
            "2 of 5 machines\r\ndid not start",
        ]
    );
}

#[test]
fn rows_end_with_crlf_as_rfc_4180_requires() {
    assert_eq!(
        file(Session::default(), &east(0)),
        format!("\u{feff}{}\r\n,,,,,,,,,,,0,0,\r\n", COLUMNS.join(","))
    );
}

#[test]
fn a_running_session_lasts_until_now_on_its_vendors_clock_and_never_below_zero() {
    let running = Session {
        end_time: None,
        state: Some(State::Working),
        result: Some(Outcome::None),
        creation_time: Some(at("2026-11-21T14:31:08Z")),
        ..full_session()
    };
    let sources = [
        source("North", NOW),
        source("South", "2026-11-21T15:31:08Z"),
        source("West", "2026-11-21T14:30:00Z"),
    ];
    let rows = read(&csv(&vec![running.clone(); 4], &sources, &east(0)));
    let lasted: Vec<_> = rows.iter().map(|row| row[7].as_str()).collect();
    assert_eq!(lasted, ["Duration in seconds", "60", "3600", "0", ""]);
    assert_eq!(rows[1][6], "");
    let list: Vec<Value> = serde_json::from_str(&json(&[running], &[])).expect("a list");
    assert_eq!(list[0]["Duration in seconds"], Value::Null, "of an import");
}

#[test]
fn text_that_a_spreadsheet_would_run_is_escaped_and_numbers_stay_numbers() {
    for (name, cell) in [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("\rx", "'\rx"),
        ("\nx", "'\nx"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("=cmd|'/c calc'!A1,\"x\"", "'=cmd|'/c calc'!A1,\"x\""),
        ("a=b", "a=b"),
        ("x;=1+1", "x;'=1+1"),
        ("x; =1;ok;@y", "x;' =1;ok;'@y"),
        ("x\t-1", "x\t'-1"),
        ("x\r\n+1", "x\r'\n'+1"),
        ("x;\"=1", "x;'\"=1"),
        ("x,=1", "x,=1"),
        ("Müller; Söhne", "Müller; Söhne"),
        ("'quoted'", "'quoted'"),
    ] {
        let session = Session {
            name: Some(name.to_owned()),
            result: Some(Outcome::Other(name.to_owned())),
            failure_message: Some(name.to_owned()),
            progress: Some(-1.0),
            ..Session::default()
        };
        let rows = read(&file(session, &east(0)));
        assert_eq!(rows[1][1], cell);
        assert_eq!(rows[1][4], cell);
        assert_eq!(rows[1][13], cell);
        assert_eq!(rows[1][8], "-1");
    }
}

#[test]
fn the_file_has_a_utf_8_mark_and_quotes_cells_with_any_list_separator() {
    let named = |name: &str| Session {
        name: Some(name.to_owned()),
        ..Session::default()
    };
    let written = file(named("Müller"), &east(0));
    assert!(written.as_bytes().starts_with(b"\xef\xbb\xbfUID,"));
    assert_eq!(read(&written)[1][1], "Müller");
    for (name, cell) in [
        ("a,b", "\"a,b\""),
        ("a;b", "\"a;b\""),
        ("a\tb", "\"a\tb\""),
        ("a\nb", "\"a\nb\""),
        ("a b", "a b"),
    ] {
        let written = file(named(name), &east(0));
        assert!(written.contains(&format!("\r\n,{cell},")), "{written}");
        // A reader that splits at commas and semicolons does not split a quoted cell.
        assert_eq!(read(&written)[1][1], name);
    }
}

/// Whether a spreadsheet runs a cell as a formula.
fn runs(cell: &str) -> bool {
    let cell = cell.trim_start_matches(|char: char| char.is_whitespace() || char == '"');
    cell.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

#[test]
fn neither_a_comma_nor_a_semicolon_reader_finds_a_formula() {
    let text = "x;=1+1".to_owned();
    let session = Session {
        name: Some(text.clone()),
        failure_message: Some(format!("{text}\r\n=2+2;\"=3+3\";\t=4")),
        ..full_session()
    };
    let written = file(session, &berlin);
    assert_eq!(read(&written)[1][1], "x;'=1+1");
    for delimiter in [b',', b';', b'\t'] {
        for cell in read_with(delimiter, &written).concat() {
            assert!(!runs(&cell), "{cell:?} by {}", char::from(delimiter));
        }
    }
}

#[test]
fn json_has_the_same_keys_in_their_order_and_times_in_utc() {
    let text = json(&[full_session(), Session::default()], &[]);
    let list: Vec<Value> = serde_json::from_str(&text).expect("a list");
    assert_eq!(list[0]["Started"], "2026-10-25T00:58:11Z");
    assert_eq!(list[0]["Ended"], "2026-10-25T01:01:51.740Z");
    assert_eq!(list[0]["Duration in seconds"], 220);
    assert_eq!(list[0]["Plan"], "Web Shop, \"DR\"");
    assert_eq!(list[1]["Failure message"], Value::Null);
    assert_eq!(list[1].as_object().map(serde_json::Map::len), Some(14));
    let places = COLUMNS.map(|key| text.find(&format!("\"{key}\":")));
    assert!(places.is_sorted() && places.iter().all(Option::is_some));
    assert_eq!(json(&[], &[]), "[]");
}

fn any_text() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(prop_oneof!["\\PC{0,20}", "[-=+@,;\"'\r\n\t a]{0,8}"])
}

proptest! {
    #[test]
    fn any_text_is_read_back_unchanged_except_for_apostrophes(
        texts in proptest::collection::vec((any_text(), any_text()), 1..5),
    ) {
        let sessions: Vec<Session> = texts.iter().cloned().map(|(name, failure_message)| {
            Session { name, failure_message, ..Session::default() }
        }).collect();
        let rows = read(&csv(&sessions, &[], &east(330)));
        prop_assert_eq!(rows.len(), sessions.len() + 1);
        for (row, (name, message)) in rows[1..].iter().zip(&texts) {
            prop_assert_eq!(row.len(), COLUMNS.len());
            for (cell, text) in [(&row[1], name), (&row[13], message)] {
                let text = text.as_deref().unwrap_or_default();
                prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']));
                prop_assert_eq!(cell.replace('\'', ""), text.replace('\'', ""));
            }
        }
        for delimiter in [b';', b'\t'] {
            for cell in read_with(delimiter, &csv(&sessions, &[], &east(330))).concat() {
                prop_assert!(!runs(&cell), "{:?}", cell);
            }
        }
        let list: Vec<Value> = serde_json::from_str(&json(&sessions, &[])).expect("a list");
        for (object, (name, _)) in list.iter().zip(&texts) {
            prop_assert_eq!(object["Plan"].as_str(), name.as_deref());
        }
    }
}

#[test]
fn a_session_of_several_connections_is_exported_once_with_all_their_titles() {
    let page = |uids: &[Option<&str>]| Page {
        sessions: uids
            .iter()
            .map(|uid| Session {
                uid: uid.map(str::to_owned),
                ..Session::default()
            })
            .collect(),
        ..Page::default()
    };
    let mut all = CombinedSessions::default();
    all.add(page(&[Some("a"), None, Some("b")]), &source("North", NOW));
    all.add(page(&[Some("b"), None, Some("c")]), &source("South", NOW));
    let rows = read(&csv(&all.page.sessions, &all.sources, &east(0)));
    let last: Vec<_> = rows.iter().filter_map(|row| row.last()).collect();
    assert_eq!(
        last,
        [
            "Connection",
            "North",
            "North",
            "North, South",
            "South",
            "South"
        ]
    );
    let mut twice = CombinedSessions::default();
    twice.add(page(&[Some("a"), Some("a")]), &source("", NOW));
    assert_eq!(twice.sources, [source("", NOW)]);
}
