//! Which language packages the distribution installed, where a document does not say.
//!
//! An image's file lists tell who owns what ([`crate::resolve`]), and our documents and Syft's SPDX and JSON pass that on. CycloneDX
//! of other tools has no word for it: their documents would have findings that the image has not. What they do tell is
//! where a package lies, and some places are the distribution's alone:
//!
//! * Debian's policies give directories to its packages and other ones, below `usr/local`, to everybody else's tools: Python's
//!   `usr/lib/python3/dist-packages` (Debian Python Policy, section 2.5), Node.js's `usr/share/nodejs` (Debian's
//!   Javascript policy), and so on. What lies there is the distribution's.
//! * Elsewhere distribution and language tools share directories (`usr/lib/python3.12/site-packages` is apk's and pip's). There it
//!   takes a distribution's package that is called after the language's and has its version.
//!
//! What cannot be told in this way is matched like everything else, because a false alarm is better than a miss; that this
//! happened is a note.

use std::collections::BTreeMap;

use pratique_image::ImagePath;

use crate::{
    fact::{Distribution, Problem},
    package::{Package, PackageKind},
};

/// Directories that only Debian's packages put files in.
const DEBIANS: &[&str] = &[
    "usr/lib/python3/dist-packages",
    "usr/lib/python2.7/dist-packages",
    "usr/share/python-wheels",
    "usr/share/nodejs",
    "usr/lib/nodejs",
    "usr/share/javascript",
    "usr/share/rubygems-integration",
    "usr/share/java",
    "usr/share/maven-repo",
    "usr/share/perl5",
    "usr/share/php",
    "usr/share/cargo/registry",
    "usr/share/gocode",
];

/// What distributions put before the names of a language's packages.
const PREFIXES: &[(PackageKind, &[&str])] = &[
    (PackageKind::Python, &["python3-", "py3-", "python-", "python311-", "python312-", "python313-", ""]),
    (PackageKind::Npm, &["node-", "nodejs-", ""]),
    (PackageKind::Gem, &["ruby-", "rubygem-", ""]),
    (PackageKind::Cpan, &["perl-", ""]),
];

/// Marks those of `packages` that the distribution installed, and says in a note what was done and what could not be.
pub(super) fn tell(packages: &mut [Package], distribution: Option<&Distribution>) -> Option<Problem> {
    let (mut installed, mut is_debian): (BTreeMap<String, Vec<String>>, bool) = Default::default();
    for package in packages.iter().filter(|package| package.kind.is_os()) {
        is_debian |= package.kind == PackageKind::Deb;
        installed.entry(package.name.to_lowercase()).or_default().push(upstream(&package.version).to_owned());
    }
    if installed.is_empty() {
        return None;
    }
    let answers = distribution.map_or("the distribution", |d| d.id.as_str());
    let (mut owned, mut open) = (0, 0);
    for package in packages.iter_mut().filter(|package| is_asked(package)) {
        let mut places = package.locations.iter().map(|location| &location.path).peekable();
        let is_known = places.peek().is_some();
        if is_known && places.clone().all(is_vendors) {
            continue;
        }
        let namesake = places.clone().any(is_shared).then(|| namesake(package, &installed)).flatten();
        let is_debians =
            is_debian && is_known && places.all(|path| DEBIANS.iter().any(|d| path.starts_with(d)));
        match namesake.or_else(|| is_debians.then(|| answers.to_owned())) {
            Some(owner) => {
                package.owned_by = Some(owner);
                owned += 1;
            }
            None => open += 1,
        }
    }
    if owned + open == 0 {
        return None;
    }
    let what = format!(
        "the document does not say which language packages the distribution installed: by their places {owned} are \
         taken for its own, and {open} are matched whose findings it may have mended"
    );
    Some(Problem { path: ImagePath::root(), cataloger: None, what, lost: false })
}

/// Whether it matters who owns it: who has no advisories of its own is not matched by them.
fn is_asked(package: &Package) -> bool {
    !package.kind.is_os() && !package.locked_only && package.kind.ecosystem().is_some()
}

/// Where a distribution's package may not put files, or a project's own directory: whatever is not below `usr`, `lib` or `bin`.
fn is_vendors(path: &ImagePath) -> bool {
    !is_shared(path)
}

