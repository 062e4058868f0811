//! What a reader of a layer should know though the layer could be read.

use std::fmt;

use crate::ImagePath;

/// Something odd or missing in a layer that did not stop reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayerNote {
    /// A name left the tree; runtimes unpack it inside, and so it was read.
    OutsideTree {
        /// As written, lossily.
        name: String,
        /// Where it was put.
        path: ImagePath,
    },
    /// An entry whose name no file system can hold was left out.
    BadName {
        /// The beginning of the name, lossily.
        name: String,
    },
    /// An entry of a type that runtimes refuse; it was read as a special file.
    UnknownType {
        /// Where.
        path: ImagePath,
        /// Its type flag.
        flag: u8,
    },
    /// A global header that GNU tar would apply to all files and runtimes do not.
    GlobalHeader,
    /// A file or directory that could not be read; it is missing from the entries, or cut off.
    Unreadable {
        /// Where.
        path: ImagePath,
        /// Why.
        reason: String,
    },
    /// A part of a root file system that was left out on purpose.
    Skipped {
        /// Where.
        path: ImagePath,
        /// Why.
        reason: &'static str,
    },
    /// The whole layer is not there to be read.
    Absent {
        /// Why.
        reason: String,
    },
    /// More notes than are kept.
    More(u64),
}

impl LayerNote {
    /// Whether part of the layer's content was not seen because of this.
    pub fn loses_content(&self) -> bool {
        !matches!(
            self,
            Self::OutsideTree { .. } | Self::UnknownType { .. } | Self::GlobalHeader | Self::Skipped { .. }
        )
    }
}

impl fmt::Display for LayerNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutsideTree { name, path } => {
                write!(
                    f,
                    "{name:?} points outside of the image; read as {path}, where a runtime would put it"
                )
            }
            Self::BadName { name } => write!(f, "left out {name:?}…: no file can have this name"),
            Self::UnknownType { path, flag } => {
                write!(f, "{path} has the unknown type {:?}, which runtimes refuse", char::from(*flag))
            }
            Self::GlobalHeader => f.write_str("a global tar header was ignored, as container runtimes do"),
            Self::Unreadable { path, reason } => write!(f, "{path} could not be read: {reason}"),
            Self::Skipped { path, reason } => write!(f, "{path} was skipped: {reason}"),
            Self::Absent { reason } => write!(f, "the layer was not read: {reason}"),
            Self::More(count) => write!(f, "… and {count} more notes"),
        }
    }
}

/// Notes as they come up, of which only so many are kept.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    kept: Vec<LayerNote>,
    taken: usize,
    dropped: u64,
}

impl Notes {
    const MOST: usize = 1000;

    pub(crate) fn push(&mut self, note: LayerNote) {
        if self.taken + self.kept.len() < Self::MOST {
            self.kept.push(note);
        } else {
            self.dropped += 1;
        }
    }

    /// Hands out what has come up since the last time.
    pub(crate) fn take(&mut self) -> Vec<LayerNote> {
        let mut notes = std::mem::take(&mut self.kept);
        self.taken += notes.len();
        if self.dropped > 0 {
            notes.push(LayerNote::More(std::mem::take(&mut self.dropped)));
        }
        notes
    }
}
