//! `.meta/NAME-VERSION/install.json`: a distribution of CPAN that cpanm installed.
//!
//! Follows cpanm, which writes it beside the modules (`lib/perl5/ARCHITECTURE/.meta/`; its documentation does
//! not describe it): `dist` is name and version, `version` the version alone, `pathname` where the archive
//! lies on CPAN, whose first folders are the author (`L/LE/LEONT/…`), `provides` an object from modules to
//! files and versions.

use pratique_image::EntryHeader;
use serde::Deserialize;

use super::{
    super::{document, keys::Keys},
    name_and_version,
};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Distributions of CPAN that cpanm installed.
pub struct PerlInstall;

/// Longest file that is read, in bytes; real ones stay under 500 kB.
const LONGEST: u64 = 8 << 20;
const FORMAT: &str = "install.json";

#[derive(Deserialize)]
struct Install {
    dist: Option<String>,
    pathname: Option<String>,
    #[serde(default)]
    provides: Keys,
}

impl Cataloger for PerlInstall {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/perl-install", revision: 2 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/.meta/*/install.json"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"install.json"
            && file.path.as_bytes().rsplit(|&byte| byte == b'/').nth(2) == Some(b".meta")
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let install: Install = document::json(file, FORMAT, LONGEST)?;
        let mut reading = Reading::nothing();
        let Some((name, version)) = install.dist.as_deref().and_then(name_and_version) else {
            return Err(Unreadable::malformed(FORMAT, "`dist` is not NAME-VERSION"));
        };
        let mut stated = Stated {
            kind: PackageKind::Cpan,
            name: name.to_owned(),
            version: version.to_owned(),
            provides: install.provides.sorted(),
            ..Stated::default()
        };
        let author = install.pathname.as_deref().and_then(|path| path.split('/').nth(2));
        stated.details.extend(author.map(|author| ("author".to_owned(), author.to_owned())));
        reading.extend([stated], file.limits);
        Ok(reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const PATH: &str = "usr/local/share/perl5/x86_64-linux/.meta/ExtUtils-Helpers-0.026/install.json";
    const INSTALL: &str = r#"{"provides": {"ExtUtils::Helpers": {"version": 0.026, "file": "x"}}, "name": "ExtUtils::Helpers",
        "version": "0.026", "dist": "ExtUtils-Helpers-0.026", "target": "x", "pathname": "L/LE/LEONT/ExtUtils-Helpers-0.026.tar.gz"}"#;

    #[test]
    fn what_was_installed() {
        let found = trial::packages(&PerlInstall, PATH, INSTALL);
        assert_eq!(trial::ids(&found), ["ExtUtils-Helpers 0.026"]);
        assert_eq!((&*found[0].details["author"], &*found[0].provides[0]), ("LEONT", "ExtUtils::Helpers"));
        assert!(!trial::wants(&PerlInstall, "app/install.json"));
        trial::try_read(&PerlInstall, PATH, "{}").unwrap_err();
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&PerlInstall, PATH, INSTALL);
        trial::keeps_to_the_limit(&PerlInstall, PATH, INSTALL);
    }
}
