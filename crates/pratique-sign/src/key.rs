//! Keys in files: PEM (RFC 7468) as cosign and openssl write it.
//!
//! Private keys are PKCS #8 (`PRIVATE KEY`), SEC 1 (`EC PRIVATE KEY`), or cosign's own encrypted form (`encrypted.rs`);
//! public ones are `PUBLIC KEY` (SubjectPublicKeyInfo). The only curve is P-256, which is what cosign makes.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{self, DerSignature};
use p256::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};

use crate::{KeyError, encrypted};

/// The environment variable that holds the password of an encrypted key; it is cosign's.
pub const PASSWORD_VARIABLE: &str = "COSIGN_PASSWORD";

/// Largest key file.
const MAX_BYTES: u64 = 64 << 10;

/// A private key.
pub struct SigningKey(ecdsa::SigningKey);

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyingKey(ecdsa::VerifyingKey);

impl SigningKey {
    /// Reads a private key; the password of an encrypted one is in [`PASSWORD_VARIABLE`].
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let password = std::env::var(PASSWORD_VARIABLE).ok();
        Self::from_pem(&text(path)?, password.as_deref(), path)
    }

    /// The private key in `text`; `path` is what errors call it.
    ///
    /// # Errors
    /// As [`SigningKey::read`].
    pub fn from_pem(text: &str, password: Option<&str>, path: &Path) -> Result<Self, KeyError> {
        let bad = |reason: String| KeyError::Kind { path: path.into(), wanted: "private key", reason };
        let invalid = |error: &dyn std::fmt::Display| {
            bad(format!("it is damaged, or not on the curve P-256 ({error})"))
        };
        let (label, block) =
            blocks(text).find(|(label, _)| label.ends_with("PRIVATE KEY")).ok_or_else(|| {
                bad(match blocks(text).next() {
                    Some((label, _)) => format!("it holds a {label}"),
                    None => "there is no PEM in it".into(),
                })
            })?;
        let key = match label {
            "PRIVATE KEY" => p256::SecretKey::from_pkcs8_pem(block).map_err(|error| invalid(&error))?,
            "EC PRIVATE KEY" => p256::SecretKey::from_sec1_pem(block).map_err(|error| invalid(&error))?,
            "ENCRYPTED SIGSTORE PRIVATE KEY" | "ENCRYPTED COSIGN PRIVATE KEY" => {
                let (_, document) =
                    pem_rfc7468::decode_vec(block.as_bytes()).map_err(|error| invalid(&error))?;
                let password = password.ok_or_else(|| KeyError::NoPassword { path: path.into() })?;
                let der = match encrypted::open(&document, password.as_bytes()) {
                    Ok(der) => der,
                    Err(encrypted::Failed::Document(reason)) => return Err(bad(reason)),
                    Err(encrypted::Failed::Password) => {
                        return Err(KeyError::WrongPassword { path: path.into() });
                    }
                };
                p256::SecretKey::from_pkcs8_der(&der).map_err(|error| invalid(&error))?
            }
            other => {
                return Err(bad(format!(
                    "keys of the kind {other} are not read; PRIVATE KEY, EC PRIVATE KEY and cosign's are"
                )));
            }
        };
        Ok(Self(key.into()))
    }

    /// Its public half.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(*self.0.verifying_key())
    }

    /// Signs `message`: ECDSA with SHA-256, in DER. The same message gives the same signature (RFC 6979).
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: DerSignature = self.0.sign(message);
        signature.as_bytes().to_vec()
    }
}

impl VerifyingKey {
    /// Reads a public key.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        Self::from_pem(&text(path)?, path)
    }

    /// The public key in `text`; `path` is what errors call it.
    ///
    /// # Errors
    /// As [`VerifyingKey::read`].
    pub fn from_pem(text: &str, path: &Path) -> Result<Self, KeyError> {
        let bad = |reason: String| KeyError::Kind { path: path.into(), wanted: "public key", reason };
        match blocks(text).find(|(label, _)| !label.contains("PARAMETERS")) {
            Some(("PUBLIC KEY", block)) => ecdsa::VerifyingKey::from_public_key_pem(block)
                .map(Self)
                .map_err(|error| bad(format!("it is damaged, or not on the curve P-256 ({error})"))),
            Some((label, _)) if label.ends_with("PRIVATE KEY") => {
                Err(bad("it holds a private key, which belongs to whoever signs alone".into()))
            }
            Some((label, _)) => Err(bad(format!("it holds a {label}"))),
            None => Err(bad("there is no PEM in it".into())),
        }
    }

    /// Whether `signature` (DER) is one of `message`.
    pub fn accepts(&self, message: &[u8], signature: &[u8]) -> bool {
        DerSignature::try_from(signature).is_ok_and(|signature| self.0.verify(message, &signature).is_ok())
    }
}

fn text(path: &Path) -> Result<String, KeyError> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text))
        .map_err(|source| KeyError::File { path: path.into(), source })?;
    Ok(text)
}

/// The PEM blocks of a text, each with its label. openssl puts the parameters of the curve before the key.
fn blocks(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let block = rest.get(rest.find("-----BEGIN ")?..)?;
        let (label, _) = block.strip_prefix("-----BEGIN ")?.split_once("-----")?;
        let end = format!("-----END {label}-----");
        let length = block.find(&end)? + end.len();
        rest = block.get(length..)?;
        Some((label, block.get(..length)?))
    })
}
