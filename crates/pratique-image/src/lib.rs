//! Container images: references, sources, and layers as streams of files.
pub mod entry;
pub mod path;
pub use entry::{Entries, Entry, EntryHeader, EntryKind};
pub use path::{BadPath, ImagePath};

/// Why a layer could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// I/O.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}
