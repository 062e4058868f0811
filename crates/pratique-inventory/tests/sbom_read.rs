//! Documents as other tools write them, and as nobody should.
//!
//! The samples have the fields, and the odd places for things, that each tool's own documents have; names and
//! versions are few, so that they can be read here.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::io::Write as _;

use pratique_inventory::{
    Inventory, Limits, PackageKind, Scope,
    sbom::{self, Format, ReadError, Sbom, Subject, github::Job, looks_like_sbom},
};

fn read(text: &str) -> Result<sbom::read::Document, ReadError> {
    sbom::read(&mut text.as_bytes(), &Limits::default())
}

fn listed(inventory: &Inventory) -> Vec<String> {
    let source = |p: &pratique_inventory::Package| {
        p.source.as_ref().map(|s| format!(" of {} {}", s.name, s.version)).unwrap_or_default()
    };
    let packages = inventory.packages.iter();
    packages.map(|p| format!("{} {} {}{}", p.kind.name(), p.full_name(), p.version, source(p))).collect()
}

/// Trivy's CycloneDX: source packages and epochs as properties, lock files as applications that group others.
const TRIVY: &str = r#"{
  "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
  "metadata": {"component": {"bom-ref": "root", "type": "container", "name": "app:1",
    "properties": [{"name": "aquasecurity:trivy:ImageID", "value": "sha256:1"}]}},
  "components": [
    {"bom-ref": "os", "type": "operating-system", "name": "redhat", "version": "8.4",
     "properties": [{"name": "aquasecurity:trivy:Class", "value": "os-pkgs"}]},
    {"bom-ref": "lock", "type": "application", "name": "app/package-lock.json"},
    {"bom-ref": "bash", "type": "library", "name": "bash", "version": "4.4.19-14.el8",
     "purl": "pkg:rpm/redhat/bash@4.4.19-14.el8?arch=x86_64&distro=redhat-8.4&epoch=1",
     "properties": [{"name": "aquasecurity:trivy:SrcName", "value": "bash"},
       {"name": "aquasecurity:trivy:SrcVersion", "value": "4.4.19"},
       {"name": "aquasecurity:trivy:SrcRelease", "value": "14.el8"},
       {"name": "aquasecurity:trivy:SrcEpoch", "value": "1"}]},
    {"bom-ref": "core", "type": "library", "group": "@babel", "name": "core", "version": "7.0.0",
     "purl": "pkg:npm/%40babel/core@7.0.0", "licenses": [{"expression": "MIT OR Apache-2.0"}]},
    {"bom-ref": "log4j", "type": "library", "group": "org.apache", "name": "log4j", "version": "2.0",
     "purl": "pkg:maven/org.apache/log4j@2.0"}
  ],
  "dependencies": [{"ref": "root", "dependsOn": ["os"]}, {"ref": "os", "dependsOn": ["bash"]},
    {"ref": "core", "dependsOn": ["log4j", "gone"]}]
}"#;

/// BuildKit's attestation: SPDX 2.3 in an in-toto statement, the distribution only in purls.
const BUILDKIT: &str = r#"{
  "_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://spdx.dev/Document",
  "subject": [{"name": "pkg:docker/app@1?platform=linux%2Famd64", "digest": {"sha256": "abc"}}],
  "predicate": {
    "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "sbom",
    "packages": [
      {"name": "sbom", "SPDXID": "SPDXRef-DocumentRoot", "downloadLocation": "NOASSERTION"},
      {"name": "libc6", "SPDXID": "SPDXRef-libc6", "versionInfo": "2.36-9", "licenseDeclared": "LicenseRef-x AND MIT",
       "externalRefs": [{"referenceCategory": "PACKAGE_MANAGER", "referenceType": "purl",
         "referenceLocator": "pkg:deb/debian/libc6@2.36-9?arch=amd64&upstream=glibc%402.36-8&distro=debian-12"}]},
      {"name": "flask", "SPDXID": "SPDXRef-flask", "versionInfo": "1.0",
       "externalRefs": [{"referenceCategory": "PACKAGE_MANAGER", "referenceType": "purl",
         "referenceLocator": "pkg:pypi/flask@1.0"}]}
    ],
    "hasExtractedLicensingInfos": [{"licenseId": "LicenseRef-x", "extractedText": "Our own"}],
    "relationships": [
      {"spdxElementId": "SPDXRef-DOCUMENT", "relatedSpdxElement": "SPDXRef-DocumentRoot", "relationshipType": "DESCRIBES"},
      {"spdxElementId": "SPDXRef-libc6", "relatedSpdxElement": "SPDXRef-flask", "relationshipType": "OTHER",
       "comment": "ownership-by-file-overlap: indicates that the parent package claims ownership of a child package"}]
  }
}"#;

