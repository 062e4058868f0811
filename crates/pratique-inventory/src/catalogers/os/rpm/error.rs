//! What can be wrong with an rpm database.

/// Why a database, or one of its records, could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadDatabase {
    /// Begins like none of the three formats.
    #[error("it is none of Berkeley DB, NDB and SQLite")]
    UnknownFormat,
    /// A version of a format that is not read.
    #[error("{format} of version {version} is not supported")]
    Version {
        /// Which format.
        format: &'static str,
        /// Its version.
        version: u32,
    },
    /// A feature of a format that rpm does not use.
    #[error("{format} with {feature} is not supported")]
    Feature {
        /// Which format.
        format: &'static str,
        /// What it has.
        feature: &'static str,
    },
    /// A page size that the format does not allow.
    #[error("a page cannot have {0} bytes")]
    PageSize(u32),
    /// No table of that name.
    #[error("there is no table named Packages")]
    NoTable,
    /// The file ends before something that it says it has.
    #[error("{what} at byte {offset} lies beyond the end of the file")]
    BeyondEnd {
        /// What.
        what: &'static str,
        /// Where it should begin.
        offset: u64,
    },
    /// A page that is not what the page that points at it says.
    #[error("page {page} is no {expected} page (its type is {kind})")]
    PageKind {
        /// Number of the page.
        page: u32,
        /// What it should be.
        expected: &'static str,
        /// The type that it states.
        kind: u8,
    },
    /// A page that was met before: a loop, or two records in the same place.
    #[error("page {0} is used twice")]
    PageTwice(u32),
    /// Something within a page that makes no sense.
    #[error("page {page}: {what} of entry {entry} makes no sense")]
    Entry {
        /// Number of the page.
        page: u32,
        /// Number of the entry on it, counted from 0.
        entry: usize,
        /// What.
        what: &'static str,
    },
    /// A record with another length than stated.
    #[error("the record that begins on page {page} has {actual} bytes instead of {stated}")]
    Length {
        /// Number of the page on which it begins.
        page: u32,
        /// Length that it should have.
        stated: u64,
        /// Length that it has.
        actual: u64,
    },
    /// A record that lacks the marks which surround it.
    #[error("the record at byte {offset} has no {mark}")]
    Mark {
        /// Where the record begins.
        offset: u64,
        /// Which mark is missing.
        mark: &'static str,
    },
    /// The records are longer together than the file that holds them: they overlap.
    #[error("the records overlap: together they are longer than the file")]
    Overlap,
    /// A record that is no package header.
    #[error(transparent)]
    Header(#[from] BadHeader),
}

/// Why a package header could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHeader {
    /// Shorter than what it says it has.
    #[error("a package header of {length} bytes cannot have {entries} entries and {data} bytes of data")]
    TooShort {
        /// Length of the record in bytes.
        length: usize,
        /// Number of index entries that it states.
        entries: u32,
        /// Number of data bytes that it states.
        data: u32,
    },
    /// A tag of another type than it should have, or with data outside of the header.
    #[error(
        "tag {tag} ({name}) has type {kind}, {count} values, offset {offset}: that is not within the header"
    )]
    Tag {
        /// Number of the tag.
        tag: u32,
        /// Its name.
        name: &'static str,
        /// Type as stated.
        kind: u32,
        /// Number of values as stated.
        count: u32,
        /// Where its data begin, as stated.
        offset: u32,
    },
    /// Without a name or a version it is no package.
    #[error("a package header has no tag {tag} ({name})")]
    Missing {
        /// Number of the tag.
        tag: u32,
        /// Its name.
        name: &'static str,
    },
    /// File lists that do not fit together.
    #[error("{names} file names, but {folders} places of them among the folders")]
    FileList {
        /// Number of base names.
        names: usize,
        /// Number of folder indexes.
        folders: usize,
    },
    /// More of something than all honest databases have.
    #[error("more {0} than are read from one database")]
    TooMany(&'static str),
}
