//! The bodies of the fuzz targets, and the table of them.
//!
//! They are ordinary functions of bytes, so that the seeds can be put through them without a fuzzer:
//! `crates/pratique/tests/fuzz_seeds.rs` does that on the stable toolchain. What a target answers does not matter, only
//! that it does, without a panic, a hang or memory beyond reason, and that two ways to the same answer agree.

pub mod advisories;
pub mod aws;
pub mod catalogers;
pub mod checks;
pub mod documents;
pub mod images;
pub mod versions;

/// A target: its name, which is that of its seeds' folder, and its body.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("advisory_database", advisories::advisory_database),
    ("apk_installed", catalogers::apk_installed),
    ("aws_request", aws::aws_request),
    ("bitnami_spdx", catalogers::bitnami_spdx),
    ("bun_lock", catalogers::bun_lock),
    ("cargo_lock", catalogers::cargo_lock),
    ("composer", catalogers::composer),
    ("conda_environment", catalogers::conda_environment),
    ("conda_package", catalogers::conda_package),
    ("deno_lock", catalogers::deno_lock),
    ("distribution_feed", advisories::distribution_feed),
    ("dockerfile", checks::dockerfile),
    ("dotnet_deps", catalogers::dotnet_deps),
    ("dpkg_copyright", catalogers::dpkg_copyright),
    ("dpkg_status", catalogers::dpkg_status),
    ("executables", catalogers::executables),
    ("flatpak_metadata", catalogers::flatpak_metadata),
    ("gem", catalogers::gem),
    ("go_mod", catalogers::go_mod),
    ("gzip", images::gzip),
    ("homebrew_receipt", catalogers::homebrew_receipt),
    ("java_archive", catalogers::java_archive),
    ("jvm_lock", catalogers::jvm_lock),
    ("licence", checks::licence),
    ("maven_pom", catalogers::maven_pom),
    ("npm_lock", catalogers::npm_lock),
    ("npm_package", catalogers::npm_package),
    ("nuget", catalogers::nuget),
    ("opkg_status", catalogers::opkg_status),
    ("os_release", catalogers::os_release),
    ("osv_record", advisories::osv_record),
    ("other_languages", catalogers::other_languages),
    ("pacman_package", catalogers::pacman_package),
    ("pdm_lock", catalogers::pdm_lock),
    ("pear_registry", catalogers::pear_registry),
    ("pipfile_lock", catalogers::pipfile_lock),
    ("pnpm_lock", catalogers::pnpm_lock),
    ("poetry_lock", catalogers::poetry_lock),
    ("portage_contents", catalogers::portage_contents),
    ("programs", catalogers::programs),
    ("publisher_feed", advisories::publisher_feed),
    ("purl", versions::purl),
    ("pylock", catalogers::pylock),
    ("python_archive", catalogers::python_archive),
    ("python_metadata", catalogers::python_metadata),
    ("python_requirements", catalogers::python_requirements),
    ("python_setup", catalogers::python_setup),
    ("red_hat_build", catalogers::red_hat_build),
    ("reference", images::reference),
    ("rpm_bdb", catalogers::rpm_bdb),
    ("rpm_header", catalogers::rpm_header),
    ("rpm_ndb", catalogers::rpm_ndb),
    ("rpm_sqlite", catalogers::rpm_sqlite),
    ("sbom", documents::sbom),
    ("secrets", checks::secrets),
    ("snap_files", catalogers::snap_files),
    ("tar_layer", images::tar_layer),
    ("uv_lock", catalogers::uv_lock),
    ("versions", versions::versions),
    ("wordpress", catalogers::wordpress),
    ("xml_manifests", catalogers::xml_manifests),
    ("yarn_lock", catalogers::yarn_lock),
];
