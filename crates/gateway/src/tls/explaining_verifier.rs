//! Explains why a server's certificate is not trusted, and what to do. It makes no decision of its own: another
//! verifier does, and it words the result.

use chrono::{DateTime, SecondsFormat, Utc};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};
use std::fmt;
use std::sync::Arc;

/// The reason why a certificate is not trusted, as the rest of a sentence that names the server.
#[derive(Debug)]
pub(crate) struct UntrustedCertificate(String);

impl fmt::Display for UntrustedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UntrustedCertificate {}

/// A verifier whose rejections are [`UntrustedCertificate`].
#[derive(Debug)]
pub(super) struct ExplainingVerifier {
    /// `None` if no authority is known.
    verifier: Option<Arc<dyn ServerCertVerifier>>,
    algorithms: WebPkiSupportedAlgorithms,
}

/// The most names of a certificate that are listed; some contain hundreds.
const MAX_NAMES: usize = 5;

const NO_AUTHORITIES: &str = "its certificate cannot be checked, because no certificate authorities were found on \
    this computer: install the package ca-certificates, set trusted_roots = \"bundled\", or name the certificate \
    with ca_file";

const WEAK: &str = "its certificate is signed in a way that is no longer secure, such as with SHA-1 or a key below \
    2048 bits; it needs a new one";

impl ExplainingVerifier {
    pub(super) fn new(verifier: Option<Arc<dyn ServerCertVerifier>>) -> Self {
        Self {
            verifier,
            algorithms: ring::default_provider().signature_verification_algorithms,
        }
    }
}

impl ServerCertVerifier for ExplainingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let alone = || is_self_signed(end_entity, server_name, now);
        let Some(verifier) = &self.verifier else {
            // An authority would not help, because the certificate is self-signed.
            return Err(untrusted(if alone() {
                words(&CertificateError::UnknownIssuer, alone)
            } else {
                NO_AUTHORITIES.to_owned()
            }));
        };
        verifier
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            .map_err(|error| match error {
                Error::InvalidCertificate(why) => untrusted(words(&why, alone)),
                other => other,
            })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms).map_err(in_handshake)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms).map_err(in_handshake)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn untrusted(words: String) -> Error {
    let why = OtherError(Arc::new(UntrustedCertificate(words)));
    Error::InvalidCertificate(CertificateError::Other(why))
}

/// Explains a signature that does not match the certificate's key; a key that is too short fails in the same way.
fn in_handshake(error: Error) -> Error {
    match error {
        Error::InvalidCertificate(_) => untrusted(WEAK.to_owned()),
        other => other,
    }
}

/// The explanation of an error, as the rest of a sentence that names the server, or the file of its certificate.
pub(super) fn words(why: &CertificateError, is_self_signed: impl Fn() -> bool) -> String {
    match why {
        CertificateError::ExpiredContext { time, not_after } => format!(
            "its certificate expired at {} (it is {} on this computer); it needs a new one",
            moment(*not_after),
            moment(*time),
        ),
        CertificateError::NotValidYetContext { time, not_before } => format!(
            "its certificate is valid only from {} (it is {} on this computer)",
            moment(*not_before),
            moment(*time),
        ),
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } if presented.is_empty() => format!(
            "its certificate is not for {} but for no name at all (a common name alone does not count); give the \
             server another certificate",
            expected.to_str(),
        ),
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => format!(
            "its certificate is not for {} but for {}; use one of these names in the address, or give the server \
             another certificate",
            expected.to_str(),
            names(presented),
        ),
        CertificateError::UnknownIssuer | CertificateError::BadSignature if is_self_signed() => {
            "its certificate is self-signed; name that certificate (PEM) with ca_file".to_owned()
        }
        CertificateError::UnknownIssuer => {
            "its certificate is signed by an authority that is not known here; name the authority's certificate \
             (PEM) with ca_file"
                .to_owned()
        }
        CertificateError::BadSignature => {
            "its certificate is not signed by the certificate of that name that is known here; if the authority was \
             recreated, name its new certificate (PEM) with ca_file"
                .to_owned()
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            WEAK.to_owned()
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "its certificate is not made for a server; it needs another one".to_owned()
        }
        // This is webpki's CaUsedAsEndEntity, which rustls does not name.
        CertificateError::Other(_) if is_self_signed() => {
            "its certificate is self-signed and that of an authority; name this certificate (PEM) with ca_file"
                .to_owned()
        }
        other => format!("its certificate cannot be used ({other})"),
    }
}

pub(super) fn moment(time: UnixTime) -> String {
    i64::try_from(time.as_secs())
        .ok()
        .and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0))
        .map_or_else(
            || "an unreadable time".to_owned(),
            |time| time.to_rfc3339_opts(SecondsFormat::Secs, true),
        )
}

