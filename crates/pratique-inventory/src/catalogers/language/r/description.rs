//! `DESCRIPTION`: what a package of R says of itself, in its source and where it is installed.
//!
//! Follows "Writing R Extensions", section "The DESCRIPTION file". Installing adds a field `Built`, except to
//! the few packages without code, so one that lies in a folder of its own name in a library (`library`,
//! `site-library`) counts as installed too. Whatever else has the name `DESCRIPTION` but no `Package` and
//! `Version` is none of R's.
//!
//! `Depends`, `Imports` and `LinkingTo` are needed, `Suggests` and `Enhances` are not. `R` itself is named
//! among them. Packages that were not taken from a repository have fields that tell (`RemoteType`, …),
//! written by the remotes package.

use pratique_image::{EntryHeader, ImagePath};

use super::super::{control, origin};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Requirement, Stated, Unreadable};

/// Packages of R.
pub struct RDescription;

/// Longest file that is read, in bytes; real ones stay under 50 kB.
const LONGEST: u64 = 4 << 20;

impl Cataloger for RDescription {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/r-description", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/DESCRIPTION"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"DESCRIPTION"
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let mut reading = Reading::nothing();
        // Other projects have a file of this name too, of any size.
        if file.header.size > LONGEST {
            return Ok(reading);
        }
        // The field `Encoding` may say latin1: names and versions are ASCII all the same.
        let text = file.text()?;
        let Some(fields) = control::paragraphs(&text).next() else { return Ok(reading) };
        let (Some(name), Some(version)) = (fields.get("Package"), fields.get("Version")) else {
            return Ok(reading);
        };
        let installed = fields.get("Built").is_some() || in_library(file.path(), name);
        let asked = ["Depends", "Imports", "LinkingTo"].into_iter().flat_map(|field| fields.names(field));
        let depends: Vec<Requirement> = asked.map(Into::into).collect();
        let mut stated = Stated {
            kind: PackageKind::Cran,
            name: name.to_owned(),
            version: version.to_owned(),
            licences: fields.get("License").map(str::to_owned).into_iter().collect(),
            locked_only: !installed,
            depends,
            ..Stated::default()
        };
        let mut detail = |key: &str, value: Option<&str>| {
            stated.details.extend(value.map(|value| (key.to_owned(), value.to_owned())));
        };
        detail("repository", fields.get("Repository"));
        detail("priority", fields.get("Priority"));
        detail("commit", fields.get("RemoteSha"));
        let local = !installed || fields.get("RemoteType") == Some("local");
        detail(origin::ORIGIN, local.then_some("local"));
        reading.extend([stated], file.limits);
        Ok(reading)
    }
}

/// Whether the file lies at `…/library/NAME/DESCRIPTION`.
fn in_library(path: &ImagePath, name: &str) -> bool {
    let mut parts = path.as_bytes().rsplit(|&byte| byte == b'/').skip(1);
    parts.next() == Some(name.as_bytes())
        && parts.next().is_some_and(|folder| folder == b"library" || folder.ends_with(b"-library"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const STATS: &str = "Package: stats4\nVersion: 4.2.2\nPriority: base\nLicense: GPL-2 | file LICENSE\n\
        Imports: graphics, methods,\n        stats (>= 4.0)\nDepends: R (>= 4.0)\nSuggests: MASS\n\
        Built: R 4.2.2; ; 2023-01-20 18:24:23 UTC; unix\n";

    #[test]
    fn installed_or_not() {
        let found = trial::packages(&RDescription, "usr/lib/R/library/stats4/DESCRIPTION", STATS);
        assert_eq!(trial::ids(&found), ["stats4 4.2.2"]);
        assert_eq!(found[0].depends, ["R", "graphics", "methods", "stats"]);
        assert_eq!(found[0].licences, ["GPL-2 | file LICENSE"]);
        let unbuilt = STATS.split("Built").next().unwrap();
        for (path, locked) in [
            ("usr/lib/R/library/stats4/DESCRIPTION", false),
            ("usr/local/lib/R/site-library/stats4/DESCRIPTION", false),
            ("src/stats4/DESCRIPTION", true),
            ("DESCRIPTION", true),
        ] {
            assert_eq!(trial::packages(&RDescription, path, unbuilt)[0].locked_only, locked, "{path}");
        }
    }

    #[test]
    fn what_is_not_of_r() {
        for text in ["", "A description of something: else\n", "Package: a\n"] {
            assert!(trial::packages(&RDescription, "DESCRIPTION", text).is_empty());
        }
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&RDescription, "DESCRIPTION", STATS);
        trial::keeps_to_the_limit(&RDescription, "DESCRIPTION", STATS);
    }
}
