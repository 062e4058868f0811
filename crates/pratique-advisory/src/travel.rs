//! The database on its way to other machines: compressed, with what tells that it arrived whole.
//!
//! What travels is a zstd file (RFC 8878) that any zstd expands to the database itself. It begins with a skippable frame
//! that holds one line of JSON: what this is, and length and SHA-256 of the database. The same bytes are the layer of the
//! artifact in a registry and the file that is carried to a site without network, so that either can become the other.
//!
//! The SHA-256 of the expanded file is its [`ContentId`], against which what comes out is checked.
//!
//! What arrives goes under another name beside its place ([`Incoming`]), is checked there byte by byte, and gets its name
//! when all is well: whoever reads the old one goes on undisturbed.

mod content;

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

pub use self::content::{Content, ContentId, NotAContentId};
use self::content::{copy, tally};
use crate::{
    Database, Error,
    file::{MAGIC, Scratch},
};

/// Says in a travelling file what it is.
const KIND: &str = "application/vnd.pratique.advisory.db.v1";
/// The magic number of the skippable frame in which that is said; any of 16 would do.
const SKIPPABLE: [u8; 4] = [0x50, 0x2a, 0x4d, 0x18];
/// The magic number of frames with content.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The longest line in a skippable frame that is read.
const MAX_LINE: u64 = 4096;
/// The largest database that is expanded. All of the world's advisories take less than a tenth of it.
const MAX_BYTES: u64 = 16 << 30;
/// Texts are compressed in the database already, so that higher levels cost much and bring little.
const LEVEL: i32 = 6;

/// Why a database did not arrive.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TravelError {
    /// The database that is to travel, or what came, cannot be read.
    #[error("cannot read {what}")]
    Read {
        /// What was read.
        what: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is no room for it, or we may not write there.
    #[error("cannot write {}", path.display())]
    Write {
        /// Where it was to go.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is neither a database nor one that travels.
    #[error(
        "{what} is not an advisory database: neither one as `pratique db update` makes it nor one as `pratique db export` \
         writes it"
    )]
    Foreign {
        /// What was read.
        what: String,
    },
    /// It ends too early, is damaged, or is another one than was promised.
    #[error(
        "{what} is damaged or was tampered with: {reason}. Get it again; the database that was there is untouched"
    )]
    Damaged {
        /// What was read.
        what: String,
        /// How that was seen.
        reason: String,
    },
    /// It came as it was sent, and is none that this program can use.
    #[error("{what} is no database that this program can use; the one that was there is untouched")]
    Unusable {
        /// What was read.
        what: String,
        /// Why.
        #[source]
        source: Error,
    },
}

/// The line in the skippable frame.
#[derive(Serialize, Deserialize)]
struct Line {
    #[serde(rename = "type")]
    kind: String,
    sha256: String,
    size: u64,
}

/// Compresses the database file `from` into `to`, with what it is in front, and answers that.
///
/// The same database gives the same bytes each time.
///
/// # Errors
/// [`TravelError::Read`], [`TravelError::Write`] (with the name `target`).
pub fn pack(from: &Path, to: &mut dyn Write, target: &Path) -> Result<Content, TravelError> {
    let unreadable = |source| TravelError::Read { what: from.display().to_string(), source };
    let unwritable = |source| TravelError::Write { path: target.to_owned(), source };
    // One open file for both passes: another database may be renamed over it between them.
    let mut file = File::open(from).map_err(unreadable)?;
    let content = tally(&mut file, &mut io::sink(), u64::MAX).map_err(unreadable)?;
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let id = content.id.to_string();
    let line =
        Line { kind: KIND.into(), sha256: id.trim_start_matches("sha256:").into(), size: content.bytes };
    let mut line = serde_json::to_vec(&line).map_err(|error| unwritable(error.into()))?;
    line.push(b'\n');
    let mut frame = SKIPPABLE.to_vec();
    frame.extend((line.len() as u32).to_le_bytes());
    frame.extend(line);
    let mut write = || -> io::Result<u64> {
        to.write_all(&frame)?;
        let mut encoder = zstd::stream::write::Encoder::new(&mut *to, LEVEL)?;
        encoder.include_checksum(true)?;
        encoder.set_pledged_src_size(Some(content.bytes))?;
        let copied = copy(&mut file, &mut encoder)?;
        encoder.finish()?.flush()?;
        Ok(copied)
    };
    match write().map_err(unwritable)? {
        copied if copied == content.bytes => Ok(content),
        _ => Err(unreadable(io::Error::other("it was changed while it was read"))),
    }
}

