//! Image archives: a tar file read in place.
//!
//! One pass over the headers makes an index of the members; from then on a member is a range of the file, which any
//! number of threads may read. Nothing is unpacked. Archives that are compressed or come through a pipe have no
//! ranges: they are expanded into a temporary file without a name first.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, Read, Write};
use std::path::Path;
use std::sync::Arc;

use super::oci::{self, Layout};
use super::{OpenedImage, docker};
use crate::error::with_causes;
use crate::image::{ImageNote, TempPolicy};
use crate::layer::stream::{Compression, LayerStream};
use crate::layer::tap::Expected;
use crate::tar::{Input, Kind, Reader, TarError};
use crate::target::ArchiveKind;
use crate::{Error, ImagePath, LayerError, Limits, OpenOptions};

pub(crate) fn open_file(
    path: &Path,
    kind: ArchiveKind,
    image: Option<&str>,
    options: &OpenOptions,
) -> Result<OpenedImage, Error> {
    let name = path.display().to_string();
    let fail = |source| Error::File { path: path.into(), source };
    let file = File::open(path).map_err(fail)?;
    if !file.metadata().map_err(fail)?.is_file() {
        return open_stream(name, file, "comes through a pipe", kind, image, options);
    }
    let mut magic = [0; Compression::MAGIC_BYTES];
    let got = read_at_most(&file, &mut magic).map_err(fail)?;
    let compression = Compression::detect(magic.get(..got).unwrap_or_default()).map_err(|source| {
        Error::NotAnImage { image: name.clone(), kind: "an image archive", reason: with_causes(&source) }
    })?;
    if compression == Compression::None {
        return open_archive(name, file, None, kind, image, options);
    }
    open_stream(name, Section::whole(file).map_err(fail)?, "is compressed", kind, image, options)
}

pub(crate) fn open_stdin(options: &OpenOptions) -> Result<OpenedImage, Error> {
    open_stream("-".into(), io::stdin(), "comes from standard input", ArchiveKind::Detect, None, options)
}

/// Expands a stream into a temporary file and opens that.
fn open_stream(
    name: String,
    stream: impl Read + Send + 'static,
    why: &'static str,
    kind: ArchiveKind,
    image: Option<&str>,
    options: &OpenOptions,
) -> Result<OpenedImage, Error> {
    let refused =
        |reason: String| Error::NotAnImage { image: name.clone(), kind: "a readable image archive", reason };
    let mut file = match &options.temp {
        TempPolicy::System => tempfile::tempfile(),
        TempPolicy::In(dir) => tempfile::tempfile_in(dir),
        TempPolicy::Refuse => {
            return Err(refused(format!("it {why}, and temporary files are not allowed; expand it first")));
        }
    }
    .map_err(|source| Error::Read {
        image: name.clone(),
        what: "a temporary file for the archive".into(),
        source,
    })?;
    let limits = Limits { layer_bytes: options.limits.spool_bytes, ..options.limits };
    let mut stream = LayerStream::open(Box::new(stream), Expected::default(), &limits, None)
        .map_err(|error| refused(with_causes(&error)))?;
    let bytes = copy(&mut stream, &mut file)
        .and_then(|bytes| stream.finish().map(|()| bytes))
        .map_err(|error| refused(with_causes(&LayerError::from(error))))?;
    open_archive(name, file, Some(ImageNote::Spooled { bytes, why }), kind, image, options)
}

fn copy(from: &mut LayerStream, to: &mut File) -> io::Result<u64> {
    let mut bytes = 0;
    loop {
        let piece = from.fill_buf()?;
        let n = piece.len();
        if n == 0 {
            return to.flush().map(|()| bytes);
        }
        to.write_all(piece)?;
        bytes += n as u64;
        from.consume(n);
    }
}

fn open_archive(
    name: String,
    file: File,
    note: Option<ImageNote>,
    kind: ArchiveKind,
    image: Option<&str>,
    options: &OpenOptions,
) -> Result<OpenedImage, Error> {
    let archive = Archive::index(file, &options.limits).map_err(|error| Error::NotAnImage {
        image: name.clone(),
        kind: "an image archive",
        reason: error.to_string(),
    })?;
    let kind = match kind {
        ArchiveKind::Detect if archive.has("manifest.json") => ArchiveKind::Docker,
        ArchiveKind::Detect if archive.has("index.json") => ArchiveKind::Oci,
        ArchiveKind::Detect => {
            let reason = "it has neither manifest.json (docker save) nor index.json (OCI layout); \
                          for a root file system unpack it and name the directory";
            return Err(Error::NotAnImage { image: name, kind: "an image archive", reason: reason.into() });
        }
        said => said,
    };
    let (name, mut parts, source) = match kind {
        ArchiveKind::Docker => docker::open(name, image, archive, options)?,
        _ => oci::open(&name, image, options, Box::new(archive))?,
    };
    parts.notes.extend(note);
    Ok((name, parts, source))
}

/// A tar file and where its members lie.
pub(crate) struct Archive {
    file: Arc<File>,
    members: HashMap<ImagePath, Member>,
}

