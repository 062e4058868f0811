//! SQLite: `rpmdb.sqlite`, rpm's database since 2020 (RHEL 9, Fedora 33, Amazon Linux 2023, Azure Linux).
//!
//! "Database File Format" (sqlite.org/fileformat2.html); the numbers in the comments are its sections. Reading
//! one table from front to end needs little of it: the header (1.3), table b-trees (1.6) and records (2.1). rpm
//! keeps `CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)`; the first column
//! is the row's number and stored as NULL, the second is the package header.
//!
//! What is only in the write-ahead log is not in this file: see [`super::wal`].

use super::bytes::{Order, Remaining, Seen, slice};
use super::{BadDatabase, Visit};

const MAGIC: &[u8] = b"SQLite format 3\0";
/// Length of the file's header, which is at the front of the first page.
const FILE_HEADER: usize = 100;
/// Root of the table of tables.
const SCHEMA: u32 = 1;

/// Whether a file is an SQLite database.
pub(super) fn is(db: &[u8]) -> bool {
    db.starts_with(MAGIC)
}

/// Visits every package header.
///
/// # Errors
/// [`BadDatabase`] when the file's header or its table of tables makes no sense; what is wrong with a page or a
/// record, `visit` is told.
pub(super) fn each(db: &[u8], visit: Visit<'_>) -> Result<(), BadDatabase> {
    let mut db = Database::open(db)?;
    let root = db.root_of(b"Packages")?;
    db.rows(root, &mut |row| {
        // Column 1: the header.
        visit(row.and_then(|(page, row)| {
            let bad = BadDatabase::Entry { page, entry: 0, what: "the record" };
            column(row, 1).and_then(Value::blob).ok_or(bad)
        }));
    });
    Ok(())
}

struct Database<'a> {
    bytes: &'a [u8],
    page_size: usize,
    /// What of a page is in use: all but what an extension reserved at its end.
    usable: usize,
    seen: Seen,
    remaining: Remaining,
    buffer: Vec<u8>,
}

/// A row with the page it lies on, or what is wrong with it.
type Row<'r> = Result<(u32, &'r [u8]), BadDatabase>;

