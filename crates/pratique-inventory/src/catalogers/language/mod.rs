//! What language ecosystems install, lock and build in.

pub mod cargo_lock;
pub mod conan;
mod control;
mod document;
pub mod elixir;
pub mod erlang;
pub mod haskell;
pub mod java;
pub mod julia;
pub mod lua;
pub mod npm;
pub mod opam;
mod origin;
pub mod python;
pub mod r;
pub mod swift;
pub mod swipl;
mod terms;
pub mod terraform;
#[cfg(test)]
mod testing;
pub mod vcpkg;
pub(in crate::catalogers) mod yaml;

pub use cargo_lock::CargoLock;
pub use conan::{ConanLock, ConanText};
pub use elixir::ElixirMixLock;
pub use erlang::{ErlangApplication, ErlangRebarLock};
pub use haskell::HaskellFreeze;
pub use java::JavaArchives;
pub use julia::{JuliaManifest, JuliaProject};
pub use lua::LuaRockspec;
pub use npm::{NpmLock, NpmPackage};
pub use opam::{OpamPackage, OpamSwitch};
pub use python::{PythonDirectUrl, PythonMetadata};
pub use r::{RDescription, RenvLock};
pub use swift::SwiftResolved;
pub use swipl::SwiPlPack;
pub use terraform::TerraformLock;
pub use vcpkg::{VcpkgManifest, VcpkgStatus};
