//! A root file system in a directory, as one layer.
//!
//! The walk is sorted, so that two walks give the same; it never follows a symbolic link and never leaves the file
//! system that a directory is on when it starts at `/`, where `/proc` and `/sys` hang. What may not be read becomes
//! a note. There are no whiteouts here: `.wh.x` is a file of that name.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Opened, OpenedImage, Parts, Source};
use crate::layer::note::{LayerNote, Notes};
use crate::{
    Entries, Entry, EntryHeader, EntryKind, Error, ImagePath, LayerError, LayerInfo, Limits, OpenOptions,
    Progress,
};

pub(crate) fn open(path: &Path, options: &OpenOptions) -> Result<OpenedImage, Error> {
    let root = path.canonicalize().map_err(|source| Error::File { path: path.into(), source })?;
    // Fail now, not at the first layer, when nothing at all can be read.
    fs::read_dir(&root).map_err(|source| Error::File { path: path.into(), source })?;
    let layer = LayerInfo {
        index: 0,
        digest: None,
        diff_id: None,
        media_type: String::new(),
        size: None,
        history: None,
    };
    let parts = Parts { layers: vec![layer], ..Parts::default() };
    let source = Directory { root, limits: options.limits, progress: options.progress.clone() };
    Ok((path.display().to_string(), parts, Box::new(source)))
}

struct Directory {
    root: PathBuf,
    limits: Limits,
    progress: Option<Arc<dyn Progress>>,
}

impl Source for Directory {
    fn open_layer(&self, _: &LayerInfo) -> Result<Opened, Error> {
        let fail = |source| Error::File { path: self.root.clone(), source };
        let meta = fs::symlink_metadata(&self.root).map_err(fail)?;
        let device = if self.root.parent().is_none() { Some(device(&meta)) } else { None };
        let mut walk = Walk {
            root: self.root.clone(),
            pending: Vec::new(),
            body: Body::None,
            notes: Notes::default(),
            entries: 0,
            device,
            limits: self.limits,
            progress: self.progress.clone(),
        };
        walk.enter(&ImagePath::root(), 0).map_err(fail)?;
        Ok(Opened::Entries(Box::new(walk)))
    }
}

/// A walk in progress. Holds the names of the directories on the way down, no more.
struct Walk {
    root: PathBuf,
    /// What is still to be visited, the next one last.
    pending: Vec<(ImagePath, usize)>,
    body: Body,
    notes: Notes,
    entries: u64,
    /// The only file system that is walked, if one is.
    device: Option<u64>,
    limits: Limits,
    progress: Option<Arc<dyn Progress>>,
}

/// The current file's bytes, opened only if somebody asks for them.
enum Body {
    None,
    Closed { at: PathBuf, path: ImagePath, size: u64 },
    Open { file: io::Take<File>, left: u64 },
}

impl Walk {
    /// Puts a directory's members on the list.
    fn enter(&mut self, path: &ImagePath, depth: usize) -> io::Result<()> {
        if depth >= self.limits.directory_depth {
            self.notes.push(LayerNote::Unreadable { path: path.clone(), reason: "it lies too deep".into() });
            return Ok(());
        }
        let mut members = Vec::new();
        for member in fs::read_dir(on_disk(&self.root, path))? {
            let member = member?;
            match path.join(os_bytes(&member.file_name())) {
                Ok(path) => members.push((path, depth + 1)),
                Err(error) => {
                    self.notes.push(LayerNote::Unreadable { path: path.clone(), reason: error.to_string() });
                }
            }
        }
        members.sort_unstable_by(|a, b| b.cmp(a));
        self.pending.append(&mut members);
        Ok(())
    }

    fn unreadable(&mut self, path: ImagePath, error: &io::Error) {
        self.notes.push(LayerNote::Unreadable { path, reason: error.to_string() });
    }

