//! A layer's tar archive as the entries that a container runtime would make of it.
//!
//! OCI image specification, *Image Layer Filesystem Changeset*: whiteouts `.wh.NAME` remove a path of the layers
//! below, `.wh..wh..opq` hides all that lies below its directory. Everything else that starts with `.wh..wh.` at
//! the root is bookkeeping of aufs, which runtimes leave out, with one exception: regular files in
//! `.wh..wh.plnk/` are what hard links of that layer point to. They are passed on under that name, because
//! leaving them out would lose the bytes of the links.

pub(crate) mod note;
pub(crate) mod stream;
pub(crate) mod tap;

use std::io::{self, Read};
use std::sync::Arc;

use note::{LayerNote, Notes};
use stream::LayerStream;
use tap::Expected;

use crate::tar::{Header, Kind, Reader, TarError};
use crate::{Entries, Entry, EntryHeader, EntryKind, ImagePath, LayerError, Limits, Progress};

/// The entries of a layer that is a tar archive.
pub(crate) struct TarLayer {
    tar: Reader<LayerStream>,
    notes: Notes,
    progress: Option<(Arc<dyn Progress>, usize)>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    Ended,
    Failed,
}

impl TarLayer {
    pub(crate) fn open(
        source: Box<dyn Read + Send>,
        expected: Expected,
        limits: &Limits,
        progress: Option<(Arc<dyn Progress>, usize)>,
    ) -> Result<Self, LayerError> {
        let stream = LayerStream::open(source, expected, limits, progress.clone())?;
        let tar = Reader::new(stream, limits.layer_entries);
        Ok(Self { tar, notes: Notes::default(), progress, state: State::Reading })
    }

    /// The next entry that is one to a container runtime.
    fn next_header(&mut self) -> Result<Option<EntryHeader>, LayerError> {
        loop {
            let header = match self.tar.next() {
                Ok(Some(header)) => header,
                Ok(None) => {
                    self.tar.get_mut().finish()?;
                    return Ok(None);
                }
                Err(error) => return Err(name_tar_error(error, self.tar.offset())),
            };
            if let Some(header) = self.translate(header)? {
                if !header.is_file() {
                    // Whiteouts and unknown types may have a body; it is nobody's.
                    self.tar.skip_body().map_err(|error| name_tar_error(error, self.tar.offset()))?;
                }
                return Ok(Some(header));
            }
        }
    }

    fn translate(&mut self, header: Header) -> Result<Option<EntryHeader>, LayerError> {
        if let Kind::Global { significant } = header.kind {
            if significant {
                self.notes.push(LayerNote::GlobalHeader);
            }
            return Ok(None);
        }
        let Some(path) = self.path(&header.name) else { return Ok(None) };
        if is_bookkeeping(&path, header.kind) {
            return Ok(None);
        }
        if let Some(name) = path.file_name().strip_prefix(b".wh.") {
            let kind = if name == b".wh..opq" { EntryKind::OpaqueDirectory } else { EntryKind::Whiteout };
            let bad = || LayerError::BadWhiteout(lossy(&header.name));
            let parent = path.parent().ok_or_else(bad)?;
            let path = match kind {
                EntryKind::OpaqueDirectory => parent,
                // `.wh.`, `.wh..` and `.wh...` would remove the directory itself or its parent.
                _ if matches!(name, b"" | b"." | b"..") => return Err(bad()),
                _ => parent.join(name).map_err(|_| bad())?,
            };
            return Ok(Some(EntryHeader { path, kind, size: 0, mode: header.mode }));
        }
        let kind = match header.kind {
            Kind::File => EntryKind::File,
            Kind::Directory => EntryKind::Directory,
            Kind::SymLink => EntryKind::SymLink(header.link.into()),
            Kind::HardLink => match self.path(&header.link) {
                Some(target) => EntryKind::HardLink(target),
                None => return Ok(None),
            },
            Kind::Device | Kind::Global { .. } => EntryKind::Special,
            Kind::Unknown(flag) => {
                self.notes.push(LayerNote::UnknownType { path: path.clone(), flag });
                EntryKind::Special
            }
        };
        let size = if kind == EntryKind::File { header.size } else { 0 };
        Ok(Some(EntryHeader { path, kind, size, mode: header.mode }))
    }