impl<'a> Database<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, BadDatabase> {
        let Some(header) = bytes.get(..FILE_HEADER) else {
            return Err(BadDatabase::BeyondEnd { what: "the header", offset: 0 });
        };
        let page_size = match Order::Big.u16(header, 16).unwrap_or_default() {
            1 => 65536,
            size => u32::from(size),
        };
        let reserved = u32::from(header.get(20).copied().unwrap_or_default());
        let usable = page_size.saturating_sub(reserved);
        if !page_size.is_power_of_two() || !(512..=65536).contains(&page_size) || usable < 480 {
            return Err(BadDatabase::PageSize(page_size));
        }
        // 1.3.13: a new database has no encoding yet.
        if Order::Big.u32(header, 56).is_some_and(|encoding| encoding > 1) {
            return Err(BadDatabase::Feature { format: "SQLite", feature: "text in UTF-16" });
        }
        let page_size = page_size as usize;
        let pages = u32::try_from(bytes.len() / page_size).unwrap_or(u32::MAX);
        Ok(Self {
            bytes,
            page_size,
            usable: usable as usize,
            seen: Seen::new(pages),
            remaining: Remaining::new(bytes),
            buffer: Vec::new(),
        })
    }

    /// A page's bytes; pages count from 1.
    fn page(&self, number: u32) -> Result<&'a [u8], BadDatabase> {
        let at = u64::from(number).checked_sub(1).map(|before| before * self.page_size as u64);
        let page =
            at.and_then(|at| usize::try_from(at).ok()).and_then(|at| slice(self.bytes, at, self.usable));
        page.ok_or(BadDatabase::BeyondEnd { what: "the page", offset: at.unwrap_or_default() })
    }

    /// The page at which a table begins.
    fn root_of(&mut self, table: &[u8]) -> Result<u32, BadDatabase> {
        let mut root = None;
        let mut damage = None;
        // 2.6: type, name, tbl_name, rootpage, sql.
        self.rows(SCHEMA, &mut |row| match row {
            Ok((_, row)) => {
                let text = |at| column(row, at).and_then(Value::text);
                if text(0) == Some(b"table") && text(1).is_some_and(|name| name.eq_ignore_ascii_case(table)) {
                    root = column(row, 3).and_then(Value::integer).and_then(|page| u32::try_from(page).ok());
                }
            }
            Err(bad) => damage = Some(bad),
        });
        root.ok_or(damage.unwrap_or(BadDatabase::NoTable))
    }

    /// Visits every row of the table that begins at `root`, in order.
    fn rows(&mut self, root: u32, visit: &mut dyn FnMut(Row<'_>)) {
        // Pages still to be read, the next one last. Each page is read once and pushes what it names, so this
        // stays shorter than the file.
        let mut pages = vec![root];
        while let Some(number) = pages.pop() {
            if let Err(bad) = self.node(number, &mut pages, visit) {
                visit(Err(bad));
            }
        }
    }

    /// Reads one page of a table b-tree: the rows of a leaf, or the pages below an interior page.
    fn node(
        &mut self,
        number: u32,
        pages: &mut Vec<u32>,
        visit: &mut dyn FnMut(Row<'_>),
    ) -> Result<(), BadDatabase> {
        const INTERIOR: u8 = 0x05;
        const LEAF: u8 = 0x0d;
        let page = self.page(number)?;
        if !self.seen.first_time(number) {
            return Err(BadDatabase::PageTwice(number));
        }
        let start = if number == 1 { FILE_HEADER } else { 0 };
        let kind = page.get(start).copied().unwrap_or_default();
        let header = match kind {
            INTERIOR => 12,
            LEAF => 8,
            _ => return Err(BadDatabase::PageKind { page: number, expected: "table", kind }),
        };
        let cells = usize::from(Order::Big.u16(page, start + 3).unwrap_or_default());
        let cell = |entry: usize| Order::Big.u16(page, start + header + entry * 2).map(usize::from);
        let bad = |entry, what| BadDatabase::Entry { page: number, entry, what };
        if kind == LEAF {
            for entry in 0..cells {
                let row = match cell(entry) {
                    Some(at) => self.row(page, at).unwrap_or_else(|| Err(bad(entry, "the cell"))),
                    None => Err(bad(entry, "the place")),
                };
                visit(row.map(|row| (number, row)));
            }
            return Ok(());
        }
        // The page right of all cells, then the pages left of each, so that the first comes off first.
        let right = Order::Big.u32(page, start + 8).ok_or(bad(cells, "the last page"))?;
        pages.push(right);
        for entry in (0..cells).rev() {
            let left = cell(entry).and_then(|at| Order::Big.u32(page, at)).ok_or(bad(entry, "the place"))?;
            pages.push(left);
        }
        Ok(())
    }

    /// The payload of the leaf cell at `at` (1.6): its length, the row's number, its beginning, and the page on
    /// which it goes on. `None` when the cell does not lie on the page.
    fn row(&mut self, page: &'a [u8], at: usize) -> Option<Result<&[u8], BadDatabase>> {
        let cell = page.get(at..)?;
        let (length, cell) = varint(cell)?;
        let (_, cell) = varint(cell)?;
        let length = usize::try_from(length).ok()?;
        if let Err(overlap) = self.remaining.take(length) {
            return Some(Err(overlap));
        }
        let local = self.local(length);
        let begin = cell.get(..local)?;
        if local == length {
            return Some(Ok(begin));
        }
        let first = Order::Big.u32(cell, local)?;
        self.buffer.clear();
        self.buffer.extend_from_slice(begin);
        Some(self.overflow(first, length).map(|()| self.buffer.as_slice()))
    }

    /// How many bytes of a payload lie in the cell itself (1.6, "Cell Payload Overflow Pages").
    fn local(&self, length: usize) -> usize {
        let usable = self.usable;
        let most = usable - 35;
        if length <= most {
            return length;
        }
        let least = (usable - 12) * 32 / 255 - 23;
        let fitting = least + (length - least) % (usable - 4);
        if fitting <= most { fitting } else { least }
    }

    /// Appends a chain of overflow pages to the buffer until it has `length` bytes.
    fn overflow(&mut self, first: u32, length: usize) -> Result<(), BadDatabase> {
        let mut next = first;
        while self.buffer.len() < length {
            if next == 0 {
                let (stated, actual) = (length as u64, self.buffer.len() as u64);
                return Err(BadDatabase::Length { page: first, stated, actual });
            }
            let page = self.page(next)?;
            if !self.seen.first_time(next) {
                return Err(BadDatabase::PageTwice(next));
            }
            let part = page.get(4..).unwrap_or_default();
            let part = part.get(..length - self.buffer.len()).unwrap_or(part);
            self.buffer.extend_from_slice(part);
            next = Order::Big.u32(page, 0).unwrap_or_default();
        }
        Ok(())
    }
}

/// A value of a record.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Value<'a> {
    Integer(i64),
    Text(&'a [u8]),
    Blob(&'a [u8]),
    Other,
}

impl<'a> Value<'a> {
    fn integer(self) -> Option<i64> {
        if let Self::Integer(value) = self { Some(value) } else { None }
    }

    fn text(self) -> Option<&'a [u8]> {
        if let Self::Text(value) = self { Some(value) } else { None }
    }

    fn blob(self) -> Option<&'a [u8]> {
        if let Self::Blob(value) = self { Some(value) } else { None }
    }
}

