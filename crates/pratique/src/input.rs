//! Files that commands read whole: a file or standard input, never more than the reader allows.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use anyhow::Context;
use pratique_report::read::{self, Document, ReadError};

/// Reads the file at `path`, or standard input where that is `-`: at most `most` bytes, more is an error.
pub(crate) fn read(path: &Path, most: u64) -> anyhow::Result<Vec<u8>> {
    let is_stdin = path == Path::new("-");
    let name = if is_stdin { "standard input".to_owned() } else { path.display().to_string() };
    let bounded = |from: &mut dyn Read| -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        // One byte more shows that there is more.
        from.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("it is larger than {most} bytes"),
            ));
        }
        Ok(bytes)
    };
    let bytes = if is_stdin {
        bounded(&mut io::stdin().lock())
    } else {
        File::open(path).and_then(|mut file| bounded(&mut file))
    };
    bytes.with_context(|| format!("{name} could not be read"))
}

/// As [`read()`], of a file that has to be text.
pub(crate) fn text(path: &Path, most: u64) -> anyhow::Result<String> {
    let bytes = read(path, most)?;
    String::from_utf8(bytes).with_context(|| format!("{} is no UTF-8 text", path.display()))
}

/// What a file begins with, at most `most` bytes of it; nothing of what is no file, or cannot be read: who reads it as
/// something else tells why.
pub(crate) fn head(path: &Path, most: u64) -> Vec<u8> {
    let mut head = Vec::new();
    if path.is_file()
        && let Ok(file) = File::open(path)
        && file.take(most).read_to_end(&mut head).is_err()
    {
        head.clear();
    }
    head
}

/// Reads a saved document of ours from `path`, or from standard input where that is `-`; `None` for some other JSON object,
/// which may be an SBOM.
pub(crate) fn document(path: &Path) -> anyhow::Result<Option<Document>> {
    match read::document(&read(path, read::MAX_BYTES)?) {
        Err(ReadError::Other) => Ok(None),
        document => document.map(Some).with_context(|| format!("{} could not be read", path.display())),
    }
}

/// Whether `text` names a file that holds JSON: a saved document and no image.
pub(crate) fn is_document(text: &str) -> bool {
    let head = head(Path::new(text), 4096);
    head.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_beyond_what_is_allowed() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "12345").unwrap();
        assert_eq!(read(file.path(), 5).unwrap(), b"12345");
        let error = format!("{:#}", read(file.path(), 4).unwrap_err());
        assert!(error.contains("larger than 4 bytes"), "{error}");
        assert_eq!(head(file.path(), 2), b"12");
        assert!(read(Path::new("/no/such/file"), 4).is_err());
    }
}
