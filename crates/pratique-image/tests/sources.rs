//! Docker archives, OCI layouts and archives, directories.

#![allow(clippy::unwrap_used)] // Helpers of tests may panic like tests.

mod support;

use std::path::Path;

use pratique_image::{
    ArchiveKind, Digest, Error, Image, ImageNote, LayerNote, OpenOptions, Target, TempPolicy,
};
use support::{Blobs, file, gzip, image, layout, list, tar, zstd};

fn open(target: &str) -> Result<Image, Error> {
    Image::open(&Target::parse(target).unwrap(), &OpenOptions::default())
}

/// What `docker save` of before 2024 writes: two images that share a layer, one of them by link.
fn docker_archive() -> Vec<u8> {
    let (base, top) = (tar(&[file("base", "1")]), tar(&[file("top", "2")]));
    let config = |layers: &[&[u8]]| {
        serde_json::json!({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers",
            "diff_ids": layers.iter().map(|layer| Digest::sha256(layer).to_string()).collect::<Vec<_>>()}})
        .to_string()
    };
    let (one, two) = (config(&[&base]), config(&[&base, &top]));
    let manifest = serde_json::json!([
        {"Config": "one.json", "RepoTags": ["app:1", "app:latest"], "Layers": ["a/layer.tar"]},
        {"Config": "two.json", "RepoTags": ["registry.example/app:2"], "Layers": ["b/layer.tar", "c/layer.tar"]},
    ])
    .to_string();
    tar(&[
        ("a/", b'5', "", b""),
        ("a/layer.tar", b'0', "", &base),
        ("b/layer.tar", b'2', "../a/layer.tar", b""),
        ("c/layer.tar", b'0', "", &gzip(&top)),
        file("one.json", &one),
        file("two.json", &two),
        file("manifest.json", &manifest),
    ])
}

#[test]
fn reads_docker_archives() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("save.tar");
    std::fs::write(&path, docker_archive()).unwrap();
    let path = path.to_str().unwrap();
    let Err(Error::SeveralImages { candidates, .. }) = open(path) else { panic!("there are two") };
    assert_eq!(candidates, ["app:1", "registry.example/app:2"]);
    for wanted in ["registry.example/app:2", "2", "@1"] {
        let image = open(&format!("{path}:{wanted}")).unwrap();
        assert_eq!(image.layers().len(), 2, "{wanted}");
        assert_eq!(list(&image, 0).unwrap().0, ["F base 1"]);
        assert_eq!(list(&image, 1).unwrap().0, ["F top 2"]);
        assert_eq!(image.reference().unwrap().to_string(), "registry.example/app:2");
        assert_eq!(image.layers()[1].digest, image.layers()[1].diff_id);
    }
    assert!(matches!(open(&format!("{path}:nope")), Err(Error::NoSuchImage { .. })));
}

#[test]
fn spools_compressed_archives() {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in [("a.tar.gz", gzip(&docker_archive())), ("a.tar.zst", zstd(&docker_archive()))] {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let target =
            Target::Archive { path: path.clone(), kind: ArchiveKind::Detect, image: Some("app:1".into()) };
        let image = Image::open(&target, &OpenOptions::default()).unwrap();
        assert!(matches!(image.notes(), [ImageNote::Spooled { .. }]));
        assert_eq!(list(&image, 0).unwrap().0, ["F base 1"]);
        let refuse = OpenOptions { temp: TempPolicy::Refuse, ..OpenOptions::default() };
        assert!(Image::open(&target, &refuse).unwrap_err().to_string().contains("temporary"));
    }
}

