//! Reads what `pratique` wrote: the JSON of a scan or of a list of packages.
//!
//! The input may come from anywhere: it is bounded, and what is not of our schema is an error, never half a report.

use serde::Deserialize;

use crate::{
    model::{Report, SCHEMA_VERSION},
    packages::PackageList,
};

/// Largest document that is read, in bytes: a scan of ten thousand findings has some thirty million.
pub const MAX_BYTES: u64 = 1 << 30;

/// A document of ours.
#[derive(Debug, Clone)]
pub enum Document {
    /// Of `pratique scan --format json`.
    Report(Box<Report>),
    /// Of `pratique packages --format json`.
    Packages(Box<PackageList>),
}

/// Why a document could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not JSON, or a field that is missing or of another type; the message names line and column.
    #[error("it is no JSON report of pratique")]
    Json(#[from] serde_json::Error),
    /// Written by a later version.
    #[error(
        "its schema version is {0}, and this program reads version {SCHEMA_VERSION}: use a newer pratique"
    )]
    Version(u32),
    /// Some other JSON.
    #[error("it has neither findings nor packages: a report is what `pratique scan --format json` writes")]
    Other,
}

/// What tells one document from another.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    schema_version: Option<u32>,
    findings: Option<serde::de::IgnoredAny>,
    packages: Option<serde::de::IgnoredAny>,
}

/// Reads a document of ours.
///
/// # Errors
/// [`ReadError`] when it is none, or none that this version reads.
pub fn document(bytes: &[u8]) -> Result<Document, ReadError> {
    let head: Head = serde_json::from_slice(bytes)?;
    match head {
        Head { schema_version: Some(version), .. } if version != SCHEMA_VERSION => {
            Err(ReadError::Version(version))
        }
        Head { schema_version: Some(_), findings: Some(_), .. } => {
            Ok(Document::Report(Box::new(serde_json::from_slice(bytes)?)))
        }
        Head { schema_version: Some(_), packages: Some(_), .. } => {
            Ok(Document::Packages(Box::new(serde_json::from_slice(bytes)?)))
        }
        _ => Err(ReadError::Other),
    }
}