/// Where both the distribution and others put files.
fn is_shared(path: &ImagePath) -> bool {
    !path.starts_with("usr/local")
        && ["usr", "lib", "lib64", "bin", "sbin"].iter().any(|top| path.starts_with(top))
}

/// The distribution's package that is called as `package` is, in its version.
fn namesake(package: &Package, installed: &BTreeMap<String, Vec<String>>) -> Option<String> {
    let (_, prefixes) = PREFIXES.iter().find(|(kind, _)| *kind == package.kind)?;
    let plain: String = package.name.to_lowercase().chars().map(|c| if c == '_' { '-' } else { c }).collect();
    let names = prefixes.iter().map(|prefix| {
        // `python3-python-dateutil` is nobody's name, and `rubygem-ruby-x` neither.
        let rest = plain.strip_prefix(prefix).filter(|_| !prefix.is_empty()).unwrap_or(&plain);
        format!("{prefix}{rest}")
    });
    let is_same = |name: &String| installed.get(name).is_some_and(|all| all.contains(&package.version));
    names.into_iter().find(is_same)
}

/// The version that a distribution packaged: without its epoch and its own revision.
fn upstream(version: &str) -> &str {
    let version = version.split_once(':').map_or(version, |(_, rest)| rest);
    let version = version.rsplit_once('-').map_or(version, |(upstream, _)| upstream);
    version.split(['+', '~']).next().unwrap_or(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::Location;

    fn package(kind: PackageKind, name: &str, version: &str, path: &str) -> Package {
        let locations = vec![Location { path: ImagePath::new(path).unwrap(), inside: String::new() }];
        Package { kind, name: name.into(), version: version.into(), locations, ..Package::default() }
    }

    fn owners(os: PackageKind, packages: &[(&str, &str, &str)]) -> (Vec<Option<String>>, Option<String>) {
        let mut all = vec![
            package(os, "py3-requests", "2.32.3-r0", "lib/apk/db/installed"),
            package(os, "python3-idna", "3.3-1+deb12u1", "var/lib/dpkg/status"),
        ];
        let python =
            |(name, version, path): &(&str, &str, &str)| package(PackageKind::Python, name, version, path);
        all.extend(packages.iter().map(python));
        let distribution = Distribution { id: "debian".into(), ..Distribution::default() };
        let note = tell(&mut all, Some(&distribution)).map(|problem| problem.what);
        (all.split_off(2).into_iter().map(|package| package.owned_by).collect(), note)
    }

    #[test]
    fn places_tell_what_is_the_distributions() {
        let (found, note) = owners(
            PackageKind::Deb,
            &[
                ("six", "1.16.0", "usr/lib/python3/dist-packages/six.egg-info/PKG-INFO"),
                ("idna", "3.3", "usr/lib/python3/dist-packages/idna.egg-info/PKG-INFO"),
                ("flask", "2.0", "usr/local/lib/python3.11/dist-packages/flask.dist-info/METADATA"),
                ("flask", "2.1", "usr/lib/python3.11/site-packages/flask.dist-info/METADATA"),
            ],
        );
        let owner = |name: &str| Some(name.to_owned());
        assert_eq!(found, [owner("debian"), owner("python3-idna"), None, None]);
        assert!(note.unwrap().contains("2 are taken for its own, and 1 are matched"));
    }

    #[test]
    fn a_shared_place_takes_a_namesake_of_the_same_version() {
        let at = "usr/lib/python3.12/site-packages/requests.dist-info/METADATA";
        let (found, _) = owners(
            PackageKind::Apk,
            &[
                ("requests", "2.32.3", at),
                ("requests", "2.31.0", at),
                ("six", "1.16.0", "usr/lib/python3/dist-packages/x"),
            ],
        );
        assert_eq!(found, [Some("py3-requests".to_owned()), None, None]);
    }

    #[test]
    fn without_a_distribution_there_is_nothing_to_say() {
        let mut alone =
            vec![package(PackageKind::Python, "six", "1.16.0", "usr/lib/python3/dist-packages/x")];
        assert_eq!(tell(&mut alone, None), None);
        assert_eq!(
            owners(PackageKind::Deb, &[("six", "1", "app/x")]).1,
            None,
            "nobody could have installed it but the project"
        );
    }
}
