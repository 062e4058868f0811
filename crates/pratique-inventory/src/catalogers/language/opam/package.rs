//! `opam` and `NAME.opam`: what a package of OCaml says of itself.
//!
//! Follows opam's manual, "Package definitions". A file does not have to name its package, and mostly only
//! its place does:
//!
//! * `….opam-switch/packages/NAME.VERSION/opam`: opam installed it;
//! * `…/lib/NAME/opam`: the library's own copy, with a field `version`, also where a distribution packages
//!   it;
//! * `NAME.opam`, `NAME.VERSION.opam`: the source of the package. With the version in the file, in the file's
//!   name or, while it is being worked on, nowhere.
//!
//! Copies of the whole repository (`repo/default/packages/…/opam`) hold all that could be installed, and are
//! not read.

use pratique_image::{EntryHeader, ImagePath};

use super::{
    super::{document, origin},
    fields, name_and_version,
};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Requirement, Stated, Unreadable};

/// Packages of OCaml with a file of their own.
pub struct OpamPackage;

/// Longest file that is read, in bytes; real ones stay under 50 kB.
const LONGEST: u64 = 4 << 20;
const FORMAT: &str = "opam file";

/// Options behind a requirement that has no part in what is installed.
const NOT_INSTALLED: [&str; 5] = ["with-test", "with-doc", "with-dev-setup", "build", "dev"];

/// What a file's place says of its package.
#[derive(Debug, PartialEq, Eq)]
struct Place<'a> {
    name: &'a str,
    version: Option<&'a str>,
    installed: bool,
}

impl Cataloger for OpamPackage {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/opam-package", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/*.opam", "**/.opam-switch/packages/*/opam", "**/lib/*/opam", "**/lib/ocaml/*/opam"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        place(&file.path).is_some()
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let text = document::text(file, FORMAT, LONGEST)?;
        let Some(place) = place(file.path()) else { return Ok(Reading::nothing()) };
        let fields = fields::read(&text).map_err(|error| Unreadable::malformed(FORMAT, error))?;
        let first = |name: &str| Some(fields::texts(&fields, name).first()?.text.as_str());
        if first("opam-version").is_none() {
            return Err(Unreadable::malformed(FORMAT, "it has no field opam-version"));
        }
        let asked = fields::texts(&fields, "depends").iter();
        let asked = asked.filter(|asked| !asked.options.iter().any(|o| NOT_INSTALLED.contains(&o.as_str())));
        let depends: Vec<Requirement> = asked.map(|asked| asked.text.as_str().into()).collect();
        let licences = fields::texts(&fields, "license").iter().map(|licence| licence.text.clone());
        let mut stated = Stated {
            kind: PackageKind::Opam,
            name: first("name").unwrap_or(place.name).to_owned(),
            version: first("version").or(place.version).unwrap_or_default().to_owned(),
            licences: licences.collect(),
            locked_only: !place.installed,
            depends,
            ..Stated::default()
        };
        if !place.installed {
            stated.details.insert(origin::ORIGIN.to_owned(), "local".to_owned());
        }
        let mut reading = Reading::nothing();
        reading.extend([stated], file.limits);
        Ok(reading)
    }
}

fn place(path: &ImagePath) -> Option<Place<'_>> {
    let path = path.as_str()?;
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    if let Some(own) = file.strip_suffix(".opam").filter(|own| !own.is_empty()) {
        let (name, version) =
            name_and_version(own).map_or((own, None), |(name, version)| (name, Some(version)));
        return Some(Place { name, version, installed: false });
    }
    let (parent, own) = folder.rsplit_once('/').filter(|_| file == "opam")?;
    if parent.ends_with(".opam-switch/packages") {
        let (name, version) = name_and_version(own)?;
        return Some(Place { name, version: Some(version), installed: true });
    }
    let library = parent == "lib" || parent.ends_with("/lib") || parent.ends_with("/lib/ocaml");
    library.then_some(Place { name: own, version: None, installed: true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const ALCOTEST: &str = "opam-version: \"2.0\"\nversion: \"1.5.0\"\nlicense: \"ISC\"\ndepends: [\n  \
        \"dune\" {>= \"2.8\"}\n  \"odoc\" {with-doc}\n  \"fmt\"\n]\nurl {\n  src: \"https://h\"\n}\n";

    #[test]
    fn the_place_tells() {
        for (path, want) in [
            ("a/fmt.opam", Some(("fmt", None, false))),
            ("ocaml-base-compiler.4.14.0.opam", Some(("ocaml-base-compiler", Some("4.14.0"), false))),
            ("root/.opam/4.14/.opam-switch/packages/fmt.0.9/opam", Some(("fmt", Some("0.9"), true))),
            ("root/.opam/4.14/lib/fmt/opam", Some(("fmt", None, true))),
            ("usr/lib/ocaml/fmt/opam", Some(("fmt", None, true))),
            ("root/.opam/repo/default/packages/fmt/fmt.0.9/opam", None),
            (".opam", None),
            ("opam", None),
        ] {
            let path = ImagePath::new(path).unwrap();
            let want = want.map(|(name, version, installed)| Place { name, version, installed });
            assert_eq!(place(&path), want, "{path}");
        }
    }

    #[test]
    fn states_what_it_says() {
        let found = trial::packages(&OpamPackage, "alcotest.opam", ALCOTEST);
        assert_eq!(trial::ids(&found), ["alcotest 1.5.0"]);
        assert_eq!((&*found[0].licences, &*found[0].details["origin"]), (&["ISC".to_owned()][..], "local"));
        assert_eq!(found[0].depends, ["dune", "fmt"]);
        let found =
            trial::packages(&OpamPackage, "x/.opam-switch/packages/fmt.0.9/opam", "opam-version: \"2.0\"");
        assert_eq!(trial::ids(&found), ["fmt 0.9"]);
        assert!(!found[0].locked_only);
        trial::try_read(&OpamPackage, "a.opam", "name: \"a\"").unwrap_err();
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&OpamPackage, "alcotest.opam", ALCOTEST);
        trial::keeps_to_the_limit(&OpamPackage, "alcotest.opam", ALCOTEST);
    }
}
