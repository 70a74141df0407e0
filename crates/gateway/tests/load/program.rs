//! The program as it is deployed: a process with a configuration file and a persistent key.

use crate::vendor::Vendor;
use crate::viewer::Viewer;
use argon2::password_hash::PasswordHasher as _;
use std::process::Stdio;
use std::sync::LazyLock;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// The name of the configuration file.
const CONFIG: &str = "gateway.toml";

const PASSWORD: &str = "correct horse battery staple";

pub(crate) struct Program {
    child: Child,
    /// Host and port.
    pub(crate) address: String,
    folder: tempfile::TempDir,
}

impl Program {
    /// Starts the program and waits until it listens.
    pub(crate) async fn start(vendor: &Vendor, share: u64, listen: &str) -> Self {
        Self::start_with(vendor, share, listen, "").await
    }

    /// Starts the program with additional text in its configuration file.
    pub(crate) async fn start_with(vendor: &Vendor, share: u64, listen: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("written");
            path
        };
        file("key", "the-same-for-every-gateway-of-this-test");
        file("secret", "hunter2-and-a-half");
        let base = &vendor.base;
        let hash = &*HASH;
        file(
            CONFIG,
            &format!(
                r#"
[session]
key_file = "key"

[[user]]
name = "ann"
role = "admin"
password_hash = "{hash}"

[[user]]
name = "vic"
role = "viewer"
password_hash = "{hash}"

[[user]]
name = "hall"
role = "wall"
password_hash = "{hash}"

[[connection]]
id = "plant-a"
title = "Plant A"
system = "aveva"
base_url = "{base}"
share_seconds = {share}
credentials = {{ kind = "basic", username = "ops", password_file = "secret" }}

[[connection]]
id = "live"
title = "Live"
system = "uplynk"
base_url = "{base}"
share_seconds = 0
credentials = {{ kind = "integration-key", owner = "o", api_key_file = "secret" }}

{more}
"#
            ),
        );
        Self::in_folder(folder, listen).await
    }

    /// Starts the program with the files of a folder.
    async fn in_folder(folder: tempfile::TempDir, listen: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_failover-console"))
            .arg("serve")
            .arg("--config")
            .arg(folder.path().join(CONFIG))
            .args(["--listen", listen])
            .env_remove("RUST_LOG")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let line = lines.next_line().await.expect("read").expect("it listens");
        let address = line.rsplit('/').next().unwrap_or_default().to_owned();
        Self {
            child,
            address,
            folder,
        }
    }

    /// Signs in and returns the cookie in the form that a browser sends.
    pub(crate) async fn sign_in(&self, user: &str) -> String {
        let body = format!(r#"{{"user":"{user}","password":"{PASSWORD}"}}"#);
        let mut viewer = Viewer::new(&self.address, "none=1");
        let answer = viewer
            .ask("POST", "/api/session", "", &body)
            .await
            .expect("an answer");
        assert_eq!(
            answer.status,
            200,
            "{}",
            String::from_utf8_lossy(&answer.body)
        );
        let lines = answer.head.lines();
        let set = lines
            .filter_map(|line| line.strip_prefix("set-cookie: "))
            .next();
        set.and_then(|set| set.split(';').next())
            .expect("a cookie")
            .to_owned()
    }

    /// Kills it (SIGKILL).
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.expect("killed");
    }

    /// Kills it and restarts it with the same address and files.
    pub(crate) async fn kill_and_restart(mut self) -> Self {
        self.kill().await;
        let Self {
            address, folder, ..
        } = self;
        Self::in_folder(folder, &address).await
    }

    /// Stops it (SIGTERM) and waits for its end.
    pub(crate) async fn stop(&mut self) {
        self.signal("-TERM");
        let status = self.child.wait().await.expect("ended");
        assert!(status.success(), "{status}");
    }

    /// The standard output of another command of the program with the same configuration.
    pub(crate) async fn output_of(&self, command: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_failover-console"))
            .args(command)
            .arg("--config")
            .arg(self.folder.path().join(CONFIG))
            .output()
            .await
            .expect("it runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}: {errors}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// Reloads the configuration (SIGHUP).
    pub(crate) fn reload(&self) {
        self.signal("-HUP");
    }

    /// Sends a signal to it.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().expect("it runs");
        // The shell's builtin, because not every system has the program `kill`.
        let sent = std::process::Command::new("sh")
            .args(["-c", &format!("kill {signal} {id}")])
            .status();
        assert!(sent.expect("a shell").success());
    }

    /// The resident set, in KiB.
    pub(crate) fn memory(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The peak of the resident set, in KiB.
    pub(crate) fn peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    fn status(&self, name: &str) -> u64 {
        let id = self.child.id().expect("it runs");
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        kib.and_then(|kib| kib.parse().ok()).expect("a number")
    }
}

/// The cheapest accepted hash. It is the same at every start, because another hash would end the sessions.
static HASH: LazyLock<String> = LazyLock::new(|| {
    let params = argon2::Params::new(7 * 1024, 5, 1, None).expect("sound");
    let hash = argon2::Argon2::from(params).hash_password(PASSWORD.as_bytes());
    hash.expect("hashed").to_string()
});
