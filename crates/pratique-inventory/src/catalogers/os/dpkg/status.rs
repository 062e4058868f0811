//! The packages of dpkg's database.
//!
//! `status` is a list of paragraphs of fields (deb-control(5)): `Name: value`, continued on lines that begin
//! with white space; an empty line ends the paragraph. Field names are case-insensitive. The traps:
//!
//! * Only the last word of `Status` tells whether a package is there. `config-files` is a removed package whose
//!   configuration is left, and `not-installed` one that never was; everything between (`half-installed`,
//!   `unpacked`, `half-configured`, `triggers-…`) has files on the disk and counts, with its state kept.
//!   The first word (`install`, `hold`, `deinstall`) is what somebody wants, not what is.
//! * `Source` is missing where the source package has the binary's name, and holds a version in parentheses
//!   where that differs: `glibc (2.36-9)`.
//! * In `status.d` there is no `Status`: what is listed is there. A file's name need not be the package's
//!   (`libstdc6` states `libstdc++6`, `base` states `base-files`).

use pratique_image::EntryHeader;

use super::{DATABASE, file_in};
use crate::catalogers::os::lines::{Lines, text};
use crate::{Cataloger, CatalogerId, Fact, File, PackageKind, Reading, SourcePackage, Stated, Unreadable};

/// Reads dpkg's list of packages.
pub struct DpkgStatus;

/// Longest value that is kept, in bytes.
const LONGEST: usize = 1 << 20;

/// Endings of files in `status.d` that are no control files.
const SIBLINGS: &[&[u8]] = &[
    b".md5sums",
    b".list",
    b".conffiles",
    b".preinst",
    b".postinst",
    b".prerm",
    b".postrm",
    b".triggers",
    b".shlibs",
    b".symbols",
    b".templates",
    b".config",
];

impl Cataloger for DpkgStatus {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "os/dpkg", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["var/lib/dpkg/status", "var/lib/dpkg/status.d/*"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        let Some(rest) = file.path.as_bytes().strip_prefix(DATABASE) else { return false };
        rest == b"status"
            || file_in(&file.path, b"status.d")
                .is_some_and(|name| !SIBLINGS.iter().any(|ending| name.ends_with(ending)))
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let most = file.limits.records;
        let mut reading = Reading::nothing();
        let mut record = Record::default();
        let mut lines = Lines::new(file.body);
        while let Some(line) = lines.next()? {
            if line.bytes.trim_ascii().is_empty() {
                std::mem::take(&mut record).finish(&mut reading);
                if reading.facts.len() >= most {
                    reading
                        .problem(format!("line {}: only the first {most} packages were read", line.number));
                    return Ok(reading);
                }
                continue;
            }
            if record.line == 0 {
                record.line = line.number;
            }
            if let [b' ' | b'\t', ..] = line.bytes {
                record.more(line.bytes);
            } else if let Some(colon) = memchr::memchr(b':', line.bytes) {
                let (name, value) = line.bytes.split_at(colon);
                record.begin(name, value.get(1..).unwrap_or_default());
            } else {
                record.commit();
                reading.problem(format!("line {} is no field", line.number));
            }
            if (line.cut || record.value.len() > LONGEST)
                && let Some(field) = record.open
            {
                reading.problem(format!("line {}: {field:?} is too long, its end is missing", line.number));
                record.commit();
            }
        }
        record.finish(&mut reading);
        Ok(reading)
    }
}

/// The fields that are read. All others are passed over without being kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Package,
    Status,
    Version,
    Architecture,
    Source,
    Essential,
    Depends,
    Provides,
    Maintainer,
    Origin,
}

impl Field {
    fn named(name: &[u8]) -> Option<Self> {
        const FIELDS: &[(&[u8], Field)] = &[
            (b"package", Field::Package),
            (b"status", Field::Status),
            (b"version", Field::Version),
            (b"architecture", Field::Architecture),
            (b"source", Field::Source),
            (b"essential", Field::Essential),
            (b"depends", Field::Depends),
            (b"pre-depends", Field::Depends),
            (b"provides", Field::Provides),
            (b"maintainer", Field::Maintainer),
            (b"origin", Field::Origin),
        ];
        FIELDS.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|&(_, field)| field)
    }
}

