//! Images that are damaged or made by an enemy: told in words, within bounds, and never taken for clean.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "support/image.rs"]
mod image;
mod support;

use std::{fs, path::Path, process::Output};

use flate2::read::GzDecoder;
use image::{INDEX, LAYER, Layout, MANIFEST, Tar, gzip, gzip_well, header};
use serde_json::{Value, json};
use support::{Pratique, demo_image, findings, text};

/// A file that states a package with known vulnerabilities, which none of the rest may hide.
const NAME: &str = "app/node_modules/lodash/package.json";
const LODASH: &str = r#"{"name":"lodash","version":"4.17.4"}"#;

struct Scanner {
    pratique: Pratique,
    database: String,
}

impl Scanner {
    fn new() -> Self {
        let (pratique, database) = Pratique::with_database();
        Self { pratique, database: database.to_str().unwrap().to_owned() }
    }

    fn home(&self) -> &Path {
        self.pratique.home.path()
    }

    fn scan(&self, target: &str) -> Output {
        let output =
            self.pratique.run(["scan", "--no-cache", "--format", "json", "--db", &self.database, target]);
        let error = text(&output.stderr);
        assert!(!error.contains("panicked") && !error.contains("this is a bug"), "{target}: {error}");
        output
    }

    /// Nothing but an error that says all of `parts`.
    fn refuses(&self, target: &str, parts: &[&str]) {
        let output = self.scan(target);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{target}: {error}{}", text(&output.stdout));
        assert!(output.stdout.is_empty(), "{target}: {}", text(&output.stdout));
        for part in parts {
            assert!(error.contains(part), "{target}: {part:?} is not in {error}");
        }
    }

