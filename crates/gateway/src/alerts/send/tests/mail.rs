//! Sends e-mails to a test server.

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

fn headers<'t>(lines: &'t [String], name: &str) -> Vec<&'t str> {
    let start = format!("{name}: ");
    lines
        .iter()
        .filter_map(|line| line.strip_prefix(start.as_str()))
        .collect()
}

#[tokio::test]
async fn a_mail_arrives_with_headers_that_form_a_thread() {
    let server = SmtpServer::new(ServerBehaviour::default()).await;
    let mail = target(&server, MailEncryption::None);
    send(&mail, &alert()).await.unwrap();
    let lines = server.received();
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
        assert!(lines.iter().any(|one| one == line), "{line}: {lines:#?}");
    }

    let test = Message::test("77".to_owned(), alert().at, None);
    send(&mail, &test).await.unwrap();
    let lines = server.received();
    assert_eq!(headers(&lines, "Message-ID"), ["<77@plant.example>"]);
    assert_eq!(headers(&lines, "In-Reply-To").len(), 0);
}

#[tokio::test]
async fn encryption_and_sign_in_are_as_configured() {
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
        let lines = server.received();
        for line in &expected {
            assert!(lines.contains(line), "{line}: {lines:#?}");
        }
        let open: Vec<_> = lines.iter().filter(|line| !line.starts_with('*')).collect();
        if encrypted {
            assert_eq!(open.len(), 0, "{open:#?}");
        } else {
            assert_eq!(open, ["EHLO [127.0.0.1]", "STARTTLS"]);
        }
        assert!(lines.contains(&"*QUIT".to_owned()), "{lines:#?}");
    }
}

#[tokio::test]
async fn nothing_is_sent_to_a_server_with_an_untrusted_certificate() {
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
async fn nothing_is_sent_without_the_configured_encryption() {
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
            "127.0.0.1 sent data between its reply to STARTTLS and the encryption: the connection may have been tampered with",
            false,
        ),
        (
            ServerBehaviour {
                offers_start_tls: true,
                replies: &[("STARTTLS", "454 4.7.0 not now")],
                ..ServerBehaviour::default()
            },
            "127.0.0.1 refused to encrypt: 454 4.7.0 not now",
            false,
        ),
        (
            ServerBehaviour {
                replies: &[("", "554 5.7.1 not you")],
                ..ServerBehaviour::default()
            },
            "127.0.0.1 refused the connection: 554 5.7.1 not you",
            true,
        ),
        (
            ServerBehaviour {
                replies: &[("", "SSH-2.0-OpenSSH_9.9")],
                ..ServerBehaviour::default()
            },
            "the connection to 127.0.0.1 broke off, or it is not an SMTP server",
            false,
        ),
        (
            ServerBehaviour {
                replies: &[("EHLO", "")],
                ..ServerBehaviour::default()
            },
            "the connection to 127.0.0.1 broke off, or it is not an SMTP server",
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
        let lines = server.received();
        let open = ["EHLO [127.0.0.1]", "STARTTLS", ""];
        assert!(
            lines.iter().all(|line| open.contains(&line.as_str())),
            "{lines:#?}"
        );
    }
}

