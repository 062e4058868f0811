//! What language ecosystems install, lock and build in.

pub mod cargo_lock;
pub mod conda;
pub mod java;
mod needs;
pub mod npm;
mod origin;
pub mod python;
#[cfg(test)]
mod testing;
mod toml_text;
pub(in crate::catalogers) mod yaml;
mod zip_stream;

pub use cargo_lock::CargoLock;
pub use conda::{CondaEnvironment, CondaPackage};
pub use java::JavaArchives;
pub use npm::{BunLock, DenoLock, NpmLock, NpmPackage, PnpmLock, YarnLock};
pub use python::{
    PdmLock, PipfileLock, PoetryLock, PyLock, PythonArchive, PythonDirectUrl, PythonMetadata, Requirements,
    SetupPy, UvLock,
};
