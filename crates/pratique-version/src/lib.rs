//! Ecosystems, how each orders its versions, ranges, and package URLs.
//!
//! - [`Ecosystem`] names where a package comes from; [`Ecosystem::scheme`] is the one table that says how its versions
//!   are ordered, [`Ecosystem::normalize_name`] how its names are written in keys.
//! - [`Scheme`] and [`compare`] order two versions; [`Parsed`] and [`Version`] keep one for later. Each scheme is one
//!   module, whose documentation states its grammar and its traps.
//! - [`range`] decides whether a version lies in an advisory's ranges, and why; [`range::native`] does so for the
//!   requirement languages of the package managers.
//! - [`purl`] reads and writes package URLs.
//!
//! Nothing here does I/O, and nothing panics on any input.

mod alpm;
mod apk;
mod composer;
mod conan;
mod debian;
mod digits;
mod ecosystem;
mod error;
mod generic;
mod gentoo;
pub mod go;
mod maven;
mod nuget;
mod numeric;
mod openssl;
mod pep440;
pub mod purl;
pub mod range;
mod rpm;
mod rubygems;
mod scheme;
mod semver;

pub use ecosystem::{Ecosystem, UnknownEcosystem};
pub use error::{InvalidVersion, MAX_VERSION_BYTES, Part, Reason};
pub use scheme::{Parsed, Scheme, Version, compare};
