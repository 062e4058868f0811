//! The bodies of the fuzz targets, and the table of them.
//!
//! They are ordinary functions of bytes, so that the seeds can be put through them without a fuzzer:
//! `crates/pratique/tests/fuzz_seeds.rs` does that on the stable toolchain. What a target answers does not matter, only
//! that it does, without a panic, a hang or memory beyond reason, and that two ways to the same answer agree.

pub mod advisories;
pub mod catalogers;
pub mod checks;
pub mod images;
pub mod versions;

/// A target: its name, which is that of its seeds' folder, and its body.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("advisory_database", advisories::advisory_database),
    ("apk_installed", catalogers::apk_installed),
    ("cargo_lock", catalogers::cargo_lock),
    ("dockerfile", checks::dockerfile),
    ("dpkg_copyright", catalogers::dpkg_copyright),
    ("dpkg_status", catalogers::dpkg_status),
    ("executables", catalogers::executables),
    ("java_archive", catalogers::java_archive),
    ("licence", checks::licence),
    ("npm_lock", catalogers::npm_lock),
    ("npm_package", catalogers::npm_package),
    ("os_release", catalogers::os_release),
    ("osv_record", advisories::osv_record),
    ("purl", versions::purl),
    ("python_metadata", catalogers::python_metadata),
    ("reference", images::reference),
    ("rpm_bdb", catalogers::rpm_bdb),
    ("rpm_header", catalogers::rpm_header),
    ("rpm_ndb", catalogers::rpm_ndb),
    ("rpm_sqlite", catalogers::rpm_sqlite),
    ("secrets", checks::secrets),
    ("tar_layer", images::tar_layer),
    ("versions", versions::versions),
];
