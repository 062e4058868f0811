//! For each package the entries of all records about it: the part that matching reads.
//!
//! ```text
//! group: dictionary, number of entries varint, entries in ascending order of record
//! dictionary: count varint; if not 0: width of an offset u8 (1, 2 or 4), for each string the offset of its end, the strings,
//!             sorted by bytes
//! entry: record varint, less that of the entry before; flags u8
//!   RANGES     count varint; each: events << 1 | kind varint; each event: string << 2 | kind varint, where string 0 is the
//!              version "0" and string n the dictionary's number n - 1
//!   VERSIONS   length << 1 | form varint, then a bitmap over the dictionary (form 0) or runs in it (form 1: gap, length - 1)
//!   SEVERITIES count varint, assessments varint
//!   RATING     assessment varint
//!   STATE      state, and informational kind << 4, u8
//! ```
//!
//! All the version strings of a package lie in one dictionary: the records of a distribution name the same few uploads over
//! and over, and a version that is asked for is looked up once for all entries.

mod read;
mod write;

use crate::{Informational, State, file::bytes::Malformed};

pub use read::{Affected, Candidates, Events, Range, Ranges, VersionPlace, Versions};
pub(crate) use write::{Draft, encode_group};

const RANGES: u8 = 1;
const VERSIONS: u8 = 1 << 1;
const SEVERITIES: u8 = 1 << 2;
const RATING: u8 = 1 << 3;
const STATE: u8 = 1 << 4;

/// The version that every `introduced` of "from the beginning" states; it is not worth a place in each dictionary.
const BEGINNING: &str = "0";

fn state_code(state: State, informational: Option<Informational>) -> u8 {
    state as u8 | informational.map_or(0, |kind| kind as u8) << 4
}

fn decode_state(code: u8) -> Result<(State, Option<Informational>), Malformed> {
    let state = State::from_code(code & 0x0f).ok_or(Malformed)?;
    let informational = match code >> 4 {
        0 => None,
        kind => Some(Informational::from_code(kind).ok_or(Malformed)?),
    };
    Ok((state, informational))
}