/// Compresses what travels beside whole databases: deltas.
///
/// # Errors
/// When memory is short.
pub fn compress<W: Write>(to: W) -> io::Result<zstd::stream::write::Encoder<'static, W>> {
    zstd::stream::write::Encoder::new(to, LEVEL)
}

/// Expands what [`compress`] made, up to a bound that no honest delta comes near.
///
/// # Errors
/// When memory is short.
pub fn expand<R: Read>(from: R) -> io::Result<impl Read> {
    Ok(zstd::stream::read::Decoder::new(from)?.take(MAX_BYTES))
}

/// A database that is arriving: a file beside its place, removed unless it is finished.
pub struct Incoming {
    scratch: Scratch,
    target: PathBuf,
}

impl Incoming {
    /// Prepares for a database that is to lie at `target`, whose folder is made if need be.
    ///
    /// # Errors
    /// [`TravelError::Write`].
    pub fn beside(target: &Path) -> Result<Incoming, TravelError> {
        let unwritable = |source| TravelError::Write { path: target.to_owned(), source };
        if let Some(folder) = target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(unwritable)?;
        }
        let scratch = Scratch::beside(target, "incoming").map_err(unwritable)?;
        Ok(Incoming { scratch, target: target.to_owned() })
    }

    /// Takes in what [`pack`] wrote, or a database as it is, to the end of `from`; `what` is what errors call it.
    ///
    /// # Errors
    /// [`TravelError`], also when it is another database than `expected`.
    pub fn receive(
        &mut self,
        from: &mut dyn Read,
        expected: Option<Content>,
        what: &str,
    ) -> Result<Content, TravelError> {
        let mut from = Watched { inner: from, failure: None };
        let mut to = Watched { inner: &mut self.scratch, failure: None };
        let mut start = [0; 4];
        let result = Self::expand(&mut from, &mut to, &mut start, expected, what);
        if let Some(source) = to.failure {
            return Err(TravelError::Write { path: self.target.clone(), source });
        }
        let (content, expected) = match (result, from.failure) {
            (Ok(done), _) => done,
            (Err(Failed::Said(error)), None) => return Err(error),
            // A digest that is wrong, found out by whoever gives us the bytes.
            (Err(_), Some(source)) if source.kind() == io::ErrorKind::InvalidData => {
                return Err(damaged(what, &told(&source)));
            }
            (Err(_), Some(source)) => return Err(TravelError::Read { what: what.into(), source }),
            (Err(Failed::Io(error)), None) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(damaged(what, "it ends too early"));
            }
            (Err(Failed::Io(error)), None) => return Err(damaged(what, &told(&error))),
        };
        match expected {
            Some(expected) if content != expected => Err(differs(what, expected, content)),
            _ => Ok(content),
        }
    }

    /// Copies the database out of `from`; answers what it was, and what it was to be.
    fn expand(
        from: &mut dyn Read,
        to: &mut dyn Write,
        start: &mut [u8; 4],
        expected: Option<Content>,
        what: &str,
    ) -> Result<(Content, Option<Content>), Failed> {
        from.read_exact(start)?;
        let is_plain = MAGIC.starts_with(start);
        let stated = match *start {
            SKIPPABLE => Some(read_line(from, what)?),
            ZSTD => None,
            _ if is_plain => None,
            _ => return Err(TravelError::Foreign { what: what.into() }.into()),
        };
        if let (Some(stated), Some(expected)) = (stated, expected)
            && stated != expected
        {
            return Err(differs(what, expected, stated).into());
        }
        let expected = expected.or(stated);
        let most = expected.map_or(MAX_BYTES, |content| content.bytes.min(MAX_BYTES));
        let content = if is_plain {
            tally(&mut start.chain(from), to, most)?
        } else {
            // What was read to see what it is, is read again.
            let again: &[u8] = if *start == ZSTD { start } else { &[] };
            tally(&mut zstd::stream::read::Decoder::new(again.chain(from))?, to, most)?
        };
        Ok((content, expected))
    }

    /// Checks every byte of the database and gives it its name, replacing what had that name in one step.
    ///
    /// # Errors
    /// [`TravelError::Unusable`], [`TravelError::Write`].
    pub fn finish(self, what: &str) -> Result<Database, TravelError> {
        let unusable =
            |source: Error| TravelError::Unusable { what: what.into(), source: source.at(&self.target) };
        {
            let database = Database::open(self.scratch.path()).map_err(unusable)?;
            database.verify().map_err(unusable)?;
        }
        let target = self.target;
        self.scratch
            .persist(&target)
            .map_err(|source| TravelError::Write { path: target.clone(), source })?;
        Database::open(&target).map_err(|source| TravelError::Unusable { what: what.into(), source })
    }
}

