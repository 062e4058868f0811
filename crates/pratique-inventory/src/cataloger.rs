//! The contract between the one pass over a layer and the readers of file formats.

use std::io::{self, Read};

use pratique_image::{EntryHeader, ImagePath};

use crate::fact::{Fact, Stated};

/// Name and revision of a cataloger: part of the key under which its facts are kept.
///
/// Raise the revision when the cataloger's answers change: then only what this one wants is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CatalogerId {
    /// `family/format`, as in `os/dpkg` or `language/npm-lock`. Unique.
    pub name: &'static str,
    /// Counts up with every change of what it answers.
    pub revision: u32,
}

/// Reads one kind of file and says what it states. Knows nothing of layers, images or vulnerabilities.
///
/// A cataloger never opens paths, spawns, or allocates by a length it was told: it has the bytes of one file
/// and limits. What it cannot read it says ([`Unreadable`] for the file, [`Reading::problem`] for a record);
/// it never panics and never passes over damage in silence.
pub trait Cataloger: Send + Sync {
    /// Who this is.
    fn id(&self) -> CatalogerId;

    /// Which files it reads, as globs over whole paths: `**/package-lock.json`, `var/lib/dpkg/info/*.list`, `**/*.jar`.
    ///
    /// The documentation shows them, and a file is offered only to those whose globs end in its name or ending
    /// ([`Selection`](crate::Selection)): every file that is wanted must match one. Case is ignored.
    fn reads(&self) -> &'static [&'static str];

    /// Whether the file is worth reading, by path, mode and size alone.
    ///
    /// Asked of regular files; for a hard link with the link's path and the size of its target where known.
    fn wants(&self, file: &EntryHeader) -> bool;

    /// Whether the name alone can tell what the file is, so that a link of that name states something too.
    ///
    /// A reader that looks into files of any name sees a link's target under its own name.
    fn goes_by_name(&self) -> bool {
        true
    }

    /// Reads the file and says what it states.
    ///
    /// Nothing to state is an empty [`Reading`], not an error.
    ///
    /// # Errors
    /// [`Unreadable`] when the file as a whole makes no sense; it becomes a problem of the result.
    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable>;

    /// What the name of a directory states, for formats in which a directory is the package.
    ///
    /// Asked where [`Cataloger::reads`] has a glob that ends in a slash, and then of every directory of a layer.
    fn directory(&self, _path: &ImagePath) -> Option<Fact> {
        None
    }
}

/// One file while it streams past.
pub struct File<'a> {
    /// Path, size and mode.
    pub header: &'a EntryHeader,
    /// Its bytes, once.
    pub body: &'a mut dyn Read,
    /// How much may be asked of it.
    pub limits: &'a Limits,
}

impl File<'_> {
    /// Where the file lies.
    pub fn path(&self) -> &ImagePath {
        &self.header.path
    }

    /// The whole file in memory.
    ///
    /// # Errors
    /// [`Unreadable::TooLarge`] over [`Limits::file_bytes`], [`Unreadable::Io`] when the layer breaks off.
    pub fn bytes(&mut self) -> Result<Vec<u8>, Unreadable> {
        self.bytes_within(self.limits.file_bytes)
    }

    /// The whole file in memory, if it has at most `limit` bytes.
    ///
    /// # Errors
    /// As [`File::bytes`].
    pub fn bytes_within(&mut self, limit: u64) -> Result<Vec<u8>, Unreadable> {
        if self.header.size > limit {
            return Err(Unreadable::TooLarge { size: self.header.size, limit });
        }
        // The header's size is a hint and no promise: room for it is made in small steps.
        let mut bytes = Vec::with_capacity(self.header.size.min(1 << 20) as usize);
        (&mut *self.body).take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(Unreadable::TooLarge { size: bytes.len() as u64, limit });
        }
        Ok(bytes)
    }

    /// The whole file as text; bytes that are no UTF-8 become U+FFFD, a byte-order mark goes.
    ///
    /// # Errors
    /// As [`File::bytes`].
    pub fn text(&mut self) -> Result<String, Unreadable> {
        self.text_within(self.limits.file_bytes)
    }

    /// The same of a file that has at most `limit` bytes.
    ///
    /// # Errors
    /// As [`File::bytes`].
    pub fn text_within(&mut self, limit: u64) -> Result<String, Unreadable> {
        let bytes = self.bytes_within(limit)?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(bytes);
        Ok(String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()))
    }
}

