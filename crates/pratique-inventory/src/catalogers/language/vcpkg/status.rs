//! `vcpkg/status`: the ports that vcpkg installed.
//!
//! Follows vcpkg's own reader (`statusparagraphs.cpp`, `commands.install`; there is no specification):
//! paragraphs in the form of `dpkg`'s status file, at `installed/vcpkg/status`, or
//! `vcpkg_installed/vcpkg/status` in a project with a manifest. Each run writes what it changed to
//! `vcpkg/updates/NNNN` first and folds that into `status` when the next run begins, so an image often has
//! most of its ports in `updates`; both are read alike. A port that a later run removed is still stated when
//! its removal alone lies in `updates`.
//!
//! A port's features are paragraphs of their own (`Feature:`), which name no version and add to what it
//! needs. The architecture is vcpkg's triplet, `x64-linux`. The port's own revision is `Port-Version`, and
//! behind a dash in files older than 2020, where it cannot be told from a part of the version.

use pratique_image::EntryHeader;

use super::{
    super::{control, document},
    PORT_VERSION,
};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Requirement, Stated, Unreadable};

/// Ports that vcpkg installed.
pub struct VcpkgStatus;

/// Longest file that is read, in bytes: some hundred for each port and feature.
const LONGEST: u64 = 32 << 20;
const FORMAT: &str = "vcpkg status";

impl Cataloger for VcpkgStatus {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/vcpkg-status", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/vcpkg/status", "**/vcpkg/updates/*"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        let path = file.path.as_bytes();
        let folder = path.strip_suffix(file.path.file_name()).unwrap_or_default();
        if file.path.file_name() == b"status" {
            folder == b"vcpkg/" || folder.ends_with(b"/vcpkg/")
        } else {
            file.path.file_name().iter().all(u8::is_ascii_digit) && folder.ends_with(b"/vcpkg/updates/")
        }
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let text = document::text(file, FORMAT, LONGEST)?;
        let mut reading = Reading::nothing();
        let mut packages: Vec<Stated> = Vec::new();
        for paragraph in control::paragraphs(&text) {
            if paragraph.get("Status") != Some("install ok installed") {
                continue;
            }
            let (Some(name), Some(triplet)) = (paragraph.get("Package"), paragraph.get("Architecture"))
            else {
                reading.problem("an installed port has no Package or no Architecture");
                continue;
            };
            // `zlib:x64-linux`, `curl[ssl]`: the triplet is mostly the port's own.
            let needs = paragraph.names("Depends").filter_map(|need| need.split([':', '[']).next());
            let needs: Vec<Requirement> =
                needs.filter(|need| *need != name && !need.is_empty()).map(Into::into).collect();
            if paragraph.get("Feature").is_some() {
                // It follows its port at once, or is one that a later run added to it.
                let port = packages.iter_mut().rev();
                let mut port =
                    port.take(FEATURES).filter(|p| p.name == name && p.arch.as_deref() == Some(triplet));
                if let Some(port) = port.next() {
                    port.depends.extend(needs);
                }
                continue;
            }
            let mut stated = Stated {
                kind: PackageKind::Vcpkg,
                name: name.to_owned(),
                version: paragraph.get("Version").unwrap_or_default().to_owned(),
                arch: Some(triplet.to_owned()),
                depends: needs,
                ..Stated::default()
            };
            if let Some(revision) = paragraph.get("Port-Version").filter(|revision| *revision != "0") {
                stated.details.insert(PORT_VERSION.to_owned(), revision.to_owned());
            }
            packages.push(stated);
        }
        reading.extend(packages, file.limits);
        Ok(reading)
    }
}

/// How far back a feature's port is looked for, so that a file of features alone takes no square of time.
const FEATURES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const PATH: &str = "opt/vcpkg/installed/vcpkg/status";
    const STATUS: &str = "Package: vcpkg-cmake\nVersion: 2023-05-04\nArchitecture: x64-linux\nMulti-Arch: same\n\
        Abi: 1f\nStatus: install ok installed\n\nPackage: curl\nVersion: 8.4.0\nPort-Version: 1\nDepends: vcpkg-cmake:x64-linux, zlib\n\
        Architecture: x64-linux\nDescription: A\n  library\nType: Port\nStatus: install ok installed\n\n\
        Package: curl\nFeature: ssl\nDepends: openssl\nArchitecture: x64-linux\nStatus: install ok installed\n\n\
        Package: gone\nVersion: 1\nArchitecture: x64-linux\nStatus: purge ok not-installed\n\n";

    #[test]
    fn what_was_installed() {
        let found = trial::packages(&VcpkgStatus, PATH, STATUS);
        assert_eq!(trial::ids(&found), ["vcpkg-cmake 2023-05-04", "curl 8.4.0"]);
        assert_eq!(found[1].depends, ["openssl", "vcpkg-cmake", "zlib"]);
        assert_eq!((found[1].arch.as_deref(), &*found[1].details["port_version"]), (Some("x64-linux"), "1"));
    }

    #[test]
    fn where_it_lies() {
        for (path, want) in [
            ("app/vcpkg_installed/vcpkg/updates/0000000003", true),
            ("vcpkg/status", true),
            ("var/lib/dpkg/status", false),
            ("app/vcpkg/updates/readme", false),
        ] {
            assert_eq!(trial::wants(&VcpkgStatus, path), want, "{path}");
        }
    }

    #[test]
    fn says_what_makes_no_sense() {
        let reading = trial::read(&VcpkgStatus, PATH, "Package: a\nStatus: install ok installed\n");
        assert_eq!((reading.facts.len(), reading.problems.len()), (0, 1));
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&VcpkgStatus, PATH, STATUS);
        trial::keeps_to_the_limit(&VcpkgStatus, PATH, STATUS);
    }
}
