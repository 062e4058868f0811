//! The list of packages in distroless images of CBL-Mariner and Azure Linux, which have no database.
//!
//! `var/lib/rpmmanifest/container-manifest-2` is the output of `rpm -qa` with a format of its own (Microsoft's
//! image build, and Trivy's and Syft's readers of it): ten columns separated by tabs, namely name,
//! version-release, time of installation, time of build, vendor, epoch, size, architecture, epoch as a number,
//! source package. `container-manifest-1` beside it has names for people and is not read.

use pratique_image::EntryHeader;

use super::package::source;
use crate::catalogers::os::lines::{Lines, text};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Reads the list of packages of Microsoft's distroless images.
pub struct RpmManifest;

impl Cataloger for RpmManifest {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "os/rpm-manifest", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["var/lib/rpmmanifest/container-manifest-2"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.as_bytes() == b"var/lib/rpmmanifest/container-manifest-2"
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let mut reading = Reading::nothing();
        let mut lines = Lines::new(file.body);
        while let Some(line) = lines.next()? {
            if line.bytes.is_empty() {
                continue;
            }
            match package(line.bytes) {
                Some(stated) => {
                    if !reading.package(stated, file.limits) {
                        break;
                    }
                }
                None => reading
                    .problem(format!("line {} does not have the ten columns of a package", line.number)),
            }
        }
        Ok(reading)
    }
}

fn package(line: &[u8]) -> Option<Stated> {
    let mut columns = line.split(|&b| b == b'\t').map(text);
    let mut column = || columns.next().map(|value| if value == "(none)" { String::new() } else { value });
    let (name, version) = (column()?, column()?);
    let (_installed, _built, vendor) = (column()?, column()?, column()?);
    let (epoch, _size, arch) = (column()?, column()?, column()?);
    let (epoch_number, source_rpm) = (column()?, column()?);
    if name.is_empty() || version.is_empty() {
        return None;
    }
    // The number is 0 where there is no epoch.
    let epoch = if epoch.is_empty() { epoch_number.as_str() } else { epoch.as_str() };
    let full_version = match epoch {
        "" | "0" => version.clone(),
        epoch => format!("{epoch}:{version}"),
    };
    let details = [("vendor", vendor), ("sourcerpm", source_rpm.clone())];
    Some(Stated {
        kind: PackageKind::Rpm,
        source: source(&source_rpm, &version, &full_version),
        version: full_version,
        arch: Some(arch).filter(|arch| !arch.is_empty()),
        details: details.into_iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| (k.to_owned(), v)).collect(),
        name,
        ..Stated::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SourcePackage, catalogers::trial};

    fn read(text: &[u8]) -> Reading {
        trial::read(&RpmManifest, "var/lib/rpmmanifest/container-manifest-2", text)
    }

    #[test]
    fn columns_of_a_package() {
        let row = "\t1712182041\t1712153709\tMicrosoft Corporation\t(none)\t7756\tnoarch\t1\tca-2.0.0-16.cm2.src.rpm";
        let reading = read(format!("ca\t2.0.0-16.cm2{row}\n\ntoo\tfew\n\t1{row}\n").as_bytes());
        let [ca] = reading.packages().collect::<Vec<_>>()[..] else { panic!("{reading:?}") };
        assert_eq!((ca.name.as_str(), ca.version.as_str()), ("ca", "1:2.0.0-16.cm2"));
        assert_eq!(ca.source, Some(SourcePackage { name: "ca".into(), version: "1:2.0.0-16.cm2".into() }));
        assert_eq!(ca.arch.as_deref(), Some("noarch"));
        assert_eq!(ca.details["vendor"], "Microsoft Corporation");
        assert_eq!(
            reading.problems,
            [3, 4].map(|line| format!("line {line} does not have the ten columns of a package"))
        );
    }
}
