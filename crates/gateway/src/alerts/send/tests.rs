//! Messages sent to real servers on this computer.

mod mail;
mod smtp_server;
mod webhook;

use super::*;
use crate::tests::outbound::self_signed;
use chrono::{DateTime, Utc};
use health::Severity;
use health::alarms::Since;
use health::inventory::ResourceKey;
use rcgen::CertificateParams;
use tokio_rustls::TlsAcceptor;

/// A TLS acceptor for a server of this name, and its certificate.
fn encryption(name: &str) -> (TlsAcceptor, Vec<u8>) {
    self_signed(&CertificateParams::new([name.to_owned()]).unwrap())
}

/// An alert about an alarm.
fn alert() -> Message {
    let at: DateTime<Utc> = "2026-03-01T10:00:00Z".parse().unwrap();
    let mut message = Message::test("5f0c".to_owned(), at, None);
    message.occasion = crate::alerts::message::Occasion::Began;
    message.connection = "Plant A".to_owned();
    let alarm = &mut message.alarm;
    alarm.id = "a-17".to_owned();
    alarm.resource = ResourceKey::of_connection("plant-a");
    alarm.name = "CRUDE-01".to_owned();
    alarm.severity = Severity::Critical;
    alarm.word = "No primary".into();
    alarm.since = Since::Observed(at);
    message
}

#[test]
fn a_receivers_text_is_one_short_line_without_secrets() {
    for (text, secrets, expected) in [
        ("no\r\nsuch\thook ", &[""][..], "no  such hook"),
        ("hunter2 is wrong", &["hunter2"][..], "… is wrong"),
        ("abc", &["a"][..], "abc"),
        ("", &["hunter2"][..], ""),
    ] {
        assert_eq!(redacted_line(text, secrets), expected);
    }
    assert_eq!(
        redacted_line(&"x".repeat(1_000), &[]).chars().count(),
        MAX_TEXT_LENGTH
    );
}

#[test]
fn errors_name_an_unusable_target_by_its_id() {
    let webhook = |url: &str| {
        DeliveryMethod::Webhook(config::Webhook {
            url: url.into(),
            secret: None,
            shape: config::Shape::Own,
            ca: None,
        })
    };
    let mail = |server: &str, encryption, from: &str, to: &[&str]| {
        DeliveryMethod::Mail(Box::new(config::Mail {
            server: server.to_owned(),
            port: 25,
            encryption,
            sign_in: None,
            from: from.to_owned(),
            to: to.iter().map(|&to| to.to_owned()).collect(),
            ca: None,
        }))
    };
    let (none, tls) = (config::MailEncryption::None, config::MailEncryption::Tls);
    let me = "console@plant.example";
    for (method, expected) in [
        (
            webhook("hooks.example/T0/hunter2"),
            Err("its url is not an http or https address"),
        ),
        (
            webhook("ftp://hooks.example/hunter2"),
            Err("its url is not an http or https address"),
        ),
        (webhook("https://hooks.example/T0/hunter2"), Ok(())),
        (
            mail("smtp.example", none, me, &[me]),
            Err("only a server on this computer may be used without encryption"),
        ),
        (mail("127.0.0.1", none, me, &[me]), Ok(())),
        (mail("[::1]", none, me, &[me]), Ok(())),
        (mail("localhost", none, me, &[me]), Ok(())),
        (mail("[::1]", tls, me, &[me]), Ok(())),
        (
            mail("smtp example", tls, me, &[me]),
            Err("\"smtp example\" is not the name of a server"),
        ),
        (
            mail("smtp.example", tls, "console", &[me]),
            Err("\"console\" is not an e-mail address"),
        ),
        (
            mail(
                "smtp.example",
                tls,
                me,
                &["Ops <ops@plant.example>\r\nX: y"],
            ),
            Err("\"Ops <ops@plant.example>\\r\\nX: y\" is not an e-mail address"),
        ),
        (
            mail("smtp.example", tls, me, &[]),
            Err("it has no recipient"),
        ),
    ] {
        let target = AlertTarget {
            id: "pager".to_owned(),
            method,
        };
        let created = Sender::new(&target, &config::Outbound::default()).map(drop);
        let expected = expected.map_err(|why| format!("alert target \"pager\": {why}"));
        assert_eq!(created, expected);
    }
}
