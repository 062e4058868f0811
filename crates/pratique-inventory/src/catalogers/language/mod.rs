//! What language ecosystems install, lock and build in.

pub mod cargo_lock;
pub mod go;
pub mod java;
pub mod jvm;
pub mod npm;
mod origin;
pub mod python;
#[cfg(test)]
pub(crate) mod trial;
mod xml;

pub use cargo_lock::CargoLock;
pub use go::{GoMod, GoVendor};
pub use java::JavaArchives;
pub use jvm::{GradleLock, GradleVerification, JvmRelease, MavenPom, SbtLock};
pub use npm::{NpmLock, NpmPackage};
pub use python::{PythonDirectUrl, PythonMetadata};