/// A column of a record (2.1): the types of all columns come first, then their values.
fn column(record: &[u8], wanted: usize) -> Option<Value<'_>> {
    let (header, rest) = varint(record)?;
    let used = record.len() - rest.len();
    let header = usize::try_from(header).ok()?;
    let mut types = record.get(used..header)?;
    let mut at = header;
    for index in 0.. {
        let (kind, more) = varint(types)?;
        types = more;
        let length = match kind {
            0..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            8..=11 => 0,
            _ => (kind - 12) / 2,
        };
        let length = usize::try_from(length).ok()?;
        if index == wanted {
            let bytes = slice(record, at, length)?;
            return Some(match kind {
                // Big-endian, of 1, 2, 3, 4, 6 or 8 bytes, signed.
                1..=6 => Value::Integer(integer(bytes)),
                8 => Value::Integer(0),
                9 => Value::Integer(1),
                0 | 7 | 10 | 11 => Value::Other,
                _ if kind % 2 == 0 => Value::Blob(bytes),
                _ => Value::Text(bytes),
            });
        }
        at = at.checked_add(length)?;
    }
    None
}

fn integer(bytes: &[u8]) -> i64 {
    let negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    bytes.iter().fold(if negative { -1 } else { 0 }, |value, &byte| value << 8 | i64::from(byte))
}

/// A number of 1 to 9 bytes (1.6): seven bits each while the highest is set, all eight of the ninth.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (count, &byte) in bytes.iter().enumerate().take(9) {
        if count == 8 {
            value = value << 8 | u64::from(byte);
        } else {
            value = value << 7 | u64::from(byte & 0x7f);
        }
        if count == 8 || byte & 0x80 == 0 {
            return Some((value, bytes.get(count + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_varying_length() {
        assert_eq!(varint(&[0x7f, 1]), Some((0x7f, &[1][..])));
        assert_eq!(varint(&[0x81, 0x00]), Some((0x80, &[][..])));
        assert_eq!(varint(&[0xff; 9]), Some((u64::MAX, &[][..])));
        assert_eq!(varint(&[0xff; 8]), None);
        assert_eq!(varint(&[]), None);
    }

    #[test]
    fn columns_of_a_record() {
        // Header of 6 bytes: NULL, a blob of 2, a text of 1, a 3-byte integer, the constant 1.
        let record = [6, 0, 16, 15, 3, 9, 0xca, 0xfe, b'x', 0xff, 0xff, 0xfe];
        assert_eq!(column(&record, 0), Some(Value::Other));
        assert_eq!(column(&record, 1), Some(Value::Blob(&[0xca, 0xfe])));
        assert_eq!(column(&record, 2), Some(Value::Text(b"x")));
        assert_eq!(column(&record, 3), Some(Value::Integer(-2)));
        assert_eq!(column(&record, 4), Some(Value::Integer(1)));
        assert_eq!(column(&record, 5), None);
        // A blob that is longer than the record; a header that is.
        assert_eq!(column(&[3, 0, 0x7e], 1), None);
        assert_eq!(column(&[9, 0], 0), None);
    }
}
