//! What can go wrong when a database is opened or read.

use std::{
    io,
    path::{Path, PathBuf},
};

/// A database could not be opened or read. Every message names the file and the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no file.
    #[error(
        "there is no advisory database at {}: fetch one with `pratique db update`, or make one with `pratique db import FOLDER`",
        path.display()
    )]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file is there but the system does not let us read or map it.
    #[error("cannot read the advisory database {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The file is something else.
    #[error(
        "{} is not an advisory database (it does not begin as one); make one with `pratique db import` or `pratique db update`",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file was made by a newer program, in a format that this one does not know.
    #[error(
        "the advisory database {} has format {found}, and this program reads format {known}: use a newer pratique, or make the database anew with `pratique db update`",
        path.display()
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u16,
        /// The format this program reads.
        known: u16,
    },
    /// The file ends too early (or goes on too long): an interrupted copy or download.
    #[error(
        "the advisory database {} should have {expected} bytes and has {found}: fetch it again with `pratique db update` or `pratique db import`",
        path.display()
    )]
    Length {
        /// The file.
        path: PathBuf,
        /// The length that its header states.
        expected: u64,
        /// Its real length.
        found: u64,
    },
    /// Bytes in the file are not what was written: a checksum or a structure is wrong.
    #[error(
        "the advisory database {} is damaged at byte {offset} ({what}): make it anew with `pratique db update` or `pratique db import`",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The first byte of the damaged block or structure.
        offset: u64,
        /// What was found wrong, and in which part.
        what: &'static str,
    },
}

impl Error {
    /// The same error of a file that has not got its name yet, under that name.
    pub(crate) fn at(mut self, name: &Path) -> Self {
        match &mut self {
            Self::Missing { path }
            | Self::Unreadable { path, .. }
            | Self::Foreign { path }
            | Self::Format { path, .. }
            | Self::Length { path, .. }
            | Self::Damaged { path, .. } => name.clone_into(path),
        }
        self
    }
}