/// Microsoft's sbom-tool: SPDX 2.2, the root a package of its own, suppliers everywhere.
const MICROSOFT: &str = r#"{
  "spdxVersion": "SPDX-2.2", "SPDXID": "SPDXRef-DOCUMENT", "name": "app 1.0", "files": [{"fileName": "./a"}],
  "packages": [
    {"name": "Newtonsoft.Json", "SPDXID": "SPDXRef-Package-1", "versionInfo": "13.0.1", "filesAnalyzed": false,
     "supplier": "Organization: Newtonsoft", "licenseConcluded": "MIT", "licenseDeclared": "NOASSERTION",
     "externalRefs": [{"referenceCategory": "PACKAGE_MANAGER", "referenceType": "purl",
       "referenceLocator": "pkg:nuget/Newtonsoft.Json@13.0.1"}]},
    {"name": "app", "SPDXID": "SPDXRef-RootPackage", "versionInfo": "1.0", "filesAnalyzed": true,
     "externalRefs": [{"referenceCategory": "PACKAGE_MANAGER", "referenceType": "purl",
       "referenceLocator": "pkg:swid/org/example.com/app@1.0?tag_id=x"}]}],
  "documentDescribes": ["SPDXRef-RootPackage"],
  "relationships": [{"spdxElementId": "SPDXRef-RootPackage", "relatedSpdxElement": "SPDXRef-Package-1",
    "relationshipType": "DEPENDS_ON"}]
}"#;

const TAG_VALUE: &str = "SPDXVersion: SPDX-2.2\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\n\
    DocumentName: app\n## a comment\n\nPackageName: musl\nSPDXID: SPDXRef-musl\nPackageVersion: 1.2-r0\n\
    PackageComment: <text>two\nPackageName: not one\nlines</text>\nPackageLicenseDeclared: MIT\n\
    ExternalRef: PACKAGE-MANAGER purl pkg:apk/alpine/musl@1.2-r0?arch=x86&distro=alpine-3.18.4\n\
    FileName: ./a\nSPDXID: SPDXRef-a\nRelationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-musl\n";

#[test]
fn reads_what_trivy_writes() {
    let document = read(TRIVY).unwrap();
    let inventory = &document.inventory;
    assert_eq!(
        listed(inventory),
        [
            "rpm bash 1:4.4.19-14.el8 of bash 1:4.4.19-14.el8",
            "npm @babel/core 7.0.0",
            "java-archive org.apache:log4j 2.0"
        ]
    );
    let system = inventory.distribution.as_ref().unwrap();
    assert_eq!((system.id.as_str(), system.version.as_str()), ("rhel", "8.4"));
    assert_eq!(inventory.packages[1].licences, ["MIT OR Apache-2.0"]);
    assert_eq!(inventory.packages[1].depends.len(), 1);
    assert_eq!(
        (document.subject.name.as_str(), document.subject.image_id.as_deref()),
        ("app:1", Some("sha256:1"))
    );
    assert_eq!(inventory.problems, []);
}

