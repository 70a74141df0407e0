//! `serve`: the gateway that a configuration file describes, and its successor when the file has changed.

use super::check::certificate_files;
use super::{CHECKS, Failure, announce};
use crate::alerts::{Setting, Target};
use crate::app::{Gateway, Shared};
use crate::assets::{Assets, EarlierFiles};
use crate::auth::{Access, Memory, SignIn};
use crate::config::{Config, Fault, StoreLocation};
use crate::crypto::cookie_suffix;
use crate::http::listen::{self, Serving};
use crate::store::Store;
use crate::tls::CertificateReloader;
use crate::watch::Clock;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::oneshot;

/// The gateway's own certificate, if it has one.
fn certificate(config: &Config) -> Result<Option<CertificateReloader>, String> {
    let files = config.tls.as_ref().map(certificate_files);
    files.map(CertificateReloader::new).transpose()
}

/// Makes the gateway of a configuration, and changes what survives it. Where it fails, nothing has changed.
fn configured(config: Config, memory: Arc<Memory>, shared: Arc<Shared>) -> Result<Gateway, String> {
    let encrypted = config.is_encrypted();
    let (access, changes) = if !config.has_sign_in() {
        tracing::warn!(
            "there is no [[user]] and no [openid]: whoever uses this computer is an admin"
        );
        (Access::local(), None)
    } else {
        let with = SignIn {
            users: config.users,
            openid: config.openid,
            limits: config.session.limits,
            key: config.session.key,
            encrypted,
            cookie_suffix: config
                .public_origin
                .as_ref()
                .map(|origin| cookie_suffix(origin, &config.base_path)),
            base_path: config.base_path.clone(),
            walls: config.walls,
            ended: config.session.ended,
        };
        let (access, changes) = Access::prepare(with, memory)?;
        (access, Some(changes))
    };
    let targets = config.alerts.targets.iter();
    let targets: Result<_, String> = targets
        .map(|one| Target::new(one, &config.outbound))
        .collect();
    let alerts = Setting {
        rules: config.alerts.rules,
        targets: targets?,
        console: config
            .public_origin
            .as_ref()
            .map(|origin| format!("{origin}{}", config.base_path)),
    };
    let gateway = Gateway::with(
        config.connections,
        access,
        config.public_origin,
        Assets::embedded(&shared.earlier_files)
            .below(&config.base_path)
            .framed_by(&config.wall_frames),
        shared,
    )?;
    // Nothing fails any more: a configuration that is refused must not take effect in part.
    if let Some(changes) = changes {
        changes.apply();
    }
    gateway.shared.store.retain(config.retention);
    Ok(Gateway {
        base_path: config.base_path,
        tls: config.tls.is_some(),
        drain: config.drain,
        trusted_proxies: config.trusted_proxies,
        metrics_token: config.metrics_token,
        alerts,
        ..gateway
    })
}

/// What is kept beside a store that is a file. The console works without.
fn earlier_files(store: &StoreLocation) -> EarlierFiles {
    let StoreLocation::File(file) = store else {
        return EarlierFiles::default();
    };
    let folder = file.with_file_name("failover-console-parts");
    EarlierFiles::take_over(&folder).unwrap_or_else(|error| {
        tracing::warn!(
            "pages that are open across an upgrade have to be loaded anew: {}: {error}",
            folder.display()
        );
        EarlierFiles::default()
    })
}

/// Logs what is odd in the file and yet possible, as `check` prints it.
fn log_warnings(file: &Path, config: &Config) {
    let file = file.display();
    for Fault { line, column, text } in &config.warnings {
        tracing::warn!("{file}:{line}:{column}: {text}");
    }
}

/// Where the gateway listens.
#[derive(Clone, Copy)]
struct Listening {
    address: SocketAddr,
    /// By `--listen`, before which `listen` in the file does not count.
    is_given: bool,
}

/// Opens the store, in a thread that nobody waits for at the end: it may take as long as a database is away.
async fn open_store(location: StoreLocation) -> Result<Store, String> {
    let (answer, answered) = oneshot::channel();
    let thread = std::thread::Builder::new().name("open store".to_owned());
    thread
        .spawn(move || {
            // Nobody waits for it any more where a stop was requested.
            let _ = answer.send(Store::open_patiently(&location));
        })
        .map_err(|error| error.to_string())?;
    let opened = answered.await;
    opened.unwrap_or_else(|_| Err("the store cannot be opened: its thread has failed".to_owned()))
}

