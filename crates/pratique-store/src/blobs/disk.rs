//! Blobs as files below one directory: `blobs/sha256/ab/abcd…`, uploads as `uploads/ID`.
//!
//! An upload is a file that grows; when it is whole it is synced and renamed to the name of its digest, and the directory
//! is synced: what is acknowledged survives a power cut. A blob is never changed.
//!
//! All directories are made and synced when the blobs are opened. Made when they are first needed, one push could find the
//! directory that another has made and not synced yet, and acknowledge a blob whose directory a power cut takes away.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use pratique_image::{Algorithm, Digest, digest::Hasher};

use super::growing::{Growing, Tail};
use crate::BlobError;

/// Blobs on the local disk. All of it blocks: call it from threads that may.
#[derive(Debug, Clone)]
pub struct Disk {
    root: Arc<Path>,
    /// What is known of uploads that this process writes.
    uploads: Arc<Mutex<HashMap<String, Arc<Mutex<Upload>>>>>,
}

/// An upload that this process has written to.
#[derive(Debug)]
struct Upload {
    length: u64,
    hasher: Hasher,
    growing: Growing,
    /// Whether somebody is adding to it.
    busy: bool,
    /// Whether its bytes were found to be those that were announced: nobody may add to it any more, as it becomes a
    /// blob while who would add still has it open.
    sealed: bool,
}

