//! Whom to trust.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::Error;

/// Largest certificate file that is read.
const MAX_CA_FILE: u64 = 16 << 20;

/// The one TLS configuration. The provider is named here, so that no other crate's choice can change it.
pub(crate) fn config(ca_files: &[PathBuf], insecure: bool) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Setup(error.to_string()))?;
    let mut config = if insecure {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(TrustEverybody(provider)))
    } else {
        builder.with_root_certificates(roots(ca_files)?)
    }
    .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn roots(ca_files: &[PathBuf]) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    // Single unreadable files are no reason to trust nobody: what could be read counts.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    for path in ca_files {
        let fail = |reason: String| Error::CaFile { path: path.clone(), reason };
        let length = std::fs::metadata(path).map_err(|error| fail(error.to_string()))?.len();
        if length > MAX_CA_FILE {
            return Err(fail(format!("it has more than {MAX_CA_FILE} bytes")));
        }
        let pem = std::fs::read(path).map_err(|error| fail(error.to_string()))?;
        let mut found = false;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| fail(error.to_string()))?;
            roots.add(certificate).map_err(|error| fail(error.to_string()))?;
            found = true;
        }
        if !found {
            return Err(fail("it has no PEM certificate".into()));
        }
    }
    Ok(roots)
}

/// Takes any certificate; still checks that the other side holds its key.
#[derive(Debug)]
struct TrustEverybody(Arc<CryptoProvider>);

impl ServerCertVerifier for TrustEverybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn always_has_roots() {
        assert!(!roots(&[]).unwrap().is_empty());
        let missing = roots(&["does/not/exist.pem".into()]).unwrap_err();
        assert!(missing.to_string().contains("does/not/exist.pem"), "{missing}");
        let no_pem = roots(&[concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").into()]).unwrap_err();
        assert!(no_pem.to_string().contains("no PEM certificate"), "{no_pem}");
    }
}
