//! `[tls]`: the gateway's own certificate.

use super::section::Section;
use super::{Environment, secret};
use reqwest::Url;
use std::path::PathBuf;

/// The files of the gateway's own certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// The certificate and its intermediate certificates (PEM).
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// Reads the section and checks that the files contain a certificate and its key.
pub(super) fn read(
    top: &Section<'_>,
    public_origin: Option<&str>,
    environment: &Environment<'_>,
) -> Option<TlsFiles> {
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
    // Behind a proxy, the host of `public_url` is the proxy's.
    let public_origin = public_origin.filter(|_| top.key("trusted_proxies").is_none());
    let url = public_origin.and_then(|origin| Url::parse(origin).ok());
    let host = url.as_ref().and_then(Url::host_str);
    let host = host.map(|host| host.trim_matches(['[', ']']));
    let at = |key| section.text(key).map_or(section.start(), |text| text.at);
    match files
        .as_ref()
        .map(|files| (environment.checks.tls_files)(files, host))
    {
        Some(Err((key, why))) => section.wrong(at(key), key, &why),
        Some(Ok(warnings)) => {
            let key = "certificate_file";
            for warning in warnings {
                section.warn(at(key), key, &warning);
            }
        }
        None => {}
    }
    section.finish();
    files
}
