//! `audit verify` and `audit export`: the audit of a configuration's store, also while a gateway writes to it.

use super::{CHECKS, Failure, say};
use crate::config::{Config, StoreLocation};
use crate::crypto::hex;
use crate::store;
use chrono::{DateTime, SecondsFormat};
use clap::Subcommand;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check that no row was changed, taken out or put in, and print the last hash.
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
        Command::Verify { config } => verify(&load(config)?),
        Command::Export { config } => {
            let config = load(config)?;
            let mut out = BufWriter::new(std::io::stdout().lock());
            store::export(&config.store, &mut out).map_err(|why| unread(&config, why))?;
            out.flush()
                .map_err(|error| Failure::Running(format!("the lines cannot be written: {error}")))
        }
    }
}

/// A configuration whose store can be read from outside the gateway.
fn load(file: &Path) -> Result<Config, Failure> {
    let config = Config::load(file, CHECKS).map_err(|faults| Failure::Usage(faults.to_string()))?;
    if config.store == StoreLocation::Memory {
        return Err(Failure::Usage(
            "the store is in memory (`path = \"memory\"`): only the gateway itself can read it"
                .to_owned(),
        ));
    }
    Ok(config)
}

/// The store could not be read: perhaps because it lies elsewhere.
fn unread(config: &Config, why: String) -> Failure {
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
    match store::verify(&config.store).map_err(|why| unread(config, why))? {
        Ok(chain) => {
            let span = chain.span.map_or_else(String::new, |(first, last)| {
                format!(" from {} to {}", time(first), time(last))
            });
            let last = hex(&chain.last);
            say(format_args!(
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
    use super::{Command, run};
    use crate::cli::Failure;

    #[test]
    fn a_store_that_is_not_beside_the_configuration_may_be_where_systemd_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("failover-console.toml");
        let write = |text: &str| {
            std::fs::write(folder.path().join("key"), "secret").unwrap();
            let connection = "[[connection]]\nid = \"live\"\ntitle = \"Live\"\nsystem = \"uplynk\"\n\
                 base_url = \"https://x.example\"\n\
                 credentials = { kind = \"integration-key\", owner = \"o\", api_key_file = \"key\" }\n";
            std::fs::write(&file, format!("{connection}{text}")).unwrap();
        };
        for (text, has_hint) in [("", true), ("[store]\npath = \"store.db\"\n", false)] {
            write(text);
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
