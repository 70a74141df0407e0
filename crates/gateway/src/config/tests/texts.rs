//! Tests of texts and secrets with control characters, wrong encodings or invisible characters.

use super::*;

const REMEDY: &str = "a backslash in double quotes is an escape: use single quotes";

#[test]
fn a_control_character_is_rejected_in_every_text() {
    for (what, by, place, code) in [
        (
            "\"ops\"",
            r#""CORP\nina""#,
            "31:8: user \"CORP\\nina\": name: ",
            "000A",
        ),
        (
            "\"ops\"",
            r#""CORP\tom""#,
            "31:8: user \"CORP\\tom\": name: ",
            "0009",
        ),
        (
            "username = \"u\"",
            r#"username = "CORP\backup""#,
            "28:44: connection \"em\": credentials: username: ",
            "0008",
        ),
        (
            "\"Live\"",
            r#""Li\u0000ve""#,
            "17:9: connection \"live\": title: ",
            "0000",
        ),
        (
            "\"Live\"",
            r#""Li\u0085ve""#,
            "17:9: connection \"live\": title: ",
            "0085",
        ),
        (
            "\"plant-a\"",
            r#""plant\ra""#,
            "5:6: connection \"plant\\ra\": id: ",
            "000D",
        ),
        (
            "owner = \"o\"",
            r#"owner = "\fred""#,
            "20:51: connection \"live\": credentials: owner: ",
            "000C",
        ),
        (
            "tenant = \"t\"",
            "tenant = 'a\tb'",
            "9:10: connection \"plant-a\": tenant: ",
            "0009",
        ),
    ] {
        let found = read(&FULL.replacen(what, by, 1)).expect_err(by);
        assert_eq!(
            found,
            [format!(
                "{place}holds the control character U+{code}; {REMEDY}"
            )],
            "{by}"
        );
    }
    let text = format!("wall_frames = [\"https://a.example\\n\"]\n{FULL}");
    assert!(read(&text).unwrap_err()[0].ends_with(REMEDY));
    // The parser itself reports unknown escapes.
    let text = FULL.replace("\"ops\"", r#""CORP\admin""#);
    let found = read(&text).unwrap_err();
    assert!(
        found[0].starts_with("31:") && found[0].ends_with(REMEDY),
        "{found:?}"
    );
    for good in ["'CORP\\nina'", "\"CORP\\\\nina\"", "\"Müller 👩\""] {
        assert!(read(&FULL.replace("\"ops\"", good)).is_ok(), "{good}");
    }
}

/// Reads the configuration twice: with this content in `good.key`, and in the variable `SECRET`.
fn with_secret(content: &[u8]) -> [Result<Config, Vec<Fault>>; 2] {
    let folder = private_folder();
    std::fs::write(folder.path().join("good.key"), content).unwrap();
    let secret = String::from_utf8(content.to_vec()).ok();
    let read = |text: &str| {
        // Without `public_url`, so that there is no warning about trusted proxies.
        let by_file = FULL.replace("public_url", "# public_url");
        let by_env = by_file.replace("good.key", "other.key");
        std::fs::write(folder.path().join("other.key"), "other").unwrap();
        let text = if text == "file" { &by_file } else { &by_env };
        // Variables such as `HTTPS_PROXY` are read too, and are no secrets.
        let variable = |name: &str| match (
            name.to_ascii_uppercase().ends_with("_PROXY"),
            *text == by_file,
        ) {
            (true, _) => None,
            (false, true) => Some("other".to_owned()),
            (false, false) => secret.clone(),
        };
        read_in(text, folder.path(), &variable)
    };
    [read("file"), read("variable")]
}

fn secrets(config: &Config) -> Vec<String> {
    config
        .connections
        .iter()
        .map(|connection| match &connection.credentials {
            Credentials::Basic {
                password: secret, ..
            }
            | Credentials::IntegrationKey {
                api_key: secret, ..
            }
            | Credentials::OAuthClient {
                client_secret: secret,
                ..
            } => secret.expose_secret().to_owned(),
        })
        .collect()
}

#[test]
fn a_secret_is_one_line_of_utf_8() {
    for (content, expected) in [
        (&b"hunter2"[..], "hunter2"),
        (b"hunter2\n", "hunter2"),
        (b"hunter2\r\n\r\n", "hunter2"),
        (b"\xEF\xBB\xBFhunter2\n", "hunter2"),
        ("p\u{e4}ss w\u{f6}rd".as_bytes(), "p\u{e4}ss w\u{f6}rd"),
        (br"CORP\nina", r"CORP\nina"),
    ] {
        for config in with_secret(content) {
            let config = config.unwrap();
            assert!(
                secrets(&config).iter().any(|secret| secret == expected),
                "{expected}"
            );
            assert_eq!(config.warnings, [], "{expected}");
        }
    }
    for (content, expected) in [
        (
            &b"\xFF\xFEh\0u\0n\0t\0e\0r\x002\0"[..],
            "is UTF-16: save it as UTF-8",
        ),
        (
            b"\xFE\xFF\0h\0u\0n\0t\0e\0r\x002",
            "is UTF-16: save it as UTF-8",
        ),
        (b"h\0u\0n\0t\0e\0r\x002\0", "is UTF-16: save it as UTF-8"),
        (
            b"hunter2\xE4",
            "is not UTF-8, from byte 8 on: save it as UTF-8",
        ),
        (
            b"hunter2\nother\n",
            "holds more than one line: a secret is one line",
        ),
        (
            b"hunter2\rother",
            "holds more than one line: a secret is one line",
        ),
        (b"CORP\x08hunter2", "holds the control character U+0008; "),
        (b"hunter2\t", "holds the control character U+0009; "),
        (b" \n", "is empty"),
        (b"\xEF\xBB\xBF\n", "is empty"),
    ] {
        let [file, variable] = with_secret(content);
        let found = file.unwrap_err();
        assert!(
            found.len() == 1 && found[0].text.contains(&format!("\"good.key\" {expected}")),
            "{found:?}"
        );
        assert!(!found[0].text.contains("hunter2"), "{found:?}");
        if std::str::from_utf8(content).is_ok() && !content.contains(&0) {
            let found = variable.unwrap_err();
            let expected = format!("the environment variable SECRET {expected}");
            assert!(
                found.iter().all(|fault| fault.text.contains(&expected)),
                "{found:?}"
            );
        }
    }
}

#[test]
fn blanks_and_invisible_characters_in_secrets_are_warned_about() {
    let blank = "begins or ends with a blank, which is sent as a part of it";
    for (content, expected) in [
        ("hunter2 ", vec![blank.to_owned()]),
        (" hunter2\n", vec![blank.to_owned()]),
        (
            "hunter2\u{a0}",
            vec!["holds the character U+00A0".to_owned()],
        ),
        (
            "hunt\u{200b}er2",
            vec!["holds the character U+200B".to_owned()],
        ),
        (
            " hunter2\u{a0}",
            vec![blank.to_owned(), "holds the character U+00A0".to_owned()],
        ),
    ] {
        let config = with_secret(content.as_bytes())
            .into_iter()
            .next()
            .unwrap()
            .unwrap();
        assert_eq!(config.warnings.len(), expected.len(), "{content:?}");
        for (warning, expected) in config.warnings.iter().zip(&expected) {
            assert_eq!(warning.line, 20);
            assert!(
                warning
                    .text
                    .contains(&format!("api_key_file: \"good.key\" {expected}")),
                "{warning:?}"
            );
            assert!(!warning.text.contains("hunter2"));
        }
    }
}

#[test]
fn a_configuration_in_another_encoding_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.toml");
    let utf_16: Vec<u8> = FULL.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, expected) in [
        (utf_16, "this file is UTF-16: save it as UTF-8"),
        (
            b"title = \"M\xFCller\"".to_vec(),
            "this file is not UTF-8, from byte 11 on",
        ),
    ] {
        std::fs::write(&file, bytes).unwrap();
        let faults = Config::load(&file, CHECKS).unwrap_err();
        assert!(faults.to_string().contains(expected), "{faults}");
    }
    std::fs::write(&file, b"\xEF\xBB\xBFlisten = 7\n").unwrap();
    let faults = Config::load(&file, CHECKS).unwrap_err();
    assert!(
        faults.to_string().contains("c.toml:1:10: listen: "),
        "{faults}"
    );
}

