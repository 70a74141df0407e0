//! `audit verify` and `audit export`: the audit of a configuration's store, also while a gateway writes to it.

use super::{CHECKS, Failure, say};
use crate::config::{Config, StoreLocation};
use crate::store;
use chrono::{DateTime, SecondsFormat};
use clap::Subcommand;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check that no row was changed, taken out or put in.
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
        Command::Verify { config } => verify(&location(config)?),
        Command::Export { config } => {
            let mut out = BufWriter::new(std::io::stdout().lock());
            store::export(&location(config)?, &mut out).map_err(Failure::Running)?;
            out.flush()
                .map_err(|error| Failure::Running(format!("the lines cannot be written: {error}")))
        }
    }
}

/// Where the store lies.
fn location(config: &Path) -> Result<StoreLocation, Failure> {
    let config =
        Config::load(config, CHECKS).map_err(|faults| Failure::Usage(faults.to_string()))?;
    match config.store {
        StoreLocation::Memory => Err(Failure::Usage(
            "the store is in memory (`path = \"memory\"`): only the gateway itself can read it"
                .to_owned(),
        )),
        other => Ok(other),
    }
}

fn verify(location: &StoreLocation) -> Result<(), Failure> {
    let time = |millis: i64| {
        let at = DateTime::from_timestamp_millis(millis).unwrap_or_default();
        at.to_rfc3339_opts(SecondsFormat::Secs, true)
    };
    match store::verify(location).map_err(Failure::Running)? {
        Ok(chain) => {
            let span = chain.span.map_or_else(String::new, |(first, last)| {
                format!(" from {} to {}", time(first), time(last))
            });
            let last: String = chain
                .last
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            say(format_args!(
                "{} rows{span}, unchanged; the last hash is {last}",
                chain.rows
            ));
            Ok(())
        }
        Err(broken) => Err(Failure::Running(format!(
            "row {} of {location}: {}",
            broken.number, broken.why
        ))),
    }
}
