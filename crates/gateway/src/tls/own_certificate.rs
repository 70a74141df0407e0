//! Whether browsers accept the gateway's own certificate: its period and its names. Who signed it is not checked, because
//! browsers may know authorities that this computer does not know.

use super::explaining_verifier::{moment, words};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, RootCertStore};
use std::time::Duration;

/// How long before its end a certificate is reported.
const EARLY: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Why browsers refuse the certificate at this time, as the rest of a sentence that names its file.
pub(super) fn refusal(certificate: &CertificateDer<'_>, now: UnixTime) -> Option<String> {
    period_error(certificate, now).map(|why| words(&why, || false))
}

/// Why browsers refuse the certificate, or soon will. `host` is the name that they use.
pub(super) fn warnings(
    certificate: &CertificateDer<'_>,
    now: UnixTime,
    host: Option<&str>,
) -> Vec<String> {
    let later = UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs()) + EARLY);
    let ends_soon = || match period_error(certificate, later)? {
        CertificateError::ExpiredContext { not_after, .. } => Some(format!(
            "its certificate expires at {}; it needs a new one before that",
            moment(not_after)
        )),
        _ => None,
    };
    let period = refusal(certificate, now).or_else(ends_soon);
    let name = host.and_then(|host| name_error(certificate, host));
    let name = name.map(|why| format!("browsers refuse it: {}", words(&why, || false)));
    period.into_iter().chain(name).collect()
}

/// The error if a time is not in the period of the certificate.
fn period_error(certificate: &CertificateDer<'_>, at: UnixTime) -> Option<CertificateError> {
    let parsed = ParsedCertificate::try_from(certificate).ok()?;
    let (nobody, known) = (RootCertStore::empty(), ring::default_provider());
    let known = known.signature_verification_algorithms.all;
    // The period is checked first. Otherwise the error is that the authority is not known.
    match verify_server_cert_signed_by_trust_anchor(&parsed, &nobody, &[], at, known) {
        Err(Error::InvalidCertificate(
            why @ (CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYetContext { .. }),
        )) => Some(why),
        _ => None,
    }
}

/// The error if the certificate is not for a host.
fn name_error(certificate: &CertificateDer<'_>, host: &str) -> Option<CertificateError> {
    let parsed = ParsedCertificate::try_from(certificate).ok()?;
    let name = ServerName::try_from(host).ok()?;
    match verify_server_name(&parsed, &name) {
        Err(Error::InvalidCertificate(why)) => Some(why),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};

    #[test]
    fn a_certificate_is_reported_before_its_end_and_for_another_name() {
        let names = ["console.example", "10.0.0.5"].map(str::to_owned);
        let mut parameters = CertificateParams::new(names).unwrap();
        parameters.not_before = date_time_ymd(2026, 1, 1);
        parameters.not_after = date_time_ymd(2026, 3, 1);
        let day = |month, day| {
            let at = date_time_ymd(2026, month, day).unix_timestamp();
            UnixTime::since_unix_epoch(Duration::from_secs(at.try_into().unwrap()))
        };
        let other = "browsers refuse it: its certificate is not for other.example but for console.example, 10.0.0.5;";
        let expired = "its certificate expired at 2026-03-01T00:00:00Z";
        for is_ca in [
            IsCa::NoCa,
            IsCa::ExplicitNoCa,
            IsCa::Ca(BasicConstraints::Unconstrained),
        ] {
            parameters.is_ca = is_ca;
            let key = KeyPair::generate().unwrap();
            let certificate = parameters.self_signed(&key).unwrap().der().clone();
            for (now, host, expected) in [
                (day(2, 1), None, &[][..]),
                (day(2, 1), Some("console.example"), &[]),
                (day(2, 1), Some("10.0.0.5"), &[]),
                (day(2, 1), Some("other.example"), &[other]),
                (
                    day(2, 20),
                    None,
                    &["its certificate expires at 2026-03-01T00:00:00Z;"],
                ),
                (day(3, 2), None, &[expired]),
                (day(3, 2), Some("other.example"), &[expired, other]),
                (
                    UnixTime::since_unix_epoch(Duration::ZERO),
                    None,
                    &["its certificate is valid only from 2026-01-01T00:00:00Z"],
                ),
            ] {
                let found = warnings(&certificate, now, host);
                let begins = found.iter().zip(expected).all(|(a, b)| a.starts_with(b));
                assert!(begins && found.len() == expected.len(), "{found:?}");
            }
        }
    }
}
