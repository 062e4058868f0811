//! Packages that pacman has installed: Arch Linux and its derivatives, MSYS2.
//!
//! The local database is a folder a package, `var/lib/pacman/local/NAME-VERSION-RELEASE` (alpm-db(7),
//! alpm-db-desc(5), alpm-db-files(5)). Its `desc` states the package, its `files` what it brought. Both are
//! sections: a line `%NAME%`, then one value a line, then an empty line.
//!
//! Traps: names hold dashes and versions do not (`release` neither), so that a folder's name is read from its end.
//! `%BASE%` is the source package and missing in packages from before 2011; unlike other distributions' it has no
//! version of its own. Dependencies carry versions (`glibc>=2.38`) and names of libraries (`libgmp.so=10-64`).

use pratique_image::{EntryHeader, ImagePath};

use super::{
    file_list::{self, Listed},
    lines::{Line, Lines, text},
};
use crate::{Cataloger, CatalogerId, Fact, File, PackageKind, Reading, SourcePackage, Stated, Unreadable};

/// Reads what pacman states of a package.
pub struct PacmanPackage;

/// Reads which files a package of pacman brought.
pub struct PacmanFiles;

/// The folder's name of `var/lib/pacman/local/FOLDER/NAME`.
fn folder<'a>(path: &'a ImagePath, name: &[u8]) -> Option<&'a [u8]> {
    let folder =
        path.as_bytes().strip_prefix(b"var/lib/pacman/local/")?.strip_suffix(name)?.strip_suffix(b"/")?;
    (!folder.is_empty() && !folder.contains(&b'/')).then_some(folder)
}

/// `%NAME%` → `NAME`.
fn heading<'a>(line: &Line<'a>) -> Option<&'a [u8]> {
    let name = line.bytes.strip_prefix(b"%")?.strip_suffix(b"%")?;
    let is_name = |&b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    (!name.is_empty() && name.iter().all(is_name)).then_some(name)
}

impl Cataloger for PacmanPackage {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "os/pacman", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["var/lib/pacman/local/*/desc"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        folder(&file.path, b"desc").is_some()
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let most = file.limits.records;
        let mut reading = Reading::nothing();
        let mut stated = Stated { kind: PackageKind::Alpm, ..Stated::default() };
        let mut base = String::new();
        let mut section = Vec::new();
        let mut lines = Lines::new(file.body);
        while let Some(line) = lines.next()? {
            if let Some(name) = heading(&line) {
                section = name.to_vec();
                continue;
            }
            if line.cut {
                reading.problem(format!("line {} is too long, its end is missing", line.number));
            }
            let value = text(line.bytes);
            if value.is_empty() {
                continue;
            }
            if stated.depends.len() + stated.provides.len() + stated.licences.len() >= most {
                reading.problem(format!("line {}: only the first {most} values were read", line.number));
                break;
            }
            match section.as_slice() {
                b"NAME" => stated.name = value,
                b"VERSION" => stated.version = value,
                b"BASE" => base = value,
                b"ARCH" => stated.arch = Some(value),
                b"LICENSE" => stated.licences.push(value),
                b"DEPENDS" => stated.depends.push(bare(&value).into()),
                b"PROVIDES" => stated.provides.push(bare(&value).to_owned()),
                // 1 where something else asked for it, absent or 0 where a person did.
                b"REASON" => stated.direct = Some(value == "0"),
                b"PACKAGER" => {
                    stated.details.insert("packager".into(), value);
                }
                b"" => reading.problem(format!("line {} stands in no section", line.number)),
                _ => {}
            }
        }
        let missing = if stated.name.is_empty() { "%NAME%" } else { "%VERSION%" };
        if stated.name.is_empty() || stated.version.is_empty() {
            return Err(Unreadable::malformed("pacman desc file", format_args!("it has no {missing}")));
        }
        stated.direct = Some(stated.direct.unwrap_or(true));
        let source = if base.is_empty() { stated.name.clone() } else { base };
        stated.source = Some(SourcePackage { name: source, version: stated.version.clone() });
        stated.licences.sort_unstable();
        stated.licences.dedup();
        reading.facts.push(Fact::Package(Box::new(stated)));
        Ok(reading)
    }
}

/// The name in a relation: `libgmp.so=10-64`, `glibc>=2.38`, `sh`.
fn bare(relation: &str) -> &str {
    relation.split(['=', '<', '>']).next().unwrap_or_default()
}

