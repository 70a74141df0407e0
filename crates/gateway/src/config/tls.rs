//! `[tls]`: the gateway's own certificate.

use super::section::Section;
use super::{Environment, secret};
use std::path::PathBuf;

/// The files of the gateway's own certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// The certificate and its intermediate certificates (PEM).
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// Reads the section and checks that the files contain a certificate and its key.
pub(super) fn read(top: &Section<'_>, environment: &Environment<'_>) -> Option<TlsFiles> {
    let section = top.table("tls")?;
    let file = |key: &str| {
        let text = section.required(key)?;
        Some(environment.folder.join(text.value))
    };
    let (certificate, key) = (file("certificate_file"), file("key_file"));
    if let (Some(path), Some(at)) = (&key, section.key("key_file"))
        && secret::is_open(path)
    {
        section.warn(at, "key_file", &format!("it {}", secret::IS_OPEN));
    }
    let files = certificate
        .zip(key)
        .map(|(certificate, key)| TlsFiles { certificate, key });
    if let Some(Err((key, why))) = files.as_ref().map(environment.checks.tls_files) {
        let at = section.text(key).map_or(section.start(), |text| text.at);
        section.wrong(at, key, &why);
    }
    section.finish();
    files
}
