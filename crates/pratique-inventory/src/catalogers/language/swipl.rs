//! `pack.pl`: a pack of SWI-Prolog, in its source tree and where `pack_install/1` put it.
//!
//! Follows SWI-Prolog's manual, section "Packs", "pack.pl": a list of facts, of which `name/1` and
//! `version/1` are needed and `requires/1` (`name`, `name >= version`), `provides/1` and `home/1` are read. A
//! requirement on `prolog` is one on SWI-Prolog itself.
//!
//! Installed packs lie in `…/swi-prolog/pack/NAME` or `…/swipl/pack/NAME`; anywhere else it is the source of
//! one.

use pratique_image::EntryHeader;

use super::{
    document,
    terms::{self, Dialect, Term},
};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Requirement, Stated, Unreadable};

/// Packs of SWI-Prolog.
pub struct SwiPlPack;

/// Longest file that is read, in bytes; real ones have hundreds.
const LONGEST: u64 = 1 << 20;
const FORMAT: &str = "pack.pl";

impl Cataloger for SwiPlPack {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/swipl-pack", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/pack.pl"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"pack.pl"
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let text = document::text(file, FORMAT, LONGEST)?;
        let facts =
            terms::read(&text, Dialect::Prolog).map_err(|error| Unreadable::malformed(FORMAT, error))?;
        let (Some(name), Some(version)) = (values(&facts, "name").next(), values(&facts, "version").next())
        else {
            return Err(Unreadable::malformed(FORMAT, "it states no name/1 and version/1"));
        };
        let depends: Vec<Requirement> = values(&facts, "requires").map(Into::into).collect();
        let provides: Vec<String> = values(&facts, "provides").map(str::to_owned).collect();
        let path = file.path().as_bytes();
        let installed = memchr::memmem::find(path, b"/pack/").is_some_and(|at| {
            path.get(..at).is_some_and(|tree| tree.ends_with(b"swi-prolog") || tree.ends_with(b"swipl"))
        });
        let stated = Stated {
            kind: PackageKind::SwiPl,
            name: name.to_owned(),
            version: version.to_owned(),
            locked_only: !installed,
            depends,
            provides,
            ..Stated::default()
        };
        let mut reading = Reading::nothing();
        reading.extend([stated], file.limits);
        Ok(reading)
    }
}

/// What the facts of a name state, one argument each; of `name >= version` the name.
fn values<'a>(facts: &'a [Term], wanted: &'a str) -> impl Iterator<Item = &'a str> {
    facts.iter().filter_map(move |fact| match fact {
        Term::Compound(name, values) if name == wanted => match values.first()? {
            Term::Compound(_, operands) => operands.first()?.word(),
            value => value.word(),
        },
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const PACK: &str = "name(hdt).\nversion('0.5.2').\n% TODO\ntitle('RDF').\nrequires(prolog >= '9.1').\n\
                        requires(lib).\nprovides(x@1).\nauthor( 'J', 'j@h' ).\n";

    #[test]
    fn states_the_pack() {
        let found = trial::packages(&SwiPlPack, "root/.local/share/swi-prolog/pack/hdt/pack.pl", PACK);
        assert_eq!(trial::ids(&found), ["hdt 0.5.2"]);
        assert_eq!(found[0].depends, ["lib", "prolog"]);
        assert_eq!(found[0].provides, ["x"]);
        assert!(!found[0].locked_only);
        assert!(trial::packages(&SwiPlPack, "src/hdt/pack.pl", PACK)[0].locked_only);
    }

    #[test]
    fn says_what_makes_no_sense() {
        for text in ["", "name(a).", "version('1').", ":- module(a, []).", "name(a)"] {
            trial::try_read(&SwiPlPack, "pack.pl", text).unwrap_err();
        }
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&SwiPlPack, "pack.pl", PACK);
        trial::keeps_to_the_limit(&SwiPlPack, "pack.pl", PACK);
    }
}
