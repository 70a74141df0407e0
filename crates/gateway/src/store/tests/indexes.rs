//! The index that answers each query of the activity.

use super::super::activity_query::statement;
use super::super::database::Sql as _;
use super::super::*;
use super::activity::{at, everything, with};

/// Queries with their indexes.
pub(super) fn indexed() -> Vec<(ActivityQuery, &'static str)> {
    let list = |all: &[&str]| -> Vec<String> { all.iter().map(ToString::to_string).collect() };
    let live = || Some(list(&["live"]));
    let (run, critical) = (|| list(&["run"]), || list(&["critical"]));
    let (group, ann) = (|| Some("g".to_owned()), || Some("ann".to_owned()));
    let older = ActivityCursor::parse("5.7");
    let (from, to) = (Some(at(2)), Some(at(3)));
    vec![
        (everything(), "at"),
        (with(|q| q.with_access = false), "at"),
        (with(|q| q.before = older), "at"),
        (with(|q| q.connections = live()), "connection"),
        (
            with(|q| q.connections = Some(list(&["live", "em"]))),
            "connection",
        ),
        (
            with(|q| (q.resource, q.before) = (group(), older)),
            "resource",
        ),
        (with(|q| q.kinds = list(&["alarm"])), "kind"),
        (with(|q| q.kinds = list(&["run", "failover"])), "kind"),
        (
            with(|q| (q.severities, q.from) = (critical(), from)),
            "severity",
        ),
        (with(|q| q.person = ann()), "person"),
        (
            with(|q| (q.connections, q.kinds) = (live(), run())),
            "connection_kind",
        ),
        (
            with(|q| (q.connections, q.kinds, q.from, q.to) = (live(), run(), from, to)),
            "connection_kind",
        ),
        (
            with(|q| (q.connections, q.severities) = (live(), critical())),
            "connection_severity",
        ),
        (
            with(|q| {
                (q.connections, q.severities) = (live(), critical());
                (q.from, q.to) = (from, to);
            }),
            "connection_severity",
        ),
        (
            with(|q| (q.kinds, q.severities, q.before) = (run(), critical(), older)),
            "kind_severity",
        ),
        (
            with(|q| (q.kinds, q.severities, q.from, q.to) = (run(), critical(), from, to)),
            "kind_severity",
        ),
        (
            with(|q| {
                (q.connections, q.kinds) = (live(), run());
                (q.severities, q.from) = (critical(), from);
            }),
            "connection_kind",
        ),
        (
            with(|q| {
                (q.connections, q.resource, q.kinds) = (live(), group(), run());
                (q.from, q.to) = (from, to);
            }),
            "resource",
        ),
        (
            with(|q| {
                (q.person, q.connections) = (ann(), live());
                (q.severities, q.before) = (critical(), older);
            }),
            "person",
        ),
    ]
}

/// A page is read in the order of an index: nothing is sorted, and no table is scanned.
#[test]
fn every_filter_is_answered_by_its_index() {
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
        // Of several parts, at most one page is sorted at the end.
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
