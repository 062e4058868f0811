//! One 512-byte header block, in the four dialects that exist: v7, ustar (with pax), star, old GNU.
//!
//! Layouts: POSIX pax *ustar Interchange Format*; GNU tar manual, *Basic Tar Format*; star(5).

use super::number::{numeric, octal};
use super::{BLOCK, TarError};

/// The dialect that magic, version and trailer announce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    V7,
    Ustar,
    Star,
    Gnu,
}

/// A header block as it lies in the archive.
pub(super) struct Block(pub(super) [u8; BLOCK]);

/// What a header block says, before extension headers are applied to it.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    pub(super) flag: u8,
    pub(super) name: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) size: i64,
    pub(super) mode: i64,
}

impl Block {
    /// A range of the block; every caller's range is a constant inside it.
    pub(super) fn field(&self, start: usize, len: usize) -> &[u8] {
        self.0.get(start..start + len).unwrap_or_default()
    }

    pub(super) fn is_zero(&self) -> bool {
        self.0.iter().all(|&b| b == 0)
    }

    /// The dialect, if the checksum is right. Sun's tar summed signed bytes: both sums are accepted.
    pub(super) fn dialect(&self) -> Option<Dialect> {
        let stated = octal(self.field(148, 8))?;
        let mut unsigned: i64 = 0;
        let mut signed: i64 = 0;
        for &byte in &self.0 {
            unsigned += i64::from(byte);
            signed += i64::from(byte.cast_signed());
        }
        // The checksum's own eight bytes count as spaces.
        for &byte in self.field(148, 8) {
            unsigned += i64::from(b' ') - i64::from(byte);
            signed += i64::from(b' ') - i64::from(byte.cast_signed());
        }
        if stated != unsigned && stated != signed {
            return None;
        }
        Some(match (self.field(257, 6), self.field(263, 2)) {
            (b"ustar\0", _) if self.field(508, 4) == b"tar\0" => Dialect::Star,
            (b"ustar\0", _) => Dialect::Ustar,
            (b"ustar ", b" \0") => Dialect::Gnu,
            _ => Dialect::V7,
        })
    }

    /// Unpacks the fields that matter, and checks those that do not as strictly as Go does, so that both readers
    /// stop at the same archives.
    pub(super) fn fields(&self) -> Result<Fields, TarError> {
        let dialect = self.dialect().ok_or(TarError::Checksum)?;
        let number = |start, len, field| numeric(self.field(start, len)).ok_or(TarError::Number(field));
        let mut name = text(self.field(0, 100));
        let size = number(124, 12, "size")?;
        let mode = number(100, 8, "mode")?;
        number(108, 8, "uid")?;
        number(116, 8, "gid")?;
        number(136, 12, "mtime")?;
        if dialect != Dialect::V7 {
            number(329, 8, "devmajor")?;
            number(337, 8, "devminor")?;
        }
        let prefix: &[u8] = match dialect {
            Dialect::V7 => &[],
            Dialect::Ustar => text(self.field(345, 155)),
            Dialect::Star => {
                number(476, 12, "atime")?;
                number(488, 12, "ctime")?;
                text(self.field(345, 131))
            }
            Dialect::Gnu => self.gnu_prefix(),
        };
        let joined;
        if !prefix.is_empty() {
            joined = [prefix, b"/", name].concat();
            name = &joined;
        }
        Ok(Fields {
            flag: self.field(156, 1).first().copied().unwrap_or_default(),
            name: name.to_vec(),
            link: text(self.field(157, 100)).to_vec(),
            size,
            mode,
        })
    }

    /// Old GNU headers hold atime and ctime where ustar has the prefix. Go's writer before 1.8 put a prefix there
    /// all the same, so where those two are no numbers and the field is ASCII text, it is a prefix.
    fn gnu_prefix(&self) -> &[u8] {
        let time = |start| {
            let field = self.field(start, 12);
            field.first() == Some(&0) || numeric(field).is_some()
        };
        if time(345) && time(357) {
            return &[];
        }
        let prefix = text(self.field(345, 155));
        if prefix.is_ascii() { prefix } else { &[] }
    }
}

/// A text field: up to the first NUL, or all of it.
pub(super) fn text(field: &[u8]) -> &[u8] {
    match memchr::memchr(0, field) {
        Some(end) => field.get(..end).unwrap_or(field),
        None => field,
    }
}
