//! Many small documents: in a tar archive, or each a file of its own.
//!
//! Publishers give one JSON document for each flaw, some hundred thousand of them. Unpacking an archive is one byte after
//! the other and is done by a thread of its own; parsing is what takes time, and is done by all.

use std::{
    io::{self, Read},
    sync::mpsc::sync_channel,
    thread,
};

use rayon::prelude::*;

use super::expand::{self, Expanded};
use crate::{FeedError, Source};

/// The largest known document, of a flaw in hundreds of kernels, has some 50 MB.
const LARGEST: u64 = 256 * 1024 * 1024;
/// A batch is closed when it has so many documents, or so many bytes.
const BATCH_DOCUMENTS: usize = 512;
const BATCH_BYTES: usize = 64 * 1024 * 1024;

/// A document, or why there is none.
struct Document {
    path: String,
    bytes: Result<Vec<u8>, String>,
}

impl Document {
    fn parse<T>(
        self,
        parse: &(impl Fn(&str, &[u8]) -> Result<T, String> + Sync),
    ) -> (String, Result<T, String>) {
        let parsed = self.bytes.and_then(|bytes| parse(&self.path, &bytes));
        (self.path, parsed)
    }
}

/// Reads the JSON documents of the archive `path` that are `wanted` by their own paths, in their order.
pub(crate) fn of_archive<T: Send>(
    path: &str,
    archive: Expanded<'_>,
    wanted: impl Fn(&str) -> bool + Send,
    parse: impl Fn(&str, &[u8]) -> Result<T, String> + Sync,
    mut take: impl FnMut(&str, Result<T, String>) -> Result<(), FeedError>,
) -> Result<(), FeedError> {
    let (send, receive) = sync_channel::<io::Result<Vec<Document>>>(1);
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut archive = tar::Archive::new(archive);
            let unpacked = unpack(&mut archive, wanted, |batch| send.send(Ok(batch)).is_ok());
            // Nobody listens any more when the other side has failed, and then that is what counts.
            if let Err(problem) = unpacked {
                let _ = send.send(Err(problem));
            }
        });
        for batch in receive {
            let batch = batch.map_err(|problem| expand::broken(path, problem))?;
            let parsed: Vec<_> = batch.into_par_iter().map(|document| document.parse(&parse)).collect();
            for (path, outcome) in parsed {
                take(&path, outcome)?;
            }
        }
        Ok(())
    })
}

/// Hands over batch after batch, until `hand` has enough.
fn unpack(
    archive: &mut tar::Archive<Expanded<'_>>,
    wanted: impl Fn(&str) -> bool,
    hand: impl Fn(Vec<Document>) -> bool,
) -> io::Result<()> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    // Raw: long names, which may claim any length, are not put together. No publisher's path is so long.
    for member in archive.entries()?.raw(true) {
        let mut member = member?;
        let path = String::from_utf8_lossy(&member.path_bytes()).into_owned();
        if !member.header().entry_type().is_file() || !is_json(&path) || !wanted(&path) {
            continue;
        }
        let document = if member.size() > LARGEST {
            Err(format!("it has {} bytes, more than any document", member.size()))
        } else {
            let (mut document, size) = (Vec::new(), member.size());
            member.read_to_end(&mut document)?;
            if document.len() as u64 != size {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            bytes += document.len();
            Ok(document)
        };
        batch.push(Document { path, bytes: document });
        if batch.len() >= BATCH_DOCUMENTS || bytes >= BATCH_BYTES {
            bytes = 0;
            if !hand(std::mem::take(&mut batch)) {
                return Ok(());
            }
        }
    }
    hand(batch);
    Ok(())
}

/// Reads documents that are files of the source, in the order of `paths`. One that is not there is an outcome too.
pub(crate) fn of_files<T: Send>(
    from: &dyn Source,
    paths: &[String],
    parse: impl Fn(&str, &[u8]) -> Result<T, String> + Sync,
    mut take: impl FnMut(&str, Result<T, String>) -> Result<(), FeedError>,
) -> Result<(), FeedError> {
    for paths in paths.chunks(64) {
        let parsed: Vec<_> = paths
            .par_iter()
            .map(|path| -> Result<_, FeedError> {
                let bytes = expand::whole(from, path, LARGEST)?.ok_or_else(|| "it is not there".to_owned());
                Ok(Document { path: path.clone(), bytes }.parse(&parse))
            })
            .collect();
        for outcome in parsed {
            let (path, outcome) = outcome?;
            take(&path, outcome)?;
        }
    }
    Ok(())
}

/// Whether a path looks like that of a document, compressed or not.
pub(crate) fn is_json(path: &str) -> bool {
    [".json", ".json.gz", ".json.xz", ".json.bz2", ".json.zst"].iter().any(|end| path.ends_with(end))
}