    /// Where a name leads when it cannot leave the tree; notes what is odd about it.
    fn path(&mut self, name: &[u8]) -> Option<ImagePath> {
        match ImagePath::clamped(name) {
            Ok((path, false)) => Some(path),
            Ok((path, true)) => {
                self.notes.push(LayerNote::OutsideTree { name: lossy(name), path: path.clone() });
                Some(path)
            }
            Err(_) => {
                self.notes.push(LayerNote::BadName { name: lossy(name) });
                None
            }
        }
    }
}

/// Entries that aufs left at the root and that runtimes do not unpack.
fn is_bookkeeping(path: &ImagePath, kind: Kind) -> bool {
    let bytes = path.as_bytes();
    bytes.starts_with(b".wh..wh.")
        && bytes != b".wh..wh..opq"
        && !(bytes.starts_with(b".wh..wh.plnk/") && kind == Kind::File)
}

fn lossy(name: &[u8]) -> String {
    String::from_utf8_lossy(name.get(..200).unwrap_or(name)).into_owned()
}

/// Tells a damaged archive from a failing source.
fn name_tar_error(error: io::Error, offset: u64) -> LayerError {
    match error.downcast::<TarError>() {
        Ok(problem) => LayerError::Tar { offset, problem },
        Err(error) => error.into(),
    }
}

impl Entries for TarLayer {
    fn next_entry(&mut self) -> Result<Option<Entry<'_>>, LayerError> {
        // After an error there is no telling where the stream stands: it must not look like an end.
        match self.state {
            State::Reading => {}
            State::Ended => return Ok(None),
            State::Failed => {
                return Err(LayerError::Tar { offset: self.tar.offset(), problem: TarError::Truncated });
            }
        }
        match self.next_header() {
            Ok(Some(header)) => Ok(Some(Entry { header, body: self })),
            Ok(None) => {
                self.state = State::Ended;
                if let Some((progress, index)) = &self.progress {
                    progress.layer_done(*index);
                }
                Ok(None)
            }
            Err(error) => {
                self.state = State::Failed;
                Err(error)
            }
        }
    }

    fn take_notes(&mut self) -> Vec<LayerNote> {
        self.notes.take()
    }
}

/// The current entry's bytes; errors carry a [`LayerError`].
impl Read for TarLayer {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.tar.read(buf).map_err(|error| name_tar_error(error, self.tar.offset()).into())
    }
}

/// Reads a layer that no image leads to: a tar archive, plain or compressed as layers may be.
///
/// There is no digest that it could be checked against; `limits` hold as for the layers of an image.
///
/// # Errors
/// [`LayerError`] when its first bytes cannot be had, or tell of a compression that layers do not have.
pub fn layer_from(
    bytes: impl Read + Send + 'static,
    limits: &Limits,
) -> Result<Box<dyn Entries + Send>, LayerError> {
    Ok(Box::new(TarLayer::open(Box::new(bytes), Expected::default(), limits, None)?))
}

/// A layer that is not there, and says why.
pub(crate) struct Absent(Notes);

impl Absent {
    pub(crate) fn because(reason: String) -> Self {
        let mut notes = Notes::default();
        notes.push(LayerNote::Absent { reason });
        Self(notes)
    }
}

impl Entries for Absent {
    fn next_entry(&mut self) -> Result<Option<Entry<'_>>, LayerError> {
        Ok(None)
    }

    fn take_notes(&mut self) -> Vec<LayerNote> {
        self.0.take()
    }
}
