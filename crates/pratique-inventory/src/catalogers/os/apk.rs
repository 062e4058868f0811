//! Packages that apk has installed: Alpine, Wolfi, Chainguard, Alpaquita.
//!
//! `lib/apk/db/installed` (apk-tools, `doc/apk-package.5` and `src/database.c`; the wiki's "Apk spec") holds one
//! paragraph a package, each line a letter, a colon and a value; an empty line ends the paragraph. Upper- and
//! lower-case letters are different fields. Since the merge of `/usr` the file lies below `usr/`, with a link
//! at its old place.
//!
//! Traps: file names are split over lines (`F:` a folder, `R:` a file in the folder named last), and folder and
//! file may each be followed by lines of their own (`M:`, `a:`, `Z:`). Virtual packages (`.build-deps`, made by
//! `apk add --virtual`) are entries like others.

use pratique_image::EntryHeader;

use super::lines::{Lines, text};
use crate::{Cataloger, CatalogerId, File, PackageKind, PathSet, Reading, SourcePackage, Stated, Unreadable};

/// Reads apk's database of installed packages.
pub struct ApkDatabase;

impl Cataloger for ApkDatabase {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "os/apk", revision: 2 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["lib/apk/db/installed", "usr/lib/apk/db/installed"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        matches!(file.path.as_bytes(), b"lib/apk/db/installed" | b"usr/lib/apk/db/installed")
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let mut reading = Reading::nothing();
        let mut record = Record::default();
        let mut lines = Lines::new(file.body);
        while let Some(line) = lines.next()? {
            if line.bytes.is_empty() {
                if let Some(stated) = std::mem::take(&mut record).finish(&mut reading)
                    && !reading.package(stated, file.limits)
                {
                    return Ok(reading);
                }
                continue;
            }
            let [letter, b':', value @ ..] = line.bytes else {
                reading.problem(format!("line {} is no field", line.number));
                continue;
            };
            if line.cut {
                let field = char::from(*letter);
                reading
                    .problem(format!("line {}: field {field} is too long, its end is missing", line.number));
            }
            if record.line == 0 {
                record.line = line.number;
            }
            record.field(*letter, value);
        }
        let last = record.finish(&mut reading);
        reading.extend(last, file.limits);
        Ok(reading)
    }
}

/// A paragraph while it is read.
#[derive(Default)]
struct Record {
    /// Where it begins; 0 before its first line.
    line: u64,
    stated: Stated,
    origin: String,
    /// `folder/` and, behind it, the file that was named last.
    path: Vec<u8>,
    folder: usize,
    files: Vec<u64>,
}

impl Record {
    fn field(&mut self, letter: u8, value: &[u8]) {
        match letter {
            b'P' => self.stated.name = text(value),
            b'V' => self.stated.version = text(value),
            b'A' => self.stated.arch = Some(text(value)).filter(|arch| !arch.is_empty()),
            b'L' => self.stated.licences = licences(&text(value)),
            b'o' => self.origin = text(value),
            b'D' => self.stated.depends = names(&text(value)).into_iter().map(Into::into).collect(),
            b'c' => self.detail("commit", value),
            b'p' => self.stated.provides = names(&text(value)),
            b'F' => {
                self.path.clear();
                self.path.extend_from_slice(value);
                if !value.is_empty() {
                    self.path.push(b'/');
                }
                self.folder = self.path.len();
            }
            b'R' => {
                self.path.truncate(self.folder);
                self.path.extend_from_slice(value);
                self.files.push(PathSet::hash(&self.path));
            }
            _ => {}
        }
    }

    fn detail(&mut self, name: &str, value: &[u8]) {
        let value = text(value);
        if !value.is_empty() {
            self.stated.details.insert(name.into(), value);
        }
    }

    fn finish(mut self, reading: &mut Reading) -> Option<Stated> {
        if self.line == 0 {
            return None;
        }
        if self.stated.name.is_empty() {
            reading.problem(format!("the package at line {} has no name (P)", self.line));
            return None;
        }
        if self.stated.version.is_empty() {
            reading.problem(format!("{} at line {} has no version (V)", self.stated.name, self.line));
            return None;
        }
        self.stated.kind = PackageKind::Apk;
        self.stated.files = PathSet::from_hashes(self.files);
        // Virtual packages, and packages of early releases, name no origin: they are their own.
        let source = if self.origin.is_empty() { self.stated.name.clone() } else { self.origin };
        self.stated.source = Some(SourcePackage { name: source, version: self.stated.version.clone() });
        Some(self.stated)
    }
}

