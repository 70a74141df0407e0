//! The export of the audit.

use super::super::*;
use super::{at, change, lines, open, place, sites};

#[tokio::test]
async fn an_exported_row_is_one_line_for_every_reader() {
    let (_folder, file) = place();
    let store = open(&file).unwrap();
    let entry = Entry {
        what: "a\u{2028}b\u{2029}c".to_owned(),
        ..Entry::default()
    };
    store.event(entry).await.unwrap();
    let mut out = Vec::new();
    export(&at(&file), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains(r"a\u2028b\u2029c"), "{text}");
    assert_eq!(lines(&at(&file))[0]["what"], "a\u{2028}b\u{2029}c");
}

#[tokio::test]
async fn an_unreadable_row_is_exported_as_stored() {
    for site in sites() {
        let store = Store::open(&site.location).unwrap();
        for number in 1..=2 {
            store.event(change(number)).await.unwrap();
        }
        site.execute(r#"UPDATE audit SET entry = '{"who": "an' WHERE number = 1"#);
        let mut out = Vec::new();
        assert_eq!(export(&site.location, &mut out), Ok(1));
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[0].contains(r#""unreadable":"{\"who\": \"an","#),
            "{text}"
        );
        assert!(lines[1].contains(r#""request":"r2""#), "{text}");
        assert!(!lines[1].contains("unreadable"), "{text}");
    }
}
