//! What dpkg has installed: Debian, Ubuntu and their derivatives, distroless.
//!
//! The truth about a package is spread over several files, each read by itself:
//!
//! * [`status`] has the packages: `var/lib/dpkg/status`, or one file a package in `var/lib/dpkg/status.d` (distroless).
//! * [`files`] has what they brought: `var/lib/dpkg/info/NAME[:ARCH].{list,md5sums}` and `status.d/FILE.md5sums`.
//! * [`copyright`] has their licences: `usr/share/doc/NAME/copyright`.
//!
//! dpkg(1), deb-control(5), dpkg-query(1); Debian Policy, chapters 5 "Control files" and 12.5 "Copyright
//! information".

pub mod copyright;
pub mod files;
pub mod status;

pub use copyright::DpkgCopyright;
pub use files::DpkgFiles;
pub use status::DpkgStatus;

/// Where dpkg keeps its database.
const DATABASE: &[u8] = b"var/lib/dpkg/";

/// The file name below `var/lib/dpkg/FOLDER/`.
fn file_in<'a>(path: &'a pratique_image::ImagePath, folder: &[u8]) -> Option<&'a [u8]> {
    let name = path.as_bytes().strip_prefix(DATABASE)?.strip_prefix(folder)?.strip_prefix(b"/")?;
    (!name.is_empty() && !name.contains(&b'/')).then_some(name)
}
