//! What people and programs read: an inventory and findings as a table or a document.
//!
//! [`Report`] is the one model: it holds everything a format may show, sorted, without wall-clock times, so
//! that the same inputs give the same bytes. A format is one file with one function that writes it:
//! [`json`], [`table`]; [`packages`] writes an inventory alone.

pub mod checks;
pub mod json;
pub mod layout;
pub mod model;
pub mod packages;
pub mod table;

pub use model::{
    Coverage, DatabaseInfo, DistributionInfo, Filter, FindingRow, LayerRef, LeftOut, PackageRow, Report,
    Scanned, Summary, TargetInfo, Warning,
};