impl Cataloger for PacmanFiles {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "os/pacman-files", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["var/lib/pacman/local/*/files"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        folder(&file.path, b"files").is_some_and(|folder| name_in(folder).is_some())
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let Some(package) = folder(&file.header.path, b"files").and_then(name_in).map(text) else {
            return Ok(Reading::nothing());
        };
        let mut reading = Reading::nothing();
        let mut listing = false;
        let files = file_list::paths(file, &mut reading, |line| {
            if let Some(name) = heading(&line) {
                listing = name == b"FILES";
                return Listed::Nothing;
            }
            // Folders end in a slash.
            let is_file = listing && !line.bytes.is_empty() && !line.bytes.ends_with(b"/");
            if is_file { Listed::Path(line.bytes) } else { Listed::Nothing }
        })?;
        if !files.is_empty() {
            reading.facts.push(Fact::PackageFiles { package, files });
        }
        Ok(reading)
    }
}

/// The package's name in `NAME-VERSION-RELEASE`.
fn name_in(folder: &[u8]) -> Option<&[u8]> {
    let mut dashes = memchr::memrchr_iter(b'-', folder);
    let (_release, version) = (dashes.next()?, dashes.next()?);
    folder.get(..version).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, try_read, withstands_damage};

    const DESC: &str = "var/lib/pacman/local/tree-sitter-0.22.6-1/desc";
    const FILES: &str = "var/lib/pacman/local/tree-sitter-0.22.6-1/files";
    const PACKAGE: &[u8] = b"%NAME%\ntree-sitter\n\n%VERSION%\n1:0.22.6-1\n\n%BASE%\ntree-sitter-src\n\n\
        %DESC%\n%odd%\n\n%ARCH%\nx86_64\n\n%PACKAGER%\nA <a@b>\n\n%REASON%\n1\n\n%LICENSE%\nMIT\nApache\n\n\
        %DEPENDS%\nglibc>=2.38\nsh\nlibgmp.so=10-64\n\n%PROVIDES%\nlibtree-sitter.so=0-64\n";

    #[test]
    fn fields_of_a_package() {
        let reading = read(&PacmanPackage, DESC, PACKAGE);
        assert_eq!(reading.problems, Vec::<String>::new());
        let [Fact::Package(stated)] = reading.facts.as_slice() else { panic!("{reading:?}") };
        assert_eq!((stated.name.as_str(), stated.version.as_str()), ("tree-sitter", "1:0.22.6-1"));
        let source = SourcePackage { name: "tree-sitter-src".into(), version: "1:0.22.6-1".into() };
        assert_eq!(stated.source, Some(source));
        assert_eq!(stated.arch.as_deref(), Some("x86_64"));
        assert_eq!(stated.licences, ["Apache", "MIT"]);
        assert_eq!(stated.depends, ["glibc", "libgmp.so", "sh"]);
        assert_eq!(stated.provides, ["libtree-sitter.so"]);
        assert_eq!(stated.direct, Some(false));
        assert_eq!(stated.details["packager"], "A <a@b>");
    }

    #[test]
    fn files_of_a_package() {
        let text = b"%FILES%\nusr/\nusr/bin/\nusr/bin/tree-sitter\n\n%BACKUP%\netc/x\tabc\n";
        let reading = read(&PacmanFiles, FILES, text);
        let files = ["usr/bin/tree-sitter"].into_iter().collect();
        assert_eq!(reading, Reading::of(Fact::PackageFiles { package: "tree-sitter".into(), files }));
    }

    #[test]
    fn what_is_missing_is_said() {
        let error = try_read(&PacmanPackage, DESC, b"%NAME%\na\n").unwrap_err();
        assert_eq!(error.to_string(), "not a readable pacman desc file: it has no %VERSION%");
        assert!(try_read(&PacmanPackage, DESC, b"").is_err());
        let reading = read(&PacmanPackage, DESC, b"x\n%NAME%\na\n%VERSION%\n1\n");
        assert_eq!(reading.problems, ["line 1 stands in no section"]);
    }

    #[test]
    fn damage_never_panics() {
        withstands_damage(&PacmanPackage, DESC, PACKAGE);
        withstands_damage(&PacmanFiles, FILES, b"%FILES%\nusr/\nusr/bin/x\n");
    }
}
