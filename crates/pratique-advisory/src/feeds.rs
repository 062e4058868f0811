//! The feeds, one file each: what a publisher's files look like, and what they say as records of the OSV format.
//!
//! A new feed is one file here, one line in [`all`], and its name in [`crate::FeedId`].

mod amazon;
mod azure_linux;
mod csaf;
mod debian;
mod documents;
mod entry;
mod expand;
mod fixes;
mod nvd;
mod openvex;
mod oracle;
mod oval;
mod photon;
mod private;
mod red_hat;
mod secdb;
mod ubuntu;
mod vex;
mod xml;

use crate::Feed;

pub use amazon::Amazon;
pub use azure_linux::AzureLinux;
pub use debian::Debian;
pub use nvd::Nvd;
pub use oracle::Oracle;
pub use photon::Photon;
pub use private::{Private, misfiled};
pub use red_hat::RedHat;
pub use secdb::{Alpine, Chainguard, Wolfi};
pub use ubuntu::Ubuntu;
pub use vex::Vex;

/// All feeds besides OSV's own, which is read by [`crate::import()`].
pub fn all() -> &'static [&'static dyn Feed] {
    &[
        &Alpine,
        &Amazon,
        &AzureLinux,
        &Chainguard,
        &Debian,
        &Nvd,
        &Oracle,
        &Photon,
        &Private,
        &RedHat,
        &Ubuntu,
        &Vex,
        &Wolfi,
    ]
}
