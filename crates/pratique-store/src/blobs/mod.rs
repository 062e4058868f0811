//! The bytes of blobs, and uploads that grow until they are one.

mod disk;
mod growing;

use std::path::Path;

pub use self::{
    disk::{Appender, Disk},
    growing::{Growing, Tail},
};
use crate::BlobError;

/// Where blobs are.
pub type Blobs = Disk;

/// Opens the blobs in `directory`, which is made if it is not there.
///
/// # Errors
/// [`BlobError`] when it cannot be.
pub fn open(directory: &Path) -> Result<Blobs, BlobError> {
    Disk::open(directory)
}