#[test]
fn a_docker_layer_must_have_its_diff_id() {
    let base = tar(&[file("base", "1")]);
    let config =
        serde_json::json!({"rootfs": {"diff_ids": [Digest::sha256(b"other").to_string()]}}).to_string();
    for layer in [base.clone(), gzip(&base)] {
        let archive = tar(&[
            ("l.tar", b'0', "", &layer),
            file("c.json", &config),
            file("manifest.json", r#"[{"Config":"c.json","Layers":["l.tar"]}]"#),
        ]);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.tar");
        std::fs::write(&path, archive).unwrap();
        let image = open(path.to_str().unwrap()).unwrap();
        assert!(matches!(list(&image, 0), Err(pratique_image::LayerError::WrongDigest { .. })));
    }
}

#[test]
fn says_what_is_wrong_with_archives() {
    let dir = tempfile::tempdir().unwrap();
    let cases: [(&str, Vec<u8>, &str); 6] = [
        ("rootfs.tar", tar(&[file("etc/passwd", "x")]), "neither manifest.json"),
        ("text.tar", b"hello".to_vec(), "cut off"),
        ("noise.tar", vec![3; 4096], "checksum"),
        ("empty.tar", tar(&[file("manifest.json", "[]")]), "lists no images"),
        ("json.tar", tar(&[file("manifest.json", "{")]), "not valid"),
        ("gone.tar", tar(&[file("manifest.json", r#"[{"Config":"c","Layers":["l"]}]"#)]), "it has no c"),
    ];
    for (name, bytes, part) in cases {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let error = open(path.to_str().unwrap()).unwrap_err().to_string();
        assert!(error.contains(part), "{name}: {error}");
    }
}

fn layout_as_tar(dir: &Path) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_dir_all(".", dir).unwrap();
    builder.into_inner().unwrap()
}

#[test]
fn chooses_images_in_layouts() {
    let dir = tempfile::tempdir().unwrap();
    let one = image(&[&gzip(&tar(&[file("one", "1")]))], "linux/amd64");
    let two = image(&[&gzip(&tar(&[file("two", "2")]))], "linux/amd64");
    let path = dir.path().join("layout");
    layout(&path, &[(&one, "1.0"), (&two, "registry.example/app:2.0")]);
    let archive = dir.path().join("layout.tar");
    std::fs::write(&archive, layout_as_tar(&path)).unwrap();
    for path in [path.to_str().unwrap(), archive.to_str().unwrap()] {
        assert!(matches!(open(path), Err(Error::SeveralImages { .. })));
        for (wanted, want) in [
            ("1.0", "F one 1"),
            ("registry.example/app:2.0", "F two 2"),
            ("2.0", "F two 2"),
            ("@1", "F two 2"),
        ] {
            let image = open(&format!("{path}:{wanted}")).unwrap();
            assert_eq!(list(&image, 0).unwrap().0, [want], "{wanted}");
            assert_eq!(image.layers()[0].history.as_ref().unwrap().created_by.as_deref(), Some("step 0"));
        }
        assert!(matches!(open(&format!("{path}:3.0")), Err(Error::NoSuchImage { .. })));
    }
}

/// A layout with an index in its index, for platforms.
fn multi_platform(dir: &Path, platforms: &[&str]) -> Vec<Blobs> {
    let images: Vec<Blobs> =
        platforms.iter().map(|platform| image(&[&gzip(&tar(&[file("for", platform)]))], platform)).collect();
    let named: Vec<_> = images.iter().map(|image| (image, "x")).collect();
    layout(dir, &named);
    let entries: Vec<_> = images
        .iter()
        .zip(platforms)
        .map(|(image, platform)| {
            let (os, architecture) = platform.split_once('/').unwrap();
            serde_json::json!({"mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": image.manifest.to_string(), "size": 1, "platform": {"os": os, "architecture": architecture}})
        })
        .chain([serde_json::json!({"mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": Digest::sha256(b"attestation").to_string(), "size": 1,
            "platform": {"os": "unknown", "architecture": "unknown"},
            "annotations": {"vnd.docker.reference.type": "attestation-manifest"}})])
        .collect();
    let inner =
        serde_json::json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": entries})
        .to_string();
    let digest = Digest::sha256(inner.as_bytes());
    std::fs::write(dir.join("blobs/sha256").join(digest.hex()), &inner).unwrap();
    let outer = serde_json::json!({"schemaVersion": 2, "manifests": [{"digest": digest.to_string(),
        "mediaType": "application/vnd.oci.image.index.v1+json", "size": inner.len()}]});
    std::fs::write(dir.join("index.json"), outer.to_string()).unwrap();
    images
}

#[test]
fn chooses_platforms() {
    let dir = tempfile::tempdir().unwrap();
    multi_platform(dir.path(), &["linux/s390x", "linux/arm64"]);
    let target = Target::OciLayout { path: dir.path().into(), image: None };
    let with = |platform: &str| {
        let options = OpenOptions { platform: Some(platform.parse().unwrap()), ..OpenOptions::default() };
        Image::open(&target, &options)
    };
    let image = with("linux/aarch64").unwrap();
    assert_eq!(image.platform().unwrap().to_string(), "linux/arm64");
    assert_eq!(list(&image, 0).unwrap().0, ["F for linux/arm64"]);
    let error = with("windows/amd64").unwrap_err().to_string();
    assert!(error.contains("linux/s390x, linux/arm64") && error.contains("--platform"), "{error}");

    let only = tempfile::tempdir().unwrap();
    multi_platform(only.path(), &["linux/s390x"]);
    let image = open(only.path().to_str().unwrap()).unwrap();
    assert!(matches!(image.notes(), [ImageNote::OtherPlatform(_)]), "{:?}", image.notes());
}

#[test]
fn refuses_cycles_depth_and_wrong_digests() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = dir.path().join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    let point_to = |digest: &Digest| {
        serde_json::json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [{"mediaType": "application/vnd.oci.image.index.v1+json", "digest": digest.to_string(), "size": 1}]})
        .to_string()
    };
    let mut digest = Digest::sha256(b"bottom");
    for _ in 0..20 {
        let text = point_to(&digest);
        digest = Digest::sha256(text.as_bytes());
        std::fs::write(blobs.join(digest.hex()), text).unwrap();
    }
    std::fs::write(dir.path().join("index.json"), point_to(&digest)).unwrap();
    let error = open(dir.path().to_str().unwrap()).unwrap_err();
    assert!(matches!(error, Error::Limit { .. }), "{error}");
    // A real cycle cannot have right digests; with wrong ones it is stopped before they are looked at, or by them.
    let lie = Digest::sha256(b"lie");
    std::fs::write(blobs.join(lie.hex()), point_to(&lie)).unwrap();
    std::fs::write(dir.path().join("index.json"), point_to(&lie)).unwrap();
    let error = open(dir.path().to_str().unwrap()).unwrap_err();
    assert!(matches!(error, Error::WrongDigest { .. } | Error::CyclicIndex { .. }), "{error}");
}

#[test]
fn refuses_indexes_that_fan_out() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = dir.path().join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    let mut digest = Digest::sha256(b"bottom");
    for level in 0..3 {
        let many: Vec<_> = (0..100)
            .map(|_| {
                serde_json::json!({"mediaType": "application/vnd.oci.image.index.v1+json",
                    "digest": digest.to_string(), "size": 1})
            })
            .collect();
        let manifests = if level == 0 { Vec::new() } else { many };
        let text = serde_json::json!({"schemaVersion": 2, "manifests": manifests}).to_string();
        digest = Digest::sha256(text.as_bytes());
        std::fs::write(blobs.join(digest.hex()), &text).unwrap();
        std::fs::write(dir.path().join("index.json"), &text).unwrap();
    }
    let error = open(dir.path().to_str().unwrap()).unwrap_err();
    assert!(matches!(error, Error::Limit { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn walks_directories() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    std::fs::create_dir_all(root.join("etc/b")).unwrap();
    std::fs::write(root.join("etc/a"), "1").unwrap();
    std::fs::write(root.join("etc/b/.wh.x"), "kept").unwrap();
    std::fs::write(root.join("etc-after"), "2").unwrap();
    symlink("/", root.join("etc/root")).unwrap();
    symlink("etc", root.join("loop")).unwrap();
    std::fs::write(root.join("locked"), "3").unwrap();
    std::fs::set_permissions(root.join("locked"), std::fs::Permissions::from_mode(0o4000)).unwrap();
    let image = Image::open(&Target::Directory(root.into()), &OpenOptions::default()).unwrap();
    let mut entries = image.open_layer(0).unwrap();
    let mut seen = Vec::new();
    let mut failed = 0;
    while let Some(entry) = entries.next_entry().unwrap() {
        let mut body = String::new();
        if entry.body.read_to_string(&mut body).is_err() {
            failed += 1;
        }
        seen.push(format!("{} {:o} {body}", entry.header.path, entry.header.mode));
    }
    let paths: Vec<_> = seen.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(paths, ["etc", "etc/a", "etc/b", "etc/b/.wh.x", "etc/root", "etc-after", "locked", "loop"]);
    assert!(seen[3].ends_with(" kept") && seen[6].contains(" 4000"), "{seen:?}");
    let notes = entries.take_notes();
    // Root reads everything; everybody else hears of what cannot be read.
    assert_eq!(notes.len(), failed);
    assert!(notes.iter().all(|note| matches!(note, LayerNote::Unreadable { .. })));
}

#[test]
fn reads_layers_from_several_threads() {
    let dir = tempfile::tempdir().unwrap();
    let body = "x".repeat(200_000);
    let layers: Vec<Vec<u8>> = (0..4).map(|at| gzip(&tar(&[file(&format!("f{at}"), &body)]))).collect();
    let borrowed: Vec<&[u8]> = layers.iter().map(Vec::as_slice).collect();
    let path = dir.path().join("layout");
    layout(&path, &[(&image(&borrowed, "linux/amd64"), "latest")]);
    let archive = dir.path().join("layout.tar");
    std::fs::write(&archive, layout_as_tar(&path)).unwrap();
    let image = open(archive.to_str().unwrap()).unwrap();
    std::thread::scope(|scope| {
        for at in [0, 1, 2, 3, 3, 0] {
            let image = &image;
            scope.spawn(move || {
                assert_eq!(list(image, at).unwrap().0, [format!("F f{at} {}", "x".repeat(200_000))]);
            });
        }
    });
}
