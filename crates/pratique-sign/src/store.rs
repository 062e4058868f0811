//! Where signatures lie: an image manifest under the tag `sha256-HEX.sig` beside what is signed (cosign,
//! `specs/SIGNATURE_SPEC.md`, *Storage*).
//!
//! Each layer of it is a signed document, with the signature in an annotation. Several parties may sign: whoever comes
//! later adds a layer. The configuration means nothing; cosign writes one that lists the documents as if they were file
//! system layers, and so do we, since registries look at it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use pratique_image::{Descriptor, Digest, Draft, Repository, media_type};
use serde::Serialize;

use crate::{Error, SigningKey, VerifyingKey, payload};

/// The annotation that holds the signature in base64.
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
/// The largest document that is read.
const MAX_DOCUMENT: u64 = 1 << 20;
/// Most signatures of one manifest that are looked at, or kept.
const MAX_SIGNATURES: usize = 64;
/// The longest signature in base64: P-256 has 72 bytes in DER at most.
const MAX_SIGNATURE: usize = 1024;

/// The tag under which the signatures of a manifest lie.
pub fn tag(digest: &Digest) -> String {
    format!("{}-{}.sig", digest.algorithm().as_str(), digest.hex())
}

/// Signs a manifest that lies in `repository`, beside whoever else has signed it.
///
/// # Errors
/// [`Error::Image`].
pub fn sign(repository: &Repository, digest: &Digest, key: &SigningKey) -> Result<Digest, Error> {
    let document = payload::of(repository.reference(), digest)?;
    let mut layer = Descriptor::of(payload::MEDIA_TYPE, &document);
    layer.annotations.insert(SIGNATURE.into(), BASE64_STANDARD.encode(key.sign(&document)));

    let tag = tag(digest);
    let mut layers = match repository.tagged(&tag)? {
        Some(published) => published.manifest(&repository.reference().familiar())?.layers,
        None => Vec::new(),
    };
    layers.retain(|known| *known != layer);
    layers.truncate(MAX_SIGNATURES - 1);
    repository.push_blob(&layer, &document.into(), &mut |_| ())?;
    layers.push(layer);

    let config = serde_json::to_vec(&Config::of(&layers))?;
    let descriptor = Descriptor::of(media_type::OCI_CONFIG, &config);
    repository.push_blob(&descriptor, &config.into(), &mut |_| ())?;
    let manifest = Draft::new(None, descriptor, layers).to_bytes()?;
    Ok(repository.push_manifest(Some(&tag), media_type::OCI_MANIFEST, manifest)?)
}

/// Whether a manifest of `repository` is signed with the private half of `key`.
///
/// # Errors
/// [`Error::Unsigned`], [`Error::NotAccepted`], [`Error::Image`].
pub fn verify(repository: &Repository, digest: &Digest, key: &VerifyingKey) -> Result<(), Error> {
    let image = repository.reference().familiar();
    let tag = tag(digest);
    let Some(published) = repository.tagged(&tag)? else {
        return Err(Error::Unsigned { image, digest: (*digest).into(), tag });
    };
    let manifest = published.manifest(&image)?;
    let mut reasons = Vec::new();
    for layer in manifest.layers.iter().take(MAX_SIGNATURES) {
        match verify_one(repository, layer, digest, key)? {
            Ok(()) => return Ok(()),
            Err(reason) if reasons.contains(&reason) => {}
            Err(reason) => reasons.push(reason),
        }
    }
    if reasons.is_empty() {
        return Err(Error::Unsigned { image, digest: (*digest).into(), tag });
    }
    Err(Error::NotAccepted { image, digest: (*digest).into(), reasons })
}

/// One signature: right, or why not.
fn verify_one(
    repository: &Repository,
    layer: &Descriptor,
    digest: &Digest,
    key: &VerifyingKey,
) -> Result<Result<(), String>, Error> {
    let Some(signature) = layer.annotations.get(SIGNATURE).filter(|text| text.len() <= MAX_SIGNATURE) else {
        return Ok(Err("a layer beside it has no signature".into()));
    };
    let Ok(signature) = BASE64_STANDARD.decode(signature.trim()) else {
        return Ok(Err("a signature is not base64".into()));
    };
    let document = repository.document(layer, "signed document", MAX_DOCUMENT)?;
    // First the signature: what it does not cover is a stranger's.
    if !key.accepts(&document, &signature) {
        return Ok(Err("a signature does not fit the key".into()));
    }
    Ok(payload::check(&document, digest))
}

/// The configuration that cosign writes: an image of no platform.
#[derive(Serialize)]
struct Config<'a> {
    architecture: &'static str,
    created: &'static str,
    history: Vec<History>,
    os: &'static str,
    rootfs: RootFs<'a>,
    config: Empty,
}

#[derive(Serialize)]
struct History {
    created: &'static str,
}

#[derive(Serialize)]
struct RootFs<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    diff_ids: Vec<&'a Digest>,
}

#[derive(Serialize)]
struct Empty {}

/// Go's zero time: the clock is kept out of it.
const NEVER: &str = "0001-01-01T00:00:00Z";

impl Config<'_> {
    fn of(layers: &[Descriptor]) -> Config<'_> {
        Config {
            architecture: "",
            created: NEVER,
            history: layers.iter().map(|_| History { created: NEVER }).collect(),
            os: "",
            rootfs: RootFs { kind: "layers", diff_ids: layers.iter().map(|layer| &layer.digest).collect() },
            config: Empty {},
        }
    }
}
