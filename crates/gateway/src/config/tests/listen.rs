//! Tests of `listen`, `public_url`, `trusted_proxies`, `wall_frames`, `[tls]` and the metrics token.

use super::*;

#[test]
fn each_fault_of_the_address_is_reported_with_its_position() {
    check_faults(&[
        (
            "[::1]:9000",
            "8080",
            &[
                "1:10: listen: \"8080\" is not an IP address with a port, such as 127.0.0.1:8080; host names are not accepted",
            ],
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
    ]);
}

#[test]
fn a_file_without_a_listen_address_listens_on_this_computer() {
    let text = FULL.replace("listen = \"[::1]:9000\"", "");
    assert_eq!(read(&text).unwrap().listen, DEFAULT_LISTEN);
}

#[test]
fn listening_beyond_this_computer_needs_encryption_and_a_sign_in() {
    let public = "public_url = \"https://console.example/\"\n";
    let user = &FULL[FULL.find("[[user]]").unwrap()..];
    let other = FULL.replace("[::1]:9000", "0.0.0.0:8080");
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
            format!("{reach}and there is no [[user]] and no [openid]: everybody who reaches it would be an admin"),
            "2:1: `public_url` is given, but there is no [[user]] who could sign in, and no [openid]: everybody whom \
             the proxy lets through would be an admin"
                .to_owned()
        ]
    );
    let no_user = FULL.replace(user, "").replace(public, "");
    assert!(read(&no_user).unwrap().users.is_empty(), "at this computer");
}

#[test]
fn wall_frames_are_origins() {
    let with = |frames: &str| read(&format!("wall_frames = {frames}\n{FULL}"));
    assert!(read(FULL).unwrap().wall_frames.is_empty());
    assert_eq!(
        with("[\"https://intranet.example/\", \"http://127.0.0.1:8000\"]")
            .unwrap()
            .wall_frames,
        ["https://intranet.example", "http://127.0.0.1:8000"]
    );
    for (frames, expected) in [
        (
            "[\"*\"]",
            "1:16: wall_frames: this is not an http or https URL, such as https://host.example",
        ),
        (
            "[\"https://ops:hunter2@intranet.example\"]",
            "1:16: wall_frames: a URL must hold no user name and no password",
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
fn trusted_proxies_are_addresses_or_networks() {
    let with = |proxies: &str| read(&format!("trusted_proxies = {proxies}\n{FULL}"));
    let proxies = with("[\"127.0.0.1\", \"10.0.0.0/8\"]")
        .unwrap()
        .trusted_proxies;
    assert!(proxies[1].contains("10.1.2.3".parse().unwrap()));
    assert_eq!(
        with("[\"proxy\", 7]").unwrap_err(),
        [
            "1:20: trusted_proxies: \"proxy\" is neither an address nor a network such as 10.0.0.0/8",
            "1:29: trusted_proxies: must be a list of texts: [\"…\"], not an integer"
        ]
    );
    assert_eq!(with("\"127.0.0.1\"").unwrap_err().len(), 1);
    for everything in ["0.0.0.0/0", "10.0.0.0/0", "::/0", "::ffff:0.0.0.0/96"] {
        assert_eq!(
            with(&format!("[\"127.0.0.1\", \"{everything}\"]")).unwrap_err(),
            [format!(
                "1:33: trusted_proxies: \"{everything}\" is every address, so a visitor could claim any address; give \
                 those of your proxies"
            )]
        );
    }
}

#[test]
fn a_public_url_without_trusted_proxies_is_warned_about() {
    let warnings = |top: &str, text: &str| {
        let config = read(&format!("{top}{text}")).unwrap();
        let texts = config.warnings.into_iter().map(|found| found.text);
        let of_proxies = texts.filter(|text| text.starts_with("public_url: "));
        of_proxies.collect::<Vec<_>>()
    };
    let found = warnings("", FULL);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].contains("without [tls] a proxy has to be in front")
            && found[0].contains("trusted_proxies = [\"127.0.0.1\"]"),
        "{found:?}"
    );
    for (top, text) in [
        ("trusted_proxies = [\"127.0.0.1\"]\n", FULL.to_owned()),
        // Such as a proxy that forwards connections instead of requests.
        ("trusted_proxies = []\n", FULL.to_owned()),
        ("", FULL.replace("public_url", "# public_url")),
        (
            "",
            FULL.replace("https://console.example", "http://localhost"),
        ),
    ] {
        assert_eq!(warnings(top, &text), [""; 0], "{top}");
    }
}

#[test]
fn a_gateway_with_a_certificate_still_needs_its_public_name() {
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
        let text = change(FULL.replace("[::1]:9000", "0.0.0.0:443") + tls);
        let variable = |_: &str| Some("hunter2".to_owned());
        read_with(&text, folder.path(), &variable).map_err(|faults| faults[0].clone())
    };
    let complete = with(&|text| text).unwrap();
    assert!(complete.is_encrypted());
    let of_proxies = |found: &Fault| found.text.starts_with("public_url");
    assert!(
        !complete.warnings.iter().any(of_proxies),
        "no proxy is needed"
    );
    let other = "tls: certificate_file: browsers refuse it: its certificate is not for console.example but for localhost;";
    for (more, expected) in [("", true), ("trusted_proxies = []\n", false)] {
        let warnings = with(&|text| format!("{more}{text}")).unwrap().warnings;
        let found = warnings.iter().any(|found| found.text.starts_with(other));
        assert_eq!(found, expected, "{warnings:?}");
    }
    let nameless = with(&|text| text.replace("public_url", "# public_url")).unwrap_err();
    assert!(nameless.contains("name for it is unknown"), "{nameless}");
    let local = with(&|text| {
        text.replace("0.0.0.0:443", "127.0.0.1:443")
            .replace("public_url", "# public_url")
    });
    assert!(local.unwrap().is_encrypted());
    let wrong = with(&|text| text.replace("key.pem", "chain.pem")).unwrap_err();
    let key_line = "37:12: tls: key_file: the key's file holds none";
    assert!(wrong.starts_with(key_line), "{wrong}");
    let partial = with(&|text| text.replace("key_file = \"key.pem\"", "")).unwrap_err();
    assert!(partial.contains("tls: `key_file` is missing"), "{partial}");
}

