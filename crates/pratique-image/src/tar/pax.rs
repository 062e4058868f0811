//! Extended headers: `LENGTH KEY=VALUE\n` records in the body of an `x` (next file) or `g` (all files) entry.
//!
//! POSIX pax, *pax Extended Header*. Records that name a file's owner, times or attributes do not matter to us, but
//! their form is checked, so that an archive that container runtimes refuse is not half read here.

use super::TarError;
use super::number::decimal;

/// The records that change how an entry is read. Empty values mean "as in the header block" and are not kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Records {
    pub(super) path: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) size: Vec<u8>,
    pub(super) sparse_major: Vec<u8>,
    pub(super) sparse_minor: Vec<u8>,
    pub(super) sparse_name: Vec<u8>,
    pub(super) sparse_size: Vec<u8>,
    pub(super) sparse_real_size: Vec<u8>,
    pub(super) sparse_blocks: Vec<u8>,
    /// `offset,length,…`; the pairs of format 0.0 are brought into this form of format 0.1.
    pub(super) sparse_map: Vec<u8>,
    /// Whether any other record was there in a form that runtimes refuse: found only when applied.
    numbers: [Vec<u8>; 5],
}

const NUMBERS: [&[u8]; 5] = [b"uid", b"gid", b"atime", b"mtime", b"ctime"];

impl Records {
    /// Reads all records of one extended header. A key given twice has its last value.
    pub(super) fn parse(mut body: &[u8]) -> Result<Self, TarError> {
        let mut records = Self::default();
        let mut pairs: Vec<&[u8]> = Vec::new();
        while !body.is_empty() {
            let (key, value, rest) = record(body).ok_or(TarError::Pax)?;
            body = rest;
            match key {
                b"GNU.sparse.offset" | b"GNU.sparse.numbytes" => {
                    let is_offset = key == b"GNU.sparse.offset";
                    if pairs.len().is_multiple_of(2) != is_offset || value.contains(&b',') {
                        return Err(TarError::Sparse);
                    }
                    pairs.push(value);
                }
                _ => records.set(key, value),
            }
        }
        if !pairs.is_empty() {
            records.sparse_map = pairs.join(&b","[..]);
        }
        Ok(records)
    }

    fn set(&mut self, key: &[u8], value: &[u8]) {
        let slot = match key {
            b"path" => &mut self.path,
            b"linkpath" => &mut self.link,
            b"size" => &mut self.size,
            b"GNU.sparse.major" => &mut self.sparse_major,
            b"GNU.sparse.minor" => &mut self.sparse_minor,
            b"GNU.sparse.name" => &mut self.sparse_name,
            b"GNU.sparse.size" => &mut self.sparse_size,
            b"GNU.sparse.realsize" => &mut self.sparse_real_size,
            b"GNU.sparse.numblocks" => &mut self.sparse_blocks,
            b"GNU.sparse.map" => &mut self.sparse_map,
            _ => match NUMBERS.iter().position(|&name| name == key).and_then(|at| self.numbers.get_mut(at)) {
                Some(slot) => slot,
                None => return,
            },
        };
        *slot = value.to_vec();
    }

    /// Checks the numbers that nobody here uses.
    pub(super) fn check(&self) -> Result<(), TarError> {
        for (name, value) in NUMBERS.iter().zip(&self.numbers) {
            let fine = value.is_empty()
                || if name.ends_with(b"time") { is_time(value) } else { decimal(value).is_some() };
            if !fine {
                return Err(TarError::Pax);
            }
        }
        Ok(())
    }

    /// Whether anything here changes a file's name, target or length.
    pub(super) fn is_significant(&self) -> bool {
        !(self.path.is_empty() && self.link.is_empty() && self.size.is_empty())
    }
}

/// Seconds, and digits after a point.
fn is_time(value: &[u8]) -> bool {
    let mut parts = value.splitn(2, |&b| b == b'.');
    let seconds = parts.next().unwrap_or_default();
    let fraction = parts.next().unwrap_or_default();
    decimal(seconds).is_some() && fraction.iter().all(u8::is_ascii_digit)
}

/// The first record: key, value, and what follows it.
fn record(body: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = memchr::memchr(b' ', body)?;
    let (length, _) = body.split_at_checked(space)?;
    let total = usize::try_from(decimal(length)?).ok()?;
    if total < 5 {
        return None;
    }
    let (this, rest) = body.split_at_checked(total)?;
    let content = this.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = memchr::memchr(b'=', content)?;
    let (key, value) = (content.get(..equals)?, content.get(equals + 1..)?);
    let has_nul = |bytes| memchr::memchr(0, bytes).is_some();
    let bad = match key {
        b"" => true,
        b"path" | b"linkpath" | b"uname" | b"gname" => has_nul(value),
        _ => has_nul(key),
    };
    if bad { None } else { Some((key, value, rest)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_records() {
        let records = Records::parse(b"11 path=a/b\n10 path=c\n\n12 size=1234\n").unwrap_err();
        assert_eq!(records, TarError::Pax);
        let records = Records::parse(b"12 path=a/b\n10 path=c\n13 size=1234\n").unwrap();
        assert_eq!((&records.path[..], &records.size[..]), (&b"c"[..], &b"1234"[..]));
        assert!(records.is_significant());
    }

    #[test]
    fn refuses_what_runtimes_refuse() {
        for bad in [
            &b"6 a=b\n\n"[..],
            b"x a=b\n",
            b"99999999999999999999 a=b\n",
            b"-6 a=b\n",
            b"7 =abc\n",
            b"6 abc\n",
            b"11 path=a\0b",
            b"12 path=a\0b\n",
            b"7 a\0=b\n",
        ] {
            assert_eq!(Records::parse(bad), Err(TarError::Pax), "{bad:?}");
        }
        assert!(Records::parse(b"14 mtime=1.5x\n").unwrap().check().is_err());
        assert!(Records::parse(b"16 mtime=-1.500\n").unwrap().check().is_ok());
    }

    #[test]
    fn turns_sparse_0_0_into_0_1() {
        let body = b"23 GNU.sparse.offset=1\n25 GNU.sparse.numbytes=2\n";
        assert_eq!(Records::parse(body).unwrap().sparse_map, b"1,2");
        assert_eq!(Records::parse(b"25 GNU.sparse.numbytes=2\n"), Err(TarError::Sparse));
    }
}
