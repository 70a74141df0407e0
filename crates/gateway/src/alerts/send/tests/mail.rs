//! E-mails.

use super::smtp_server::{ServerBehaviour, SmtpServer};
use super::*;
use crate::alerts::send::mail::MailSender;
use crate::config::{Mail, MailEncryption, Roots};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

const OPS: &str = "Operations <ops@plant.example>";
const BOSS: &str = "boss@plant.example";

/// A target at the server.
fn target(server: &SmtpServer, encryption: MailEncryption) -> Mail {
    Mail {
        server: "127.0.0.1".to_owned(),
        port: server.port,
        encryption,
        sign_in: None,
        from: "Failover Console <console@plant.example>".to_owned(),
        to: vec![OPS.to_owned(), BOSS.to_owned()],
        ca: Some(server.certificate.clone()),
    }
}

async fn send(mail: &Mail, message: &Message) -> Result<(), Failure> {
    MailSender::new(mail, Roots::Bundled, MAIL_TIMEOUT)
        .unwrap()
        .send(message, &[])
        .await
}

fn headers<'t>(told: &'t [String], name: &str) -> Vec<&'t str> {
    let start = format!("{name}: ");
    told.iter()
        .filter_map(|line| line.strip_prefix(start.as_str()))
        .collect()
}

#[tokio::test]
async fn a_mail_arrives_with_what_makes_a_thread_of_it() {
    let server = SmtpServer::new(ServerBehaviour::default()).await;
    let mail = target(&server, MailEncryption::None);
    send(&mail, &alert()).await.unwrap();
    let told = server.received();
    for line in [
        "EHLO [127.0.0.1]",
        "MAIL FROM:<console@plant.example>",
        "RCPT TO:<ops@plant.example>",
        "RCPT TO:<boss@plant.example>",
        "Subject: Critical: CRUDE-01 (Plant A): No primary",
        "Message-ID: <5f0c@plant.example>",
        "In-Reply-To: <alarm-a-17@plant.example>",
        "References: <alarm-a-17@plant.example>",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Date: Sun, 01 Mar 2026 10:00:00 +0000",
        "Critical: CRUDE-01 (Plant A): No primary",
        "Connection: Plant A",
        "QUIT",
    ] {
        assert!(told.iter().any(|told| told == line), "{line}: {told:#?}");
    }

    let test = Message::test("77".to_owned(), alert().at, None);
    send(&mail, &test).await.unwrap();
    let told = server.received();
    assert_eq!(headers(&told, "Message-ID"), ["<77@plant.example>"]);
    assert_eq!(headers(&told, "In-Reply-To").len(), 0);
}

