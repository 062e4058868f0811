//! Files of a feed as they are served: plain, or compressed with gzip, bzip2, xz or Zstandard.
//!
//! Which one it is, the first bytes tell and not the name: a mirror may serve `updateinfo.xml.gz` expanded, and a proxy
//! may expand what a server compressed. A few hundred bytes can expand to any size, so each reader says how large the
//! file may be, and reading further is an error. The decoders' own memory is bounded too: xz and Zstandard name the
//! size of their window in the file.

use std::io::{self, BufRead, BufReader, Read};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;

use crate::{FeedError, Source, SourceError};

/// The window of `xz -9` is 64 MiB; in KiB, with room for the decoder's tables.
const XZ_MEMORY: u32 = 80 * 1024;
/// The window of `zstd --long` is 128 MiB: 2 to the power of this.
const ZSTD_WINDOW: u32 = 27;

/// A file that expands while it is read, up to a number of bytes.
pub(crate) struct Expanded<'a> {
    plain: Box<dyn Read + Send + 'a>,
    left: u64,
}

/// Opens a file of a feed. `None` if it is not there. Reading more than `largest` expanded bytes is an error.
pub(crate) fn open<'a>(
    from: &'a dyn Source,
    path: &str,
    largest: u64,
) -> Result<Option<Expanded<'a>>, FeedError> {
    let Some(file) = from.read(path)? else { return Ok(None) };
    match Expanded::new(file, largest) {
        Ok(expanded) => Ok(Some(expanded)),
        Err(problem) => Err(broken(path, problem)),
    }
}

/// Reads a file of a feed whole. `None` if it is not there; an error if it has more than `largest` bytes.
pub(crate) fn whole(from: &dyn Source, path: &str, largest: u64) -> Result<Option<Vec<u8>>, FeedError> {
    let Some(mut file) = open(from, path, largest)? else { return Ok(None) };
    let mut bytes = Vec::new();
    match file.read_to_end(&mut bytes) {
        Ok(_) => Ok(Some(bytes)),
        Err(problem) => Err(broken(path, problem)),
    }
}

/// What went wrong while the file `path` was read.
pub(crate) fn broken(path: &str, source: io::Error) -> FeedError {
    SourceError::Io { path: path.to_owned(), source }.into()
}

impl<'a> Expanded<'a> {
    /// Expands what `packed` holds, or hands it on if it is not compressed.
    pub(crate) fn new(packed: impl Read + Send + 'a, largest: u64) -> io::Result<Expanded<'a>> {
        let mut packed = BufReader::with_capacity(128 * 1024, packed);
        let plain: Box<dyn Read + Send + 'a> = match packed.fill_buf()? {
            [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(packed)),
            [b'B', b'Z', b'h', ..] => Box::new(MultiBzDecoder::new(packed)),
            [0xfd, b'7', b'z', b'X', b'Z', ..] => Box::new(XzReader::new_mem_limit(packed, true, XZ_MEMORY)),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => {
                let mut decoder = zstd::Decoder::with_buffer(packed)?;
                decoder.window_log_max(ZSTD_WINDOW)?;
                Box::new(decoder)
            }
            _ => Box::new(packed),
        };
        Ok(Expanded { plain, left: largest })
    }
}

impl Read for Expanded<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        // One byte more than may be there, so that what is larger is noticed and not just cut.
        let room = usize::try_from(self.left.saturating_add(1)).unwrap_or(usize::MAX).min(to.len());
        let read = self.plain.read(to.get_mut(..room).unwrap_or_default())?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => return Err(io::ErrorKind::FileTooLarge.into()),
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// `b"advisory\n"`, as `xz -9` writes it.
    const XZ: &[u8] = include_bytes!("../../testdata/feeds/advisory.xz");

    fn packed() -> Vec<(&'static str, Vec<u8>)> {
        let text = b"advisory\n";
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text).unwrap();
        let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
        bzip2.write_all(text).unwrap();
        vec![
            ("plain", text.to_vec()),
            ("gzip", gzip.finish().unwrap()),
            ("bzip2", bzip2.finish().unwrap()),
            ("xz", XZ.to_vec()),
            ("zstd", zstd::encode_all(&text[..], 3).unwrap()),
        ]
    }

    fn read(bytes: &[u8], largest: u64) -> io::Result<Vec<u8>> {
        let mut expanded = Vec::new();
        Expanded::new(bytes, largest)?.read_to_end(&mut expanded)?;
        Ok(expanded)
    }

    #[test]
    fn each_is_known_by_its_first_bytes() {
        for (name, bytes) in packed() {
            assert_eq!(read(&bytes, 1 << 20).unwrap(), b"advisory\n", "{name}");
        }
        assert_eq!(read(b"", 0).unwrap(), b"");
    }

    #[test]
    fn parts_laid_end_to_end_are_one_file() {
        for (name, bytes) in packed() {
            let twice = [bytes.as_slice(), &bytes].concat();
            assert_eq!(read(&twice, 1 << 20).unwrap(), b"advisory\nadvisory\n", "{name}");
        }
    }

    #[test]
    fn what_is_larger_than_allowed_is_refused() {
        for (name, bytes) in packed() {
            assert_eq!(read(&bytes, 9).unwrap().len(), 9, "{name}");
            assert_eq!(read(&bytes, 8).unwrap_err().kind(), io::ErrorKind::FileTooLarge, "{name}");
        }
    }

    #[test]
    fn damage_ends_in_an_error_or_other_bytes() {
        for (name, bytes) in packed().into_iter().skip(1) {
            for cut in 6..bytes.len() {
                assert!(read(&bytes[..cut], 1 << 20).is_err(), "{name} cut at {cut}");
            }
            for bit in 0..bytes.len() * 8 {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                let _ = read(&flipped, 1 << 20);
            }
        }
    }
}
