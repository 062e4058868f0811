//! Where advisories are read from.

use std::{
    fs::File,
    io::{self, Read, Seek},
    path::{Path, PathBuf},
};

use crate::file::Scratch;

/// The largest zip of the public export, that of all ecosystems together, has some 1.5 GB.
const LARGEST_ZIP: u64 = 16 * 1024 * 1024 * 1024;

/// Something that can be read at random, as zips must be.
pub trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

/// A place with files in the layout of the public OSV export.
pub trait Source: Sync {
    /// What the place is called in a database and in messages. Must not depend on the machine where it can be helped.
    fn name(&self) -> String;

    /// Opens a file by its path, which has `/` between its parts and may have spaces and brackets in them. `None` if there
    /// is no such file.
    fn read(&self, path: &str) -> Result<Option<Box<dyn Read + Send + '_>>, SourceError>;

    /// The paths of all files, sorted; `None` where the place cannot tell, as a web server.
    fn list(&self) -> Result<Option<Vec<String>>, SourceError> {
        Ok(None)
    }

    /// Opens a file for reading at random. Unless the source can do better, the file is copied to a temporary one beside
    /// `target`.
    fn open(&self, path: &str, target: &Path) -> Result<Option<Box<dyn ReadSeek + '_>>, SourceError> {
        let Some(mut from) = self.read(path)? else { return Ok(None) };
        let broken = |source| SourceError::Io { path: path.to_owned(), source };
        let mut copy = Scratch::beside(target, "zip").map_err(broken)?;
        let length = io::copy(&mut from.by_ref().take(LARGEST_ZIP), &mut copy).map_err(broken)?;
        if length == LARGEST_ZIP {
            return Err(broken(io::ErrorKind::FileTooLarge.into()));
        }
        copy.rewind().map_err(broken)?;
        Ok(Some(Box::new(copy)))
    }
}

/// A file of a source could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The file could not be opened, read or copied.
    #[error("cannot read {path}")]
    Io {
        /// The file.
        path: String,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The server did not give the file.
    #[cfg(feature = "web")]
    #[error(transparent)]
    Fetch(#[from] pratique_fetch::Error),
    /// The path leaves the source. Paths are made of names that come from the source itself.
    #[error("{path:?} is not the path of a file within the source")]
    Path {
        /// The path.
        path: String,
    },
}

/// A folder.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder of that path.
    pub fn new(path: impl Into<PathBuf>) -> Folder {
        Folder { path: path.into() }
    }

    fn file(&self, path: &str) -> Result<Option<File>, SourceError> {
        let inside =
            path.split('/').all(|part| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']));
        if !inside {
            return Err(SourceError::Path { path: path.to_owned() });
        }
        let place = self.path.join(path);
        match File::open(&place) {
            Ok(file) => Ok(Some(file)),
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(SourceError::Io { path: place.display().to_string(), source }),
        }
    }
}

impl Source for Folder {
    /// The folder's own name, without the path to it, so that the same data gives the same database anywhere.
    fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        format!("folder {}", name.to_string_lossy())
    }

    fn read(&self, path: &str) -> Result<Option<Box<dyn Read + Send + '_>>, SourceError> {
        Ok(self.file(path)?.map(|file| Box::new(file) as _))
    }

    fn list(&self) -> Result<Option<Vec<String>>, SourceError> {
        let mut found = Vec::new();
        walk(&self.path, "", 0, &mut found)?;
        found.sort_unstable();
        Ok(Some(found))
    }

    fn open(&self, path: &str, _: &Path) -> Result<Option<Box<dyn ReadSeek + '_>>, SourceError> {
        Ok(self.file(path)?.map(|file| Box::new(file) as _))
    }
}

/// Folders within folders; publishers sort by year, and VEX repositories by the parts of a package URL.
const DEEPEST: usize = 32;
/// A vendor's whole archive has some 300,000 files.
const MOST_FILES: usize = 4_000_000;

/// Gathers the files below `folder`, which lies at `path` of the source. Links are not followed, so that there is an end;
/// names that are no text, and hidden ones, are no advisories.
fn walk(folder: &Path, path: &str, depth: usize, found: &mut Vec<String>) -> Result<(), SourceError> {
    let broken = |source| SourceError::Io { path: folder.display().to_string(), source };
    if depth > DEEPEST || found.len() > MOST_FILES {
        return Err(broken(io::Error::other("too many folders or files")));
    }
    for entry in folder.read_dir().map_err(broken)? {
        let entry = entry.map_err(broken)?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        let kind = entry.file_type().map_err(broken)?;
        if kind.is_dir() {
            walk(&entry.path(), &path, depth + 1, found)?;
        } else if kind.is_file() {
            found.push(path);
        }
    }
    Ok(())
}
