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
        // Language ecosystems: what their tools installed, locked or built in.
        &language::NpmPackage,
        &language::NpmLock,
        &language::PythonMetadata,
        &language::PythonDirectUrl,
        &language::CargoLock,
        &language::JavaArchives,
        &language::DartPubspecLock,
        &language::ElixirMixLock,
        &language::ErlangRebarLock,
        &language::ErlangApplication,
        &language::SwiftResolved,
        &language::CocoaPodsLock,
        &language::ConanLock,
        &language::ConanText,
        &language::VcpkgManifest,
        &language::VcpkgStatus,
        &language::HaskellFreeze,
        &language::HaskellStack,
        &language::OpamPackage,
        &language::OpamSwitch,
        &language::RDescription,
        &language::RenvLock,
        &language::JuliaManifest,
        &language::JuliaProject,
        &language::LuaRockspec,
        &language::PerlMeta,
        &language::PerlInstall,
        &language::PerlSnapshot,
        &language::SwiPlPack,
        &language::TerraformLock,
        &language::GitHubActions,
        &executables::Executables,
    ]
}
