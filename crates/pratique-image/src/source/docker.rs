//! What `docker save` writes: `manifest.json`, which names a configuration and layer files.
//!
//! Docker, *Image Specification v1.2*, "Combined Image JSON + Filesystem Changeset Format". Two generations exist: up to
//! docker 24 the layers are `ID/layer.tar` (links between members where images share layers), since 25 they are
//! blobs of an OCI layout in the same archive. Neither states a layer's stored digest here, so a layer is checked
//! against its diff id. podman and skopeo write the first kind, with layers that may be links as well.

use std::io;

use serde::Deserialize;

use super::archive::Archive;
use super::oci::Layout as _;
use super::{Opened, OpenedImage, Parts, Source, check_layers, parse_config, read_document};
use crate::image::ImageNote;
use crate::layer::tap::Expected;
use crate::manifest::null_is_default;
use crate::{Digest, Error, LayerInfo, OpenOptions, Platform, Reference};

/// One image of `manifest.json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    config: String,
    #[serde(default, deserialize_with = "null_is_default")]
    repo_tags: Vec<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    layers: Vec<String>,
}

pub(crate) fn open(
    name: String,
    wanted: Option<&str>,
    archive: Archive,
    options: &OpenOptions,
) -> Result<OpenedImage, Error> {
    let limits = &options.limits;
    let read = |path: &str, what: &'static str, limit| {
        let mut file = archive.open(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => Error::NotAnImage {
                image: name.clone(),
                kind: "a docker archive",
                reason: format!("it has no {path}"),
            },
            _ => Error::Read { image: name.clone(), what: path.into(), source },
        })?;
        read_document(&name, what, &mut file, limit, None)
    };
    let bytes = read("manifest.json", "manifest", limits.manifest_bytes)?;
    let mut images: Vec<Listed> = serde_json::from_slice(&bytes).map_err(|source| Error::Json {
        image: name.clone(),
        what: "manifest",
        source,
    })?;
    let at = choose(&name, &images, wanted)?;
    let listed = images.swap_remove(at);

    let config_bytes = read(&listed.config, "configuration", limits.config_bytes)?;
    let config = parse_config(&name, &config_bytes)?;
    check_layers(&name, listed.layers.len(), &config, limits)?;
    let mut layers = Vec::with_capacity(listed.layers.len());
    for (index, (path, history)) in
        listed.layers.iter().zip(config.layer_history(listed.layers.len())).enumerate()
    {
        let size = archive.size(path).map_err(|source| Error::Read {
            image: name.clone(),
            what: format!("layer {index} ({path})"),
            source,
        })?;
        let diff_id = config.rootfs.diff_ids.get(index).copied();
        layers.push(LayerInfo {
            index,
            digest: diff_id,
            diff_id,
            media_type: String::new(),
            size: Some(size),
            history,
        });
    }
    let mut parts = Parts {
        reference: listed.repo_tags.first().and_then(|tag| tag.parse().ok()),
        platform: config.raw_platform().normal(),
        config_bytes: Some({
            let digest = Digest::sha256(&config_bytes);
            (config_bytes, digest)
        }),
        config,
        layers,
        ..Parts::default()
    };
    check_platform(&name, &mut parts, options)?;
    let shown = match wanted {
        Some(wanted) => format!("{name}:{wanted}"),
        None => name.clone(),
    };
    Ok((shown, parts, Box::new(DockerArchive { name, archive, layers: listed.layers })))
}

/// A docker archive has one platform per image.
fn check_platform(name: &str, parts: &mut Parts, options: &OpenOptions) -> Result<(), Error> {
    let Some(platform) = &parts.platform else { return Ok(()) };
    match &options.platform {
        Some(wanted) if wanted.suits(platform).is_none() => Err(Error::NoSuchPlatform {
            image: name.into(),
            wanted: wanted.clone().into(),
            available: vec![platform.clone()],
        }),
        None if Platform::host().suits(platform).is_none() => {
            parts.notes.push(ImageNote::OtherPlatform(platform.clone()));
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The position of the image that is meant.
fn choose(name: &str, images: &[Listed], wanted: Option<&str>) -> Result<usize, Error> {
    let candidates = || {
        let shown = |(at, image): (usize, &Listed)| match image.repo_tags.first() {
            Some(tag) => tag.clone(),
            None => format!("@{at}"),
        };
        images.iter().enumerate().map(shown).collect::<Vec<_>>()
    };
    let Some(wanted) = wanted else {
        return match images {
            [] => Err(Error::NotAnImage {
                image: name.into(),
                kind: "a docker archive",
                reason: "its manifest.json lists no images".into(),
            }),
            [_] => Ok(0),
            _ => {
                Err(Error::SeveralImages { image: name.into(), hint: "FILE:NAME", candidates: candidates() })
            }
        };
    };
    if let Some(at) = wanted.strip_prefix('@').and_then(|number| number.parse::<usize>().ok())
        && at < images.len()
    {
        return Ok(at);
    }
    let reference = wanted.parse::<Reference>().ok();
    let answers = |tag: &String| {
        tag == wanted
            || (reference.is_some() && tag.parse::<Reference>().ok() == reference)
            || tag.rsplit_once(':').is_some_and(|(_, tag)| tag == wanted && !tag.contains('/'))
    };
    let id = wanted.trim_start_matches("sha256:");
    // An image id, or enough of one.
    let has_id = |config: &str| id.len() >= 12 && config.trim_start_matches("blobs/sha256/").starts_with(id);
    let hits: Vec<usize> = images
        .iter()
        .enumerate()
        .filter(|(_, image)| image.repo_tags.iter().any(answers) || has_id(&image.config))
        .map(|(at, _)| at)
        .collect();
    match hits[..] {
        [at] => Ok(at),
        [] => Err(Error::NoSuchImage { image: name.into(), wanted: wanted.into(), candidates: candidates() }),
        _ => Err(Error::SeveralImages { image: name.into(), hint: "FILE:@NUMBER", candidates: candidates() }),
    }
}

struct DockerArchive {
    name: String,
    archive: Archive,
    layers: Vec<String>,
}

impl Source for DockerArchive {
    fn open_layer(&self, layer: &LayerInfo) -> Result<Opened, Error> {
        let missing = || Error::NoSuchLayer { image: self.name.clone(), index: layer.index };
        let path = self.layers.get(layer.index).ok_or_else(missing)?;
        let bytes = self.archive.open(path).map_err(|source| Error::Read {
            image: self.name.clone(),
            what: format!("layer {} ({path})", layer.index),
            source,
        })?;
        Ok(Opened::Bytes(bytes, Expected { digest: None, size: layer.size, diff_id: layer.diff_id }))
    }
}
