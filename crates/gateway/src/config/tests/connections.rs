//! Tests of faults in `[[connection]]`.

use super::*;

#[test]
fn each_fault_of_a_connection_is_reported_with_its_position() {
    check_faults(&[
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
               over http to this computer only, so use https",
            ],
        ),
        (
            "Plant A",
            "Plant\u{202e} A",
            &[
                "6:9: connection \"plant-a\": title: holds the character U+202E, which cannot be seen",
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
            "timeout_seconds = 30",
            "watch_seconds = 1",
            &["12:17: connection \"plant-a\": watch_seconds: must be a whole number from 2 to 300"],
        ),
        (
            "timeout_seconds = 30",
            "watch_second = 5",
            &[
                "12:1: connection \"plant-a\": unknown key `watch_second`; did you mean `watch_seconds`?",
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
            &["16:6: connection \"plant-a\": id: another connection has the id \"plant-a\""],
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
                "13:103: connection \"plant-a\": credentials: client_secret: a secret must not be in this file: put it \
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
                "20:56: connection \"live\": credentials: api_key: a secret must not be in this file: put it into an \
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
            "recent_hours = 0",
            &["27:16: connection \"em\": recent_hours: must be a whole number from 1 to 744"],
        ),
        (
            "timeout_seconds = 30",
            "recent_hours = 24",
            &[
                "12:1: connection \"plant-a\": `recent_hours` belongs to a connection with system = \"veeam\", not \
                 \"aveva\"",
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
            &[
                "27:1: connection \"em\": `tenant` belongs to a connection with system = \"aveva\", not \"veeam\"",
            ],
        ),
        (
            "accept = \"application/xml\"",
            "tenan = \"t\"",
            &["27:1: connection \"em\": unknown key `tenan`"],
        ),
        (
            "https://em.example:9398",
            "em.example:9398",
            &[
                "26:12: connection \"em\": base_url: \"em.example:9398\" is not an http or https URL: it needs https:// \
                 before it",
            ],
        ),
        (
            "kind = \"basic\"",
            "kidn = \"basic\"",
            &[
                "28:15: connection \"em\": credentials: `kind` is missing",
                "28:17: connection \"em\": credentials: unknown key `kidn`; did you mean `kind`?",
            ],
        ),
        (
            "kind = \"basic\", username",
            "kind = \"bearer\", user",
            &[
                "28:24: connection \"em\": credentials: kind: \"bearer\" is not one of \"client-credentials\", \
             \"integration-key\", \"basic\"",
                "28:34: connection \"em\": credentials: unknown key `user`",
            ],
        ),
        (
            "kind = \"basic\", username",
            "kind = \"integration-key\", usrname",
            &[
                "28:24: connection \"em\": credentials: kind: \"integration-key\" does not fit this system, which takes \
             \"basic\"",
                "28:43: connection \"em\": credentials: unknown key `usrname`; did you mean `username`?",
            ],
        ),
    ]);
}

#[test]
fn an_unreadable_certificate_or_secret_is_reported_with_the_reason() {
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
        let found = read(&FULL.replacen(what, by, 1)).unwrap_err();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with(place) && found[0].contains("cannot read \"gone"),
            "{found:?}"
        );
    }
}

#[test]
fn two_connections_with_one_title_are_reported() {
    let warnings = read(&FULL.replace("\"EM\"", "\"Live\"")).unwrap().warnings;
    let mut texts = warnings.iter().map(|warning| warning.text.as_str());
    let expected = "connection \"em\": title: another connection has this title too";
    assert!(texts.any(|text| text == expected), "{warnings:?}");
}
