//! From an index to the one image that is wanted.

use crate::manifest::{Descriptor, Index, Manifest};
use crate::media_type::{self, ManifestKind};
use crate::source::{Parts, attached, parse_config};
use crate::{Digest, Error, ImageNote, OpenOptions, Platform};

/// Most descriptors that are looked at in all nested indexes together.
const MAX_DESCRIPTORS: usize = 10_000;

/// Most indexes inside indexes that are opened: an index may name thousands, which may name thousands.
const MAX_INDEXES: usize = 64;

/// Most manifests that are opened only to learn their platform.
const MAX_LOOKUPS: usize = 64;

/// A document that is a manifest or an index.
pub(crate) struct Document {
    pub(crate) bytes: Vec<u8>,
    pub(crate) digest: Digest,
    /// What it was said to be; may be empty.
    pub(crate) media_type: String,
}

/// What kinds of documents are fetched by descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Manifest,
    Config,
}

/// Fetches a document by its descriptor, bounded and with its digest checked.
pub(crate) type Fetch<'a> = dyn Fn(&Descriptor, Wanted) -> Result<Vec<u8>, Error> + 'a;

/// A manifest, or an index, by what it says it is.
enum Parsed {
    Manifest(Box<Manifest>),
    Index(Index),
}

/// An image that an index lists.
struct Candidate {
    descriptor: Descriptor,
    platform: Option<Platform>,
}

/// Finds the image for the wanted platform, starting at `root`.
pub(crate) fn resolve(
    image: &str,
    root: Document,
    options: &OpenOptions,
    fetch: &Fetch<'_>,
) -> Result<(Parts, Manifest), Error> {
    let resolver = Resolver { image, options, fetch };
    let index = match resolver.parse(&root.bytes, &root.media_type)? {
        Parsed::Manifest(manifest) => return resolver.single((root.bytes, root.digest), *manifest),
        Parsed::Index(index) => index,
    };
    let mut found = Found::default();
    resolver.collect(&index, &mut vec![root.digest], &mut found)?;
    let (chosen, note) = resolver.choose(found.candidates)?;
    let bytes = fetch(&chosen.descriptor, Wanted::Manifest)?;
    match resolver.parse(&bytes, &chosen.descriptor.media_type)? {
        Parsed::Manifest(manifest) => {
            let (mut parts, manifest) = resolver.assemble((bytes, chosen.descriptor.digest), *manifest)?;
            // The index decided; a configuration that says nothing (or lies) does not change what was chosen.
            parts.platform = parts.platform.or(chosen.platform);
            parts.notes.extend(note);
            parts.attestations = attached::attestations(&index, &chosen.descriptor.digest);
            Ok((parts, manifest))
        }
        Parsed::Index(_) => Err(resolver.unsupported("an index that its parent calls a manifest", "")),
    }
}

/// What a walk through indexes has found so far.
#[derive(Default)]
struct Found {
    candidates: Vec<Candidate>,
    indexes: usize,
}

struct Resolver<'a> {
    image: &'a str,
    options: &'a OpenOptions,
    fetch: &'a Fetch<'a>,
}

