//! What language ecosystems install, lock and build in.

pub mod cargo_lock;
pub mod cocoapods;
pub mod conan;
pub mod conda;
mod control;
pub mod dart;
mod document;
pub mod dotnet;
pub mod elixir;
pub mod erlang;
pub mod github_actions;
pub mod go;
pub mod haskell;
pub mod java;
pub mod julia;
pub mod jvm;
mod keys;
pub mod lua;
mod needs;
pub mod npm;
pub mod opam;
mod origin;
pub mod perl;
pub mod php;
pub mod python;
pub mod r;
pub mod ruby;
pub mod swift;
pub mod swipl;
mod terms;
pub mod terraform;
pub mod vcpkg;
pub mod wordpress;
mod xml;
pub(in crate::catalogers) mod yaml;
mod zip_stream;

pub use cargo_lock::CargoLock;
pub use cocoapods::CocoaPodsLock;
pub use conan::{ConanLock, ConanText};
pub use conda::{CondaEnvironment, CondaPackage};
pub use dart::DartPubspecLock;
pub use dotnet::{CentralVersions, DepsJson, PackagesConfig, PackagesLock, PaketLock, ProjectAssets};
pub use elixir::ElixirMixLock;
pub use erlang::{ErlangApplication, ErlangRebarLock};
pub use github_actions::GitHubActions;
pub use go::{GoMod, GoVendor};
pub use haskell::{HaskellFreeze, HaskellStack};
pub use java::JavaArchives;
pub use julia::{JuliaManifest, JuliaProject};
pub use jvm::{GradleLock, GradleVerification, JvmRelease, MavenPom, SbtLock};
pub use lua::LuaRockspec;
pub use npm::{BunLock, DenoLock, NpmLock, NpmPackage, PnpmLock, YarnLock};
pub use opam::{OpamPackage, OpamSwitch};
pub use perl::{PerlInstall, PerlMeta, PerlSnapshot};
pub use php::{ComposerInstalled, ComposerLock, PearRegistry};
pub use python::{
    PdmLock, PipfileLock, PoetryLock, PyLock, PythonArchive, PythonDirectUrl, PythonMetadata, Requirements,
    SetupPy, UvLock,
};
pub use r::{RDescription, RenvLock};
pub use ruby::{GemfileLock, Gemspec};
pub use swift::SwiftResolved;
pub use swipl::SwiPlPack;
pub use terraform::TerraformLock;
pub use vcpkg::{VcpkgManifest, VcpkgStatus};
pub use wordpress::{WordPressCore, WordPressParts};
