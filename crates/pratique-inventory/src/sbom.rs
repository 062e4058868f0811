//! Inventories as documents that other tools read.

pub mod cyclonedx;
