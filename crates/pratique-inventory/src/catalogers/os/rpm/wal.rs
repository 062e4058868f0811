//! SQLite's write-ahead log beside an rpm database.
//!
//! "WAL-mode File Format" (sqlite.org/walformat.html). rpm closes its database cleanly, which moves the log's
//! content into the database and removes or empties it. An image that was made of a running system, or in which
//! rpm was killed, may have packages in the log alone. Each file is read by itself here, so a log cannot be laid
//! over its database: one with a committed transaction is reported.

use std::io::{self, Read};

use super::bytes::Order;

/// Whether the log holds at least one committed page.
pub(super) fn has_commit(log: &mut dyn Read) -> io::Result<bool> {
    let mut header = [0; 32];
    if !read_whole(log, &mut header)? {
        return Ok(false);
    }
    let number = |at| Order::Big.u32(&header, at).unwrap_or_default();
    let (magic, page_size) = (number(0), number(8));
    if magic & !1 != 0x377f_0682 || page_size == 0 {
        return Ok(false);
    }
    let salt = header.get(16..24).unwrap_or_default();
    let mut frame = [0; 24];
    while read_whole(log, &mut frame)? {
        // Frames with another salt are left from an earlier round and no longer count, nor do those behind them.
        if frame.get(8..16) != Some(salt) {
            return Ok(false);
        }
        // The number of pages after the commit: 0 in all frames but the last of a transaction.
        let commit = Order::Big.u32(&frame, 4).unwrap_or_default() != 0;
        if io::copy(&mut (&mut *log).take(u64::from(page_size)), &mut io::sink())? < u64::from(page_size) {
            return Ok(false);
        }
        if commit {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Fills `buffer`; whether there was enough.
fn read_whole(from: &mut dyn Read, buffer: &mut [u8]) -> io::Result<bool> {
    match from.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(e) => Err(e),
    }
}
