//! OCI image layouts: a directory, or the same in a tar archive.
//!
//! OCI image specification, *Image Layout*: `oci-layout`, `index.json`, `blobs/ALGORITHM/HEX`. Which image of several
//! is meant is told by the annotation `org.opencontainers.image.ref.name`, which by the letter is a tag and in
//! practice a tag or a whole name; containerd adds `io.containerd.image.name`.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::attached::{self, Attached};
use super::resolve::{Document, Wanted, resolve};
use super::{Opened, OpenedImage, Source, read_document, unreadable_type};
use crate::layer::tap::Expected;
use crate::manifest::{Descriptor, Index};
use crate::media_type::{self, ManifestKind};
use crate::{Digest, Error, LayerInfo, OpenOptions, Reference};

const REF_NAME: &str = "org.opencontainers.image.ref.name";
const CONTAINERD_NAME: &str = "io.containerd.image.name";

/// A layout's files, wherever they are.
pub(crate) trait Layout: Send + Sync {
    /// Opens a file by its path inside the layout.
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>>;
}

struct Folder(PathBuf);

impl Layout for Folder {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(File::open(self.0.join(path))?))
    }
}

pub(crate) fn open_layout(
    path: &Path,
    image: Option<&str>,
    options: &OpenOptions,
) -> Result<OpenedImage, Error> {
    let name = path.display().to_string();
    if !path.is_dir() {
        return Err(Error::NotAnImage {
            image: name,
            kind: "an OCI image layout",
            reason: "it is not a directory (for a file say oci-archive:)".into(),
        });
    }
    open(&name, image, options, Box::new(Folder(path.into())))
}

/// Opens the image called `wanted` of a layout.
pub(crate) fn open(
    name: &str,
    wanted: Option<&str>,
    options: &OpenOptions,
    layout: Box<dyn Layout>,
) -> Result<OpenedImage, Error> {
    let mut file = layout.open("index.json").map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => Error::NotAnImage {
            image: name.into(),
            kind: "an OCI image layout",
            reason: "it has no index.json".into(),
        },
        _ => Error::Read { image: name.into(), what: "index.json".into(), source },
    })?;
    let limits = options.limits;
    let bytes = read_document(name, "index", &mut file, limits.manifest_bytes, None)?;
    let index: Index = serde_json::from_slice(&bytes).map_err(|source| Error::Json {
        image: name.into(),
        what: "index",
        source,
    })?;
    let root = choose(name, &bytes, &index, wanted)?;
    let blobs = Blobs { layout, name: name.into(), index, manifest_bytes: limits.manifest_bytes };
    let fetch = |descriptor: &Descriptor, wanted: Wanted| {
        let (what, limit) = match wanted {
            Wanted::Manifest => ("manifest", limits.manifest_bytes),
            Wanted::Config => ("configuration", limits.config_bytes),
        };
        let mut blob = blobs.open(&descriptor.digest, what)?;
        read_document(name, what, &mut blob, limit, Some(&descriptor.digest))
    };
    let (document, reference, shown) = match root {
        Root::One(descriptor) => {
            let document = Document {
                bytes: fetch(&descriptor, Wanted::Manifest)?,
                digest: descriptor.digest,
                media_type: descriptor.media_type.clone(),
            };
            let names = names(&descriptor);
            let reference = names.iter().find(|name| name.contains('/')).and_then(|name| name.parse().ok());
            let shown = match wanted {
                Some(wanted) => format!("{name}:{wanted}"),
                None => name.into(),
            };
            (document, reference, shown)
        }
        Root::Platforms => {
            let digest = Digest::sha256(&bytes);
            (
                Document { bytes, digest, media_type: media_type::OCI_INDEX.into() },
                None::<Reference>,
                name.to_owned(),
            )
        }
    };
    let (mut parts, _) = resolve(&shown, document, options, &fetch)?;
    parts.reference = reference;
    if let (true, Some((_, digest))) = (parts.attestations.is_empty(), &parts.manifest) {
        parts.attestations = attached::attestations(&blobs.index, digest);
    }
    Ok((shown, parts, Box::new(blobs)))
}

