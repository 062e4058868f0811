//! What operating systems install.

mod control;
mod file_list;
mod lines;

pub mod apk;
pub mod bitnami;
pub mod dpkg;
pub mod flatpak;
pub mod homebrew;
pub mod nix;
pub mod opkg;
pub mod pacman;
pub mod portage;
pub mod red_hat;
pub mod release;
pub mod rpm;
pub mod snap;

pub use apk::ApkDatabase;
pub use bitnami::BitnamiSpdx;
pub use dpkg::{DpkgCopyright, DpkgFiles, DpkgStatus};
pub use flatpak::FlatpakMetadata;
pub use homebrew::HomebrewReceipt;
pub use nix::NixStore;
pub use opkg::{OpkgFiles, OpkgStatus};
pub use pacman::{PacmanFiles, PacmanPackage};
pub use portage::{PortageContents, PortageFields};
pub use red_hat::RedHatBuild;
pub use release::ReleaseFiles;
pub use rpm::{RpmDatabase, RpmManifest};
pub use snap::SnapFiles;
