//! The gateway's own certificate, reloaded when its files change. While the files are invalid, the last valid
//! certificate stays in use. Must never reveal a key.

use super::own_certificate::{refusal, warnings};
use crate::lock::lock;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often the files are checked for changes.
pub(crate) const RELOAD_INTERVAL: Duration = Duration::from_secs(60);

/// The files of a certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CertificateFiles {
    /// The certificate and its intermediates (PEM).
    pub(crate) certificate: PathBuf,
    /// The key (PEM).
    pub(crate) key: PathBuf,
}

/// The certificate in use.
pub(crate) struct CertificateReloader(Mutex<State>);

/// The contents of the certificate file and the key file.
type Contents = (Vec<u8>, Vec<u8>);

struct State {
    files: CertificateFiles,
    contents: Contents,
    certificate: CertificateDer<'static>,
    config: Arc<ServerConfig>,
}

impl fmt::Debug for CertificateReloader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateReloader")
            .finish_non_exhaustive()
    }
}

impl CertificateReloader {
    /// Reads the files.
    ///
    /// # Errors
    /// The unusable file and the reason.
    pub(crate) fn new(files: CertificateFiles) -> Result<Self, String> {
        let (contents, certificate, config) = files.read().map_err(|(_, why)| why)?;
        Ok(Self(Mutex::new(State {
            files,
            contents,
            certificate,
            config: Arc::new(config),
        })))
    }

    /// The configuration for new connections.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        lock(&self.0).config.clone()
    }

    /// Reloads the files. Returns whether the certificate has changed.
    ///
    /// # Errors
    /// Why the last valid certificate stays in use.
    pub(crate) fn reload(&self) -> Result<bool, String> {
        let files = lock(&self.0).files.clone();
        let new = Self::new(files)?;
        self.check_successor(&new)?;
        Ok(self.replace(new))
    }

    /// Checks that browsers accept another reloader's certificate at this time, unless it is in use already.
    ///
    /// # Errors
    /// Why browsers would refuse it.
    pub(crate) fn check_successor(&self, other: &Self) -> Result<(), String> {
        let new = lock(&other.0);
        if lock(&self.0).contents == new.contents {
            return Ok(());
        }
        refusal(&new.certificate, UnixTime::now()).map_or(Ok(()), |why| {
            Err(format!("{}: {why}", new.files.certificate.display()))
        })
    }

    /// Switches to the files and the certificate of another reloader. Returns whether the certificate has changed.
    pub(crate) fn replace(&self, other: Self) -> bool {
        let new = other.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut state = lock(&self.0);
        if state.contents == new.contents {
            state.files = new.files;
            return false;
        }
        *state = new;
        true
    }
}

impl CertificateFiles {
    /// The contents of the files, the certificate, and the configuration that they make.
    fn read(&self) -> Result<(Contents, CertificateDer<'static>, ServerConfig), Fault> {
        let read = |key, file: &PathBuf| {
            let wrong = |error| (key, format!("cannot read {}: {error}", file.display()));
            fs::read(file).map_err(wrong)
        };
        let contents = (read(CERTIFICATE, &self.certificate)?, read(KEY, &self.key)?);
        let (certificate, config) = config(&contents.0, &contents.1)?;
        Ok((contents, certificate, config))
    }

    /// Checks the files, and returns warnings about the certificate. `host` is the name that browsers use.
    ///
    /// # Errors
    /// The configuration key of the wrong file, and a description of the problem.
    pub(crate) fn check(&self, host: Option<&str>) -> Result<Vec<String>, Fault> {
        let (_, certificate, _) = self.read()?;
        Ok(warnings(&certificate, UnixTime::now(), host))
    }
}

