//! A PostgreSQL server for the tests, from the machine's packages. Without one, the tests that need it report on
//! standard error that they did not run.

use crate::lock::lock;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Once, Weak, mpsc};
use std::time::{Duration, Instant};

/// The time limit for the start and the end of a server.
const PATIENCE: Duration = Duration::from_secs(60);

/// The superuser's password, for connections over the loopback interface.
pub(crate) const PASSWORD: &str = "correct horse";

/// A running server. It ends when its last user drops it.
pub(crate) struct Server {
    programs: PathBuf,
    /// Holds the data and the socket.
    folder: tempfile::TempDir,
    pub(crate) port: u16,
    /// Whether it listens on the port, and not only on its socket, whose name contains the number.
    has_port: bool,
    process: Mutex<Option<Child>>,
    databases: AtomicU32,
}

impl Server {
    /// A server that tests share unless they damage it.
    pub(crate) fn shared() -> Option<Arc<Self>> {
        static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        let mut shared = lock(&SHARED);
        if let Some(server) = shared.upgrade() {
            return Some(server);
        }
        let server = Self::over_tcp()?;
        *shared = Arc::downgrade(&server);
        Some(server)
    }

    /// A server for one test, on a socket only, so that it can restart even if another process has taken the port.
    pub(crate) fn new() -> Option<Arc<Self>> {
        Self::made(false)
    }

    /// A server for one test, also on the loopback interface.
    pub(crate) fn over_tcp() -> Option<Arc<Self>> {
        Self::made(true)
    }

