//! `.opam-switch/switch-state`: the packages of OCaml that opam installed in a switch.
//!
//! Follows opam's manual, "Switch state": `installed` lists all as `NAME.VERSION`, `roots` those that the
//! user asked for, `compiler` those that make up the compiler. The version of a package that is pinned to a
//! folder or a repository is whatever its file says.

use std::collections::BTreeSet;

use pratique_image::EntryHeader;

use super::{super::document, fields, name_and_version};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Packages that opam installed in a switch.
pub struct OpamSwitch;

/// Longest file that is read, in bytes; real ones stay under 50 kB.
const LONGEST: u64 = 4 << 20;
const FORMAT: &str = "opam switch state";

impl Cataloger for OpamSwitch {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/opam-switch", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/.opam-switch/switch-state"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.as_bytes().ends_with(b".opam-switch/switch-state")
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let text = document::text(file, FORMAT, LONGEST)?;
        let fields = fields::read(&text).map_err(|error| Unreadable::malformed(FORMAT, error))?;
        let asked: BTreeSet<&str> = ["roots", "compiler"]
            .into_iter()
            .flat_map(|field| fields::texts(&fields, field))
            .map(|package| package.text.as_str())
            .collect();
        let mut reading = Reading::nothing();
        let mut packages = Vec::new();
        for package in fields::texts(&fields, "installed") {
            let Some((name, version)) = name_and_version(&package.text) else {
                reading.problem(format!("`{}` in `installed` is not NAME.VERSION", package.text));
                continue;
            };
            packages.push(Stated {
                kind: PackageKind::Opam,
                name: name.to_owned(),
                version: version.to_owned(),
                direct: Some(asked.contains(package.text.as_str())),
                ..Stated::default()
            });
        }
        reading.extend(packages, file.limits);
        Ok(reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const PATH: &str = "home/opam/.opam/4.14/.opam-switch/switch-state";
    const STATE: &str = "opam-version: \"2.0\"\ncompiler: [\"ocaml-base-compiler.4.14.0\"]\nroots: [\"fmt.0.9.0\" \
        \"ocaml-base-compiler.4.14.0\"]\ninstalled: [\n  \"base-unix.base\"\n  \"fmt.0.9.0\"\n  \
        \"ocaml-base-compiler.4.14.0\"\n]\n";

    #[test]
    fn what_was_installed() {
        let found = trial::packages(&OpamSwitch, PATH, STATE);
        assert_eq!(trial::ids(&found), ["base-unix base", "fmt 0.9.0", "ocaml-base-compiler 4.14.0"]);
        assert_eq!(found.iter().map(|p| p.direct).collect::<Vec<_>>(), [Some(false), Some(true), Some(true)]);
        let reading = trial::read(&OpamSwitch, PATH, "installed: [\"fmt\"]");
        assert_eq!((reading.facts.len(), reading.problems.len()), (0, 1));
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&OpamSwitch, PATH, STATE);
        trial::keeps_to_the_limit(&OpamSwitch, PATH, STATE);
    }
}
