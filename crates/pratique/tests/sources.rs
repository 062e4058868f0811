//! The same image gives the same findings, wherever it comes from.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod support;

use std::{fs, process::Command};

use support::{Pratique, Registry, demo_image, findings, has, text};

fn scan(pratique: &Pratique, database: &str, target: &str) -> Vec<String> {
    findings(&pratique.json(["scan", "--no-cache", "--format", "json", "--db", database, target]))
}

fn skopeo(source: &str, target: &str) {
    let done = Command::new("skopeo")
        .args(["--insecure-policy", "copy", "--quiet", source, target])
        .output()
        .unwrap();
    assert!(done.status.success(), "skopeo {source} {target}: {}", text(&done.stderr));
}

#[test]
fn archives_layouts_and_pipes_agree() {
    let (pratique, database) = Pratique::with_database();
    let database = database.to_str().unwrap();
    let image = demo_image();
    let image = image.to_str().unwrap();
    let expected = scan(&pratique, database, &format!("oci-archive:{image}"));
    assert!(expected.iter().any(|finding| finding.starts_with("lodash 4.17.4 CVE-")), "{expected:#?}");
    assert!(expected.iter().any(|finding| finding.starts_with("openssl 1.1.1")), "{expected:#?}");
    assert_eq!(scan(&pratique, database, image), expected, "a path whose kind is detected");

    let layout = pratique.home.path().join("layout");
    fs::create_dir(&layout).unwrap();
    let unpacked = Command::new("tar").arg("-xf").arg(image).arg("-C").arg(&layout).status().unwrap();
    assert!(unpacked.success());
    let layout = layout.to_str().unwrap();
    for target in [format!("oci:{layout}"), format!("oci:{layout}:latest"), layout.to_owned()] {
        assert_eq!(scan(&pratique, database, &target), expected, "{target}");
    }

    let piped = pratique
        .command()
        .args(["scan", "--no-cache", "--format", "json", "--db", database, "-"])
        .stdin(fs::File::open(image).unwrap())
        .output()
        .unwrap();
    assert!(piped.status.success(), "{}", text(&piped.stderr));
    assert_eq!(findings(&serde_json::from_slice(&piped.stdout).unwrap()), expected, "standard input");
}

#[test]
fn docker_archives_agree() {
    if !has("skopeo") {
        return;
    }
    let (pratique, database) = Pratique::with_database();
    let database = database.to_str().unwrap();
    let image = demo_image();
    let source = format!("oci-archive:{}", image.display());
    let archive = pratique.home.path().join("image.docker.tar");
    skopeo(&source, &format!("docker-archive:{}:demo:latest", archive.display()));
    let expected = scan(&pratique, database, &source);
    let archive = archive.to_str().unwrap();
    assert_eq!(scan(&pratique, database, &format!("docker-archive:{archive}")), expected);
    assert_eq!(scan(&pratique, database, archive), expected, "a path whose kind is detected");
}

#[test]
fn registries_agree() {
    let Some(registry) = Registry::start() else { return };
    let (pratique, database) = Pratique::with_database();
    let database = database.to_str().unwrap();
    let source = format!("oci-archive:{}", demo_image().display());
    let expected = scan(&pratique, database, &source);
    let reference = registry.push(&source, "team/app:1.0");
    assert_eq!(scan(&pratique, database, &reference), expected);
    let by_digest = pratique.json(["scan", "--format", "json", "--db", database, &reference]);
    let digest = by_digest["target"]["digest"].as_str().unwrap();
    let pinned = format!("{}/team/app@{digest}", registry.host);
    assert_eq!(scan(&pratique, database, &pinned), expected, "by digest");

    let absent = pratique.run(["scan", "--db", database, &format!("{}/team/none:1", registry.host)]);
    assert_eq!(absent.status.code(), Some(3));
    assert!(text(&absent.stderr).contains("team/none"), "{}", text(&absent.stderr));
}
