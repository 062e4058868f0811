//! Components of Bitnami's images, as their SPDX documents state them.
//!
//! Bitnami unpacks its own builds below `opt/bitnami/COMPONENT` and puts an SPDX 2.3 document beside each,
//! `.spdx-COMPONENT.spdx`. Older documents are tag-value, newer ones JSON under the same name; the first byte tells.
//! A package says by an external reference of type `purl` what it is: `pkg:bitnami/redis@7.4.1-0`, or an ordinary
//! package of a language that Bitnami compiled in.
//!
//! Traps: `PackageName` is for people (`nss-wrapper`) and the purl's name is what advisories go by (`nss_wrapper`).
//! Packages without a purl are the programs that were looked into, and name no release. Go's standard library has
//! `1.22.7` for what Go itself calls `go1.22.7`.

use std::collections::BTreeMap;

use pratique_image::EntryHeader;
use pratique_version::purl::PackageUrl;
use serde::Deserialize;

use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Reads the SPDX documents of Bitnami's images.
pub struct BitnamiSpdx;

/// Longest document that is read, in bytes. Those of components written in Go have some 200 kB.
const LONGEST: u64 = 32 << 20;

impl Cataloger for BitnamiSpdx {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "os/bitnami", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["opt/bitnami/**/.spdx-*.spdx"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        let name = file.path.file_name();
        name.starts_with(b".spdx-")
            && name.ends_with(b".spdx")
            && file.path.as_bytes().starts_with(b"opt/bitnami/")
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let bytes = file.bytes_within(LONGEST)?;
        let mut reading = Reading::nothing();
        let packages = if bytes.trim_ascii_start().starts_with(b"{") {
            let document: Document = serde_json::from_slice(&bytes)
                .map_err(|error| Unreadable::malformed("SPDX document", error))?;
            document.packages
        } else {
            tag_value(&String::from_utf8_lossy(&bytes))
        };
        for package in packages {
            match package.stated() {
                Ok(Some(stated)) => {
                    if !reading.package(stated, file.limits) {
                        break;
                    }
                }
                Ok(None) => {}
                Err(why) => reading.problem(why),
            }
        }
        Ok(reading)
    }
}

/// An SPDX document, as far as packages go.
#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    packages: Vec<Package>,
}

/// SPDX 2.3, chapter 7.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Package {
    name: String,
    license_declared: String,
    external_refs: Vec<Reference>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Reference {
    reference_type: String,
    reference_locator: String,
}

impl Package {
    /// What the package's purl says it is; `None` where it has none or is of a kind that is not known.
    fn stated(self) -> Result<Option<Stated>, String> {
        let reference = |kind: &str| {
            let found = self.external_refs.iter().find(|reference| reference.reference_type == kind);
            found.map(|reference| reference.reference_locator.as_str())
        };
        let Some(text) = reference("purl") else { return Ok(None) };
        let purl = PackageUrl::parse(text).map_err(|error| format!("package {:?}: {error}", self.name))?;
        let kind = PackageKind::ALL.iter().copied().find(|kind| kind.purl_type() == purl.package_type());
        let Some(kind) = kind else { return Ok(None) };
        let (name, namespace) = match (kind, purl.namespace()) {
            (PackageKind::Maven, namespace) => (purl.name().to_owned(), namespace.map(str::to_owned)),
            (_, Some(namespace)) => (format!("{namespace}/{}", purl.name()), None),
            (_, None) => (purl.name().to_owned(), None),
        };
        let version = purl.version().unwrap_or_default();
        let version = match kind {
            PackageKind::Go if name == "stdlib" && !version.starts_with("go") => format!("go{version}"),
            _ => version.to_owned(),
        };
        let details: [(&str, Option<&str>); 2] =
            [("distro", purl.qualifier("distro")), ("cpe", reference("cpe23Type"))];
        let details =
            details.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())));
        let licence = Some(&self.license_declared);
        let licence = licence.filter(|licence| !matches!(licence.as_str(), "" | "NONE" | "NOASSERTION"));
        Ok(Some(Stated {
            kind,
            name,
            namespace,
            version,
            arch: purl.qualifier("arch").map(str::to_owned),
            licences: licence.cloned().into_iter().collect(),
            details: details.collect::<BTreeMap<_, _>>(),
            ..Stated::default()
        }))
    }
}

