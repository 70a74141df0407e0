//! Tests of `[store]` and `[activity]`.

use super::*;
use std::path::Path;

fn with_url(text: &str, url: &str) -> Result<Config, Vec<String>> {
    let variable = |name: &str| match name {
        "STORE_URL" => Some(url.to_owned()),
        "SECRET" => Some("hunter2".to_owned()),
        _ => None,
    };
    read_with(
        &format!("{text}{CONNECTION}"),
        Path::new("/nowhere"),
        &variable,
    )
}

#[test]
fn a_database_address_is_secret_and_shown_without_its_password() {
    let url = "postgres://fc:hunter2@db.example/fc";
    let config = with_url("[store]\nurl_env = \"STORE_URL\"", url).unwrap();
    let shown = "PostgreSQL database \"fc\" at db.example";
    assert_eq!(config.store.to_string(), shown);
    assert!(!format!("{config:?}").contains("hunter2@"));
    assert!(config.warnings.is_empty());
    let open = with_url(
        "[store]\nurl_env = \"STORE_URL\"",
        "postgres://fc:hunter2@db.example/fc?sslmode=disable",
    );
    let warnings = open.unwrap().warnings;
    assert!(warnings[0].text.starts_with("store: url: the connection"));
}

#[test]
fn faults_of_the_store_are_reported_without_secrets() {
    for (text, url, expected) in [
        (
            "[store]\nurl = \"postgres://fc:hunter2@db.example/fc\"",
            "",
            "2:1: store: url: a secret must not be in this file",
        ),
        (
            "[store]\nurl_env = \"STORE_URL\"",
            "mysql://fc:hunter2@db.example/fc",
            "2:1: store: url: is not an address such as postgres://",
        ),
        (
            "[store]\nurl_env = \"STORE_URL\"",
            "",
            "2:11: store: url_env: the environment variable STORE_URL is empty",
        ),
        (
            "[store]",
            "",
            "1:1: store: `path` is missing, or `url_env` or `url_file` for a PostgreSQL database",
        ),
        (
            "[store]\nurl_file = \"none\"",
            "",
            "2:12: store: url_file: cannot read \"none\"",
        ),
        (
            "[store]\nurl_env = \"STORE_URL\"\npath = \"memory\"",
            "postgres://fc:hunter2@db.example/fc",
            "3:1: store: give either `path`",
        ),
        (
            "[store]\nurl_env = \"STORE_URL\"\nca_flie = \"x\"",
            "postgres://fc:hunter2@db.example/fc",
            "3:1: store: unknown key `ca_flie`; did you mean `ca_file`?",
        ),
        (
            "[store]\npath = \"memory\"\nca_file = \"x\"",
            "",
            "3:1: store: `ca_file` belongs to a PostgreSQL database, which `url_env` or `url_file` names",
        ),
    ] {
        let faults = with_url(text, url).unwrap_err();
        assert!(faults[0].starts_with(expected), "{faults:?}");
        assert!(!faults.concat().contains("hunter2"), "{faults:?}");
    }
}

#[test]
fn a_store_at_the_default_location_has_a_hint() {
    let read = |text: &str, state: Option<&str>| {
        let variable = |name: &str| match name {
            "STATE_DIRECTORY" => state.map(str::to_owned),
            "URL" => Some("postgres://fc:hunter2@db.example/fc".to_owned()),
            "SECRET" => Some("hunter2".to_owned()),
            _ => None,
        };
        let text = format!("{text}{CONNECTION}");
        let config = read_with(&text, Path::new("/etc/fc"), &variable).unwrap();
        (config.store.to_string(), config.store_hint().is_some())
    };
    let url = "[store]\nurl_env = \"URL\"";
    let database = "PostgreSQL database \"fc\" at db.example";
    for (text, state, location, has_hint) in [
        ("", None, "/etc/fc/failover-console.db", true),
        ("", Some(""), "/etc/fc/failover-console.db", true),
        (
            "",
            Some("/var/lib/fc:/var/lib/more"),
            "/var/lib/fc/failover-console.db",
            false,
        ),
        ("[store]\npath = \"memory\"", None, "memory", false),
        (url, None, database, false),
    ] {
        let expected = (location.to_owned(), has_hint);
        assert_eq!(read(text, state), expected, "{text:?} {state:?}");
    }
}

#[test]
fn activity_is_kept_for_configured_days_in_total_and_per_kind() {
    let read = |text: &str| with_url(text, "").map(|config| config.retention);
    assert_eq!(read(""), Ok(Retention::default()));
    let some = read(
        "[activity]\nkeep_days = 90\nkeep_entries = 5000\nkeep_days_of = { heartbeat = 7, change = 3660 }",
    );
    let some = some.unwrap();
    assert_eq!((some.days, some.entries), (90, 5_000));
    let by_kind: Vec<_> = some
        .by_kind
        .iter()
        .map(|(kind, days)| (kind.key(), *days))
        .collect();
    assert_eq!(by_kind, [("change", 3_660), ("heartbeat", 7)]);
    for (text, expected) in [
        (
            "[activity]\nkeep_days = 0",
            "2:13: activity: keep_days: must be a whole number from 1 to 3660",
        ),
        (
            "[activity]\nkeep_entries = 10",
            "2:16: activity: keep_entries: must be a whole number from 1000 to 100000000",
        ),
        (
            "[activity]\nkeep_days_of = { heartbeats = 7 }",
            "2:18: activity: keep_days_of: unknown key `heartbeats`; did you mean `heartbeat`?",
        ),
        (
            "[activity]\nkeep_day = 7",
            "2:1: activity: unknown key `keep_day`; did you mean `keep_days`?",
        ),
    ] {
        let faults = read(text).unwrap_err();
        assert_eq!(faults, [expected], "{text}");
    }
}
