//! Berkeley DB hash files: `Packages`, rpm's database until 2020 (RHEL 8, SLES 12, Amazon Linux 2, Photon 3).
//!
//! Oracle Berkeley DB, `src/dbinc/db_page.h` (page layouts) and `src/dbinc/hash.h`. The file is pages of one
//! size, in the byte order of the machine that wrote it; page 0 is the description. Keys and values lie on hash
//! pages, in pairs: an index of offsets grows from the front, the items from the back. A value that does not fit
//! is a chain of overflow pages.
//!
//! rpm keys a package's header by its number; key 0 holds the next free number. Which bucket an item belongs to
//! does not matter for reading all of them: every hash page is read in the order of the file, which also finds
//! what a damaged bucket table has lost. Freed pages are marked as such and hold nothing.

use super::bytes::{Order, Remaining, Seen, slice};
use super::{BadDatabase, Visit};

/// Number that tells a hash file, at byte 12.
const MAGIC: u32 = 0x0006_1561;
/// Where it lies.
const MAGIC_AT: usize = 12;
/// Length of the header of a page.
const PAGE_HEADER: usize = 26;

/// Kinds of pages.
mod page {
    pub(super) const INVALID: u8 = 0;
    pub(super) const HASH_UNSORTED: u8 = 2;
    pub(super) const OVERFLOW: u8 = 7;
    pub(super) const HASH_META: u8 = 8;
    pub(super) const HASH: u8 = 13;
}

/// Kinds of items on a hash page.
mod item {
    pub(super) const KEY_DATA: u8 = 1;
    pub(super) const OFF_PAGE: u8 = 3;
}

/// Whether a file is a Berkeley DB hash, in either byte order.
pub(super) fn is(db: &[u8]) -> bool {
    order(db).is_some()
}

fn order(db: &[u8]) -> Option<Order> {
    [Order::Little, Order::Big].into_iter().find(|order| order.u32(db, MAGIC_AT) == Some(MAGIC))
}

struct Database<'a> {
    bytes: &'a [u8],
    order: Order,
    page_size: usize,
    last_page: u32,
}

/// Visits every package header.
///
/// # Errors
/// [`BadDatabase`] when the description makes no sense; what is wrong with a record, `visit` is told.
pub(super) fn each(db: &[u8], visit: Visit<'_>) -> Result<(), BadDatabase> {
    let db = Database::open(db, visit)?;
    let mut seen = Seen::new(db.last_page);
    let mut remaining = Remaining::new(db.bytes);
    let mut buffer = Vec::new();
    for number in 1..=db.last_page {
        let page = db.page(number)?;
        match page.get(25) {
            Some(&(page::HASH | page::HASH_UNSORTED)) => {}
            Some(&(page::INVALID | page::OVERFLOW | page::HASH_META)) => continue,
            kind => {
                let kind = kind.copied().unwrap_or_default();
                visit(Err(BadDatabase::PageKind { page: number, expected: "hash", kind }));
                continue;
            }
        }
        let entries = usize::from(db.order.u16(page, 20).unwrap_or_default());
        for entry in (0..entries).step_by(2) {
            match db.value(number, page, entry, &mut seen, &mut remaining, &mut buffer) {
                Ok(Some(value)) => visit(Ok(value)),
                Ok(None) => {}
                Err(bad) => {
                    // Once the index is damaged, so is what comes behind.
                    let damaged = matches!(bad, BadDatabase::Entry { page, .. } if page == number);
                    visit(Err(bad));
                    if damaged {
                        break;
                    }
                }
            }
        }
    }
    Ok(())
}

impl<'a> Database<'a> {
    fn open(bytes: &'a [u8], visit: Visit<'_>) -> Result<Self, BadDatabase> {
        const FORMAT: &str = "a Berkeley DB hash file";
        let beyond = BadDatabase::BeyondEnd { what: "the description", offset: 0 };
        let (Some(order), Some(meta)) = (order(bytes), slice(bytes, 0, 512)) else { return Err(beyond) };
        let number = |at| order.u32(meta, at).unwrap_or_default();
        let version = number(16);
        if !(7..=10).contains(&version) {
            return Err(BadDatabase::Version { format: FORMAT, version });
        }
        let page_size = number(20);
        if !page_size.is_power_of_two() || !(512..=65536).contains(&page_size) {
            return Err(BadDatabase::PageSize(page_size));
        }
        // Bytes 24 and 26: the encryption in use, and flags of which the lowest stands for checksums. Both make
        // the header of a page longer.
        if meta.get(24) != Some(&0) {
            return Err(BadDatabase::Feature { format: FORMAT, feature: "encryption" });
        }
        if meta.get(26).is_none_or(|flags| flags & 1 != 0) {
            return Err(BadDatabase::Feature { format: FORMAT, feature: "checksums" });
        }
        let page_size = page_size as usize;
        let stated = number(32);
        let there = u32::try_from(bytes.len() / page_size).unwrap_or(u32::MAX).saturating_sub(1);
        if stated > there {
            let offset = (u64::from(there) + 1) * page_size as u64;
            visit(Err(BadDatabase::BeyondEnd { what: "the page", offset }));
        }
        Ok(Self { bytes, order, page_size, last_page: stated.min(there) })
    }

