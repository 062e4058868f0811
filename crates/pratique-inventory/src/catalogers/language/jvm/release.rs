//! `release`: what an installed Java runtime says of itself.
//!
//! Written by the JDK's own build (`make/ReleaseFile.gmk`) to the runtime's root: lines `KEY="value"`. The file's
//! name says nothing, so it is read where runtimes lie (`jvm`, `java`, `jdk…`, `jre…` and the like in its path) and
//! counts when it has `JAVA_VERSION`.
//!
//! The vendor and the product are told as NVD and Syft name them, since no registry does: `oracle/jdk` and
//! `oracle/jre` for Oracle's builds, `azul/zulu`, and `oracle/openjdk` for everything that is built from OpenJDK
//! without further name. The version is the most exact one stated: Java 9 and later state `21.0.4+7-LTS`
//! (JEP 223), Java 8 `1.8.0_411-b25`, of which advisories know the part up to the build.

use std::collections::BTreeMap;

use pratique_image::EntryHeader;

use super::super::origin;
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Installed Java runtimes.
pub struct JvmRelease;

/// Longest release file that is read, in bytes. The list of modules takes 2 kB.
const LONGEST: u64 = 64 << 10;

impl Cataloger for JvmRelease {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/jvm-release", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/release"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"release"
            && file.size <= LONGEST
            && file.path.components().rev().skip(1).any(is_runtimes_place)
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        if file.header.size > LONGEST {
            return Err(Unreadable::TooLarge { size: file.header.size, limit: LONGEST });
        }
        let text = file.text()?;
        let release = Release::parse(&text);
        // Many other things have a file of this name.
        if release.get("JAVA_VERSION").is_none() {
            return Ok(Reading::nothing());
        }
        let path = file.path().as_bytes();
        let mut reading = Reading::nothing();
        reading.package(release.stated(path), file.limits);
        Ok(reading)
    }
}

/// Whether runtimes are commonly installed in a folder of this name.
fn is_runtimes_place(folder: &[u8]) -> bool {
    const NAMES: [&[u8]; 8] = [b"jvm", b"java", b"jdk", b"jre", b"openjdk", b"corretto", b"zulu", b"graalvm"];
    const BEGINNINGS: [&[u8]; 9] = [
        b"jdk",
        b"jre",
        b"java-",
        b"openjdk",
        b"zulu",
        b"graalvm",
        b"amazon-corretto",
        b"temurin",
        b"semeru",
    ];
    NAMES.contains(&folder) || BEGINNINGS.iter().any(|beginning| folder.starts_with(beginning))
}

struct Release<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Release<'a> {
    fn parse(text: &'a str) -> Self {
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        let pairs = pairs.map(|(key, value)| (key.trim(), value.trim().trim_matches('"').trim()));
        Self(pairs.filter(|(_, value)| !value.is_empty()).collect())
    }

    fn get(&self, key: &str) -> Option<&'a str> {
        self.0.get(key).copied()
    }

    fn version(&self) -> &'a str {
        // Temurin's `FULL_VERSION` and everybody's `JAVA_RUNTIME_VERSION` have the build; `IMPLEMENTOR_VERSION` is a
        // name, and `JAVA_VERSION` lacks the build.
        let exact = ["FULL_VERSION", "JAVA_RUNTIME_VERSION", "SEMANTIC_VERSION", "JAVA_VERSION"];
        let mut exact = exact.iter().filter_map(|key| self.get(key));
        // A build of one's own calls itself `21.0.1-internal-adhoc.user`; what it is based on is stated nevertheless.
        exact.next().unwrap_or_default()
    }

    fn stated(&self, path: &[u8]) -> Stated {
        let implementor = self.get("IMPLEMENTOR").unwrap_or_default().to_ascii_lowercase();
        let holds = |text: &[u8]| memchr::memmem::find(path, text).is_some();
        // Oracle's builds of Java 8 have no implementor, but say that they are sold.
        let oracles = self.get("BUILD_TYPE") == Some("commercial")
            || implementor == "oracle corporation" && holds(b"oracle");
        let is_jre = self.get("IMAGE_TYPE").is_some_and(|kind| kind.eq_ignore_ascii_case("jre"));
        let (vendor, product) = if implementor.contains("azul") || holds(b"zulu") {
            ("azul", "zulu")
        } else if oracles {
            ("oracle", if is_jre || holds(b"jre") { "jre" } else { "jdk" })
        } else {
            ("oracle", "openjdk")
        };
        let mut details = BTreeMap::new();
        for (key, detail) in [
            ("IMPLEMENTOR", "vendor"),
            ("IMPLEMENTOR_VERSION", "vendor_version"),
            ("JAVA_VERSION", "java_version"),
            ("IMAGE_TYPE", "image_type"),
            ("JVM_VARIANT", "variant"),
            ("SOURCE", "source"),
        ] {
            details.extend(self.get(key).map(|value| (detail.to_owned(), value.to_owned())));
        }
        let repository = self.get("SOURCE_REPO").or_else(|| self.get("BUILD_SOURCE_REPO"));
        details.extend(
            repository.map(|url| (origin::REPOSITORY_URL.to_owned(), origin::without_credentials(url))),
        );
        Stated {
            kind: PackageKind::Generic,
            name: product.into(),
            version: self.version().into(),
            namespace: Some(vendor.into()),
            details,
            ..Stated::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, withstands_damage};

    #[test]
    fn runtimes_by_vendor() {
        for (path, text, expected) in [
            (
                "opt/java/openjdk/release",
                "IMPLEMENTOR=\"Eclipse Adoptium\"\nJAVA_VERSION=\"21.0.4\"\nFULL_VERSION=\"21.0.4+7-LTS\"\n",
                "oracle openjdk 21.0.4+7-LTS",
            ),
            (
                "usr/lib/jvm/jdk-1.8-oracle-x64/release",
                "JAVA_VERSION=\"1.8.0_411\"\nJAVA_RUNTIME_VERSION=\"1.8.0_411-b25\"\nBUILD_TYPE=\"commercial\"\n",
                "oracle jdk 1.8.0_411-b25",
            ),
            (
                "usr/lib/jvm/zulu17/release",
                "IMPLEMENTOR=\"Azul Systems, Inc.\"\nJAVA_VERSION=\"17.0.1\"\n",
                "azul zulu 17.0.1",
            ),
        ] {
            let reading = read(&JvmRelease, path, text);
            let found = reading.packages().next().unwrap();
            let found = format!("{} {} {}", found.namespace.as_deref().unwrap(), found.name, found.version);
            assert_eq!(found, expected);
        }
        assert_eq!(read(&JvmRelease, "opt/java/x/release", "VERSION=1\n"), Reading::nothing());
    }

    #[test]
    fn whatever_comes_is_answered() {
        withstands_damage(
            &JvmRelease,
            "opt/jdk-21/release",
            b"JAVA_VERSION=\"21\"\nSOURCE_REPO=\"https://a:b@c/d\"\n",
        );
    }
}
