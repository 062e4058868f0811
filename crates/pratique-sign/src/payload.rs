//! The document that is signed: Red Hat's *simple signing* (containers-signature(5), *JSON Data Format*) as cosign
//! fills it in (cosign, `specs/SIGNATURE_SPEC.md`).
//!
//! Verified are the type and the digest. The name of the repository is that under which it was signed; it is not
//! compared, as cosign does not either: what is copied to another registry stays signed.

use pratique_image::{Digest, Reference};
use serde::{Deserialize, Serialize};

/// The media type of the document.
pub const MEDIA_TYPE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// What the document says it is.
const TYPE: &str = "cosign container image signature";

#[derive(Serialize, Deserialize)]
struct Payload {
    critical: Critical,
    /// Free claims; cosign writes `null` if there are none.
    #[serde(default)]
    optional: serde_json::Value,
}

#[derive(Serialize, Deserialize)]
struct Critical {
    identity: Identity,
    image: Image,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Serialize, Deserialize)]
struct Identity {
    #[serde(rename = "docker-reference")]
    docker_reference: String,
}

#[derive(Serialize, Deserialize)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    docker_manifest_digest: String,
}

/// The bytes to sign for a manifest of the repository of `reference`.
///
/// # Errors
/// None that is known: there are only strings in it.
pub fn of(reference: &Reference, digest: &Digest) -> serde_json::Result<Vec<u8>> {
    let repository = match reference.host() {
        // As Go's registry clients call it.
        "docker.io" => format!("index.docker.io/{}", reference.repository()),
        _ => reference.name(),
    };
    serde_json::to_vec(&Payload {
        critical: Critical {
            identity: Identity { docker_reference: repository },
            image: Image { docker_manifest_digest: digest.to_string() },
            kind: TYPE.into(),
        },
        optional: serde_json::Value::Null,
    })
}

/// Checks that signed bytes speak of the manifest `digest`.
///
/// # Errors
/// What is wrong with them.
pub fn check(bytes: &[u8], digest: &Digest) -> Result<(), String> {
    let payload: Payload =
        serde_json::from_slice(bytes).map_err(|error| format!("a signed document is not valid ({error})"))?;
    let Critical { image, kind, .. } = payload.critical;
    if kind != TYPE {
        return Err(format!("a signed document is of another kind ({:?})", excerpt(&kind)));
    }
    if image.docker_manifest_digest != digest.to_string() {
        return Err(format!("a signature is for {}", excerpt(&image.docker_manifest_digest)));
    }
    Ok(())
}

fn excerpt(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_what_cosign_writes() {
        let digest = Digest::sha256(b"");
        let reference: Reference = "localhost:5000/team/db:1".parse().unwrap();
        let bytes = of(&reference, &digest).unwrap();
        let want = format!(
            r#"{{"critical":{{"identity":{{"docker-reference":"localhost:5000/team/db"}},"image":{{"docker-manifest-digest":"{digest}"}},"type":"cosign container image signature"}},"optional":null}}"#
        );
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), want);
        check(&bytes, &digest).unwrap();
        assert!(check(&bytes, &Digest::sha256(b"x")).unwrap_err().contains("e3b0c442"));
        assert!(check(want.replace("cosign cont", "cont").as_bytes(), &digest).unwrap_err().contains("kind"));
        for end in 0..bytes.len() {
            assert!(check(&bytes[..end], &digest).is_err());
        }
        let hub = of(&"alpine".parse().unwrap(), &digest).unwrap();
        assert!(String::from_utf8(hub).unwrap().contains(r#""index.docker.io/library/alpine""#));
    }
}
