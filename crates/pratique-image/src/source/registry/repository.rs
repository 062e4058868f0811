//! A repository as a place for documents and blobs of any kind: databases, signatures, charts.

use std::io::Read;
use std::sync::Arc;

use super::error::{Access, RegistryError};
use super::session::Session;
use super::{blob, named, root};
use crate::manifest::{Descriptor, Manifest};
use crate::media_type::{self, ManifestKind};
use crate::{Digest, DigestReader, Error, ImageNote, Limits, OpenOptions, Reference};

/// A repository in a registry, to read from and to push to.
pub struct Repository {
    pub(super) session: Arc<Session>,
    limits: Limits,
    notes: Vec<ImageNote>,
}

/// A manifest as a registry has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its bytes, which its digest names.
    pub bytes: Vec<u8>,
    /// Its digest, computed from the bytes.
    pub digest: Digest,
    /// What the registry says it is; may be empty.
    pub media_type: String,
}

impl Published {
    /// What sort of document it is: as it says itself, or else the registry.
    pub fn kind(&self) -> ManifestKind {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Own {
            media_type: Option<String>,
        }
        let own = serde_json::from_slice(&self.bytes).ok().and_then(|Own { media_type }| media_type);
        media_type::manifest_kind(own.as_deref().unwrap_or(&self.media_type))
    }

    /// The manifest itself.
    ///
    /// # Errors
    /// When the bytes are no image manifest; `image` is what the error calls it.
    pub fn manifest(&self, image: &str) -> Result<Manifest, Error> {
        serde_json::from_slice(&self.bytes).map_err(|source| Error::Json {
            image: image.into(),
            what: "manifest",
            source,
        })
    }
}

impl Repository {
    /// Finds out how the registry of `reference` is spoken to. Does not log in before that is asked for.
    ///
    /// # Errors
    /// [`Error::Offline`], [`Error::Registry`].
    pub fn open(reference: &Reference, access: Access, options: &OpenOptions) -> Result<Self, Error> {
        if options.offline {
            return Err(Error::Offline { image: reference.familiar() });
        }
        let (session, notes) = Session::open(reference, access, options).map_err(Box::new)?;
        Ok(Self { session: Arc::new(session), limits: options.limits, notes })
    }

    /// What it was opened with.
    pub fn reference(&self) -> &Reference {
        &self.session.reference
    }

    /// What was noticed when it was opened.
    pub fn notes(&self) -> &[ImageNote] {
        &self.notes
    }

    /// The manifest that its reference names.
    ///
    /// # Errors
    /// [`Error::Registry`], and [`Error::WrongDigest`] if it is not the one that the reference names.
    pub fn published(&self) -> Result<Published, Error> {
        self.manifest(&named(self.reference()))
    }

    /// The manifest under another tag; `None` if there is none.
    ///
    /// # Errors
    /// As [`Repository::published`].
    pub fn tagged(&self, tag: &str) -> Result<Option<Published>, Error> {
        match self.manifest(tag) {
            Ok(published) => Ok(Some(published)),
            Err(Error::Registry(error)) if error.is_absence() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn manifest(&self, name: &str) -> Result<Published, Error> {
        let document = root(&self.session, name, &self.limits)?;
        Ok(Published { bytes: document.bytes, digest: document.digest, media_type: document.media_type })
    }

    /// A blob: resumed where the line breaks, and checked at its end, so that whoever reads to the end has the right
    /// bytes.
    ///
    /// # Errors
    /// [`Error::Registry`].
    pub fn blob(&self, descriptor: &Descriptor) -> Result<DigestReader<Box<dyn Read + Send>>, Error> {
        let bytes = blob(&self.session, descriptor).map_err(Box::new)?;
        Ok(DigestReader::new(bytes, descriptor.digest, Some(descriptor.size)))
    }

    /// A small blob.
    ///
    /// # Errors
    /// As [`Repository::blob`]; [`Error::Limit`] if it has more than `limit` bytes, [`Error::WrongDigest`].
    pub fn document(
        &self,
        descriptor: &Descriptor,
        what: &'static str,
        limit: u64,
    ) -> Result<Vec<u8>, Error> {
        let mut bytes = blob(&self.session, descriptor).map_err(Box::new)?;
        crate::source::read_document(&self.session.shown(), what, &mut bytes, limit, Some(&descriptor.digest))
    }
}

impl RegistryError {
    /// Whether the registry says that there is no such thing.
    fn is_absence(&self) -> bool {
        matches!(self, Self::NotFound { .. } | Self::NotTaken { status: 404, .. })
    }
}
