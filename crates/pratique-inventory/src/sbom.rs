//! Inventories as documents that other tools read, and such documents read as inventories.
//!
//! An [`Sbom`] is what every writer starts from: an inventory, what it is the inventory *of* ([`Subject`]), and
//! who says so. [`Contents`] gives each of its packages a reference that is unique in the document and the same
//! in every format. What a format has no field for goes through [`properties`], which writes and reads it under
//! one set of names, so that a document of ours read back is the inventory it was made from.
//!
//! All documents are deterministic: identifiers are derived from content, and the only time that is ever written
//! is one that was given ([`Sbom::created`]).

mod checksums;
pub mod contents;
pub mod cyclonedx;
pub mod format;
pub mod github;
pub mod licences;
pub mod properties;
pub mod read;
pub mod spdx2;
pub mod spdx3;
pub mod subject;
mod supplier;
pub mod syft_json;
pub mod uuid;

pub use contents::{Contents, Entry, Sbom};
pub use format::Format;
pub use read::{ReadError, looks_like_sbom, of_purl, read};
pub use subject::{Subject, SubjectLayer};
