//! Each cataloger reads a file of the name that it wants.

use pratique_image::{EntryHeader, EntryKind, ImagePath};
use pratique_inventory::{
    Cataloger, File, Limits, Reading,
    catalogers::{
        executables::Executables,
        language::{
            CargoLock, CocoaPodsLock, ConanLock, ConanText, DartPubspecLock, ElixirMixLock,
            ErlangApplication, ErlangRebarLock, GitHubActions, HaskellFreeze, HaskellStack, JavaArchives,
            JuliaManifest, JuliaProject, LuaRockspec, NpmLock, NpmPackage, OpamPackage, OpamSwitch,
            PerlInstall, PerlMeta, PerlSnapshot, PythonDirectUrl, PythonMetadata, RDescription, RenvLock,
            SwiPlPack, SwiftResolved, TerraformLock, VcpkgManifest, VcpkgStatus,
        },
        os::{ApkDatabase, DpkgCopyright, DpkgStatus, ReleaseFiles, RpmDatabase},
    },
};

/// Lets a cataloger read `bytes` as a regular file at `path`, which it must want.
fn read(cataloger: &dyn Cataloger, path: &str, mut bytes: &[u8]) {
    let path = ImagePath::new(path).expect("a target's path is one");
    let header = EntryHeader { path, kind: EntryKind::File, size: bytes.len() as u64, mode: 0o755 };
    assert!(cataloger.wants(&header), "the cataloger does not want {:?}", header.path);
    let limits = Limits::default();
    let _ = cataloger.read(&mut File { header: &header, body: &mut bytes, limits: &limits });
}

pub fn apk_installed(bytes: &[u8]) {
    read(&ApkDatabase, "lib/apk/db/installed", bytes);
}

pub fn cargo_lock(bytes: &[u8]) {
    read(&CargoLock, "app/Cargo.lock", bytes);
}

pub fn dpkg_copyright(bytes: &[u8]) {
    read(&DpkgCopyright, "usr/share/doc/x/copyright", bytes);
}

pub fn dpkg_status(bytes: &[u8]) {
    read(&DpkgStatus, "var/lib/dpkg/status", bytes);
}

pub fn executables(bytes: &[u8]) {
    // Shorter files are not wanted.
    if bytes.len() >= 64 {
        read(&Executables, "usr/bin/program", bytes);
    }
}

pub fn java_archive(bytes: &[u8]) {
    if !bytes.is_empty() {
        read(&JavaArchives, "app/lib-1.2.3.jar", bytes);
    }
}

/// Short files are read from memory and long ones as they stream past: both ways must say the same.
pub fn npm_lock(bytes: &[u8]) {
    let path = ImagePath::new("app/package-lock.json").expect("a path");
    let read = |size| -> Option<Reading> {
        let header = EntryHeader { path: path.clone(), kind: EntryKind::File, size, mode: 0o644 };
        NpmLock.read(&mut File { header: &header, body: &mut &bytes[..], limits: &Limits::default() }).ok()
    };
    let (memory, stream) = (read(bytes.len() as u64), read(200 << 20));
    assert_eq!(memory.map(|r| r.facts), stream.map(|r| r.facts));
}

pub fn npm_package(bytes: &[u8]) {
    read(&NpmPackage, "app/node_modules/a/package.json", bytes);
    read(&NpmPackage, "app/package.json", bytes);
}

pub fn os_release(bytes: &[u8]) {
    read(&ReleaseFiles, "etc/os-release", bytes);
}

/// Formats that are one small document, each with a path at which it is read. A seed's first byte says which, `a` the
/// first; so new ones go to the end.
const OTHER_LANGUAGES: &[(&dyn Cataloger, &str)] = &[
    (&DartPubspecLock, "app/pubspec.lock"),
    (&ElixirMixLock, "app/mix.lock"),
    (&ErlangRebarLock, "app/rebar.lock"),
    (&ErlangApplication, "lib/erlang/lib/a-1/ebin/a.app"),
    (&SwiftResolved, "app/Package.resolved"),
    (&CocoaPodsLock, "app/Podfile.lock"),
    (&ConanLock, "app/conan.lock"),
    (&ConanText, "app/conanfile.txt"),
    (&ConanText, "data/a/1/_/_/package/0/conaninfo.txt"),
    (&VcpkgManifest, "app/vcpkg.json"),
    (&VcpkgStatus, "opt/vcpkg/installed/vcpkg/status"),
    (&HaskellFreeze, "app/cabal.project.freeze"),
    (&HaskellStack, "app/stack.yaml"),
    (&HaskellStack, "app/stack.yaml.lock"),
    (&OpamPackage, "app/a.opam"),
    (&OpamSwitch, "root/.opam/4.14/.opam-switch/switch-state"),
    (&RDescription, "usr/lib/R/library/a/DESCRIPTION"),
    (&RenvLock, "app/renv.lock"),
    (&JuliaManifest, "app/Manifest.toml"),
    (&JuliaProject, "root/.julia/packages/A/93Ea8/Project.toml"),
    (&LuaRockspec, "app/a-1-1.rockspec"),
    (&PerlMeta, "app/META.json"),
    (&PerlMeta, "app/META.yml"),
    (&PerlInstall, "lib/perl5/.meta/A-1/install.json"),
    (&PerlSnapshot, "app/cpanfile.snapshot"),
    (&SwiPlPack, "pack/a/pack.pl"),
    (&TerraformLock, "app/.terraform.lock.hcl"),
    (&GitHubActions, ".github/workflows/a.yml"),
];

pub fn other_languages(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let which = usize::from(first.wrapping_sub(b'a')) % OTHER_LANGUAGES.len();
    let (cataloger, path) = OTHER_LANGUAGES[which];
    read(cataloger, path, bytes);
}

pub fn python_metadata(bytes: &[u8]) {
    read(&PythonMetadata, "site-packages/a_b-1.0.dist-info/METADATA", bytes);
    read(&PythonMetadata, "site-packages/a.egg-info", bytes);
    read(&PythonDirectUrl, "site-packages/a-1.0.dist-info/direct_url.json", bytes);
}

pub fn rpm_bdb(bytes: &[u8]) {
    read(&RpmDatabase, "var/lib/rpm/Packages", bytes);
}

/// A header alone, in the simplest database that can hold one: NDB with one page of slots.
pub fn rpm_header(header: &[u8]) {
    let numbers = |of: &[u32]| of.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>();
    let length = header.len() as u32;
    let blocks = (16 + length + 12).div_ceil(16);
    let mut db = [&b"RpmP"[..], &numbers(&[0, 1, 1, 2, 0, 0, 0])].concat();
    db.extend([&b"Slot"[..], &numbers(&[1, 256, blocks])].concat());
    while db.len() < 4096 {
        db.extend([&b"Slot"[..], &numbers(&[0, 0, 0])].concat());
    }
    db.extend([&b"BlbS"[..], &numbers(&[1, 1, length]), header].concat());
    db.resize(4096 + blocks as usize * 16 - 12, 0);
    db.extend([&numbers(&[0, length])[..], b"BlbE"].concat());
    read(&RpmDatabase, "var/lib/rpm/Packages.db", &db);
}

pub fn rpm_ndb(bytes: &[u8]) {
    read(&RpmDatabase, "usr/lib/sysimage/rpm/Packages.db", bytes);
}

pub fn rpm_sqlite(bytes: &[u8]) {
    read(&RpmDatabase, "var/lib/rpm/rpmdb.sqlite", bytes);
}
