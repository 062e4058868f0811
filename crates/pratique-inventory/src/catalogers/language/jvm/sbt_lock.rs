//! `build.sbt.lock`: the versions that the plugin sbt-dependency-lock wrote down.
//!
//! Follows the plugin's `DependencyLockFile` (`lockVersion` 1): a list of modules, each with the configurations that
//! have it. Modules of nothing but configurations for tests are development. sbt itself keeps no lock file.

use pratique_image::EntryHeader;
use serde::Deserialize;

use super::{super::document, is_for_tests};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Modules that sbt-dependency-lock locked.
pub struct SbtLock;

/// Longest lock file that is read, in bytes.
const LONGEST: u64 = 32 << 20;
const FORMAT: &str = "build.sbt.lock";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lock {
    lock_version: u32,
    dependencies: Vec<Module>,
}

#[derive(Deserialize)]
struct Module {
    org: String,
    name: String,
    version: String,
    #[serde(default)]
    configurations: Vec<String>,
}

impl Cataloger for SbtLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/sbt-lock", revision: 2 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/*build.sbt.lock"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name().ends_with(b"build.sbt.lock")
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let lock: Lock = document::json(file, FORMAT, LONGEST)?;
        if lock.lock_version != 1 {
            let why = format!("lockVersion is {}, and only 1 is known", lock.lock_version);
            return Err(Unreadable::malformed(FORMAT, why));
        }
        let mut reading = Reading::nothing();
        for module in lock.dependencies {
            let configurations = &module.configurations;
            let stated = Stated {
                kind: PackageKind::Maven,
                development: !configurations.is_empty() && configurations.iter().all(|c| is_for_tests(c)),
                name: module.name,
                version: module.version,
                namespace: Some(module.org),
                locked_only: true,
                ..Stated::default()
            };
            if !reading.package(stated, file.limits) {
                break;
            }
        }
        Ok(reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, try_read, withstands_damage};

    const EXAMPLE: &str = r#"{"lockVersion":1,"timestamp":"x","configurations":["compile"],"dependencies":[
        {"org":"a.b","name":"c_2.13","version":"1.0","artifacts":[],"configurations":["test","compile"]},
        {"org":"a.b","name":"d","version":"2.0","configurations":["test"]}]}"#;

    #[test]
    fn modules_and_their_configurations() {
        let reading = read(&SbtLock, "build.sbt.lock", EXAMPLE);
        let found: Vec<_> = reading.packages().map(|p| (&*p.name, p.development)).collect();
        assert_eq!(found, [("c_2.13", false), ("d", true)]);
        let other = EXAMPLE.replace("\"lockVersion\":1", "\"lockVersion\":2");
        let error = try_read(&SbtLock, "build.sbt.lock", other.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("lockVersion is 2"));
    }

    #[test]
    fn whatever_comes_is_answered() {
        withstands_damage(&SbtLock, "build.sbt.lock", EXAMPLE);
    }
}
