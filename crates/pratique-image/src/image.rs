//! An opened image: its configuration is read and checked, its layers are ready to be.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::layer::note::LayerNote;
use crate::layer::{Absent, TarLayer};
use crate::source::attached::{self, Attachment};
use crate::source::{self, Opened, Parts, Source};
use crate::{Digest, Entries, Error, HistoryEntry, ImageConfig, Limits, Platform, Reference, Target};

/// How to open an image. The default asks for this machine's platform and trusts nobody in particular.
#[derive(Clone, Default)]
pub struct OpenOptions {
    /// Which of an image's platforms; without it this machine's, or else the only one.
    pub platform: Option<Platform>,
    /// Speak plain HTTP with the registry. Loopback registries are tried with TLS first and without it second.
    pub plain_http: bool,
    /// Accept any TLS certificate of the registry.
    pub insecure: bool,
    /// Certificates (PEM) to trust besides the platform's.
    pub ca_files: Vec<PathBuf>,
    /// Credentials that override all configuration.
    pub credentials: Option<Credentials>,
    /// Where Docker's `config.json` lies, if not where `DOCKER_CONFIG` or the home directory say.
    pub docker_config: Option<PathBuf>,
    /// Never use the network.
    pub offline: bool,
    /// Bounds on hostile images.
    pub limits: Limits,
    /// Where archives go that cannot be read in place.
    pub temp: TempPolicy,
    /// Who hears how layers are getting on.
    pub progress: Option<Arc<dyn Progress>>,
}

impl fmt::Debug for OpenOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Everything but what is secret or cannot be shown.
        f.debug_struct("OpenOptions")
            .field("platform", &self.platform)
            .field("plain_http", &self.plain_http)
            .field("insecure", &self.insecure)
            .field("ca_files", &self.ca_files)
            .field("credentials", &self.credentials.is_some())
            .field("offline", &self.offline)
            .finish_non_exhaustive()
    }
}

/// Credentials for a registry.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// User and password.
    Basic {
        /// The user.
        username: String,
        /// The password.
        password: String,
    },
    /// A bearer token that the registry takes as it is.
    Token(String),
    /// An OAuth 2 refresh token, which the registry's token service turns into bearer tokens.
    Identity(String),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic { .. } => "Basic(…)",
            Self::Token(_) => "Token(…)",
            Self::Identity(_) => "Identity(…)",
        })
    }
}

/// Where archives go that come compressed or on standard input: they have to be read in any order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TempPolicy {
    /// An unlinked file in the system's directory for temporary files (`TMPDIR`).
    #[default]
    System,
    /// An unlinked file in this directory.
    In(PathBuf),
    /// Nowhere: such archives are refused.
    Refuse,
}

/// Hears how reading layers is getting on. Called from whichever threads read layers.
pub trait Progress: Send + Sync {
    /// A layer was opened.
    fn layer_started(&self, index: usize, total: Option<u64>);
    /// So many more bytes of it were read, as they are stored.
    fn layer_bytes(&self, index: usize, bytes: u64);
    /// It was read to its end, and was right; not called for a layer that failed.
    fn layer_done(&self, index: usize);
}

/// What is known of a layer before it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerInfo {
    /// Its number, lowest first.
    pub index: usize,
    /// The digest that names its bytes and that these are checked against: of the stored blob for OCI images and
    /// registries, of the expanded archive for docker archives, none for a directory.
    pub digest: Option<Digest>,
    /// The digest of the expanded archive, as the configuration states it.
    pub diff_id: Option<Digest>,
    /// Its media type; empty where the source knows none.
    pub media_type: String,
    /// Its size as it is stored, if known.
    pub size: Option<u64>,
    /// The build step that made it.
    pub history: Option<HistoryEntry>,
}

/// An image whose configuration is read and whose layers can be.
pub struct Image {
    parts: Parts,
    name: String,
    source: Box<dyn Source>,
    limits: Limits,
    progress: Option<Arc<dyn Progress>>,
}

impl Image {
    /// Opens what `target` names: reads manifest and configuration, but no layer.
    ///
    /// # Errors
    /// [`Error`] says what could not be had and why.
    pub fn open(target: &Target, options: &OpenOptions) -> Result<Self, Error> {
        let (name, parts, source) = source::open(target, options)?;
        Ok(Self { parts, name, source, limits: options.limits, progress: options.progress.clone() })
    }

    /// What people call it: the reference, or the path and the name in the archive.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its reference, if it came from a registry or an archive that states one.
    pub fn reference(&self) -> Option<&Reference> {
        self.parts.reference.as_ref()
    }

    /// Digest of its manifest; `None` for docker archives and directories, which have none.
    pub fn manifest_digest(&self) -> Option<&Digest> {
        self.parts.manifest.as_ref().map(|(_, digest)| digest)
    }

