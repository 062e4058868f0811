//! What operating systems install.

mod lines;

pub mod apk;
pub mod dpkg;
pub mod release;

pub use apk::ApkDatabase;
pub use dpkg::{DpkgCopyright, DpkgFiles, DpkgStatus};
pub use release::ReleaseFiles;
