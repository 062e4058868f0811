//! What is attached to an image: SBOMs, attestations, signatures.
//!
//! Two ways are in use. A *referrer* is a manifest that names the image as its `subject` (OCI distribution
//! specification 1.1, *Listing Referrers*; registries without that list them in an index tagged `ALGORITHM-HEX`).
//! BuildKit puts an *attestation manifest* beside the image into its index, and names the image in an annotation. Either
//! is an image manifest whose layers are the documents.

use crate::manifest::{Descriptor, Index, Manifest};
use crate::{Digest, Error};

/// Most manifests of one image that are looked at.
const MAX_MANIFESTS: usize = 64;
/// Most documents of one manifest.
const MAX_DOCUMENTS: usize = 64;
/// Where BuildKit names the image that an attestation is about.
const ABOUT: &str = "vnd.docker.reference.digest";
/// Where BuildKit says what an attestation states.
const PREDICATE: &str = "in-toto.io/predicate-type";

/// A document that is attached to an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its media type: `application/spdx+json`, `application/vnd.in-toto+json`, …
    pub media_type: String,
    /// The type of the manifest that holds it, where that says more.
    pub artifact_type: Option<String>,
    /// What it states, where it is an in-toto statement that says so: `https://spdx.dev/Document`.
    pub predicate_type: Option<String>,
    /// The manifest that holds it.
    pub manifest: Digest,
    pub(crate) document: Descriptor,
}

/// A source that can be asked for what is attached.
pub(crate) trait Attached {
    /// Manifests that name `image` as their subject.
    fn referrers(&self, image: &Digest) -> Result<Vec<Descriptor>, Error>;
    /// A manifest's bytes, checked.
    fn manifest(&self, descriptor: &Descriptor) -> Result<Vec<u8>, Error>;
    /// A blob's bytes, checked; an error if it has more than `limit`.
    fn blob(&self, descriptor: &Descriptor, limit: u64) -> Result<Vec<u8>, Error>;
}

/// BuildKit's attestations about `image` in the index beside it.
pub(crate) fn attestations(index: &Index, image: &Digest) -> Vec<Descriptor> {
    let about = image.to_string();
    let manifests = index.manifests.iter();
    manifests.filter(|m| m.is_attestation() && m.annotations.get(ABOUT) == Some(&about)).cloned().collect()
}

/// All documents attached to `image`, `beside` being those manifests that its index lists.
pub(crate) fn documents(
    name: &str,
    source: &dyn Attached,
    image: &Digest,
    beside: &[Descriptor],
) -> Result<Vec<Attachment>, Error> {
    let mut found = Vec::new();
    let referrers = source.referrers(image)?;
    for descriptor in beside.iter().chain(&referrers).take(MAX_MANIFESTS) {
        let bytes = source.manifest(descriptor)?;
        let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|source| Error::Json {
            image: name.into(),
            what: "manifest of an attachment",
            source,
        })?;
        let artifact_type = manifest.artifact_type.or_else(|| descriptor.artifact_type.clone());
        found.extend(manifest.layers.into_iter().take(MAX_DOCUMENTS).map(|document| Attachment {
            media_type: document.media_type.clone(),
            artifact_type: artifact_type.clone(),
            predicate_type: document.annotations.get(PREDICATE).cloned(),
            manifest: descriptor.digest,
            document,
        }));
    }
    Ok(found)
}

/// The tag under which registries without a referrers API list them.
pub(crate) fn fallback_tag(image: &Digest) -> String {
    format!("{}-{}", image.algorithm().as_str(), image.hex())
}
