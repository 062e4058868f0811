//! What people and programs read: an inventory and findings as a table or a document.
//!
//! [`Report`] is the one model: it holds everything a format may show, sorted, without wall-clock times, so
//! that the same inputs give the same bytes. A format is one file with one function that writes it, and one row of
//! [`format::ALL`], the table that the command line and its help are made from. What several
//! formats say in the same way has a module named for it: [`identity`] (fingerprints), [`publisher`] (whose record
//! that is, and where it can be read), [`product`] (the image as others call it), [`notes`] (what is not covered), [`cvss`],
//! [`markup`].
//!
//! [`read`] takes a saved JSON report back in, and [`inventory`] makes of it what it was made from; [`diff`] says what changed between two, [`why`] why a package is there.

pub mod asff;
pub mod checks;
pub mod coverage;
pub mod csaf;
pub mod csv;
pub mod cvss;
pub mod cyclonedx;
pub mod diff;
pub mod ecr;
pub mod format;
pub mod gitlab;
pub mod grype;
pub mod html;
pub mod identity;
pub mod inventory;
pub mod issue;
pub mod json;
pub mod junit;
pub mod layout;
pub mod markdown;
pub mod markup;
pub mod model;
pub mod notes;
pub mod openvex;
pub mod package;
pub mod packages;
pub mod product;
pub mod publisher;
pub mod read;
pub mod sarif;
pub mod table;
pub mod target;
pub mod template;
pub mod trivy;
pub mod why;

pub use format::{Context, Format, WriteError};
pub use model::{
    Coverage, DatabaseInfo, DistributionInfo, Filter, FindingRow, LayerRef, LeftOut, PackageRow, Report,
    Scanned, Summary, TargetInfo, Warning,
};
pub use why::Why;
