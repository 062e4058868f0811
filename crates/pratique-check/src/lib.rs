//! What is wrong with how an image is made: its configuration, the permissions and leftovers of its files, the
//! Dockerfile it is built from, the secrets in it, and the licences of what is in it.
//!
//! * A [`Rule`] says what is wrong, why that matters and what to do; a [`Check`] holds a subject to it and tells each
//!   place as a [`Misconfiguration`]. [`image::checks`] and [`lint::checks`] are the tables of all of them, one topic a
//!   file.
//! * [`dockerfile`] reads Dockerfiles, [`lint::lint`] checks one.
//! * [`secrets`] has the rules for secrets, the reader that looks into the files of a layer while it streams past, and
//!   what it finds in configurations. Only the kind of a secret, its place and a redacted form ever leave it.
//! * [`traces`] finds files that checks of images look for.
//! * [`licence`] sorts SPDX licences into categories and holds packages to a policy.
//!
//! Everything here is pure: files are read by the one pass of `pratique-inventory`.

pub mod dockerfile;
pub mod image;
pub mod licence;
pub mod lint;
mod rule;
pub mod secrets;
pub mod traces;

pub use rule::{Check, Found, Misconfiguration, Place, Rule, Topic};