/// The configuration key of the wrong file, and the problem.
type Fault = (&'static str, String);

const CERTIFICATE: &str = "certificate_file";
const KEY: &str = "key_file";

fn config(
    certificate: &[u8],
    key: &[u8],
) -> Result<(CertificateDer<'static>, ServerConfig), Fault> {
    super::install();
    let chain = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<Vec<_>, _>>()
        .unwrap_or_default();
    let Some(first) = chain.first().cloned() else {
        let why = "the certificate's file holds none (-----BEGIN CERTIFICATE-----)";
        return Err((CERTIFICATE, why.to_owned()));
    };
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| {
        let why = "the key's file holds none (-----BEGIN PRIVATE KEY-----)";
        (KEY, why.to_owned())
    })?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                let why = "the key is not the certificate's: their files do not belong together";
                (KEY, why.to_owned())
            }
            other => (
                CERTIFICATE,
                format!("certificate and key cannot be used: {other}"),
            ),
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok((first, config))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair};

    /// A self-signed certificate and its key.
    fn pair() -> (Vec<u8>, Vec<u8>) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = made.signing_key.serialize_pem();
        (made.cert.pem().into_bytes(), key.into_bytes())
    }

    fn files(folder: &tempfile::TempDir, certificate: &[u8], key: &[u8]) -> CertificateFiles {
        let files = CertificateFiles {
            certificate: folder.path().join("chain.pem"),
            key: folder.path().join("key.pem"),
        };
        fs::write(&files.certificate, certificate).unwrap();
        fs::write(&files.key, key).unwrap();
        files
    }

    #[test]
    fn only_a_certificate_with_its_own_key_is_accepted() {
        let folder = tempfile::tempdir().unwrap();
        let (leaf, key) = pair();
        let (leaf, key) = (leaf.as_slice(), key.as_slice());
        let (another, _) = pair();
        for (certificate, key, why) in [
            (leaf, key, None),
            (&another, key, Some("do not belong together")),
            (key, key, Some("certificate's file holds none")),
            (leaf, leaf, Some("key's file holds none")),
            (b"hunter2", key, Some("certificate's file holds none")),
            (leaf, b"hunter2", Some("key's file holds none")),
        ] {
            let found = files(&folder, certificate, key).check(None);
            match why {
                None => assert_eq!(found, Ok(Vec::new())),
                Some(why) => {
                    let (_, found) = found.unwrap_err();
                    assert!(found.contains(why) && !found.contains("hunter2"), "{found}");
                }
            }
        }
        fs::remove_file(folder.path().join("key.pem")).unwrap();
        let gone = CertificateFiles {
            certificate: folder.path().join("chain.pem"),
            key: folder.path().join("key.pem"),
        };
        let (file, why) = gone.check(None).unwrap_err();
        assert!(file == KEY && why.starts_with("cannot read"), "{why}");
    }

    #[test]
    fn a_new_certificate_is_used_but_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let ((leaf, key), (another, _)) = (pair(), pair());
        let reloader = CertificateReloader::new(files(&folder, &leaf, &key)).unwrap();
        let first = reloader.config();
        assert_eq!(reloader.reload(), Ok(false));
        files(&folder, &another, &key);
        assert!(
            reloader
                .reload()
                .unwrap_err()
                .contains("do not belong together")
        );
        assert!(
            Arc::ptr_eq(&first, &reloader.config()),
            "the last valid one stays"
        );
        let mut expired = CertificateParams::new(["localhost".to_owned()]).unwrap();
        expired.not_after = rcgen::date_time_ymd(2021, 1, 1);
        let expired_key = KeyPair::generate().unwrap();
        let expired = expired.self_signed(&expired_key).unwrap().pem();
        let expired_key = expired_key.serialize_pem();
        let expired = files(&folder, expired.as_bytes(), expired_key.as_bytes());
        let why = reloader.reload().unwrap_err();
        assert!(why.contains("chain.pem: its certificate expired"), "{why}");
        assert!(
            Arc::ptr_eq(&first, &reloader.config()),
            "the last valid one stays"
        );
        let started_expired = CertificateReloader::new(expired).unwrap();
        assert_eq!(started_expired.reload(), Ok(false), "it is in use already");
        let (renewed, key) = pair();
        files(&folder, &renewed, &key);
        assert_eq!(reloader.reload(), Ok(true));
        assert!(!Arc::ptr_eq(&first, &reloader.config()));
        assert_eq!(format!("{reloader:?}"), "CertificateReloader { .. }");
    }
}