/// The licences of an `L:` line: an SPDX expression stays whole, the older lists fall apart at spaces.
fn licences(value: &str) -> Vec<String> {
    let operator = |word: &str| matches!(word, "AND" | "OR" | "WITH" | "and" | "or" | "with");
    if value.split_whitespace().any(operator) {
        return vec![value.to_owned()];
    }
    let mut found: Vec<String> = value.split_whitespace().map(str::to_owned).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The names of a `D:` or `p:` line without version constraints (`=`, `<`, `>`, `~`), pinned repositories (`@`) and
/// conflicts (`!`).
fn names(value: &str) -> Vec<String> {
    let names = value.split_whitespace().filter(|word| !word.starts_with('!'));
    let bare = names.map(|word| word.split(['=', '<', '>', '~', '@']).next().unwrap_or_default());
    bare.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    fn read(text: &[u8]) -> Reading {
        trial::read(&ApkDatabase, "lib/apk/db/installed", text)
    }

    fn packages(reading: &Reading) -> Vec<&Stated> {
        reading.packages().collect()
    }

    const MUSL: &str = "\
C:Q1CpjMpFo3UY/Tn4CshBpA+PXMf04=
P:musl
V:1.2.2-r3
A:armv7
L:GPL-2.0-or-later MIT
D:so:libc.musl-armv7.so.1 busybox>=1.2 !uclibc pc:zlib~1 edge@testing
o:musl-src
c:1e9cba35
p:so:libc.musl-armv7.so.1=1 cmd:ldd=1.2.2-r3
F:
R:init
F:lib
M:0:0:755
R:ld-musl-armhf.so.1
a:0:0:755
Z:Q1OR21cpf2INrOZXtXeMnWdqhkld4=
R:libc.musl-armv7.so.1
";

    #[test]
    fn fields_of_a_package() {
        let reading = read(MUSL.as_bytes());
        assert!(reading.problems.is_empty(), "{:?}", reading.problems);
        let [musl] = packages(&reading)[..] else { panic!("{reading:?}") };
        assert_eq!(
            (musl.kind, musl.name.as_str(), musl.version.as_str()),
            (PackageKind::Apk, "musl", "1.2.2-r3")
        );
        assert_eq!(musl.arch.as_deref(), Some("armv7"));
        assert_eq!(musl.source, Some(SourcePackage { name: "musl-src".into(), version: "1.2.2-r3".into() }));
        assert_eq!(musl.licences, ["GPL-2.0-or-later", "MIT"]);
        assert_eq!(musl.depends, ["busybox", "edge", "pc:zlib", "so:libc.musl-armv7.so.1"]);
        assert_eq!(musl.details["commit"], "1e9cba35");
        assert_eq!(musl.provides, ["cmd:ldd", "so:libc.musl-armv7.so.1"]);
        let files = ["init", "lib/ld-musl-armhf.so.1", "lib/libc.musl-armv7.so.1"];
        assert_eq!(musl.files, files.into_iter().collect());
    }

    #[test]
    fn expressions_stay_whole() {
        assert_eq!(licences("MPL-2.0 AND MIT"), ["MPL-2.0 AND MIT"]);
        assert_eq!(licences("MIT BSD MIT"), ["BSD", "MIT"]);
        assert!(licences("").is_empty());
    }

    #[test]
    fn damage_is_said_and_the_rest_is_read() {
        let reading = read(b"P:a\nV:1\n\n\nV:2\n\nP:b\n\nnonsense\nP:c\r\nV:3\r\n\r\n\xff:\n");
        let names: Vec<_> = packages(&reading).iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["a", "c"]);
        assert_eq!(
            reading.problems,
            [
                "the package at line 5 has no name (P)",
                "b at line 7 has no version (V)",
                "line 9 is no field",
                "the package at line 13 has no name (P)",
            ]
        );
        assert_eq!(read(b""), Reading::nothing());
    }

    #[test]
    fn only_at_its_two_places() {
        for (path, want) in [
            ("lib/apk/db/installed", true),
            ("usr/lib/apk/db/installed", true),
            ("srv/root/lib/apk/db/installed", false),
            ("lib/apk/db/installed.new", false),
        ] {
            assert_eq!(trial::wants(&ApkDatabase, path), want, "{path}");
        }
    }
}
