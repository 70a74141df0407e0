//! Tests every kind of fault, with its line, column and text.

mod alerts;
mod connections;
mod listen;
mod outbound;
mod people;
mod sessions;
mod store;
mod texts;

use super::*;
use crate::identity::Role;
use secrecy::ExposeSecret as _;

/// The gateway's own checks.
pub(super) const CHECKS: Checks = crate::cli::CHECKS;

/// A folder that other users cannot read.
fn private_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let owner = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(folder.path(), owner).unwrap();
    }
    folder
}

/// Reads a configuration in a folder with `good.key`, `empty.key` and `not.pem`, a corrupt file of ended sessions
/// beside `corrupt.key`, and a folder in the place of the lock of `blocked.json`. `SECRET` is set, `EMPTY` is empty.
fn read(text: &str) -> Result<Config, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("good.key", "hunter2\n"),
        ("empty.key", "\n"),
        ("long.key", "llllllllllllllllllllllllllllllllllllllll\n"),
        ("not.pem", "hunter2"),
        ("corrupt.key", "llllllllllllllllllllllllllllllllllllllll\n"),
        ("corrupt.key.ended", "hunter2"),
    ] {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    std::fs::create_dir(folder.path().join("blocked.json.lock")).unwrap();
    let variable = |name: &str| match name {
        "SECRET" => Some("hunter2".to_owned()),
        "EMPTY" => Some(String::new()),
        "HOOK" => Some("https://hooks.example/hunter2".to_owned()),
        "BARE_HOOK" => Some("http://hooks.example/hunter2".to_owned()),
        "LONG" => Some("l".repeat(40)),
        _ => None,
    };
    read_with(text, folder.path(), &variable)
}

/// The minimum that every configuration needs.
pub(super) const CONNECTION: &str = r#"
[[connection]]
id = "live"
title = "Live"
system = "uplynk"
base_url = "https://x.example"
credentials = { kind = "integration-key", owner = "o", api_key_env = "SECRET" }
"#;