/// What a file was found to state, and which of its records made no sense.
#[derive(Debug, Default, PartialEq)]
pub struct Reading {
    /// What it states.
    pub facts: Vec<Fact>,
    /// Records that could not be read, each a sentence that says where and why.
    pub problems: Vec<String>,
}

impl Reading {
    /// A reading that states nothing.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// A reading with one fact.
    pub fn of(fact: Fact) -> Self {
        Self { facts: vec![fact], problems: Vec::new() }
    }

    /// Adds a package, unless the file states more of them than `limits` allow: that is told, and `false` asks the
    /// reader to stop. What it asks for and provides may come in any order ([`Reading::finished`]).
    pub fn package(&mut self, stated: Stated, limits: &Limits) -> bool {
        if self.facts.len() >= limits.records {
            self.problem(format!("only the first {} of its packages were read", limits.records));
            return false;
        }
        self.facts.push(Fact::Package(Box::new(stated)));
        true
    }

    /// The reading as it is kept: what packages ask for and provide sorted, each once, and no room for more.
    ///
    /// Done once for all catalogers by who asks them. A file of one fact has room for four, and a list made from another
    /// in its place has the room of that: together that was a third of the memory of an image's facts.
    #[must_use]
    pub fn finished(mut self) -> Self {
        for fact in &mut self.facts {
            if let Fact::Package(stated) = fact {
                stated.depends.sort_unstable();
                stated.depends.dedup();
                stated.depends.shrink_to_fit();
                stated.provides.sort_unstable();
                stated.provides.dedup();
                stated.provides.shrink_to_fit();
                stated.licences.shrink_to_fit();
            }
        }
        self.facts.shrink_to_fit();
        self
    }

    /// Adds packages as [`Reading::package`] does, up to the first for which there is no room.
    pub fn extend(&mut self, packages: impl IntoIterator<Item = Stated>, limits: &Limits) {
        for stated in packages {
            if !self.package(stated, limits) {
                return;
            }
        }
    }

    /// Adds a record that could not be read.
    pub fn problem(&mut self, what: impl Into<String>) {
        // A file of a million broken records is one finding, not a million.
        const ENOUGH: usize = 100;
        if self.problems.len() < ENOUGH {
            self.problems.push(what.into());
        } else if self.problems.len() == ENOUGH {
            self.problems.push("more records of this file could not be read".into());
        }
    }
}

/// Why a file as a whole could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The layer broke off or could not be decoded.
    #[error("reading it failed: {0}")]
    Io(#[from] io::Error),
    /// Larger than a reader takes into memory.
    #[error("it has {size} bytes, more than the limit of {limit}")]
    TooLarge {
        /// The file's size in bytes.
        size: u64,
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// Not what its name says, or damaged.
    #[error("not a readable {format}: {why}")]
    Malformed {
        /// What it was taken for, as in "rpm database" or "package-lock.json".
        format: &'static str,
        /// What is wrong, with the offset or field.
        why: String,
    },
}

impl Unreadable {
    /// Shorthand for [`Unreadable::Malformed`].
    pub fn malformed(format: &'static str, why: impl std::fmt::Display) -> Self {
        Self::Malformed { format, why: format!("{why}") }
    }
}

/// How much a reader may take from a file that a stranger made.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Longest file that is taken into memory whole, in bytes.
    pub file_bytes: u64,
    /// Most packages or records of one file.
    pub records: usize,
    /// Deepest nesting: of archives in archives, of objects in documents.
    pub depth: usize,
    /// Most bytes that all members expanded from one archive may have together.
    pub expanded_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes: 256 << 20, records: 1_000_000, depth: 16, expanded_bytes: 2 << 30 }
    }
}
