//! SPDX 2.3, as JSON and as tag-value text.
//!
//! [`document`] makes the [`model`] of a document, [`json`] and [`tag_value`] write it: the image as the package
//! that the document describes, a package for the operating system, and one for each of its packages.
//!
//! What the format has no field for stands in one annotation a package, a line for each `name=value` under the
//! `pratique:` prefix (`lines`).
//!
//! Traps: the format insists on a time of creation, on an answer (`NOASSERTION`) for what nobody knows, and on ids
//! of letters, digits, `.` and `-`. A category is `PACKAGE-MANAGER` in 2.3 and was `PACKAGE_MANAGER` before; the
//! purpose is `OPERATING_SYSTEM` in JSON and `OPERATING-SYSTEM` in tag-value.

mod build;
pub mod json;
pub(crate) mod lines;
pub mod model;
pub mod tag_value;

pub use build::document;
pub(crate) use build::identifier;
pub use model::Document;
