//! NDB: `Packages.db`, the database of SUSE's distributions since SLES 15 and openSUSE Leap 15.
//!
//! rpm, `lib/backend/ndb/rpmpkg.c`. All numbers are little-endian. The file is blocks of 16 bytes; its first
//! pages of 4096 bytes are slots of 16 bytes, of which the first two are the description. A slot that is in use
//! says where a package's header lies and how many blocks it has; the header lies between a head and a tail that
//! repeat its number and length.

use super::bytes::{Order, Remaining, slice};
use super::{BadDatabase, Visit};

/// Sizes in bytes.
const BLOCK: usize = 16;
const SLOT: usize = 16;
const SLOT_PAGE: usize = 4096;
const HEAD: usize = 16;
const TAIL: usize = 12;

/// The description is as long as two slots.
const FIRST_SLOT: usize = 2;

/// Whether a file is an NDB package database.
pub(super) fn is(db: &[u8]) -> bool {
    db.starts_with(b"RpmP")
}

/// Visits every package header.
///
/// # Errors
/// [`BadDatabase`] when the description makes no sense; what is wrong with a record, `visit` is told.
pub(super) fn each(db: &[u8], visit: Visit<'_>) -> Result<(), BadDatabase> {
    let number = |at| Order::Little.u32(db, at);
    let beyond = BadDatabase::BeyondEnd { what: "the description", offset: 0 };
    let (Some(version), Some(slot_pages)) = (number(4), number(12)) else { return Err(beyond) };
    if version != 0 {
        return Err(BadDatabase::Version { format: "an NDB file", version });
    }
    let slots = (slot_pages as usize).saturating_mul(SLOT_PAGE);
    let Some(slots) = db.get(..slots) else {
        return Err(BadDatabase::BeyondEnd { what: "the table of slots", offset: 0 });
    };
    let mut remaining = Remaining::new(db);
    for (index, slot) in slots.chunks_exact(SLOT).enumerate().skip(FIRST_SLOT) {
        if !slot.starts_with(b"Slot") {
            visit(Err(BadDatabase::Mark { offset: (index * SLOT) as u64, mark: "mark of a slot" }));
            continue;
        }
        let number = |at| Order::Little.u32(slot, at).unwrap_or_default();
        let (package, block, blocks) = (number(4), number(8), number(12));
        // A slot that is not in use points nowhere.
        if block == 0 {
            continue;
        }
        visit(blob(db, package, block, blocks, &mut remaining));
    }
    Ok(())
}

/// The package header that a slot points at.
fn blob<'a>(
    db: &'a [u8],
    package: u32,
    block: u32,
    blocks: u32,
    remaining: &mut Remaining,
) -> Result<&'a [u8], BadDatabase> {
    let at = u64::from(block) * BLOCK as u64;
    let beyond = BadDatabase::BeyondEnd { what: "the record", offset: at };
    let length = (blocks as usize).saturating_mul(BLOCK);
    let record = usize::try_from(at).ok().and_then(|at| slice(db, at, length)).ok_or(beyond)?;
    remaining.take(record.len())?;
    let head_of = |record: &[u8]| {
        let number = |at| Order::Little.u32(record, at);
        record.starts_with(b"BlbS").then_some(())?;
        (number(4)? == package).then_some(())?;
        number(12)
    };
    let head = BadDatabase::Mark { offset: at, mark: "head that fits its slot" };
    let stated = head_of(record).ok_or(head)?;
    let body = slice(record, HEAD, stated as usize)
        .ok_or(BadDatabase::BeyondEnd { what: "the header", offset: at })?;
    // The tail is the end of the last block: a checksum, the length once more, a mark.
    let tail = record.len().checked_sub(TAIL).filter(|&start| start >= HEAD + body.len());
    let tail = tail.and_then(|start| record.get(start..)).unwrap_or_default();
    if Order::Little.u32(tail, 4) != Some(stated) || !tail.ends_with(b"BlbE") {
        return Err(BadDatabase::Mark { offset: at, mark: "tail that fits its head" });
    }
    Ok(body)
}
