//! `cpanfile.snapshot`: the distributions of CPAN that Carton locked.
//!
//! Follows Carton, which writes it (`Carton::Snapshot::Parser`; its manual only names it): lines indented by
//! two blanks a level. Below `DISTRIBUTIONS` a distribution with its version, below that `pathname: …`,
//! `provides:` and `requirements:` with a module and a version in each line. A requirement names a module;
//! here it is led to the distribution that provides it, as far as one in the file does. The rest is part of
//! Perl.

use std::collections::BTreeMap;

use pratique_image::EntryHeader;

use super::{super::document, name_and_version};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Requirement, Stated, Unreadable};

/// Distributions that `cpanfile.snapshot` pins.
pub struct PerlSnapshot;

/// Longest file that is read, in bytes; real ones reach 1 MB.
const LONGEST: u64 = 16 << 20;
const FORMAT: &str = "cpanfile.snapshot";

impl Cataloger for PerlSnapshot {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/perl-snapshot", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/cpanfile.snapshot"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"cpanfile.snapshot"
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let text = document::text(file, FORMAT, LONGEST)?;
        if !text.trim_start().is_empty() && !text.contains("DISTRIBUTIONS") {
            return Err(Unreadable::malformed(FORMAT, "it has no line DISTRIBUTIONS"));
        }
        let mut reading = Reading::nothing();
        let mut packages = distributions(&text, &mut reading);
        lead_to_distributions(&mut packages);
        reading.extend(packages, file.limits);
        Ok(reading)
    }
}

fn distributions(text: &str, reading: &mut Reading) -> Vec<Stated> {
    let mut packages: Vec<Stated> = Vec::new();
    let mut section = "";
    // Whether the lines belong to a distribution that could be read.
    let mut known = false;
    for (number, line) in text.lines().enumerate() {
        let entry = line.trim();
        let indent = line.len() - line.trim_start().len();
        match (indent, packages.last_mut().filter(|_| known)) {
            (2, _) => {
                section = "";
                known = name_and_version(entry).is_some();
                match name_and_version(entry) {
                    Some((name, version)) => packages.push(Stated {
                        kind: PackageKind::Cpan,
                        name: name.to_owned(),
                        version: version.to_owned(),
                        locked_only: true,
                        ..Stated::default()
                    }),
                    None => reading.problem(format!("line {}: `{entry}` is not NAME-VERSION", number + 1)),
                }
            }
            (4, Some(package)) => {
                section = entry;
                if let Some(path) = entry.strip_prefix("pathname:") {
                    let author = path.trim().split('/').nth(2).map(str::to_owned);
                    package.details.extend(author.map(|author| ("author".to_owned(), author)));
                }
            }
            (6, Some(package)) => {
                let module = entry.split(' ').next().unwrap_or(entry).to_owned();
                match section {
                    "provides:" => package.provides.push(module),
                    "requirements:" => package.depends.push(module.into()),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    packages
}

fn lead_to_distributions(packages: &mut [Stated]) {
    let of = |package: &Stated| Requirement::exactly(package.name.as_str(), package.version.as_str());
    let mut providers: BTreeMap<String, Requirement> = BTreeMap::new();
    for package in packages.iter() {
        providers.extend(package.provides.iter().map(|module| (module.clone(), of(package))));
    }
    for package in packages {
        let own = of(package);
        for asked in &mut package.depends {
            if let Some(provider) = providers.get(&asked.name) {
                asked.clone_from(provider);
            }
        }
        package.depends.retain(|asked| *asked != own);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const SNAPSHOT: &str = "# carton snapshot format: version 1.0\nDISTRIBUTIONS\n  Class-Inspector-1.28\n    \
        pathname: A/AD/ADAMK/Class-Inspector-1.28.tar.gz\n    provides:\n      Class::Inspector 1.28\n      \
        Class::Inspector::Functions 1.28\n    requirements:\n      File::Spec 0.80\n      Class::Inspector 0\n  \
        File-ShareDir-v1.102.0\n    pathname: R/RE/REHSACK/File-ShareDir-1.102.tar.gz\n    provides:\n      \
        File::ShareDir 1.102\n    requirements:\n      Class::Inspector 1.12\n      perl 5.008\n";

    #[test]
    fn distributions_and_edges() {
        let found = trial::packages(&PerlSnapshot, "app/cpanfile.snapshot", SNAPSHOT);
        assert_eq!(trial::ids(&found), ["Class-Inspector 1.28", "File-ShareDir v1.102.0"]);
        assert_eq!(trial::depends(&found[0]), ["File::Spec ?"]);
        assert_eq!(trial::depends(&found[1]), ["Class-Inspector 1.28", "perl ?"]);
        assert_eq!(found[0].details["author"], "ADAMK");
    }

    #[test]
    fn says_what_makes_no_sense() {
        let text = "DISTRIBUTIONS\n  nonsense\n    provides:\n      A 1\n";
        let reading = trial::read(&PerlSnapshot, "cpanfile.snapshot", text);
        assert_eq!(reading.problems, ["line 2: `nonsense` is not NAME-VERSION"]);
        trial::try_read(&PerlSnapshot, "cpanfile.snapshot", "{}").unwrap_err();
        assert!(trial::packages(&PerlSnapshot, "cpanfile.snapshot", "").is_empty());
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&PerlSnapshot, "cpanfile.snapshot", SNAPSHOT);
        trial::keeps_to_the_limit(&PerlSnapshot, "cpanfile.snapshot", SNAPSHOT);
    }
}
