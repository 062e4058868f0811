//! Records that were withdrawn, by their identifiers: all that is kept of them, so that whoever looks for one learns why it
//! is not there.
//!
//! The section is a [`Table`]. A key is an identifier, a zero byte and the number of the feed, since one feed may withdraw
//! what another keeps; the value is the time in microseconds since 1970.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::table::{Table, TableBuilder, Value};
use crate::{
    Error, FeedId,
    file::{
        Section,
        bytes::{Cursor, Malformed, Put},
    },
};

/// That a record was withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Withdrawn {
    /// By which feed.
    pub feed: FeedId,
    /// When; where the publisher states no time that makes sense, when the record last changed.
    pub at: Timestamp,
}

/// Withdrawn records, and the microseconds since 1970.
pub(crate) type WithdrawnTimes = BTreeMap<(Box<str>, FeedId), i64>;

#[derive(Clone, Copy)]
struct Micros(i64);

impl Value for Micros {
    fn encode(&self, to: &mut Vec<u8>) {
        to.put_signed(self.0);
    }

    fn decode(from: &mut Cursor<'_>) -> Result<Self, Malformed> {
        from.signed().map(Micros)
    }
}

fn key(id: &str, feed: FeedId) -> Vec<u8> {
    [id.as_bytes(), &[0, feed.code()]].concat()
}

pub(crate) fn encode(all: &WithdrawnTimes) -> Vec<u8> {
    let mut table = TableBuilder::new();
    // No identifier has a control character in it, so these sort as the pairs do.
    for ((id, feed), at) in all {
        table.push(&key(id, *feed), &Micros(*at));
    }
    table.finish()
}

/// By which feeds `id` was withdrawn.
pub(crate) fn read(section: Section<'_>, id: &str) -> Result<Vec<Withdrawn>, Error> {
    let table = Table::<Micros>::open(section)?;
    let mut found = Vec::new();
    for feed in FeedId::ALL {
        if let Some(Micros(at)) = table.get(&key(id, feed))? {
            let at = Timestamp::from_microsecond(at).map_err(|_| section.damaged(0))?;
            found.push(Withdrawn { feed, at });
        }
    }
    Ok(found)
}

/// All of them.
pub(crate) fn all(section: Section<'_>) -> Result<WithdrawnTimes, Error> {
    let mut walk = Table::<Micros>::open(section)?.walk();
    let mut all = WithdrawnTimes::new();
    while let Some((key, Micros(at))) = walk.next()? {
        let [id @ .., 0, feed] = key else { return Err(section.damaged(0)) };
        let (Ok(id), Some(feed)) = (str::from_utf8(id), FeedId::from_code(*feed)) else {
            return Err(section.damaged(0));
        };
        all.insert((id.into(), feed), at);
    }
    Ok(all)
}
