//! Every identifier and the records that bear or name it.
//!
//! `ids` is a [`Table`]; its value is either one mention (`mention << 1`) or the offset of a list of mentions in the
//! section `mentions` (`offset << 1 | 1`). A mention is `record << 2 | role`; a list is its length and then the mentions in
//! ascending order, each less the one before.

use rayon::prelude::*;

use super::table::{Table, TableBuilder, Value};
use crate::{
    Error,
    file::{
        Section,
        bytes::{Cursor, Malformed, Put},
    },
    record::{Mention, RecordId, Role},
};

/// The value of an identifier in the table.
#[derive(Clone, Copy)]
struct Place(u64);

impl Value for Place {
    fn encode(&self, to: &mut Vec<u8>) {
        to.put_varint(self.0);
    }

    fn decode(from: &mut Cursor<'_>) -> Result<Self, Malformed> {
        from.varint().map(Place)
    }
}

fn code(mention: Mention) -> u64 {
    u64::from(mention.record.0) << 2 | mention.role as u64
}

fn mention(code: u64) -> Result<Mention, Malformed> {
    let role = match code & 3 {
        0 => Role::Id,
        1 => Role::Alias,
        2 => Role::Upstream,
        _ => Role::Related,
    };
    Ok(Mention { record: RecordId(u32::try_from(code >> 2).map_err(|_| Malformed)?), role })
}

/// Encodes the sections `ids` and `mentions` from mentions in any order.
pub(crate) fn encode(mut all: Vec<(Box<str>, Mention)>) -> (Vec<u8>, Vec<u8>) {
    all.par_sort_unstable_by(|a, b| (&a.0, code(a.1)).cmp(&(&b.0, code(b.1))));
    all.dedup();
    let mut table = TableBuilder::new();
    let mut lists = Vec::new();
    for same in all.chunk_by(|a, b| a.0 == b.0) {
        let Some((id, first)) = same.first() else { continue };
        let place = if same.len() == 1 {
            Place(code(*first) << 1)
        } else {
            let offset = lists.len() as u64;
            lists.put_varint(same.len() as u64);
            let mut last = 0;
            for (_, mention) in same {
                lists.put_varint(code(*mention) - last);
                last = code(*mention);
            }
            Place(offset << 1 | 1)
        };
        table.push(id.as_bytes(), &place);
    }
    (table.finish(), lists)
}

/// The records that bear or name `id`, ascending.
pub(crate) fn read(ids: Section<'_>, lists: Section<'_>, id: &str) -> Result<Vec<Mention>, Error> {
    let Some(Place(place)) = Table::<Place>::open(ids)?.get(id.as_bytes())? else { return Ok(Vec::new()) };
    if place & 1 == 0 {
        return Ok(vec![ids.sound(0, mention(place >> 1))?]);
    }
    let offset = place >> 1;
    let rest = lists.len().checked_sub(offset).ok_or_else(|| lists.damaged(offset))?;
    // The list's own length is not known yet. A verified window of this size holds nearly all of them; the few that are
    // longer cost a second look.
    let mut window = rest.min(4096);
    loop {
        match decode(lists.bytes(offset, window)?) {
            Ok(found) => return Ok(found),
            Err(Malformed) if window < rest => window = rest.min(window * 16),
            Err(Malformed) => return Err(lists.damaged(offset)),
        }
    }
}

fn decode(bytes: &[u8]) -> Result<Vec<Mention>, Malformed> {
    let mut from = Cursor::new(bytes);
    let count = from.size()?;
    // A mention has at least one byte: nothing is reserved for more of them than there are bytes.
    if count > from.rest().len() {
        return Err(Malformed);
    }
    let mut found = Vec::with_capacity(count);
    let mut last = 0_u64;
    for _ in 0..count {
        last = last.checked_add(from.varint()?).ok_or(Malformed)?;
        found.push(mention(last)?);
    }
    Ok(found)
}
