//! The command: what may be written after `failover-console`, and which exit status comes of it.

use crate::access::{Access, Memory, SignIn};
use crate::app::{Gateway, Shared};
use crate::assets::Assets;
use crate::config::{self, Config, DEFAULT_LISTEN};
use crate::door::Door;
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
        Command::Serve { config, listen } => in_runtime(run_serve(config, listen)),
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

/// The gateway that a configuration describes.
fn configured(config: Config, memory: Arc<Memory>, shared: Arc<Shared>) -> Result<Gateway, String> {
    let encrypted = config.is_encrypted();
    let access = if !config.has_sign_in() {
        tracing::warn!(
            "there is no [[user]] and no [openid]: whoever uses this computer is an admin"
        );
        Access::local()
    } else {
        let with = SignIn {
            users: config.users,
            openid: config.openid,
            limits: config.session.limits,
            key: config.session.key,
            encrypted,
            walls: config.walls,
        };
        Access::sign_in(with, memory)?
    };
    let gateway = Gateway::with(
        config.connections,
        access,
        config.public_origin,
        Assets::embedded().framed_by(&config.wall_frames),
        shared,
    )?;
    Ok(Gateway {
        tls: config.tls.is_some(),
        trusted_proxies: config.trusted_proxies,
        metrics_token: config.metrics_token,
        ..gateway
    })
}

async fn run_serve(file: PathBuf, address: Option<SocketAddr>) -> Result<(), Failure> {
    let config = Config::load(&file).map_err(|faults| Failure::Usage(faults.to_string()))?;
    let address = address.unwrap_or(config.listen);
    config
        .may_listen_on(address)
        .map_err(|why| Failure::Usage(format!("--listen: {why}")))?;
    let memory = Arc::new(Memory::new().map_err(Failure::Running)?);
    let shared = Arc::new(Shared::default());
    let door = config.tls.clone().map(Door::new).transpose();
    let door = door.map_err(Failure::Usage)?.map(Arc::new);
    let gateway = configured(config, memory.clone(), shared.clone()).map_err(Failure::Usage)?;
    let stop = listen::Stop::new().map_err(Failure::Running)?;
    let listener = listen::open(address).await.map_err(Failure::Running)?;
    let scheme = if door.is_some() { "https" } else { "http" };
    announce(&listener, scheme)?;
    let again = {
        let door = door.clone();
        move || again(&file, address, &memory, &shared, door.as_deref())
    };
    let serving = Serving {
        gateway: Arc::new(gateway),
        door,
        again: Some(Box::new(again)),
    };
    listen::run(listener, serving, stop).await;
    Ok(())
}

/// The gateway of the configuration as it is now, if it can take the place of the running one.
fn again(
    file: &std::path::Path,
    address: SocketAddr,
    memory: &Arc<Memory>,
    shared: &Arc<Shared>,
    door: Option<&Door>,
) -> Result<Gateway, String> {
    let config = Config::load(file).map_err(|faults| faults.to_string())?;
    config.may_listen_on(address)?;
    if config.tls.is_some() != door.is_some() {
        return Err("to begin or to end encrypting, start the gateway anew".to_owned());
    }
    let files = config.tls.clone();
    let gateway = configured(config, memory.clone(), shared.clone())?;
    if let Some((door, files)) = door.zip(files) {
        door.replace(files)?;
    }
    Ok(gateway)
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

    /// A configuration file of its own, and what goes on across its changes.
    struct Running {
        folder: tempfile::TempDir,
        memory: Arc<Memory>,
        shared: Arc<Shared>,
    }

    impl Running {
        fn new() -> Self {
            Self {
                folder: tempfile::tempdir().unwrap(),
                memory: Arc::new(Memory::new().unwrap()),
                shared: Arc::default(),
            }
        }

        fn again(&self, text: &str, door: Option<&Door>) -> Result<Gateway, String> {
            let file = self.folder.path().join("c.toml");
            std::fs::write(&file, text).unwrap();
            std::fs::write(self.folder.path().join("key"), "hunter2").unwrap();
            again(&file, DEFAULT_LISTEN, &self.memory, &self.shared, door)
        }

        /// `[tls]` with a new certificate.
        fn tls(&self) -> String {
            let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
            let write = |name: &str, text: String| {
                std::fs::write(self.folder.path().join(name), text).unwrap();
            };
            write("chain.pem", made.cert.pem());
            write("key.pem", made.signing_key.serialize_pem());
            "[tls]\ncertificate_file = \"chain.pem\"\nkey_file = \"key.pem\"\n".to_owned()
        }
    }

    fn written(id: &str) -> String {
        format!(
            "[[connection]]\nid = \"{id}\"\ntitle = \"T\"\nsystem = \"uplynk\"\nbase_url = \"https://x.example\"\n\
             credentials = {{ kind = \"integration-key\", owner = \"o\", api_key_file = \"key\" }}\n"
        )
    }

    #[test]
    fn a_sound_configuration_is_taken_over_and_another_is_told_whole() {
        let running = Running::new();
        for id in ["one", "two"] {
            let gateway = running.again(&written(id), None).unwrap();
            assert_eq!(gateway.upstreams[0].public.id, id);
            assert!(
                Arc::ptr_eq(&gateway.shared, &running.shared),
                "counts go on"
            );
        }
        let why = running
            .again("listen = \"x\"\n[[connection]]\n", None)
            .unwrap_err();
        assert!(
            why.contains("c.toml:1:10: ") && why.contains("`base_url` is missing"),
            "{why}"
        );
        let users = format!("{}[[user]]\nname = \"ops\"\n", written("one"));
        assert!(
            running
                .again(&users, None)
                .unwrap_err()
                .contains("`role` is missing")
        );
    }

    #[test]
    fn a_certificate_is_taken_over_with_its_configuration_but_encrypting_begins_at_a_start() {
        let running = Running::new();
        let tls = running.tls();
        let with = written("one") + &tls;
        let why = running.again(&with, None).unwrap_err();
        assert!(why.contains("start the gateway anew"), "{why}");
        let files = crate::door::Files {
            certificate: running.folder.path().join("chain.pem"),
            key: running.folder.path().join("key.pem"),
        };
        let door = Door::new(files).unwrap();
        let first = door.config();
        running.tls();
        assert!(running.again(&with, Some(&door)).unwrap().tls);
        assert!(!Arc::ptr_eq(&first, &door.config()));
        assert!(running.again(&written("one"), Some(&door)).is_err());
        let gone = with.replace("key.pem", "gone.pem");
        let why = running.again(&gone, Some(&door)).unwrap_err();
        assert!(
            why.contains("c.toml:7:1: tls: cannot read") && why.contains("gone.pem"),
            "{why}"
        );
    }
}
