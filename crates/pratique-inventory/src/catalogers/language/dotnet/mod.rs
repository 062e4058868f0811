//! .NET: what projects ask for, what NuGet and Paket chose, and what a published application brings along.
//!
//! Assemblies themselves (`.dll`, `.exe`) are read by `executables`; which of them a `*.deps.json` already answers for
//! decides `resolve::dotnet`.

mod central_versions;
mod deps_json;
mod packages_config;
mod packages_lock;
mod paket_lock;
mod project_assets;

pub use central_versions::CentralVersions;
pub use deps_json::DepsJson;
pub use packages_config::PackagesConfig;
pub use packages_lock::PackagesLock;
pub use paket_lock::PaketLock;
pub use project_assets::ProjectAssets;

use std::collections::BTreeMap;

use crate::Requirement;

/// Name and version of a library's key: `Newtonsoft.Json/13.0.3`.
fn split_key(key: &str) -> Option<(&str, &str)> {
    key.rsplit_once('/').filter(|(name, version)| !name.is_empty() && !version.is_empty())
}

/// The version that was chosen of each package. NuGet's names do not depend on case.
#[derive(Debug, Default)]
struct Chosen(BTreeMap<String, (String, String)>);

impl Chosen {
    fn add(&mut self, name: &str, version: &str) {
        self.0.insert(name.to_ascii_lowercase(), (name.to_owned(), version.to_owned()));
    }

    /// Requirements from names; without version where none was chosen.
    fn requirements<'a>(&self, names: impl IntoIterator<Item = &'a String>) -> Vec<Requirement> {
        let one = |name: &String| match self.0.get(&name.to_ascii_lowercase()) {
            Some((name, version)) => Requirement::exactly(name.clone(), version.clone()),
            None => name.clone().into(),
        };
        names.into_iter().map(one).collect()
    }
}

/// The one version that NuGet's notation means: `1.0`, `[1.0]`. A range or a floating version (`1.*`) means none
/// that could be told without the network.
fn exact(version: &str) -> Option<&str> {
    let version = version.trim();
    let one = version.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(version).trim();
    let meant =
        one.starts_with(|c: char| c.is_ascii_digit()) && !one.contains(['*', ',', '[', ']', '(', ')', '$']);
    meant.then_some(one)
}
