//! From records to sections.
//!
//! Compiling takes two passes. The first ([`intake`]) turns each record's JSON into what the database will hold of it and
//! lays that down in temporary files, keeping in memory only the identifier, a few numbers and the place; so it can tell
//! which of several copies of a record is the newest without holding any of them. The second ([`assemble`]) takes the
//! records in the order of their identifiers, which makes the result independent of the order in which they came.

pub(crate) mod assemble;
pub(crate) mod gather;
pub(crate) mod intake;
pub(crate) mod spool;