    /// What the file at `path` is; `None`, with a note, if that cannot be told.
    fn look_at(&mut self, path: &ImagePath) -> Option<(EntryKind, Metadata)> {
        let at = on_disk(&self.root, path);
        let looked = fs::symlink_metadata(&at).and_then(|meta| {
            let kind = match meta.file_type() {
                kind if kind.is_file() => EntryKind::File,
                kind if kind.is_dir() => EntryKind::Directory,
                kind if kind.is_symlink() => {
                    EntryKind::SymLink(os_bytes(fs::read_link(&at)?.as_os_str()).into())
                }
                _ => EntryKind::Special,
            };
            Ok((kind, meta))
        });
        match looked {
            Ok(found) => Some(found),
            // Gone since the directory was read: as if it had never been there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                self.unreadable(path.clone(), &error);
                None
            }
        }
    }

    fn next_header(&mut self) -> Result<Option<EntryHeader>, LayerError> {
        if let Body::Open { file, left } = &mut self.body {
            // A file that shrank while it was read is noted by `read`; here it is only closed.
            *left = 0;
            file.set_limit(0);
        }
        self.body = Body::None;
        while let Some((path, depth)) = self.pending.pop() {
            let Some((kind, meta)) = self.look_at(&path) else { continue };
            self.entries += 1;
            if self.entries > self.limits.layer_entries {
                return Err(io::Error::other(format!("more than {} files", self.limits.layer_entries)).into());
            }
            match kind {
                EntryKind::Directory if self.device.is_some_and(|root| root != device(&meta)) => {
                    self.notes.push(LayerNote::Skipped {
                        path: path.clone(),
                        reason: "another file system is mounted there",
                    });
                }
                EntryKind::Directory => {
                    if let Err(error) = self.enter(&path, depth) {
                        self.unreadable(path.clone(), &error);
                    }
                }
                EntryKind::File => {
                    let at = on_disk(&self.root, &path);
                    self.body = Body::Closed { at, path: path.clone(), size: meta.len() };
                    if let Some(progress) = &self.progress {
                        progress.layer_bytes(0, meta.len());
                    }
                }
                _ => {}
            }
            let size = if kind == EntryKind::File { meta.len() } else { 0 };
            return Ok(Some(EntryHeader { path, kind, size, mode: mode(&meta) }));
        }
        if let Some(progress) = &self.progress {
            progress.layer_done(0);
        }
        Ok(None)
    }
}

impl Entries for Walk {
    fn next_entry(&mut self) -> Result<Option<Entry<'_>>, LayerError> {
        match self.next_header()? {
            Some(header) => Ok(Some(Entry { header, body: self })),
            None => Ok(None),
        }
    }

    fn take_notes(&mut self) -> Vec<LayerNote> {
        self.notes.take()
    }
}

/// The current file's bytes: as many as its entry said, or an error.
impl Read for Walk {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if let Body::Closed { at, path, size } = &self.body {
            let (path, size) = (path.clone(), *size);
            match open_no_follow(at) {
                Ok(file) => self.body = Body::Open { file: file.take(size), left: size },
                Err(error) => {
                    self.unreadable(path, &error);
                    self.body = Body::None;
                    return Err(error);
                }
            }
        }
        let Body::Open { file, left } = &mut self.body else { return Ok(0) };
        let n = file.read(buf)?;
        if n == 0 && !buf.is_empty() && *left > 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file shrank while it was read"));
        }
        *left = left.saturating_sub(n as u64);
        Ok(n)
    }
}

/// Opens a regular file, and nothing that was put in its place since it was looked at: no symbolic link is
/// followed, and a fifo is not waited for.
fn open_no_follow(at: &Path) -> io::Result<File> {
    let file = open_flags().open(at)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no longer a regular file"))
    }
}

#[cfg(target_os = "linux")]
fn open_flags() -> fs::OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    // O_NOFOLLOW and O_NONBLOCK of Linux's generic ABI; the architectures that differ only lose the protection.
    const NO_FOLLOW: i32 =
        if cfg!(any(target_arch = "arm", target_arch = "aarch64", target_arch = "powerpc64")) {
            0o100_000
        } else {
            0o400_000
        };
    const NON_BLOCKING: i32 = 0o4000;
    let mut options = File::options();
    options.read(true).custom_flags(NO_FOLLOW | NON_BLOCKING);
    options
}

#[cfg(not(target_os = "linux"))]
fn open_flags() -> fs::OpenOptions {
    let mut options = File::options();
    options.read(true);
    options
}

#[cfg(unix)]
mod native {
    use std::ffi::OsStr;
    use std::fs::Metadata;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::MetadataExt as _;
    use std::path::{Path, PathBuf};

    use crate::ImagePath;

    pub(super) fn os_bytes(name: &OsStr) -> Vec<u8> {
        name.as_bytes().to_vec()
    }

    pub(super) fn on_disk(root: &Path, path: &ImagePath) -> PathBuf {
        root.join(OsStr::from_bytes(path.as_bytes()))
    }

    pub(super) fn device(meta: &Metadata) -> u64 {
        meta.dev()
    }

    pub(super) fn mode(meta: &Metadata) -> u32 {
        meta.mode() & 0o7777
    }
}

#[cfg(not(unix))]
mod native {
    use std::ffi::OsStr;
    use std::fs::Metadata;
    use std::path::{Path, PathBuf};

    use crate::ImagePath;

    pub(super) fn os_bytes(name: &OsStr) -> Vec<u8> {
        name.to_string_lossy().into_owned().into_bytes()
    }

    pub(super) fn on_disk(root: &Path, path: &ImagePath) -> PathBuf {
        root.join(path.to_string())
    }

    pub(super) fn device(_: &Metadata) -> u64 {
        0
    }

    pub(super) fn mode(meta: &Metadata) -> u32 {
        if meta.is_dir() { 0o755 } else { 0o644 }
    }
}

use native::{device, mode, on_disk, os_bytes};
