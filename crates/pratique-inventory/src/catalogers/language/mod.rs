//! What language ecosystems install, lock and build in.

pub mod cargo_lock;
pub mod dotnet;
pub mod go;
pub mod java;
pub mod jvm;
mod keys;
pub mod npm;
mod origin;
pub mod php;
pub mod python;
pub mod ruby;
#[cfg(test)]
pub(crate) mod trial;
pub mod wordpress;
mod xml;

pub use cargo_lock::CargoLock;
pub use dotnet::{CentralVersions, DepsJson, PackagesConfig, PackagesLock, PaketLock, ProjectAssets};
pub use go::{GoMod, GoVendor};
pub use java::JavaArchives;
pub use jvm::{GradleLock, GradleVerification, JvmRelease, MavenPom, SbtLock};
pub use npm::{NpmLock, NpmPackage};
pub use php::{ComposerInstalled, ComposerLock, PearRegistry};
pub use python::{PythonDirectUrl, PythonMetadata};
pub use ruby::{GemfileLock, Gemspec};
pub use wordpress::{WordPressCore, WordPressParts};
