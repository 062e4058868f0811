//! The feeds, one file each: what a publisher's files look like, and what they say as records of the OSV format.
//!
//! A new feed is one file here, one line in [`all`], and its name in [`crate::FeedId`].

mod amazon;
mod azure_linux;
mod entry;
mod expand;
mod oracle;
mod oval;
mod photon;
mod secdb;
mod xml;

use crate::Feed;

/// All feeds besides OSV's own, which is read by [`crate::import()`].
pub fn all() -> &'static [&'static dyn Feed] {
    &[
        &secdb::Alpine,
        &amazon::Amazon,
        &azure_linux::AzureLinux,
        &secdb::Chainguard,
        &oracle::Oracle,
        &photon::Photon,
        &secdb::Wolfi,
    ]
}
