//! Tests of alert targets and alert rules.

use super::*;
use chrono::{NaiveTime, TimeDelta};
use health::Severity;
use vendors::SystemKind;

const ALERTS: &str = r#"
[[alert_target]]
id = "pager"
kind = "webhook"
url = "https://pager.example/in"
secret_env = "SECRET"

[[alert_target]]
id = "channel"
kind = "slack"
url_env = "HOOK"

[[alert_target]]
id = "ops-mail"
kind = "mail"
server = "smtp.example:2525"
encryption = "starttls"
user = "console"
password_file = "good.key"
from = "Console <console@example.com>"
to = ["ops@example.com"]

[[alert]]
id = "night"
targets = ["pager", "ops-mail"]
severity = "critical"
systems = ["aveva"]
connections = ["plant-a"]
resources = ["crude-*"]
after_seconds = 0
repeat_minutes = 60
quiet_hours = { from = "22:00", to = "06:00", time_zone = "Europe/Berlin" }
recovery = false

[[alert]]
id = "all"
targets = ["channel"]
"#;

fn full_with_alerts() -> String {
    format!("{FULL}{ALERTS}")
}

#[test]
fn rules_and_targets_are_read_with_defaults_for_missing_keys() {
    let alerts = read(&full_with_alerts()).unwrap().alerts;
    let ids: Vec<&str> = alerts.targets.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["pager", "channel", "ops-mail"]);
    let DeliveryMethod::Mail(mail) = &alerts.targets[2].method else {
        panic!("a mail target");
    };
    assert_eq!((mail.server.as_str(), mail.port), ("smtp.example", 2525));
    assert_eq!(mail.encryption, MailEncryption::StartTls);
    let [night, all] = alerts.rules.as_slice() else {
        panic!("two rules");
    };
    assert_eq!(
        (night.severity, night.after),
        (Severity::Critical, TimeDelta::zero())
    );
    assert_eq!(night.systems, [SystemKind::Aveva]);
    assert!(night.resources[0].matches("CRUDE-01") && !night.resources[0].matches("news"));
    assert_eq!(night.repeat, Some(TimeDelta::hours(1)));
    assert_eq!(
        night.quiet.unwrap().from,
        NaiveTime::from_hms_opt(22, 0, 0).unwrap()
    );
    assert!(!night.recovery && all.recovery);
    assert_eq!(
        (all.severity, all.after),
        (Severity::Warning, TimeDelta::seconds(30))
    );
    assert_eq!((all.repeat, all.quiet), (None, None));
    assert!(all.systems.is_empty() && all.connections.is_empty() && all.resources.is_empty());
    let warned = |what: &str, by: &str| -> Vec<String> {
        let text = full_with_alerts();
        assert!(text.contains(what), "{what}");
        let warnings = read(&text.replacen(what, by, 1)).unwrap().warnings;
        let texts = warnings.into_iter().map(|warning| warning.text);
        texts.filter(|text| text.contains("never")).collect()
    };
    let never = "never receives anything";
    for (what, by, expected) in [
        ("", "", None),
        (
            "targets = [\"channel\"]",
            "targets = [\"pager\"]",
            Some(format!(
                "alert_target \"channel\": id: no [[alert]] names this target, so it {never}"
            )),
        ),
        (
            "systems = [\"aveva\"]",
            "systems = [\"veeam\"]",
            Some(
                "alert \"night\": systems: the rule selects no [[connection]], so it never sends anything"
                    .to_owned(),
            ),
        ),
    ] {
        assert_eq!(warned(what, by), Vec::from_iter(expected), "{by}");
    }
    let none = read(FULL).unwrap().alerts;
    assert!(none.rules.is_empty() && none.targets.is_empty());
}

