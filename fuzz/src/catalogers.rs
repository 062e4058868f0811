//! Each cataloger reads a file of the name that it wants.

use pratique_image::{EntryHeader, EntryKind, ImagePath};
use pratique_inventory::{
    Cataloger, File, FileFacts, Inventory, LayerFacts, Limits, Reading,
    catalogers::{executables::Executables, language::*, os::*},
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

pub fn bitnami_spdx(bytes: &[u8]) {
    read(&BitnamiSpdx, "opt/bitnami/redis/.spdx-redis.spdx", bytes);
}

pub fn bun_lock(bytes: &[u8]) {
    read(&BunLock, "app/bun.lock", bytes);
}

pub fn cargo_lock(bytes: &[u8]) {
    read(&CargoLock, "app/Cargo.lock", bytes);
}

pub fn composer(bytes: &[u8]) {
    read(&ComposerLock, "app/composer.lock", bytes);
    read(&ComposerInstalled, "app/vendor/composer/installed.json", bytes);
}

pub fn conda_environment(bytes: &[u8]) {
    read(&CondaEnvironment, "app/environment.yml", bytes);
}

pub fn conda_package(bytes: &[u8]) {
    read(&CondaPackage, "opt/conda/conda-meta/a-1.0-0.json", bytes);
}

pub fn deno_lock(bytes: &[u8]) {
    read(&DenoLock, "app/deno.lock", bytes);
}

pub fn dotnet_deps(bytes: &[u8]) {
    read(&DepsJson, "app/App.deps.json", bytes);
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

pub fn flatpak_metadata(bytes: &[u8]) {
    read(&FlatpakMetadata, "var/lib/flatpak/app/org.a.B/x86_64/stable/0f3e/metadata", bytes);
}

pub fn gem(bytes: &[u8]) {
    read(&GemfileLock, "app/Gemfile.lock", bytes);
    read(&Gemspec, "usr/lib/ruby/gems/3.1.0/specifications/a-1.0.gemspec", bytes);
}

pub fn go_mod(bytes: &[u8]) {
    read(&GoMod, "app/go.mod", bytes);
    read(&GoVendor, "app/vendor/modules.txt", bytes);
}

pub fn homebrew_receipt(bytes: &[u8]) {
    read(&HomebrewReceipt, "opt/homebrew/Cellar/jq/1.7.1/INSTALL_RECEIPT.json", bytes);
}

pub fn java_archive(bytes: &[u8]) {
    if !bytes.is_empty() {
        read(&JavaArchives, "app/lib-1.2.3.jar", bytes);
    }
}

pub fn jvm_lock(bytes: &[u8]) {
    read(&GradleLock, "app/gradle.lockfile", bytes);
    read(&SbtLock, "app/build.sbt.lock", bytes);
    // Longer ones are not wanted.
    if bytes.len() <= 64 << 10 {
        read(&JvmRelease, "opt/java/openjdk/release", bytes);
    }
}

/// A project and its parent: two documents with a zero byte between them, put together as those of an image are.
pub fn maven_pom(bytes: &[u8]) {
    let second = bytes.iter().position(|&byte| byte == 0).map_or(bytes.len(), |at| at + 1);
    let (parent, child) = bytes.split_at(second);
    let mut layer = LayerFacts::default();
    for (path, mut body) in [("app/pom.xml", parent), ("app/child/pom.xml", child)] {
        let path = ImagePath::new(path).expect("a path");
        let header =
            EntryHeader { path: path.clone(), kind: EntryKind::File, size: body.len() as u64, mode: 0o644 };
        let limits = Limits::default();
        let reading = MavenPom.read(&mut File { header: &header, body: &mut body, limits: &limits });
        let facts = reading.map(|reading| reading.facts).unwrap_or_default();
        layer.files.insert(path, vec![FileFacts { cataloger: "language/maven-pom".into(), facts }]);
    }
    let _ = Inventory::of_layers(&[layer]);
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

pub fn nuget(bytes: &[u8]) {
    read(&PackagesLock, "app/packages.lock.json", bytes);
    read(&ProjectAssets, "app/obj/project.assets.json", bytes);
    read(&PaketLock, "app/paket.lock", bytes);
}

pub fn opkg_status(bytes: &[u8]) {
    read(&OpkgStatus, "usr/lib/opkg/status", bytes);
    read(&OpkgFiles, "usr/lib/opkg/info/a.list", bytes);
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

pub fn pacman_package(bytes: &[u8]) {
    read(&PacmanPackage, "var/lib/pacman/local/gmp-6.2.1-2/desc", bytes);
    read(&PacmanFiles, "var/lib/pacman/local/gmp-6.2.1-2/files", bytes);
}

pub fn pdm_lock(bytes: &[u8]) {
    read(&PdmLock, "app/pdm.lock", bytes);
}

pub fn pear_registry(bytes: &[u8]) {
    read(&PearRegistry, "usr/share/php/.registry/mail.reg", bytes);
}

pub fn pipfile_lock(bytes: &[u8]) {
    read(&PipfileLock, "app/Pipfile.lock", bytes);
}

pub fn pnpm_lock(bytes: &[u8]) {
    read(&PnpmLock, "app/pnpm-lock.yaml", bytes);
}

pub fn poetry_lock(bytes: &[u8]) {
    read(&PoetryLock, "app/poetry.lock", bytes);
}

pub fn portage_contents(bytes: &[u8]) {
    read(&PortageContents, "var/db/pkg/app-containers/skopeo-1.5.1/CONTENTS", bytes);
}

/// Names that many rows share, and one of a text.
pub fn programs(bytes: &[u8]) {
    for name in
        ["usr/local/bin/mysqld", "usr/local/bin/python3.11", "usr/local/bin/envoy", "usr/local/go/VERSION"]
    {
        if bytes.len() >= 64 || name.ends_with("VERSION") {
            read(&Executables, name, bytes);
        }
    }
}

pub fn pylock(bytes: &[u8]) {
    read(&PyLock, "app/pylock.toml", bytes);
}

pub fn python_archive(bytes: &[u8]) {
    // Shorter files are not wanted.
    if bytes.len() >= 22 {
        read(&PythonArchive, "wheels/a-1.0-py3-none-any.whl", bytes);
    }
}

pub fn python_metadata(bytes: &[u8]) {
    read(&PythonMetadata, "site-packages/a_b-1.0.dist-info/METADATA", bytes);
    read(&PythonMetadata, "site-packages/a.egg-info", bytes);
    read(&PythonDirectUrl, "site-packages/a-1.0.dist-info/direct_url.json", bytes);
}

pub fn python_requirements(bytes: &[u8]) {
    read(&Requirements, "app/requirements.txt", bytes);
}

pub fn python_setup(bytes: &[u8]) {
    read(&SetupPy, "app/setup.py", bytes);
}

pub fn red_hat_build(bytes: &[u8]) {
    read(&RedHatBuild, "root/buildinfo/Dockerfile-ubi8-8.5-1", bytes);
    read(&RedHatBuild, "root/buildinfo/content_manifests/ubi8.json", bytes);
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

pub fn snap_files(bytes: &[u8]) {
    read(&SnapFiles, "meta/snap.yaml", bytes);
    read(&SnapFiles, "usr/share/snappy/dpkg.yaml", bytes);
    read(&SnapFiles, "usr/share/snappy/dpkg.list", bytes);
}

pub fn uv_lock(bytes: &[u8]) {
    read(&UvLock, "app/uv.lock", bytes);
}

pub fn wordpress(bytes: &[u8]) {
    read(&WordPressCore, "w/wp-includes/version.php", bytes);
    read(&WordPressParts, "w/wp-content/plugins/a/a.php", bytes);
}

pub fn xml_manifests(bytes: &[u8]) {
    read(&PackagesConfig, "app/packages.config", bytes);
    read(&CentralVersions, "app/Directory.Packages.props", bytes);
    read(&GradleVerification, "app/gradle/verification-metadata.xml", bytes);
}

pub fn yarn_lock(bytes: &[u8]) {
    read(&YarnLock, "app/yarn.lock", bytes);
}
