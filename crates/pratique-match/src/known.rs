//! What the database knows, for people who ask: of a package, of an identifier, of words.
//!
//! The same look-ups and the same verdicts as matching's; only what is said of them is more. The types are what
//! `pratique db … --format json` writes: their fields are documented, and stay.

mod conflict;
mod ecosystem;
mod id;
mod package;
mod search;
mod statement;
mod steps;

pub use self::{
    conflict::{Claim, Conflict, Disputed},
    ecosystem::{UnknownEcosystem, ecosystems},
    id::{Cve, Dossier, RecordRow, dossier},
    package::{Answer, Asked, KnownPackage, like, of_package, of_purl},
    search::{PackageHit, RecordHit, Search, SearchQuery, search},
    statement::{EventRow, RangeRow, Statement},
    steps::Step,
};