    fn made(has_port: bool) -> Option<Arc<Self>> {
        let Some(programs) = programs() else {
            static REPORTED: Once = Once::new();
            // Written directly, because the test harness hides the output of passing tests.
            REPORTED.call_once(|| {
                let message = "NOT RUN: the tests of PostgreSQL, because its programs initdb and postgres are not here; \
                            `cargo xtask test` installs them on Debian\n";
                std::io::stderr().write_all(message.as_bytes()).unwrap();
            });
            return None;
        };
        let folder = tempfile::Builder::new().prefix("pg").tempdir().unwrap();
        if let Some((user, group)) = other_user() {
            chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        let mut server = Self {
            programs,
            port: free_port(),
            has_port,
            folder,
            process: Mutex::default(),
            databases: AtomicU32::new(0),
        };
        server.make();
        // Another process may take the port before the server does.
        let mut tries = 0..5;
        while !server.has_started() {
            assert!(tries.next().is_some(), "the server ends at its start");
            server.port = free_port();
        }
        Some(Arc::new(server))
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn make(&self) {
        let password = self.folder.path().join("password");
        std::fs::write(&password, PASSWORD).unwrap();
        let all = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(&password, all).unwrap();
        let mut made = self.program("initdb");
        made.arg("--pgdata").arg(self.data());
        made.args([
            "--username=fc",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        made.args(["--auth-local=trust", "--auth-host=scram-sha-256"]);
        made.arg("--pwfile").arg(&password);
        let made = made.output().unwrap();
        assert!(made.status.success(), "initdb: {made:?}");
    }

    /// Starts it again. Processes of a killed server may hold its memory a moment longer, and prevent a start until
    /// then.
    pub(crate) fn start(&self) {
        let until = Instant::now() + PATIENCE;
        while !self.has_started() {
            assert!(Instant::now() < until, "the server ends at its start");
        }
    }

    /// Starts it, and waits until it answers. Returns `false` if it has ended.
    fn has_started(&self) -> bool {
        let mut postgres = self.program("postgres");
        postgres.arg("-D").arg(self.data());
        postgres.arg("-k").arg(self.folder.path());
        postgres.arg("-p").arg(self.port.to_string());
        let addresses = if self.has_port { "127.0.0.1" } else { "" };
        postgres
            .arg("-c")
            .arg(format!("listen_addresses={addresses}"));
        for setting in [
            "fsync=off",
            "max_connections=60",
            "shared_buffers=16MB",
            "log_min_messages=fatal",
        ] {
            postgres.arg("-c").arg(setting);
        }
        postgres.stdout(Stdio::null()).stderr(Stdio::null());
        let child = started_by_a_thread_that_stays(postgres);
        *self.process.lock().unwrap() = Some(child);
        let until = Instant::now() + PATIENCE;
        while !self.answers() {
            let mut process = self.process.lock().unwrap();
            let ended = process.as_mut().map(|child| child.try_wait().unwrap());
            if ended.flatten().is_some() {
                *process = None;
                return false;
            }
            drop(process);
            assert!(Instant::now() < until, "the server does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        true
    }

    fn answers(&self) -> bool {
        self.statement("postgres", "SELECT 1").is_ok()
    }

    /// Runs a statement as an administrator.
    pub(crate) fn statement(&self, database: &str, statement: &str) -> Result<String, String> {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]);
        psql.args([
            "--set=ON_ERROR_STOP=1",
            "--username=fc",
            "--dbname",
            database,
        ]);
        psql.arg("--host").arg(self.folder.path());
        psql.arg("--port").arg(self.port.to_string());
        let done = psql.args(["--command", statement]).output().unwrap();
        if done.status.success() {
            Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned())
        } else {
            Err(String::from_utf8_lossy(&done.stderr).into_owned())
        }
    }

    /// Ends the sessions of all gateways at a database.
    pub(crate) fn end_sessions(&self, database: &str) {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        self.statement(database, end).unwrap();
    }

    /// Ends the session of the leader, as a broken network does.
    pub(crate) fn cut_off_the_leader(&self, database: &str) {
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'
            AND objid = 0 AND objsubid = 2
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        self.statement(database, cut).unwrap();
    }

    /// Creates an empty database.
    pub(crate) fn database(&self) -> String {
        let name = format!("d{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.statement("postgres", &format!("CREATE DATABASE {name}"))
            .unwrap();
        name
    }

    /// The URL of a database of this server, over its socket.
    pub(crate) fn url(&self, database: &str) -> String {
        let folder = self.folder.path().to_str().unwrap().replace('/', "%2F");
        format!("postgres://fc@{folder}:{}/{database}", self.port)
    }

    /// The same, over the loopback interface.
    pub(crate) fn url_over_tcp(&self, port: u16, password: &str, database: &str) -> String {
        let password = password.replace(' ', "%20");
        format!("postgres://fc:{password}@127.0.0.1:{port}/{database}")
    }

    /// Enables encryption with this certificate and key (PEM).
    pub(crate) fn encrypt(&self, certificate: &str, key: &str) {
        for (name, content) in [("server.crt", certificate), ("server.key", key)] {
            let file = self.data().join(name);
            std::fs::write(&file, content).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
            if let Some((user, group)) = other_user() {
                chown(&file, Some(user), Some(group)).unwrap();
            }
        }
        self.statement("postgres", "ALTER SYSTEM SET ssl = on")
            .unwrap();
        self.statement("postgres", "SELECT pg_reload_conf()")
            .unwrap();
        // The server takes a while to apply this, and connections keep the setting of their start.
        let until = Instant::now() + PATIENCE;
        while self.statement("postgres", "SHOW ssl").unwrap() != "on" {
            assert!(Instant::now() < until, "the server does not encrypt");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Signals the server, and each of its processes if `to_each`.
    pub(crate) fn signal(&self, signal: &str, to_each: bool) {
        let process = self.process.lock().unwrap().as_ref().unwrap().id();
        let children = format!("/proc/{process}/task/{process}/children");
        let mut all = vec![process.to_string()];
        if to_each {
            let children = std::fs::read_to_string(children).unwrap_or_default();
            all.extend(children.split_whitespace().map(str::to_owned));
        }
        // Some may have ended in the meantime.
        let _ = Command::new("kill")
            .arg(format!("-{signal}"))
            .args(all)
            .output();
    }

    /// Kills it, as a crash of its computer would.
    pub(crate) fn kill(&self) {
        self.signal("KILL", true);
        if let Some(mut child) = self.process.lock().unwrap().take() {
            child.wait().unwrap();
        }
    }

    /// A program of the server. It refuses to run as root, so then another user runs it.
    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let Some((user, group)) = other_user() else {
            return Command::new(program);
        };
        let mut command = Command::new("setpriv");
        command
            .arg(format!("--reuid={user}"))
            .arg(format!("--regid={group}"));
        // It ends with the tests, even if they are killed, and leaves no shared memory.
        command.args(["--clear-groups", "--pdeathsig=QUIT"]);
        command.arg(program).current_dir(self.folder.path());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.process.lock().unwrap().is_some() {
            self.signal("CONT", true);
            self.signal("QUIT", false);
            if let Some(mut child) = self.process.lock().unwrap().take() {
                let _ = child.wait();
            }
        }
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The parent-death signal is sent when the thread ends that started the child, and tests are threads.
fn started_by_a_thread_that_stays(mut command: Command) -> Child {
    type Start = (Command, mpsc::Sender<Child>);
    static STARTER: Mutex<Option<mpsc::Sender<Start>>> = Mutex::new(None);
    let mut starter = lock(&STARTER);
    let starter = starter.get_or_insert_with(|| {
        let (starts, requested) = mpsc::channel::<Start>();
        std::thread::spawn(move || {
            for (mut command, started) in requested {
                let _ = started.send(command.spawn().unwrap());
            }
        });
        starts
    });
    command.stdin(Stdio::null());
    let (started, child) = mpsc::channel();
    starter.send((command, started)).unwrap();
    child.recv().unwrap()
}

/// The folder with the programs of the newest server.
fn programs() -> Option<PathBuf> {
    let holds = |folder: &Path| {
        let all = ["initdb", "postgres", "psql"];
        all.iter().all(|name| folder.join(name).is_file())
    };
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut debian: Vec<PathBuf> = versions
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    debian.sort_by_key(|path| {
        let version = path.parent().and_then(Path::file_name);
        version.and_then(|name| name.to_str()?.parse::<u32>().ok())
    });
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut all = debian.into_iter().rev().chain(std::env::split_paths(&path));
    all.find(|folder| holds(folder))
}

/// If this is root: the user and the group of nobody.
fn other_user() -> Option<(u32, u32)> {
    let number = |arguments: &[&str]| {
        let output = Command::new("id").args(arguments).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    if number(&["-u"]) != Some(0) {
        return None;
    }
    Some((number(&["-u", "nobody"])?, number(&["-g", "nobody"])?))
}
