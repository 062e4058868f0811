//! Packages that opkg has installed: OpenWrt, Yocto's and OpenEmbedded's images, Entware.
//!
//! opkg grew out of ipkg and keeps dpkg's form: `status` has one paragraph a package, `info/NAME.control` the same
//! of one package with more fields, `info/NAME.list` what it brought, one path a line. They lie in `usr/lib/opkg`
//! (OpenWrt), `var/lib/opkg` (Yocto) or `opt/lib/opkg` (Entware).
//!
//! Traps: the third word of `Status` decides, as with dpkg. OpenWrt's `Source` is a folder of its build system
//! (`feeds/base/libs/openssl`) and `SourceName` the source package; Yocto's `OE` is the recipe. `status` leaves out
//! what `info/NAME.control` has (licence, source), which therefore is read too: both state one package and become
//! one.

use pratique_image::{EntryHeader, ImagePath};

use super::{
    control::{self, Paragraph},
    file_list::{self, Listed},
    lines::text,
};
use crate::{Cataloger, CatalogerId, Fact, File, PackageKind, Reading, SourcePackage, Stated, Unreadable};

/// Reads opkg's list of packages and the control file of each.
pub struct OpkgStatus;

/// Reads opkg's lists of the files of a package.
pub struct OpkgFiles;

/// Where opkg keeps its database.
const DATABASES: &[&[u8]] = &[b"usr/lib/opkg/", b"var/lib/opkg/", b"opt/lib/opkg/"];

const FIELDS: &[&str] = &[
    "Package",
    "Status",
    "Version",
    "Architecture",
    "Depends",
    "Provides",
    "License",
    "SourceName",
    "OE",
    "Source",
    "Auto-Installed",
    "Essential",
    "ABIVersion",
];

fn in_database(path: &ImagePath) -> Option<&[u8]> {
    DATABASES.iter().find_map(|folder| path.as_bytes().strip_prefix(*folder))
}

/// NAME of `info/NAME.ENDING`.
fn in_info<'a>(path: &'a ImagePath, ending: &[u8]) -> Option<&'a [u8]> {
    let name = in_database(path)?.strip_prefix(b"info/")?.strip_suffix(ending)?;
    (!name.is_empty() && !name.contains(&b'/')).then_some(name)
}

impl Cataloger for OpkgStatus {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "os/opkg", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["{usr,var,opt}/lib/opkg/status", "{usr,var,opt}/lib/opkg/info/*.control"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        in_database(&file.path) == Some(b"status") || in_info(&file.path, b".control").is_some()
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        control::packages(file, FIELDS, package)
    }
}

fn package(mut paragraph: Paragraph, reading: &mut Reading) -> Option<Stated> {
    let state = paragraph.take("Status").split_whitespace().last().unwrap_or_default().to_owned();
    if matches!(state.as_str(), "not-installed" | "config-files") {
        return None;
    }
    let line = paragraph.line;
    let (name, version) = (paragraph.take("Package"), paragraph.take("Version"));
    if name.is_empty() {
        reading.problem(format!("the package at line {line} has no name"));
        return None;
    }
    if version.is_empty() {
        reading.problem(format!("{name} at line {line} has no version"));
        return None;
    }
    let mut stated = Stated {
        kind: PackageKind::Opkg,
        source: source(&mut paragraph, &version),
        version,
        arch: Some(paragraph.take("Architecture")).filter(|arch| !arch.is_empty()),
        licences: Some(paragraph.take("License")).filter(|licence| !licence.is_empty()).into_iter().collect(),
        depends: control::names(&paragraph.take("Depends")).map(Into::into).collect(),
        provides: control::names(&paragraph.take("Provides")).filter(|provided| *provided != name).collect(),
        name,
        ..Stated::default()
    };
    // Only `status` tells who asked for it, and only of those that nobody did.
    if paragraph.take("Auto-Installed") == "yes" {
        stated.direct = Some(false);
    }
    for (field, detail) in [("Essential", "essential"), ("ABIVersion", "abi_version")] {
        let value = paragraph.take(field);
        if !value.is_empty() {
            stated.details.insert(detail.into(), value);
        }
    }
    Some(stated)
}