    /// The manifest's bytes.
    pub fn manifest_bytes(&self) -> Option<&[u8]> {
        self.parts.manifest.as_ref().map(|(bytes, _)| &bytes[..])
    }

    /// Digest of its configuration, which is what docker calls the image id; `None` for a directory.
    pub fn config_digest(&self) -> Option<&Digest> {
        self.parts.config_bytes.as_ref().map(|(_, digest)| digest)
    }

    /// The configuration's bytes.
    pub fn config_bytes(&self) -> Option<&[u8]> {
        self.parts.config_bytes.as_ref().map(|(bytes, _)| &bytes[..])
    }

    /// Its configuration.
    pub fn config(&self) -> &ImageConfig {
        &self.parts.config
    }

    /// The platform it is for, where it says so.
    pub fn platform(&self) -> Option<&Platform> {
        self.parts.platform.as_ref()
    }

    /// Its layers, lowest first.
    pub fn layers(&self) -> &[LayerInfo] {
        &self.parts.layers
    }

    /// The documents that are attached to it, in a registry or an OCI layout: SBOMs, attestations, signatures.
    ///
    /// # Errors
    /// [`Error`] when what lists them cannot be had or read.
    pub fn attachments(&self) -> Result<Vec<Attachment>, Error> {
        match (self.source.attached(), self.manifest_digest()) {
            (Some(source), Some(digest)) => {
                attached::documents(&self.name, source, digest, &self.parts.attestations)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// The bytes of an attached document, which may be `limit` at most.
    ///
    /// # Errors
    /// [`Error`] when they cannot be had, are too many or have another digest.
    pub fn read_attachment(&self, attachment: &Attachment, limit: u64) -> Result<Vec<u8>, Error> {
        match self.source.attached() {
            Some(source) => source.blob(&attachment.document, limit),
            None => Ok(Vec::new()),
        }
    }

    /// What came up while it was opened.
    pub fn notes(&self) -> &[ImageNote] {
        &self.parts.notes
    }

    /// Opens a layer for reading. May be called from several threads, and more than once for the same layer.
    ///
    /// A layer that cannot be had at all by design (a foreign layer without reachable bytes, an encrypted one) is
    /// empty and has a [`LayerNote::Absent`] among its notes.
    ///
    /// # Errors
    /// [`Error`] when the layer's bytes cannot be had, or its first ones are not those of a layer.
    pub fn open_layer(&self, index: usize) -> Result<Box<dyn Entries + Send>, Error> {
        let layer = self
            .parts
            .layers
            .get(index)
            .ok_or_else(|| Error::NoSuchLayer { image: self.name.clone(), index })?;
        let progress = self.progress.clone().map(|progress| (progress, index));
        if let Some((progress, _)) = &progress {
            progress.layer_started(index, layer.size);
        }
        match self.source.open_layer(layer)? {
            Opened::Bytes(bytes, expected) => {
                let layer = TarLayer::open(bytes, expected, &self.limits, progress)
                    .map_err(|source| Error::Layer { image: self.name.clone(), index, source })?;
                Ok(Box::new(layer))
            }
            Opened::Entries(entries) => Ok(entries),
            Opened::Absent(reason) => {
                // There is nothing to wait for.
                if let Some(progress) = &self.progress {
                    progress.layer_done(index);
                }
                Ok(Box::new(Absent::because(reason)))
            }
        }
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Image")
            .field("name", &self.name)
            .field("layers", &self.parts.layers)
            .finish_non_exhaustive()
    }
}

/// What came up while an image was opened that did not stop it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImageNote {
    /// The archive was copied to a temporary file.
    #[error("the archive was expanded to a temporary file of {bytes} bytes, because it {why}")]
    Spooled {
        /// Its size.
        bytes: u64,
        /// Why that was needed.
        why: &'static str,
    },
    /// The registry was spoken to without TLS, though nobody asked for that.
    #[error("{host} was spoken to without TLS, as is usual for a registry on this machine")]
    PlainHttp {
        /// The registry.
        host: String,
    },
    /// The image has no variant for this machine, and its only one was taken.
    #[error("the image has no variant for this machine; its only one, {0}, was read")]
    OtherPlatform(Platform),
    /// Something said about a layer before it was opened.
    #[error("layer {index}: {note}")]
    Layer {
        /// Which layer.
        index: usize,
        /// What.
        note: LayerNote,
    },
    /// Credentials were configured but could not be had.
    #[error("no credentials for {host} could be had from {from}: {reason}; going on without")]
    Credentials {
        /// The registry.
        host: String,
        /// Which file or helper.
        from: String,
        /// Why.
        reason: String,
    },
}
