//! Paths below `/v2/`, where a repository's name may be of many parts.

use percent_encoding::percent_decode_str;

use crate::error::Failure;

/// What a path leads to; the specification's endpoints.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// end-1
    Base,
    /// The list of repositories, which the specification leaves to extensions and every client knows.
    Catalog,
    /// end-8
    Tags(String),
    /// end-12
    Referrers(String, String),
    /// end-3, end-7, end-9
    Manifest(String, String),
    /// end-2, end-10
    Blob(String, String),
    /// end-4, end-11
    Uploads(String),
    /// end-5, end-6, end-13
    Upload(String, String),
}

/// Reads a path.
///
/// # Errors
/// [`Failure`] for one that leads nowhere.
pub(crate) fn parse(path: &str) -> Result<Endpoint, Failure> {
    let nowhere = || Failure::no_endpoint(path);
    let decoded = percent_decode_str(path).decode_utf8().map_err(|_| nowhere())?;
    let rest = decoded.strip_prefix("/v2").ok_or_else(nowhere)?.strip_prefix('/').unwrap_or_default();
    if rest.is_empty() {
        return Ok(Endpoint::Base);
    }
    if rest == "_catalog" {
        return Ok(Endpoint::Catalog);
    }
    if let Some(name) = rest.strip_suffix("/tags/list") {
        return Ok(Endpoint::Tags(name.into()));
    }
    if let Some(name) = rest.strip_suffix("/blobs/uploads").or_else(|| rest.strip_suffix("/blobs/uploads/")) {
        return Ok(Endpoint::Uploads(name.into()));
    }
    // From the right: a repository may be called `manifests`, a digest never is.
    let (front, last) = rest.rsplit_once('/').ok_or_else(nowhere)?;
    let last = last.to_owned();
    if let Some(name) = front.strip_suffix("/blobs/uploads") {
        return Ok(Endpoint::Upload(name.into(), last));
    }
    let (name, kind) = front.rsplit_once('/').ok_or_else(nowhere)?;
    match kind {
        "manifests" => Ok(Endpoint::Manifest(name.into(), last)),
        "blobs" => Ok(Endpoint::Blob(name.into(), last)),
        "referrers" => Ok(Endpoint::Referrers(name.into(), last)),
        _ => Err(nowhere()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_be_of_many_parts() {
        let is = |path: &str, endpoint| assert_eq!(parse(path).ok(), Some(endpoint), "{path}");
        is("/v2/", Endpoint::Base);
        is("/v2", Endpoint::Base);
        is("/v2/_catalog", Endpoint::Catalog);
        is("/v2/a/b/tags/list", Endpoint::Tags("a/b".into()));
        is("/v2/manifests/manifests/manifests", Endpoint::Manifest("manifests".into(), "manifests".into()));
        is("/v2/a/b/manifests/1.0", Endpoint::Manifest("a/b".into(), "1.0".into()));
        is("/v2/a/blobs/sha256:00", Endpoint::Blob("a".into(), "sha256:00".into()));
        is("/v2/a/blobs/sha256%3A00", Endpoint::Blob("a".into(), "sha256:00".into()));
        is("/v2/a/blobs/uploads/", Endpoint::Uploads("a".into()));
        is("/v2/a/blobs/uploads", Endpoint::Uploads("a".into()));
        is("/v2/a/blobs/uploads/1", Endpoint::Upload("a".into(), "1".into()));
        is("/v2/a/referrers/sha256:00", Endpoint::Referrers("a".into(), "sha256:00".into()));
        for nowhere in ["/v1/", "/v2/a", "/v2/a/b", "/v2/a/b/c", "/v2/%ff/manifests/a"] {
            assert!(parse(nowhere).is_err(), "{nowhere}");
        }
    }
}
