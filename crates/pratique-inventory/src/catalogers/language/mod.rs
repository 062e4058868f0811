//! What language ecosystems install, lock and build in.

pub mod cargo_lock;
pub mod java;
pub mod npm;
mod origin;
pub mod python;
pub(in crate::catalogers) mod yaml;

pub use cargo_lock::CargoLock;
pub use java::JavaArchives;
pub use npm::{NpmLock, NpmPackage};
pub use python::{PythonDirectUrl, PythonMetadata};
