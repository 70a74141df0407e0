//! The command line of `failover-console`, and its exit statuses.

mod alert;
mod audit;
mod check;
pub(crate) mod demo;
mod hash_password;
mod serve;
pub(crate) mod status;
mod unlock;

pub(crate) use check::CHECKS;

use crate::config::Config;
use clap::{Parser, Subcommand};
use std::ffi::OsStr;
use std::fmt::Display;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tracing_appender::non_blocking::WorkerGuard;

/// Three failover systems on one screen.
#[derive(Debug, Parser)]
#[command(name = "failover-console", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the console with simulated systems.
    Demo(demo::Arguments),
    /// Serve the console for the systems of a configuration file.
    Serve {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
        /// The address to listen on, in place of the configured one.
        #[arg(long)]
        listen: Option<SocketAddr>,
    },
    /// Hash a password, for `password_hash` of a [[user]].
    #[command(
        after_help = "Asks for the password; without a terminal reads one line of standard input."
    )]
    HashPassword,
    /// Create a one-time link for a locked-out user.
    Unlock {
        /// The user's name.
        name: String,
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
    },
    /// Report every error in a configuration file, and a store in a file that cannot be used.
    Check {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
        /// Also connect once to each of its systems, its OpenID Connect provider and a store in PostgreSQL, and report
        /// the result.
        #[arg(long)]
        connect: bool,
    },
    /// Test alert delivery.
    #[command(subcommand)]
    Alert(alert::Command),
    /// Verify or export the audit.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Report what needs attention at a running gateway, as a Nagios or Icinga plugin.
    Status(status::Arguments),
}

/// The failure of a command.
enum Failure {
    /// Wrong usage, with exit status 2.
    Usage(String),
    /// A failure while running, with exit status 1.
    Running(String),
}

/// Runs the command line. The exit status after wrong usage is 2, except for `status`, where 2 means critical: there it
/// is 3.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Fails only if the output is closed.
            let _ = error.print();
            let command = std::env::args_os().nth(1);
            return ExitCode::from(usage_status(&error, command.as_deref()));
        }
    };
    let outcome = match cli.command {
        Command::Status(arguments) => return status::run(&arguments),
        Command::Check { config, connect } => in_runtime(check::run(&config, connect)),
        Command::Alert(command) => in_runtime(alert::run(command)),
        Command::Audit(command) => audit::run(&command),
        Command::HashPassword => print_hash(),
        Command::Unlock { name, config } => unlock::run(&config, &name),
        Command::Demo(arguments) => in_runtime(demo::run(arguments)),
        Command::Serve { config, listen } => in_runtime(serve::run(config, listen)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(why)) => complain(&why, 2),
        Err(Failure::Running(why)) => complain(&why, 1),
    }
}

/// The exit status after clap has printed its message: 0 if help was requested.
fn usage_status(error: &clap::Error, command: Option<&OsStr>) -> u8 {
    match (error.exit_code(), command) {
        (0, _) => 0,
        (_, Some(command)) if command == "status" => status::UNKNOWN,
        (status, _) => u8::try_from(status).unwrap_or(2),
    }
}

fn in_runtime(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    // Dropped last, so that all log lines are written.
    let _log = log_to_stderr();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Running(format!("cannot start: {error}")))?
        .block_on(command)
}

/// Reads a configuration file.
fn load(file: &Path) -> Result<Config, Failure> {
    Config::load(file, CHECKS).map_err(|faults| Failure::Usage(faults.to_string()))
}

fn print_hash() -> Result<(), Failure> {
    let hash = hash_password::prompt_hash().map_err(Failure::Usage)?;
    print_line(hash);
    Ok(())
}

fn announce(listener: &tokio::net::TcpListener, scheme: &str) -> Result<(), Failure> {
    let address = listener
        .local_addr()
        .map_err(|error| Failure::Running(error.to_string()))?;
    print_line(format_args!("listening on {scheme}://{address}"));
    Ok(())
}

/// Prints a line. Ignores a closed pipe, which is no reason to stop serving.
fn print_line(line: impl Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn complain(why: &str, status: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr().lock(), "{why}");
    ExitCode::from(status)
}

/// Writes the log to standard error: what `RUST_LOG` selects, by default warnings and errors, and always the audit. A
/// separate thread writes it, so that a full disk or a stuck reader of the log delays no request. Lines that exceed the
/// queue are dropped; the audit is also recorded in the store.
fn log_to_stderr() -> WorkerGuard {
    let filter =
        tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    let filter = match "audit=info".parse() {
        Ok(audit) => filter.add_directive(audit),
        Err(_) => filter,
    };
    let (writer, guard) = tracing_appender::non_blocking(std::io::stderr());
    // Fails only if a logger is already set.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(false)
        .try_init();
    guard
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;
    use simulator::Scenario;

    #[test]
    fn the_command_line_is_valid() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_demo_accepts_its_options() {
        let line = "x demo --listen [::1]:0 --control 127.0.0.1:9 --scenario incident --groups 200 \
                    --sessions 50 --speed 0 --seed 7 --watch-seconds 2 --account-speed 10 --start 2026-01-31T08:00:00+01:00";
        let Command::Demo(demo) = Cli::try_parse_from(line.split(' ').filter(|w| !w.is_empty()))
            .unwrap()
            .command
        else {
            panic!("not a demo");
        };
        assert_eq!((demo.groups, demo.sessions, demo.seed), (200, 50, 7));
        assert_eq!(
            demo.start.unwrap().to_rfc3339(),
            "2026-01-31T07:00:00+00:00"
        );
        assert_eq!(demo.scenario, Scenario::Incident);
        assert_eq!(demo.watch_seconds, 2);
        assert!((demo.account_speed - 10.0).abs() < f64::EPSILON);
    }

    #[test]
    fn invalid_command_lines_are_wrong_usage() {
        for line in [
            "x",
            "x serve",
            "x hash-password hunter2",
            "x check",
            "x unlock ann",
            "x demo --listen 8080",
            "x demo --speed -1",
            "x demo --watch-seconds 1",
            "x demo --groups 20001",
            "x demo --sessions 10001",
            "x demo --watch-seconds 301",
            "x demo --speed NaN",
            "x demo --account-speed 0.5",
            "x demo --account-speed 101",
            "x demo --start yesterday",
            "x demo --scenario quiet",
            "x alert",
            "x alert test",
            "x alert test --config c.toml pager",
            "x status plant-a",
            "x status --token hunter2",
            "x party",
        ] {
            assert_eq!(
                Cli::try_parse_from(line.split(' '))
                    .unwrap_err()
                    .exit_code(),
                2,
                "{line}"
            );
        }
    }

    #[test]
    fn wrong_usage_of_status_is_unknown_and_not_critical() {
        for (line, expected) in [
            ("x status --token hunter2", 3),
            ("x status plant-a", 3),
            ("x status --connection", 3),
            ("x status --help", 0),
            ("x --version", 0),
            ("x check", 2),
            ("x", 2),
        ] {
            let error = Cli::try_parse_from(line.split(' ')).unwrap_err();
            let command = line.split(' ').nth(1).map(OsStr::new);
            assert_eq!(usage_status(&error, command), expected, "{line}");
        }
    }
}
