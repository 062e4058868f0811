//! Which language packages the distribution's own package manager installed.
//!
//! The rule: a language package is *owned* when the file that states it is in the file list of an installed
//! operating system package. An owned package is not reported a second time, because the distribution answers
//! for it: it carries fixes back without changing the version that the language's metadata show, so matching
//! that version against the language's advisories would raise false alarms, and the distribution's own
//! advisories already cover it. It stays in the inventory, marked, for whoever asks for all detail.

use std::collections::{HashMap, HashSet};

use pratique_image::ImagePath;

use super::Statement;
use crate::{
    catalogers::os::dpkg::files::control_file,
    fact::Fact,
    overlay::{Overlay, Sighting},
    path_set::PathSet,
};

/// Which operating system package owns each of `paths`, by their index.
pub(super) fn owners<'p>(
    overlay: &Overlay<'_>,
    found: &[Statement<'_>],
    paths: impl Iterator<Item = &'p ImagePath>,
) -> HashMap<usize, String> {
    // What is asked is small, what the file lists hold is large: go through the lists once.
    let mut asked: HashMap<u64, Vec<usize>> = HashMap::new();
    for (index, path) in paths.enumerate() {
        for name in names_of(path.as_bytes()) {
            asked.entry(PathSet::hash(name)).or_default().push(index);
        }
    }
    let mut owners: HashMap<usize, String> = HashMap::new();
    if asked.is_empty() {
        return owners;
    }
    let mut look = |owner: &str, files: &PathSet| {
        for index in files.hashes().filter_map(|hash| asked.get(&hash)).flatten() {
            // Two packages may list one file; the answer must not hang on the order of lists.
            let known = owners.entry(*index).or_insert_with(|| owner.to_owned());
            if owner < known.as_str() {
                owner.clone_into(known);
            }
        }
    };
    let installed = || found.iter().map(|s| s.stated).filter(|stated| stated.kind.is_os());
    for stated in installed() {
        look(&stated.name, &stated.files);
    }
    let names: HashSet<&str> = installed().map(|stated| stated.name.as_str()).collect();
    for (path, sightings) in overlay.files() {
        for fact in sightings.last().into_iter().flat_map(Sighting::facts) {
            let Fact::PackageFiles { package, files } = fact else { continue };
            // Distroless images name their lists after control files, not after packages.
            let stated = control_file(path).and_then(|control| stated_by(overlay, &control));
            let name = stated.unwrap_or_else(|| package.split(':').next().unwrap_or(package));
            // A list left behind by a package that is gone (`rc`) owns nothing.
            if names.contains(name) {
                look(name, files);
            }
        }
    }
    owners
}

/// The package that the file at `path` states.
fn stated_by<'a>(overlay: &Overlay<'a>, path: &ImagePath) -> Option<&'a str> {
    overlay.visible(path)?.facts().find_map(|fact| match fact {
        Fact::Package(stated) => Some(stated.name.as_str()),
        _ => None,
    })
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
