//! Every kind of mistake, by what people read: the line, the column and the sentence.

use super::*;
use secrecy::ExposeSecret as _;

/// A configuration in a folder with `good.key`, `empty.key` and `not.pem`; `SECRET` is set, `EMPTY`
/// is set and empty.
fn read(text: &str) -> Result<Config, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("good.key", "hunter2\n"),
        ("empty.key", "\n"),
        ("not.pem", "hunter2"),
    ] {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    let variable = |name: &str| match name {
        "SECRET" => Some("hunter2".to_owned()),
        "EMPTY" => Some(String::new()),
        "LONG" => Some("l".repeat(40)),
        _ => None,
    };
    Config::read(
        text,
        &Surroundings {
            folder: folder.path(),
            variable: &variable,
        },
    )
    .map_err(|list| {
        list.iter()
            .map(|f| format!("{}:{}: {}", f.line, f.column, f.text))
            .collect()
    })
}

const WHOLE: &str = r#"listen = "[::1]:9000"
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

#[test]
fn a_whole_file_is_read_as_it_stands() {
    let config = read(WHOLE).unwrap();
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
fn a_file_without_a_listen_address_listens_on_this_computer() {
    let text = WHOLE.replace("listen = \"[::1]:9000\"", "");
    assert_eq!(read(&text).unwrap().listen, DEFAULT_LISTEN);
}

/// What one change to the whole file makes wrong: what is replaced, by what, and every fault.
#[test]
fn each_mistake_is_told_with_its_place() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "[::1]:9000",
            "8080",
            &["1:10: listen: \"8080\" is not an address with a port, such as 127.0.0.1:8080"],
        ),
        (
            "\"[::1]:9000\"",
            "8080",
            &["1:10: listen: must be a text in quotes, not an integer"],
        ),
        (
            "listen",
            "lisen",
            &["1:1: unknown key `lisen`; did you mean `listen`?"],
        ),
        (
            "https://region.example",
            "htp://x",
            &["8:12: connection \"plant-a\": base_url: \"htp://x\" is not an http or https URL"],
        ),
        (
            "https://region.example",
            "http://region.example",
            &[
                "8:12: connection \"plant-a\": base_url: \"http://region.example\" is not encrypted: credentials go \
               over http to this machine only, so use https",
            ],
        ),
        (
            "base_url = \"https://region",
            "base_ulr = \"https://region",
            &[
                "4:1: connection \"plant-a\": `base_url` is missing",
                "8:1: connection \"plant-a\": unknown key `base_ulr`; did you mean `base_url`?",
            ],
        ),
        (
            "namespace = \"n\"\n",
            "",
            &[
                "9:1: connection \"plant-a\": `tenant` is given without `namespace`: a cloud service has both, one on \
               premises neither",
            ],
        ),
        (
            "\"v1-preview\"",
            "\"v2\"",
            &[
                "11:20: connection \"plant-a\": sessions_version: \"v2\" is not one of \"v1\", \"v1-preview\"; did you \
               mean \"v1\"?",
            ],
        ),
        (
            "timeout_seconds = 30",
            "timeout_seconds = 0",
            &[
                "12:19: connection \"plant-a\": timeout_seconds: must be a whole number from 1 to 300",
            ],
        ),
        (
            "timeout_seconds = 30",
            "timeout_seconds = \"1 s\"",
            &[
                "12:19: connection \"plant-a\": timeout_seconds: must be a whole number from 1 to 300, not a string",
            ],
        ),
        (
            "\"aveva\"",
            "\"aveba\"",
            &[
                "7:10: connection \"plant-a\": system: \"aveba\" is not one of \"aveva\", \"uplynk\", \"veeam\"; did you \
             mean \"aveva\"?",
            ],
        ),
        (
            "id = \"live\"",
            "id = \"plant-a\"",
            &["16:6: connection \"plant-a\": id: another connection is called \"plant-a\" already"],
        ),
        (
            "id = \"live\"",
            "id = \"li/ve\"",
            &[
                "16:6: connection \"li/ve\": id: may hold only letters, digits and dashes: it is part of URLs",
            ],
        ),
        (
            "id = \"live\"",
            "id = \" \"",
            &["16:6: connection \" \": id: must not be empty"],
        ),
        (
            "id = \"live\"\n",
            "",
            &["15:1: connection 2: `id` is missing"],
        ),
        (
            "title = \"Live\"\n",
            "",
            &["15:1: connection \"live\": `title` is missing"],
        ),
        (
            "client_secret_env = \"SECRET\"",
            "client_secret = \"hunter2\"",
            &[
                "13:103: connection \"plant-a\": credentials: client_secret: a secret must not stand in this file: put it \
             into an environment variable and name that with `client_secret_env`, or into a file of its own and name \
             that with `client_secret_file`",
            ],
        ),
        (
            "client_secret_env = \"SECRET\"",
            "client_secret_env = \"NOT_SET\"",
            &[
                "13:123: connection \"plant-a\": credentials: client_secret_env: the environment variable NOT_SET is not \
             set",
            ],
        ),
        (
            "client_secret_env = \"SECRET\"",
            "client_secret_env = \"EMPTY\"",
            &[
                "13:123: connection \"plant-a\": credentials: client_secret_env: the environment variable EMPTY is empty",
            ],
        ),
        (
            "api_key_file = \"good.key\"",
            "api_key_file = \"empty.key\"",
            &["20:71: connection \"live\": credentials: api_key_file: \"empty.key\" is empty"],
        ),
        (
            "api_key_file = \"good.key\"",
            "api_key = \"hunter2\", api_key_file = \"good.key\"",
            &[
                "20:56: connection \"live\": credentials: api_key: a secret must not stand in this file: put it into an \
             environment variable and name that with `api_key_env`, or into a file of its own and name that with \
             `api_key_file`",
            ],
        ),
        (
            ", api_key_file = \"good.key\"",
            "",
            &[
                "20:15: connection \"live\": credentials: `api_key_env` or `api_key_file` is missing",
            ],
        ),
        (
            "password_env = \"SECRET\"",
            "password_env = \"SECRET\", password_file = \"good.key\"",
            &[
                "28:74: connection \"em\": credentials: give either `password_env` or `password_file`, not both",
            ],
        ),
        (
            "kind = \"basic\"",
            "kind = \"integration-key\"",
            &[
                "28:24: connection \"em\": credentials: kind: \"integration-key\" does not fit this system, which takes \
             \"basic\"",
            ],
        ),
        (
            "kind = \"basic\"",
            "kind = \"bearer\"",
            &[
                "28:24: connection \"em\": credentials: kind: \"bearer\" is not one of \"client-credentials\", \
             \"integration-key\", \"basic\"",
            ],
        ),
        (
            "username = \"u\"",
            "username = \"a:b\"",
            &[
                "28:44: connection \"em\": credentials: username: must not hold a colon: it ends the name in Basic \
             authentication",
            ],
        ),
        (
            "accept = \"application/xml\"",
            "accept = \"text/xml\"",
            &[
                "27:10: connection \"em\": accept: \"text/xml\" is not one of \"application/json\", \"application/xml\"",
            ],
        ),
        (
            "accept = \"application/xml\"",
            "ca_file = \"not.pem\"",
            &[
                "27:11: connection \"em\": ca_file: \"not.pem\" is not a PEM file with a certificate (-----BEGIN \
             CERTIFICATE-----)",
            ],
        ),
        (
            "accept = \"application/xml\"",
            "tenant = \"t\"",
            &["27:1: connection \"em\": unknown key `tenant`"],
        ),
        (
            "role = \"admin\"",
            "role = \"amdin\"",
            &[
                "32:8: user \"ops\": role: \"amdin\" is none of \"admin\", \"viewer\" and \"wall\"; did you mean \"admin\"?",
            ],
        ),
        (
            "password_hash = \"$argon2id$",
            "password_hash = \"$2b$",
            &[
                "33:17: user \"ops\": password_hash: is not an Argon2id hash: it has to begin with $argon2id$ and be \
             whole, as `failover-console hash-password` writes it",
            ],
        ),
        (
            "[[user]]",
            "[user]",
            &["30:1: user: must be written as [[user]], not a table"],
        ),
        (
            "[[user]]",
            "[[usr]]",
            &[
                "2:1: `public_url` is given, but there is no [[user]] who could sign in, and no [openid]: whoever the \
                 proxy lets through would be an admin",
                "30:3: unknown key `usr`; did you mean `user`?",
            ],
        ),
    ];
    for (what, by, expected) in cases {
        assert!(WHOLE.contains(what), "{what}");
        let found = read(&WHOLE.replacen(what, by, 1)).expect_err(by);
        assert_eq!(found, *expected, "{by}");
        assert!(!found.concat().contains("hunter2"));
    }
}

