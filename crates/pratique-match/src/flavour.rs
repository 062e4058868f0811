//! The flavours of Oracle Linux's packages.
//!
//! Oracle ships some packages three times: as they are, patchable while they run (`2:2.28-151.0.1.ksplice2.el8`), and
//! validated for FIPS 140 (`10:3.6.16-4.0.1.el8_fips`). Each flavour is fixed by errata of its own. Their epochs set
//! them apart, so an ordinary package looks older than any fix of another flavour. A fix speaks only of packages of its
//! own flavour; the number behind `ksplice` counts builds and makes no flavour.

use pratique_advisory::{Affected, Event};
use pratique_version::Ecosystem;

use crate::lookup::Question;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flavour {
    Ordinary,
    Ksplice,
    Fips,
}

impl Flavour {
    fn of(version: &str) -> Self {
        if version.contains(".ksplice") {
            Self::Ksplice
        } else if version.contains("_fips") {
            Self::Fips
        } else {
            Self::Ordinary
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::Ksplice => "Ksplice",
            Self::Fips => "FIPS",
        }
    }
}

/// Why an entry is about another flavour than the package's, if it is.
pub(crate) fn other(question: &Question<'_, '_>, affected: &Affected<'_>) -> Option<String> {
    if question.shelf.ecosystem != Ecosystem::Oracle {
        return None;
    }
    let own = Flavour::of(question.version);
    let about = affected.ranges().flat_map(|range| range.events).find_map(|event| match event {
        Event::Fixed(version) => Some(Flavour::of(version)),
        _ => None,
    })?;
    (about != own).then(|| {
        let (own, about) = (own.name(), about.name());
        format!("the advisory is about the {about} flavour, the package is of the {own} one")
    })
}
