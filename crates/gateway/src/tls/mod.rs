//! Certificates: the gateway's own, and those that it trusts. Independent of all other modules.

mod certificate_reloader;
mod explaining_verifier;
mod own_certificate;
mod trust;

pub(crate) use certificate_reloader::{CertificateFiles, CertificateReloader, RELOAD_INTERVAL};
pub(crate) use explaining_verifier::UntrustedCertificate;
pub(crate) use trust::{certificates, install, trusting, trusting_only};