/// Reads a configuration in a folder, with these environment variables. Faults are formatted, without the file name.
pub(super) fn read_with(
    text: &str,
    folder: &Path,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, Vec<String>> {
    let shown = |fault: &Fault| format!("{}:{}: {}", fault.line, fault.column, fault.text);
    read_in(text, folder, variable).map_err(|faults| faults.iter().map(shown).collect())
}

/// Like [`read_with`], with unformatted faults.
fn read_in(
    text: &str,
    folder: &Path,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, Vec<Fault>> {
    let environment = Environment {
        checks: CHECKS,
        folder,
        variable,
    };
    Config::read(text, &environment)
}

const FULL: &str = r#"listen = "[::1]:9000"
public_url = "https://console.example/"

[[connection]]
id = "plant-a"
title = "Plant A"
system = "aveva"
base_url = "https://region.example"
tenant = "t"
namespace = "n"
sessions_version = "v1-preview"
timeout_seconds = 30
credentials = { kind = "client-credentials", token_url = "https://id.example/token", client_id = "c", client_secret_env = "SECRET" }

[[connection]]
id = "live"
title = "Live"
system = "uplynk"
base_url = "https://services.example"
credentials = { kind = "integration-key", owner = "o", api_key_file = "good.key" }

[[connection]]
id = "em"
title = "EM"
system = "veeam"
base_url = "https://em.example:9398"
accept = "application/xml"
credentials = { kind = "basic", username = "u", password_env = "SECRET" }

[[user]]
name = "ops"
role = "admin"
password_hash = "$argon2id$v=19$m=19456,t=2,p=1$hgFLuKv8EITaimyGFmDzvw$d11SJ82f/BvbIT6zu+WEFXg8YEcT4r2BPjTW6w7XnY8"
"#;

/// The hint about the address of a system.
pub(super) fn hint(system: &str, base_url: &str) -> Option<String> {
    let credentials = match system {
        "uplynk" => r#"kind = "integration-key", owner = "o", api_key_env = "SECRET""#,
        _ => r#"kind = "basic", username = "u", password_env = "SECRET""#,
    };
    let text = format!(
        "[[connection]]\nid = \"x\"\ntitle = \"X\"\nsystem = \"{system}\"\nbase_url = \"{base_url}\"\n\
         credentials = {{ {credentials} }}\n"
    );
    let warnings = read(&text).unwrap().warnings;
    let hint = |found: Fault| {
        let hint = found
            .text
            .strip_prefix("connection \"x\": base_url: probably wrong: ");
        hint.map(str::to_owned)
    };
    warnings.into_iter().find_map(hint)
}

/// Makes one replacement in the full file per case and compares all faults with the expected ones.
fn check_faults(cases: &[(&str, &str, &[&str])]) {
    for (what, by, expected) in cases {
        assert!(FULL.contains(what), "{what}");
        let found = read(&FULL.replacen(what, by, 1)).expect_err(by);
        assert_eq!(found, *expected, "{by}");
        assert!(!found.concat().contains("hunter2"));
    }
}

#[test]
fn a_complete_file_is_read() {
    let config = read(FULL).unwrap();
    assert_eq!(config.listen.to_string(), "[::1]:9000");
    assert_eq!(
        config.public_origin.as_deref(),
        Some("https://console.example")
    );
    let [plant, live, em] = &config.connections[..] else {
        panic!("three connections")
    };
    let json = serde_json::to_value(&plant.public).unwrap();
    assert_eq!(
        json,
        serde_json::json!({"id": "plant-a", "title": "Plant A", "system": "aveva", "tenant": "t",
            "namespace": "n", "groups_version": "v1", "sessions_version": "v1-preview"})
    );
    assert_eq!(plant.timeout.as_secs(), 30);
    assert_eq!(live.timeout, DEFAULT_TIMEOUT);
    let Credentials::IntegrationKey { api_key, .. } = &live.credentials else {
        panic!("a key")
    };
    assert_eq!(
        api_key.expose_secret(),
        "hunter2",
        "without the file's line break"
    );
    assert_eq!(
        serde_json::to_value(&em.public).unwrap()["accept"],
        "application/xml"
    );
    assert_eq!(
        (config.users[0].name.as_str(), config.users[0].role),
        ("ops", Role::Admin)
    );
    let shown = format!("{config:?}");
    assert!(
        !shown.contains("hunter2") && !shown.contains("argon2id"),
        "{shown}"
    );
}

#[test]
fn all_faults_are_reported_in_the_order_of_their_lines() {
    let text = FULL
        .replace("[::1]:9000", "x")
        .replace("\"Live\"", "7")
        .replace("https://em.example:9398", "em")
        .replace("\"admin\"", "\"boss\"");
    let lines: Vec<String> = read(&text)
        .unwrap_err()
        .iter()
        .map(|fault| fault.split(':').next().unwrap().to_owned())
        .collect();
    assert_eq!(lines, ["1", "17", "26", "32"]);
}

#[test]
fn every_syntax_error_is_reported() {
    let found = read("listen = \n[[connection]]\nid = \"a\ntitle = 'x'\n").unwrap_err();
    let lines: Vec<&str> = found
        .iter()
        .map(|fault| fault.split(':').next().unwrap())
        .collect();
    assert!(lines.contains(&"1") && lines.contains(&"3"), "{found:?}");
}

#[test]
fn usual_mistakes_of_toml_are_explained() {
    let top = "move it to the top of the file: a key below a [table] belongs to that table";
    let below = |key: &str| format!("7:1: connection \"live\": unknown key `{key}`; {top}");
    let cases = TOP_LEVEL_KEYS.map(|key| (format!("{key} = 1"), below(key)));
    for (more, expected) in cases {
        let found = read(&format!("{}{more}", CONNECTION.trim_start())).unwrap_err();
        assert_eq!(found, [expected]);
    }
    let twice = "is given a second time: a key or [table] is given once";
    for (text, expected) in [
        (
            "listen = 'a'\nlisten = 'b'",
            &[format!("2:1: `listen` {twice}")][..],
        ),
        (
            "[store]\npath = 'a'\n[store]\npath = 'b'",
            &[format!("3:2: `store` {twice}")],
        ),
        (
            "[connection]\nid = 'a'\n[connection]\nid = 'b'\n[connection]\nid = 'c'",
            &[
                "3:2: `connection` is given a second time: write each of them as [[connection]]"
                    .to_owned(),
            ],
        ),
        (
            "[store\npath = 'a'\n[[connection]]\nid = 'b'\n[[connection]]\nid = 'c'",
            &["1:7: unclosed table, expected `]`".to_owned()],
        ),
        (
            "listen = 127.0.0.1:80",
            &["1:15: invalid float, expected nothing; a text needs quotes".to_owned()],
        ),
        (
            "[connection]\nid = 'a'",
            &["1:1: connection: must be written as [[connection]], not a table".to_owned()],
        ),
        (
            &format!("store = 'a.db'\n{CONNECTION}"),
            &["1:9: store: must be written as [store], not a string".to_owned()],
        ),
    ] {
        let found = read(text).unwrap_err();
        assert_eq!(found, *expected, "{text}");
    }
    let own_table = CONNECTION
        .replace("credentials = { ", "[connection.credentials]\n")
        .replace(", ", "\n")
        .replace(" }", "\ntimeout_seconds = 5");
    let above = "move it above this table: a key below a [table] belongs to that table";
    assert_eq!(
        read(own_table.trim_start()).unwrap_err(),
        [format!(
            "10:1: connection \"live\": credentials: unknown key `timeout_seconds`; {above}"
        )]
    );
}

#[test]
fn an_empty_file_is_rejected() {
    assert_eq!(
        read("").unwrap_err(),
        ["1:1: there is no [[connection]]: nothing to show"]
    );
}

#[test]
fn a_missing_file_is_reported_with_its_name() {
    let faults = Config::load(Path::new("gone.toml"), CHECKS).unwrap_err();
    assert!(
        faults
            .to_string()
            .starts_with("gone.toml: cannot read this file: "),
        "{faults}"
    );
}
