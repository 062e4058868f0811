//! The header fields of core metadata, a line at a time.
//!
//! Core metadata are written like mail headers (RFC 822, read by Python's `email` module): `Name: value`, a
//! value goes on in lines that begin with white space, a blank line ends the fields and begins a description
//! that may be megabytes. Only the first line of a value is kept, since every field that is wanted has one
//! line, and of that only so much: the file may be one line of 200 MB.

use std::io::{self, BufRead, BufReader, Read};

/// Longest first line of a value that is kept, in bytes; what is longer is cut.
const LONGEST: usize = 4096;

/// Most lines that are read. With a description in the fields (metadata 1.x) some have tens of thousands.
const MOST_LINES: usize = 1_000_000;

/// One field.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Its name, in lower case.
    pub(super) name: String,
    /// The first line of its value, trimmed.
    pub(super) value: String,
    /// Whether the value goes on.
    pub(super) continued: bool,
}

/// Reads the fields of `from` and hands each to `take`, until the blank line or the end.
///
/// A line that is neither field nor continuation is passed over, as Python's parser does.
///
/// # Errors
/// What reading gives.
pub(super) fn read(from: impl Read, mut take: impl FnMut(Field)) -> io::Result<()> {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    let mut field: Option<Field> = None;
    for at in 0..MOST_LINES {
        if !read_line(&mut from, &mut line)? {
            break;
        }
        let mut text = line.trim_ascii_end();
        if at == 0 {
            text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        }
        if text.is_empty() {
            break;
        }
        if matches!(text.first(), Some(b' ' | b'\t')) {
            if let Some(field) = &mut field {
                field.continued = true;
            }
            continue;
        }
        if let Some(complete) = field.take() {
            take(complete);
        }
        field = parse(text);
    }
    if let Some(complete) = field {
        take(complete);
    }
    Ok(())
}

fn parse(line: &[u8]) -> Option<Field> {
    let colon = memchr::memchr(b':', line)?;
    let (name, value) = (line.get(..colon)?, line.get(colon + 1..)?);
    let is_name = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    is_name.then(|| Field {
        name: String::from_utf8_lossy(name).to_ascii_lowercase(),
        value: String::from_utf8_lossy(value.trim_ascii()).into_owned(),
        continued: false,
    })
}

/// Reads a line of which at most [`LONGEST`] bytes are kept; false at the end.
fn read_line(from: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let mut any = false;
    loop {
        let buffer = from.fill_buf()?;
        if buffer.is_empty() {
            return Ok(any);
        }
        any = true;
        let newline = memchr::memchr(b'\n', buffer);
        let part = &buffer[..newline.unwrap_or(buffer.len())];
        let room = LONGEST.saturating_sub(line.len()).min(part.len());
        line.extend_from_slice(&part[..room]);
        let used = newline.map_or(buffer.len(), |at| at + 1);
        from.consume(used);
        if newline.is_some() {
            return Ok(true);
        }
    }
}
