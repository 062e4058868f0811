//! All catalogers, one file per format. Adding one is a file and a line in [`all`].

pub mod executables;
pub mod language;
pub mod os;
#[cfg(test)]
pub(crate) mod trial;

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
        // - JavaScript.
        &language::NpmPackage,
        &language::NpmLock,
        &language::YarnLock,
        &language::PnpmLock,
        &language::BunLock,
        &language::DenoLock,
        // - Python and conda.
        &language::PythonMetadata,
        &language::PythonDirectUrl,
        &language::PythonArchive,
        &language::PoetryLock,
        &language::PdmLock,
        &language::UvLock,
        &language::PyLock,
        &language::PipfileLock,
        &language::Requirements,
        &language::SetupPy,
        &language::CondaPackage,
        &language::CondaEnvironment,
        // - Java and its kin.
        &language::JavaArchives,
        &language::MavenPom,
        &language::GradleLock,
        &language::GradleVerification,
        &language::SbtLock,
        &language::JvmRelease,
        // - .NET.
        &language::DepsJson,
        &language::PackagesLock,
        &language::ProjectAssets,
        &language::PackagesConfig,
        &language::CentralVersions,
        &language::PaketLock,
        // - PHP.
        &language::ComposerInstalled,
        &language::ComposerLock,
        &language::PearRegistry,
        &language::WordPressCore,
        &language::WordPressParts,
        // - Ruby.
        &language::Gemspec,
        &language::GemfileLock,
        // - Go and Rust, beside what their programs hold.
        &language::GoMod,
        &language::GoVendor,
        &language::CargoLock,
        // - C, C++, Swift and Objective-C.
        &language::ConanLock,
        &language::ConanText,
        &language::VcpkgManifest,
        &language::VcpkgStatus,
        &language::SwiftResolved,
        &language::CocoaPodsLock,
        // - Others, by name.
        &language::DartPubspecLock,
        &language::ElixirMixLock,
        &language::ErlangRebarLock,
        &language::ErlangApplication,
        &language::HaskellFreeze,
        &language::HaskellStack,
        &language::JuliaManifest,
        &language::JuliaProject,
        &language::LuaRockspec,
        &language::OpamPackage,
        &language::OpamSwitch,
        &language::PerlMeta,
        &language::PerlInstall,
        &language::PerlSnapshot,
        &language::SwiPlPack,
        &language::RDescription,
        &language::RenvLock,
        // - Not languages, but locked like them.
        &language::TerraformLock,
        &language::GitHubActions,
        // Programs, whatever built them.
        &executables::Executables,
    ]
}