/// Where to go on in a layout's index.
enum Root {
    One(Box<Descriptor>),
    /// The entries are one image's platforms: the index itself is the image.
    Platforms,
}

fn choose(name: &str, bytes: &[u8], index: &Index, wanted: Option<&str>) -> Result<Root, Error> {
    let images: Vec<&Descriptor> = index
        .manifests
        .iter()
        .filter(|descriptor| {
            let kind = media_type::manifest_kind(&descriptor.media_type);
            !descriptor.is_attestation()
                && !is_artifact(descriptor)
                && matches!(kind, ManifestKind::Image | ManifestKind::Index)
        })
        .collect();
    let candidates = || {
        let shown = |(at, descriptor): (usize, &&Descriptor)| {
            names(descriptor).into_iter().next().unwrap_or_else(|| format!("@{at} ({})", descriptor.digest))
        };
        images.iter().enumerate().map(shown).collect::<Vec<_>>()
    };
    if let Some(wanted) = wanted {
        let hits: Vec<&&Descriptor> = images
            .iter()
            .enumerate()
            .filter(|(at, descriptor)| answers_to(descriptor, *at, wanted))
            .map(|(_, descriptor)| descriptor)
            .collect();
        return match hits[..] {
            [] => Err(Error::NoSuchImage {
                image: name.into(),
                wanted: wanted.into(),
                candidates: candidates(),
            }),
            [only] => Ok(Root::One(Box::new((*only).clone()))),
            [first, ..] if hits.iter().all(|hit| hit.digest == first.digest) => {
                Ok(Root::One(Box::new((*first).clone())))
            }
            _ => Err(Error::SeveralImages { image: name.into(), hint: "@NUMBER", candidates: candidates() }),
        };
    }
    match images[..] {
        [] => {
            // An index of other things (Helm charts, signatures) or of nothing.
            let reason = if bytes.len() > 200 && !index.manifests.is_empty() {
                "its index.json lists no images but things of other types".into()
            } else {
                "its index.json lists no images".into()
            };
            Err(Error::NotAnImage { image: name.into(), kind: "an OCI image layout with images", reason })
        }
        [only] => Ok(Root::One(Box::new(only.clone()))),
        [first, ..] if images.iter().all(|image| image.digest == first.digest) => {
            Ok(Root::One(Box::new(first.clone())))
        }
        // Several platforms of one image, without an index of their own: all have the same name, or none has one.
        [first, ..]
            if images.iter().all(|image| image.platform().is_some() && names(image) == names(first))
                && images.iter().all(|image| {
                    images.iter().filter(|other| other.platform() == image.platform()).count() == 1
                }) =>
        {
            Ok(Root::Platforms)
        }
        _ => Err(Error::SeveralImages { image: name.into(), hint: "PATH:NAME", candidates: candidates() }),
    }
}

/// Whether the entry says of itself that it is no image: an SBOM or a signature that refers to one.
fn is_artifact(descriptor: &Descriptor) -> bool {
    let kind = descriptor.artifact_type.as_deref().unwrap_or_default();
    !matches!(kind, "" | media_type::OCI_CONFIG | media_type::DOCKER_CONFIG)
}

/// What an image in a layout is called.
fn names(descriptor: &Descriptor) -> Vec<String> {
    [CONTAINERD_NAME, REF_NAME]
        .iter()
        .filter_map(|key| descriptor.annotations.get(*key))
        .filter(|name| !name.is_empty())
        .cloned()
        .collect()
}

