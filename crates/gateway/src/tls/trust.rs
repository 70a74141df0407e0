//! Trust in server certificates. Must never accept one that the configuration does not name.

use super::explaining_verifier::ExplainingVerifier;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use std::sync::{Arc, Once};

/// Selects the cryptography provider of the process. Further calls have no effect.
pub(crate) fn install() {
    // Fails only if a provider is selected already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The certificates in a PEM file.
///
/// # Errors
/// A description of the problem, as the rest of a sentence that begins with the file's name.
pub(crate) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let unusable = "is not a PEM file with a certificate (-----BEGIN CERTIFICATE-----)";
    let list = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| unusable.to_owned())?;
    if list.is_empty() {
        return Err(unusable.to_owned());
    }
    let mut roots = RootCertStore::empty();
    for certificate in &list {
        roots
            .add(certificate.clone())
            .map_err(|_| "holds something that is no certificate".to_owned())?;
    }
    Ok(list)
}

/// A client that trusts only these certificates and those that they sign.
///
/// # Errors
/// A description of the problem.
pub(crate) fn trusting_only(pem: &[u8]) -> Result<ClientConfig, String> {
    let verifier = verifier(pem)?;
    Ok(config(Some(Arc::new(verifier))))
}

/// A client that trusts the authorities known to this computer, or the program's own list (`bundled`), and the
/// certificates of a PEM file. Without any of them it trusts no server and logs that.
///
/// # Errors
/// A description of the problem.
pub(crate) fn trusting(bundled: bool, extra: Option<&[u8]>) -> Result<ClientConfig, String> {
    install();
    let extra = extra.map_or(Ok(Vec::new()), certificates)?;
    if bundled {
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        roots.add_parsable_certificates(extra);
        let verifier = WebPkiServerVerifier::builder(Arc::new(roots)).build();
        return Ok(config(Some(verifier.map_err(|error| error.to_string())?)));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let system = rustls_platform_verifier::Verifier::new_with_extra_roots(extra, provider);
    Ok(config(match system {
        Ok(verifier) => Some(Arc::new(verifier)),
        Err(error) => {
            static WARNED: Once = Once::new();
            WARNED.call_once(|| tracing::warn!(
                %error,
                "no certificate authorities were found on this computer: install the package ca-certificates, or \
                 set trusted_roots = \"bundled\""
            ));
            None
        }
    }))
}

fn config(verifier: Option<Arc<dyn ServerCertVerifier>>) -> ClientConfig {
    ClientConfig::builder()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(ExplainingVerifier::new(verifier)))
        .with_no_client_auth()
}

pub(super) fn verifier(pem: &[u8]) -> Result<Pinned, String> {
    install();
    let pinned = certificates(pem)?;
    let mut roots = RootCertStore::empty();
    for certificate in &pinned {
        roots
            .add(certificate.clone())
            .map_err(|error| error.to_string())?;
    }
    let usual = WebPkiServerVerifier::builder(Arc::new(roots))
        .build()
        .map_err(|error| error.to_string())?;
    Ok(Pinned { usual, pinned })
}

/// The usual checks, with one addition: a self-signed certificate that is marked as an authority, as most tools create
/// them, may be the server's own certificate if it is one of the configured ones.
#[derive(Debug)]
pub(super) struct Pinned {
    usual: Arc<WebPkiServerVerifier>,
    pinned: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.usual.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        ) {
            // This is webpki's CaUsedAsEndEntity, which rustls does not name. webpki has checked the validity
            // period by then, and the name is checked here.
            Err(Error::InvalidCertificate(CertificateError::Other(_)))
                if self.pinned.iter().any(|pinned| pinned == end_entity) =>
            {
                let certificate = ParsedCertificate::try_from(end_entity)?;
                rustls::client::verify_server_name(&certificate, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const AUTHORITY: &[u8] = include_bytes!("../tests/certificates/authority.pem");
    const SIGNED: &[u8] = include_bytes!("../tests/certificates/signed.pem");
    const LEAF: &[u8] = include_bytes!("../tests/certificates/self-signed-leaf.pem");
    const OWN: &[u8] = include_bytes!("../tests/certificates/self-signed-authority.pem");
    /// The same names, another key.
    const ANOTHER: &[u8] = include_bytes!("../tests/certificates/another.pem");

    const YEAR_2030: u64 = 1_893_456_000;
    const YEAR_2200: u64 = 7_258_118_400;

    /// Whether a client that trusts only `trusted` accepts a server with the certificate `shown`.
    fn accepts(trusted: &[u8], shown: &[u8], name: &str, at: u64) -> bool {
        let shown = certificates(shown).unwrap().remove(0);
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(at));
        verifier(trusted)
            .unwrap()
            .verify_server_cert(&shown, &[], &name, &[], now)
            .is_ok()
    }

    #[test]
    fn only_named_certificates_are_trusted_for_their_names_and_validity() {
        for (trusted, shown, name, at, expected) in [
            (AUTHORITY, SIGNED, "em.example", YEAR_2030, true),
            (AUTHORITY, SIGNED, "other.example", YEAR_2030, false),
            (AUTHORITY, SIGNED, "em.example", YEAR_2200, false),
            (AUTHORITY, LEAF, "em.example", YEAR_2030, false),
            (LEAF, LEAF, "em.example", YEAR_2030, true),
            (LEAF, LEAF, "127.0.0.1", YEAR_2030, true),
            (LEAF, LEAF, "127.0.0.2", YEAR_2030, false),
            (LEAF, SIGNED, "em.example", YEAR_2030, false),
            (OWN, OWN, "em.example", YEAR_2030, true),
            (OWN, OWN, "127.0.0.1", YEAR_2030, true),
            (OWN, OWN, "other.example", YEAR_2030, false),
            (OWN, OWN, "em.example", YEAR_2200, false),
            (OWN, ANOTHER, "em.example", YEAR_2030, false),
            (ANOTHER, OWN, "em.example", YEAR_2030, false),
        ] {
            let row = (trusted.len(), shown.len(), name, at);
            assert_eq!(accepts(trusted, shown, name, at), expected, "{row:?}");
        }
    }

    #[test]
    fn a_file_without_a_certificate_is_rejected() {
        for pem in [
            b"".as_slice(),
            b"hunter2",
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            let why = certificates(pem).unwrap_err();
            assert!(
                !why.contains("hunter2") && why.contains("certificate"),
                "{why}"
            );
        }
    }
}