/// A paragraph while it is read.
#[derive(Default)]
struct Record {
    /// Where it begins; 0 before its first line.
    line: u64,
    /// The field whose value is being gathered.
    open: Option<Field>,
    value: Vec<u8>,
    stated: Stated,
    source: String,
    state: String,
}

impl Record {
    fn begin(&mut self, name: &[u8], value: &[u8]) {
        self.commit();
        self.open = Field::named(name);
        self.more(value);
    }

    fn more(&mut self, value: &[u8]) {
        if self.open.is_some() {
            self.value.extend_from_slice(value);
        }
    }

    /// Takes the value that was gathered into the package.
    fn commit(&mut self) {
        let Some(field) = self.open.take() else { return };
        let value = text(&self.value);
        self.value.clear();
        let stated = &mut self.stated;
        let mut detail = |name: &str| {
            if !value.is_empty() {
                stated.details.insert(name.into(), value.clone());
            }
        };
        match field {
            Field::Essential if value != "yes" => {}
            Field::Essential => detail("essential"),
            Field::Provides => detail("provides"),
            Field::Maintainer => detail("maintainer"),
            Field::Origin => detail("origin"),
            Field::Package => stated.name = value,
            Field::Status => self.state = value.split_whitespace().last().unwrap_or_default().to_owned(),
            Field::Version => stated.version = value,
            Field::Architecture => stated.arch = Some(value).filter(|arch| !arch.is_empty()),
            Field::Source => self.source = value,
            Field::Depends => stated.depends.extend(depends(&value).map(Into::into)),
        }
    }

    fn finish(mut self, reading: &mut Reading) {
        self.commit();
        if self.line == 0 || matches!(self.state.as_str(), "not-installed" | "config-files") {
            return;
        }
        let Self { line, mut stated, source, state, .. } = self;
        if stated.name.is_empty() {
            reading.problem(format!("the package at line {line} has no name"));
            return;
        }
        if stated.version.is_empty() {
            reading.problem(format!("{} at line {line} has no version", stated.name));
            return;
        }
        stated.kind = PackageKind::Deb;
        stated.source = Some(source_package(&source, &stated));
        stated.depends.sort_unstable();
        stated.depends.dedup();
        if !matches!(state.as_str(), "" | "installed") {
            stated.details.insert("status".into(), state);
        }
        reading.facts.push(Fact::Package(Box::new(stated)));
    }
}

/// `NAME (VERSION)`, `NAME`, or nothing.
fn source_package(field: &str, binary: &Stated) -> SourcePackage {
    let (name, version) = match field.split_once('(') {
        Some((name, rest)) => (name.trim(), rest.split(')').next().unwrap_or_default().trim()),
        None => (field.trim(), ""),
    };
    let or_own = |stated: &str, own: &str| if stated.is_empty() { own.to_owned() } else { stated.to_owned() };
    SourcePackage { name: or_own(name, &binary.name), version: or_own(version, &binary.version) }
}

