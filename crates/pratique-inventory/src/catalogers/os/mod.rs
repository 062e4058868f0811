//! What operating systems install.

mod lines;

pub mod apk;
pub mod dpkg;
pub mod release;
pub mod rpm;

pub use apk::ApkDatabase;
pub use dpkg::{DpkgCopyright, DpkgFiles, DpkgStatus};
pub use release::ReleaseFiles;
pub use rpm::{RpmDatabase, RpmManifest};
