//! SBOMs out and in, with the real program: valid by the schemas, and as good as the image itself.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests fail by panicking and say why they skip")]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use support::{Pratique, demo_image, findings, shared, text, workspace};

const FORMATS: [&str; 11] = [
    "cyclonedx-json@1.4",
    "cyclonedx-json@1.5",
    "cyclonedx-json@1.6",
    "cyclonedx-xml@1.4",
    "cyclonedx-xml@1.5",
    "cyclonedx-xml@1.6",
    "spdx-json@2.3",
    "spdx-tag-value@2.3",
    "spdx-json@3.0",
    "syft-json",
    "github",
];

/// Writes the SBOM of `target` in every format into `folder`, with one run.
fn write_all(pratique: &Pratique, target: &str, folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let mut command = pratique.command();
    command.args(["sbom", "--quiet", "--no-cache", target]);
    for format in FORMATS {
        command.arg("--output").arg(format!("{format}={}", folder.join(format).display()));
    }
    let done = command.output().unwrap();
    assert!(done.status.success(), "{target}: {}", text(&done.stderr));
}

#[test]
fn a_document_has_the_findings_of_its_image() {
    let (pratique, database) = Pratique::with_database();
    let database = database.to_str().unwrap();
    let image = demo_image();
    let scan =
        |target: &str| findings(&pratique.json(["scan", "--format", "json", "--db", database, target]));
    let expected = scan(image.to_str().unwrap());
    assert!(!expected.is_empty());
    let folder = pratique.home.path().join("sboms");
    write_all(&pratique, image.to_str().unwrap(), &folder);
    for format in FORMATS.iter().filter(|format| **format != "github") {
        let file = folder.join(format);
        let file = file.to_str().unwrap();
        assert_eq!(scan(&format!("sbom:{file}")), expected, "{format}");
        assert_eq!(scan(file), expected, "{format}, as a plain path");
        let piped = pratique
            .command()
            .args(["scan", "--format", "json", "--db", database, "-"])
            .stdin(fs::File::open(file).unwrap())
            .output()
            .unwrap();
        assert!(piped.status.success(), "{}", text(&piped.stderr));
        assert_eq!(
            findings(&serde_json::from_slice(&piped.stdout).unwrap()),
            expected,
            "{format}, on standard input"
        );
    }
}

#[test]
fn documents_say_when_they_were_made_only_if_told() {
    let pratique = Pratique::new();
    let image = demo_image();
    let write = |epoch: Option<&str>| {
        let mut command = pratique.command();
        command.args(["sbom", "--no-cache", "--format", "spdx-json"]).arg(&image);
        command.envs(epoch.map(|epoch| ("SOURCE_DATE_EPOCH", epoch)));
        command.output().unwrap()
    };
    let created = |output: std::process::Output| {
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        document["creationInfo"]["created"].as_str().unwrap().to_owned()
    };
    assert_eq!(created(write(None)), "1970-01-01T00:00:00Z");
    assert_eq!(created(write(Some("1700000000"))), "2023-11-14T22:13:20Z");
    let wrong = write(Some("soon"));
    assert_eq!(wrong.status.code(), Some(3));
    assert!(text(&wrong.stderr).contains("SOURCE_DATE_EPOCH"), "{}", text(&wrong.stderr));
}

#[test]
fn why_shows_who_asks() {
    let pratique = Pratique::new();
    let image = demo_image();
    let image = image.to_str().unwrap();
    let shown = pratique.ok(["why", "--no-cache", image, "lodash"]);
    assert!(shown.starts_with("lodash 4.17.4 npm\n  stated by "), "{shown}");
    let json = pratique.json(["why", "--no-cache", "--format", "json", image, "pkg:npm/lodash"]);
    assert_eq!(json["packages"][0]["package"]["name"], "lodash");
    let absent = pratique.run(["why", "--no-cache", image, "lodas"]);
    assert_eq!(absent.status.code(), Some(3));
    assert!(text(&absent.stderr).contains("there are lodash"), "{}", text(&absent.stderr));
}

/// A Python that has the validators; prints why a test is skipped otherwise.
fn validators() -> Option<PathBuf> {
    let peers =
        std::env::var_os("PRATIQUE_PEERS").map_or_else(|| workspace().join("target/peers"), PathBuf::from);
    let named = peers.join("python/bin/python");
    let mut asked = Command::new(&named);
    asked.args(["-c", "import cyclonedx.schema, lxml, jsonschema, spdx_tools, spdx_python_model"]);
    if asked.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        return Some(named);
    }
    println!("skipped: {} has no SBOM validators (./test.sh installs them where it can)", named.display());
    None
}

#[test]
fn documents_are_valid_by_the_official_schemas() {
    let Some(python) = validators() else { return };
    let pratique = Pratique::new();
    let folder = pratique.home.path().join("sboms");
    write_all(&pratique, demo_image().to_str().unwrap(), &folder.join("demo"));
    for name in ["alpine-3.14", "debian-12", "rhel-9-nodejs", "rocky-9"] {
        if let Some(root) = shared(&format!("fixtures/rootfs/{name}")) {
            write_all(&pratique, &format!("dir:{}", root.display()), &folder.join(name));
        }
    }
    let script = workspace().join("crates/pratique/tests/validate_sboms.py");
    let done = Command::new(python).arg(script).arg(&folder).output().unwrap();
    assert!(done.status.success(), "{}\n{}", text(&done.stdout), text(&done.stderr));
}

