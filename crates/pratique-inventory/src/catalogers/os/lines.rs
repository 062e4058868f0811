//! Reading text line by line in bounded memory, however long the file or its lines are.

use std::io::{self, Read};

/// Longest line that is kept whole, in bytes. The longest in real databases (`Provides` of a kernel, `Depends`
/// of a TeX collection) stay under 100 kB.
const LONGEST: usize = 1 << 20;

/// Room to start with: the longest line of most databases.
const ROOM: usize = 32 << 10;

/// A reader that lends one line after the other out of its own buffer.
pub(super) struct Lines<'a> {
    from: &'a mut dyn Read,
    buffer: Vec<u8>,
    /// What of the buffer is filled and not yet lent.
    start: usize,
    end: usize,
    ended: bool,
    number: u64,
}

/// A line without its end (`\n` or `\r\n`).
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// Counted from 1.
    pub(super) number: u64,
    /// Its bytes; the first [`LONGEST`] of them if there are more.
    pub(super) bytes: &'a [u8],
    /// Whether there are more.
    pub(super) cut: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn new(from: &'a mut dyn Read) -> Self {
        Self { from, buffer: vec![0; ROOM], start: 0, end: 0, ended: false, number: 0 }
    }

    /// The next line; `None` at the end of the file.
    ///
    /// # Errors
    /// What the file's reader says.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let mut searched = 0;
        let (length, next, cut) = loop {
            let kept = self.buffer.get(self.start..self.end).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', kept.get(searched..).unwrap_or_default()) {
                let length = searched + at;
                break (length, self.start + length + 1, false);
            }
            searched = kept.len();
            if self.ended {
                if searched == 0 {
                    return Ok(None);
                }
                break (searched, self.end, false);
            }
            if searched >= LONGEST {
                break (searched, self.end, true);
            }
            self.fill()?;
        };
        let (start, number) = (self.start, self.number + 1);
        self.start = next;
        self.number = number;
        if cut {
            // The rest of the line is read into the room behind what is lent.
            self.skip_line(start + length)?;
        }
        let bytes = self.buffer.get(start..start + length).unwrap_or_default();
        Ok(Some(Line { number, bytes: bytes.strip_suffix(b"\r").unwrap_or(bytes), cut }))
    }

    /// Reads more behind what is kept, moving it to the front or growing the buffer where there is no room.
    fn fill(&mut self) -> io::Result<()> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let n = self.read_behind(self.end)?;
        self.end += n;
        Ok(())
    }

    fn read_behind(&mut self, at: usize) -> io::Result<usize> {
        loop {
            match self.from.read(self.buffer.get_mut(at..).unwrap_or_default()) {
                Ok(0) => {
                    self.ended = true;
                    return Ok(0);
                }
                Ok(n) => return Ok(n),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }

    /// Passes over the rest of a line, using the buffer from `keep` on.
    fn skip_line(&mut self, keep: usize) -> io::Result<()> {
        if self.buffer.len() < keep + ROOM {
            self.buffer.resize(keep + ROOM, 0);
        }
        self.start = keep;
        self.end = keep;
        while !self.ended {
            let n = self.read_behind(keep)?;
            let read = self.buffer.get(keep..keep + n).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', read) {
                self.start = keep + at + 1;
                self.end = keep + n;
                break;
            }
        }
        Ok(())
    }
}

/// Text as it is shown: what is no UTF-8 becomes U+FFFD, white space around it goes.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.trim_ascii()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut bytes: &[u8]) -> Vec<(u64, usize, bool)> {
        let mut lines = Lines::new(&mut bytes);
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            found.push((line.number, line.bytes.len(), line.cut));
        }
        found
    }

    #[test]
    fn ends_of_lines() {
        assert_eq!(all(b""), []);
        assert_eq!(all(b"\n"), [(1, 0, false)]);
        assert_eq!(all(b"ab\r\n\ncd"), [(1, 2, false), (2, 0, false), (3, 2, false)]);
    }

    #[test]
    fn long_lines_are_kept_or_cut() {
        let mut bytes = vec![b'x'; ROOM * 3];
        bytes.push(b'\n');
        bytes.extend(vec![b'y'; LONGEST * 3]);
        bytes.extend(b"\nlast");
        let found = all(&bytes);
        assert_eq!(found.len(), 3);
        assert_eq!(found[0], (1, ROOM * 3, false));
        assert!(found[1].2 && found[1].1 >= LONGEST && found[1].1 <= LONGEST * 2, "{:?}", found[1]);
        assert_eq!(found[2], (3, 4, false));
        // A cut line at the very end.
        assert_eq!(all(&bytes[..bytes.len() - 5]).len(), 2);
    }

    #[test]
    fn one_byte_at_a_time() {
        struct Slow<'a>(&'a [u8]);
        impl Read for Slow<'_> {
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                self.0.read(&mut buf[..1])
            }
        }
        let mut slow = Slow(b"one\ntwo\n\nfour");
        let mut lines = Lines::new(&mut slow);
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            found.push(text(line.bytes));
        }
        assert_eq!(found, ["one", "two", "", "four"]);
    }
}
