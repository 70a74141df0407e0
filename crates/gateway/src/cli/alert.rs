//! `alert test`: sends a test message to the targets of a configuration, so that delivery problems are found before the
//! first alarm. No gateway needs to run.

use super::{Failure, load, print_line};
use crate::alerts::message::Message;
use crate::alerts::send::Sender;
use crate::clock::wall_clock;
use crate::config::{AlertTarget, Config};
use crate::crypto::random_hex;
use chrono::DateTime;
use clap::Subcommand;
use futures_util::future::join_all;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Send a test message to every target, or to one.
    #[command(
        after_help = "Exit status: 0 all delivered, 1 not all delivered, 2 wrong usage or configuration, or no targets."
    )]
    Test {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
        /// Only this target, by its id.
        #[arg(long, value_name = "ID")]
        target: Option<String>,
    },
}

pub(super) async fn run(command: Command) -> Result<(), Failure> {
    let Command::Test { config, target } = command;
    let config = load(&config)?;
    let outcome = test(&config, target.as_deref()).await?;
    for line in &outcome.lines {
        print_line(line);
    }
    match outcome.failed {
        0 => Ok(()),
        failed => Err(Failure::Running(format!(
            "not delivered: {failed} of {}",
            outcome.lines.len()
        ))),
    }
}

/// The result of the test messages.
struct Outcome {
    /// A line for each target, in the order of the file.
    lines: Vec<String>,
    failed: usize,
}

/// Sends to all targets concurrently, so that a slow one does not delay the others.
async fn test(config: &Config, only: Option<&str>) -> Result<Outcome, Failure> {
    let targets = &config.alerts.targets;
    if targets.is_empty() {
        let why = "there is no [[alert_target]]: nobody would be alerted";
        return Err(Failure::Usage(why.to_owned()));
    }
    let chosen: Vec<_> = targets
        .iter()
        .filter(|target| only.is_none_or(|id| target.id == id))
        .collect();
    if chosen.is_empty() {
        return Err(Failure::Usage(format!(
            "there is no [[alert_target]] with the id {:?}",
            only.unwrap_or_default()
        )));
    }
    let senders = chosen
        .iter()
        .map(|target| Sender::new(target, &config.outbound))
        .collect::<Result<Vec<_>, _>>()
        .map_err(Failure::Usage)?;
    let message = message(config).map_err(Failure::Running)?;
    let outcomes = join_all(senders.iter().map(|sender| sender.send(&message, &[]))).await;
    let line = |target: &AlertTarget, outcome: &Result<(), _>| match outcome {
        Ok(()) => format!("{}: delivered", target.id),
        Err(crate::alerts::send::Failure { line, .. }) => {
            format!("{}: not delivered: {line}", target.id)
        }
    };
    Ok(Outcome {
        failed: outcomes.iter().filter(|outcome| outcome.is_err()).count(),
        lines: chosen
            .iter()
            .zip(&outcomes)
            .map(|(target, outcome)| line(target, outcome))
            .collect(),
    })
}

fn message(config: &Config) -> Result<Message, String> {
    let now = i64::try_from(wall_clock()().as_millis()).unwrap_or_default();
    let at = DateTime::from_timestamp_millis(now).unwrap_or_default();
    let link = config
        .public_origin
        .as_ref()
        .map(|origin| format!("{origin}{}/", config.base_path));
    Ok(Message::test(random_hex()?, at, link))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::CHECKS;
    use crate::config::{DeliveryMethod, Shape, Webhook};
    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::post;
    use std::path::Path;
    use tokio::net::TcpListener;

    const CONNECTION: &str = "public_url = \"https://console.example/tools\"\n\
        [[user]]\nname = \"Ann\"\nrole = \"admin\"\npassword_hash = \"HASH\"\n\
        [[connection]]\nid = \"one\"\ntitle = \"T\"\nsystem = \"uplynk\"\nbase_url = \"https://x.example\"\n\
        credentials = { kind = \"integration-key\", owner = \"o\", api_key_file = \"key\" }\n";

    /// A configuration file without targets.
    fn file(folder: &Path) -> PathBuf {
        let hash = crate::crypto::password_hash::hash(&"correct horse".into()).unwrap();
        std::fs::write(folder.join("key"), "k".repeat(40)).unwrap();
        let file = folder.join("c.toml");
        std::fs::write(&file, CONNECTION.replace("HASH", &hash)).unwrap();
        file
    }

    /// A configuration with a target that accepts messages, one that fails, and one that cannot be reached.
    async fn config() -> Config {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::load(&file(folder.path()), CHECKS).unwrap();
        let app = Router::new()
            .route("/hunter2", post(|| async { "ok" }))
            .route("/broken", post(|| async { StatusCode::BAD_GATEWAY }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let down = closed.local_addr().unwrap();
        for (id, url) in [
            ("pager", format!("http://{address}/hunter2")),
            ("chat", format!("http://{address}/broken")),
            ("down", format!("http://{down}/hunter2")),
        ] {
            config.alerts.targets.push(AlertTarget {
                id: id.to_owned(),
                method: DeliveryMethod::Webhook(Webhook {
                    url: url.into(),
                    secret: None,
                    shape: Shape::Own,
                    ca: None,
                }),
            });
        }
        config
    }

    /// The lines and the number of failures, or the exit status with its message.
    async fn outcome(config: &Config, only: Option<&str>) -> Result<(Vec<String>, usize), String> {
        match test(config, only).await {
            Ok(Outcome { lines, failed }) => Ok((lines, failed)),
            Err(Failure::Usage(why)) => Err(format!("2 {why}")),
            Err(Failure::Running(why)) => Err(format!("1 {why}")),
        }
    }

    #[tokio::test]
    async fn each_target_has_one_line() {
        let config = config().await;
        let [pager, chat, down] = [
            "pager: delivered",
            "chat: not delivered: the receiver returned 502 Bad Gateway",
            "down: not delivered: could not reach the receiver: it refused the connection",
        ]
        .map(str::to_owned);
        for (only, expected) in [
            (None, Ok((vec![pager.clone(), chat.clone(), down], 2))),
            (Some("pager"), Ok((vec![pager], 0))),
            (Some("chat"), Ok((vec![chat], 1))),
            (
                Some("Pager"),
                Err("2 there is no [[alert_target]] with the id \"Pager\"".to_owned()),
            ),
        ] {
            assert_eq!(outcome(&config, only).await, expected, "{only:?}");
        }
        let link = message(&config).unwrap().link;
        assert_eq!(link.as_deref(), Some("https://console.example/tools/"));
    }

    #[tokio::test]
    async fn an_unusable_target_is_an_error_of_the_configuration() {
        let mut config = config().await;
        if let DeliveryMethod::Webhook(webhook) = &mut config.alerts.targets[1].method {
            webhook.url = "hunter2".into();
        }
        let why = "2 alert target \"chat\": its url is not an http or https address";
        assert_eq!(outcome(&config, None).await, Err(why.to_owned()));
    }

    #[tokio::test]
    async fn a_configuration_without_targets_is_wrong_usage() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path());
        for (config, expected) in [
            (path.clone(), "there is no [[alert_target]]"),
            (path.with_file_name("other.toml"), "cannot read this file"),
        ] {
            let target = None;
            match run(Command::Test { config, target }).await {
                Err(Failure::Usage(why)) => assert!(why.contains(expected), "{why}"),
                Ok(()) | Err(Failure::Running(_)) => panic!("not wrong usage"),
            }
        }
    }
}
