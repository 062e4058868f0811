//! Numbers and strings as bytes: little-endian fixed widths, LEB128 variable widths, length-prefixed text.

/// The bytes do not say what they should: a length that leaves the section, a number too large, text that is no UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Appends encoded values to a buffer.
pub(crate) trait Put {
    /// An unsigned LEB128 number: 7 bits a byte, lowest first.
    fn put_varint(&mut self, value: u64);
    /// A length, then the bytes.
    fn put_text(&mut self, text: &str);
    /// A signed number, zigzag-coded so that small ones stay short.
    fn put_signed(&mut self, value: i64);
}

impl Put for Vec<u8> {
    fn put_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.push(value as u8);
    }

    fn put_text(&mut self, text: &str) {
        self.put_varint(text.len() as u64);
        self.extend_from_slice(text.as_bytes());
    }

    fn put_signed(&mut self, value: i64) {
        self.put_varint((value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned());
    }
}

/// Reads encoded values from a slice, checking every step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { rest: bytes }
    }

    /// What has not been read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        let (first, rest) = self.rest.split_first().ok_or(Malformed)?;
        self.rest = rest;
        Ok(*first)
    }

    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64, Malformed> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        let mut value = u64::from(first & 0x7f);
        let mut shift = 7;
        loop {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift > 57 && bits >> (64 - shift) != 0 {
                return Err(Malformed);
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
            shift += 7;
            if shift > 63 {
                return Err(Malformed);
            }
        }
    }

    #[inline]
    pub(crate) fn varint32(&mut self) -> Result<u32, Malformed> {
        u32::try_from(self.varint()?).map_err(|_| Malformed)
    }

    /// A number that must be usable as a length or an index.
    #[inline]
    pub(crate) fn size(&mut self) -> Result<usize, Malformed> {
        usize::try_from(self.varint()?).map_err(|_| Malformed)
    }

    pub(crate) fn signed(&mut self) -> Result<i64, Malformed> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    #[inline]
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        read_u64(self.take(8)?, 0)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Malformed> {
        let length = self.size()?;
        std::str::from_utf8(self.take(length)?).map_err(|_| Malformed)
    }
}

/// The little-endian number at byte `at` of `bytes`.
#[inline]
pub(crate) fn read_u32(bytes: &[u8], at: usize) -> Result<u32, Malformed> {
    let chunk = bytes.get(at..).and_then(<[u8]>::first_chunk).ok_or(Malformed)?;
    Ok(u32::from_le_bytes(*chunk))
}

/// The little-endian number at byte `at` of `bytes`.
#[inline]
pub(crate) fn read_u64(bytes: &[u8], at: usize) -> Result<u64, Malformed> {
    let chunk = bytes.get(at..).and_then(<[u8]>::first_chunk).ok_or(Malformed)?;
    Ok(u64::from_le_bytes(*chunk))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        let numbers = [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX - 1, u64::MAX];
        let mut bytes = Vec::new();
        for number in numbers {
            bytes.put_varint(number);
        }
        for number in [0, -1, 1, i64::MIN, i64::MAX] {
            bytes.put_signed(number);
        }
        let mut cursor = Cursor::new(&bytes);
        for number in numbers {
            assert_eq!(cursor.varint(), Ok(number));
        }
        for number in [0, -1, 1, i64::MIN, i64::MAX] {
            assert_eq!(cursor.signed(), Ok(number));
        }
        assert!(cursor.is_empty());
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(Cursor::new(&[0xff; 11]).varint(), Err(Malformed), "more than 64 bits");
        assert_eq!(Cursor::new(&[0x80]).varint(), Err(Malformed), "cut");
        let too_large = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02];
        assert_eq!(Cursor::new(&too_large).varint(), Err(Malformed));
        assert_eq!(Cursor::new(&[5, b'a']).text(), Err(Malformed), "text beyond the end");
        assert_eq!(Cursor::new(&[1, 0xff]).text(), Err(Malformed), "not UTF-8");
        assert_eq!(read_u32(&[1, 2, 3], 0), Err(Malformed));
        assert_eq!(read_u64(&[0; 16], usize::MAX), Err(Malformed));
    }
}