    fn page(&self, number: u32) -> Result<&'a [u8], BadDatabase> {
        let offset = u64::from(number) * self.page_size as u64;
        let beyond = BadDatabase::BeyondEnd { what: "the page", offset };
        usize::try_from(offset).ok().and_then(|at| slice(self.bytes, at, self.page_size)).ok_or(beyond)
    }

    /// The value of the pair that begins at `entry`; `None` for the one that counts the packages.
    fn value<'b>(
        &self,
        number: u32,
        page: &'a [u8],
        entry: usize,
        seen: &mut Seen,
        remaining: &mut Remaining,
        buffer: &'b mut Vec<u8>,
    ) -> Result<Option<&'b [u8]>, BadDatabase>
    where
        'a: 'b,
    {
        let bad = |what| BadDatabase::Entry { page: number, entry, what };
        let key = self.item(page, entry).ok_or(bad("the key's place"))?;
        let value = self.item(page, entry + 1).ok_or(bad("the value's place"))?;
        let [item::KEY_DATA, key @ ..] = key else { return Err(bad("the key's type")) };
        if key == [0; 4] {
            return Ok(None);
        }
        match value {
            [item::KEY_DATA, inline @ ..] => {
                remaining.take(inline.len())?;
                Ok(Some(inline))
            }
            [item::OFF_PAGE, _, _, _, ..] => {
                let first = self.order.u32(value, 4).ok_or(bad("the value's place"))?;
                let length = self.order.u32(value, 8).ok_or(bad("the value's length"))?;
                self.chain(first, length, seen, remaining, buffer).map(Some)
            }
            _ => Err(bad("the value's type")),
        }
    }

    /// An item of a page: from its own offset to that of the item before it, which lies behind it.
    fn item(&self, page: &'a [u8], entry: usize) -> Option<&'a [u8]> {
        let offset = |entry: usize| self.order.u16(page, PAGE_HEADER + entry * 2).map(usize::from);
        let start = offset(entry)?;
        let end = if entry == 0 { self.page_size } else { offset(entry - 1)? };
        // Items lie behind the index.
        (start >= PAGE_HEADER + (entry + 1) * 2).then(|| page.get(start..end)).flatten()
    }

    /// The bytes of a chain of overflow pages.
    fn chain<'b>(
        &self,
        first: u32,
        length: u32,
        seen: &mut Seen,
        remaining: &mut Remaining,
        buffer: &'b mut Vec<u8>,
    ) -> Result<&'b [u8], BadDatabase>
    where
        'a: 'b,
    {
        let stated = length as usize;
        remaining.take(stated)?;
        buffer.clear();
        let mut next = first;
        while next != 0 {
            let page = self.page(next)?;
            if !seen.first_time(next) {
                return Err(BadDatabase::PageTwice(next));
            }
            let kind = page.get(25).copied().unwrap_or_default();
            if kind != page::OVERFLOW {
                return Err(BadDatabase::PageKind { page: next, expected: "overflow", kind });
            }
            // On an overflow page the field for the free space holds the number of bytes in use.
            let used = usize::from(self.order.u16(page, 22).unwrap_or_default());
            let bad = BadDatabase::Entry { page: next, entry: 0, what: "the length" };
            let part = slice(page, PAGE_HEADER, used).ok_or(bad)?;
            if buffer.is_empty() && part.len() == stated {
                // All on one page: no need to copy it.
                return Ok(part);
            }
            buffer.extend_from_slice(part);
            if buffer.len() >= stated {
                break;
            }
            next = self.order.u32(page, 16).unwrap_or_default();
        }
        if buffer.len() != stated {
            let actual = buffer.len() as u64;
            return Err(BadDatabase::Length { page: first, stated: u64::from(length), actual });
        }
        Ok(buffer)
    }
}
