//! `audit verify` and `audit export`: read the audit in a configuration's store, even while a gateway writes to it.

use super::{Failure, load, print_line};
use crate::config::{Config, StoreLocation};
use crate::crypto::hex;
use crate::store;
use chrono::{DateTime, SecondsFormat};
use clap::Subcommand;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check that no row was changed, removed or inserted, and print the last hash.
    Verify {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
    },
    /// Print every row as a line of JSON.
    Export {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
    },
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Verify { config } => verify(&load_readable(config)?),
        Command::Export { config } => {
            let out = BufWriter::new(std::io::stdout().lock());
            export(&load_readable(config)?, out)
        }
    }
}

fn export(config: &Config, mut out: impl Write) -> Result<(), Failure> {
    let unreadable =
        store::export(&config.store, &mut out).map_err(|why| unreadable_store(config, why))?;
    out.flush()
        .map_err(|error| Failure::Running(format!("the lines cannot be written: {error}")))?;
    if unreadable > 0 {
        return Err(Failure::Running(format!(
            "{unreadable} of the rows in {} cannot be read; their lines show the stored text as `unreadable`",
            config.store
        )));
    }
    Ok(())
}

/// A configuration whose store can be read from outside the gateway.
fn load_readable(file: &Path) -> Result<Config, Failure> {
    let config = load(file)?;
    if config.store == StoreLocation::Memory {
        return Err(Failure::Usage(
            "the store is in memory (`path = \"memory\"`): only the gateway itself can read it"
                .to_owned(),
        ));
    }
    Ok(config)
}

/// The failure if the store cannot be read, with a hint if it may be elsewhere.
fn unreadable_store(config: &Config, why: String) -> Failure {
    Failure::Running(match config.store_hint() {
        Some(hint) => format!("{why}; {hint}"),
        None => why,
    })
}

fn verify(config: &Config) -> Result<(), Failure> {
    let time = |millis: i64| {
        let at = DateTime::from_timestamp_millis(millis).unwrap_or_default();
        at.to_rfc3339_opts(SecondsFormat::Secs, true)
    };
    match store::verify(&config.store).map_err(|why| unreadable_store(config, why))? {
        Ok(chain) => {
            let span = chain.span.map_or_else(String::new, |(first, last)| {
                format!(" from {} to {}", time(first), time(last))
            });
            let last = hex(&chain.last);
            print_line(format_args!(
                "{} rows{span}, unchanged; the last hash is {last}",
                chain.rows
            ));
            Ok(())
        }
        Err(broken) => Err(Failure::Running(format!(
            "row {} of {}: {}",
            broken.number, config.store, broken.why
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::{Command, export, load_readable, run};
    use crate::cli::Failure;
    use crate::store::{Entry, Store};
    use std::path::Path;

    /// Writes a configuration that ends with these lines.
    fn write(file: &Path, text: &str) {
        std::fs::write(file.with_file_name("key"), "secret").unwrap();
        let connection = "[[connection]]\nid = \"live\"\ntitle = \"Live\"\nsystem = \"uplynk\"\n\
             base_url = \"https://x.example\"\n\
             credentials = { kind = \"integration-key\", owner = \"o\", api_key_file = \"key\" }\n";
        std::fs::write(file, format!("{connection}{text}")).unwrap();
    }

    #[tokio::test]
    async fn an_export_with_an_unreadable_row_fails() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("failover-console.toml");
        write(&file, "[store]\npath = \"store.db\"\n");
        let Ok(config) = load_readable(&file) else {
            panic!("the configuration is valid");
        };
        let store = Store::open(&config.store).unwrap();
        for _ in 0..2 {
            store.event(Entry::default()).await.unwrap();
        }
        assert!(export(&config, Vec::new()).is_ok());
        let damage = "UPDATE audit SET entry = 'x' WHERE number = 1";
        let database = rusqlite::Connection::open(folder.path().join("store.db")).unwrap();
        database.execute_batch(damage).unwrap();
        let mut out = Vec::new();
        let Err(Failure::Running(why)) = export(&config, &mut out) else {
            panic!("no failure");
        };
        assert!(why.starts_with("1 of the rows in "), "{why}");
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.contains(r#""unreadable":"x""#), "{text}");
    }

    #[test]
    fn a_missing_store_is_reported_with_a_hint_if_its_path_is_not_configured() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("failover-console.toml");
        for (text, has_hint) in [("", true), ("[store]\npath = \"store.db\"\n", false)] {
            write(&file, text);
            for command in [
                Command::Verify {
                    config: file.clone(),
                },
                Command::Export {
                    config: file.clone(),
                },
            ] {
                let Err(Failure::Running(why)) = run(&command) else {
                    panic!("{text:?}: {command:?} found a store");
                };
                assert!(why.contains("does not exist"), "{why}");
                assert_eq!(why.contains("give `path` in [store]"), has_hint, "{why}");
            }
        }
    }
}
