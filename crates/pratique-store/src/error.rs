use std::{fmt::Display, io, path::PathBuf};

use pratique_image::Digest;

/// Why something could not be remembered or recalled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database said no, or nothing at all.
    #[error("the database failed while {doing}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What it said.
        #[source]
        source: sqlx::Error,
    },
    /// Something of that name is there already, or what it refers to is not.
    #[error("{0} conflicts with what is there already")]
    Conflict(&'static str),
    /// A value in the database is not what was written.
    #[error(
        "the database holds a {what} that cannot be read: {value:?}; `pratique fsck` lists what is damaged"
    )]
    Damaged {
        /// Which kind of value.
        what: &'static str,
        /// An excerpt of it.
        value: String,
    },
    /// The database was made by a newer program.
    #[error("the database has schema version {found}, and this program knows {known}; use the newer program")]
    Newer {
        /// Its version.
        found: i64,
        /// The newest that is known.
        known: i64,
    },
    /// The address of the database is none.
    #[error("{url:?} names no database: a file, or postgres://user@host/name")]
    Address {
        /// As it was given, without its password.
        url: String,
    },
    /// The directory of an embedded database cannot be had.
    #[error("{}: cannot be made", .path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl StoreError {
    /// Whether the disk of the database is full: nothing is wrong with what was to be kept.
    pub fn is_full(&self) -> bool {
        // SQLITE_FULL, and PostgreSQL's disk_full.
        matches!(self, Self::Database { source: sqlx::Error::Database(error), .. }
            if matches!(error.code().as_deref(), Some("13" | "53100")))
    }

    /// Names what was being done when the database failed.
    pub(crate) fn doing(doing: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| match &source {
            sqlx::Error::Database(error)
                if error.is_unique_violation() || error.is_foreign_key_violation() =>
            {
                Self::Conflict(doing)
            }
            _ => Self::Database { doing, source },
        }
    }
}

/// Why bytes could not be kept or had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// The disk, or the object storage, failed.
    #[error("{what} cannot be {doing}")]
    Io {
        /// `read`, `written`, …
        doing: &'static str,
        /// The blob or upload.
        what: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is no such blob.
    #[error("there are no bytes of {0}")]
    Missing(Digest),
    /// There is no such upload.
    #[error("there is no upload {0}")]
    NoUpload(String),
    /// Bytes were to be added elsewhere than at the end.
    #[error("the upload has {have} bytes, and the next ones were said to begin at {said}")]
    OutOfOrder {
        /// How many there are.
        have: u64,
        /// Where the new ones were to go.
        said: u64,
    },
    /// Somebody else is adding to the upload.
    #[error("another request is writing to upload {0}")]
    Busy(String),
    /// The bytes are not those that the digest names.
    #[error("the bytes have digest {actual}, not {expected}")]
    WrongDigest {
        /// What was said.
        expected: Digest,
        /// What they are.
        actual: Digest,
    },
}

impl BlobError {
    pub(crate) fn io(doing: &'static str, what: impl Display) -> impl FnOnce(io::Error) -> Self {
        let what = format!("{what}");
        move |source| Self::Io { doing, what, source }
    }

    /// Whether the disk is full: nothing is wrong with the request.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Io { source, .. } if matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
    }
}
