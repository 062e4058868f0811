//! Where images come from. Each kind of source is one file; all give the same [`Parts`] and open layers.

mod archive;
pub(crate) mod attached;
mod directory;
mod docker;
mod oci;
#[cfg(feature = "registry")]
pub(crate) mod registry;
mod resolve;

use std::io::Read;

use crate::layer::tap::Expected;
use crate::manifest::{Descriptor, Manifest};
use crate::{
    Digest, Entries, Error, ImageConfig, ImageNote, LayerInfo, Limits, OpenOptions, Platform, Reference,
    Target, media_type,
};

/// All that is known of an image before a layer is read.
#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) reference: Option<Reference>,
    pub(crate) manifest: Option<(Vec<u8>, Digest)>,
    pub(crate) config_bytes: Option<(Vec<u8>, Digest)>,
    pub(crate) config: ImageConfig,
    pub(crate) platform: Option<Platform>,
    pub(crate) layers: Vec<LayerInfo>,
    pub(crate) notes: Vec<ImageNote>,
    /// Attestations that stand beside the image in its index.
    pub(crate) attestations: Vec<Descriptor>,
}

/// Gives out the bytes of layers.
pub(crate) trait Source: Send + Sync {
    fn open_layer(&self, layer: &LayerInfo) -> Result<Opened, Error>;

    /// Where to ask for what is attached, if the source knows such a thing.
    fn attached(&self) -> Option<&dyn attached::Attached> {
        None
    }
}

/// A layer about to be read.
pub(crate) enum Opened {
    /// A tar archive, maybe compressed.
    Bytes(Box<dyn Read + Send>, Expected),
    /// Entries that were never in an archive.
    Entries(Box<dyn Entries + Send>),
    /// Nothing, for a reason.
    Absent(String),
}

/// What every source gives: the name to show, what is known, and the layers.
pub(crate) type OpenedImage = (String, Parts, Box<dyn Source>);

pub(crate) fn open(target: &Target, options: &OpenOptions) -> Result<OpenedImage, Error> {
    match target {
        Target::OciLayout { path, image } => oci::open_layout(path, image.as_deref(), options),
        Target::Archive { path, kind, image } => archive::open_file(path, *kind, image.as_deref(), options),
        Target::Stdin => archive::open_stdin(options),
        Target::Directory(path) => directory::open(path, options),
        #[cfg(feature = "registry")]
        Target::Registry(reference) => registry::open(reference, options),
        #[cfg(not(feature = "registry"))]
        Target::Registry(reference) => Err(Error::NoRegistries { image: reference.to_string() }),
    }
}

impl Parts {
    /// Puts a manifest and its configuration together, and checks that they belong together.
    pub(crate) fn new(
        image: &str,
        manifest: &Manifest,
        manifest_bytes: (Vec<u8>, Digest),
        config_bytes: Vec<u8>,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let config = parse_config(image, &config_bytes)?;
        check_layers(image, manifest.layers.len(), &config, limits)?;
        let layers = manifest
            .layers
            .iter()
            .zip(config.layer_history(manifest.layers.len()))
            .enumerate()
            .map(|(index, (layer, history))| LayerInfo {
                index,
                digest: Some(layer.digest),
                diff_id: config.rootfs.diff_ids.get(index).copied(),
                media_type: layer.media_type.clone(),
                size: Some(layer.size),
                history,
            })
            .collect();
        Ok(Self {
            platform: config.raw_platform().normal(),
            config_bytes: Some((config_bytes, manifest.config.digest)),
            manifest: Some(manifest_bytes),
            config,
            layers,
            ..Self::default()
        })
    }
}

pub(crate) fn parse_config(image: &str, bytes: &[u8]) -> Result<ImageConfig, Error> {
    serde_json::from_slice(bytes).map_err(|source| Error::Json {
        image: image.into(),
        what: "configuration",
        source,
    })
}

pub(crate) fn check_layers(
    image: &str,
    layers: usize,
    config: &ImageConfig,
    limits: &Limits,
) -> Result<(), Error> {
    if layers > limits.layers {
        return Err(Error::Limit {
            image: image.into(),
            what: "the number of layers".into(),
            limit: limits.layers as u64,
        });
    }
    let diff_ids = config.rootfs.diff_ids.len();
    if diff_ids != 0 && diff_ids != layers {
        return Err(Error::LayerCount { image: image.into(), layers, diff_ids });
    }
    Ok(())
}

/// Why the bytes of a layer are not worth asking for, if they are not.
pub(crate) fn unreadable_type(layer: &LayerInfo) -> Option<String> {
    let kind = &layer.media_type;
    if media_type::is_encrypted(kind) {
        return Some(format!("it is encrypted ({kind})"));
    }
    if !kind.is_empty() && !media_type::is_layer(kind) {
        return Some(format!("it is not a file system layer but {kind:?}"));
    }
    None
}

/// Reads a document that may have `limit` bytes at most, and checks its digest.
pub(crate) fn read_document(
    image: &str,
    what: &'static str,
    from: &mut dyn Read,
    limit: u64,
    digest: Option<&Digest>,
) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    from.take(limit + 1).read_to_end(&mut bytes).map_err(|source| Error::Read {
        image: image.into(),
        what: format!("the {what}"),
        source,
    })?;
    if bytes.len() as u64 > limit {
        return Err(Error::Limit { image: image.into(), what: format!("the {what}'s size in bytes"), limit });
    }
    if let Some(&expected) = digest {
        let actual = Digest::of(expected.algorithm(), &bytes);
        if actual != expected {
            return Err(Error::WrongDigest {
                image: image.into(),
                what,
                expected: expected.into(),
                actual: actual.into(),
            });
        }
    }
    Ok(bytes)
}