/// The bare names from entries such as `DnsName("em.example")`.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| match name.split_once('(') {
        Some((_, rest)) => rest.trim_end_matches(')').trim_matches('"').to_owned(),
        None => name.clone(),
    };
    let mut shown: Vec<String> = presented.iter().take(MAX_NAMES).map(bare).collect();
    if presented.len() > MAX_NAMES {
        shown.push(format!("{} more", presented.len() - MAX_NAMES));
    }
    shown.join(", ")
}

/// Whether a certificate is signed with its own key, which it is if it verifies against itself.
fn is_self_signed(certificate: &CertificateDer<'_>, name: &ServerName<'_>, now: UnixTime) -> bool {
    let mut roots = RootCertStore::empty();
    if roots.add(certificate.clone().into_owned()).is_err() {
        return false;
    }
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    verifier.is_ok_and(|verifier| {
        !matches!(
            verifier.verify_server_cert(certificate, &[], name, &[], now),
            Err(Error::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::BadSignature
            ))
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::trust::verifier;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    use std::time::Duration;

    /// The explanation for a certificate and a name in 2030.
    fn explanation(trusted: Option<&[u8]>, shown: &CertificateDer<'_>, name: &str) -> String {
        let verifier: Option<Arc<dyn ServerCertVerifier>> =
            trusted.map(|pem| Arc::new(verifier(pem).unwrap()) as Arc<dyn ServerCertVerifier>);
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000));
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let found =
            ExplainingVerifier::new(verifier).verify_server_cert(shown, &[], &name, &[], now);
        match found {
            Ok(_) => "ok".to_owned(),
            Err(Error::InvalidCertificate(CertificateError::Other(OtherError(why)))) => {
                assert!(why.is::<UntrustedCertificate>());
                why.to_string()
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    fn parameters(names: &[&str]) -> CertificateParams {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut parameters = CertificateParams::new(names.clone()).unwrap();
        let subject = names.first().map_or("authority", String::as_str);
        parameters
            .distinguished_name
            .push(rcgen::DnType::CommonName, subject);
        parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2100, 1, 1);
        parameters
    }

    #[test]
    fn each_reason_has_its_explanation() {
        let key = KeyPair::generate().unwrap();
        let mut ca = parameters(&[]);
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = ca.self_signed(&key).unwrap();
        let trusted = authority.pem().into_bytes();
        let issuer = Issuer::from_params(&ca, &key);
        let stranger = KeyPair::generate().unwrap();
        let foreign = Issuer::from_params(&ca, &stranger);
        let leaf_key = KeyPair::generate().unwrap();
        let good = parameters(&["em.example", "10.0.0.5"]);
        let many: Vec<String> = (0..9).map(|n| format!("h{n}.example")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let mut expired = good.clone();
        expired.not_after = rcgen::date_time_ymd(2026, 11, 20);
        let mut early = good.clone();
        early.not_before = rcgen::date_time_ymd(2031, 2, 3);
        let mut client = good.clone();
        client.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        let by = |parameters: &CertificateParams, issuer| {
            parameters
                .signed_by(&leaf_key, issuer)
                .unwrap()
                .der()
                .clone()
        };
        let trusted = Some(trusted.as_slice());
        for (shown, trusted, name, expected) in [
            (by(&good, &issuer), trusted, "em.example", "ok"),
            (
                by(&good, &issuer),
                trusted,
                "em2.example",
                "not for em2.example but for em.example, 10.0.0.5;",
            ),
            (
                by(&parameters(&[]), &issuer),
                trusted,
                "em.example",
                "but for no name at all",
            ),
            (
                by(&parameters(&many), &issuer),
                trusted,
                "em.example",
                "h3.example, h4.example, 4 more;",
            ),
            (
                by(&expired, &issuer),
                trusted,
                "em.example",
                "expired at 2026-11-20T00:00:00Z (it is 2030-01-01T00:00:00Z on this computer)",
            ),
            (
                by(&early, &issuer),
                trusted,
                "em.example",
                "valid only from 2031-02-03T00:00:00Z (it is 2030",
            ),
            (
                by(&client, &issuer),
                trusted,
                "em.example",
                "is not made for a server",
            ),
            (
                by(&good, &foreign),
                trusted,
                "em.example",
                "if the authority was recreated",
            ),
            (
                good.self_signed(&leaf_key).unwrap().der().clone(),
                trusted,
                "em.example",
                "is self-signed; name that",
            ),
            (
                authority.der().clone(),
                Some(ANOTHER),
                "em.example",
                "is self-signed and that of an authority; name this",
            ),
            (
                by(&good, &issuer),
                Some(ANOTHER),
                "em.example",
                "an authority that is not known here",
            ),
            (
                by(&good, &issuer),
                None,
                "em.example",
                "install the package ca-certificates",
            ),
        ] {
            let found = explanation(trusted, &shown, name);
            assert!(found.contains(expected), "{expected}: {found}");
        }
    }

    const ANOTHER: &[u8] = include_bytes!("../tests/certificates/self-signed-leaf.pem");
}
