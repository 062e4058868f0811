//! From records to sections.
//!
//! Compiling takes two passes. The first ([`intake`]) turns each record's JSON into what the database will hold of it and
//! lays that down in temporary files, keeping in memory only the identifier, a few numbers and the place; so it can tell
//! which of several copies of a record is the newest without holding any of them. The second ([`assemble`]) takes the
//! records in the order of their identifiers, which makes the result independent of the order in which they came.
//!
//! A database can be made out of an older one and of what was said since ([`kept`]); then the first pass reads the news
//! alone, and the second takes the rest from where it lies.

pub(crate) mod assemble;
pub(crate) mod gather;
pub(crate) mod intake;
pub(crate) mod kept;
mod packages;
pub(crate) mod spool;
