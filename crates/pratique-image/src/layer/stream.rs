//! A layer's tar archive as bytes: decompressed, counted, and checked against bombs.
//!
//! What a layer is compressed with is told from its first bytes, as docker and containerd do; the media type is
//! not believed. Concatenated gzip members and zstd frames are one stream; anything else behind them is damage, as
//! in Go's readers. The tar reader parses where the decompressor wrote.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

use pratique_inflate::GzipReader;

use super::tap::{Expected, Tap};
use crate::digest::{Digest, Hasher};
use crate::tar::Input;
use crate::{LayerError, Limits, Progress};

/// Expanded bytes per step.
const BUFFER: usize = 128 << 10;

/// The compressions of layers, as their first bytes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    /// How many bytes [`Compression::detect`] wants to see.
    pub(crate) const MAGIC_BYTES: usize = 6;

    pub(crate) fn detect(start: &[u8]) -> Result<Self, LayerError> {
        Ok(match start {
            [0x1f, 0x8b, 0x08, ..] => Self::Gzip,
            // A zstd frame, or a skippable one: zstd:chunked and seekable formats may begin with the latter.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] => {
                return Err(LayerError::UnsupportedCompression("bzip2"));
            }
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => return Err(LayerError::UnsupportedCompression("xz")),
            _ => Self::None,
        })
    }
}

/// A layer's expanded bytes.
pub(crate) struct LayerStream(Inner);

enum Inner {
    Plain { tap: Box<Tap>, limit: u64 },
    Expanded(Box<Expanded>),
}

struct Expanded {
    decoder: Decoder,
    /// Expanded bytes that the decoder holds and that nobody took yet.
    unread: usize,
    total: u64,
    hasher: Option<Hasher>,
    diff_id: Option<Digest>,
    limits: Limits,
}

enum Decoder {
    Gzip(Box<GzipReader<Tap>>),
    Zstd(Box<BufReader<zstd::Decoder<'static, Tap>>>),
}

impl LayerStream {
    /// Looks at the first bytes and sets up the decompressor.
    pub(crate) fn open(
        source: Box<dyn Read + Send>,
        expected: Expected,
        limits: &Limits,
        progress: Option<(Arc<dyn Progress>, usize)>,
    ) -> Result<Self, LayerError> {
        let mut tap = Tap::new(source, expected.digest, expected.size, progress);
        let compression = Compression::detect(tap.peek(Compression::MAGIC_BYTES)?)?;
        if let (Compression::None, None, Some(diff_id)) = (compression, expected.digest, expected.diff_id) {
            // Uncompressed: the digest of the archive is that of the stored bytes. Nothing is buffered yet that
            // could not be hashed again.
            tap = tap.rehashing(diff_id);
        }
        let decoder = match compression {
            Compression::None => {
                return Ok(Self(Inner::Plain { tap: Box::new(tap), limit: limits.layer_bytes }));
            }
            Compression::Gzip => Decoder::Gzip(Box::new(GzipReader::new(tap))),
            Compression::Zstd => {
                let mut decoder = zstd::Decoder::with_buffer(tap)?;
                decoder.window_log_max(limits.zstd_window_log)?;
                Decoder::Zstd(Box::new(BufReader::with_capacity(BUFFER, decoder)))
            }
        };
        // The stored bytes' digest vouches for the expanded ones too: one hash is enough.
        let diff_id = expected.diff_id.filter(|_| expected.digest.is_none());
        Ok(Self(Inner::Expanded(Box::new(Expanded {
            decoder,
            unread: 0,
            total: 0,
            hasher: diff_id.map(|diff_id| diff_id.algorithm().hasher()),
            diff_id,
            limits: *limits,
        }))))
    }

    /// Reads what is left, which nobody wants, and checks sizes and digests.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Inner::Plain { tap, .. } => tap.finish(),
            Inner::Expanded(expanded) => expanded.finish(),
        }
    }
}

impl Expanded {
    fn finish(&mut self) -> io::Result<()> {
        while !self.fill()?.is_empty() {
            self.consume(self.unread);
        }
        if let (Some(expected), Some(hasher)) = (self.diff_id, self.hasher.take()) {
            let actual = hasher.finish();
            if actual != expected {
                return Err(
                    LayerError::WrongDigest { expected: expected.into(), actual: actual.into() }.into()
                );
            }
        }
        self.decoder.tap().finish()
    }

    fn fill(&mut self) -> io::Result<&[u8]> {
        let is_fresh = self.unread == 0;
        let bytes = self.decoder.fill()?;
        if is_fresh {
            self.unread = bytes.len();
            self.total += bytes.len() as u64;
            if let Some(hasher) = &mut self.hasher {
                hasher.update(bytes);
            }
            self.check_limits()?;
        }
        self.decoder.fill().map_err(Into::into)
    }

    fn consume(&mut self, count: usize) {
        let count = count.min(self.unread);
        self.unread -= count;
        match &mut self.decoder {
            Decoder::Gzip(decoder) => decoder.consume(count),
            Decoder::Zstd(decoder) => decoder.consume(count),
        }
    }

    fn check_limits(&mut self) -> Result<(), LayerError> {
        let Limits { layer_bytes, ratio, ratio_grace, .. } = self.limits;
        if self.total > layer_bytes {
            return Err(LayerError::TooLarge { limit: layer_bytes });
        }
        if self.total > ratio_grace {
            let compressed = self.decoder.tap().total();
            if self.total - ratio_grace > compressed.saturating_mul(ratio) {
                return Err(LayerError::Bomb { expanded: self.total, compressed, ratio, grace: ratio_grace });
            }
        }
        Ok(())
    }
}

impl Decoder {
    fn tap(&mut self) -> &mut Tap {
        match self {
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Zstd(decoder) => decoder.get_mut().get_mut(),
        }
    }

    /// What was expanded and not consumed; more if that is nothing. Gives errors their names.
    fn fill(&mut self) -> Result<&[u8], LayerError> {
        let format = match self {
            Self::Gzip(_) => "gzip",
            Self::Zstd(_) => "zstd",
        };
        let result = match self {
            Self::Gzip(decoder) => decoder.fill_buf(),
            Self::Zstd(decoder) => decoder.fill_buf(),
        };
        result.map_err(|source| match source.kind() {
            // From the source, not from the decompressor.
            _ if is_ours(&source) => source.into(),
            io::ErrorKind::UnexpectedEof => LayerError::Truncated { format },
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
                LayerError::Decompress { format, source }
            }
            _ => LayerError::Io(source),
        })
    }
}

/// Whether an error comes from the source's side, with a name already.
fn is_ours(error: &io::Error) -> bool {
    error.get_ref().and_then(|inner| inner.downcast_ref::<LayerError>()).is_some()
}

impl BufRead for LayerStream {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match &mut self.0 {
            Inner::Plain { tap, limit } => {
                if tap.total() > *limit {
                    return Err(LayerError::TooLarge { limit: *limit }.into());
                }
                tap.fill_buf()
            }
            Inner::Expanded(expanded) => expanded.fill(),
        }
    }

    fn consume(&mut self, n: usize) {
        match &mut self.0 {
            Inner::Plain { tap, .. } => tap.consume(n),
            Inner::Expanded(expanded) => expanded.consume(n),
        }
    }
}

impl Input for LayerStream {}

impl Read for LayerStream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(buf)?;
        self.consume(n);
        Ok(n)
    }
}
