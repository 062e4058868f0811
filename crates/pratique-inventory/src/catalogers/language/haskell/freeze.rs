//! `cabal.project.freeze`: the packages that a Haskell project was resolved to.
//!
//! Follows the Cabal user guide, "cabal freeze" and "Package configuration": a field `constraints` whose
//! value goes on in indented lines, entries divided by commas. Of those,
//!
//! * `any.aeson ==2.0.3.0` pins a package, for whatever purpose (`any.`), for setup scripts (`setup.`), or
//!   for those of one package (`happy:setup.`), which are not part of the product;
//! * `any.base installed` takes the one that came with the compiler, whose version the file does not tell;
//! * `aeson +ordered-keymap -cffi` sets flags.

use pratique_image::EntryHeader;

use super::super::document;
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Packages that `cabal.project.freeze` pins.
pub struct HaskellFreeze;

/// Longest file that is read, in bytes; real ones stay under 50 kB.
const LONGEST: u64 = 4 << 20;
const FORMAT: &str = "cabal.project.freeze";

impl Cataloger for HaskellFreeze {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/haskell-freeze", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/cabal.project.freeze"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"cabal.project.freeze"
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let text = document::text(file, FORMAT, LONGEST)?;
        let mut reading = Reading::nothing();
        let packages = constraints(&text).filter_map(pinned);
        reading.extend(packages, file.limits);
        Ok(reading)
    }
}

/// The entries of all fields `constraints`.
fn constraints(text: &str) -> impl Iterator<Item = &str> {
    let mut wanted = false;
    let values = text.lines().filter(|line| !line.trim_start().starts_with("--")).filter_map(move |line| {
        if line.starts_with([' ', '\t']) {
            return wanted.then_some(line);
        }
        let (name, value) = line.split_once(':')?;
        wanted = name.trim().eq_ignore_ascii_case("constraints");
        wanted.then_some(value)
    });
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|entry| !entry.is_empty())
}

fn pinned(entry: &str) -> Option<Stated> {
    let (name, version) = entry.split_once("==")?;
    let (scope, name) = name.trim().rsplit_once('.').unwrap_or(("", name.trim()));
    let version = version.trim();
    // `==1.0 || ==1.1` and `==1.*` are ranges.
    let exact = !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    (exact && !name.is_empty()).then(|| Stated {
        kind: PackageKind::Hackage,
        name: name.to_owned(),
        version: version.to_owned(),
        locked_only: true,
        development: scope.ends_with("setup"),
        ..Stated::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const FREEZE: &str = "active-repositories: hackage.haskell.org:merge\nconstraints: any.Cabal ==3.2.1.0,\n\
        \x20            -- a comment, any.x ==1\n             any.base installed,\n             tls +compat -hans,\n\
        \x20            text-1 == 2.0, setup.setup-only ==1.0, happy:setup.more ==1, any.r ==1.*\n\
        index-state: hackage.haskell.org 2022-07-07T01:01:53Z\nconstraints: last ==0.1\n";

    #[test]
    fn pins_and_nothing_else() {
        let found = trial::packages(&HaskellFreeze, "cabal.project.freeze", FREEZE);
        let want = ["Cabal 3.2.1.0", "text-1 2.0", "setup-only 1.0", "more 1", "last 0.1"];
        assert_eq!(trial::ids(&found), want);
        assert_eq!(
            found.iter().map(|p| p.development).collect::<Vec<_>>(),
            [false, false, true, true, false]
        );
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&HaskellFreeze, "cabal.project.freeze", FREEZE);
        trial::keeps_to_the_limit(&HaskellFreeze, "cabal.project.freeze", FREEZE);
    }
}
