//! What can go wrong with an image, and with one layer of it.

use std::io;
use std::path::PathBuf;

use crate::digest::{BadDigest, Digest};
use crate::reference::BadReference;
use crate::tar::TarError;
use crate::{BadPlatform, Platform};

/// Why a layer could not be read to its end. Messages leave out their causes: print the chain of sources.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// The bytes could not be had: disk or network.
    #[error("the layer could not be read")]
    Io(#[source] io::Error),
    /// The compressed stream ends before its end.
    #[error("the layer's {format} stream is cut off")]
    Truncated {
        /// gzip or zstd.
        format: &'static str,
    },
    /// The compressed stream is damaged.
    #[error("the layer's {format} stream is damaged")]
    Decompress {
        /// gzip or zstd.
        format: &'static str,
        /// What the decompressor said.
        source: io::Error,
    },
    /// A compression that container runtimes do not unpack either.
    #[error("the layer is compressed with {0}, which is not supported (gzip and zstd are)")]
    UnsupportedCompression(&'static str),
    /// The tar archive is damaged.
    #[error("{problem} (at byte {offset} of the expanded layer)")]
    Tar {
        /// Where reading stopped.
        offset: u64,
        /// What is wrong.
        problem: TarError,
    },
    /// A whiteout that would remove the directory that holds it, or lie outside of it.
    #[error("the layer has a whiteout {0:?} that names no file")]
    BadWhiteout(String),
    /// The layer expands suspiciously.
    #[error(
        "the layer expands to more than {expanded} bytes from {compressed} compressed ones: this looks like a \
         decompression bomb (limit {ratio}:1 after the first {grace} bytes)"
    )]
    Bomb {
        /// Bytes expanded so far.
        expanded: u64,
        /// Bytes read so far.
        compressed: u64,
        /// Allowed ratio.
        ratio: u64,
        /// Bytes for which the ratio does not count.
        grace: u64,
    },
    /// The layer expands to more than is allowed.
    #[error("the layer expands to more than the allowed {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// The bytes are not what their digest says.
    #[error(
        "the layer's digest is {actual}, but {expected} was promised: the bytes are damaged or were tampered with"
    )]
    WrongDigest {
        /// What was promised.
        expected: Box<Digest>,
        /// What came.
        actual: Box<Digest>,
    },
    /// More or fewer bytes than promised.
    #[error("the layer has {actual} bytes, but {expected} were promised")]
    WrongSize {
        /// What was promised.
        expected: u64,
        /// What came, or what had come when there was one too many.
        actual: u64,
    },
}

impl From<io::Error> for LayerError {
    /// Takes out the layer error that travelled inside an I/O error, if there is one.
    fn from(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(inner) => inner,
            Err(error) => Self::Io(error),
        }
    }
}