#[tokio::test]
async fn encryption_and_sign_in_are_as_the_target_says() {
    let plain = BASE64_STANDARD.encode("\0svc\0hunter22");
    let login = ["svc", "hunter22"].map(|word| format!("*{}", BASE64_STANDARD.encode(word)));
    for (encrypted, auth, expected) in [
        (true, "PLAIN LOGIN", vec![format!("*AUTH PLAIN {plain}")]),
        (false, "PLAIN LOGIN", vec![format!("*AUTH PLAIN {plain}")]),
        (false, "LOGIN", login.to_vec()),
    ] {
        let server = SmtpServer::new(ServerBehaviour {
            encrypted,
            offers_start_tls: !encrypted,
            auth,
            ..ServerBehaviour::default()
        })
        .await;
        let encryption = if encrypted {
            MailEncryption::Tls
        } else {
            MailEncryption::StartTls
        };
        let mail = Mail {
            sign_in: Some(("svc".to_owned(), "hunter22".into())),
            ..target(&server, encryption)
        };
        send(&mail, &alert()).await.unwrap();
        let told = server.received();
        for line in &expected {
            assert!(told.contains(line), "{line}: {told:#?}");
        }
        let open: Vec<_> = told.iter().filter(|line| !line.starts_with('*')).collect();
        if encrypted {
            assert_eq!(open.len(), 0, "{open:#?}");
        } else {
            assert_eq!(open, ["EHLO [127.0.0.1]", "STARTTLS"]);
        }
        assert!(told.contains(&"*QUIT".to_owned()), "{told:#?}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_gets_nothing() {
    for encrypted in [true, false] {
        let server = SmtpServer::new(ServerBehaviour {
            encrypted,
            offers_start_tls: !encrypted,
            ..ServerBehaviour::default()
        })
        .await;
        let encryption = if encrypted {
            MailEncryption::Tls
        } else {
            MailEncryption::StartTls
        };
        let mail = Mail {
            ca: None,
            ..target(&server, encryption)
        };
        let failure = send(&mail, &alert()).await.unwrap_err();
        assert!(!failure.is_final, "{failure:?}");
        assert!(
            failure
                .line
                .starts_with("could not reach 127.0.0.1: its certificate"),
            "{failure:?}"
        );
        assert!(
            !server
                .received()
                .iter()
                .any(|line| line.contains("MAIL FROM"))
        );
    }
}

#[tokio::test]
async fn without_the_encryption_that_is_wanted_nothing_is_sent() {
    for (behaviour, line, is_final) in [
        (
            ServerBehaviour::default(),
            "127.0.0.1 offers no STARTTLS, and nothing is sent without encryption",
            true,
        ),
        (
            ServerBehaviour {
                offers_start_tls: true,
                injects: "\r\n250 AUTH PLAIN",
                ..ServerBehaviour::default()
            },
            "127.0.0.1 said something after it agreed to encrypt and before it did: somebody on the way may have",
            false,
        ),
        (
            ServerBehaviour {
                offers_start_tls: true,
                instead: &[("STARTTLS", "454 4.7.0 not now")],
                ..ServerBehaviour::default()
            },
            "127.0.0.1 refused to encrypt: 454 4.7.0 not now",
            false,
        ),
        (
            ServerBehaviour {
                instead: &[("", "554 5.7.1 not you")],
                ..ServerBehaviour::default()
            },
            "127.0.0.1 refused the connection: 554 5.7.1 not you",
            true,
        ),
        (
            ServerBehaviour {
                instead: &[("", "SSH-2.0-OpenSSH_9.9")],
                ..ServerBehaviour::default()
            },
            "the connection to 127.0.0.1 broke off, or it is not one for SMTP",
            false,
        ),
        (
            ServerBehaviour {
                instead: &[("EHLO", "")],
                ..ServerBehaviour::default()
            },
            "the connection to 127.0.0.1 broke off, or it is not one for SMTP",
            false,
        ),
    ] {
        let server = SmtpServer::new(behaviour).await;
        let mail = Mail {
            sign_in: Some(("svc".to_owned(), "hunter22".into())),
            ..target(&server, MailEncryption::StartTls)
        };
        let failure = send(&mail, &alert()).await.unwrap_err();
        assert_eq!((failure.line.as_str(), failure.is_final), (line, is_final));
        let told = server.received();
        let open = ["EHLO [127.0.0.1]", "STARTTLS", ""];
        assert!(
            told.iter().all(|line| open.contains(&line.as_str())),
            "{told:#?}"
        );
    }
}

#[tokio::test]
async fn refusals_say_whether_to_try_again() {
    for (instead, line, is_final) in [
        (
            &[("AUTH", "535 5.7.8 hunter22 is wrong")][..],
            "127.0.0.1 refused the sign-in: 535 5.7.8 … is wrong",
            true,
        ),
        (
            &[("MAIL", "451 4.3.0 try later")][..],
            "127.0.0.1 refused the sender: 451 4.3.0 try later",
            false,
        ),
        (
            &[("RCPT", "550 5.1.1 no such user")][..],
            "127.0.0.1 refused ops@plant.example: 550 5.1.1 no such user; 127.0.0.1 refused boss@plant.example: 550 5.1.1 \
             no such user",
            true,
        ),
        (
            &[
                ("RCPT TO:<ops", "550 no"),
                ("RCPT TO:<boss", "450 greylisted"),
            ][..],
            "127.0.0.1 refused ops@plant.example: 550 no; 127.0.0.1 refused boss@plant.example: 450 greylisted",
            false,
        ),
        (
            &[("RCPT TO:<boss", "450 greylisted")][..],
            "delivered to 1 of 2 recipients; 127.0.0.1 refused boss@plant.example: 450 greylisted",
            false,
        ),
        (
            &[("RCPT TO:<boss", "550 no")][..],
            "delivered to 1 of 2 recipients; 127.0.0.1 refused boss@plant.example: 550 no",
            true,
        ),
        (
            &[("DATA", "451 disk full")][..],
            "127.0.0.1 refused the message: 451 disk full",
            false,
        ),
        (
            &[(".", "554-5.7.1 looks\r\n554 5.7.1 like spam")][..],
            "127.0.0.1 refused the message: 554 5.7.1 looks like spam",
            true,
        ),
        (
            &[("MAIL", "")][..],
            "the connection to 127.0.0.1 broke off, or it is not one for SMTP",
            false,
        ),
        (
            &[("RCPT", "")][..],
            "the connection to 127.0.0.1 broke off, or it is not one for SMTP",
            false,
        ),
    ] {
        let server = SmtpServer::new(ServerBehaviour {
            encrypted: true,
            auth: "PLAIN",
            instead,
            ..ServerBehaviour::default()
        })
        .await;
        let mail = Mail {
            sign_in: Some(("svc".to_owned(), "hunter22".into())),
            ..target(&server, MailEncryption::Tls)
        };
        let failure = send(&mail, &alert()).await.unwrap_err();
        assert_eq!((failure.line.as_str(), failure.is_final), (line, is_final));
    }
}

#[tokio::test]
async fn who_was_refused_for_now_gets_the_mail_later_and_nobody_twice() {
    let greylists = ServerBehaviour {
        instead: &[("RCPT TO:<boss", "451 greylisted")],
        ..ServerBehaviour::default()
    };
    let server = SmtpServer::new(greylists).await;
    let failure = send(&target(&server, MailEncryption::None), &alert()).await;
    let missed = failure.unwrap_err().remaining_recipients;
    assert_eq!(missed, [BOSS]);
    let server = SmtpServer::new(ServerBehaviour::default()).await;
    let mail = target(&server, MailEncryption::None);
    let sender = MailSender::new(&mail, Roots::Bundled, MAIL_TIMEOUT).unwrap();
    assert_eq!(sender.send(&alert(), &missed).await, Ok(()));
    let told = server.received();
    let starts = |start: &str| -> Vec<&String> {
        let lines = told.iter().filter(|line| line.starts_with(start));
        lines.collect()
    };
    assert_eq!(starts("RCPT"), ["RCPT TO:<boss@plant.example>"]);
    // It is the same mail, which names everybody.
    assert_eq!(headers(&told, "Message-ID"), ["<5f0c@plant.example>"]);
    assert!(starts("To: ")[0].contains("ops@plant.example"), "{told:#?}");
    // Who is not a recipient any more needs nothing.
    let gone = ["gone@plant.example".to_owned()];
    assert_eq!(sender.send(&alert(), &gone).await, Ok(()));
    assert_eq!(server.received(), [""; 0]);
}

#[tokio::test]
async fn a_refusal_is_of_this_message_once_the_server_has_heard_of_it() {
    for (instead, blocks_connection_only) in [
        (&[("", "450 busy")][..], false),
        (&[("", "421 busy")], false),
        (&[("MAIL", "451 try later")], false),
        (&[("RCPT", "450 greylisted")], true),
        (&[("RCPT", "421 going away")], false),
        (&[("DATA", "451 not now")], true),
        (&[(".", "451 cannot be scanned")], true),
        (&[(".", "421 going away")], false),
        (&[(".", "")], false),
    ] {
        let server = SmtpServer::new(ServerBehaviour {
            instead,
            ..ServerBehaviour::default()
        })
        .await;
        let mail = target(&server, MailEncryption::None);
        let failure = send(&mail, &alert()).await.unwrap_err();
        let got = (failure.is_final, failure.blocks_connection_only);
        assert_eq!(got, (false, blocks_connection_only), "{failure:?}");
    }
}

#[tokio::test]
async fn a_server_without_a_known_way_to_sign_in_is_told() {
    let server = SmtpServer::new(ServerBehaviour {
        encrypted: true,
        auth: "GSSAPI",
        ..ServerBehaviour::default()
    })
    .await;
    let mail = Mail {
        sign_in: Some(("svc".to_owned(), "hunter22".into())),
        ..target(&server, MailEncryption::Tls)
    };
    let failure = send(&mail, &alert()).await.unwrap_err();
    assert!(
        failure.is_final && failure.line.contains("no way to sign in"),
        "{failure:?}"
    );
}

#[tokio::test]
async fn who_does_not_answer_is_asked_again_later() {
    for instead in [&[("", "…")][..], &[("MAIL", "…")], &[(".", "…")]] {
        let server = SmtpServer::new(ServerBehaviour {
            instead,
            ..ServerBehaviour::default()
        })
        .await;
        let mail = target(&server, MailEncryption::None);
        let limit = Duration::from_millis(300);
        let sender = MailSender::new(&mail, Roots::Bundled, limit).unwrap();
        let failure = sender.send(&alert(), &[]).await.unwrap_err();
        let line = "127.0.0.1 did not answer in time";
        assert_eq!(failure, Failure::for_now(line.to_owned()));
    }
}

#[tokio::test]
async fn a_server_that_says_no_goodbye_has_the_mail_all_the_same() {
    for instead in [&[("QUIT", "")][..], &[("QUIT", "…")]] {
        let server = SmtpServer::new(ServerBehaviour {
            instead,
            ..ServerBehaviour::default()
        })
        .await;
        let mail = target(&server, MailEncryption::None);
        assert_eq!(send(&mail, &alert()).await, Ok(()));
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_asked_again_later() {
    let server = SmtpServer::new(ServerBehaviour::default()).await;
    let mut mail = target(&server, MailEncryption::Tls);
    mail.server = "nobody.invalid".to_owned();
    let failure = send(&mail, &alert()).await.unwrap_err();
    assert_eq!(
        (failure.line.as_str(), failure.is_final),
        (
            "could not reach nobody.invalid: its name is not known (DNS)",
            false
        )
    );
}

#[tokio::test]
async fn awkward_names_add_no_header_and_no_line_to_the_protocol() {
    let server = SmtpServer::new(ServerBehaviour::default()).await;
    let mut message = alert();
    message.alarm.name = "Rohöl\r\nBcc: all@plant.example\r\n\r\n.\r\nQUIT".to_owned();
    message.alarm.sentence = "one\r\n.\r\nRCPT TO:<evil@plant.example>".to_owned();
    message.alarm.id = "a\r\nX-Evil: 1".to_owned();
    send(&target(&server, MailEncryption::None), &message)
        .await
        .unwrap();
    let told = server.received();
    let starts = |start: &str| told.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!((starts("Bcc"), starts("X-Evil"), starts("QUIT")), (0, 0, 1));
    assert_eq!(starts("RCPT TO:"), 2, "{told:#?}");
    assert_eq!(
        headers(&told, "References"),
        ["<alarm-aX-Evil1@plant.example>"]
    );
    let subject: String = {
        let start = told.iter().position(|line| line.starts_with("Subject: "));
        let start = start.unwrap();
        let folded = told[start + 1..]
            .iter()
            .take_while(|line| line.starts_with(' '));
        told[start..=start].iter().chain(folded).cloned().collect()
    };
    assert!(
        subject.is_ascii() && subject.contains("=?utf-8?b?"),
        "{subject}"
    );
    assert!(told.iter().all(|line| line.is_ascii()), "{told:#?}");
}
