//! The first 4096 bytes of a database.
//!
//! ```text
//!    0  magic, 16 bytes
//!   16  format, u16; zero, u16; block size, u32
//!   24  created, i64 seconds since 1970
//!   32  length of the file, u64
//!   40  offset of the checksum table, u64 (the end of the sections)
//!   48  XXH3-64 of the checksum table, u64
//!   56  number of sections, u32; zero, u32
//!   64  sections, 32 bytes each: name, 16 bytes padded with zeros; offset, u64; length, u64
//!    …  zeros
//! 4088  XXH3-64 of bytes 0 to 4087
//! ```

use xxhash_rust::xxh3::xxh3_64;

use super::bytes::{Malformed, read_u32, read_u64};

/// What every database begins with. Not text, so that no text file is taken for one; with a line end, so that a transfer
/// that meddles with line ends is noticed.
pub(crate) const MAGIC: [u8; 16] = *b"\x93PRATIQUE-ADV\r\n\x00";
/// The format that this program writes and reads.
pub(crate) const FORMAT: u16 = 2;
/// Where the sections begin.
pub(crate) const LENGTH: usize = 4096;
/// The unit of verification.
pub(crate) const BLOCK: usize = 64 * 1024;

const SECTIONS: usize = 64;
const SECTION: usize = 32;
const NAME: usize = 16;
const CHECKSUM: usize = LENGTH - 8;
const MOST_SECTIONS: usize = (CHECKSUM - SECTIONS) / SECTION;

/// Where a section lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

/// The header, decoded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) created: i64,
    pub(crate) file_length: u64,
    pub(crate) checksums: Extent,
    pub(crate) checksums_sum: u64,
    pub(crate) sections: Vec<(String, Extent)>,
}

/// Why a header was refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Foreign,
    Format(u16),
    Damaged(&'static str),
}

impl Header {
    pub(crate) fn encode(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        let mut put = |at: usize, value: &[u8]| {
            if let Some(place) = bytes.get_mut(at..at + value.len()) {
                place.copy_from_slice(value);
            }
        };
        put(0, &MAGIC);
        put(16, &FORMAT.to_le_bytes());
        put(20, &(BLOCK as u32).to_le_bytes());
        put(24, &self.created.to_le_bytes());
        put(32, &self.file_length.to_le_bytes());
        put(40, &self.checksums.offset.to_le_bytes());
        put(48, &self.checksums_sum.to_le_bytes());
        put(56, &(self.sections.len() as u32).to_le_bytes());
        debug_assert!(self.sections.len() <= MOST_SECTIONS, "the header has no room for so many sections");
        for (index, (name, extent)) in self.sections.iter().enumerate() {
            debug_assert!(name.len() <= NAME, "{name} is too long for a section's name");
            let at = SECTIONS + index * SECTION;
            put(at, name.as_bytes());
            put(at + NAME, &extent.offset.to_le_bytes());
            put(at + NAME + 8, &extent.length.to_le_bytes());
        }
        let sum = xxh3_64(&bytes[..CHECKSUM]);
        bytes[CHECKSUM..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// Decodes and checks a header. That the file is as long as it says is for the caller to check; that all extents lie
    /// within that length is checked here.
    pub(crate) fn decode(bytes: &[u8; LENGTH]) -> Result<Header, Refused> {
        if !bytes.starts_with(&MAGIC) {
            return Err(Refused::Foreign);
        }
        let sound = read_u64(bytes, CHECKSUM) == Ok(xxh3_64(&bytes[..CHECKSUM]));
        let format = u16::from_le_bytes([bytes[16], bytes[17]]);
        if format != FORMAT && sound {
            return Err(Refused::Format(format));
        }
        if !sound {
            return Err(Refused::Damaged("checksum of the header"));
        }
        Header::decode_fields(bytes).map_err(|Malformed| Refused::Damaged("contents of the header"))
    }

    fn decode_fields(bytes: &[u8; LENGTH]) -> Result<Header, Malformed> {
        if read_u32(bytes, 20)? as usize != BLOCK {
            return Err(Malformed);
        }
        let file_length = read_u64(bytes, 32)?;
        let table = read_u64(bytes, 40)?;
        let checksums = Extent { offset: table, length: file_length.checked_sub(table).ok_or(Malformed)? };
        let blocks = table.checked_sub(LENGTH as u64).ok_or(Malformed)?.div_ceil(BLOCK as u64);
        if checksums.length != blocks * 8 {
            return Err(Malformed);
        }
        let count = read_u32(bytes, 56)? as usize;
        if count > MOST_SECTIONS {
            return Err(Malformed);
        }
        let mut sections = Vec::with_capacity(count);
        for index in 0..count {
            let at = SECTIONS + index * SECTION;
            let name = bytes.get(at..at + NAME).ok_or(Malformed)?;
            let name = name.split(|byte| *byte == 0).next().ok_or(Malformed)?;
            let name = std::str::from_utf8(name).map_err(|_| Malformed)?;
            let extent =
                Extent { offset: read_u64(bytes, at + NAME)?, length: read_u64(bytes, at + NAME + 8)? };
            let end = extent.offset.checked_add(extent.length).ok_or(Malformed)?;
            if extent.offset < LENGTH as u64 || end > table {
                return Err(Malformed);
            }
            sections.push((name.to_owned(), extent));
        }
        Ok(Header {
            created: read_u64(bytes, 24)?.cast_signed(),
            file_length,
            checksums,
            checksums_sum: read_u64(bytes, 48)?,
            sections,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Header {
        Header {
            created: 1_700_000_000,
            file_length: 4096 + 100 + 8,
            checksums: Extent { offset: 4196, length: 8 },
            checksums_sum: 7,
            sections: vec![
                ("keys".into(), Extent { offset: 4096, length: 60 }),
                ("sixteen-letters-".into(), Extent { offset: 4156, length: 40 }),
            ],
        }
    }

    /// Puts a right checksum under changed bytes.
    fn seal(bytes: &mut [u8; LENGTH]) {
        let sum = xxh3_64(&bytes[..CHECKSUM]);
        bytes[CHECKSUM..].copy_from_slice(&sum.to_le_bytes());
    }

    #[test]
    fn a_header_comes_back() {
        assert_eq!(Header::decode(&sample().encode()), Ok(sample()));
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let sound = sample().encode();
        for at in 0..LENGTH {
            for bit in 0..8 {
                let mut bytes = sound;
                bytes[at] ^= 1 << bit;
                assert!(Header::decode(&bytes).is_err(), "byte {at}, bit {bit}");
            }
        }
    }

    #[test]
    fn a_newer_format_is_told_from_damage() {
        let mut bytes = sample().encode();
        bytes[16] = 9;
        assert_eq!(Header::decode(&bytes), Err(Refused::Damaged("checksum of the header")));
        seal(&mut bytes);
        assert_eq!(Header::decode(&bytes), Err(Refused::Format(9)));
    }

    #[test]
    fn extents_outside_the_file_are_refused_though_the_checksum_is_right() {
        for (at, value) in
            [(80, 0), (80, u64::MAX), (88, u64::MAX), (88, 101), (40, 4095), (40, u64::MAX), (56, 200)]
        {
            let mut bytes = sample().encode();
            bytes[at..at + 8].copy_from_slice(&u64::to_le_bytes(value));
            seal(&mut bytes);
            assert_eq!(
                Header::decode(&bytes),
                Err(Refused::Damaged("contents of the header")),
                "{value} at {at}"
            );
        }
    }
}