#[test]
fn a_public_url_may_have_a_path_and_sets_the_default_drain() {
    let with = |url: &str| read(&FULL.replace("https://console.example/", url));
    for (url, origin, path) in [
        ("https://console.example", "https://console.example", ""),
        (
            "https://console.example:8443/",
            "https://console.example:8443",
            "",
        ),
        (
            "https://console.example/failover",
            "https://console.example",
            "/failover",
        ),
        (
            "https://console.example/tools/failover/",
            "https://console.example",
            "/tools/failover",
        ),
    ] {
        let config = with(url).unwrap();
        assert_eq!(config.public_origin.as_deref(), Some(origin), "{url}");
        assert_eq!(
            (config.base_path.as_str(), config.drain),
            (path, DEFAULT_DRAIN),
            "{url}"
        );
    }
    assert_eq!(
        with("https://console.example/api").unwrap_err(),
        ["2:14: public_url: the path must not begin with \"api\", which is the console's own"]
    );
    assert_eq!(
        with("https://*.example").unwrap_err(),
        ["2:14: public_url: must name one host, without *"]
    );
    let drain = |line: &str| read(&format!("{line}\n{FULL}")).map(|config| config.drain.as_secs());
    assert_eq!(drain("drain_seconds = 0"), Ok(0));
    assert_eq!(drain("drain_seconds = 30"), Ok(30));
    assert_eq!(
        drain("drain_seconds = 301").unwrap_err(),
        ["1:17: drain_seconds: must be a whole number from 0 to 300"]
    );
    let local = FULL.replace("public_url", "# public_url");
    assert_eq!(read(&local).unwrap().drain, Duration::ZERO);
}

#[test]
fn a_metrics_token_needs_at_least_32_characters() {
    let with = |line: &str| read(&format!("{line}\n{FULL}")).map(|config| config.metrics_token);
    let token = with("metrics_token_env = \"LONG\"").unwrap().unwrap();
    assert_eq!(token.expose_secret().len(), 40);
    for line in [
        "metrics_token_env = \"SECRET\"",
        "metrics_token_file = \"good.key\"",
    ] {
        assert_eq!(
            with(line).unwrap_err(),
            [
                "1:1: the metrics token has to be at least 32 characters long, and random: `openssl rand -base64 32` makes one"
            ],
            "{line}"
        );
    }
}