    /// A report that says itself that it is not the whole truth, in all of `parts`.
    fn reports_with_gap(&self, target: &str, parts: &[&str]) -> Value {
        let output = self.scan(target);
        assert_eq!(output.status.code(), Some(0), "{target}: {}", text(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["coverage"]["complete"], false, "{target}: {report:#}");
        let coverage = report["coverage"].to_string();
        let table = self.pratique.run(["scan", "--no-cache", "--db", &self.database, target]);
        let table = text(&table.stdout);
        for part in parts {
            assert!(coverage.contains(part), "{target}: {part:?} is not in {coverage}");
            assert!(table.contains(part), "{target}: {part:?} is not in the table {table}");
        }
        let strict = self.pratique.run(["scan", "--no-cache", "--strict", "--db", &self.database, target]);
        assert_eq!(strict.status.code(), Some(3), "{target} --strict");
        report
    }
}

/// The demo image as `docker save` writes it.
fn docker_archive(scanner: &Scanner) -> Vec<u8> {
    let layout = scanner.home().join("demo");
    fs::create_dir_all(&layout).unwrap();
    let tar = std::process::Command::new("tar").arg("-xf").arg(demo_image()).arg("-C").arg(&layout).status();
    assert!(tar.unwrap().success());
    let layout = Layout(layout);
    let read = |descriptor: &Value| fs::read(layout.path_of(descriptor["digest"].as_str().unwrap())).unwrap();
    let index: Value = serde_json::from_slice(&fs::read(layout.0.join("index.json")).unwrap()).unwrap();
    let manifest: Value = serde_json::from_slice(&read(&index["manifests"][0])).unwrap();
    let mut tar = Tar::default().file("config.json", read(&manifest["config"]));
    let mut names = Vec::new();
    for (at, layer) in manifest["layers"].as_array().unwrap().iter().enumerate() {
        let mut expanded = Vec::new();
        std::io::copy(&mut GzDecoder::new(&read(layer)[..]), &mut expanded).unwrap();
        names.push(format!("{at}/layer.tar"));
        tar = tar.file(&names[at], expanded);
    }
    let list = json!([{"Config": "config.json", "RepoTags": ["demo:latest"], "Layers": names}]);
    tar.file("manifest.json", list.to_string()).end()
}

fn has_lodash(report: &Value) -> bool {
    findings(report).iter().any(|finding| finding.starts_with("lodash 4.17.4"))
}

#[test]
fn damaged_archives_give_an_error_or_the_same_findings() {
    let scanner = Scanner::new();
    let (oci, docker) = (fs::read(demo_image()).unwrap(), docker_archive(&scanner));
    for (kind, good) in [
        ("oci-archive", oci.clone()),
        ("docker-archive", docker.clone()),
        ("oci-archive", gzip(&oci)),
        ("docker-archive", gzip(&docker)),
    ] {
        let path = scanner.home().join("image.tar");
        let target = format!("{kind}:{}", path.display());
        fs::write(&path, &good).unwrap();
        let output = scanner.scan(&target);
        assert_eq!(output.status.code(), Some(0), "{target}: {}", text(&output.stderr));
        let expected = findings(&serde_json::from_slice(&output.stdout).unwrap());
        assert!(!expected.is_empty());

        for part in [1, 5, 9] {
            fs::write(&path, &good[..good.len() * part / 10]).unwrap();
            scanner.refuses(&target, &["image.tar"]);
        }
        for at in (0..8).map(|step| 7 + step * (good.len() - 8) / 7) {
            let mut flipped = good.clone();
            flipped[at] ^= 0x40;
            fs::write(&path, &flipped).unwrap();
            let output = scanner.scan(&target);
            if output.status.code() == Some(0) {
                let found = findings(&serde_json::from_slice(&output.stdout).unwrap());
                assert_eq!(found, expected, "{kind} with a flip at {at}");
            } else {
                scanner.refuses(&target, &["image.tar"]);
            }
        }
    }
}

#[test]
fn a_bomb_is_stopped_in_little_memory() {
    let scanner = Scanner::new();
    // Ten gigabytes of zeros in ten megabytes: gzip members one after the other are one stream.
    let piece = gzip_well(&vec![0; 100 << 20]);
    let mut layer = gzip(&header(b"var/lib/dpkg/status", b'0', b"", 100 * (100 << 20)));
    for _ in 0..100 {
        layer.extend(&piece);
    }
    let layout = Layout::image(scanner.home(), "bomb", &[layer]);
    let (output, peak, _) = scanner.watched_scan(&layout.target());
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{error}");
    assert!(error.contains("decompression bomb") && error.contains("limit 200:1"), "{error}");
    assert!(output.stdout.is_empty());
    assert!(peak < 512 << 10, "{peak} KiB at its peak");
}

impl Scanner {
    /// A scan, the most memory it had in KiB, and the seconds of a processor it took; zeros where the system does
    /// not say.
    fn watched_scan(&self, target: &str) -> (Output, u64, u64) {
        let (report, errors) = (self.home().join("report.json"), self.home().join("errors.txt"));
        let mut scan = self
            .pratique
            .command()
            .args(["scan", "--no-cache", "--format", "json", "--db", &self.database, target])
            .stdout(fs::File::create(&report).unwrap())
            .stderr(fs::File::create(&errors).unwrap())
            .spawn()
            .unwrap();
        let (mut peak, mut ticks) = (0, 0);
        let status = loop {
            if let Some(status) = scan.try_wait().unwrap() {
                break status;
            }
            let read = |name| fs::read_to_string(format!("/proc/{}/{name}", scan.id())).unwrap_or_default();
            let status = read("status");
            let memory = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let memory = memory.and_then(|memory| memory.trim().trim_end_matches(" kB").parse().ok());
            peak = peak.max(memory.unwrap_or(0));
            // proc(5): behind the name in brackets, fields 3 and on; 14 and 15 are the processor's time.
            let stat = read("stat");
            let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
            ticks = ticks.max(fields.filter_map(|field| field.parse::<u64>().ok()).sum());
            std::thread::sleep(std::time::Duration::from_millis(5));
        };
        let (stdout, stderr) = (fs::read(report).unwrap(), fs::read(errors).unwrap());
        (Output { status, stdout, stderr }, peak, ticks / 100)
    }
}

#[test]
fn many_damaged_files_cost_time_in_proportion() {
    let scanner = Scanner::new();
    let mut tar = Tar::default();
    for number in 0..20_000 {
        tar = tar.file(format!("app/node_modules/p{number}/package.json"), "{");
    }
    for number in 0..200_000 {
        tar = tar.file(format!("app/f{number}"), "");
    }
    let layout = Layout::image(scanner.home(), "many", &[gzip(&tar.end())]);
    let (output, _, seconds) = scanner.watched_scan(&layout.target());
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["coverage"]["warnings"].as_array().map(Vec::len), Some(20_000));
    assert!(seconds < 30, "{seconds} seconds of a processor");
}

fn jar(member: &str, body: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file(member, zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(body).unwrap();
    zip.finish().unwrap().into_inner()
}

#[test]
fn nesting_has_an_end() {
    let scanner = Scanner::new();
    let pom = "groupId=org.apache.logging.log4j\nartifactId=log4j-core\nversion=2.14.1\n";
    let mut nested = jar("META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties", pom.as_bytes());
    for depth in 0..40 {
        nested = jar(&format!("lib/level-{depth}.jar"), &nested);
    }
    let tar = Tar::default().file("app/deep.jar", nested).end();
    let layout = Layout::image(scanner.home(), "jars", &[gzip(&tar)]);
    scanner.reports_with_gap(&layout.target(), &["app/deep.jar"]);

    let deep = format!("{}package.json", "d/".repeat(10_000));
    let tar = Tar::default().file(&deep, "{}").file(NAME, LODASH).end();
    let layout = Layout::image(scanner.home(), "path", &[gzip(&tar)]);
    scanner.reports_with_gap(&layout.target(), &["no file can have this name"]);

    let layout = Layout::image(scanner.home(), "indexes", &[]);
    let mut inner = layout.manifest(&[]);
    for _ in 0..8 {
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [inner]});
        inner = layout.blob(INDEX, index.to_string().as_bytes());
    }
    layout.index(&[inner]);
    scanner.refuses(&layout.target(), &["nesting of indexes", "limit of 4"]);
}

