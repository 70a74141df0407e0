use super::*;
use crate::config::{self, DEFAULT_LISTEN};

const PASSWORD: &str = "correct horse";

/// A configuration file, and the state that survives its reloads.
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
        let generated = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let write = |name: &str, text: String| {
            std::fs::write(self.folder.path().join(name), text).unwrap();
        };
        write("chain.pem", generated.cert.pem());
        write("key.pem", generated.signing_key.serialize_pem());
        "[tls]\ncertificate_file = \"chain.pem\"\nkey_file = \"key.pem\"\n".to_owned()
    }
}

/// A `[[connection]]` of the file.
fn connection(id: &str) -> String {
    format!(
        "[[connection]]\nid = \"{id}\"\ntitle = \"T\"\nsystem = \"uplynk\"\nbase_url = \"https://x.example\"\n\
         credentials = {{ kind = \"integration-key\", owner = \"o\", api_key_file = \"key\" }}\n"
    )
}

#[test]
fn a_valid_configuration_takes_effect_and_an_invalid_one_is_reported() {
    let running = Running::new();
    for id in ["one", "two"] {
        let gateway = running.reload(&connection(id), None).unwrap();
        assert_eq!(gateway.upstreams[0].public.id, id);
        assert!(
            Arc::ptr_eq(&gateway.shared, &running.shared),
            "counters continue"
        );
    }
    let why = running
        .reload("listen = \"x\"\n[[connection]]\n", None)
        .unwrap_err();
    assert!(
        why.contains("c.toml:1:10: ") && why.contains("`base_url` is missing"),
        "{why}"
    );
    let users = format!("{}[[user]]\nname = \"ops\"\n", connection("one"));
    assert!(
        running
            .reload(&users, None)
            .unwrap_err()
            .contains("`role` is missing")
    );
}

/// A change that makes a valid configuration fail after it was read.
type Break<'a> = &'a dyn Fn(&mut Config);

/// The user "ops".
fn user() -> String {
    let hash = crate::crypto::password_hash::hash(&PASSWORD.into()).unwrap();
    format!("[[user]]\nname = \"ops\"\nrole = \"admin\"\npassword_hash = \"{hash}\"\n")
}

#[tokio::test]
async fn a_configuration_that_fails_late_changes_nothing() {
    let running = Running::new();
    let path = |name: &str| running.folder.path().join(name);
    std::fs::write(path("session.key"), "k".repeat(32)).unwrap();
    std::fs::write(path("key"), "hunter2").unwrap();
    let (tls, user) = (running.tls(), user());
    let text = |id: &str, ended: &str, days: u8| {
        let session = format!("key_file = \"session.key\"\nended_file = \"{ended}\"");
        let connection = connection(id);
        format!("{connection}{tls}{user}[session]\n{session}\n[activity]\nkeep_days = {days}\n")
    };
    let files = crate::tls::CertificateFiles {
        certificate: path("chain.pem"),
        key: path("key.pem"),
    };
    let certificate = CertificateReloader::new(files).unwrap();
    let first = certificate.config();
    running.tls();
    // The configuration is checked when it is read, but files may change afterwards.
    let fails = |break_config: Break<'_>| {
        std::fs::write(path("new.toml"), text("two", "new.json", 7)).unwrap();
        let mut config = Config::load(&path("new.toml"), CHECKS).unwrap();
        break_config(&mut config);
        let memory = &running.memory;
        build_successor(config, memory, &running.shared, Some(&certificate)).unwrap_err()
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
    let cases: [(Break<'_>, &str); 4] = [
        (&with_mail, "\"nobody\" is not an e-mail address"),
        (&with_walls, "the register of walls"),
        (&with_ca, "connection \"two\""),
        (&without_key, "gone.pem"),
    ];
    for (break_config, expected) in cases {
        let why = fails(break_config);
        assert!(why.contains(expected), "{why}");
        assert!(!running.memory.had_sign_in(), "{why}");
    }
    let present = text("one", "present.json", 30);
    let gateway = running.reload(&present, Some(&certificate)).unwrap();
    let second = certificate.config();
    assert!(!Arc::ptr_eq(&first, &second));
    running.tls();
    let meter = running.shared.metrics.meter("one");
    for (break_config, expected) in cases {
        let why = fails(break_config);
        assert!(why.contains(expected), "{why}");
        assert!(Arc::ptr_eq(&certificate.config(), &second), "{why}");
        assert_eq!(running.shared.store.retention().days, 30, "{why}");
        let same_meter = running.shared.metrics.meter("one");
        assert!(Arc::ptr_eq(&meter, &same_meter), "{why}");
    }
    let mut headers = axum::http::HeaderMap::new();
    headers.insert("host", "localhost:8080".parse().unwrap());
    let from = std::net::IpAddr::from([192, 0, 2, 1]);
    let password = PASSWORD.into();
    let signed_in = gateway
        .access
        .sign_in_with_password(&headers, from, "ops", &password);
    let (visitor, _) = signed_in.await.unwrap();
    gateway.access.end(&visitor).await.unwrap();
    assert!(path("present.json").exists() && !path("new.json").exists());
}

#[test]
fn removing_all_users_by_a_reload_is_refused() {
    let running = Running::new();
    let user = user();
    running.reload(&connection("one"), None).unwrap();
    let with = connection("one") + &user;
    assert!(running.reload(&with, None).unwrap().access.has_sign_in());
    let why = running.reload(&connection("one"), None).unwrap_err();
    assert!(why.contains("everybody would be an admin"), "{why}");
    assert!(running.reload(&with, None).is_ok());
}

#[test]
fn a_reload_replaces_a_certificate_but_does_not_add_or_remove_tls() {
    let running = Running::new();
    let tls = running.tls();
    let with = connection("one") + &tls;
    let why = running.reload(&with, None).unwrap_err();
    assert!(why.contains("needs a restart"), "{why}");
    let files = crate::tls::CertificateFiles {
        certificate: running.folder.path().join("chain.pem"),
        key: running.folder.path().join("key.pem"),
    };
    let certificate = CertificateReloader::new(files).unwrap();
    let first = certificate.config();
    running.tls();
    assert!(running.reload(&with, Some(&certificate)).unwrap().tls);
    assert!(!Arc::ptr_eq(&first, &certificate.config()));
    let key = rcgen::KeyPair::generate().unwrap();
    let mut expired = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    expired.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let expired = expired.self_signed(&key).unwrap().pem();
    let write = |name: &str, text: String| {
        std::fs::write(running.folder.path().join(name), text).unwrap();
    };
    write("chain.pem", expired);
    write("key.pem", key.serialize_pem());
    let why = running.reload(&with, Some(&certificate)).unwrap_err();
    assert!(why.contains("its certificate expired at 2021"), "{why}");
    assert!(
        running
            .reload(&connection("one"), Some(&certificate))
            .is_err()
    );
    let missing = with.replace("key.pem", "gone.pem");
    let why = running.reload(&missing, Some(&certificate)).unwrap_err();
    assert!(
        why.contains("c.toml:9:12: tls: key_file: cannot read") && why.contains("gone.pem"),
        "{why}"
    );
}
