//! Saved reports that commands read: a file, or standard input.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use anyhow::Context;
use pratique_report::read::{self, Document, ReadError};

/// Reads a document of ours from `path`, or from standard input where that is `-`; `None` for some other JSON object, which
/// may be an SBOM.
pub(crate) fn document(path: &Path) -> anyhow::Result<Option<Document>> {
    let said = || format!("{} could not be read", path.display());
    let bytes = if path == Path::new("-") {
        bounded(io::stdin().lock())
    } else {
        bounded(File::open(path).with_context(said)?)
    };
    match read::document(&bytes.with_context(said)?) {
        Err(ReadError::Other) => Ok(None),
        document => document.map(Some).with_context(said),
    }
}

fn bounded(from: impl Read) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(read::MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > read::MAX_BYTES {
        anyhow::bail!("it is larger than {} bytes", read::MAX_BYTES);
    }
    Ok(bytes)
}

/// Whether `text` names a file that holds JSON: a saved document and no image.
pub(crate) fn is_document(text: &str) -> bool {
    let path = Path::new(text);
    if !path.is_file() {
        return false;
    }
    let Ok(mut file) = File::open(path).map(BufReader::new) else { return false };
    let start = file.fill_buf().unwrap_or_default();
    start.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}
