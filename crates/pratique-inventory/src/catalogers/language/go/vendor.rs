//! `vendor/modules.txt`: of which modules a tree keeps copies.
//!
//! Written by `go mod vendor` and read by `cmd/go/internal/modload/vendor.go`, whose comments are the specification:
//!
//! ```text
//! # MODULE VERSION [=> REPLACEMENT [VERSION]]
//! ## explicit; go 1.20
//! PACKAGE
//! # MODULE [VERSION] => REPLACEMENT [VERSION]        at the end: a replacement that nothing uses
//! ```
//!
//! `explicit` says that the module's own `go.mod` requires it without `// indirect`, or with: Go does not tell these
//! apart here, so [`Stated::direct`] is only known where the word is missing. A module without a package behind it
//! is needed to choose versions alone; of it there is no copy, so it is only locked. A module given in two parts
//! is one module.

use pratique_image::EntryHeader;

use super::is_folder;
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Modules of which a tree keeps copies.
pub struct GoVendor;

/// Longest `modules.txt` that is read, in bytes. Kubernetes' has 70 kB.
const LONGEST: u64 = 32 << 20;

impl Cataloger for GoVendor {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/go-vendor", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/vendor/modules.txt"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"modules.txt" && file.path.ends_with("vendor/modules.txt")
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        if file.header.size > LONGEST {
            return Err(Unreadable::TooLarge { size: file.header.size, limit: LONGEST });
        }
        let text = file.text()?;
        let mut reading = Reading::nothing();
        let mut modules: Vec<Stated> = Vec::new();
        // Where of `modules` the packages belong that follow.
        let mut current: Option<usize> = None;
        for line in text.lines().map(str::trim_end) {
            if let Some(notes) = line.strip_prefix("## ") {
                let explicit = notes.split(';').any(|note| note.trim() == "explicit");
                if let Some(module) = current.and_then(|at| modules.get_mut(at)) {
                    module.direct = if explicit { None } else { Some(false) };
                }
            } else if let Some(heading) = line.strip_prefix("# ") {
                current = module(heading).map(|module| {
                    // Go itself passes over headings that it does not understand.
                    let known = modules
                        .last()
                        .is_some_and(|last| (&last.name, &last.version) == (&module.name, &module.version));
                    if !known {
                        modules.push(module);
                    }
                    modules.len() - 1
                });
            } else if !line.is_empty()
                && let Some(module) = current.and_then(|at| modules.get_mut(at))
            {
                module.locked_only = false;
            }
        }
        merge(&mut modules);
        reading.extend(modules, file.limits);
        Ok(reading)
    }
}

/// One module for all its headings, in the order of their first ones.
fn merge(modules: &mut Vec<Stated>) {
    let mut first = std::collections::HashMap::new();
    let mut merged: Vec<Stated> = Vec::with_capacity(modules.len());
    for module in modules.drain(..) {
        let at = *first.entry((module.name.clone(), module.version.clone())).or_insert(merged.len());
        match merged.get_mut(at) {
            Some(known) => {
                known.locked_only &= module.locked_only;
                known.direct = if known.direct == module.direct { known.direct } else { None };
            }
            None => merged.push(module),
        }
    }
    *modules = merged;
}

/// The module of a heading; `None` where it names none that is used.
fn module(heading: &str) -> Option<Stated> {
    let words: Vec<_> = heading.split_ascii_whitespace().collect();
    let (name, version, replaces) = match *words {
        [name, version] if version != "=>" => (name, version, None),
        [name, version, "=>", new] if version != "=>" => (new, "", Some((name, version))),
        [name, version, "=>", new, new_version] if version != "=>" => {
            (new, new_version, Some((name, version)))
        }
        // `# MODULE => …`: for every version, of which this one is none.
        _ => return None,
    };
    let mut stated = Stated {
        kind: PackageKind::Go,
        name: name.to_owned(),
        version: if is_folder(name) { String::new() } else { version.to_owned() },
        locked_only: true,
        direct: Some(false),
        ..Stated::default()
    };
    if let Some((name, version)) = replaces {
        stated.details.insert("replaces".into(), format!("{name}@{version}"));
    }
    Some(stated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, withstands_damage};

    const EXAMPLE: &str = "# a.b/c v1.0.0\n## explicit; go 1.20\na.b/c\na.b/c/d\n# a.b/needed v0.1.0\n## explicit\n\
        # a.b/old v1.0.0 => ./old\na.b/old\n# a.b/e v1.0.0 => x.y/e v1.1.0\nx.y/e\n# malformed\n\
        # a.b/c v1.0.0\n## explicit\na.b/c/f\n# a.b/unused => x.y/unused v1.0.0\n";

    #[test]
    fn copies_and_what_only_chooses_versions() {
        let reading = read(&GoVendor, "src/vendor/modules.txt", EXAMPLE);
        let found: Vec<_> =
            reading.packages().map(|p| (&*p.name, &*p.version, p.locked_only, p.direct)).collect();
        assert_eq!(
            found,
            [
                ("a.b/c", "v1.0.0", false, None),
                ("a.b/needed", "v0.1.0", true, None),
                ("./old", "", false, Some(false)),
                ("x.y/e", "v1.1.0", false, Some(false)),
            ]
        );
    }

    #[test]
    fn whatever_comes_is_answered() {
        withstands_damage(&GoVendor, "vendor/modules.txt", EXAMPLE);
    }
}
