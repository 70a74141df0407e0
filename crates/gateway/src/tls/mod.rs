//! Certificates: the gateway's own, and those that it trusts. A leaf: it uses no other module.

mod certificate_reloader;
mod explain;
mod trust;

pub(crate) use certificate_reloader::{CertificateFiles, CertificateReloader, RELOAD_INTERVAL};
pub(crate) use explain::Distrusted;
pub(crate) use trust::{certificates, install, trusting, trusting_only};
