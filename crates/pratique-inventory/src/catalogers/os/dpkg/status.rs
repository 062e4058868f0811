//! The packages of dpkg's database.
//!
//! `status` is a list of paragraphs of fields (deb-control(5)), one a package. The traps:
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
use crate::catalogers::os::control::{self, Paragraph};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, SourcePackage, Stated, Unreadable};

/// Reads dpkg's list of packages.
pub struct DpkgStatus;

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
        CatalogerId { name: "os/dpkg", revision: 2 }
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
        control::packages(file, FIELDS, package)
    }
}

/// The fields that are read. All others are passed over without being kept.
const FIELDS: &[&str] = &[
    "Package",
    "Status",
    "Version",
    "Architecture",
    "Source",
    "Essential",
    "Depends",
    "Pre-Depends",
    "Provides",
    "Maintainer",
    "Origin",
];

/// The package that a paragraph states, unless it is gone.
fn package(mut paragraph: Paragraph, reading: &mut Reading) -> Option<Stated> {
    let state = paragraph.take("Status").split_whitespace().last().unwrap_or_default().to_owned();
    if matches!(state.as_str(), "not-installed" | "config-files") {
        return None;
    }
    let line = paragraph.line;
    let mut stated = Stated {
        kind: PackageKind::Deb,
        name: paragraph.take("Package"),
        version: paragraph.take("Version"),
        arch: Some(paragraph.take("Architecture")).filter(|arch| !arch.is_empty()),
        ..Stated::default()
    };
    if stated.name.is_empty() {
        reading.problem(format!("the package at line {line} has no name"));
        return None;
    }
    if stated.version.is_empty() {
        reading.problem(format!("{} at line {line} has no version", stated.name));
        return None;
    }
    stated.source = Some(source_package(&paragraph.take("Source"), &stated));
    for (field, value) in &paragraph.fields {
        match *field {
            "Depends" | "Pre-Depends" => stated.depends.extend(control::names(value).map(Into::into)),
            "Provides" => stated.provides.extend(control::names(value)),
            "Essential" if value == "yes" => detail(&mut stated, "essential", value),
            "Maintainer" => detail(&mut stated, "maintainer", value),
            "Origin" => detail(&mut stated, "origin", value),
            _ => {}
        }
    }
    if state != "installed" {
        detail(&mut stated, "status", &state);
    }
    Some(stated)
}

fn detail(stated: &mut Stated, name: &str, value: &str) {
    if !value.is_empty() {
        stated.details.insert(name.into(), value.into());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    fn wants(path: &str) -> bool {
        trial::wants(&DpkgStatus, path)
    }

    fn read(text: &[u8]) -> Reading {
        trial::read(&DpkgStatus, "var/lib/dpkg/status", text)
    }

    fn packages(reading: &Reading) -> Vec<&Stated> {
        reading.packages().collect()
    }

    #[test]
    fn fields_of_a_package() {
        let reading = read(
            b"Package: libc6\nSTATUS: hold ok installed\nEssential: yes\nArchitecture: amd64\n\
              Source: glibc (2.36-9)\nVersion: 2.36-9+deb12u10\nPre-Depends: dpkg (>= 1.15)\n\
              Provides: libc6-abi (= 2), libc-bin:any\nDepends: libgcc-s1 | libgcc1:any (>= 1),\n libcrypt1 [amd64] <!nocheck>, dpkg\n\
              Conffiles:\n /etc/ld.so.conf abc\nDescription: x\n Package: y\n .\n z\n",
        );
        assert!(reading.problems.is_empty(), "{:?}", reading.problems);
        let [libc] = packages(&reading)[..] else { panic!("{reading:?}") };
        assert_eq!((libc.name.as_str(), libc.version.as_str()), ("libc6", "2.36-9+deb12u10"));
        assert_eq!(libc.arch.as_deref(), Some("amd64"));
        assert_eq!(libc.source, Some(SourcePackage { name: "glibc".into(), version: "2.36-9".into() }));
        assert_eq!(libc.depends, ["dpkg", "libcrypt1", "libgcc-s1", "libgcc1"]);
        assert_eq!(libc.provides, ["libc-bin", "libc6-abi"]);
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
