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

/// Makes the gateway of a configuration.
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
            cookie_suffix: config
                .public_origin
                .as_ref()
                .map(|origin| cookie_suffix(origin, &config.base_path)),
            base_path: config.base_path.clone(),
            walls: config.walls,
            ended: config.session.ended,
        };
        Access::sign_in(with, memory)?
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
    shared.store.retain(config.retention);
    let gateway = Gateway::with(
        config.connections,
        access,
        config.public_origin,
        Assets::embedded(&shared.earlier_files)
            .below(&config.base_path)
            .framed_by(&config.wall_frames),
        shared,
    )?;
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

/// Serves until the process is told to stop. SIGHUP reads the file again.
pub(super) async fn run(file: PathBuf, address: Option<SocketAddr>) -> Result<(), Failure> {
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
    let store = Store::open(&config.store).map_err(Failure::Running)?;
    if !store.lasts() {
        tracing::warn!("the store is in memory: the audit ends with this process");
    }
    let mut shared = Shared::new(Clock::system(), store);
    shared.earlier_files = earlier_files(&config.store);
    let shared = Arc::new(shared);
    let memory = Memory::new().map_err(Failure::Running)?;
    let memory = Arc::new(memory.kept_in(shared.store.clone()));
    let certificate = config
        .tls
        .as_ref()
        .map(|files| CertificateReloader::new(certificate_files(files)))
        .transpose();
    let certificate = certificate.map_err(Failure::Usage)?.map(Arc::new);
    let gateway = configured(config, memory.clone(), shared.clone()).map_err(Failure::Usage)?;
    let stop = listen::Stop::new().map_err(Failure::Running)?;
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
    let files = config.tls.as_ref().map(certificate_files);
    let gateway = configured(config, memory.clone(), shared.clone())?;
    if let Some((certificate, files)) = certificate.zip(files) {
        certificate.replace(files)?;
    }
    Ok(gateway)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DEFAULT_LISTEN;

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

    #[test]
    fn removing_all_users_never_lets_everybody_in() {
        let running = Running::new();
        let hash = crate::crypto::password_hash::hash(&"correct horse".into()).unwrap();
        let user =
            format!("[[user]]\nname = \"ops\"\nrole = \"admin\"\npassword_hash = \"{hash}\"\n");
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