#[cfg(unix)]
#[test]
fn a_secret_that_every_user_may_read_is_warned_about() {
    use std::os::unix::fs::PermissionsExt as _;
    let connection = "listen = \"127.0.0.1:9000\"\n[[connection]]\nid = \"live\"\ntitle = \"Live\"\nsystem = \"uplynk\"\n\
        base_url = \"https://services.example\"\n\
        credentials = { kind = \"integration-key\", owner = \"o\", api_key_file = \"api.key\" }\n";
    let (_, user) = FULL.split_once("[[user]]").unwrap();
    let with_users = format!("{connection}[[user]]{user}");
    let folder = private_folder();
    std::fs::write(folder.path().join("api.key"), "hunter2").unwrap();
    let warnings = |text: &str, modes: [u32; 3]| {
        let file = folder.path().join("c.toml");
        std::fs::write(&file, text).unwrap();
        for (name, mode) in ["", "c.toml", "api.key"].into_iter().zip(modes) {
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(folder.path().join(name), mode).unwrap();
        }
        let warnings = Config::load(&file, CHECKS).unwrap().warnings;
        let warnings = warnings.into_iter().map(|found| (found.line, found.text));
        warnings.collect::<Vec<_>>()
    };
    let open = "can be read by every user of this computer: `chmod o=` removes that permission";
    let hashes = (
        1,
        format!("this file holds hashes of passwords, and {open}"),
    );
    let key = format!("connection \"live\": credentials: api_key_file: \"api.key\" {open}");
    let key = (7, key);
    for (text, modes, expected) in [
        (with_users.as_str(), [0o755, 0o600, 0o640], vec![]),
        (&with_users, [0o700, 0o644, 0o644], vec![]),
        (&with_users, [0o755, 0o644, 0o600], vec![&hashes]),
        (&with_users, [0o755, 0o600, 0o604], vec![&key]),
        (&with_users, [0o755, 0o644, 0o644], vec![&hashes, &key]),
        (connection, [0o755, 0o644, 0o600], vec![]),
    ] {
        let found = warnings(text, modes);
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{modes:?}");
    }
}
