//! CycloneDX 1.4, 1.5 and 1.6 (ECMA-424), as JSON and as XML.
//!
//! [`document`] makes the [`model`] of a document from an inventory: `metadata` with the tool and the image as
//! the subject, a component for the operating system and one per package. [`json`] and [`xml`] write a model in
//! one of the versions. A caller may add to the model before it is written (`vulnerabilities`).
//!
//! What the format has no field for is a property under the `pratique:` prefix. There is no time unless one was
//! given, and the serial number is derived from the document's content ([`Document::seal`]).
//!
//! Traps: up to 1.4 tools are a list of their own kind and components have no `evidence.occurrences`; a component
//! has either one licence expression or a list of licences, never both; `license.id` is an SPDX id, anything else
//! is a `name`.

mod build;
pub mod json;
pub mod model;
mod version;
pub mod xml;

pub use build::document;
pub use model::Document;
pub use version::Version;