fn answers_to(descriptor: &Descriptor, at: usize, wanted: &str) -> bool {
    if let Some(number) = wanted.strip_prefix('@')
        && number.parse() == Ok(at)
    {
        return true;
    }
    let wanted_reference = wanted.parse::<Reference>().ok();
    descriptor.digest.to_string() == wanted.trim_start_matches('@')
        || names(descriptor).iter().any(|name| {
            name == wanted
                || (wanted_reference.is_some() && name.parse::<Reference>().ok() == wanted_reference)
                // A tag alone names what ends in it.
                || name.rsplit_once(':').is_some_and(|(_, tag)| tag == wanted && !tag.contains('/'))
        })
}

struct Blobs {
    layout: Box<dyn Layout>,
    name: String,
    index: Index,
    /// Most bytes of a manifest.
    manifest_bytes: u64,
}

impl Blobs {
    fn open(&self, digest: &Digest, what: &str) -> Result<Box<dyn Read + Send>, Error> {
        // The path is made of checked hexadecimal digits: it cannot leave the layout.
        self.layout.open(&format!("blobs/{}/{}", digest.algorithm().as_str(), digest.hex())).map_err(
            |source| Error::Read { image: self.name.clone(), what: format!("the {what} ({digest})"), source },
        )
    }
}

impl Attached for Blobs {
    fn referrers(&self, image: &Digest) -> Result<Vec<Descriptor>, Error> {
        /// Manifests that are opened only to learn their subject.
        const MAX_LOOKUPS: usize = 256;
        #[derive(serde::Deserialize)]
        struct Shape {
            subject: Option<Descriptor>,
        }
        let tag = attached::fallback_tag(image);
        let mut found = Vec::new();
        let others = self.index.manifests.iter().filter(|m| m.digest != *image && !m.is_attestation());
        for descriptor in others.take(MAX_LOOKUPS) {
            // A layout may be a copy of a part: what is not there is not attached to what is.
            let Ok(bytes) = self.manifest(descriptor) else { continue };
            if names(descriptor).iter().any(|name| *name == tag || name.ends_with(&format!(":{tag}"))) {
                let list: Result<Index, _> = serde_json::from_slice(&bytes);
                found.extend(list.into_iter().flat_map(|list| list.manifests));
            } else if let Ok(Shape { subject: Some(subject) }) = serde_json::from_slice(&bytes)
                && subject.digest == *image
            {
                found.push(descriptor.clone());
            }
        }
        Ok(found)
    }

    fn manifest(&self, descriptor: &Descriptor) -> Result<Vec<u8>, Error> {
        let mut blob = self.open(&descriptor.digest, "manifest")?;
        read_document(&self.name, "manifest", &mut blob, self.manifest_bytes, Some(&descriptor.digest))
    }

    fn blob(&self, descriptor: &Descriptor, limit: u64) -> Result<Vec<u8>, Error> {
        let mut blob = self.open(&descriptor.digest, "attachment")?;
        read_document(&self.name, "attachment", &mut blob, limit, Some(&descriptor.digest))
    }
}

impl Source for Blobs {
    fn attached(&self) -> Option<&dyn Attached> {
        Some(self)
    }

    fn open_layer(&self, layer: &LayerInfo) -> Result<Opened, Error> {
        if let Some(reason) = unreadable_type(layer) {
            return Ok(Opened::Absent(reason));
        }
        let Some(digest) = layer.digest else {
            return Err(Error::NoSuchLayer { image: self.name.clone(), index: layer.index });
        };
        match self.open(&digest, "layer") {
            Ok(bytes) => Ok(Opened::Bytes(
                bytes,
                Expected { digest: Some(digest), size: layer.size, diff_id: layer.diff_id },
            )),
            // Layers that may not be distributed are left out of layouts by design.
            Err(Error::Read { source, .. })
                if source.kind() == io::ErrorKind::NotFound
                    && media_type::is_foreign_layer(&layer.media_type) =>
            {
                Ok(Opened::Absent("it may not be distributed, and is not part of the image".into()))
            }
            Err(error) => Err(error),
        }
    }
}