#[test]
fn reads_what_buildkit_attaches() {
    let document = read(BUILDKIT).unwrap();
    assert_eq!(listed(&document.inventory), ["deb libc6 2.36-9 of glibc 2.36-8", "python flask 1.0"]);
    assert_eq!(document.inventory.distribution.as_ref().unwrap().id, "debian");
    assert_eq!(document.inventory.packages[0].licences, ["MIT", "Our own"]);
    assert_eq!(document.inventory.packages[1].owned_by.as_deref(), Some("libc6"));
    assert_eq!(document.subject.digest.as_deref(), Some("sha256:abc"));
    // The same in an envelope, as a registry keeps it.
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let envelope = format!(
        r#"{{"payloadType": "application/vnd.in-toto+json", "payload": "{}", "signatures": []}}"#,
        STANDARD.encode(BUILDKIT)
    );
    assert_eq!(read(&envelope).unwrap(), document);
}

#[test]
fn reads_what_microsofts_tool_writes() {
    let document = read(MICROSOFT).unwrap();
    assert_eq!(listed(&document.inventory), ["dotnet Newtonsoft.Json 13.0.1", "binary app 1.0"]);
    assert_eq!(document.inventory.packages[0].licences, ["MIT"]);
}

#[test]
fn reads_tag_value() {
    let document = read(TAG_VALUE).unwrap();
    assert_eq!(listed(&document.inventory), ["apk musl 1.2-r0 of musl 1.2-r0"]);
    assert_eq!(document.inventory.distribution.as_ref().unwrap().version, "3.18.4");
    assert_eq!(document.inventory.packages[0].licences, ["MIT"]);
    assert_eq!(document.format, "SPDX 2.2 tag-value");
}

#[test]
fn a_bad_record_costs_that_record() {
    let text = r#"{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
        {"type": "library", "name": 7, "purl": "pkg:npm/a@1"},
        {"type": "library", "name": "b", "purl": "pkg:npm/b@1", "properties": [{"name": "x", "value": []}]},
        {"type": "library", "name": "c", "version": "1", "purl": "npm/c"},
        {"type": "library", "name": "d", "version": "1", "purl": "pkg:npm/d@1",
         "components": [{"type": "library", "name": "e", "purl": "pkg:npm/e@2"}]}]}"#;
    let document = read(text).unwrap();
    assert_eq!(listed(&document.inventory), ["npm d 1", "npm e 2", "binary c 1"]);
    let told: Vec<_> = document.inventory.problems.iter().map(|(_, problem)| problem.what.as_str()).collect();
    assert_eq!(told[0], "components[0].name: invalid type: integer `7`, expected a string");
    assert_eq!(told[1], "components[1].properties[0].value: invalid type: sequence, expected a string");
    assert!(told[2].starts_with("components[2]: the purl of c: a package URL begins"), "{told:?}");
    assert!(document.inventory.problems.iter().all(|(_, problem)| problem.lost));
}

