//! The command: what may be written after `failover-console`, and which exit status comes of it.

mod serve;

use crate::assets::Assets;
use crate::config::{self, Config, DEFAULT_LISTEN};
use crate::listen::Serving;
use crate::{demo, hash_password, listen};
use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand};
use simulator::Scenario;
use std::fmt::Display;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

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
    Demo(Demo),
    /// Serve the console for the systems of a configuration file.
    Serve {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
        /// Where to listen, in place of what the file says.
        #[arg(long)]
        listen: Option<SocketAddr>,
    },
    /// Turn a password into what a configuration file holds in its place.
    #[command(
        after_help = "Asks for the password; without a terminal reads one line of standard input."
    )]
    HashPassword,
    /// Tell every mistake in a configuration file.
    Check {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
    },
}

#[derive(Debug, Args)]
struct Demo {
    /// Where to listen; port 0 takes any free one.
    #[arg(long, default_value_t = DEFAULT_LISTEN)]
    listen: SocketAddr,
    /// Where the simulator's control port listens; any free port when left out.
    #[arg(long)]
    control: Option<SocketAddr>,
    /// What keeps happening.
    #[arg(long, value_enum, default_value_t = simulator::Options::default().scenario)]
    scenario: Scenario,
    /// How many groups each AVEVA and Uplynk system has.
    #[arg(long, default_value_t = simulator::Options::default().groups)]
    groups: usize,
    /// How many sessions each AVEVA group has.
    #[arg(long, default_value_t = simulator::Options::default().sessions)]
    sessions: usize,
    /// Simulated seconds per second; 0 stops the clock.
    #[arg(long, default_value_t = simulator::Options::default().speed, value_parser = speed)]
    speed: f64,
    /// The same seed makes the same world.
    #[arg(long, default_value_t = simulator::Options::default().seed)]
    seed: u64,
    /// The simulated time to begin at, such as 2026-01-31T08:00:00Z; now when left out.
    #[arg(long, value_parser = start)]
    start: Option<DateTime<Utc>>,
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=10_000.0).contains(&speed) {
        Ok(speed)
    } else {
        Err("must be from 0 to 10000".to_owned())
    }
}

fn start(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .map_err(|_| "not a time such as 2026-01-31T08:00:00Z".to_owned())
}

/// How a command failed.
enum Failure {
    /// It should have been asked differently: 2.
    Usage(String),
    /// It went wrong while running: 1.
    Running(String),
}

/// Runs the command line. Wrong usage ends the process with status 2, as clap does it.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Check { config } => check(&config),
        Command::HashPassword => hash_password(),
        Command::Demo(demo) => in_runtime(run_demo(demo)),
        Command::Serve { config, listen } => in_runtime(serve::run(config, listen)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(why)) => complain(&why, 2),
        Err(Failure::Running(why)) => complain(&why, 1),
    }
}

fn in_runtime(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    log_to_stderr();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Running(format!("cannot start: {error}")))?
        .block_on(command)
}

fn check(file: &std::path::Path) -> Result<(), Failure> {
    let config = Config::load(file).map_err(|faults| Failure::Usage(faults.to_string()))?;
    say(format_args!("{}: ok", file.display()));
    say(format_args!("  listens on {}", config.listen));
    for connection in &config.connections {
        let vendors::Connection { id, title, system } = &connection.public;
        say(format_args!(
            "  {id}: {title} ({}) at {}",
            system.vendor(),
            connection.base_url
        ));
    }
    for user in &config.users {
        say(format_args!(
            "  {} signs in as {}",
            user.name,
            user.role.word()
        ));
    }
    if let Some(openid) = &config.openid {
        let config::OpenId { title, issuer, .. } = openid;
        say(format_args!("  others sign in with {title} ({issuer})"));
    }
    if !config.has_sign_in() {
        say("  nobody signs in: whoever uses this computer is an admin");
    } else if let Some(walls) = &config.walls {
        say(format_args!(
            "  paired walls are kept in {}",
            walls.display()
        ));
    } else {
        say("  paired walls are kept in memory: a restart un-pairs them");
    }
    Ok(())
}

fn hash_password() -> Result<(), Failure> {
    let hash = hash_password::ask().map_err(Failure::Usage)?;
    say(hash);
    Ok(())
}

async fn run_demo(demo: Demo) -> Result<(), Failure> {
    only_loopback("--listen", demo.listen)?;
    let mut options = simulator::Options {
        seed: demo.seed,
        groups: demo.groups,
        sessions: demo.sessions,
        speed: demo.speed,
        scenario: demo.scenario,
        start: demo.start,
        ..simulator::Options::default()
    };
    if let Some(control) = demo.control {
        only_loopback("--control", control)?;
        options.control = control;
    }
    let stop = listen::Stop::new().map_err(Failure::Running)?;
    let listener = listen::open(demo.listen).await.map_err(Failure::Running)?;
    let simulator = simulator::start(options)
        .await
        .map_err(|error| Failure::Running(format!("cannot start the simulator: {error}")))?;
    let gateway =
        demo::gateway(&simulator.systems, Assets::embedded()).map_err(Failure::Running)?;
    announce(&listener, "http")?;
    say(format_args!("control on http://{}", simulator.control));
    let serving = Serving {
        gateway: Arc::new(gateway),
        door: None,
        again: None,
    };
    listen::run(listener, serving, stop).await;
    Ok(())
}

fn only_loopback(option: &str, address: SocketAddr) -> Result<(), Failure> {
    listen::refusal(address).map_or(Ok(()), |why| {
        Err(Failure::Usage(format!("{option}: {why}")))
    })
}

fn announce(listener: &tokio::net::TcpListener, scheme: &str) -> Result<(), Failure> {
    let address = listener
        .local_addr()
        .map_err(|error| Failure::Running(error.to_string()))?;
    say(format_args!("listening on {scheme}://{address}"));
    Ok(())
}

/// A line for people and scripts. A closed pipe is no reason to stop serving.
fn say(line: impl Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn complain(why: &str, status: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr().lock(), "{why}");
    ExitCode::from(status)
}

/// `RUST_LOG` chooses what is written; without it warnings and worse, and always the audit.
fn log_to_stderr() {
    let filter =
        tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    let filter = match "audit=info".parse() {
        Ok(audit) => filter.add_directive(audit),
        Err(_) => filter,
    };
    // An error only says that somebody set it before.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .try_init();
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_demo_takes_its_options() {
        let line = "x demo --listen [::1]:0 --control 127.0.0.1:9 --scenario incident --groups 200 \
                    --sessions 50 --speed 0 --seed 7 --start 2026-01-31T08:00:00+01:00";
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
    }

    #[test]
    fn nonsense_on_the_command_line_is_wrong_usage() {
        for line in [
            "x",
            "x serve",
            "x hash-password hunter2",
            "x check",
            "x demo --listen 8080",
            "x demo --speed -1",
            "x demo --speed NaN",
            "x demo --start yesterday",
            "x demo --scenario quiet",
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
}