fn locked(upload: &Mutex<Upload>) -> MutexGuard<'_, Upload> {
    upload.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Disk {
    pub(crate) fn open(root: &Path) -> Result<Self, BlobError> {
        for directory in ["uploads", "blobs/sha256", "blobs/sha512"] {
            let path = root.join(directory);
            fs::create_dir_all(&path).map_err(BlobError::io("made", path.display()))?;
        }
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let shelves = root.join("blobs").join(algorithm.as_str());
            for shelf in 0..=u8::MAX {
                let path = shelves.join(format!("{shelf:02x}"));
                match fs::create_dir(&path) {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                        return Err(BlobError::io("made", path.display())(error));
                    }
                    _ => {}
                }
            }
            sync_directory(&shelves).map_err(BlobError::io("synced", shelves.display()))?;
        }
        for path in [root.join("blobs"), root.to_owned()] {
            sync_directory(&path).map_err(BlobError::io("synced", path.display()))?;
        }
        Ok(Self { root: root.into(), uploads: Arc::default() })
    }

    fn blob_path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        let (first, _) = hex.split_at(2);
        self.root.join("blobs").join(digest.algorithm().as_str()).join(first).join(&hex)
    }

    fn upload_path(&self, id: &str) -> Result<PathBuf, BlobError> {
        // Ids are ours, but they come back from strangers.
        let ours =
            !id.is_empty() && id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if ours { Ok(self.root.join("uploads").join(id)) } else { Err(BlobError::NoUpload(id.into())) }
    }

    /// Begins an upload.
    pub fn begin(&self, id: &str) -> Result<(), BlobError> {
        let path = self.upload_path(id)?;
        let failed = BlobError::io("begun", format!("upload {id}"));
        File::create_new(path).map(drop).map_err(failed)
    }

    /// How many bytes of an upload are there.
    pub fn length(&self, id: &str) -> Result<u64, BlobError> {
        match fs::metadata(self.upload_path(id)?) {
            Ok(metadata) => Ok(metadata.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(BlobError::NoUpload(id.into())),
            Err(error) => Err(BlobError::io("looked up", format!("upload {id}"))(error)),
        }
    }

    /// What this process knows of an upload; after a restart, what its bytes tell.
    fn upload(&self, id: &str) -> Result<Arc<Mutex<Upload>>, BlobError> {
        if let Some(known) = self.uploads.lock().unwrap_or_else(PoisonError::into_inner).get(id) {
            return Ok(Arc::clone(known));
        }
        let path = self.upload_path(id)?;
        let failed = || BlobError::io("read", format!("upload {id}"));
        let mut file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(BlobError::NoUpload(id.into()));
            }
            other => other.map_err(failed())?,
        };
        let mut hashing = Hashing { hasher: Algorithm::Sha256.hasher(), length: 0 };
        io::copy(&mut file, &mut hashing).map_err(failed())?;
        let Hashing { hasher, length } = hashing;
        let upload = Arc::new(Mutex::new(Upload {
            length,
            hasher,
            growing: Growing::of(length),
            busy: false,
            sealed: false,
        }));
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(uploads.entry(id.to_owned()).or_insert(upload)))
    }

    /// Goes on with an upload at `offset`, or at its end. One at a time.
    pub fn append(&self, id: &str, offset: Option<u64>) -> Result<Appender, BlobError> {
        let upload = self.upload(id)?;
        let file = OpenOptions::new()
            .append(true)
            .open(self.upload_path(id)?)
            .map_err(BlobError::io("written", format!("upload {id}")))?;
        {
            let mut upload = locked(&upload);
            if upload.busy || upload.sealed {
                return Err(BlobError::Busy(id.into()));
            }
            let have = upload.length;
            if let Some(said) = offset.filter(|&offset| offset != have) {
                return Err(BlobError::OutOfOrder { have, said });
            }
            upload.busy = true;
        }
        Ok(Appender { id: id.into(), file, upload })
    }

    /// A reader that follows an upload to the end it will have.
    pub fn follow(&self, id: &str) -> Result<Tail, BlobError> {
        let file =
            File::open(self.upload_path(id)?).map_err(BlobError::io("read", format!("upload {id}")))?;
        let upload = self.upload(id)?;
        let growing = locked(&upload).growing.clone();
        Ok(growing.follow(file))
    }

    /// Checks that the bytes of an upload are those that `digest` names; says how many they are. Nobody can add to it
    /// from then on.
    pub fn verify(&self, id: &str, digest: &Digest) -> Result<u64, BlobError> {
        let upload = self.upload(id)?;
        let mut upload = locked(&upload);
        if upload.busy {
            return Err(BlobError::Busy(id.into()));
        }
        let actual = match digest.algorithm() {
            Algorithm::Sha256 => upload.hasher.clone().finish(),
            Algorithm::Sha512 => {
                let failed = || BlobError::io("read", format!("upload {id}"));
                let mut file = File::open(self.upload_path(id)?).map_err(failed())?;
                let mut hashing = Hashing { hasher: Algorithm::Sha512.hasher(), length: 0 };
                io::copy(&mut file, &mut hashing).map_err(failed())?;
                hashing.hasher.finish()
            }
        };
        if actual == *digest {
            upload.sealed = true;
            Ok(upload.length)
        } else {
            Err(BlobError::WrongDigest { expected: *digest, actual })
        }
    }

    /// Puts the bytes of a verified upload in the place of `digest`, durably, and ends the upload.
    pub fn commit(&self, id: &str, digest: &Digest) -> Result<(), BlobError> {
        // Another request may have ended it meanwhile.
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => BlobError::NoUpload(id.into()),
            _ => BlobError::io("put in place", format!("upload {id}"))(error),
        };
        let (from, to) = (self.upload_path(id)?, self.blob_path(digest));
        File::open(&from).and_then(|file| file.sync_all()).map_err(failed)?;
        fs::rename(&from, &to).map_err(failed)?;
        sync_directory(to.parent().unwrap_or(&self.root)).map_err(failed)?;
        if let Some(upload) = self.forget(id) {
            locked(&upload).growing.is_whole();
        }
        Ok(())
    }

    /// Says that an upload is whole, before it is put in place: who follows it comes to the end.
    pub fn is_whole(&self, id: &str) -> Result<(), BlobError> {
        locked(&*self.upload(id)?).growing.is_whole();
        Ok(())
    }

    /// Ends an upload that nobody wants.
    pub fn abandon(&self, id: &str) -> Result<(), BlobError> {
        if let Some(upload) = self.forget(id) {
            locked(&upload).growing.is_abandoned();
        }
        match fs::remove_file(self.upload_path(id)?) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(BlobError::io("removed", format!("upload {id}"))(error))
            }
            _ => Ok(()),
        }
    }

    fn forget(&self, id: &str) -> Option<Arc<Mutex<Upload>>> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner).remove(id)
    }

    /// The ids of all uploads of which there are bytes.
    pub fn uploads(&self) -> Result<Vec<String>, BlobError> {
        let directory = self.root.join("uploads");
        let failed = || BlobError::io("listed", directory.display());
        let mut ids = Vec::new();
        for entry in fs::read_dir(&directory).map_err(failed())? {
            ids.extend(entry.map_err(failed())?.file_name().into_string().ok());
        }
        Ok(ids)
    }

    /// The bytes of a blob, and how many they are.
    pub fn read(&self, digest: &Digest) -> Result<(File, u64), BlobError> {
        match File::open(self.blob_path(digest)) {
            Ok(file) => {
                let length = file.metadata().map_err(BlobError::io("read", digest))?.len();
                Ok((file, length))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(BlobError::Missing(*digest)),
            Err(error) => Err(BlobError::io("read", digest)(error)),
        }
    }

    /// Reads a blob to its end and says whether its bytes are those of its digest.
    pub fn is_sound(&self, digest: &Digest) -> Result<bool, BlobError> {
        is_of(self.read(digest)?.0, digest)
    }

    /// Sets the bytes of a blob aside, under `damaged`, and says whether they were indeed wrong: those that turn out to be
    /// right are put back. Somebody may have replaced the wrong ones in the meantime.
    pub fn set_aside(&self, digest: &Digest) -> Result<bool, BlobError> {
        let failed = || BlobError::io("set aside", digest);
        let directory = self.root.join("damaged");
        fs::create_dir_all(&directory).map_err(failed())?;
        let (from, to) = (self.blob_path(digest), directory.join(digest.to_string().replace(':', "-")));
        match fs::rename(&from, &to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(BlobError::Missing(*digest)),
            other => other.map_err(failed())?,
        }
        let file = File::open(&to).map_err(failed())?;
        if is_of(file, digest)? {
            fs::rename(&to, &from).map_err(failed())?;
            return Ok(false);
        }
        Ok(true)
    }

    /// Removes the bytes of a blob. That there are none is no error.
    pub fn remove(&self, digest: &Digest) -> Result<(), BlobError> {
        match fs::remove_file(self.blob_path(digest)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(BlobError::io("removed", digest)(error))
            }
            _ => Ok(()),
        }
    }

    /// The digests of all blobs of which there are bytes, and the files there that are none.
    pub fn all(&self) -> Result<(Vec<Digest>, Vec<PathBuf>), BlobError> {
        let (mut digests, mut strange) = (Vec::new(), Vec::new());
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let directory = self.root.join("blobs").join(algorithm.as_str());
            let failed = || BlobError::io("listed", directory.display());
            for shelf in fs::read_dir(&directory).map_err(failed())? {
                let shelf = shelf.map_err(failed())?.path();
                if !shelf.is_dir() {
                    strange.push(shelf);
                    continue;
                }
                for entry in fs::read_dir(shelf).map_err(failed())? {
                    let path = entry.map_err(failed())?.path();
                    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                    match format!("{}:{name}", algorithm.as_str()).parse::<Digest>() {
                        Ok(digest) if self.blob_path(&digest) == path => digests.push(digest),
                        _ => strange.push(path),
                    }
                }
            }
        }
        digests.sort();
        strange.sort();
        Ok((digests, strange))
    }
}

