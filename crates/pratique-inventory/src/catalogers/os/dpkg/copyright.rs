//! The licences of Debian packages, from `usr/share/doc/NAME/copyright`.
//!
//! Debian Policy 12.5 asks for the file, "Machine-readable debian/copyright file" 1.0 (DEP-5) for its form. A
//! file that begins with a `Format` field is in that form, and its `License` fields are short names joined with
//! `and`, `or` and commas; `with … exception` belongs to the name before it. All other files are prose: there
//! only a pointer into `/usr/share/common-licenses` names a licence without guessing. In the first form those
//! pointers are not taken: `GPL-2+` points at the text of `GPL-2`, which is another statement.

use std::collections::BTreeSet;

use pratique_image::{EntryHeader, ImagePath};

use crate::catalogers::os::lines::Lines;
use crate::{Cataloger, CatalogerId, Fact, File, Reading, Unreadable};

/// Reads the copyright files of Debian packages.
pub struct DpkgCopyright;

/// Most licences of one package that are kept. Chromium has some 100.
const MOST: usize = 500;

/// Longest short name, in bytes. What is longer is prose that got into the field.
const LONGEST: usize = 80;

/// Where the texts of the licences lie that Debian has most of.
const COMMON: &[u8] = b"/usr/share/common-licenses/";

/// NAME in `usr/share/doc/NAME/copyright`.
fn package(path: &ImagePath) -> Option<&[u8]> {
    let name = path.as_bytes().strip_suffix(b"/copyright")?.strip_prefix(b"usr/share/doc/")?;
    (!name.is_empty() && !name.contains(&b'/')).then_some(name)
}

impl Cataloger for DpkgCopyright {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "os/dpkg-licences", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["usr/share/doc/*/copyright"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        package(&file.path).is_some()
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let Some(package) = package(&file.header.path) else { return Ok(Reading::nothing()) };
        let package = String::from_utf8_lossy(package).into_owned();
        let mut fields = BTreeSet::new();
        let mut pointers = BTreeSet::new();
        // Whether the file is in the machine-readable form: known after its first paragraph.
        let (mut readable, mut begun) = (false, false);
        let common = memchr::memmem::Finder::new(COMMON);
        let mut lines = Lines::new(file.body);
        let mut reading = Reading::nothing();
        while let Some(line) = lines.next()? {
            let bytes = line.bytes;
            if !begun && !bytes.trim_ascii().is_empty() {
                // The first line of all is the rule; some have `Upstream-Name` first.
                readable |=
                    field(bytes, b"format").or_else(|| field(bytes, b"format-specification")).is_some();
                begun = readable || field(bytes, b"").is_none() || line.number > 20;
            }
            if let Some(value) = field(bytes, b"license") {
                names(&String::from_utf8_lossy(value), &mut fields);
            } else if !readable {
                for at in common.find_iter(bytes) {
                    pointers.extend(pointer(bytes.get(at + COMMON.len()..).unwrap_or_default()));
                }
            }
            if fields.len().max(pointers.len()) > MOST {
                reading.problem(format!("line {}: only the first {MOST} licences were read", line.number));
                break;
            }
        }
        let found = if readable { fields } else { pointers };
        if !found.is_empty() {
            let licences = found.into_iter().take(MOST).collect();
            reading.facts.push(Fact::PackageLicences { package, licences });
        }
        Ok(reading)
    }
}

/// The value of the field `name` (in lower case; empty for any field) that begins on this line.
fn field<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let colon = memchr::memchr(b':', line)?;
    let (key, value) = line.split_at(colon);
    let fits = if name.is_empty() {
        !key.is_empty() && key.iter().all(|&b| b.is_ascii_alphanumeric() || b == b'-')
    } else {
        key.eq_ignore_ascii_case(name)
    };
    fits.then(|| value.get(1..).unwrap_or_default().trim_ascii())
}

/// The short names of a `License` field.
fn names(value: &str, found: &mut BTreeSet<String>) {
    let mut name: Vec<&str> = Vec::new();
    let mut end = |name: &mut Vec<&str>| {
        let joined = name.join(" ");
        let joined = joined.trim_matches(|c: char| matches!(c, ',' | ';' | '.' | '(' | ')'));
        // A short name is one word; up to three are what people write for one ("BSD 3 clause").
        let short = name.len() <= 3 || name.contains(&"with");
        if short && !joined.is_empty() && joined.len() <= LONGEST {
            found.insert(joined.to_owned());
        }
        name.clear();
    };
    for word in value.split_whitespace() {
        if matches!(word, "and" | "or" | "and/or" | "AND" | "OR" | "|" | "&") {
            end(&mut name);
            continue;
        }
        name.push(word);
        if word.ends_with(',') {
            end(&mut name);
        }
    }
    end(&mut name);
}

/// The file name at the beginning of `rest`, without the punctuation of the sentence it ends.
fn pointer(rest: &[u8]) -> Option<String> {
    let inside = |&b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+' | b'_');
    let length = rest.iter().position(|b| !inside(b)).unwrap_or(rest.len());
    let name = std::str::from_utf8(rest.get(..length)?).ok()?.trim_end_matches(['.', '-']);
    (!name.is_empty() && name.len() <= LONGEST).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    fn read(text: &[u8]) -> Vec<String> {
        let reading = trial::read(&DpkgCopyright, "usr/share/doc/bash/copyright", text);
        match reading.facts.as_slice() {
            [] => Vec::new(),
            [Fact::PackageLicences { package, licences }] if package == "bash" => licences.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn machine_readable() {
        let text = b"Upstream-Name: x\nFormat: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n\
            Files: *\nLicense: GPL-2+ with OpenSSL exception or Artistic, and BSD-3-clause\n\n\
            Files: y\nlicense:   Expat\n text /usr/share/common-licenses/GPL-3\n\nFiles: z\nLicense:\n All of it\n\n\
            License: this program may be used by everybody\n";
        assert_eq!(read(text), ["Artistic", "BSD-3-clause", "Expat", "GPL-2+ with OpenSSL exception"]);
    }

    #[test]
    fn prose() {
        let text = b"This package was debianized by\nLicense: see below\n\
            in `/usr/share/common-licenses/GPL-2'.\nand /usr/share/common-licenses/LGPL-2.1.\n\
            /usr/share/common-licenses/\n";
        assert_eq!(read(text), ["GPL-2", "LGPL-2.1"]);
        assert!(read(b"").is_empty());
    }

    #[test]
    fn which_files() {
        for (path, want) in [
            ("usr/share/doc/a/copyright", Some(&b"a"[..])),
            ("usr/share/doc/a/b/copyright", None),
            ("usr/share/doc/copyright", None),
            ("opt/usr/share/doc/a/copyright", None),
        ] {
            assert_eq!(package(&ImagePath::new(path).unwrap()), want, "{path}");
        }
    }
}
