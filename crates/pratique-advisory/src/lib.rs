//! Advisories, compiled into one memory-mapped file.
//!
//! The advisories of all ecosystems come as some hundred thousand JSON records ([`osv`]). [`import()`] reads them once, keeps
//! what matching and reporting need, and writes a [`Database`]: an immutable file that opens without being read, answers "what
//! is known about this package" from a few pages of it, and is shared by all processes that map it.
//!
//! ```no_run
//! use pratique_advisory::{Database, Event};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let database = Database::open("advisories.pdb")?;
//! for entry in database.affected("Debian:12", "openssl")? {
//!     let entry = entry?;
//!     let record = database.record(entry.record())?;
//!     let fixed = entry.ranges().flat_map(|range| range.events).find_map(|event| match event {
//!         Event::Fixed(version) => Some(version),
//!         _ => None,
//!     });
//!     println!("{}: fixed in {}", record.id(), fixed.unwrap_or("no version"));
//! }
//! # Ok(())
//! # }
//! ```
//!
//! - [`Database`] and its views: [`Candidates`], [`Affected`], [`Record`], [`Text`], [`CveFacts`], [`Diff`].
//! - [`Database::search`] and [`Database::packages_of`], which people ask and matching does not: [`Hits`], [`Filed`].
//! - [`Severity`], [`Level`]: how bad, and who says so.
//! - [`import()`], [`ImportOptions`], [`ImportReport`]: how a database is made.
//! - [`pack`], [`Incoming`]: how one travels.
//!
//! This crate knows nothing of images and compares no versions: it says what was published, exactly.

mod compile;
mod cve;
mod database;
mod delta;
mod error;
mod feed;
pub mod feeds;
mod file;
mod import;
mod info;
mod keys;
mod location;
mod names;
pub mod osv;
mod range;
mod record;
mod scan;
mod search;
mod section;
mod severity;
mod travel;

pub use cve::{CveId, NotACve};
pub use database::{Database, Packages};
pub use delta::{DeltaCounts, DeltaError, DeltaHead, apply_delta, read_delta_head, write_delta};
pub use error::Error;
pub use feed::{Authority, Feed, FeedError, FeedId, Sink};
#[cfg(feature = "web")]
pub use import::{BaseUrl, EPSS_URL, KEV_URL, OSV_URL};
pub use import::{
    Changes, FeedInput, Folder, ImportError, ImportOptions, ImportReport, Input, Problem, Progress, ReadSeek,
    SkipReason, Skipped, Source, SourceError, Tagged, Validator, import,
};
pub use info::{Counts, EpssInfo, FeedInfo, Info, KevInfo, OsvInfo};
pub use keys::{Change, Diff, Key};
pub use location::{DATABASE_VARIABLE, default_path};
pub use range::{Event, Informational, RangeKind, State};
pub use record::{Mention, RecordId, Role};
pub use scan::Filed;
pub use search::Hits;
pub use section::{
    affected::{Affected, Candidates, Events, Range, Ranges, VersionPlace, Versions},
    cves::{CveFacts, Epss, Kev},
    ecosystems::EcosystemEntry,
    records::{Record, Strings},
    text::{Reference, Text},
    withdrawn::Withdrawn,
};
pub use severity::{Level, Severity, System};
pub use travel::{Content, ContentId, Incoming, NotAContentId, TravelError, compress, expand, pack};