#[tokio::test]
async fn replies_determine_whether_to_retry() {
    for (replies, line, is_final) in [
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
            "the connection to 127.0.0.1 broke off, or it is not an SMTP server",
            false,
        ),
        (
            &[("RCPT", "")][..],
            "the connection to 127.0.0.1 broke off, or it is not an SMTP server",
            false,
        ),
    ] {
        let server = SmtpServer::new(ServerBehaviour {
            encrypted: true,
            auth: "PLAIN",
            replies,
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
async fn a_retry_goes_only_to_recipients_that_were_refused() {
    let greylists = ServerBehaviour {
        replies: &[("RCPT TO:<boss", "451 greylisted")],
        ..ServerBehaviour::default()
    };
    let server = SmtpServer::new(greylists).await;
    let failure = send(&target(&server, MailEncryption::None), &alert()).await;
    let refused = failure.unwrap_err().remaining_recipients;
    assert_eq!(refused, [BOSS]);
    let server = SmtpServer::new(ServerBehaviour::default()).await;
    let mail = target(&server, MailEncryption::None);
    let sender = MailSender::new(&mail, Roots::Bundled, MAIL_TIMEOUT).unwrap();
    assert_eq!(sender.send(&alert(), &refused).await, Ok(()));
    let lines = server.received();
    let starts = |start: &str| -> Vec<&String> {
        let lines = lines.iter().filter(|line| line.starts_with(start));
        lines.collect()
    };
    assert_eq!(starts("RCPT"), ["RCPT TO:<boss@plant.example>"]);
    // The e-mail is the same and names all recipients.
    assert_eq!(headers(&lines, "Message-ID"), ["<5f0c@plant.example>"]);
    assert!(
        starts("To: ")[0].contains("ops@plant.example"),
        "{lines:#?}"
    );
    // Removed recipients get nothing.
    let removed = ["removed@plant.example".to_owned()];
    assert_eq!(sender.send(&alert(), &removed).await, Ok(()));
    assert_eq!(server.received(), [""; 0]);
}

#[tokio::test]
async fn a_refusal_after_the_recipients_concerns_this_message_only() {
    for (replies, blocks_connection_only) in [
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
            replies,
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
async fn a_server_without_a_supported_sign_in_method_is_a_final_failure() {
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
        failure.is_final && failure.line.contains("no sign-in method"),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_a_temporary_failure() {
    for replies in [&[("", "…")][..], &[("MAIL", "…")], &[(".", "…")]] {
        let server = SmtpServer::new(ServerBehaviour {
            replies,
            ..ServerBehaviour::default()
        })
        .await;
        let mail = target(&server, MailEncryption::None);
        let limit = Duration::from_millis(300);
        let sender = MailSender::new(&mail, Roots::Bundled, limit).unwrap();
        let failure = sender.send(&alert(), &[]).await.unwrap_err();
        let line = "127.0.0.1 did not answer in time";
        assert_eq!(failure, Failure::temporary(line.to_owned()));
    }
}

#[tokio::test]
async fn a_mail_is_delivered_even_without_a_reply_to_quit() {
    for replies in [&[("QUIT", "")][..], &[("QUIT", "…")]] {
        let server = SmtpServer::new(ServerBehaviour {
            replies,
            ..ServerBehaviour::default()
        })
        .await;
        let mail = target(&server, MailEncryption::None);
        assert_eq!(send(&mail, &alert()).await, Ok(()));
    }
}

#[tokio::test]
async fn a_server_with_an_unknown_name_is_a_temporary_failure() {
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
async fn names_with_line_breaks_add_no_header_and_no_command() {
    let server = SmtpServer::new(ServerBehaviour::default()).await;
    let mut message = alert();
    message.alarm.name = "Rohöl\r\nBcc: all@plant.example\r\n\r\n.\r\nQUIT".to_owned();
    message.alarm.sentence = "one\r\n.\r\nRCPT TO:<evil@plant.example>".to_owned();
    message.alarm.id = "a\r\nX-Evil: 1".to_owned();
    send(&target(&server, MailEncryption::None), &message)
        .await
        .unwrap();
    let lines = server.received();
    let starts = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!((starts("Bcc"), starts("X-Evil"), starts("QUIT")), (0, 0, 1));
    assert_eq!(starts("RCPT TO:"), 2, "{lines:#?}");
    assert_eq!(
        headers(&lines, "References"),
        ["<alarm-aX-Evil1@plant.example>"]
    );
    let subject: String = {
        let start = lines.iter().position(|line| line.starts_with("Subject: "));
        let start = start.unwrap();
        let folded = lines[start + 1..]
            .iter()
            .take_while(|line| line.starts_with(' '));
        lines[start..=start].iter().chain(folded).cloned().collect()
    };
    assert!(
        subject.is_ascii() && subject.contains("=?utf-8?b?"),
        "{subject}"
    );
    assert!(lines.iter().all(|line| line.is_ascii()), "{lines:#?}");
}