/// The names in a relationship field: every alternative, without versions, architectures and `:any`.
fn depends(value: &str) -> impl Iterator<Item = String> {
    value.split([',', '|']).filter_map(|relation| {
        let name = relation.trim().split([' ', '\t', '(', '[', '<', ':']).next()?;
        (!name.is_empty()).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use pratique_image::{EntryKind, ImagePath};

    use super::*;
    use crate::Limits;

    fn wants(path: &str) -> bool {
        let path = ImagePath::new(path).unwrap();
        DpkgStatus.wants(&EntryHeader { path, kind: EntryKind::File, size: 1, mode: 0o644 })
    }

    fn read(text: &[u8]) -> Reading {
        let path = ImagePath::new("var/lib/dpkg/status").unwrap();
        let header = EntryHeader { path, kind: EntryKind::File, size: text.len() as u64, mode: 0o644 };
        let mut body = text;
        DpkgStatus.read(&mut File { header: &header, body: &mut body, limits: &Limits::default() }).unwrap()
    }

    fn packages(reading: &Reading) -> Vec<&Stated> {
        let facts = reading.facts.iter();
        facts
            .filter_map(|fact| if let Fact::Package(stated) = fact { Some(&**stated) } else { None })
            .collect()
    }

    #[test]
    fn fields_of_a_package() {
        let reading = read(
            b"Package: libc6\nSTATUS: hold ok installed\nEssential: yes\nArchitecture: amd64\n\
              Source: glibc (2.36-9)\nVersion: 2.36-9+deb12u10\nPre-Depends: dpkg (>= 1.15)\n\
              Depends: libgcc-s1 | libgcc1:any (>= 1),\n libcrypt1 [amd64] <!nocheck>, dpkg\n\
              Conffiles:\n /etc/ld.so.conf abc\nDescription: x\n Package: y\n .\n z\n",
        );
        assert!(reading.problems.is_empty(), "{:?}", reading.problems);
        let [libc] = packages(&reading)[..] else { panic!("{reading:?}") };
        assert_eq!((libc.name.as_str(), libc.version.as_str()), ("libc6", "2.36-9+deb12u10"));
        assert_eq!(libc.arch.as_deref(), Some("amd64"));
        assert_eq!(libc.source, Some(SourcePackage { name: "glibc".into(), version: "2.36-9".into() }));
        assert_eq!(libc.depends, ["dpkg", "libcrypt1", "libgcc-s1", "libgcc1"]);
        assert_eq!(libc.details["essential"], "yes");
        assert!(!libc.details.contains_key("status"));
    }

    #[test]
    fn what_has_files_counts() {
        for (state, there) in [
            ("install ok installed", true),
            ("hold ok installed", true),
            ("deinstall ok installed", true),
            ("install reinstreq half-installed", true),
            ("install ok unpacked", true),
            ("install ok half-configured", true),
            ("install ok triggers-awaited", true),
            ("install ok triggers-pending", true),
            ("deinstall ok config-files", false),
            ("purge ok not-installed", false),
            ("unknown ok not-installed", false),
        ] {
            let reading = read(format!("Package: a\nStatus: {state}\nVersion: 1\n").as_bytes());
            assert_eq!(packages(&reading).len(), usize::from(there), "{state}");
            if there && !state.ends_with(" installed") {
                assert_eq!(
                    Some(packages(&reading)[0].details["status"].as_str()),
                    state.split(' ').next_back()
                );
            }
        }
    }

    #[test]
    fn damage_is_said_and_the_rest_is_read() {
        let mut text =
            b"Version: 1\n\nPackage: a\n\nwhat\nPackage: b\nVersion: 2\n \n\t\nDescription: ".to_vec();
        text.extend(vec![b'x'; 3 << 20]);
        text.extend(b"\nPackage: c\nVersion: 3\nDepends: ");
        text.extend(vec![b'y'; 3 << 20]);
        let reading = read(&text);
        let names: Vec<_> = packages(&reading).iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["b", "c"]);
        assert_eq!(
            reading.problems,
            [
                "the package at line 1 has no name",
                "a at line 3 has no version",
                "line 5 is no field",
                "line 13: Depends is too long, its end is missing",
            ]
        );
        // A package that was never installed may lack a version.
        assert_eq!(read(b"Package: x\nStatus: unknown ok not-installed\n"), Reading::nothing());
        assert_eq!(read(b""), Reading::nothing());
    }

    #[test]
    fn which_files() {
        assert!(wants("var/lib/dpkg/status"));
        assert!(wants("var/lib/dpkg/status.d/python3.11"));
        assert!(!wants("var/lib/dpkg/status.d/base.md5sums"));
        assert!(!wants("var/lib/dpkg/status.d/a/b"));
        assert!(!wants("var/lib/dpkg/status-old"));
        assert!(!wants("srv/var/lib/dpkg/status"));
    }
}