/// The source package or recipe; `None` where only a folder or an address is stated.
fn source(paragraph: &mut Paragraph, version: &str) -> Option<SourcePackage> {
    let stated = ["SourceName", "OE", "Source"].map(|field| paragraph.take(field));
    let is_name = |name: &String| !name.is_empty() && !name.contains(['/', ':', ' ']);
    let name = stated.into_iter().find(is_name)?;
    Some(SourcePackage { name, version: version.to_owned() })
}

impl Cataloger for OpkgFiles {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "os/opkg-files", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["{usr,var,opt}/lib/opkg/info/*.list"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        in_info(&file.path, b".list").is_some()
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let Some(package) = in_info(&file.header.path, b".list").map(text) else {
            return Ok(Reading::nothing());
        };
        let mut reading = Reading::nothing();
        let files = file_list::paths(file, &mut reading, |line| {
            // Newer versions write size, mode and target of links behind tabs.
            let path = line.bytes.split(|&b| b == b'\t').next().unwrap_or_default();
            let path = path.strip_prefix(b"/").unwrap_or(path);
            if path.is_empty() || path.ends_with(b"/") { Listed::Nothing } else { Listed::Path(path) }
        })?;
        if !files.is_empty() {
            reading.facts.push(Fact::PackageFiles { package, files });
        }
        Ok(reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, wants, withstands_damage};

    const STATUS: &str = "usr/lib/opkg/status";
    // Written after OpenWrt 23.05's.
    const SAMPLE: &[u8] = b"Package: libopenssl3\nABIVersion: 3\nVersion: 3.0.12-1\n\
        Depends: libc, libatomic1 (>= 4)\nProvides: libopenssl, libopenssl3\nStatus: install user installed\n\
        Essential: yes\nArchitecture: x86_64\nInstalled-Time: 1697212413\nAuto-Installed: yes\n\n\
        Package: gone\nVersion: 1\nStatus: deinstall ok not-installed\n\nPackage: broken\n\n";

    #[test]
    fn packages_of_a_status_file() {
        let reading = read(&OpkgStatus, STATUS, SAMPLE);
        let [Fact::Package(stated)] = reading.facts.as_slice() else { panic!("{reading:?}") };
        assert_eq!((stated.name.as_str(), stated.version.as_str()), ("libopenssl3", "3.0.12-1"));
        assert_eq!(stated.kind, PackageKind::Opkg);
        assert_eq!(stated.depends, ["libatomic1", "libc"]);
        assert_eq!(stated.provides, ["libopenssl"]);
        assert_eq!(stated.direct, Some(false));
        assert_eq!(stated.source, None);
        assert_eq!(reading.problems, ["broken at line 16 has no version"]);
    }

    #[test]
    fn a_control_file_tells_licence_and_source() {
        let text = b"Package: libopenssl3\nVersion: 3.0.12-1\nSource: package/libs/openssl\n\
            SourceName: openssl\nLicense: Apache-2.0\nArchitecture: x86_64\n";
        let reading = read(&OpkgStatus, "usr/lib/opkg/info/libopenssl3.control", text);
        let [Fact::Package(stated)] = reading.facts.as_slice() else { panic!("{reading:?}") };
        assert_eq!(stated.licences, ["Apache-2.0"]);
        assert_eq!(stated.source, Some(SourcePackage { name: "openssl".into(), version: "3.0.12-1".into() }));
    }

    #[test]
    fn files_of_a_package() {
        let text = b"/usr/lib/libssl.so.3\n/usr/lib/libcrypto.so.3\t0100644\n\n/etc/\n";
        let reading = read(&OpkgFiles, "var/lib/opkg/info/libopenssl3.list", text);
        let files = ["usr/lib/libssl.so.3", "usr/lib/libcrypto.so.3"].into_iter().collect();
        assert_eq!(reading, Reading::of(Fact::PackageFiles { package: "libopenssl3".into(), files }));
        assert!(!wants(&OpkgFiles, "var/lib/opkg/lists/base"));
        assert!(!wants(&OpkgStatus, "srv/usr/lib/opkg/status"));
    }

    #[test]
    fn damage_never_panics() {
        withstands_damage(&OpkgStatus, STATUS, SAMPLE);
        withstands_damage(&OpkgFiles, "var/lib/opkg/info/a.list", b"/usr/bin/a\t1\n/b\n");
    }
}
