//! Layers as runtimes read them: whiteouts, odd names, compression, damage, bombs.

#![allow(clippy::unwrap_used)] // Helpers of tests may panic like tests.

mod support;

use pratique_image::{Image, LayerError, LayerNote, Limits, OpenOptions, TarError, Target};
use support::{file, gzip, image, layout, list, tar, zstd};

/// Reads one layer, stored as `bytes`, through a layout.
fn layer_with(bytes: &[u8], options: &OpenOptions) -> Result<(Vec<String>, Vec<LayerNote>), LayerError> {
    let dir = tempfile::tempdir().unwrap();
    layout(dir.path(), &[(&image(&[bytes], "linux/amd64"), "latest")]);
    let target = Target::OciLayout { path: dir.path().into(), image: None };
    list(&Image::open(&target, options).unwrap(), 0)
}

fn layer(bytes: &[u8]) -> Result<(Vec<String>, Vec<LayerNote>), LayerError> {
    layer_with(bytes, &OpenOptions::default())
}

#[test]
fn translates_entries() {
    let bytes = tar(&[
        ("etc/", b'5', "", b""),
        file("./etc/passwd", "root"),
        ("etc/link", b'2', "../usr/x", b""),
        ("etc/hard", b'1', "/etc/passwd", b""),
        ("dev/null", b'3', "", b""),
        file("etc/.wh.shadow", "a body that nobody wants"),
        file("var/.wh..wh..opq", ""),
        file(".wh..wh..opq", ""),
        file(".wh..wh.aufs", "x"),
        (".wh..wh.plnk/", b'5', "", b""),
        file(".wh..wh.plnk/1.2", "linked"),
        ("bin/tool", b'1', ".wh..wh.plnk/1.2", b""),
        file("a/.wh..wh.b", ""),
        file("../../out", "o"),
        file("/abs", "a"),
    ]);
    let (entries, notes) = layer(&bytes).unwrap();
    assert_eq!(
        entries,
        [
            "D etc",
            "F etc/passwd root",
            "L etc/link ../usr/x",
            "H etc/hard etc/passwd",
            "S dev/null",
            "W etc/shadow",
            "O var",
            "O ",
            "F .wh..wh.plnk/1.2 linked",
            "H bin/tool .wh..wh.plnk/1.2",
            "W a/.wh.b",
            "F out o",
            "F abs a",
        ]
    );
    assert!(matches!(&notes[..], [LayerNote::OutsideTree { name, .. }] if name == "../../out"), "{notes:?}");
}

#[test]
fn refuses_whiteouts_of_directories_themselves() {
    for name in ["a/.wh.", "a/.wh..", "a/.wh..."] {
        assert!(matches!(layer(&tar(&[file(name, "")])), Err(LayerError::BadWhiteout(_))), "{name}");
    }
}

#[test]
fn reads_all_compressions_by_their_bytes() {
    let bytes = tar(&[file("a", "1"), file("b", "2")]);
    let want = ["F a 1", "F b 2"];
    let (head, tail) = bytes.split_at(700);
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
    for stored in [
        bytes.clone(),
        gzip(&bytes),
        [gzip(head), gzip(tail)].concat(),
        [gzip(b""), gzip(&bytes)].concat(),
        zstd(&bytes),
        [zstd(head), zstd(tail)].concat(),
        [skippable.clone(), zstd(head), skippable, zstd(tail)].concat(),
    ] {
        assert_eq!(layer(&stored).unwrap().0, want);
    }
    assert!(layer(b"").unwrap().0.is_empty());
    assert!(matches!(layer(b"BZh91AY&SY"), Err(LayerError::UnsupportedCompression("bzip2"))));
    assert!(matches!(layer(b"\xfd7zXZ\0\0\0"), Err(LayerError::UnsupportedCompression("xz"))));
}

#[test]
fn damage_is_never_silent() {
    let bytes = tar(&[file("a", &"x".repeat(5000)), file("b", "2")]);
    for (what, stored) in [("gzip", gzip(&bytes)), ("zstd", zstd(&bytes))] {
        for cut in [1, 8, stored.len() / 2] {
            let error = layer(&stored[..stored.len() - cut]).unwrap_err();
            assert!(matches!(error, LayerError::Truncated { .. }), "{what} cut by {cut}: {error}");
        }
        let error = layer(&[&stored[..], b"garbage"].concat()).unwrap_err();
        assert!(
            matches!(error, LayerError::Decompress { .. } | LayerError::Truncated { .. }),
            "{what}: {error}"
        );
        let mut flipped = stored.clone();
        let last = flipped.len() - 6;
        flipped[last] ^= 0xff;
        assert!(layer(&flipped).is_err(), "{what} flipped");
    }
    for (cut, want) in [(600, TarError::Truncated), (4000, TarError::Truncated), (5700, TarError::Truncated)]
    {
        match layer(&bytes[..cut]) {
            Err(LayerError::Tar { problem, .. }) => assert_eq!(problem, want, "{cut}"),
            other => panic!("{cut}: {other:?}"),
        }
    }
    let lone = [&bytes[..512 + 5120], &[0; 512], &[1; 512]].concat();
    assert!(matches!(layer(&lone), Err(LayerError::Tar { problem: TarError::LoneZeroBlock, .. })));
    assert!(matches!(layer(&[7; 2048]), Err(LayerError::Tar { problem: TarError::Checksum, .. })));
    // What follows the end is not looked at, but is part of what is hashed.
    assert_eq!(layer(&[&bytes[..], &[9; 3000]].concat()).unwrap().0.len(), 2);
    assert_eq!(layer(&gzip(&[&bytes[..], &vec![9; 300_000]].concat())).unwrap().0.len(), 2);
}

