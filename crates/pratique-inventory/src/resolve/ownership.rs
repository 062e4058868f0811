//! Which language packages the distribution's own package manager installed.
//!
//! A language package is *owned* when the file that states it is in the file list of an installed operating system
//! package. An owned package is not reported a second time, because the distribution answers for it: it carries fixes
//! back without changing the version that the language's metadata show, so matching that version against the
//! language's advisories would raise false alarms, and the distribution's own advisories already cover it. It stays
//! in the inventory, marked, for whoever asks for all detail.
//!
//! The distribution does not answer for everything that its package manager installed:
//!
//! * What lies in `opt`, `usr/local`, `srv` or a home directory is a vendor's: no distribution may put files there
//!   (FHS 3.0, sections 3.13, 4.9; Debian policy 9.1.2; Fedora packaging guidelines, "Limited usage of /opt").
//! * An rpm of another vendor than most of the installed ones comes from elsewhere.
//! * A file that a later layer wrote anew is no longer what the package brought.

use std::collections::{BTreeMap, HashMap};

use pratique_image::ImagePath;

use super::Statement;
use crate::{
    catalogers::os::dpkg::files::control_file,
    fact::Fact,
    overlay::{Overlay, Sighting},
    path_set::PathSet,
};

/// A file of which the owner is asked.
#[derive(Clone, Copy)]
pub(super) struct Asked<'p> {
    /// Where it lies.
    pub(super) path: &'p ImagePath,
    /// The layer that brought what it states.
    pub(super) layer: usize,
}

/// Which operating system package owns each of the files asked for, by their index.
pub(super) fn owners<'p>(
    overlay: &Overlay<'_>,
    found: &[Statement<'_>],
    files: impl Iterator<Item = Asked<'p>>,
) -> HashMap<usize, String> {
    // What is asked is small, what the file lists hold is large: go through the lists once.
    let mut asked: HashMap<u64, Vec<(usize, usize)>> = HashMap::new();
    for (index, file) in files.enumerate().filter(|(_, file)| !is_vendors_place(file.path)) {
        for name in names_of(file.path.as_bytes()) {
            asked.entry(PathSet::hash(name)).or_default().push((index, file.layer));
        }
    }
    let mut owners: HashMap<usize, String> = HashMap::new();
    if asked.is_empty() {
        return owners;
    }
    let mut sieve = Sieve::default();
    for &hash in asked.keys() {
        sieve.add(hash);
    }
    let mut look = |(owner, since): (&str, usize), files: &PathSet| {
        let met = files.hashes().filter(|&hash| sieve.may_hold(hash));
        for &(index, layer) in met.filter_map(|hash| asked.get(&hash)).flatten() {
            if layer > since {
                continue;
            }
            // Two packages may list one file; the answer must not hang on the order of lists.
            let known = owners.entry(index).or_insert_with(|| owner.to_owned());
            if owner < known.as_str() {
                owner.clone_into(known);
            }
        }
    };
    let distributions = distributions_own(found);
    for (name, installed) in &distributions {
        for statement in installed {
            look((name, statement.layer), &statement.stated.files);
        }
    }
    for (path, sightings) in overlay.files() {
        for fact in sightings.last().into_iter().flat_map(Sighting::facts) {
            let Fact::PackageFiles { package, files } = fact else { continue };
            // Distroless images name their lists after control files, not after packages.
            let stated = control_file(path).and_then(|control| stated_by(overlay, &control));
            let name = stated.unwrap_or_else(|| package.split(':').next().unwrap_or(package));
            // A list left behind by a package that is gone (`rc`) owns nothing.
            let since = distributions.get(name).and_then(|all| all.iter().map(|s| s.layer).max());
            if let Some(since) = since {
                look((name, since), files);
            }
        }
    }
    owners
}

/// Tells of most hashes that they are not in a set, for the price of one bit: file lists name a hundred files for each
/// that is asked for.
struct Sieve(Box<[u64; Self::WORDS]>);