impl Resolver<'_> {
    fn unsupported(&self, media_type: &str, hint: &'static str) -> Error {
        Error::UnsupportedManifest { image: self.image.into(), media_type: media_type.into(), hint }
    }

    /// Tells manifests from indexes by the document's own type, else by the given one, else by its shape.
    fn parse(&self, bytes: &[u8], given: &str) -> Result<Parsed, Error> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Shape {
            media_type: Option<String>,
            schema_version: Option<i64>,
            manifests: Option<serde::de::IgnoredAny>,
            config: Option<serde::de::IgnoredAny>,
        }
        let json = |source| Error::Json { image: self.image.into(), what: "manifest", source };
        let shape: Shape = serde_json::from_slice(bytes).map_err(json)?;
        let own = shape.media_type.as_deref().unwrap_or_default();
        let mut kind = media_type::manifest_kind(if own.is_empty() { given } else { own });
        if shape.schema_version == Some(1) {
            kind = ManifestKind::Schema1;
        }
        // OCI image specification, *Image Manifest*: a document that has both lists is not to be trusted.
        if shape.manifests.is_some() && shape.config.is_some() {
            return Err(self.unsupported("a document that is both manifest and index", ""));
        }
        if kind == ManifestKind::Other && own.is_empty() {
            kind = match (&shape.manifests, &shape.config) {
                (Some(_), _) => ManifestKind::Index,
                (_, Some(_)) => ManifestKind::Image,
                _ => ManifestKind::Other,
            };
        }
        match kind {
            ManifestKind::Image => Ok(Parsed::Manifest(serde_json::from_slice(bytes).map_err(json)?)),
            ManifestKind::Index => Ok(Parsed::Index(serde_json::from_slice(bytes).map_err(json)?)),
            ManifestKind::Schema1 => Err(self.unsupported(
                media_type::DOCKER_SCHEMA1,
                ": Docker's schema 1 of before 2016. Pull and push the image again with a current client",
            )),
            ManifestKind::Other => Err(self.unsupported(if own.is_empty() { given } else { own }, "")),
        }
    }

    /// All images of an index, with those of the indexes inside it.
    fn collect(&self, index: &Index, path: &mut Vec<Digest>, found: &mut Found) -> Result<(), Error> {
        let limits = &self.options.limits;
        let limit = |what: &str, limit: usize| Error::Limit {
            image: self.image.into(),
            what: what.into(),
            limit: limit as u64,
        };
        if path.len() > limits.index_depth {
            return Err(limit("the nesting of indexes", limits.index_depth));
        }
        for descriptor in &index.manifests {
            if found.candidates.len() >= MAX_DESCRIPTORS {
                return Err(limit("the number of manifests", MAX_DESCRIPTORS));
            }
            if descriptor.is_attestation() {
                continue;
            }
            match media_type::manifest_kind(&descriptor.media_type) {
                ManifestKind::Index => {
                    if path.contains(&descriptor.digest) {
                        return Err(Error::CyclicIndex {
                            image: self.image.into(),
                            digest: descriptor.digest.into(),
                        });
                    }
                    found.indexes += 1;
                    if found.indexes > MAX_INDEXES {
                        return Err(limit("the number of indexes in indexes", MAX_INDEXES));
                    }
                    let bytes = (self.fetch)(descriptor, Wanted::Manifest)?;
                    if let Parsed::Index(inner) = self.parse(&bytes, &descriptor.media_type)? {
                        path.push(descriptor.digest);
                        self.collect(&inner, path, found)?;
                        path.pop();
                    }
                }
                ManifestKind::Image => {
                    let platform = descriptor.platform();
                    // Stated, but `unknown`: an attestation without the annotation.
                    if platform.is_none()
                        && descriptor.platform.as_ref().is_some_and(|raw| raw.os == "unknown")
                    {
                        continue;
                    }
                    found.candidates.push(Candidate { descriptor: descriptor.clone(), platform });
                }
                ManifestKind::Schema1 | ManifestKind::Other => {}
            }
        }
        Ok(())
    }

    /// The candidate for the wanted platform; for this machine's or else the only one when none is wanted.
    fn choose(&self, mut candidates: Vec<Candidate>) -> Result<(Candidate, Option<ImageNote>), Error> {
        if candidates.len() == 1
            && self.options.platform.is_none()
            && let Some(only) = candidates.pop()
        {
            let foreign = only.platform.clone().filter(|platform| Platform::host().suits(platform).is_none());
            return Ok((only, foreign.map(ImageNote::OtherPlatform)));
        }
        let wanted = self.options.platform.clone().unwrap_or_else(Platform::host);
        for candidate in
            candidates.iter_mut().filter(|candidate| candidate.platform.is_none()).take(MAX_LOOKUPS)
        {
            candidate.platform = self.look_up_platform(&candidate.descriptor)?;
        }
        let best = candidates
            .iter()
            .enumerate()
            .filter_map(|(at, candidate)| Some((wanted.suits(candidate.platform.as_ref()?)?, at)))
            .min();
        match best {
            Some((_, at)) => Ok((candidates.swap_remove(at), None)),
            None => Err(Error::NoSuchPlatform {
                image: self.image.into(),
                wanted: wanted.into(),
                available: candidates.into_iter().filter_map(|candidate| candidate.platform).collect(),
            }),
        }
    }

    fn look_up_platform(&self, descriptor: &Descriptor) -> Result<Option<Platform>, Error> {
        let bytes = (self.fetch)(descriptor, Wanted::Manifest)?;
        let Parsed::Manifest(manifest) = self.parse(&bytes, &descriptor.media_type)? else { return Ok(None) };
        if !is_image(&manifest) {
            return Ok(None);
        }
        let config = (self.fetch)(&manifest.config, Wanted::Config)?;
        Ok(parse_config(self.image, &config)?.raw_platform().normal())
    }

    /// An image that is not in an index: it is right, or nothing is.
    fn single(&self, bytes: (Vec<u8>, Digest), manifest: Manifest) -> Result<(Parts, Manifest), Error> {
        let (mut parts, manifest) = self.assemble(bytes, manifest)?;
        if let Some(platform) = &parts.platform {
            match &self.options.platform {
                Some(wanted) if wanted.suits(platform).is_none() => {
                    return Err(Error::NoSuchPlatform {
                        image: self.image.into(),
                        wanted: wanted.clone().into(),
                        available: vec![platform.clone()],
                    });
                }
                None if Platform::host().suits(platform).is_none() => {
                    parts.notes.push(ImageNote::OtherPlatform(platform.clone()));
                }
                _ => {}
            }
        }
        Ok((parts, manifest))
    }

    fn assemble(&self, bytes: (Vec<u8>, Digest), manifest: Manifest) -> Result<(Parts, Manifest), Error> {
        if !is_image(&manifest) {
            let kind = manifest.artifact_type.as_deref().unwrap_or(&manifest.config.media_type);
            return Err(
                self.unsupported(kind, ": it is an artifact of another kind, which has no file system")
            );
        }
        let config = (self.fetch)(&manifest.config, Wanted::Config)?;
        let parts = Parts::new(self.image, &manifest, bytes, config, &self.options.limits)?;
        Ok((parts, manifest))
    }
}

/// Whether a manifest has the configuration of an image, or at least one layer with files.
fn is_image(manifest: &Manifest) -> bool {
    let config = manifest.config.media_type.as_str();
    matches!(config, "" | media_type::OCI_CONFIG | media_type::DOCKER_CONFIG)
        || manifest.layers.iter().any(|layer| media_type::is_layer(&layer.media_type))
}
