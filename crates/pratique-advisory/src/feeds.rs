//! The feeds, one file each: what a publisher's files look like, and what they say as records of the OSV format.
//!
//! A new feed is one file here, one line in [`all`], and its name in [`crate::FeedId`].

mod private;

pub use self::private::Private;
use crate::Feed;

/// All feeds besides OSV's own, which is read by [`crate::import()`].
pub fn all() -> &'static [&'static dyn Feed] {
    &[&Private]
}
