//! Packages that portage has installed: Gentoo and what is made with it (Flatcar, ChromeOS).
//!
//! `var/db/pkg/CATEGORY/NAME-VERSION/` holds a package, one small file a field (PMS, chapter 3 "Names and versions";
//! portage(5), `/var/db/pkg`). `CONTENTS`, which every package has, makes it one here and lists what it brought;
//! licence, slot, repository, USE flags and dependencies are facts of the files beside it, which the resolver puts
//! together.
//!
//! Traps: names hold dashes and digits (`gtk+`, `font-adobe-100dpi-1.0.3`), and a revision `-rN` belongs to the
//! version. Paths in `CONTENTS` may hold spaces and stand between a word and two more. The same package may be
//! installed in two versions (slots), which is why a field goes by folder. While a package is merged its folder is
//! called `-MERGING-NAME`; it is no package yet.

use pratique_image::{EntryHeader, ImagePath};

use super::{
    file_list::{self, Listed},
    lines::text,
};
use crate::{Cataloger, CatalogerId, Fact, File, PackageKind, Reading, Stated, Unreadable};

/// Reads which packages portage has installed, and their files.
pub struct PortageContents;

/// Reads what portage states of a package in files of their own.
pub struct PortageFields;

/// Longest field that is read, in bytes. `RDEPEND` of the largest packages has some kilobytes.
const LONGEST: u64 = 1 << 20;

/// The fields that are read: file, and how it is called here.
const FIELDS: &[(&[u8], &str)] = &[
    (b"LICENSE", "licence"),
    (b"RDEPEND", "depends"),
    (b"SLOT", "slot"),
    (b"USE", "use"),
    (b"repository", "repository"),
    (b"CHOST", "arch"),
];

/// Category, name and version, and the file's name, of `var/db/pkg/CATEGORY/NAME-VERSION/FILE`.
fn parts(path: &ImagePath) -> Option<(&str, &str, &str, &[u8])> {
    let rest = path.as_bytes().strip_prefix(b"var/db/pkg/")?;
    let mut parts = rest.split(|&b| b == b'/');
    let (category, folder, file) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || folder.starts_with(b"-") {
        return None;
    }
    let (name, version) = name_and_version(str::from_utf8(folder).ok()?)?;
    Some((str::from_utf8(category).ok()?, name, version, file))
}

/// Cuts `NAME-VERSION[-rN]`.
fn name_and_version(folder: &str) -> Option<(&str, &str)> {
    let without_revision = match folder.rsplit_once("-r") {
        Some((rest, revision)) if is_number(revision) => rest,
        _ => folder,
    };
    let (name, version) = without_revision.rsplit_once('-')?;
    let looks_like_one = version.starts_with(|c: char| c.is_ascii_digit());
    (!name.is_empty() && looks_like_one).then(|| (name, &folder[name.len() + 1..]))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

impl Cataloger for PortageContents {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "os/portage", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["var/db/pkg/*/*/CONTENTS"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        matches!(parts(&file.path), Some((.., b"CONTENTS")))
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let Some((category, name, version, _)) = parts(&file.header.path) else {
            return Ok(Reading::nothing());
        };
        let mut reading = Reading::nothing();
        let files = file_list::paths(file, &mut reading, |line| match line.bytes {
            b"" | [b'd', b'i', b'r', b' ', ..] => Listed::Nothing,
            line => path_of(line).map_or(Listed::Unclear, Listed::Path),
        })?;
        reading.facts.push(Fact::Package(Box::new(Stated {
            kind: PackageKind::Portage,
            name: format!("{category}/{name}"),
            version: version.to_owned(),
            files,
            ..Stated::default()
        })));
        Ok(reading)
    }
}

/// The path, without its leading slash, of a line that is no folder's.
fn path_of(line: &[u8]) -> Option<&[u8]> {
    let (kind, rest) = line.split_at_checked(4)?;
    let path = match kind {
        // `obj PATH MD5 TIME`
        b"obj " => {
            let mut ends = memchr::memrchr_iter(b' ', rest);
            let (_time, sum) = (ends.next()?, ends.next()?);
            rest.get(..sum)?
        }
        // `sym PATH -> TARGET TIME`
        b"sym " => rest.get(..memchr::memmem::find(rest, b" -> ")?)?,
        // Pipes and devices.
        b"fif " | b"dev " => rest,
        _ => return None,
    };
    path.strip_prefix(b"/").filter(|path| !path.is_empty())
}

impl Cataloger for PortageFields {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "os/portage-fields", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &[
            "var/db/pkg/*/*/LICENSE",
            "var/db/pkg/*/*/RDEPEND",
            "var/db/pkg/*/*/SLOT",
            "var/db/pkg/*/*/USE",
            "var/db/pkg/*/*/repository",
            "var/db/pkg/*/*/CHOST",
        ]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        field(&file.path).is_some()
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let Some(field) = field(&file.header.path) else { return Ok(Reading::nothing()) };
        let value = text(&file.bytes_within(LONGEST)?);
        if value.is_empty() {
            return Ok(Reading::nothing());
        }
        Ok(Reading::of(Fact::PackageField { field: field.to_owned(), value }))
    }
}