/// Whether the bytes of `file` are those that `digest` names.
fn is_of(mut file: File, digest: &Digest) -> Result<bool, BlobError> {
    let mut hashing = Hashing { hasher: digest.algorithm().hasher(), length: 0 };
    io::copy(&mut file, &mut hashing).map_err(BlobError::io("read", digest))?;
    Ok(hashing.hasher.finish() == *digest)
}

fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Adds to an upload. Blocks as the disk does.
#[derive(Debug)]
pub struct Appender {
    id: String,
    file: File,
    upload: Arc<Mutex<Upload>>,
}

impl Appender {
    /// Adds bytes. After a failure the upload is as long as what was written whole.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        let mut upload = locked(&self.upload);
        if let Err(error) = self.file.write_all(bytes) {
            // A part of it may be there: what comes next must not follow it.
            let cut = self.file.set_len(upload.length);
            return Err(BlobError::io("written", format!("upload {}", self.id))(cut.err().unwrap_or(error)));
        }
        upload.hasher.update(bytes);
        upload.length += bytes.len() as u64;
        upload.growing.grew(upload.length);
        Ok(())
    }

    /// How many bytes there are.
    pub fn length(&self) -> u64 {
        locked(&self.upload).length
    }
}

impl Drop for Appender {
    fn drop(&mut self) {
        locked(&self.upload).busy = false;
    }
}

/// Hashes what is written to it.
struct Hashing {
    hasher: Hasher,
    length: u64,
}

impl Write for Hashing {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.hasher.update(buf);
        self.length += buf.len() as u64;
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
