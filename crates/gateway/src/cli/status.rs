//! `failover-console status`: prints what needs attention, in the format of a Nagios or Icinga plugin. Reads it from a
//! running gateway and judges nothing itself.

mod fetch;
mod json;
mod plugin;
mod printable;
mod report;
mod settings;

#[cfg(test)]
pub(crate) mod tests;

use super::print_line;
use clap::Args;
use json::{as_json, failure_as_json};
use plugin::{as_plugin_text, failure_as_plugin_text};
use report::{Report, State};
use settings::Settings;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// The time after which the state is unknown.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The exit status if the state cannot be determined, including wrong usage, because 2 would be read as critical.
pub(super) const UNKNOWN: u8 = State::Unknown as u8;

#[derive(Debug, Default, Args)]
#[command(
    after_help = "Exit status: 0 normal, 1 warning, 2 critical, 3 unknown (also if the gateway cannot be reached).\n\
                  Without --url, the address is FAILOVER_CONSOLE_URL, or http://127.0.0.1:8080.\n\
                  Without --token-file, the gateway's metrics token is FAILOVER_CONSOLE_TOKEN."
)]
pub(super) struct Arguments {
    /// The address of the gateway.
    #[arg(long)]
    url: Option<String>,
    /// Print alarms, connections and totals as JSON.
    #[arg(long)]
    json: bool,
    /// Only this connection, by its id.
    #[arg(long, value_name = "ID")]
    connection: Option<String>,
    /// A file with the gateway's metrics token.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Trust this certificate (PEM) in place of the usual ones.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

/// Reads the inventory, prints the report and returns the exit status.
pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let variable = |name: &str| std::env::var_os(name);
    let (text, state) = block_on(status(arguments, variable, TIMEOUT))
        .unwrap_or_else(|error| failure(arguments.json, &format!("cannot start: {error}")));
    print_line(text);
    ExitCode::from(state as u8)
}

/// Runs a future without waiting for the blocking tasks that it started: a hanging DNS resolver cannot be stopped and
/// must not delay the result.
fn block_on<T>(work: impl Future<Output = T>) -> std::io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    Ok(done)
}

/// The text to print, and the state.
async fn status(
    arguments: &Arguments,
    variable: impl Fn(&str) -> Option<OsString>,
    timeout: Duration,
) -> (String, State) {
    match report(arguments, variable, timeout).await {
        Ok(report) => {
            let text = if arguments.json {
                as_json(&report)
            } else {
                as_plugin_text(&report)
            };
            (text, report.state)
        }
        Err(why) => failure(arguments.json, &why),
    }
}

async fn report(
    arguments: &Arguments,
    variable: impl Fn(&str) -> Option<OsString>,
    timeout: Duration,
) -> Result<Report, String> {
    let settings = Settings::new(arguments, variable)?;
    let inventory = fetch::inventory(settings, timeout).await?;
    Report::new(&inventory, arguments.connection.as_deref())
}

fn failure(json: bool, why: &str) -> (String, State) {
    let text = if json {
        failure_as_json(why)
    } else {
        failure_as_plugin_text(why)
    };
    (text, State::Unknown)
}