/// Adds a blob to a layout; its descriptor.
fn add_blob(layout: &Path, media_type: &str, bytes: &[u8]) -> serde_json::Value {
    let digest = pratique_image::Digest::sha256(bytes);
    fs::write(layout.join("blobs/sha256").join(digest.hex()), bytes).unwrap();
    serde_json::json!({ "mediaType": media_type, "digest": digest.to_string(), "size": bytes.len() })
}

#[test]
fn an_attached_sbom_stands_in_for_the_layers() {
    const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    let (pratique, database) = Pratique::with_database();
    let database = database.to_str().unwrap();
    let layout = pratique.home.path().join("layout");
    fs::create_dir(&layout).unwrap();
    let unpacked = Command::new("tar").arg("-xf").arg(demo_image()).arg("-C").arg(&layout).status().unwrap();
    assert!(unpacked.success());
    let target = format!("oci:{}", layout.display());
    let attached = || {
        pratique.run(["scan", "--attached-sbom", "--no-cache", "--format", "json", "--db", database, &target])
    };
    let none = attached();
    assert_eq!(none.status.code(), Some(3));
    assert!(text(&none.stderr).contains("no SBOM is attached"), "{}", text(&none.stderr));

    let expected =
        findings(&pratique.json(["scan", "--no-cache", "--format", "json", "--db", database, &target]));
    let sbom = pratique.ok(["sbom", "--no-cache", "--format", "spdx-json", &target]);
    let original = fs::read(layout.join("index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_slice(&original).unwrap();
    let image = index["manifests"][0].clone();
    let attach = |document: serde_json::Value, entry: serde_json::Value, subject: bool| {
        let config = add_blob(&layout, "application/vnd.oci.empty.v1+json", b"{}");
        let mut manifest = serde_json::json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [document] });
        if subject {
            manifest["subject"] = image.clone();
        }
        let mut descriptor = add_blob(&layout, MANIFEST, manifest.to_string().as_bytes());
        for (key, value) in entry.as_object().unwrap() {
            descriptor[key] = value.clone();
        }
        let mut index = index.clone();
        index["manifests"].as_array_mut().unwrap().push(descriptor);
        fs::write(layout.join("index.json"), index.to_string()).unwrap();
        let output = attached();
        assert!(output.status.success(), "{}", text(&output.stderr));
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(findings(&report), expected);
        assert_eq!(report["target"]["digest"], image["digest"]);
    };
    // A referrer, as oras attaches it.
    let document = add_blob(&layout, "application/spdx+json", sbom.as_bytes());
    attach(document, serde_json::json!({ "artifactType": "application/spdx+json" }), true);
    // BuildKit's attestation.
    let statement = format!(
        r#"{{"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://spdx.dev/Document", "predicate": {sbom}}}"#
    );
    let mut document = add_blob(&layout, "application/vnd.in-toto+json", statement.as_bytes());
    document["annotations"] = serde_json::json!({ "in-toto.io/predicate-type": "https://spdx.dev/Document" });
    let entry = serde_json::json!({
        "annotations": {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": image["digest"],
        },
        "platform": { "architecture": "unknown", "os": "unknown" },
    });
    attach(document, entry, false);
}

/// CycloneDX of other tools does not say what the distribution installed: its places do, and the report says that they did.
#[test]
fn a_document_without_owners_is_read_by_its_places() {
    let (pratique, database) = Pratique::with_database();
    let component = |kind: &str, name: &str, version: &str, purl: &str, path: &str| {
        serde_json::json!({
            "type": "library", "bom-ref": format!("{purl}@{version}"), "name": name, "version": version,
            "purl": format!("{purl}@{version}"),
            "properties": [
                { "name": "syft:package:type", "value": kind },
                { "name": "syft:location:0:path", "value": path },
            ],
        })
    };
    let debian = "/usr/share/nodejs/lodash/package.json";
    let bom = serde_json::json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "components": [
            component("deb", "node-lodash", "4.17.4+dfsg-1", "pkg:deb/debian/node-lodash", "/var/lib/dpkg/status"),
            component("npm", "lodash", "4.17.4", "pkg:npm/lodash", debian),
            component("npm", "hoek", "2.16.3", "pkg:npm/hoek", "/usr/lib/node_modules/hoek/package.json"),
        ],
    });
    let file = pratique.home.path().join("foreign.cdx.json");
    fs::write(&file, bom.to_string()).unwrap();
    let (file, database) = (file.to_str().unwrap(), database.to_str().unwrap());
    let report = pratique.json(["scan", "--format", "json", "--db", database, file]);
    let found = findings(&report);
    assert!(found.iter().any(|finding| finding.starts_with("hoek ")), "{found:#?}");
    assert!(!found.iter().any(|finding| finding.starts_with("lodash ")), "{found:#?}");
    assert_eq!(report["summary"]["leftOut"]["owned"], 1);
    let shown = pratique.ok(["scan", "--db", database, file]);
    assert!(shown.contains("note: the document does not say") && shown.contains("1 are taken"), "{shown}");
}
