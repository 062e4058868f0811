//! Writing a container: section after section, then the checksums, then the header; and only then its name.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process,
    time::{Duration, SystemTime},
};

use xxhash_rust::xxh3::xxh3_64;

use super::{
    Extent,
    header::{self, BLOCK, Header},
};

/// A file under a temporary name beside its target, removed on drop.
///
/// Beside the target and not in the system's temporary folder: a rename must not cross file systems, and that folder is
/// often memory.
pub(crate) struct Scratch {
    file: File,
    path: PathBuf,
}

/// Left-over temporary files older than this were left by a process that was killed, also where files cannot be locked.
const ABANDONED: Duration = Duration::from_hours(24);

impl Scratch {
    /// Makes an empty temporary file for `target`; `purpose` is part of its name.
    pub(crate) fn beside(target: &Path, purpose: &str) -> io::Result<Scratch> {
        let folder = folder_of(target);
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        remove_abandoned(folder, &format!(".{name}."));
        for attempt in 0..u32::MAX {
            let path = folder.join(format!(".{name}.{}-{attempt}.{purpose}.partial", process::id()));
            match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
                Ok(file) => {
                    // The lock tells others that this process lives: it ends with it, however it ends.
                    let _ = file.lock();
                    // Who cleans up may have taken the file for a left-over before it was locked.
                    if path.exists() {
                        return Ok(Scratch { file, path });
                    }
                }
                Err(problem) if problem.kind() == io::ErrorKind::AlreadyExists => {}
                Err(problem) => return Err(problem),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Syncs the file and gives it its name, replacing what had that name before in one step.
    pub(crate) fn persist(self, target: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, target)?;
        // The rename itself is durable only once the folder is.
        #[cfg(unix)]
        File::open(folder_of(target))?.sync_all()?;
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // After `persist` there is no such file any more, and otherwise nothing can be done about a failure here.
        let _ = fs::remove_file(&self.path);
    }
}

impl Read for Scratch {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Write for Scratch {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Scratch {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Removes what processes left that were killed while they wrote the same target.
fn remove_abandoned(folder: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let ours = name.starts_with(prefix) && name.ends_with(".partial");
        if !ours {
            continue;
        }
        let age = || SystemTime::now().duration_since(entry.metadata().ok()?.modified().ok()?).ok();
        // The lock is held until the file is gone, so that a writer who just made it notices.
        let opened = File::open(entry.path());
        let unused = opened.as_ref().is_ok_and(|file| file.try_lock().is_ok());
        if unused || age().is_some_and(|age| age > ABANDONED) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The time that a database states as its creation, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Created(pub(crate) i64);

/// Writes a container.
pub(crate) struct Writer {
    scratch: Scratch,
    target: PathBuf,
    /// The block under way.
    block: Vec<u8>,
    /// Bytes of sections written so far, the block under way included.
    written: u64,
    sums: Vec<u64>,
    sections: Vec<(String, Extent)>,
}

impl Writer {
    pub(crate) fn create(target: &Path) -> io::Result<Writer> {
        let mut scratch = Scratch::beside(target, "new")?;
        scratch.seek(SeekFrom::Start(header::LENGTH as u64))?;
        Ok(Writer {
            scratch,
            target: target.to_owned(),
            block: Vec::with_capacity(BLOCK),
            written: 0,
            sums: Vec::new(),
            sections: Vec::new(),
        })
    }

    /// Begins a section: all that is written until the next one begins belongs to it.
    pub(crate) fn section(&mut self, name: &str) {
        self.close_section();
        self.sections
            .push((name.to_owned(), Extent { offset: header::LENGTH as u64 + self.written, length: 0 }));
    }

    /// The number of bytes written to the section under way.
    pub(crate) fn position(&self) -> u64 {
        let start = self.sections.last().map_or(0, |(_, extent)| extent.offset - header::LENGTH as u64);
        self.written - start
    }

    fn close_section(&mut self) {
        let length = self.position();
        if let Some((_, extent)) = self.sections.last_mut() {
            extent.length = length;
        }
    }

    fn end_block(&mut self) -> io::Result<()> {
        if !self.block.is_empty() {
            self.sums.push(xxh3_64(&self.block));
            self.scratch.write_all(&self.block)?;
            self.block.clear();
        }
        Ok(())
    }

    /// Completes the file, makes it durable and gives it its name. Answers its length.
    pub(crate) fn finish(mut self, created: Created) -> io::Result<u64> {
        self.close_section();
        self.end_block()?;
        let table: Vec<u8> = self.sums.iter().flat_map(|sum| sum.to_le_bytes()).collect();
        self.scratch.write_all(&table)?;
        let end = header::LENGTH as u64 + self.written;
        let header = Header {
            created: created.0,
            file_length: end + table.len() as u64,
            checksums: Extent { offset: end, length: table.len() as u64 },
            checksums_sum: xxh3_64(&table),
            sections: self.sections,
        };
        self.scratch.seek(SeekFrom::Start(0))?;
        self.scratch.write_all(&header.encode())?;
        self.scratch.persist(&self.target)?;
        Ok(header.file_length)
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(BLOCK - self.block.len());
        self.block.extend_from_slice(bytes.get(..taken).unwrap_or_default());
        self.written += taken as u64;
        if self.block.len() == BLOCK {
            self.end_block()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
