//! The image as others call it: by reference, and as a product with a package URL.

use pratique_image::Reference;
use pratique_version::purl::PackageUrl;

use crate::model::TargetInfo;

/// Whether it is an image; else it is a directory.
pub fn is_image(target: &TargetInfo) -> bool {
    target.digest.is_some() || target.image_id.is_some()
}

/// The reference by which the image is known, if its name is one: archives and directories have paths for names.
pub fn reference(target: &TargetInfo) -> Option<Reference> {
    let is_path = [':', '/'].iter().any(|end| {
        ["oci", "oci-archive", "docker-archive", "dir", ".", "..", ""]
            .iter()
            .any(|kind| target.name.split_once(*end).is_some_and(|(before, _)| before == *kind))
    });
    if is_path || !is_image(target) { None } else { target.name.parse().ok() }
}

/// The repository without the registry (`library/debian`); for what has no reference its name.
pub fn repository(target: &TargetInfo) -> String {
    reference(target).map_or_else(|| target.name.clone(), |reference| reference.repository().to_owned())
}

/// The package URL of the image: `pkg:oci/app@sha256:…?repository_url=…`, as the purl specification's `oci` type has
/// it; `pkg:generic/NAME` for what has no digest.
pub fn purl(target: &TargetInfo) -> String {
    let reference = reference(target);
    let digest = target.digest.as_deref().or(target.image_id.as_deref());
    let repository = repository(target);
    let name = repository.rsplit(['/', ':']).find(|part| !part.is_empty()).unwrap_or("image").to_owned();
    let built = match (&reference, digest) {
        (Some(reference), Some(digest)) => {
            let mut builder = PackageUrl::builder("oci", name)
                .version(digest)
                .qualifier("repository_url", reference.name());
            if let Some(tag) = reference.tag() {
                builder = builder.qualifier("tag", tag);
            }
            builder.build()
        }
        (None, Some(digest)) => PackageUrl::builder("oci", name).version(digest).build(),
        (_, None) => PackageUrl::builder("generic", name).build(),
    };
    built.map_or_else(|_| "pkg:generic/unknown".to_owned(), |purl| purl.to_string())
}

/// The part of the platform that names the processor: `amd64`.
pub fn architecture(target: &TargetInfo) -> Option<&str> {
    target.platform.as_deref()?.split('/').nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> TargetInfo {
        let digest = Some("sha256:aa".to_owned());
        TargetInfo { name: name.into(), digest, ..TargetInfo::default() }
    }

    #[test]
    fn images_have_purls() {
        assert_eq!(
            purl(&named("alpine:3.20")),
            "pkg:oci/alpine@sha256:aa?repository_url=docker.io%2Flibrary%2Falpine&tag=3.20"
        );
        assert_eq!(purl(&named("oci:images/Layout:latest")), "pkg:oci/latest@sha256:aa");
        assert_eq!(purl(&TargetInfo { name: "./app".into(), ..TargetInfo::default() }), "pkg:generic/app");
    }
}
