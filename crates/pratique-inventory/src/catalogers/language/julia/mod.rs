//! Julia: what Pkg resolved, and the packages in a depot.

pub mod manifest;
pub mod project;

pub use manifest::JuliaManifest;
pub use project::JuliaProject;

/// The key of a package's UUID, which its purl needs: names are not unique in Julia.
const UUID: &str = "uuid";