/// Serves until the process is told to stop. SIGHUP reads the file again.
pub(super) async fn run(file: PathBuf, address: Option<SocketAddr>) -> Result<(), Failure> {
    // Before all that takes time: a reload that is requested meanwhile would end the process.
    let mut stop = listen::Stop::new().map_err(Failure::Running)?;
    let config =
        Config::load(&file, CHECKS).map_err(|faults| Failure::Usage(faults.to_string()))?;
    log_warnings(&file, &config);
    let listening = Listening {
        address: address.unwrap_or(config.listen),
        is_given: address.is_some(),
    };
    config
        .may_listen_on(listening.address)
        .map_err(|why| Failure::Usage(format!("--listen: {why}")))?;
    let opened = tokio::select! {
        opened = open_store(config.store.clone()) => opened,
        () = stop.requested() => return Ok(()),
    };
    let store = opened.map_err(Failure::Running)?;
    if !store.lasts() {
        tracing::warn!("the store is in memory: the audit ends with this process");
    }
    let mut shared = Shared::new(Clock::system(), store);
    shared.earlier_files = earlier_files(&config.store);
    let shared = Arc::new(shared);
    let memory = Memory::new().map_err(Failure::Running)?;
    let memory = Arc::new(memory.kept_in(shared.store.clone()));
    let certificate = certificate(&config).map_err(Failure::Usage)?.map(Arc::new);
    let gateway = configured(config, memory.clone(), shared.clone()).map_err(Failure::Usage)?;
    let listener = listen::open(listening.address)
        .await
        .map_err(Failure::Running)?;
    let scheme = if certificate.is_some() {
        "https"
    } else {
        "http"
    };
    announce(&listener, scheme)?;
    let reload = {
        let certificate = certificate.clone();
        move || reload(&file, listening, &memory, &shared, certificate.as_deref())
    };
    let serving = Serving {
        gateway: Arc::new(gateway),
        certificate,
        reload: Some(Box::new(reload)),
    };
    listen::run(listener, serving, stop).await;
    Ok(())
}

/// Reads the configuration again and makes its gateway, if it can replace the running one.
fn reload(
    file: &Path,
    listening: Listening,
    memory: &Arc<Memory>,
    shared: &Arc<Shared>,
    certificate: Option<&CertificateReloader>,
) -> Result<Gateway, String> {
    let config = Config::load(file, CHECKS).map_err(|faults| faults.to_string())?;
    log_warnings(file, &config);
    config.may_listen_on(listening.address)?;
    if config.tls.is_some() != certificate.is_some() {
        return Err("to begin or to end encrypting, start the gateway anew".to_owned());
    }
    if memory.had_sign_in() && !config.has_sign_in() {
        // A file that is saved half done must not make everybody an admin.
        return Err(
            "there is no [[user]] and no [openid] any more: everybody would be an admin; to serve without a \
             sign-in, start the gateway anew"
                .to_owned(),
        );
    }
    if config.store != *shared.store.location() {
        tracing::warn!("[store] has changed, which takes effect at the next start");
    }
    if !listening.is_given && config.listen != listening.address {
        tracing::warn!("`listen` has changed, which takes effect at the next start");
    }
    replaced(config, memory, shared, certificate)
}

