//! Lists of the files of a package, one a line: the loop that all of them share.

use std::io;

use super::lines::{Line, Lines};
use crate::{File, PathSet, Reading};

/// What a line of such a list is about.
pub(super) enum Listed<'l> {
    /// This file.
    Path(&'l [u8]),
    /// A folder, a heading, or nothing at all.
    Nothing,
    /// It should be about a file, and tells none.
    Unclear,
}

/// Hands the paths of a list to `keep`, which answers how many it has: a list is of files, not of records, but a package of
/// the size of a kernel's sources has 100,000, so that the limit of records is one for them as well.
///
/// # Errors
/// What the file's reader says.
pub(super) fn each(
    file: &mut File<'_>,
    reading: &mut Reading,
    mut listed: impl for<'l> FnMut(Line<'l>) -> Listed<'l>,
    mut keep: impl FnMut(&[u8]) -> usize,
) -> io::Result<()> {
    let (most, mut kept) = (file.limits.records, 0);
    let mut lines = Lines::new(file.body);
    while let Some(line) = lines.next()? {
        match listed(line) {
            Listed::Nothing => {}
            Listed::Path(_) if kept >= most => {
                reading.problem(format!("line {}: only the first {most} files were read", line.number));
                break;
            }
            Listed::Path(path) if !line.cut => kept = keep(path),
            _ => reading.problem(format!("line {} names no file", line.number)),
        }
    }
    Ok(())
}

/// The paths of a list.
///
/// # Errors
/// As [`each`].
pub(super) fn paths(
    file: &mut File<'_>,
    reading: &mut Reading,
    listed: impl for<'l> FnMut(Line<'l>) -> Listed<'l>,
) -> io::Result<PathSet> {
    let mut hashes = Vec::new();
    each(file, reading, listed, |path| {
        hashes.push(PathSet::hash(path));
        hashes.len()
    })?;
    Ok(PathSet::from_hashes(hashes))
}