#[test]
fn an_index_that_names_itself_is_refused() {
    let scanner = Scanner::new();
    let layout = Layout::new(scanner.home(), "cycle");
    // No index can hold its own digest, so the one that claims to is caught by it.
    let digest = format!("sha256:{}", "0".repeat(64));
    let own = json!({"mediaType": INDEX, "digest": digest, "size": 1});
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [own]});
    fs::write(layout.path_of(&digest), index.to_string()).unwrap();
    layout.index(&[own]);
    scanner.refuses(&layout.target(), &["cycle", "digest"]);
}

#[test]
fn names_cannot_leave_the_image() {
    let scanner = Scanner::new();
    let layer = Tar::default()
        .file(format!("../../../../{NAME}"), LODASH)
        .link("app/node_modules/out", "../../../..")
        .link("loop", "loop2")
        .link("loop2", "loop")
        .end();
    let layout = Layout::image(scanner.home(), "outside", &[gzip(&layer)]);
    let output = scanner.scan(&layout.target());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["coverage"].to_string().contains("points outside of the image"), "{report:#}");
    assert!(has_lodash(&report), "read where a runtime would put it");

    let list = |layer: &str| json!([{"Config": "config.json", "Layers": [layer]}]).to_string();
    let config = r#"{"os":"linux","architecture":"amd64"}"#;
    let path = scanner.home().join("archive.tar");
    let target = format!("docker-archive:{}", path.display());
    let members = Tar::default().file("config.json", config).file("manifest.json", list("../../etc/passwd"));
    fs::write(&path, members.end()).unwrap();
    scanner.refuses(&target, &["archive.tar", "etc/passwd"]);
    let members = Tar::default()
        .file("config.json", config)
        .file("manifest.json", list("a"))
        .link("a", "b")
        .link("b", "a");
    fs::write(&path, members.end()).unwrap();
    scanner.refuses(&target, &["archive.tar", "layer 0 (a)"]);

    let layout = Layout::new(scanner.home(), "digest");
    layout.index(&[json!({"mediaType": MANIFEST, "digest": "sha256:../../../etc/passwd", "size": 1})]);
    scanner.refuses(&layout.target(), &["digest", "not valid"]);
}

#[cfg(unix)]
#[test]
fn loops_in_a_directory_end() {
    let scanner = Scanner::new();
    let root = scanner.home().join("root");
    fs::create_dir_all(root.join(NAME).parent().unwrap()).unwrap();
    fs::write(root.join(NAME), LODASH).unwrap();
    for (link, target) in [("loop", "."), ("app/up", "../.."), ("a", "b"), ("b", "a"), ("package.json", "a")]
    {
        std::os::unix::fs::symlink(target, root.join(link)).unwrap();
    }
    let output = scanner.scan(&format!("dir:{}", root.display()));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(has_lodash(&report));
}

#[test]
fn absurd_sizes_are_not_believed() {
    let scanner = Scanner::new();
    let tar = Tar::default().claim("var/lib/dpkg/status", 1 << 60).0;
    let layout = Layout::image(scanner.home(), "size", &[gzip(&tar)]);
    scanner.refuses(&layout.target(), &["layer 1", "cut off"]);
    let archive = scanner.home().join("size.tar");
    fs::write(&archive, Tar::default().claim("manifest.json", 1 << 60).0).unwrap();
    scanner.refuses(archive.to_str().unwrap(), &["size.tar"]);

    let layout = Layout::new(scanner.home(), "claims");
    let mut layer = layout.blob(LAYER, &gzip(&Tar::default().end()));
    layer["size"] = json!(1_u64 << 60);
    layout.manifest(std::slice::from_ref(&layer));
    scanner.refuses(&layout.target(), &["layer 1", "1152921504606846976 were promised"]);
    layer["size"] = json!(-1);
    layout.manifest(&[layer]);
    scanner.refuses(&layout.target(), &["manifest", "not valid"]);
}