impl From<LayerError> for io::Error {
    fn from(error: LayerError) -> Self {
        let kind = match &error {
            LayerError::Io(inner) => inner.kind(),
            LayerError::Truncated { .. } => io::ErrorKind::UnexpectedEof,
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}

/// Why an image could not be opened. Messages leave out their causes: print the chain of sources.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What the user typed is no image.
    #[error(transparent)]
    Target(#[from] crate::target::BadTarget),
    /// Not a reference.
    #[error(transparent)]
    Reference(#[from] BadReference),
    /// Not a digest.
    #[error(transparent)]
    Digest(#[from] BadDigest),
    /// Not a platform.
    #[error(transparent)]
    Platform(#[from] BadPlatform),
    /// A file could not be read.
    #[error("cannot read {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Bytes of the image could not be read.
    #[error("cannot read {what} of {image}")]
    Read {
        /// The image.
        image: String,
        /// Manifest, configuration, …
        what: String,
        /// Why.
        source: io::Error,
    },
    /// A JSON document is not what it should be.
    #[error("the {what} of {image} is not valid")]
    Json {
        /// The image.
        image: String,
        /// Which document.
        what: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// A document's bytes are not what their digest says.
    #[error(
        "the {what} of {image} has digest {actual}, but {expected} was asked for: it is damaged or was tampered with"
    )]
    WrongDigest {
        /// The image.
        image: String,
        /// Which document.
        what: &'static str,
        /// What was promised.
        expected: Box<Digest>,
        /// What came.
        actual: Box<Digest>,
    },
    /// Something is larger, deeper or more than is allowed.
    #[error("{image}: {what} exceeds the limit of {limit}")]
    Limit {
        /// The image.
        image: String,
        /// What is too much.
        what: String,
        /// The limit.
        limit: u64,
    },
    /// A file or directory is not an image of the kind that it was said to be.
    #[error("{image} is not {kind}: {reason}")]
    NotAnImage {
        /// The image.
        image: String,
        /// What it was taken for.
        kind: &'static str,
        /// What is missing.
        reason: String,
    },
    /// Several images, and nothing says which.
    #[error("{image} holds {} images; say which one with {hint}. There are: {}", candidates.len(), candidates.join(", "))]
    SeveralImages {
        /// The archive.
        image: String,
        /// How to say it.
        hint: &'static str,
        /// What there is.
        candidates: Vec<String>,
    },
    /// No image of that name in an archive or layout.
    #[error("{image} holds no image {wanted:?}. There are: {}", candidates.join(", "))]
    NoSuchImage {
        /// The archive.
        image: String,
        /// What was asked for.
        wanted: String,
        /// What there is.
        candidates: Vec<String>,
    },
    /// The image does not exist for the platform.
    #[error("{image} has no variant for {wanted}; it has {}. Choose one with --platform", list(available))]
    NoSuchPlatform {
        /// The image.
        image: String,
        /// What was asked for.
        wanted: Box<Platform>,
        /// What there is.
        available: Vec<Platform>,
    },
    /// A manifest of a type that is not an image.
    #[error("{image} is not a container image: its manifest has the type {media_type:?}{hint}")]
    UnsupportedManifest {
        /// The image.
        image: String,
        /// The type.
        media_type: String,
        /// What to do, with a separator in front; may be empty.
        hint: &'static str,
    },
    /// An index that contains itself.
    #[error("the image index of {image} contains itself ({digest})")]
    CyclicIndex {
        /// The image.
        image: String,
        /// The index met twice.
        digest: Box<Digest>,
    },
    /// Manifest and configuration do not belong together.
    #[error("{image}: the manifest has {layers} layers, but the configuration has {diff_ids} diff ids")]
    LayerCount {
        /// The image.
        image: String,
        /// In the manifest.
        layers: usize,
        /// In the configuration.
        diff_ids: usize,
    },
    /// There is no layer of that number.
    #[error("{image} has no layer {index}")]
    NoSuchLayer {
        /// The image.
        image: String,
        /// What was asked for.
        index: usize,
    },
    /// The network may not be used.
    #[error(
        "{image} would have to be fetched from a registry, but --offline was given; save it to an archive first"
    )]
    Offline {
        /// The image.
        image: String,
    },
    /// The image would have to come from a registry, and this build cannot speak to any.
    #[cfg(not(feature = "registry"))]
    #[error(
        "{image} would have to be fetched from a registry, and this build cannot; save it to an archive first"
    )]
    NoRegistries {
        /// The image.
        image: String,
    },
    /// A registry said no, or nothing.
    #[cfg(feature = "registry")]
    #[error(transparent)]
    Registry(#[from] Box<crate::RegistryError>),
    /// A layer's first bytes could not be read.
    #[error("cannot read layer {index} of {image}")]
    Layer {
        /// The image.
        image: String,
        /// Which layer.
        index: usize,
        /// Why.
        source: LayerError,
    },
}

/// An error with all its causes, for where only text is kept.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

fn list(platforms: &[Platform]) -> String {
    let mut names: Vec<String> = platforms.iter().map(ToString::to_string).collect();
    names.dedup();
    if names.is_empty() { "none".into() } else { names.join(", ") }
}
