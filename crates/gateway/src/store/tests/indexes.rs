//! Which index each page of the activity is found in.

use super::super::activity_query::statement;
use super::super::database::Sql as _;
use super::super::*;
use super::activity::{at, everything};

/// Queries, and the index that each is answered from.
pub(super) fn indexed() -> Vec<(ActivityQuery, &'static str)> {
    let text = |text: &str| Some(text.to_owned());
    let all = everything;
    vec![
        (all(), "at"),
        (
            ActivityQuery {
                before: ActivityCursor::parse("5.7"),
                ..all()
            },
            "at",
        ),
        (
            ActivityQuery {
                connections: Some(vec!["live".to_owned()]),
                ..all()
            },
            "connection",
        ),
        (
            ActivityQuery {
                resource: text("g"),
                before: ActivityCursor::parse("5.7"),
                ..all()
            },
            "resource",
        ),
        (
            ActivityQuery {
                kinds: vec!["alarm".to_owned()],
                ..all()
            },
            "kind",
        ),
        (
            ActivityQuery {
                severities: vec!["critical".to_owned()],
                from: Some(at(2)),
                ..all()
            },
            "severity",
        ),
        (
            ActivityQuery {
                person: text("ann"),
                ..all()
            },
            "person",
        ),
        (
            ActivityQuery {
                connections: Some(vec!["live".to_owned(), "em".to_owned()]),
                ..all()
            },
            "connection",
        ),
        (
            ActivityQuery {
                kinds: vec!["run".to_owned(), "failover".to_owned()],
                ..all()
            },
            "kind",
        ),
        (
            ActivityQuery {
                connections: Some(vec!["live".to_owned()]),
                kinds: vec!["run".to_owned()],
                ..all()
            },
            "connection_kind",
        ),
        (
            ActivityQuery {
                connections: Some(vec!["live".to_owned()]),
                kinds: vec!["run".to_owned()],
                from: Some(at(2)),
                to: Some(at(3)),
                ..all()
            },
            "connection_kind",
        ),
        (
            ActivityQuery {
                connections: Some(vec!["live".to_owned()]),
                severities: vec!["critical".to_owned()],
                ..all()
            },
            "connection_severity",
        ),
        (
            ActivityQuery {
                kinds: vec!["run".to_owned()],
                severities: vec!["critical".to_owned()],
                before: ActivityCursor::parse("5.7"),
                ..all()
            },
            "kind_severity",
        ),
        (
            ActivityQuery {
                connections: Some(vec!["live".to_owned()]),
                severities: vec!["critical".to_owned()],
                from: Some(at(2)),
                to: Some(at(3)),
                ..all()
            },
            "connection_severity",
        ),
        (
            ActivityQuery {
                kinds: vec!["run".to_owned()],
                severities: vec!["critical".to_owned()],
                from: Some(at(2)),
                to: Some(at(3)),
                ..all()
            },
            "kind_severity",
        ),
        (
            ActivityQuery {
                connections: Some(vec!["live".to_owned()]),
                kinds: vec!["run".to_owned()],
                severities: vec!["critical".to_owned()],
                from: Some(at(2)),
                ..all()
            },
            "connection_kind",
        ),
        (
            ActivityQuery {
                connections: Some(vec!["live".to_owned()]),
                resource: text("g"),
                kinds: vec!["run".to_owned()],
                from: Some(at(2)),
                to: Some(at(3)),
                ..all()
            },
            "resource",
        ),
        (
            ActivityQuery {
                person: text("ann"),
                connections: Some(vec!["live".to_owned()]),
                severities: vec!["critical".to_owned()],
                before: ActivityCursor::parse("5.7"),
                ..all()
            },
            "person",
        ),
        (
            ActivityQuery {
                with_access: false,
                ..all()
            },
            "at",
        ),
    ]
}

/// A page is found in an index, in its order: nothing is sorted, and nothing is read from end to end.
#[test]
fn every_filter_has_its_index() {
    let mut database = sqlite::open(&StoreLocation::Memory).unwrap();
    for (query, index) in indexed() {
        let (statement, values) = statement(&query, query.resource.as_slice());
        let plan = database.rows(&format!("EXPLAIN QUERY PLAN {statement}"), &values);
        let steps: Vec<String> = plan
            .unwrap()
            .iter()
            .map(|row| row.text(3).unwrap().to_owned())
            .collect();
        let steps = steps.join("; ");
        let is_found = steps.contains(&format!("USING INDEX activity_{index}"));
        assert!(is_found, "{query:?}: {steps}");
        // Of several parts so many as are wanted are sorted at the end, and no more.
        let parts = query
            .connections
            .iter()
            .flatten()
            .count()
            .max(query.kinds.len());
        let is_sorted = steps.contains("TEMP B-TREE");
        assert!(!is_sorted || parts > 1, "{query:?}: {steps}");
    }
}