#[test]
fn a_certificate_or_secret_that_cannot_be_read_says_why() {
    for (what, by, place) in [
        (
            "api_key_file = \"good.key\"",
            "api_key_file = \"gone.key\"",
            "20:71: ",
        ),
        (
            "accept = \"application/xml\"",
            "ca_file = \"gone.pem\"",
            "27:11: ",
        ),
    ] {
        let found = read(&WHOLE.replacen(what, by, 1)).unwrap_err();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with(place) && found[0].contains("cannot read \"gone"),
            "{found:?}"
        );
    }
}

#[test]
fn all_mistakes_come_together_in_the_order_of_their_lines() {
    let text = WHOLE
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
fn every_error_of_the_notation_itself_is_told_too() {
    let found = read("listen = \n[[connection]]\nid = \"a\ntitle = 'x'\n").unwrap_err();
    let lines: Vec<&str> = found
        .iter()
        .map(|fault| fault.split(':').next().unwrap())
        .collect();
    assert!(lines.contains(&"1") && lines.contains(&"3"), "{found:?}");
}

#[test]
fn an_empty_file_has_nothing_to_show() {
    assert_eq!(
        read("").unwrap_err(),
        ["1:1: there is no [[connection]]: nothing to show"]
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let faults = Config::load(Path::new("gone.toml")).unwrap_err();
    assert!(
        faults
            .to_string()
            .starts_with("gone.toml: cannot read this file: "),
        "{faults}"
    );
}

/// Where it listens, which of the two lines that make that safe are there, and what is said.
#[test]
fn other_computers_may_come_only_encrypted_and_signed_in() {
    let public = "public_url = \"https://console.example/\"\n";
    let user = &WHOLE[WHOLE.find("[[user]]").unwrap()..];
    let other = WHOLE.replace("[::1]:9000", "0.0.0.0:8080");
    assert_eq!(read(&other).unwrap().listen.to_string(), "0.0.0.0:8080");
    let reach = "1:10: listen: 0.0.0.0:8080 can be reached from other computers, ";
    let open = other.replace(public, "");
    let local = other.replace("https://console", "http://localhost:80/console");
    for text in [open, local.replace("/console.example", "")] {
        let found = read(&text).unwrap_err();
        assert_eq!(
            found,
            [format!(
                "{reach}and nothing is encrypted: listen on 127.0.0.1 or [::1], give [tls] a certificate, or give \
                 `public_url` with the https address of a proxy in front"
            )]
        );
    }
    assert_eq!(
        read(&other.replace(user, "")).unwrap_err(),
        [
            format!("{reach}and there is no [[user]] and no [openid]: nobody would have to sign in"),
            "2:1: `public_url` is given, but there is no [[user]] who could sign in, and no [openid]: whoever the \
             proxy lets through would be an admin"
                .to_owned()
        ]
    );
    let alone = WHOLE.replace(user, "").replace(public, "");
    assert!(read(&alone).unwrap().users.is_empty(), "at this computer");
}

#[test]
fn walls_are_kept_in_a_file_that_is_a_register_and_next_to_a_key() {
    let with = |walls: &str, key: &str| {
        let config = read(&format!(
            "walls = {{ {walls} }}\nsession = {{ {key} }}\n{WHOLE}"
        ));
        config.map(|config| config.walls)
    };
    let key = "key_env = \"LONG\"";
    assert_eq!(read(WHOLE).unwrap().walls, None);
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
            "1:9: walls: [session] has no key: after a restart no wall would be known",
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
fn sessions_have_their_limits_and_a_key_that_is_long_enough() {
    let with = |session: &str| read(&format!("{session}\n{WHOLE}"));
    let usual = read(WHOLE).unwrap().session;
    assert!(usual.key.is_none());
    assert_eq!(
        (usual.limits.idle.as_secs(), usual.limits.absolute.as_secs()),
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
        ("key_file = \"gone.key\"", "cannot read \"gone.key\""),
        ("key = \"hunter2\"", "must not stand in this file"),
        ("idle_minutes = 0", "a whole number from 1 to 1440"),
        ("idle_minutes = 180, absolute_hours = 2", "is longer than"),
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
fn the_wall_is_framed_by_origins_only() {
    let with = |frames: &str| read(&format!("wall_frames = {frames}\n{WHOLE}"));
    assert!(read(WHOLE).unwrap().wall_frames.is_empty());
    assert_eq!(
        with("[\"https://intranet.example/\", \"http://127.0.0.1:8000\"]")
            .unwrap()
            .wall_frames,
        ["https://intranet.example", "http://127.0.0.1:8000"]
    );
    for (frames, expected) in [
        (
            "[\"*\"]",
            "1:16: wall_frames: \"*\" is not an http or https URL",
        ),
        (
            "[\"https://intranet.example/walls\"]",
            "1:16: wall_frames: an origin such as https://intranet.example has no path, and this one has /walls",
        ),
        (
            "[\"https://a.example; script-src *\"]",
            "1:16: wall_frames: \"https://a.example; script-src *\" is not an http or https URL",
        ),
        (
            "\"https://a.example\"",
            "1:15: wall_frames: must be a list of texts: [\"…\"], not a string",
        ),
    ] {
        assert_eq!(with(frames).unwrap_err(), [expected], "{frames}");
    }
}

#[test]
fn proxies_are_addresses_or_networks() {
    let with = |proxies: &str| read(&format!("trusted_proxies = {proxies}\n{WHOLE}"));
    let proxies = with("[\"127.0.0.1\", \"10.0.0.0/8\"]")
        .unwrap()
        .trusted_proxies;
    assert!(proxies[1].holds("10.1.2.3".parse().unwrap()));
    assert_eq!(
        with("[\"proxy\", 7]").unwrap_err(),
        [
            "1:20: trusted_proxies: \"proxy\" is neither an address nor a network such as 10.0.0.0/8",
            "1:29: trusted_proxies: must be a list of texts: [\"…\"], not an integer"
        ]
    );
    assert_eq!(with("\"127.0.0.1\"").unwrap_err().len(), 1);
}

#[test]
fn a_gateway_that_encrypts_by_itself_still_has_to_know_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.path().join("chain.pem"), made.cert.pem()).unwrap();
    std::fs::write(
        folder.path().join("key.pem"),
        made.signing_key.serialize_pem(),
    )
    .unwrap();
    std::fs::write(folder.path().join("good.key"), "hunter2").unwrap();
    let with = |change: &dyn Fn(String) -> String| {
        let tls = "\n[tls]\ncertificate_file = \"chain.pem\"\nkey_file = \"key.pem\"\n";
        let text = change(WHOLE.replace("[::1]:9000", "0.0.0.0:443") + tls);
        let variable = |_: &str| Some("hunter2".to_owned());
        let around = Surroundings {
            folder: folder.path(),
            variable: &variable,
        };
        Config::read(&text, &around).map_err(|faults| faults[0].text.clone())
    };
    assert!(with(&|text| text).unwrap().is_encrypted());
    let nameless = with(&|text| text.replace("public_url", "# public_url")).unwrap_err();
    assert!(nameless.contains("under which name"), "{nameless}");
    let local = with(&|text| {
        text.replace("0.0.0.0:443", "127.0.0.1:443")
            .replace("public_url", "# public_url")
    });
    assert!(local.unwrap().is_encrypted());
    let odd = with(&|text| text.replace("key.pem", "chain.pem")).unwrap_err();
    assert!(odd.contains("tls: the key's file holds none"), "{odd}");
    let half = with(&|text| text.replace("key_file = \"key.pem\"", "")).unwrap_err();
    assert!(half.contains("tls: `key_file` is missing"), "{half}");
}