enum Member {
    File {
        offset: u64,
        size: u64,
    },
    /// A link to another member: old `docker save` stores a layer that several images share once.
    Link(ImagePath),
}

/// Longest member name that is kept: those of image archives are short, and a stranger's must not fill the memory.
const MAX_NAME: usize = 512;

/// Longest chain of links from member to member.
const MAX_LINKS: usize = 8;

impl Archive {
    /// Reads all headers. The last member of a name counts, as for whoever unpacks the archive.
    fn index(file: File, limits: &Limits) -> io::Result<Self> {
        let file = Arc::new(file);
        let input = SeekingInput::new(Section::whole_of(Arc::clone(&file))?);
        let mut tar = Reader::new(input, limits.archive_members as u64);
        let mut members = HashMap::new();
        while let Some(header) = tar.next()? {
            let Ok((path, _)) = ImagePath::clamped(&header.name) else { continue };
            if path.as_bytes().len() > MAX_NAME || header.link.len() > MAX_NAME {
                continue;
            }
            let member = match header.kind {
                Kind::File if tar.is_sparse() => return Err(TarError::Sparse.into()),
                Kind::File => Member::File { offset: tar.offset(), size: header.size },
                Kind::HardLink => match ImagePath::clamped(&header.link) {
                    Ok((target, _)) => Member::Link(target),
                    Err(_) => continue,
                },
                Kind::SymLink => {
                    let parent = path.parent().unwrap_or_default();
                    let target = if header.link.starts_with(b"/") {
                        header.link
                    } else {
                        [parent.as_bytes(), b"/", &header.link].concat()
                    };
                    match ImagePath::clamped(target) {
                        Ok((target, _)) => Member::Link(target),
                        Err(_) => continue,
                    }
                }
                _ => continue,
            };
            members.insert(path, member);
        }
        Ok(Self { file, members })
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.find(path).is_ok()
    }

    /// The length of a member.
    pub(crate) fn size(&self, path: &str) -> io::Result<u64> {
        self.find(path).map(|(_, size)| size)
    }

    fn find(&self, path: &str) -> io::Result<(u64, u64)> {
        let invalid = || io::Error::from(io::ErrorKind::NotFound);
        let mut path = ImagePath::clamped(path).map_err(|_| invalid())?.0;
        for _ in 0..MAX_LINKS {
            match self.members.get(&path).ok_or_else(invalid)? {
                Member::File { offset, size } => return Ok((*offset, *size)),
                Member::Link(target) => path = target.clone(),
            }
        }
        Err(invalid())
    }
}

impl Layout for Archive {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        let (offset, size) = self.find(path)?;
        Ok(Box::new(Section {
            file: Arc::clone(&self.file),
            position: offset,
            end: offset.saturating_add(size),
        }))
    }
}

/// A range of a file, with a position of its own.
struct Section {
    file: Arc<File>,
    position: u64,
    end: u64,
}

impl Section {
    fn whole(file: File) -> io::Result<Self> {
        Self::whole_of(Arc::new(file))
    }

    fn whole_of(file: Arc<File>) -> io::Result<Self> {
        let end = file.metadata()?.len();
        Ok(Self { file, position: 0, end })
    }
}

impl Read for Section {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.end.saturating_sub(self.position);
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buf.len());
        let Some(buf) = buf.get_mut(..most).filter(|buf| !buf.is_empty()) else { return Ok(0) };
        let n = read_at(&self.file, buf, self.position)?;
        if n == 0 {
            // The file is shorter than when it was indexed, or than its headers promise.
            return Err(TarError::Truncated.into());
        }
        self.position += n as u64;
        Ok(n)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buf, offset)
}

#[cfg(windows)]
fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buf, offset)
}

fn read_at_most(file: &File, buf: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(space) = buf.get_mut(filled..).filter(|space| !space.is_empty()) {
        match read_at(file, space, filled as u64)? {
            0 => break,
            n => filled += n,
        }
    }
    Ok(filled)
}

/// A buffered file that jumps over what is skipped.
struct SeekingInput {
    section: Section,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

impl SeekingInput {
    fn new(section: Section) -> Self {
        Self { section, buffer: vec![0; 16 << 10].into(), start: 0, end: 0 }
    }
}

impl Read for SeekingInput {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(buf)?;
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for SeekingInput {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.end = self.section.read(&mut self.buffer)?;
            self.start = 0;
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    fn consume(&mut self, n: usize) {
        self.start = (self.start + n).min(self.end);
    }
}

impl Input for SeekingInput {
    fn skip(&mut self, most: u64) -> io::Result<u64> {
        let buffered = (self.end - self.start) as u64;
        if most <= buffered {
            self.consume(usize::try_from(most).unwrap_or(usize::MAX));
            return Ok(most);
        }
        self.start = self.end;
        let jump = (most - buffered).min(self.section.end.saturating_sub(self.section.position));
        self.section.position += jump;
        Ok(buffered + jump)
    }
}
