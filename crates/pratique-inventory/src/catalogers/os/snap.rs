//! Snaps: what one is, and which Debian packages it was filled with.
//!
//! * `meta/snap.yaml` is the snap itself (snapcraft.io, "The snap format"): name, version, base, architectures.
//! * `snap/manifest.yaml`, which `snapcraft` adds on request, lists under `primed-stage-packages` what of Ubuntu's
//!   archive went into the snap, as `NAME=VERSION`.
//! * Base snaps (`core20`) have `usr/share/snappy/dpkg.yaml` with such a list, older ones `dpkg.list`, which is the
//!   table that `dpkg -l` prints.
//!
//! The packages lie in the snap without dpkg's database; they are Ubuntu's whatever the system around is. A name may
//! carry its architecture (`libc6:amd64`). Source packages are not stated.

use pratique_image::{EntryHeader, ImagePath};
use serde::Deserialize;

use crate::catalogers::language::yaml;
use crate::{
    Cataloger, CatalogerId, Fact, File, Limits, PackageKind, Reading, Requirement, SourcePackage, Stated,
    Unreadable,
};

/// Reads what snaps state of themselves.
pub struct SnapFiles;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Snap,
    Manifest,
    DpkgYaml,
    DpkgList,
}

fn format(path: &ImagePath) -> Option<Format> {
    const FILES: &[(&str, Format)] = &[
        ("meta/snap.yaml", Format::Snap),
        ("snap/manifest.yaml", Format::Manifest),
        ("usr/share/snappy/dpkg.yaml", Format::DpkgYaml),
        ("usr/share/snappy/dpkg.list", Format::DpkgList),
    ];
    // Three endings settle it for nearly every file.
    let bytes = path.as_bytes();
    if !matches!(bytes.last(), Some(b'l' | b't')) {
        return None;
    }
    let is_at = |file: &str| {
        let above = bytes.strip_suffix(file.as_bytes());
        above.is_some_and(|above| above.is_empty() || above.ends_with(b"/"))
    };
    FILES.iter().find(|(file, _)| is_at(file)).map(|&(_, format)| format)
}

impl Cataloger for SnapFiles {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "os/snap", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &[
            "**/meta/snap.yaml",
            "**/snap/manifest.yaml",
            "**/usr/share/snappy/dpkg.yaml",
            "**/usr/share/snappy/dpkg.list",
        ]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        format(&file.path).is_some()
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let Some(format) = format(&file.header.path) else { return Ok(Reading::nothing()) };
        let mut reading = Reading::nothing();
        match format {
            Format::Snap => {
                let snap: Snap = yaml::read(file, "snap.yaml")?;
                reading.facts.push(snap.stated()?);
            }
            Format::Manifest => {
                let manifest: Manifest = yaml::read(file, "snap manifest")?;
                listed(manifest.primed_stage_packages, file.limits, &mut reading);
            }
            Format::DpkgYaml => {
                let list: DpkgYaml = yaml::read(file, "snappy package list")?;
                listed(list.packages, file.limits, &mut reading);
            }
            Format::DpkgList => table(&yaml::text(file)?, file.limits, &mut reading),
        }
        Ok(reading)
    }
}

#[derive(Deserialize)]
struct Snap {
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    base: Option<String>,
    #[serde(default)]
    license: Option<String>,
    #[serde(default)]
    architectures: Vec<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    confinement: Option<String>,
}

