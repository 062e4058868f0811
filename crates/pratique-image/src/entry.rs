//! What a layer is made of: files, links, directories, as the archive states them.

use std::io::Read;

use crate::{ImagePath, LayerError, LayerNote};

/// What an entry is, apart from its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryHeader {
    /// Where it lies.
    pub path: ImagePath,
    /// What it is.
    pub kind: EntryKind,
    /// Length of its body in bytes; 0 for everything but files. For a sparse file the expanded length.
    pub size: u64,
    /// Permission bits with set-user-id, set-group-id and sticky (`0o7777`).
    pub mode: u32,
}

/// The kinds of entries a layer has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file with a body of its own.
    File,
    /// Another name of a file named earlier: in this layer, or in one below.
    HardLink(ImagePath),
    /// A symbolic link, its target as written: relative to the link's directory, or absolute from the root.
    SymLink(Box<[u8]>),
    /// A directory.
    Directory,
    /// A device, fifo or socket: covers what lay at its path, and states nothing.
    Special,
    /// `.wh.NAME`: `path` is the path that it removes from the layers below.
    Whiteout,
    /// `.wh..wh..opq`: `path` is the directory of which nothing is left from the layers below.
    OpaqueDirectory,
}

impl EntryHeader {
    /// Whether this is a regular file.
    pub fn is_file(&self) -> bool {
        self.kind == EntryKind::File
    }

    /// Whether this is a regular file that somebody may execute.
    pub fn is_executable(&self) -> bool {
        self.is_file() && self.mode & 0o111 != 0
    }
}

/// One entry of a layer while the layer streams past.
///
/// The body may be read, in part or whole, or left alone: what is left unread is skipped.
pub struct Entry<'a> {
    /// What it is.
    pub header: EntryHeader,
    /// Its bytes; empty for everything but files. Ends after `header.size` bytes, or with an error before.
    pub body: &'a mut dyn Read,
}

/// A layer as a stream of entries, in the order in which it holds them.
pub trait Entries {
    /// The next entry, or `None` after the last one.
    ///
    /// # Errors
    /// [`LayerError`] when the layer cannot be read further: damage, a limit, a wrong digest. Only a stream
    /// that came to `None` was whole and had the right digest.
    fn next_entry(&mut self) -> Result<Option<Entry<'_>>, LayerError>;

    /// What came up since the last call that did not stop reading but that a careful reader should hear of.
    ///
    /// To be asked after the last entry at the latest; bounded in number.
    fn take_notes(&mut self) -> Vec<LayerNote> {
        Vec::new()
    }
}
