//! Tests of `[session]` and `[walls]`.

use super::*;

#[test]
fn walls_need_a_valid_file_and_a_key() {
    let with = |walls: &str, key: &str| {
        let config = read(&format!(
            "walls = {{ {walls} }}\nsession = {{ {key} }}\n{FULL}"
        ));
        config.map(|config| config.walls)
    };
    let key = "key_env = \"LONG\"";
    assert_eq!(read(FULL).unwrap().walls, None);
    let file = with("file = \"walls.json\"", key).unwrap().unwrap();
    assert!(
        file.is_absolute() && file.ends_with("walls.json"),
        "{file:?}"
    );
    for (walls, key, expected) in [
        ("", key, "1:9: walls: `file` is missing"),
        (
            "file = 1",
            key,
            "1:18: walls: file: must be a text in quotes, not an integer",
        ),
        (
            "file = \"a.json\", at = 1",
            key,
            "1:28: walls: unknown key `at`",
        ),
        (
            "file = \"none/a.json\"",
            key,
            "1:18: walls: file: there is no such folder",
        ),
        (
            "file = \"a.json\"",
            "",
            "1:9: walls: [session] has no key: after a restart no wall would be recognised",
        ),
        (
            "file = \"good.key\"",
            key,
            "1:18: walls: file: the register of walls ",
        ),
    ] {
        let faults = with(walls, key).unwrap_err();
        assert!(
            faults.len() == 1 && faults[0].starts_with(expected),
            "{walls}: {faults:?}"
        );
        assert!(!faults[0].contains("hunter2"), "{faults:?}");
    }
}

#[test]
fn session_limits_and_a_long_enough_key_are_read() {
    let with = |session: &str| read(&format!("{session}\n{FULL}"));
    let unset = read(FULL).unwrap().session;
    assert!(unset.key.is_none());
    assert_eq!(
        (unset.limits.idle.as_secs(), unset.limits.absolute.as_secs()),
        (3600, 12 * 3600)
    );
    let set =
        with("session = { idle_minutes = 15, absolute_hours = 8, key_env = \"LONG\" }").unwrap();
    assert_eq!(set.session.limits.idle.as_secs(), 900);
    assert_eq!(set.session.limits.absolute.as_secs(), 8 * 3600);
    assert_eq!(set.session.key.unwrap().expose_secret().len(), 40);
    for (text, why) in [
        ("key_env = \"SECRET\"", "at least 32 characters"),
        ("key_env = \"NOT_SET\"", "NOT_SET is not set"),
        (
            "key_env = \"hunter2!\"",
            "not the name of an environment variable",
        ),
        ("key_file = \"gone.key\"", "cannot read \"gone.key\""),
        ("key = \"hunter2\"", "must not be in this file"),
        ("idle_minutes = 0", "a whole number from 1 to 1440"),
        ("idle_minutes = 180, absolute_hours = 2", "is longer than"),
        ("idle_minutes = 1440", "(default 12)"),
        ("idle = 5", "unknown key `idle`"),
    ] {
        let found = with(&format!("session = {{ {text} }}")).unwrap_err();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("1:") && found[0].contains("session: ") && found[0].contains(why),
            "{found:?}"
        );
        assert!(!found[0].contains("hunter2"), "{found:?}");
    }
}

#[test]
fn ended_sessions_are_kept_beside_the_key_or_in_ended_file() {
    let with = |session: &str| {
        let config = read(&format!("session = {{ {session} }}\n{FULL}"));
        config.map(|config| config.session.ended)
    };
    let named = |session: &str| with(session).unwrap().unwrap();
    let explicit = named("key_env = \"LONG\", ended_file = \"ended.json\"");
    assert!(explicit.path.ends_with("ended.json"));
    assert!(explicit.path.is_absolute() && explicit.is_configured);
    assert_eq!(with("key_env = \"LONG\"").unwrap(), None);
    let beside = named("key_file = \"long.key\"");
    assert!(
        beside.path.ends_with("long.key.ended") && !beside.is_configured,
        "{beside:?}"
    );
    let faults = with("key_env = \"LONG\", ended_file = \"none/ended.json\"").unwrap_err();
    assert!(
        faults[0].contains("session: ended_file: there is no such folder"),
        "{faults:?}"
    );
    for (text, expected) in [
        (
            "key_env = \"LONG\", ended_file = \"not.pem\"",
            "1:44: session: ended_file: the register of ended sessions ",
        ),
        (
            "key_env = \"LONG\", ended_file = \"blocked.json\"",
            "1:44: session: ended_file: the register of ended sessions ",
        ),
        (
            "key_file = \"corrupt.key\"",
            "1:24: session: key_file: the register of ended sessions ",
        ),
    ] {
        let faults = with(text).expect_err(text);
        assert!(
            faults.len() == 1 && faults[0].starts_with(expected),
            "{text}: {faults:?}"
        );
        assert!(!faults[0].contains("hunter2"), "{faults:?}");
    }
}
