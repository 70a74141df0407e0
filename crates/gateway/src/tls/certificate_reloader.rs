//! The gateway's own certificate, reloaded when its files change. While the files are invalid, the last valid
//! certificate stays in use. Must never reveal a key.

use crate::lock::lock;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
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
        let (contents, config) = files.read().map_err(|(_, why)| why)?;
        Ok(Self(Mutex::new(State {
            files,
            contents,
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
        Ok(self.replace(Self::new(files)?))
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
    /// The contents of the files, and the configuration that they make.
    fn read(&self) -> Result<(Contents, ServerConfig), Fault> {
        let read = |key, file: &PathBuf| {
            let wrong = |error| (key, format!("cannot read {}: {error}", file.display()));
            fs::read(file).map_err(wrong)
        };
        let contents = (read(CERTIFICATE, &self.certificate)?, read(KEY, &self.key)?);
        let config = config(&contents.0, &contents.1)?;
        Ok((contents, config))
    }

    /// Checks the files.
    ///
    /// # Errors
    /// The configuration key of the wrong file, and a description of the problem.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        self.read().map(drop)
    }
}

/// The configuration key of the wrong file, and the problem.
type Fault = (&'static str, String);

const CERTIFICATE: &str = "certificate_file";
const KEY: &str = "key_file";

fn config(certificate: &[u8], key: &[u8]) -> Result<ServerConfig, Fault> {
    super::install();
    let chain = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<Vec<_>, _>>()
        .ok()
        .filter(|chain| !chain.is_empty())
        .ok_or_else(|| {
            let why = "the certificate's file holds none (-----BEGIN CERTIFICATE-----)";
            (CERTIFICATE, why.to_owned())
        })?;
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
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let found = files(&folder, certificate, key).check();
            match why {
                None => assert_eq!(found, Ok(())),
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
        let (file, why) = gone.check().unwrap_err();
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
        let (renewed, key) = pair();
        files(&folder, &renewed, &key);
        assert_eq!(reloader.reload(), Ok(true));
        assert!(!Arc::ptr_eq(&first, &reloader.config()));
        assert_eq!(format!("{reloader:?}"), "CertificateReloader { .. }");
    }
}
