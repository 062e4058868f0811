//! What can go wrong with keys and signatures.

use std::io;
use std::path::PathBuf;

use pratique_image::Digest;

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file cannot be read.
    #[error("cannot read the key {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no key of a kind that is known.
    #[error("{} is no {wanted}: {reason}", path.display())]
    Kind {
        /// The file.
        path: PathBuf,
        /// What it should be.
        wanted: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The key is encrypted, and there is no password.
    #[error("the key {} is encrypted: give its password in COSIGN_PASSWORD", path.display())]
    NoPassword {
        /// The file.
        path: PathBuf,
    },
    /// The password is wrong, or the file is damaged: that cannot be told apart.
    #[error("the key {} cannot be decrypted: the password in COSIGN_PASSWORD is wrong, or the file is damaged", path.display())]
    WrongPassword {
        /// The file.
        path: PathBuf,
    },
}

/// Why something could not be signed, or its signature is not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The registry.
    #[error(transparent)]
    Image(#[from] pratique_image::Error),
    /// There is no signature.
    #[error(
        "{image} ({digest}) is not signed: there is no {tag} beside it. Sign it with the key that belongs to the one given \
         here, or leave the key out to take it unsigned"
    )]
    Unsigned {
        /// The image.
        image: String,
        /// Its digest.
        digest: Box<Digest>,
        /// Where the signature should be.
        tag: String,
    },
    /// There are signatures, and none is right.
    #[error(
        "{image} ({digest}) is not signed with this key: {}. It is another's, or it was tampered with; nothing of it was \
         used",
        reasons.join("; ")
    )]
    NotAccepted {
        /// The image.
        image: String,
        /// Its digest.
        digest: Box<Digest>,
        /// What is wrong with each signature.
        reasons: Vec<String>,
    },
    /// A document could not be written as JSON.
    #[error("cannot write the signature")]
    Json(#[from] serde_json::Error),
}
