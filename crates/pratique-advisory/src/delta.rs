//! The difference between two databases, small enough to be fetched every day.
//!
//! ```text
//! magic, 16 bytes; format u16
//! head: length varint, JSON: contents before and after, what the newer database says of itself
//! records that are there no more: count varint; each: id text, feed u8
//! records that are new or changed: count varint; each: id text, feed u8, modified signed, flag u8 [published signed],
//!         sum u64, facts and entries (length varint, bytes), text (length varint, bytes)
//! what is known of CVEs beside records: 0 u8 if unchanged, else 1 u8, count varint; each: the identifier less the one
//!         before varint; flags u8; [probability f32; percentile f32]; [KEV entry: ransomware u8, four texts]
//! records that are not withdrawn any more: count varint; each: id text, feed u8
//! records that are withdrawn, and were not or at another time: count varint; each: id text, feed u8, time signed
//! XXH3-64 of all before it
//! ```
//!
//! Applying it gives a database of the same contents ([`Info::content`]) as the newer one, though not of the same bytes:
//! texts lie in other blocks. That sum is checked before anything is replaced. It adds up what the newer database noted of
//! each record, which the delta brings along: it shows that the right records came together, while their bytes are vouched
//! for by the checksum at the end, and by the digest or signature of whoever sends it. The format is compact and not compressed:
//! whoever sends it compresses it.

mod read;
mod write;

use serde::{Deserialize, Serialize};

use crate::{Error, FeedId, ImportError, Info};

pub use self::{
    read::{apply_delta, read_delta_head},
    write::write_delta,
};

const MAGIC: [u8; 16] = *b"\x93PRATIQUE-DIFF\r\n";
const FORMAT: u16 = 2;
/// What is known of a flaw: bits of one byte.
const EPSS: u8 = 1;
const PERCENTILE: u8 = 1 << 1;
const KEV: u8 = 1 << 2;

/// What a delta says of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DeltaHead {
    /// [`Info::content`] of the database that it applies to.
    pub from: String,
    /// [`Info::content`] of the database that comes out.
    pub to: String,
    /// What that database says of itself.
    pub info: Info,
}

/// How much a delta holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeltaCounts {
    /// Records that are new or changed.
    pub changed: usize,
    /// Records that are there no more.
    pub removed: usize,
}

/// A delta could not be applied. The database is what it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeltaError {
    /// It is no delta, or a damaged one.
    #[error("not a usable difference of advisory databases: {0}; fetch the whole database instead")]
    Unusable(String),
    /// It applies to another database.
    #[error("the difference applies to a database with the contents {expected}, and this one has {found}")]
    OtherBase {
        /// What it applies to.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The database cannot be read, or the new one not be written.
    #[error(transparent)]
    Import(#[from] ImportError),
}

impl From<Error> for DeltaError {
    fn from(error: Error) -> Self {
        DeltaError::Import(error.into())
    }
}

/// What tells a record from all others.
type Names = (Box<str>, FeedId);
