//! Media types of manifests, configurations and layers: OCI's, and Docker's from which they came.
//!
//! OCI image specification, *Media Types*; Docker, *Image Manifest Version 2, Schema 2*.

/// OCI image manifest.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// OCI image index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// OCI image configuration.
pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// OCI's empty document, the configuration of artifacts that have none.
pub const OCI_EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// Docker image manifest, schema 2.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Docker manifest list.
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// Docker image configuration.
pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
/// Docker image manifest, schema 1: the format of before 2016, of which nothing but its name is supported.
pub const DOCKER_SCHEMA1: &str = "application/vnd.docker.distribution.manifest.v1+json";
/// The same, signed.
pub const DOCKER_SCHEMA1_SIGNED: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws";
/// OCI layer, gzip.
pub const OCI_LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// OCI layer, zstd.
pub const OCI_LAYER_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
/// OCI layer, uncompressed.
pub const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
/// Docker layer, gzip.
pub const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
/// Docker layer that may not be distributed, gzip: Windows base layers.
pub const DOCKER_FOREIGN_LAYER: &str = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

/// What a registry is asked for when a manifest is wanted.
#[cfg(feature = "registry")]
pub(crate) const ACCEPT_MANIFESTS: [&str; 4] = [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST];

/// What a manifest is, by its media type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManifestKind {
    /// One image.
    Image,
    /// A list of images.
    Index,
    /// A Docker manifest of the first generation.
    Schema1,
    /// Something else.
    Other,
}

/// What a media type says about a manifest. Parameters (`; charset=…`) and case do not count.
pub fn manifest_kind(media_type: &str) -> ManifestKind {
    match essence(media_type).as_str() {
        OCI_MANIFEST | DOCKER_MANIFEST => ManifestKind::Image,
        OCI_INDEX | DOCKER_LIST => ManifestKind::Index,
        DOCKER_SCHEMA1 | DOCKER_SCHEMA1_SIGNED => ManifestKind::Schema1,
        _ => ManifestKind::Other,
    }
}

/// Whether a layer of this type is kept elsewhere than the image: its bytes may have to come from its `urls`.
pub fn is_foreign_layer(media_type: &str) -> bool {
    let essence = essence(media_type);
    essence.starts_with("application/vnd.oci.image.layer.nondistributable.v1.tar")
        || essence.starts_with("application/vnd.docker.image.rootfs.foreign.diff.tar")
}

/// Whether this is the type of a file system layer, of whatever compression.
///
/// Other types (Helm charts, attestations, WASM modules) travel in manifests of the same shape.
pub fn is_layer(media_type: &str) -> bool {
    let essence = essence(media_type);
    is_foreign_layer(&essence)
        || essence.starts_with("application/vnd.oci.image.layer.v1.tar")
        || essence.starts_with("application/vnd.docker.image.rootfs.diff.tar")
        || essence == "application/vnd.docker.container.image.rootfs.diff+x-gtar"
        || essence == "application/vnd.docker.image.rootfs.diff"
}

/// Whether a layer of this type is encrypted.
pub fn is_encrypted(media_type: &str) -> bool {
    essence(media_type).ends_with("+encrypted")
}

/// The type without parameters, in lower case.
fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_types() {
        assert_eq!(
            manifest_kind("Application/vnd.oci.image.index.v1+json; charset=utf-8"),
            ManifestKind::Index
        );
        assert_eq!(manifest_kind(DOCKER_MANIFEST), ManifestKind::Image);
        assert_eq!(manifest_kind(DOCKER_SCHEMA1_SIGNED), ManifestKind::Schema1);
        assert_eq!(manifest_kind("text/html"), ManifestKind::Other);
        assert!(is_foreign_layer(DOCKER_FOREIGN_LAYER));
        assert!(is_layer("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"));
        assert!(is_layer(OCI_LAYER_ZSTD) && is_layer(OCI_LAYER) && is_layer(DOCKER_LAYER));
        assert!(!is_layer("application/vnd.cncf.helm.chart.content.v1.tar+gzip"));
        assert!(is_encrypted("application/vnd.oci.image.layer.v1.tar+gzip+encrypted"));
    }
}
