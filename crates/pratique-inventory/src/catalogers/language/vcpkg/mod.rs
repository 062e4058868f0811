//! vcpkg: ports of C and C++ libraries, as a manifest pins them and as they were installed.
//!
//! `vcpkg-lock.json` is not read: in spite of its name it holds commits of registries and no package.

pub mod manifest;
pub mod status;

pub use manifest::VcpkgManifest;
pub use status::VcpkgStatus;

/// The key of a port's own revision, which counts changes to the recipe and is a qualifier of the purl.
const PORT_VERSION: &str = "port_version";
