//! Where advisories are read from.

use std::{
    fs::{self, File},
    io::{self, Read, Seek},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::file::Scratch;

/// The largest zip of the public export, that of all ecosystems together, has some 1.5 GB.
const LARGEST_ZIP: u64 = 16 * 1024 * 1024 * 1024;

/// Most files of a folder that are listed.
const MOST_FILES: usize = 2_000_000;

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

    /// The paths of all files, sorted. `None` where they cannot be listed, as over HTTP.
    fn list(&self) -> Result<Option<Vec<String>>, SourceError> {
        Ok(None)
    }

    /// Whether reading a file to its end costs next to nothing, and the name does not tell this place from every other.
    fn is_local(&self) -> bool {
        false
    }

    /// As [`Source::read`], with what tells whether the file changed.
    fn read_tagged(&self, path: &str) -> Result<Option<Tagged<'_>>, SourceError> {
        Ok(self.read(path)?.map(|reader| Tagged { reader, validator: Validator::None }))
    }

    /// Whether a file is what it was when it was read with that validator. `false` where that cannot be told.
    fn is_unchanged(&self, path: &str, validator: &Validator) -> Result<bool, SourceError> {
        let _ = (path, validator);
        Ok(false)
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

/// A file that is being read.
pub struct Tagged<'a> {
    /// Its bytes.
    pub reader: Box<dyn Read + Send + 'a>,
    /// By what it can be told to be the same.
    pub validator: Validator,
}

/// By what a file can be told to be the same as before (RFC 9110, section 8.8).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Validator {
    /// By nothing.
    #[default]
    None,
    /// By its still not being there.
    Absent,
    /// By headers of the answer.
    Headers {
        /// `ETag`.
        #[serde(skip_serializing_if = "Option::is_none")]
        etag: Option<String>,
        /// `Last-Modified`.
        #[serde(skip_serializing_if = "Option::is_none")]
        modified: Option<String>,
    },
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

    fn is_local(&self) -> bool {
        true
    }

    fn read(&self, path: &str) -> Result<Option<Box<dyn Read + Send + '_>>, SourceError> {
        Ok(self.file(path)?.map(|file| Box::new(file) as _))
    }

    fn list(&self) -> Result<Option<Vec<String>>, SourceError> {
        let mut found = Vec::new();
        let mut folders = vec![(self.path.clone(), String::new())];
        while let Some((folder, prefix)) = folders.pop() {
            let io = |source| SourceError::Io { path: folder.display().to_string(), source };
            for entry in fs::read_dir(&folder).map_err(io)? {
                let entry = entry.map_err(io)?;
                let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
                // Links to folders are not followed: they may lead in circles.
                if entry.file_type().map_err(io)?.is_dir() {
                    folders.push((entry.path(), format!("{name}/")));
                } else {
                    found.push(name);
                }
                if found.len() + folders.len() > MOST_FILES {
                    return Err(io(io::ErrorKind::FileTooLarge.into()));
                }
            }
        }
        found.sort_unstable();
        Ok(Some(found))
    }

    fn open(&self, path: &str, _: &Path) -> Result<Option<Box<dyn ReadSeek + '_>>, SourceError> {
        Ok(self.file(path)?.map(|file| Box::new(file) as _))
    }
}
