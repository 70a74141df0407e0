//! `simulator`: runs the simulated systems, each on its own port, until it is stopped.

use clap::Parser;
use simulator::{Options, Scenario, parse_groups, parse_sessions, parse_speed, start};
use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;

/// The three vendors' failover APIs in memory, on loopback ports of their own.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Groups on each AVEVA and Uplynk system, besides the vendors' published samples.
    #[arg(long, default_value_t = Options::default().groups, value_parser = parse_groups)]
    groups: usize,
    /// Sessions of each AVEVA group; up to 4 it is a limit for the named groups, which have 2 to 4 of their own.
    #[arg(long, default_value_t = Options::default().sessions, value_parser = parse_sessions)]
    sessions: usize,
    /// Simulated seconds per real second, 0 to 10000; 0 freezes the clock.
    #[arg(long, default_value_t = Options::default().speed, value_parser = parse_speed)]
    speed: f64,
    /// The scenario.
    #[arg(long, value_enum, default_value_t = Options::default().scenario)]
    scenario: Scenario,
    /// The same seed gives the same world.
    #[arg(long, default_value_t = Options::default().seed)]
    seed: u64,
    /// Where the control port listens: an address of this computer only.
    #[arg(long, default_value_t = Options::default().control)]
    control: SocketAddr,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> std::io::Result<()> {
    let options = Options {
        groups: arguments.groups,
        sessions: arguments.sessions,
        speed: arguments.speed,
        scenario: arguments.scenario,
        seed: arguments.seed,
        control: arguments.control,
        ..Options::default()
    };
    let simulator = start(options).await?;
    let mut out = std::io::stdout();
    for system in &simulator.systems {
        writeln!(out, "{:8} {}  {}", system.id, system.base_url, system.title)?;
    }
    writeln!(out, "control  http://{}", simulator.control)?;
    out.flush()?;
    tokio::signal::ctrl_c().await
}

#[cfg(test)]
mod tests {
    use super::Arguments;
    use clap::Parser as _;

    #[test]
    fn a_number_outside_its_range_is_rejected() {
        for (option, expected) in [
            ("--speed=0", true),
            ("--speed=60", true),
            ("--speed=-1", false),
            ("--speed=NaN", false),
            ("--speed=10001", false),
            ("--groups=20000", true),
            ("--groups=20001", false),
            ("--groups=-1", false),
            ("--sessions=10000", true),
            ("--sessions=10001", false),
        ] {
            let read = Arguments::try_parse_from(["simulator", option]);
            assert_eq!(read.is_ok(), expected, "{option}");
        }
    }
}