impl Default for Sieve {
    fn default() -> Self {
        Self(Box::new([0; Self::WORDS]))
    }
}

impl Sieve {
    /// 64 Ki bits.
    const WORDS: usize = 1024;

    fn place(hash: u64) -> (usize, u64) {
        ((hash >> 6) as usize % Self::WORDS, 1 << (hash % 64))
    }

    fn add(&mut self, hash: u64) {
        let (word, bit) = Self::place(hash);
        self.0[word] |= bit;
    }

    fn may_hold(&self, hash: u64) -> bool {
        let (word, bit) = Self::place(hash);
        self.0[word] & bit != 0
    }
}

/// The installed packages that are the distribution's own, by name.
fn distributions_own<'s, 'a>(found: &'s [Statement<'a>]) -> BTreeMap<&'a str, Vec<&'s Statement<'a>>> {
    let vendor = |statement: &Statement<'a>| statement.stated.details.get("vendor").map(String::as_str);
    let mut vendors: BTreeMap<&str, usize> = BTreeMap::new();
    for name in found.iter().filter_map(vendor) {
        *vendors.entry(name).or_default() += 1;
    }
    let usual = vendors.into_iter().max_by_key(|(_, count)| *count).map(|(name, _)| name);
    let mut own: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for statement in found.iter().filter(|s| s.stated.kind.is_os()) {
        if vendor(statement).is_none_or(|name| Some(name) == usual) {
            own.entry(statement.stated.name.as_str()).or_default().push(statement);
        }
    }
    own
}

/// Where a distribution's package may not put files.
fn is_vendors_place(path: &ImagePath) -> bool {
    ["opt", "usr/local", "srv", "home", "root"].iter().any(|place| path.starts_with(place))
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
    use pratique_image::ImagePath;

    use super::{Asked, Statement, names_of, owners};
    use crate::{LayerFacts, Overlay, PackageKind, Stated};

    fn package(name: &str, vendor: &str, files: &[&str]) -> Stated {
        Stated {
            kind: PackageKind::Rpm,
            name: name.into(),
            files: files.iter().collect(),
            details: [("vendor".to_owned(), vendor.to_owned())].into(),
            ..Stated::default()
        }
    }

    #[test]
    fn the_distribution_answers_only_for_what_it_brought() {
        let database = ImagePath::new("var/lib/rpm/rpmdb.sqlite").unwrap();
        let stated = [
            package(
                "nodejs",
                "Fedora Project",
                &["usr/lib/node_modules/npm/package.json", "opt/x/package.json"],
            ),
            package("bash", "Fedora Project", &[]),
            package("acme", "Acme", &["usr/lib/acme/package.json"]),
        ];
        let found: Vec<_> = stated
            .iter()
            .map(|stated| Statement {
                stated,
                path: &database,
                layer: 0,
                owned_by: None,
                licences: Vec::new(),
                more: crate::resolve::More::default(),
            })
            .collect();
        let paths =
            ["usr/lib/node_modules/npm/package.json", "opt/x/package.json", "usr/lib/acme/package.json"];
        let paths = paths.map(|path| ImagePath::new(path).unwrap());
        let ask = |layer| {
            let files = paths.iter().map(|path| Asked { path, layer });
            let layers = [LayerFacts::default()];
            let mut owned: Vec<_> = owners(&Overlay::new(&layers), &found, files).into_iter().collect();
            owned.sort();
            owned
        };
        assert_eq!(ask(0), [(0, "nodejs".to_owned())]);
        assert_eq!(ask(1), [], "written anew by a later layer");
    }

    #[test]
    fn merged_usr_has_two_names() {
        let all = |path: &'static str| names_of(path.as_bytes()).collect::<Vec<_>>();
        assert_eq!(all("usr/lib/python3/x"), [&b"usr/lib/python3/x"[..], b"lib/python3/x"]);
        assert_eq!(all("usr/share/x"), [b"usr/share/x"]);
        assert_eq!(all("lib/x"), [b"lib/x"]);
    }
}
