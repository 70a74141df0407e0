//! `check`: reports every fault of a configuration file.

use super::{Failure, say};
use crate::config::{self, Checks, Config};
use crate::crypto::password_hash;
use crate::tls::CertificateFiles;
use crate::{pairing, tls};
use std::path::Path;

/// What the modules of this gateway demand of configured values.
pub(crate) const CHECKS: Checks = Checks {
    password_hash: |hash| password_hash::parse(hash).map(drop),
    certificates: |pem| tls::certificates(pem).map(drop),
    tls_files: |files| certificate_files(files).check(),
    wall_registry: pairing::check,
};

/// The files of a certificate as `tls` knows them.
pub(super) fn certificate_files(files: &config::TlsFiles) -> CertificateFiles {
    CertificateFiles {
        certificate: files.certificate.clone(),
        key: files.key.clone(),
    }
}

/// Reads a configuration file and prints what it describes.
pub(super) fn run(file: &Path) -> Result<(), Failure> {
    let config = Config::load(file, CHECKS).map_err(|faults| Failure::Usage(faults.to_string()))?;
    for config::Fault { line, column, text } in &config.warnings {
        let file = file.display();
        say(format_args!("{file}:{line}:{column}: warning: {text}"));
    }
    say(format_args!("{}: ok", file.display()));
    say(format_args!("  listens on {}", config.listen));
    for connection in &config.connections {
        let vendors::Connection { id, title, system } = &connection.public;
        say(format_args!(
            "  {id}: {title} ({}) at {}",
            system.vendor(),
            connection.base_url
        ));
        let proxy = connection.reach.proxy.as_ref();
        if let Some(hop) = proxy.and_then(|proxy| proxy.https.as_ref()) {
            say(format_args!("  {id}: through the proxy {hop}"));
        }
        if let Some(hint) = connection.address_hint() {
            say(format_args!("  {id}: likely wrong: {hint}"));
        }
    }
    for user in &config.users {
        say(format_args!(
            "  {} signs in as {}",
            user.name,
            user.role.word()
        ));
    }
    if let Some(openid) = &config.openid {
        let config::OpenId { title, issuer, .. } = openid;
        say(format_args!("  others sign in with {title} ({issuer})"));
    }
    if !config.has_sign_in() {
        say("  nobody signs in: whoever uses this computer is an admin");
    } else if let Some(walls) = &config.walls {
        say(format_args!(
            "  paired walls are kept in {}",
            walls.display()
        ));
    } else {
        say("  paired walls are kept in memory: a restart un-pairs them");
    }
    say(format_args!("  the audit is kept in {}", config.store));
    Ok(())
}
