//! What the lock files of Python's tools have in common.

use std::collections::HashMap;

use super::specifier::normal;
use crate::{PackageKind, Stated, fact::Requirement};

/// Longest lock file that is read, in bytes: a thousand packages take 250 kB, with every hash 2 MB.
pub(super) const LONGEST: u64 = 32 << 20;

/// Versions that a file locks, by name. One name may have several, for several platforms.
#[derive(Default)]
pub(super) struct Versions(HashMap<String, Option<String>>);

impl Versions {
    /// Notes that `name` is locked in `version`.
    pub(super) fn add(&mut self, name: &str, version: &str) {
        self.0
            .entry(normal(name))
            .and_modify(|known| {
                if known.as_deref() != Some(version) {
                    *known = None;
                }
            })
            .or_insert_with(|| (!version.is_empty()).then(|| version.to_owned()));
    }

    /// Asks for `name`, in its version where that is the only one.
    pub(super) fn requirement(&self, name: &str) -> Requirement {
        match self.0.get(&normal(name)).and_then(Option::as_deref) {
            Some(version) => Requirement::exactly(name, version),
            None => name.into(),
        }
    }
}

/// A distribution that a file locks.
pub(super) fn stated(name: &str, version: &str) -> Stated {
    Stated {
        kind: PackageKind::Python,
        name: name.to_owned(),
        version: version.to_owned(),
        locked_only: true,
        ..Stated::default()
    }
}

/// Whether a path leads to an archive, and not to a folder of the project's own.
pub(super) fn is_archive(path: &str) -> bool {
    let path = path.split(['#', '?']).next().unwrap_or(path);
    [".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar", ".egg"]
        .iter()
        .any(|ending| path.ends_with(ending))
}
