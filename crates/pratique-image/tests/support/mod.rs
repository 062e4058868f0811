//! Makes images for tests: tar archives entry by entry, OCI layouts, docker archives.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

pub mod server;

use std::io::Write as _;
use std::path::Path;

use pratique_image::{Digest, Entries, EntryKind, Image, LayerError, LayerNote};

/// A tar archive from what the `tar` crate writes.
pub fn tar(entries: &[(&str, u8, &str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, flag, link, body) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::new(*flag));
        header.set_size(body.len() as u64);
        header.set_mode(if *flag == b'5' { 0o755 } else { 0o644 });
        raw_text(&mut header, 0, name);
        raw_text(&mut header, 157, link);
        header.set_cksum();
        builder.append(&header, *body).unwrap();
    }
    builder.into_inner().unwrap()
}

/// Names as they are: the crate's own setters refuse what hostile archives hold.
fn raw_text(header: &mut tar::Header, at: usize, text: &str) {
    header.as_mut_bytes()[at..at + text.len()].copy_from_slice(text.as_bytes());
}

pub fn file<'a>(name: &'a str, body: &'a str) -> (&'a str, u8, &'a str, &'a [u8]) {
    (name, b'0', "", body.as_bytes())
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

/// An image as blobs: its manifest, configuration and layers.
pub struct Blobs {
    pub blobs: Vec<(Digest, Vec<u8>)>,
    pub manifest: Digest,
}

impl Blobs {
    pub fn bytes(&self, digest: &Digest) -> &[u8] {
        &self.blobs.iter().find(|(known, _)| known == digest).unwrap().1
    }

    pub fn manifest_bytes(&self) -> &[u8] {
        self.bytes(&self.manifest)
    }
}

pub const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// An image of these layers (as stored) for a platform.
pub fn image(layers: &[&[u8]], platform: &str) -> Blobs {
    let (os, architecture) = platform.split_once('/').unwrap();
    let zeros = Digest::sha256(b"").to_string();
    let config = serde_json::json!({
        "os": os, "architecture": architecture, "config": {"Env": ["A=b"]},
        "rootfs": {"type": "layers", "diff_ids": layers.iter().map(|_| &zeros).collect::<Vec<_>>()},
        "history": layers.iter().enumerate().map(|(at, _)| serde_json::json!({"created_by": format!("step {at}")})).collect::<Vec<_>>(),
    })
    .to_string()
    .into_bytes();
    let mut blobs = vec![(Digest::sha256(&config), config)];
    let descriptor = |kind: &str, bytes: &[u8]| serde_json::json!({"mediaType": kind, "digest": Digest::sha256(bytes).to_string(), "size": bytes.len()});
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("application/vnd.oci.image.config.v1+json", &blobs[0].1),
        "layers": layers.iter().map(|layer| descriptor(LAYER, layer)).collect::<Vec<_>>(),
    })
    .to_string()
    .into_bytes();
    let digest = Digest::sha256(&manifest);
    blobs.extend(layers.iter().map(|layer| (Digest::sha256(layer), layer.to_vec())));
    blobs.push((digest, manifest));
    Blobs { blobs, manifest: digest }
}

/// Writes images into a layout; each with the names that its index entry is to have.
pub fn layout(dir: &Path, images: &[(&Blobs, &str)]) {
    std::fs::create_dir_all(dir.join("blobs/sha256")).unwrap();
    std::fs::write(dir.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    let mut entries = Vec::new();
    for (image, name) in images {
        for (digest, bytes) in &image.blobs {
            std::fs::write(dir.join("blobs/sha256").join(digest.hex()), bytes).unwrap();
        }
        entries.push(serde_json::json!({
            "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": image.manifest.to_string(),
            "size": image.manifest_bytes().len(), "annotations": {"org.opencontainers.image.ref.name": name},
        }));
    }
    let index = serde_json::json!({"schemaVersion": 2, "manifests": entries}).to_string();
    std::fs::write(dir.join("index.json"), index).unwrap();
}

/// What a layer holds, as text: `F path body`, `H path target`, …
pub fn list(image: &Image, layer: usize) -> Result<(Vec<String>, Vec<LayerNote>), LayerError> {
    let mut entries = image.open_layer(layer).map_err(|error| match error {
        pratique_image::Error::Layer { source, .. } => source,
        other => panic!("{other}"),
    })?;
    read(&mut *entries)
}

pub fn read(entries: &mut dyn Entries) -> Result<(Vec<String>, Vec<LayerNote>), LayerError> {
    let mut out = Vec::new();
    while let Some(entry) = entries.next_entry()? {
        let mut body = Vec::new();
        entry.body.read_to_end(&mut body)?;
        let path = &entry.header.path;
        out.push(match &entry.header.kind {
            EntryKind::File => format!("F {path} {}", String::from_utf8_lossy(&body)),
            EntryKind::HardLink(target) => format!("H {path} {target}"),
            EntryKind::SymLink(target) => format!("L {path} {}", String::from_utf8_lossy(target)),
            EntryKind::Directory => format!("D {path}"),
            EntryKind::Special => format!("S {path}"),
            EntryKind::Whiteout => format!("W {path}"),
            EntryKind::OpaqueDirectory => format!("O {path}"),
        });
        assert!(entry.header.is_file() || body.is_empty(), "{path} has a body");
    }
    Ok((out, entries.take_notes()))
}

/// An error with all its causes.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
