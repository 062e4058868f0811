//! The feeds, one file each: what a publisher's files look like, and what they say as records of the OSV format.
//!
//! A new feed is one file here, one line in [`all`], and its name in [`crate::FeedId`].

mod csaf;
mod debian;
mod documents;
mod entry;
mod expand;
mod nvd;
mod openvex;
mod private;
mod red_hat;
mod ubuntu;
mod vex;

pub use self::{debian::Debian, nvd::Nvd, private::Private, red_hat::RedHat, ubuntu::Ubuntu, vex::Vex};
use crate::Feed;

/// All feeds besides OSV's own, which is read by [`crate::import()`].
pub fn all() -> &'static [&'static dyn Feed] {
    &[&Debian, &Nvd, &Private, &RedHat, &Ubuntu, &Vex]
}
