//! All catalogers, one file per format. Adding one is a file and a line in [`all`].

pub mod executables;
pub mod language;
pub mod os;

use crate::Cataloger;

/// Every cataloger, in the order in which their facts are shown.
pub fn all() -> &'static [&'static dyn Cataloger] {
    &[
        // Operating systems: which release, and what its package manager installed.
        &os::ReleaseFiles,
        &os::ApkDatabase,
        &os::DpkgStatus,
        &os::DpkgFiles,
        &os::DpkgCopyright,
        &os::RpmDatabase,
        &os::RpmManifest,
        &os::PacmanPackage,
        &os::PacmanFiles,
        &os::PortageContents,
        &os::PortageFields,
        &os::OpkgStatus,
        &os::OpkgFiles,
        &os::NixStore,
        &os::BitnamiSpdx,
        &os::RedHatBuild,
        &os::SnapFiles,
        &os::FlatpakMetadata,
        &os::HomebrewReceipt,
        // Language ecosystems: what their tools installed, locked or built in.
        &language::NpmPackage,
        &language::NpmLock,
        &language::PythonMetadata,
        &language::PythonDirectUrl,
        &language::CargoLock,
        &language::JavaArchives,
        &executables::Executables,
    ]
}