/// The packages of a document in tag-value form: `Tag: value`, a package from one `PackageName` to the next.
fn tag_value(text: &str) -> Vec<Package> {
    let mut packages: Vec<Package> = Vec::new();
    for line in text.lines() {
        let Some((tag, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        if tag == "PackageName" {
            packages.push(Package { name: value.to_owned(), ..Package::default() });
        }
        let Some(package) = packages.last_mut() else { continue };
        match tag {
            "PackageLicenseDeclared" => value.clone_into(&mut package.license_declared),
            // `ExternalRef: CATEGORY TYPE LOCATOR`
            "ExternalRef" => {
                let mut words = value.split_whitespace().skip(1);
                if let (Some(kind), Some(locator)) = (words.next(), words.next()) {
                    package.external_refs.push(Reference {
                        reference_type: kind.to_owned(),
                        reference_locator: locator.to_owned(),
                    });
                }
            }
            _ => {}
        }
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, wants, withstands_damage};

    const PATH: &str = "opt/bitnami/redis/.spdx-redis.spdx";
    const TAGS: &[u8] = b"SPDXVersion: SPDX-2.3\nPackageName: nss-wrapper\nSPDXID: SPDXRef-x\n\
        PackageVersion: 1.1.16\nPackageLicenseDeclared: BSD-3-Clause\n\
        ExternalRef: SECURITY cpe23Type cpe:2.3:*:a:b:1.1.16:*:*:*:*:*:*:*\n\
        ExternalRef: PACKAGE-MANAGER purl pkg:bitnami/nss_wrapper@1.1.16?arch=arm64&distro=debian-12\n\
        PackageName: other\nExternalRef: PACKAGE-MANAGER purl nonsense\n";
    const JSON: &[u8] = br#"{"packages": [
        {"name": "bin/x", "licenseDeclared": "NOASSERTION"},
        {"name": "org.postgresql:pljava", "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER",
         "referenceType": "purl", "referenceLocator": "pkg:maven/org.postgresql/pljava@1.6.8"}]},
        {"name": "stdlib", "licenseDeclared": "NONE", "externalRefs": [{"referenceType": "purl",
         "referenceLocator": "pkg:golang/stdlib@1.22.7"}]}]}"#;

    fn stated(reading: &Reading) -> Vec<&Stated> {
        reading.packages().collect()
    }

    #[test]
    fn tags_and_values() {
        let reading = read(&BitnamiSpdx, PATH, TAGS);
        let [wrapper] = stated(&reading)[..] else { panic!("{reading:?}") };
        assert_eq!((wrapper.kind, wrapper.name.as_str()), (PackageKind::Bitnami, "nss_wrapper"));
        assert_eq!((wrapper.version.as_str(), wrapper.arch.as_deref()), ("1.1.16", Some("arm64")));
        assert_eq!(wrapper.licences, ["BSD-3-Clause"]);
        assert_eq!(wrapper.details["distro"], "debian-12");
        assert!(reading.problems[0].starts_with("package \"other\": "), "{:?}", reading.problems);
    }

    #[test]
    fn json() {
        let reading = read(&BitnamiSpdx, PATH, JSON);
        assert_eq!(reading.problems, Vec::<String>::new());
        let [pljava, stdlib] = stated(&reading)[..] else { panic!("{reading:?}") };
        assert_eq!((pljava.namespace.as_deref(), pljava.name.as_str()), (Some("org.postgresql"), "pljava"));
        assert_eq!((stdlib.kind, stdlib.version.as_str()), (PackageKind::Go, "go1.22.7"));
        assert!(stdlib.licences.is_empty());
    }

    #[test]
    fn only_bitnamis_own() {
        assert!(wants(&BitnamiSpdx, "opt/bitnami/common/.spdx-yq.spdx"));
        assert!(!wants(&BitnamiSpdx, "srv/.spdx-yq.spdx"));
        assert!(!wants(&BitnamiSpdx, "opt/bitnami/redis/redis.spdx"));
    }

    #[test]
    fn damage_never_panics() {
        withstands_damage(&BitnamiSpdx, PATH, TAGS);
        withstands_damage(&BitnamiSpdx, PATH, JSON);
    }
}