/// What a travelling file says in its first line.
fn read_line(from: &mut dyn Read, what: &str) -> Result<Content, Failed> {
    let foreign = || TravelError::Foreign { what: what.into() };
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u64::from(u32::from_le_bytes(length));
    if length > MAX_LINE {
        return Err(foreign().into());
    }
    let mut line = Vec::new();
    from.take(length).read_to_end(&mut line)?;
    if (line.len() as u64) < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let line: Line = serde_json::from_slice(&line).map_err(|_| foreign())?;
    if line.kind != KIND {
        return Err(foreign().into());
    }
    let id = format!("sha256:{}", line.sha256).parse().map_err(|_| damaged(what, "its checksum is none"))?;
    Ok(Content { id, bytes: line.size })
}

fn damaged(what: &str, reason: &str) -> TravelError {
    TravelError::Damaged { what: what.into(), reason: reason.into() }
}

fn differs(what: &str, expected: Content, came: Content) -> TravelError {
    damaged(
        what,
        &if expected.bytes == came.bytes {
            format!("its content is {}, and {} was promised", came.id, expected.id)
        } else {
            format!("it has {} bytes, and {} were promised", came.bytes, expected.bytes)
        },
    )
}

/// An error with all its causes.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        if !text.contains(&cause.to_string()) {
            text = format!("{text}: {cause}");
        }
        next = cause.source();
    }
    text
}

/// Keeps the failure of one side: the error that comes out of a copy does not tell whose it is.
struct Watched<T> {
    inner: T,
    failure: Option<io::Error>,
}

impl<T> Watched<T> {
    fn keep<R>(&mut self, result: io::Result<R>) -> io::Result<R> {
        result.map_err(|error| {
            if error.kind() == io::ErrorKind::Interrupted {
                return error;
            }
            self.failure = Some(error);
            io::ErrorKind::Other.into()
        })
    }
}

impl<T: Read> Read for Watched<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.inner.read(buffer);
        self.keep(result)
    }
}

impl<T: Write> Write for Watched<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.inner.write(bytes);
        self.keep(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.inner.flush();
        self.keep(result)
    }
}

/// How taking in failed: in words already, or with an error of which it must still be found out whose it is.
enum Failed {
    Said(TravelError),
    Io(io::Error),
}

impl From<TravelError> for Failed {
    fn from(error: TravelError) -> Self {
        Self::Said(error)
    }
}

impl From<io::ErrorKind> for Failed {
    fn from(kind: io::ErrorKind) -> Self {
        Self::Io(kind.into())
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
