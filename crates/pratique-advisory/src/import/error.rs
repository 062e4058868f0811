//! What can go wrong when a database is made.

use std::{io, path::PathBuf};

use super::SourceError;

/// A database could not be made. What was in its place before is still there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A file of the source could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The source is not laid out as the OSV export is.
    #[error(
        "{source_name} has no `ecosystems.txt`: advisories are imported from a folder or address laid out as the OSV export is, with `ecosystems.txt` and `<Ecosystem>/all.zip`"
    )]
    Layout {
        /// The source.
        source_name: String,
    },
    /// An ecosystem was asked for that the source does not have.
    #[error("the source has no ecosystem {name:?}; it has {known}")]
    UnknownEcosystem {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A part of the export that is to replace what the database has cannot be read.
    #[error("{problem}: the database is left as it was")]
    Incomplete {
        /// Where and why.
        problem: String,
    },
    /// Not one record came out.
    #[error("{source_name} holds no usable record: no database was made{}", first_of(problems))]
    Empty {
        /// The source.
        source_name: String,
        /// What could not be read, each a sentence.
        problems: Vec<String>,
    },
    /// The import is strict, and something could not be read.
    #[error("{problem} (without `--strict` it would be reported and passed over)")]
    Strict {
        /// Where and why.
        problem: String,
    },
    /// The EPSS file is none.
    #[error("{name} is not a file of EPSS scores: {reason}")]
    Epss {
        /// The file.
        name: String,
        /// What was found wrong.
        reason: String,
    },
    /// The KEV catalogue is none.
    #[error("{name} is not a catalogue of known exploited vulnerabilities: {reason}")]
    Kev {
        /// The file.
        name: String,
        /// What was found wrong.
        reason: String,
    },
    /// The older database, whose records are to stay, cannot be read.
    #[error(transparent)]
    Base(#[from] crate::Error),
    /// The database, or a temporary file beside it, could not be written.
    #[error("cannot write the advisory database {}", path.display())]
    Output {
        /// The database.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
}

/// The first problem, and how many more there are, with a separator in front.
fn first_of(problems: &[String]) -> String {
    match problems {
        [] => String::new(),
        [only] => format!("; {only}"),
        [first, more @ ..] => format!("; {first} (and {} more could not be read)", more.len()),
    }
}