#[test]
fn each_fault_is_reported_without_secrets() {
    for (what, by, expected) in [
        (
            "id = \"pager\"",
            "id = \"pa ger\"",
            "id: must be at most 60 letters, digits and dashes",
        ),
        (
            "id = \"pager\"",
            "id = \"channel\"",
            "42:6: alert_target \"channel\": id: another one has this id",
        ),
        (
            "kind = \"webhook\"",
            "kidn = \"webhook\"",
            "unknown key `kidn`; did you mean `kind`?",
        ),
        (
            "kind = \"webhook\"",
            "kind = \"webhok\"\nsecrt_env = \"SECRET\"",
            "unknown key `secrt_env`; did you mean `secret_env`?",
        ),
        (
            "secret_env = \"SECRET\"",
            "url_env = \"HOOK\"",
            "give either `url` or `url_env`, not both",
        ),
        (
            "https://pager.example/in",
            "https://pager.example/hunter2?token=hunter2",
            "url: \"https://pager.example/…\" must not have a part after ? or #: an address that holds a secret is named \
             by `url_env` or `url_file`",
        ),
        (
            "https://pager.example/in",
            "http://pager.example/hunter2",
            "url: \"http://pager.example/…\" is not encrypted",
        ),
        (
            "https://pager.example/in",
            "pager.example/hunter2",
            "url: \"pager.example/…\" is not an http or https URL: it needs https:// before it",
        ),
        ("\"webhook\"", "\"webhok\"", "did you mean \"webhook\"?"),
        (
            "url = \"https://pager.example/in\"",
            "url = \"http://pager.example/in\"",
            "is not encrypted",
        ),
        (
            "url = \"https://pager.example/in\"",
            "",
            "`url`, `url_env` or `url_file` is missing",
        ),
        (
            "url_env = \"HOOK\"",
            "url_env = \"BARE_HOOK\"",
            "the address of the webhook has to begin with https://",
        ),
        (
            "url_env = \"HOOK\"",
            "url_env = \"SECRET\"",
            "the address of the webhook is not a URL",
        ),
        (
            "url_env = \"HOOK\"",
            "url = \"https://hooks.example\"",
            "a secret must not be in this file",
        ),
        (
            "secret_env",
            "secrt_env",
            "unknown key `secrt_env`; did you mean `secret_env`?",
        ),
        (
            "smtp.example:2525",
            "smtp.example:x",
            "server: must be a name, or a name and a port",
        ),
        (
            "smtp.example:2525",
            "a@smtp.example",
            "server: must be a name, or a name and a port",
        ),
        (
            "smtp.example:2525",
            "smtp..example",
            "server: must be a name, or a name and a port",
        ),
        (
            "smtp.example:2525",
            "-smtp.example:2525",
            "server: must be a name, or a name and a port",
        ),
        (
            "smtp.example:2525",
            "smtp.example:0",
            "server: must be a name, or a name and a port",
        ),
        (
            "starttls",
            "ssl",
            "encryption: \"ssl\" is not one of \"tls\", \"starttls\", \"none\"",
        ),
        (
            "starttls",
            "none",
            "without encryption, only a server on this computer is allowed",
        ),
        (
            "user = \"console\"",
            "",
            "there is a password, but no `user`",
        ),
        (
            "password_file = \"good.key\"",
            "",
            "`password_env` or `password_file` is missing",
        ),
        (
            "Console <console@example.com>",
            "console",
            "from: must be an address",
        ),
        (
            "Console <console@example.com>",
            "Console <console@example.com",
            "from: must be an address",
        ),
        ("to = [\"ops@example.com\"]", "to = []", "`to` is empty"),
        (
            "to = [\"ops@example.com\"]",
            "to = [\"a@example.com\", \"ops@\"]",
            "to: must hold addresses",
        ),
        (
            "to = [\"ops@example.com\"]",
            "to = [\"ops\"]",
            "to: must hold addresses",
        ),
        (
            "id = \"night\"",
            "id = \"all\"",
            "alert \"all\": id: another one has this id",
        ),
        (
            "id = \"night\"",
            "severty = \"critical\"",
            "alert 1: unknown key `severty`; did you mean `severity`?",
        ),
        (
            "[\"aveva\"]",
            "[]",
            "alert \"night\": systems: must not be empty: leave it out, which means all",
        ),
        (
            "[\"plant-a\"]",
            "[]",
            "alert \"night\": connections: must not be empty: leave it out, which means all",
        ),
        (
            "[\"crude-*\"]",
            "[]",
            "alert \"night\": resources: must not be empty: leave it out, which means all",
        ),
        (
            "[\"crude-*\"]",
            "[\"crude-*\", \" \"]",
            "alert \"night\": resources: must not hold an empty text",
        ),
        (
            "[\"pager\", \"ops-mail\"]",
            "[\"pagr\"]",
            "there is no [[alert_target]] with the id \"pagr\"",
        ),
        (
            "[\"pager\", \"ops-mail\"]",
            "[]",
            "`targets` is empty: nobody would be notified",
        ),
        (
            "severity = \"critical\"",
            "severity = \"bad\"",
            "severity: \"bad\" is not one of \"critical\", \"warning\", \"unknown\"",
        ),
        (
            "systems = [\"aveva\"]",
            "systems = [\"avevva\"]",
            "systems: must hold aveva, uplynk or veeam",
        ),
        (
            "[\"plant-a\"]",
            "[\"plant-z\"]",
            "connections: there is no [[connection]] with the id \"plant-z\"",
        ),
        (
            "after_seconds = 0",
            "after_seconds = -1",
            "after_seconds: must be a whole number from 0 to 86400",
        ),
        (
            "repeat_minutes = 60",
            "repeat_minutes = 0",
            "repeat_minutes: must be a whole number from 1",
        ),
        ("\"22:00\"", "\"22\"", "must be a time such as"),
        ("\"06:00\"", "\"22:00\"", "`from` and `to` must differ"),
        ("Europe/Berlin", "Berlin", "must be the name of a time zone"),
        (
            "recovery = false",
            "recovery = \"no\"",
            "recovery: must be true or false, not a string",
        ),
    ] {
        assert!(ALERTS.contains(what), "{what}");
        let text = format!("{FULL}{}", ALERTS.replacen(what, by, 1));
        let found = read(&text).expect_err(by).concat();
        assert!(found.contains(expected), "{by}: {found}");
        assert!(!found.contains("hunter2"), "{by}: {found}");
    }
}

#[test]
fn a_faulty_connection_or_target_causes_no_faults_of_rules() {
    for (what, by) in [
        ("title = \"Plant A\"", ""),
        ("kind = \"webhook\"", "kind = 7"),
    ] {
        let found = read(&full_with_alerts().replacen(what, by, 1)).expect_err(by);
        assert_eq!(found.len(), 1, "{found:?}");
    }
}

#[test]
fn a_duplicate_id_is_reported_beside_other_faults() {
    let text = full_with_alerts()
        .replacen(
            "id = \"channel\"\nkind = \"slack\"",
            "id = \"pager\"\nkind = \"slac\"",
            1,
        )
        .replacen("id = \"night\"", "id = \"all\"", 1)
        .replacen("severity = \"critical\"", "severity = \"bad\"", 1);
    let found = read(&text).unwrap_err();
    for expected in [
        "alert_target \"pager\": id: another one has this id",
        "alert_target \"pager\": kind: \"slac\" is not one of",
        "alert \"all\": id: another one has this id",
        "alert \"all\": severity: \"bad\" is not one of",
    ] {
        let matching = found.iter().filter(|fault| fault.contains(expected));
        assert_eq!(matching.count(), 1, "{expected}: {found:?}");
    }
}