#[test]
fn errors_say_where_and_what() {
    for (text, part) in [
        ("", "not an SBOM that is known"),
        ("hello", "it begins with \"hello\""),
        ("{\"a\": 1}", "JSON without bomFormat"),
        (
            r#"{"bomFormat": "CycloneDX", "specVersion": "2.0"}"#,
            "CycloneDX \"2.0\" is not read; 1.2 to 1.7 are",
        ),
        (r#"{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": 3}"#, "components: invalid type"),
        (r#"{"spdxVersion": "SPDX-4"}"#, "SPDX-2.2 and SPDX-2.3 are"),
        (r#"{"bomFormat": "CycloneDX", "specVersion""#, "EOF"),
        ("<html></html>", "root element <html>"),
        ("<bom xmlns=\"http://cyclonedx.org/schema/bom/1.4\">", "ends before its root element"),
        (r#"<bom xmlns="http://cyclonedx.org/schema/bom/1.4"><a>&x;</a></bom>"#, "entity &x; is not known"),
        ("SPDXVersion: SPDX-2.3\nPackageComment: <text>never", "PackageComment: the text has no </text>"),
        (r#"{"predicateType": "https://slsa.dev/provenance/v1", "predicate": {}}"#, "slsa.dev"),
        (r#"{"payload": "%"}"#, "payload"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text:?}: {error}");
    }
}

#[test]
fn limits_hold() {
    let few = |limits: Limits, text: &str| sbom::read(&mut text.as_bytes(), &limits);
    let short = Limits { file_bytes: 100, ..Limits::default() };
    assert!(matches!(few(short.clone(), TRIVY), Err(ReadError::TooLarge { limit: 100 })));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&vec![b' '; 1 << 20]).unwrap();
    let packed = packed.finish().unwrap();
    let some = Limits { file_bytes: 1 << 16, ..Limits::default() };
    assert!(matches!(sbom::read(&mut packed.as_slice(), &some), Err(ReadError::TooLarge { .. })));
    let one = Limits { records: 1, ..Limits::default() };
    let document = few(one, TRIVY).unwrap();
    assert_eq!(document.inventory.packages.len(), 1);
    assert!(document.inventory.problems[0].1.what.contains("more than 1 packages"));
    let nested = |depth: usize| {
        let open = r#"{"type": "library", "name": "a", "version": "1", "components": ["#.repeat(depth);
        format!(
            r#"{{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{open}{}]}}"#,
            "]}".repeat(depth)
        )
    };
    let document = read(&nested(20)).unwrap();
    assert!(document.inventory.problems[0].1.what.contains("nested deeper than 16 levels"));
    // Far deeper than any stack: an error or a problem, and no crash.
    let _ = read(&nested(100_000));
    let _ = read(&format!(
        "{}{}",
        r#"{"bomFormat": "CycloneDX", "specVersion": "1.5", "x": "#,
        "[".repeat(1_000_000)
    ));
    let deep =
        format!(r#"<bom xmlns="http://cyclonedx.org/schema/bom/1.4">{}"#, "<components>".repeat(100_000));
    assert!(read(&deep).unwrap_err().to_string().contains("nested deeper"));
}

#[test]
fn gzip_is_seen_through() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(TRIVY.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    assert!(looks_like_sbom(&packed[..packed.len() / 2]));
    assert_eq!(sbom::read(&mut packed.as_slice(), &Limits::default()).unwrap(), read(TRIVY).unwrap());
    for (head, is) in [
        (&b"\xef\xbb\xbf { \"bomFormat\""[..], true),
        (b"<?xml", true),
        (b"SPDXVersion: SPDX-2.3", true),
        (b"blobs/\0\0\0", false),
        (b"{layer}/", false),
        (b"", false),
    ] {
        assert_eq!(looks_like_sbom(head), is, "{head:?}");
    }
}

/// Everything cut anywhere, and with bits turned over: whatever comes out, it is an answer.
#[test]
fn damage_is_answered() {
    let inventory = read(TRIVY).unwrap().inventory;
    let subject = Subject { name: "app".into(), ..Subject::default() };
    let sbom = Sbom {
        inventory: &inventory,
        scope: Scope::ALL,
        subject: &subject,
        tool_version: "1",
        created: None,
    };
    let mut samples: Vec<Vec<u8>> =
        [TRIVY, BUILDKIT, MICROSOFT, TAG_VALUE].iter().map(|text| text.as_bytes().to_vec()).collect();
    for format in Format::ALL {
        let mut bytes = Vec::new();
        format.write(&sbom, &Job::default(), &mut bytes).unwrap();
        samples.push(bytes);
    }
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for sample in &samples {
        for cut in (0..sample.len()).step_by(37) {
            let _ = sbom::read(&mut &sample[..cut], &Limits::default());
        }
        for _ in 0..300 {
            let mut bytes = sample.clone();
            for _ in 0..3 {
                random =
                    random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = (random >> 33) as usize % bytes.len();
                bytes[at] ^= 1 << (random >> 61);
            }
            if let Ok(document) = sbom::read(&mut bytes.as_slice(), &Limits::default()) {
                document.inventory.graph();
            }
        }
    }
    assert!(inventory.packages.iter().any(|package| package.kind == PackageKind::Rpm));
}
