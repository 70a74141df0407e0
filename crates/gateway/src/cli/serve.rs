//! `failover-console serve`: the gateway that a configuration file describes, and the one that takes its
//! place when the file has changed.

use super::{Failure, announce};
use crate::access::{Access, Memory, SignIn};
use crate::app::{Gateway, Shared};
use crate::assets::Assets;
use crate::config::Config;
use crate::door::Door;
use crate::listen::{self, Serving};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// Serves what the file describes, until the process is told to stop; SIGHUP reads the file again.
pub(super) async fn run(file: PathBuf, address: Option<SocketAddr>) -> Result<(), Failure> {
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
    file: &Path,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DEFAULT_LISTEN;

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
