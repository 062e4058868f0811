//! Descriptors, manifests and indexes.
//!
//! OCI image specification, *Content Descriptors*, *Image Manifest*, *Image Index*; Docker's schema 2 has the same
//! shapes. Read leniently (unknown fields are ignored, optional ones may be null), and what was read is never written
//! again: the digest of a manifest is that of its bytes as they came. Manifests of our own begin as a [`Draft`].

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{Digest, Platform, media_type};

/// What names a blob: type, digest, size.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The blob's media type.
    #[serde(default, deserialize_with = "null_is_default")]
    pub media_type: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// Where else its bytes are, for layers that registries may not hand out.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// Free-form annotations.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// In an index: which platform the image is for.
    #[serde(default, skip_serializing)]
    pub platform: Option<RawPlatform>,
    /// What sort of artifact a manifest is, where it is not an image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
}

/// A platform as documents state it, not normalised.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct RawPlatform {
    /// Operating system.
    #[serde(default, deserialize_with = "null_is_default")]
    pub os: String,
    /// Architecture.
    #[serde(default, deserialize_with = "null_is_default")]
    pub architecture: String,
    /// Variant.
    #[serde(default)]
    pub variant: Option<String>,
    /// Version of the operating system.
    #[serde(default, rename = "os.version")]
    pub os_version: Option<String>,
}

impl RawPlatform {
    /// The platform in normal form; `None` where the document states none, or says `unknown` (attestations).
    pub fn normal(&self) -> Option<Platform> {
        if self.architecture.is_empty() || self.os == "unknown" || self.architecture == "unknown" {
            return None;
        }
        let mut platform = Platform::new(&self.os, &self.architecture, self.variant.as_deref());
        platform.os_version = self.os_version.clone().filter(|version| !version.is_empty());
        Some(platform)
    }
}

/// An image manifest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Its own media type; optional in OCI's first version.
    #[serde(default)]
    pub media_type: Option<String>,
    /// The configuration.
    pub config: Descriptor,
    /// The layers, lowest first.
    #[serde(default, deserialize_with = "null_is_default")]
    pub layers: Vec<Descriptor>,
    /// Free-form annotations.
    #[serde(default, deserialize_with = "null_is_default")]
    pub annotations: BTreeMap<String, String>,
    /// What sort of artifact it is, where it is not an image.
    #[serde(default)]
    pub artifact_type: Option<String>,
}

/// An index: a list of manifests, one per platform, or of the images in a layout.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// Its own media type.
    #[serde(default)]
    pub media_type: Option<String>,
    /// What it lists.
    #[serde(default, deserialize_with = "null_is_default")]
    pub manifests: Vec<Descriptor>,
    /// Free-form annotations.
    #[serde(default, deserialize_with = "null_is_default")]
    pub annotations: BTreeMap<String, String>,
}

/// A manifest of our own, to be pushed (OCI image specification 1.1, *Guidelines for Artifact Usage*).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    schema_version: u8,
    media_type: &'static str,
    /// What sort of artifact it is, where it is not an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The configuration; [`Descriptor::empty`] for artifacts that have none.
    pub config: Descriptor,
    /// The layers.
    pub layers: Vec<Descriptor>,
    /// Free-form annotations.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Draft {
    /// A manifest without annotations.
    pub fn new(artifact_type: Option<String>, config: Descriptor, layers: Vec<Descriptor>) -> Self {
        let annotations = BTreeMap::new();
        Self {
            schema_version: 2,
            media_type: media_type::OCI_MANIFEST,
            artifact_type,
            config,
            layers,
            annotations,
        }
    }

    /// The bytes that are pushed, the same each time.
    ///
    /// # Errors
    /// None that is known: there are only strings and numbers in it.
    pub fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }
}

impl Descriptor {
    /// What the empty configuration of an artifact consists of.
    pub const EMPTY: &[u8] = b"{}";

    /// Names `bytes`.
    pub fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self::new(media_type, Digest::sha256(bytes), bytes.len() as u64)
    }

    /// Names bytes that were hashed before.
    pub fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest,
            size,
            urls: Vec::new(),
            annotations: BTreeMap::new(),
            platform: None,
            artifact_type: None,
        }
    }

    /// Names [`Descriptor::EMPTY`].
    pub fn empty() -> Self {
        Self::of(media_type::OCI_EMPTY, Self::EMPTY)
    }

    /// Whether this is an attestation that buildkit put beside the images: nothing that runs.
    pub fn is_attestation(&self) -> bool {
        self.annotations.get("vnd.docker.reference.type").is_some_and(|kind| kind == "attestation-manifest")
    }

    /// The platform in normal form, where it is stated.
    pub fn platform(&self) -> Option<Platform> {
        self.platform.as_ref()?.normal()
    }
}

/// Go's encoders write `null` for an empty list or map.
pub(crate) fn null_is_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_writes() {
        let text = r#"{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json",
            "digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0,
            "urls":null,"annotations":null},"layers":null,"future":[1]}"#;
        let manifest: Manifest = serde_json::from_str(text).unwrap();
        assert!(manifest.layers.is_empty() && manifest.config.urls.is_empty());
        let negative = text.replace("\"size\":0", "\"size\":-1");
        assert!(serde_json::from_str::<Manifest>(&negative).is_err());
        let digest = text.replace("sha256:", "sha1:");
        assert!(serde_json::from_str::<Manifest>(&digest).is_err());
    }

    #[test]
    fn drafts_are_read_as_they_were_meant() {
        let mut layer = Descriptor::of("application/x", b"abc");
        layer.annotations.insert("k".into(), "v".into());
        let draft = Draft::new(Some("application/y".into()), Descriptor::empty(), vec![layer.clone()]);
        let bytes = draft.to_bytes().unwrap();
        let manifest: Manifest = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(manifest.layers, [layer]);
        assert_eq!(manifest.artifact_type.as_deref(), Some("application/y"));
        assert_eq!(manifest.config.size, 2);
        let text = String::from_utf8(bytes).unwrap();
        assert!(
            text.starts_with(
                r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json""#
            )
        );
        assert!(!text.contains("null") && !text.contains("urls"), "{text}");
    }

    #[test]
    fn unknown_platforms_are_none() {
        let raw = |os: &str, architecture: &str| RawPlatform {
            os: os.into(),
            architecture: architecture.into(),
            ..RawPlatform::default()
        };
        assert_eq!(raw("unknown", "unknown").normal(), None);
        assert_eq!(raw("", "").normal(), None);
        assert_eq!(raw("linux", "aarch64").normal().unwrap().to_string(), "linux/arm64");
    }
}