fn field(path: &ImagePath) -> Option<&'static str> {
    let (.., file) = parts(path)?;
    FIELDS.iter().find(|(name, _)| *name == file).map(|&(_, field)| field)
}

/// The licences of a `LICENSE` expression: `|| ( GPL-2 BSD ) doc? ( FDL-1.1 )`.
pub(crate) fn licences(value: &str) -> Vec<String> {
    let words = value.split_whitespace().filter(|word| !is_operator(word));
    let mut found: Vec<String> = words.map(str::to_owned).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The packages in a dependency expression, as `category/name`: without operators, versions, slots, USE flags and
/// what must not be installed.
pub(crate) fn depends(value: &str) -> Vec<String> {
    let atoms = value.split_whitespace().filter(|word| !is_operator(word) && !word.starts_with('!'));
    let mut found: Vec<String> = atoms
        .filter_map(|atom| {
            let bare = atom.trim_start_matches(['<', '>', '=', '~']);
            let versioned = bare.len() < atom.len();
            let bare = bare.split(['[', ':']).next().unwrap_or_default();
            let (category, name) = bare.split_once('/')?;
            let name = if versioned {
                name_and_version(name.trim_end_matches('*')).map_or(name, |(name, _)| name)
            } else {
                name
            };
            Some(format!("{category}/{name}"))
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn is_operator(word: &str) -> bool {
    matches!(word, "(" | ")" | "||" | "^^" | "??") || word.ends_with('?')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, wants, withstands_damage};

    const CONTENTS: &str = "var/db/pkg/app-containers/skopeo-1.5.1-r2/CONTENTS";
    const SAMPLE: &[u8] =
        b"dir /usr\ndir /usr/bin\nobj /usr/bin/a b 376c02bd3b22804df8fdfdc895e7dbfb 1649284374\n\
        sym /usr/bin/link -> a b 1649284374\nfif /run/x\n";

    #[test]
    fn a_folder_is_a_package() {
        let reading = read(&PortageContents, CONTENTS, SAMPLE);
        assert_eq!(reading.problems, Vec::<String>::new());
        let [Fact::Package(stated)] = reading.facts.as_slice() else { panic!("{reading:?}") };
        assert_eq!((stated.name.as_str(), stated.version.as_str()), ("app-containers/skopeo", "1.5.1-r2"));
        assert_eq!(stated.files, ["usr/bin/a b", "usr/bin/link", "run/x"].into_iter().collect());
        let empty = read(&PortageContents, "var/db/pkg/virtual/libc-1-r1/CONTENTS", b"");
        assert_eq!(empty.facts.len(), 1, "a virtual package brings nothing");
        let odd = read(&PortageContents, CONTENTS, b"obj /x\nwhat\n");
        assert_eq!(odd.problems, ["line 1 names no file", "line 2 names no file"]);
    }

    #[test]
    fn names_and_versions() {
        for (folder, expected) in [
            ("skopeo-1.5.1", Some(("skopeo", "1.5.1"))),
            ("font-adobe-100dpi-1.0.3-r2", Some(("font-adobe-100dpi", "1.0.3-r2"))),
            ("gtk+-3.24.35", Some(("gtk+", "3.24.35"))),
            ("libfoo-0_alpha1_p2", Some(("libfoo", "0_alpha1_p2"))),
            ("linux-firmware-20231030", Some(("linux-firmware", "20231030"))),
            ("foo-r1", None),
            ("-1", None),
            ("foo", None),
        ] {
            assert_eq!(name_and_version(folder), expected, "{folder}");
        }
        assert!(!wants(&PortageContents, "var/db/pkg/dev-libs/-MERGING-x-1/CONTENTS"));
        assert!(!wants(&PortageContents, "var/db/pkg/dev-libs/x-1/sub/CONTENTS"));
    }

    #[test]
    fn fields_beside_it() {
        let path = "var/db/pkg/app-containers/skopeo-1.5.1/SLOT";
        let fact = Fact::PackageField { field: "slot".into(), value: "0/3".into() };
        assert_eq!(read(&PortageFields, path, b"0/3\n"), Reading::of(fact));
        assert_eq!(licences("|| ( GPL-2 BSD ) doc? ( FDL-1.1 ) BSD"), ["BSD", "FDL-1.1", "GPL-2"]);
        assert_eq!(
            depends(">=dev-libs/openssl-1.1:0/3=[asm] !sys-apps/x || ( app-shells/bash:* =sys-libs/z-1.2* )"),
            ["app-shells/bash", "dev-libs/openssl", "sys-libs/z"]
        );
    }

    #[test]
    fn damage_never_panics() {
        withstands_damage(&PortageContents, CONTENTS, SAMPLE);
    }
}
