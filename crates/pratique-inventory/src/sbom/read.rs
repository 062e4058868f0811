//! SBOM documents as inventories.
//!
//! Read are CycloneDX 1.2 to 1.7 as JSON and XML, SPDX 2.2 and 2.3 as JSON and tag-value, SPDX 3 as JSON-LD and
//! Syft's JSON; in an in-toto statement or a DSSE envelope, and compressed by gzip, too. Each reader makes a
//! [`Draft`]: what the document says, in words that all formats share. [`assemble`] makes packages of it: which kind a
//! package is, its source package and its distribution stand in fields, in the purl's qualifiers or in the properties
//! of the tool that wrote the document, and are taken from wherever they are, so that an inventory that was read is
//! matched like the one that was taken of the image.
//!
//! A record that cannot be read is a problem of the inventory, with its place in the document; a document that
//! cannot be read is a [`ReadError`].

mod assemble;
mod attestation;
mod cyclonedx;
mod cyclonedx_json;
mod cyclonedx_xml;
mod draft;
mod json;
mod ownership;
mod spdx2;
mod spdx2_json;
mod spdx3;
mod syft_json;
mod tag_value;

use std::io::{self, Read as _};

use flate2::read::MultiGzDecoder;
use pratique_image::Attachment;
use pratique_version::purl::{InvalidPackageUrl, PackageUrl};

use self::draft::Draft;
use super::Subject;
use crate::{cataloger::Limits, inventory::Inventory};

/// A document that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What it says is in the image.
    pub inventory: Inventory,
    /// What it says of the image.
    pub subject: Subject,
    /// Its format and version, as people write them: `SPDX 2.3 JSON`.
    pub format: String,
}

/// Why a document could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Its bytes could not be had.
    #[error("the document could not be read: {0}")]
    Io(#[from] io::Error),
    /// It is longer than what is taken into memory.
    #[error("the document has more than {limit} bytes, the most that is read")]
    TooLarge {
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// It is text, but none of the formats.
    #[error(
        "not an SBOM that is known: neither CycloneDX (JSON, XML), SPDX 2 (JSON, tag-value), SPDX 3 (JSON-LD), \
         syft-json, nor an in-toto statement with one of them; {found}"
    )]
    Unknown {
        /// What it looks like.
        found: String,
    },
    /// A version of its format that is not read.
    #[error("{format} {version:?} is not read; {read} are")]
    Version {
        /// The format.
        format: &'static str,
        /// The version.
        version: String,
        /// Which are.
        read: &'static str,
    },
    /// Damaged, or not what its format says.
    #[error("not readable as {format}: {place}: {why}")]
    Malformed {
        /// The format.
        format: &'static str,
        /// Where: a path of keys, a line or an offset.
        place: String,
        /// What is wrong.
        why: String,
    },
}

/// What a document begins with, as far as it must be seen to tell.
pub const HEAD_BYTES: usize = 1024;

/// Whether a file that begins with `head` may be an SBOM: a JSON object, XML or tag-value text, compressed or not. No
/// image archive begins so.
pub fn looks_like_sbom(head: &[u8]) -> bool {
    let mut plain = Vec::new();
    let head = if head.starts_with(GZIP) {
        // A head breaks off in the middle of the stream: what came before that is what counts.
        let _ = MultiGzDecoder::new(head).take(HEAD_BYTES as u64).read_to_end(&mut plain);
        plain.as_slice()
    } else {
        head
    };
    let head = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head).trim_ascii_start();
    head.starts_with(b"<") || head.starts_with(b"SPDXVersion:") || head.starts_with(b"##") || is_object(head)
}

/// Whether the types of an attachment name a format that is read.
pub fn is_sbom(attachment: &Attachment) -> bool {
    let types =
        [Some(&attachment.media_type), attachment.predicate_type.as_ref(), attachment.artifact_type.as_ref()];
    types.into_iter().flatten().any(|text| {
        let text = text.to_ascii_lowercase();
        ["spdx", "cyclonedx", "syft"].iter().any(|format| text.contains(format))
    })
}

/// The inventory that a package URL tells of: one package, and the distribution that its qualifiers name.
///
/// `None` for URLs of what is no package, such as images.
///
/// # Errors
/// When it is no package URL.
pub fn of_purl(text: &str) -> Result<Option<Inventory>, InvalidPackageUrl> {
    let purl = PackageUrl::parse(text)?;
    let component = draft::Described {
        name: purl.name().to_owned(),
        purl: Some(text.to_owned()),
        is_no_package: true,
        ..draft::Described::default()
    };
    let draft = Draft { components: vec![component], ..Draft::default() };
    let inventory = assemble::document(draft, &Limits::default()).inventory;
    Ok((!inventory.packages.is_empty()).then_some(inventory))
}

fn is_object(head: &[u8]) -> bool {
    head.strip_prefix(b"{").is_some_and(|rest| rest.trim_ascii_start().starts_with(b"\""))
}

const GZIP: &[u8] = b"\x1f\x8b";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a document to its end. `limits` bounds its bytes, its packages and the depth of what is nested in it.
///
/// # Errors
/// [`ReadError`] when it makes no sense as a whole.
pub fn read(from: &mut dyn io::Read, limits: &Limits) -> Result<Document, ReadError> {
    let mut bytes = take(from, limits.file_bytes)?;
    if bytes.starts_with(GZIP) {
        bytes = take(&mut MultiGzDecoder::new(bytes.as_slice()), limits.file_bytes)?;
    }
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| ReadError::Malformed {
        format: "text",
        place: format!("byte {}", error.valid_up_to()),
        why: "not UTF-8".into(),
    })?;
    let draft = read_text(text, limits, 0)?;
    Ok(assemble::document(draft, limits))
}

fn take(from: &mut dyn io::Read, limit: u64) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    from.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(ReadError::TooLarge { limit });
    }
    Ok(bytes)
}

/// Reads `text` as whatever it is; `envelopes` counts those around it.
fn read_text(text: &str, limits: &Limits, envelopes: usize) -> Result<Draft, ReadError> {
    let trimmed = text.trim_start();
    if trimmed.starts_with('<') {
        return cyclonedx_xml::read(trimmed, limits);
    }
    if !trimmed.starts_with('{') {
        if trimmed.lines().take(200).any(|line| line.starts_with("SPDXVersion:")) {
            return tag_value::read(text, limits);
        }
        let first: String = trimmed.chars().take(40).collect();
        return Err(ReadError::Unknown { found: format!("it begins with {first:?}") });
    }
    let marks: json::Marks = json::document(text, "JSON")?;
    if marks.bom_format.is_some() {
        cyclonedx_json::read(text, limits)
    } else if marks.spdx_version.is_some() {
        spdx2_json::read(text, limits)
    } else if marks.graph.is_some() {
        spdx3::read(text, limits)
    } else if marks.artifacts.is_some() {
        syft_json::read(text, limits)
    } else if marks.predicate.is_some() || marks.payload.is_some() {
        attestation::read(text, limits, envelopes)
    } else {
        Err(ReadError::Unknown {
            found: "it is JSON without bomFormat, spdxVersion, @graph, artifacts or predicate".into(),
        })
    }
}
