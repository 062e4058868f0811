//! Which language packages the distribution's own package manager installed.
//!
//! The rule: a language package is *owned* when the file that states it is in the file list of an installed
//! operating system package. An owned package is not reported a second time, because the distribution answers
//! for it: it carries fixes back without changing the version that the language's metadata show, so matching
//! that version against the language's advisories would raise false alarms, and the distribution's own
//! advisories already cover it. It stays in the inventory, marked, for whoever asks for all detail.

use std::collections::HashMap;

use super::Statement;
use crate::{
    fact::Fact,
    overlay::{Overlay, Sighting},
    path_set::PathSet,
};

/// Marks every statement of a language package whose file an operating system package owns.
pub(super) fn mark(overlay: &Overlay<'_>, found: &mut [Statement<'_>]) {
    // What is asked is small, what the file lists hold is large: go through the lists once.
    let mut asked: HashMap<u64, Vec<usize>> = HashMap::new();
    for (index, statement) in found.iter().enumerate().filter(|(_, s)| !s.stated.kind.is_os()) {
        for name in names_of(statement.path.as_bytes()) {
            asked.entry(PathSet::hash(name)).or_default().push(index);
        }
    }
    if asked.is_empty() {
        return;
    }
    let mut owners: Vec<(usize, String)> = Vec::new();
    let mut look = |owner: &str, files: &PathSet| {
        for hash in files.hashes() {
            if let Some(indices) = asked.get(&hash) {
                owners.extend(indices.iter().map(|&index| (index, owner.to_owned())));
            }
        }
    };
    for statement in found.iter().filter(|s| s.stated.kind.is_os()) {
        look(&statement.stated.name, &statement.stated.files);
    }
    let installed: std::collections::HashSet<&str> =
        found.iter().filter(|s| s.stated.kind.is_os()).map(|s| s.stated.name.as_str()).collect();
    for (_, sightings) in overlay.files() {
        for fact in sightings.last().into_iter().flat_map(Sighting::facts) {
            if let Fact::PackageFiles { package, files } = fact {
                // A list left behind by a package that is gone (`rc`) owns nothing.
                let name = package.split(':').next().unwrap_or(package);
                if installed.contains(name) {
                    look(name, files);
                }
            }
        }
    }
    owners.sort();
    for (index, owner) in owners.into_iter().rev() {
        found[index].owned_by = Some(owner);
    }
}

/// The names under which a file may stand in a file list: on systems with a merged `/usr`, packages go on
/// listing `/lib/x` for what lies at `usr/lib/x`.
fn names_of(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    const MERGED: [&[u8]; 7] = [b"bin/", b"sbin/", b"lib/", b"lib32/", b"lib64/", b"libx32/", b"libo32/"];
    let unmerged = path.strip_prefix(b"usr/").filter(|rest| MERGED.iter().any(|top| rest.starts_with(top)));
    std::iter::once(path).chain(unmerged)
}

#[cfg(test)]
mod tests {
    use super::names_of;

    #[test]
    fn merged_usr_has_two_names() {
        let all = |path: &'static str| names_of(path.as_bytes()).collect::<Vec<_>>();
        assert_eq!(all("usr/lib/python3/x"), [&b"usr/lib/python3/x"[..], b"lib/python3/x"]);
        assert_eq!(all("usr/share/x"), [b"usr/share/x"]);
        assert_eq!(all("lib/x"), [b"lib/x"]);
    }
}
