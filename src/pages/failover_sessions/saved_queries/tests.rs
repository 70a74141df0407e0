//! Saved queries: names, limits, duplicates, files, and the built-in queries.

use super::{
    BuiltInQuery, Duplicates, Imported, MAX_NAME_LENGTH, MAX_QUERIES, MAX_QUERY_LENGTH,
    SavedQueries, SavedQuery,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn saved(entries: &[(&str, &str)]) -> SavedQueries {
    let mut queries = SavedQueries::default();
    for (name, query) in entries {
        queries
            .save(name, query, Duplicates::KeepBoth)
            .expect("it is saved");
    }
    queries
}

fn names(queries: &SavedQueries) -> Vec<&str> {
    queries
        .list()
        .iter()
        .map(|query| query.name.as_str())
        .collect()
}

fn file(queries: Value) -> String {
    json!({"kind": "failover-console.saved-queries", "version": 1, "queries": queries}).to_string()
}

#[test]
fn a_query_is_saved_without_its_page_and_with_its_relative_range() {
    for (search, query) in [
        (
            "?page=3&started=24h&filter=Result%3D%3DFailed",
            "started=24h&filter=Result%3D%3DFailed",
        ),
        (
            "filter=Name%3D%3D%22Web+Shop%22&size=50",
            "filter=Name%3D%3D%22Web%20Shop%22&size=50",
        ),
        ("sort=-Name&filter=&&size", "sort=-Name"),
        ("", ""),
    ] {
        let saved = SavedQuery::new("x", search).expect("a query");
        assert_eq!(saved.query, query);
        let again = SavedQuery::new("x", query).expect("a query");
        assert_eq!(again, saved);
    }
}

#[test]
fn a_query_that_cannot_be_saved_is_rejected_with_the_reason() {
    let long_name = "n".repeat(MAX_NAME_LENGTH + 1);
    let long_query = format!("filter=Name%3D%3D{}", "n".repeat(MAX_QUERY_LENGTH));
    for (name, search, expected) in [
        ("", "", "name is missing"),
        (" \t\n", "", "name is missing"),
        (long_name.as_str(), "", "81 characters, more than 80"),
        ("x", long_query.as_str(), "bytes, more than 4000"),
        (
            "x",
            "filter=Colour%3D%3Dred",
            "cannot be read. At character 1",
        ),
        ("x", "started=3w", "started: “3w” is not one of"),
        ("x", "ended=3w&ended=24h", "ended: “3w” is not one of"),
        ("x", "filter=%FF", "not valid UTF-8"),
    ] {
        let error = SavedQuery::new(name, search).expect_err(expected);
        assert!(error.contains(expected), "{error}");
    }
    let most = "ü".repeat(MAX_NAME_LENGTH);
    assert!(
        SavedQuery::new(&most, "").is_ok(),
        "characters count, not bytes"
    );
}

#[test]
fn names_have_single_spaces_and_are_unique_regardless_of_case() {
    let mut queries = saved(&[("  Web \n Shop ", "size=10")]);
    assert_eq!(names(&queries), ["Web Shop"]);
    assert_eq!(
        queries.find(" web  shop").map(|query| query.query.as_str()),
        Some("size=10")
    );
    let name = queries.save("WEB SHOP", "size=25", Duplicates::Replace);
    assert_eq!(name.as_deref(), Ok("WEB SHOP"));
    assert_eq!(queries.list().len(), 1);
    let name = queries.save("web shop", "size=50", Duplicates::KeepBoth);
    assert_eq!(name.as_deref(), Ok("web shop (2)"));
    let name = queries.save("web shop", "size=50", Duplicates::KeepBoth);
    assert_eq!(name.as_deref(), Ok("web shop (3)"));
}

#[test]
fn a_name_of_maximum_length_is_shortened_for_its_number() {
    let long = "n".repeat(MAX_NAME_LENGTH);
    let queries = saved(&[(&long, ""), (&long, "")]);
    let second = names(&queries)[1].to_owned();
    assert!(second.ends_with("n (2)") && second.chars().count() == MAX_NAME_LENGTH);
}

#[test]
fn queries_are_deleted_by_name() {
    let mut queries = saved(&[("a", "size=10"), ("b", "")]);
    queries.remove("unknown");
    queries.remove("A");
    assert_eq!(names(&queries), ["b"]);
}

#[test]
fn the_number_of_saved_queries_is_limited() {
    let mut queries = SavedQueries::default();
    for number in 0..MAX_QUERIES {
        let saved = queries.save(&number.to_string(), "", Duplicates::KeepBoth);
        assert!(saved.is_ok());
    }
    let full = queries.clone();
    assert!(queries.save("one more", "", Duplicates::Replace).is_err());
    assert!(queries.save("7", "size=10", Duplicates::Replace).is_ok());
    let error = queries.import(&saved(&[("new", "")]).to_json(), Duplicates::Replace);
    assert!(error.is_err_and(|errors| errors[0].contains("more than 100")));
    assert_eq!(queries.list().len(), full.list().len());
}

#[test]
fn an_import_replaces_duplicates_or_keeps_both() {
    let mine = saved(&[("a", "size=10"), ("b", "size=10")]);
    let theirs = saved(&[("A", "size=50"), ("b", "size=10"), ("c", "")]).to_json();
    let mut replaced = mine.clone();
    assert_eq!(
        replaced.import(&theirs, Duplicates::Replace),
        Ok(Imported {
            added: 1,
            replaced: 1,
            renamed: 0,
            unchanged: 1
        })
    );
    assert_eq!(names(&replaced), ["A", "b", "c"]);
    let mut both = mine;
    let imported = both
        .import(&theirs, Duplicates::KeepBoth)
        .expect("it is imported");
    assert_eq!(
        imported.description(),
        "Saved queries: 1 added, 1 added under another name, 1 already present."
    );
    assert_eq!(names(&both), ["a", "b", "A (2)", "c"]);
}

#[test]
fn an_import_with_invalid_entries_names_them_and_imports_nothing() {
    let wrong = file(json!([
        {"name": "good", "query": ""},
        {"name": "bad filter", "query": "filter=Colour%3D%3Dred"},
        {"name": "no query"},
        {"query": "size=10"},
        "text",
        {"name": "GOOD", "query": "size=10"},
    ]));
    let mut queries = saved(&[("a", "")]);
    let errors = queries
        .import(&wrong, Duplicates::Replace)
        .expect_err("errors");
    let begins = [
        "Entry 2 (“bad filter”): The filter cannot be read.",
        "Entry 3 (“no query”): expected a text \"query\".",
        "Entry 4: expected a text \"name\".",
        "Entry 5: expected a text \"name\".",
        "Entry 6 (“GOOD”): another entry has this name.",
    ];
    assert_eq!(errors.len(), begins.len());
    for (error, begin) in errors.iter().zip(begins) {
        assert!(error.starts_with(begin), "{error}");
    }
    assert_eq!(names(&queries), ["a"]);
    let (readable, errors) = SavedQueries::from_storage(&wrong);
    let found = (names(&readable), errors.len());
    assert_eq!(found, (vec!["good", "GOOD (2)"], 4));
}

#[test]
fn stored_queries_can_be_changed_only_if_all_of_them_are_readable() {
    let newer = json!({"kind": "failover-console.saved-queries", "version": 2, "queries": []});
    let entries = file(json!([{"name": "a", "query": ""}, {"name": "b"}]));
    for (text, count) in [
        ("", Some(0)),
        (&saved(&[("a", "")]).to_json(), Some(1)),
        (&entries, None),
        (&newer.to_string(), None),
        ("{", None),
    ] {
        let queries = SavedQueries::for_update(text).ok();
        assert_eq!(queries.map(|all| all.list().len()), count, "{text}");
        let (_, errors) = SavedQueries::from_storage(text);
        assert_eq!(errors.is_empty(), count.is_some(), "{text}");
    }
}

#[test]
fn a_file_without_saved_queries_is_rejected() {
    let newer = json!({"kind": "failover-console.saved-queries", "version": 2, "queries": []});
    let unlisted = json!({"kind": "failover-console.saved-queries", "version": 1});
    for (text, expected) in [
        ("", "not JSON"),
        ("{\"kind\":", "not JSON"),
        ("[]", "no saved queries"),
        ("{\"kind\":\"x\"}", "no saved queries"),
        (
            &newer.to_string(),
            "version 2; this console reads version 1",
        ),
        (&unlisted.to_string(), "no list \"queries\""),
        (&" ".repeat(2_000_001), "far too large"),
    ] {
        let errors = SavedQueries::default().import(text, Duplicates::Replace);
        assert!(
            errors.is_err_and(|errors| errors[0].contains(expected)),
            "{expected}"
        );
    }
    let marked = format!("\u{FEFF}{}", file(json!([])));
    let none = SavedQueries::default().import(&marked, Duplicates::Replace);
    assert_eq!(
        none.map(|none| none.description()).as_deref(),
        Ok("The file contains no queries.")
    );
}

#[test]
fn built_in_queries_are_as_named_and_can_be_saved() {
    for (built_in, query) in [
        (
            BuiltInQuery::Failed,
            Some("started=24h&filter=Result%3D%3DFailed"),
        ),
        (
            BuiltInQuery::Running,
            Some("filter=State%3D%3DStarting%2CState%3D%3DWorking%2CState%3D%3DStopping"),
        ),
        (
            BuiltInQuery::Warnings,
            Some("started=7d&filter=Result%3D%3DWarning"),
        ),
        (BuiltInQuery::History, None),
    ] {
        assert_eq!(built_in.query(" ").as_deref(), query);
        let plan = built_in.query("Web \"Shop\" & Co").expect("a query");
        let saved = SavedQuery::new(built_in.name(), &plan).expect("it can be saved");
        assert_eq!(saved.query, plan);
    }
    let history = BuiltInQuery::History.query("Web \"Shop\" & Co");
    assert_eq!(
        history.as_deref(),
        Some("filter=Name%3D%3D%22Web%20%22%22Shop%22%22%20%26%20Co%22")
    );
}

proptest! {
    #[test]
    fn saved_queries_round_trip_through_storage_and_import(entries in proptest::collection::vec(("\\PC{1,20}", "[a-z]{1,8}", "\\PC{0,20}"), 0..20)) {
        let mut queries = SavedQueries::default();
        for (name, param, value) in &entries {
            let search = super::parameter(param, value);
            // Blank names and invalid values of known parameters are rejected.
            let _ = queries.save(name, &search, Duplicates::KeepBoth);
        }
        let text = queries.to_json();
        let (stored, errors) = SavedQueries::from_storage(&text);
        prop_assert_eq!((&stored, errors), (&queries, Vec::new()));
        let mut imported = SavedQueries::default();
        prop_assert!(imported.import(&text, Duplicates::Replace).is_ok());
        prop_assert_eq!(&imported, &queries);
        let again = imported.import(&text, Duplicates::KeepBoth).map(|again| again.unchanged);
        prop_assert_eq!(again, Ok(queries.list().len()));
    }
}