#[test]
fn names_that_are_no_text_are_read() {
    let scanner = Scanner::new();
    let tar = Tar::default().file(b"app/caf\xe9/node_modules/\xff/package.json", LODASH).end();
    let layout = Layout::image(scanner.home(), "latin", &[gzip(&tar)]);
    let output = scanner.scan(&layout.target());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(has_lodash(&report), "{report:#}");
}

#[test]
fn nothing_at_all_is_not_clean() {
    let scanner = Scanner::new();
    let at = |name: &str| scanner.home().join(name);
    fs::write(at("empty.tar"), b"").unwrap();
    scanner.refuses(at("empty.tar").to_str().unwrap(), &["empty.tar", "neither manifest.json"]);
    for kind in ["oci-archive", "docker-archive"] {
        scanner.refuses(&format!("{kind}:{}", at("empty.tar").display()), &["empty.tar", "it has no "]);
    }
    fs::write(at("empty.tar.gz"), gzip(b"")).unwrap();
    scanner.refuses(at("empty.tar.gz").to_str().unwrap(), &["empty.tar.gz", "neither manifest.json"]);

    let layout = Layout::new(scanner.home(), "nothing");
    scanner.refuses(&layout.target(), &["nothing", "no index.json"]);
    fs::write(layout.0.join("index.json"), b"").unwrap();
    scanner.refuses(&layout.target(), &["nothing", "index", "not valid"]);
    layout.index(&[]);
    scanner.refuses(&layout.target(), &["nothing", "lists no images"]);

    // Runtimes take a layer without a byte for an archive without entries; there is nothing to judge in it.
    let layout = Layout::image(scanner.home(), "hollow", &[Vec::new()]);
    scanner.reports_with_gap(&layout.target(), &["no packages were found"]);
}

#[test]
fn bytes_that_are_not_what_their_digest_says_are_refused() {
    let scanner = Scanner::new();
    let layer = gzip(&Tar::default().file(NAME, LODASH).end());
    let build = || Layout::image(scanner.home(), "digests", std::slice::from_ref(&layer));
    let layout = build();
    let digest = |value: &Value| layout.path_of(value["digest"].as_str().unwrap());
    let index: Value = serde_json::from_slice(&fs::read(layout.0.join("index.json")).unwrap()).unwrap();
    let manifest_path = digest(&index["manifests"][0]);
    let manifest: Value = serde_json::from_slice(&fs::read(&manifest_path).unwrap()).unwrap();
    for (part, path, size_may_differ) in [
        ("manifest", manifest_path, true),
        ("configuration", digest(&manifest["config"]), true),
        ("layer", digest(&manifest["layers"][0]), false),
    ] {
        build();
        let mut bytes = fs::read(&path).unwrap();
        if size_may_differ {
            bytes.push(b' ');
        } else {
            // The time in gzip's header: the archive inside stays what it was.
            bytes[4] ^= 1;
        }
        fs::write(&path, bytes).unwrap();
        scanner.refuses(&layout.target(), &[part, "digest", "tampered with"]);
    }
}

#[test]
fn kinds_that_cannot_be_read_are_named() {
    let scanner = Scanner::new();
    let layer = gzip(&Tar::default().file(NAME, LODASH).end());
    let layout = Layout::new(scanner.home(), "kinds");
    for (kind, words) in [
        ("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", "it is encrypted"),
        ("application/vnd.in-toto+json", "it is not a file system layer"),
    ] {
        let good = layout.blob(LAYER, &layer);
        layout.manifest(&[good, layout.blob(kind, b"whatever")]);
        let report = scanner.reports_with_gap(&layout.target(), &["the layer was not read", words]);
        assert!(has_lodash(&report), "the other layer is read");
    }

    for (compression, start) in [("xz", &b"\xfd7zXZ\0\0\x04"[..]), ("bzip2", b"BZh91AY&SY")] {
        layout.manifest(&[layout.blob(LAYER, start)]);
        scanner.refuses(&layout.target(), &["layer 1", compression, "gzip and zstd are"]);
    }

    let schema1 = json!({"schemaVersion": 1, "name": "library/old", "tag": "1", "fsLayers": []}).to_string();
    layout.index(&[layout.blob(MANIFEST, schema1.as_bytes())]);
    scanner.refuses(&layout.target(), &["schema 1", "Pull and push the image again"]);

    let chart = json!({"schemaVersion": 2, "mediaType": MANIFEST,
        "config": layout.blob("application/vnd.cncf.helm.config.v1+json", b"{}"),
        "layers": [layout.blob("application/vnd.cncf.helm.chart.content.v1.tar+gzip", &layer)]});
    layout.index(&[layout.blob(MANIFEST, chart.to_string().as_bytes())]);
    scanner.refuses(&layout.target(), &["not a container image", "helm"]);
}