impl Snap {
    fn stated(self) -> Result<Fact, Unreadable> {
        if self.name.is_empty() {
            return Err(Unreadable::malformed("snap.yaml", "it has no name"));
        }
        let details = [("type", self.kind), ("confinement", self.confinement)];
        Ok(Fact::Package(Box::new(Stated {
            kind: PackageKind::Snap,
            name: self.name,
            version: self.version,
            arch: self.architectures.into_iter().next(),
            licences: self.license.into_iter().collect(),
            depends: self.base.into_iter().filter(|base| base != "bare").map(Requirement::from).collect(),
            details: details.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect(),
            ..Stated::default()
        })))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Manifest {
    #[serde(default)]
    primed_stage_packages: Vec<String>,
}

#[derive(Deserialize)]
struct DpkgYaml {
    #[serde(default)]
    packages: Vec<String>,
}

/// Packages as `NAME[:ARCH]=VERSION`.
fn listed(packages: Vec<String>, limits: &Limits, reading: &mut Reading) {
    for package in packages {
        match package.split_once('=') {
            Some((name, version)) if !name.is_empty() && !version.is_empty() => {
                if !reading.package(deb(name, version, None), limits) {
                    break;
                }
            }
            _ => reading.problem(format!("{package:?} is no package and version")),
        }
    }
}

/// The lines of `dpkg -l` for what is installed: `ii  NAME[:ARCH]  VERSION  ARCH  DESCRIPTION`.
fn table(text: &str, limits: &Limits, reading: &mut Reading) {
    let rows = text.lines().filter(|line| line.starts_with("ii ") || line.starts_with("hi "));
    for line in rows {
        let mut columns = line.split_whitespace().skip(1);
        match (columns.next(), columns.next()) {
            (Some(name), Some(version)) => {
                if !reading.package(deb(name, version, columns.next()), limits) {
                    break;
                }
            }
            _ => reading.problem(format!("{line:?} does not have the columns of a package")),
        }
    }
}

fn deb(name: &str, version: &str, arch: Option<&str>) -> Stated {
    let (name, own_arch) = match name.split_once(':') {
        Some((name, arch)) => (name, Some(arch)),
        None => (name, None),
    };
    Stated {
        kind: PackageKind::Deb,
        name: name.to_owned(),
        namespace: Some("ubuntu".to_owned()),
        version: version.to_owned(),
        arch: arch.or(own_arch).map(str::to_owned),
        // As in dpkg's own database: a package that names no source is its own.
        source: Some(SourcePackage { name: name.to_owned(), version: version.to_owned() }),
        ..Stated::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, try_read, wants, withstands_damage};

    const SNAP: &[u8] = b"name: core20\nversion: 20240911\ntype: base\nlicense: GPL-3.0\narchitectures:\n\
        - amd64\nbase: bare\nconfinement: strict\napps:\n  x:\n    command: y\n";
    const LIST: &[u8] = b"package-repositories:\n- type: apt\npackages:\n- adduser=3.118ubuntu2\n\
        - libc6:amd64=2.31-0ubuntu9.16\n- broken\n";

    fn stated(reading: &Reading) -> Vec<(&str, &str, Option<&str>)> {
        let facts = reading.facts.iter();
        facts
            .filter_map(|fact| if let Fact::Package(stated) = fact { Some(stated) } else { None })
            .map(|stated| (stated.name.as_str(), stated.version.as_str(), stated.arch.as_deref()))
            .collect()
    }

    #[test]
    fn a_snap() {
        let reading = read(&SnapFiles, "snap/core20/current/meta/snap.yaml", SNAP);
        assert_eq!(stated(&reading), [("core20", "20240911", Some("amd64"))]);
        assert!(try_read(&SnapFiles, "meta/snap.yaml", b"version: 1\n").is_err());
    }

    #[test]
    fn its_packages() {
        let reading = read(&SnapFiles, "usr/share/snappy/dpkg.yaml", LIST);
        let expected = [("adduser", "3.118ubuntu2", None), ("libc6", "2.31-0ubuntu9.16", Some("amd64"))];
        assert_eq!(stated(&reading), expected);
        assert_eq!(reading.problems, ["\"broken\" is no package and version"]);
        let manifest = b"name: x\nprimed-stage-packages:\n- libssl3=3.0.2-0ubuntu1.18\nparts: {}\n";
        let reading = read(&SnapFiles, "snap/manifest.yaml", manifest);
        assert_eq!(stated(&reading), [("libssl3", "3.0.2-0ubuntu1.18", None)]);
        let table = b"Desired=Unknown/Install\n||/ Name Version\n+++-===\nii  libc6:amd64  2.23-0ubuntu11  amd64  GNU C\n\
            rc  gone  1  amd64  x\nii  short\n";
        let reading = read(&SnapFiles, "usr/share/snappy/dpkg.list", table);
        assert_eq!(stated(&reading), [("libc6", "2.23-0ubuntu11", Some("amd64"))]);
        assert_eq!(reading.problems.len(), 1);
    }

    #[test]
    fn which_files() {
        assert!(wants(&SnapFiles, "meta/snap.yaml"));
        assert!(!wants(&SnapFiles, "xmeta/snap.yaml"));
        assert!(!wants(&SnapFiles, "snap/snapcraft.yaml"));
    }

    #[test]
    fn damage_never_panics() {
        withstands_damage(&SnapFiles, "meta/snap.yaml", SNAP);
        withstands_damage(&SnapFiles, "usr/share/snappy/dpkg.yaml", LIST);
    }
}