/// Makes the gateway that replaces the running one, with its certificate. Where it fails, nothing has changed.
fn replaced(
    config: Config,
    memory: &Arc<Memory>,
    shared: &Arc<Shared>,
    present: Option<&CertificateReloader>,
) -> Result<Gateway, String> {
    let new = certificate(&config)?;
    let gateway = configured(config, memory.clone(), shared.clone())?;
    if let Some((present, new)) = present.zip(new) {
        present.replace(new);
    }
    Ok(gateway)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, DEFAULT_LISTEN};

    const PASSWORD: &str = "correct horse";

    /// A configuration file, and what survives its changes.
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

        fn reload(
            &self,
            text: &str,
            certificate: Option<&CertificateReloader>,
        ) -> Result<Gateway, String> {
            let file = self.folder.path().join("c.toml");
            std::fs::write(&file, text).unwrap();
            std::fs::write(self.folder.path().join("key"), "hunter2").unwrap();
            reload(
                &file,
                Listening {
                    address: DEFAULT_LISTEN,
                    is_given: false,
                },
                &self.memory,
                &self.shared,
                certificate,
            )
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
    fn a_valid_configuration_takes_effect_and_an_invalid_one_is_reported() {
        let running = Running::new();
        for id in ["one", "two"] {
            let gateway = running.reload(&written(id), None).unwrap();
            assert_eq!(gateway.upstreams[0].public.id, id);
            assert!(
                Arc::ptr_eq(&gateway.shared, &running.shared),
                "counts go on"
            );
        }
        let why = running
            .reload("listen = \"x\"\n[[connection]]\n", None)
            .unwrap_err();
        assert!(
            why.contains("c.toml:1:10: ") && why.contains("`base_url` is missing"),
            "{why}"
        );
        let users = format!("{}[[user]]\nname = \"ops\"\n", written("one"));
        assert!(
            running
                .reload(&users, None)
                .unwrap_err()
                .contains("`role` is missing")
        );
    }

    /// Makes a configuration fail that was valid when it was read.
    type Spoil<'a> = &'a dyn Fn(&mut Config);

    /// The user "ops".
    fn user() -> String {
        let hash = crate::crypto::password_hash::hash(&PASSWORD.into()).unwrap();
        format!("[[user]]\nname = \"ops\"\nrole = \"admin\"\npassword_hash = \"{hash}\"\n")
    }

    #[tokio::test]
    async fn a_configuration_that_fails_at_last_has_changed_nothing() {
        let running = Running::new();
        let path = |name: &str| running.folder.path().join(name);
        std::fs::write(path("session.key"), "k".repeat(32)).unwrap();
        std::fs::write(path("key"), "hunter2").unwrap();
        let (tls, user) = (running.tls(), user());
        let text = |id: &str, ended: &str, days: u8| {
            let session = format!("key_file = \"session.key\"\nended_file = \"{ended}\"");
            let connection = written(id);
            format!("{connection}{tls}{user}[session]\n{session}\n[activity]\nkeep_days = {days}\n")
        };
        let files = crate::tls::CertificateFiles {
            certificate: path("chain.pem"),
            key: path("key.pem"),
        };
        let certificate = CertificateReloader::new(files).unwrap();
        let first = certificate.config();
        running.tls();
        // What `check` finds does not get as far, but files may change between.
        let fails = |spoil: Spoil<'_>| {
            std::fs::write(path("new.toml"), text("two", "new.json", 7)).unwrap();
            let mut config = Config::load(&path("new.toml"), CHECKS).unwrap();
            spoil(&mut config);
            let memory = &running.memory;
            replaced(config, memory, &running.shared, Some(&certificate)).unwrap_err()
        };
        let with_mail = |config: &mut Config| {
            let mail = config::Mail {
                server: "smtp.example".to_owned(),
                port: 25,
                encryption: config::MailEncryption::Tls,
                sign_in: None,
                from: "nobody".to_owned(),
                to: vec!["ops@plant.example".to_owned()],
                ca: None,
            };
            config.alerts.targets.push(config::AlertTarget {
                id: "mail".to_owned(),
                method: config::DeliveryMethod::Mail(Box::new(mail)),
            });
        };
        let with_walls = |config: &mut Config| config.walls = Some(path("session.key"));
        let with_ca = |config: &mut Config| config.connections[0].ca = Some(b"hunter2".to_vec());
        let without_key = |config: &mut Config| {
            let files = config.tls.as_mut().unwrap();
            files.key = path("gone.pem");
        };
        let cases: [(Spoil<'_>, &str); 4] = [
            (&with_mail, "\"nobody\" is not an e-mail address"),
            (&with_walls, "the register of walls"),
            (&with_ca, "connection \"two\""),
            (&without_key, "gone.pem"),
        ];
        for (spoil, expected) in cases {
            let why = fails(spoil);
            assert!(why.contains(expected), "{why}");
            assert!(!running.memory.had_sign_in(), "{why}");
        }
        let present = text("one", "present.json", 30);
        let gateway = running.reload(&present, Some(&certificate)).unwrap();
        let second = certificate.config();
        assert!(!Arc::ptr_eq(&first, &second));
        running.tls();
        let meter = running.shared.metrics.meter("one");
        for (spoil, expected) in cases {
            let why = fails(spoil);
            assert!(why.contains(expected), "{why}");
            assert!(Arc::ptr_eq(&certificate.config(), &second), "{why}");
            assert_eq!(running.shared.store.retention().days, 30, "{why}");
            let kept = running.shared.metrics.meter("one");
            assert!(Arc::ptr_eq(&meter, &kept), "{why}");
        }
        let mut headers = axum::http::HeaderMap::new();
        headers.insert("host", "localhost:8080".parse().unwrap());
        let from = std::net::IpAddr::from([192, 0, 2, 1]);
        let password = PASSWORD.into();
        let entered = gateway.access.enter(&headers, from, "ops", &password);
        let (visitor, _) = entered.await.unwrap();
        gateway.access.end(&visitor).await.unwrap();
        assert!(path("present.json").exists() && !path("new.json").exists());
    }

    #[test]
    fn removing_all_users_never_lets_everybody_in() {
        let running = Running::new();
        let user = user();
        running.reload(&written("one"), None).unwrap();
        let with = written("one") + &user;
        assert!(running.reload(&with, None).unwrap().access.has_sign_in());
        let why = running.reload(&written("one"), None).unwrap_err();
        assert!(why.contains("everybody would be an admin"), "{why}");
        assert!(running.reload(&with, None).is_ok());
    }

    #[test]
    fn a_certificate_changes_with_its_configuration_but_encryption_needs_a_restart() {
        let running = Running::new();
        let tls = running.tls();
        let with = written("one") + &tls;
        let why = running.reload(&with, None).unwrap_err();
        assert!(why.contains("start the gateway anew"), "{why}");
        let files = crate::tls::CertificateFiles {
            certificate: running.folder.path().join("chain.pem"),
            key: running.folder.path().join("key.pem"),
        };
        let certificate = CertificateReloader::new(files).unwrap();
        let first = certificate.config();
        running.tls();
        assert!(running.reload(&with, Some(&certificate)).unwrap().tls);
        assert!(!Arc::ptr_eq(&first, &certificate.config()));
        assert!(running.reload(&written("one"), Some(&certificate)).is_err());
        let gone = with.replace("key.pem", "gone.pem");
        let why = running.reload(&gone, Some(&certificate)).unwrap_err();
        assert!(
            why.contains("c.toml:7:1: tls: cannot read") && why.contains("gone.pem"),
            "{why}"
        );
    }
}