#[test]
fn stays_failed() {
    let bytes = tar(&[file("a", "1"), file("b", "2")]);
    let dir = tempfile::tempdir().unwrap();
    layout(dir.path(), &[(&image(&[&bytes[..1030]], "linux/amd64"), "latest")]);
    let target = Target::OciLayout { path: dir.path().into(), image: None };
    let opened = Image::open(&target, &OpenOptions::default()).unwrap();
    let mut entries = opened.open_layer(0).unwrap();
    assert!(entries.next_entry().unwrap().is_some());
    assert!(entries.next_entry().is_err());
    assert!(entries.next_entry().is_err(), "an error must not turn into an end");
}

#[test]
fn checks_digest_and_size() {
    let bytes = gzip(&tar(&[file("a", "1")]));
    let swapped = gzip(&tar(&[file("a", "2")]));
    for (stored, size_differs) in
        [(swapped.clone(), swapped.len() != bytes.len()), ([&bytes[..], &bytes].concat(), true)]
    {
        let dir = tempfile::tempdir().unwrap();
        let good = image(&[&bytes], "linux/amd64");
        layout(dir.path(), &[(&good, "latest")]);
        let blob = dir.path().join("blobs/sha256").join(pratique_image::Digest::sha256(&bytes).hex());
        std::fs::write(blob, stored).unwrap();
        let target = Target::OciLayout { path: dir.path().into(), image: None };
        let opened = Image::open(&target, &OpenOptions::default()).unwrap();
        match list(&opened, 0) {
            Err(LayerError::WrongDigest { .. }) => assert!(!size_differs),
            Err(LayerError::WrongSize { .. }) => assert!(size_differs),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn stops_bombs() {
    let limits = Limits {
        ratio: 50,
        ratio_grace: 1 << 20,
        layer_bytes: 64 << 20,
        layer_entries: 100,
        ..Limits::default()
    };
    let options = OpenOptions { limits, ..OpenOptions::default() };
    let zeros = "\0".repeat(32 << 20);
    let bomb = tar(&[file("zeros", &zeros)]);
    assert!(matches!(layer_with(&gzip(&bomb), &options), Err(LayerError::Bomb { .. })));
    assert!(matches!(layer_with(&zstd(&bomb), &options), Err(LayerError::Bomb { .. })));
    // The same bytes behind the archive's end.
    let behind = [tar(&[file("a", "1")]), bomb.clone()].concat();
    assert!(matches!(layer_with(&gzip(&behind), &options), Err(LayerError::Bomb { .. })));
    let small = OpenOptions { limits: Limits { layer_bytes: 1 << 20, ..limits }, ..OpenOptions::default() };
    assert!(matches!(layer_with(&bomb, &small), Err(LayerError::TooLarge { .. })));
    let many: Vec<_> = (0..101).map(|_| file("a", "")).collect();
    let error = layer_with(&tar(&many), &options).unwrap_err();
    assert!(matches!(error, LayerError::Tar { problem: TarError::TooManyEntries(100), .. }), "{error}");
}

#[test]
fn refuses_large_zstd_windows() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(28).unwrap();
    encoder.include_contentsize(false).unwrap();
    let bytes = tar(&[file("a", &"x".repeat(100_000))]);
    std::io::Write::write_all(&mut encoder, &bytes).unwrap();
    let error = layer(&encoder.finish().unwrap()).unwrap_err();
    assert!(matches!(error, LayerError::Decompress { format: "zstd", .. }), "{error}");
}

#[test]
fn long_detours_in_names_lead_nowhere_else() {
    let name = "./".repeat(6000) + "etc/os-release";
    let record = format!("path={name}\n");
    let mut length = record.len() + 2;
    while length != format!("{length} {record}").len() {
        length = format!("{length} {record}").len();
    }
    let pax = format!("{length} {record}");
    let bytes = tar(&[("x", b'x', "", pax.as_bytes()), file("short", "id")]);
    assert_eq!(layer(&bytes).unwrap().0, ["F etc/os-release id"]);
}
