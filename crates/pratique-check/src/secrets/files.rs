//! The reader that looks for secrets in the files of a layer.
//!
//! It wants text: what is a binary by its name is not asked for, and what has a NUL byte early on is left alone, as grep
//! does it. What libraries bring along for their own tests, and the distribution's documentation, is full of keys that
//! open nothing: there nothing is looked for. Of files longer than [`LONGEST`] only the beginning is searched, and that
//! is told; in the trees of libraries such files, and programs longer than [`LONGEST_PROGRAM`], are passed over.

use std::io::Read;

use pratique_image::{EntryHeader, ImagePath};
use pratique_inventory::{Cataloger, CatalogerId, Fact, File, Reading, SecretFact, Unreadable};

use super::{Text, scan_text};

/// Looks for secrets in text files.
pub struct SecretFiles;

/// Bytes of a file that are searched.
const LONGEST: u64 = 4 << 20;
/// Longest executable file that is read: scripts are short.
const LONGEST_PROGRAM: u64 = 256 << 10;
/// Bytes in which a binary shows.
const SNIFFED: u64 = 1024;

/// Endings of what is no text, or holds nothing but code that others wrote or data.
const BINARY: &[&str] = &[
    "7z", "a", "afm", "apk", "avi", "avif", "bin", "bmp", "br", "bz2", "cache", "cat", "class", "crl", "css",
    "dat", "db", "deb", "dll", "dylib", "ear", "egg", "elc", "eot", "exe", "flac", "gem", "gif", "gmo", "gz",
    "h", "hpp", "ico", "jar", "jpeg", "jpg", "la", "lz4", "lzma", "map", "mo", "mov", "mp3", "mp4", "node",
    "nupkg", "o", "odt", "ogg", "otf", "pack", "pak", "pdf", "pdb", "pfb", "png", "po", "ppt", "psd", "pyc",
    "pyd", "pyo", "rlib", "rmeta", "rpm", "scss", "so", "sqlite", "svg", "svgz", "swf", "tar", "tgz", "tif",
    "tiff", "ttc", "ttf", "tzst", "war", "wasm", "wav", "webm", "webp", "whl", "woff", "woff2", "xls", "xz",
    "zip", "zst",
];

/// Trees of the distribution in which nobody puts secrets.
const SKIPPED: &[&str] = &[
    "boot",
    "dev",
    "proc",
    "sys",
    "lib/apk",
    "lib/firmware",
    "lib/modules",
    "usr/include",
    "usr/lib/modules",
    "usr/lib/firmware",
    "usr/lib/sysimage",
    "usr/share/bash-completion",
    "usr/share/ca-certificates",
    "usr/share/common-licenses",
    "usr/share/doc",
    "usr/share/fonts",
    "usr/share/i18n",
    "usr/share/icons",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/man",
    "usr/share/mime",
    "usr/share/perl",
    "usr/share/perl5",
    "usr/share/terminfo",
    "usr/share/vim",
    "usr/share/X11",
    "usr/share/zoneinfo",
    "usr/share/zsh",
    "etc/ssl/certs",
    "etc/pki/ca-trust",
    "var/cache",
    "var/lib/apt",
    "var/lib/dpkg",
    "var/lib/pacman",
    "var/lib/rpm",
];

/// Folders in which package managers put what others wrote.
const LIBRARIES: &[&[u8]] = &[
    b"node_modules",
    b"site-packages",
    b"dist-packages",
    b"gems",
    b"vendor",
    b"bower_components",
    b".cargo",
    b"mod",
    b"jvm",
    b"perl5",
    b"perl",
];

/// Endings of documentation, and of declarations without code: in libraries they show keys that open nothing.
const PROSE: &[&str] = &["md", "markdown", "rst", "txt", "adoc", "html", "htm", "ts", "pyi"];

/// Folders of tests and documentation.
const TESTS: &[&[u8]] = &[
    b"test",
    b"tests",
    b"testing",
    b"testdata",
    b"test_data",
    b"__tests__",
    b"spec",
    b"specs",
    b"fixtures",
    b"fixture",
    b"example",
    b"examples",
    b"docs",
    b"doc",
    b"mock",
    b"mocks",
    b"samples",
    b"sample",
    b"demo",
    b"benchmark",
    b"benchmarks",
];

/// Endings and names of files that hold settings.
const SETTINGS: &[&str] = &[
    "conf",
    "cfg",
    "cnf",
    "config",
    "env",
    "ini",
    "json",
    "properties",
    "toml",
    "yaml",
    "yml",
    "xml",
    "tfvars",
    "tfstate",
    "sh",
    "envrc",
];

impl Cataloger for SecretFiles {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "secrets/text", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**"]
    }

    fn goes_by_name(&self) -> bool {
        false
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        if !file.is_file() || file.size < 8 || file.mode & 0o111 != 0 && file.size > LONGEST_PROGRAM {
            return false;
        }
        let name = file.path.file_name();
        let ending = ending(name);
        let is_binary = BINARY.iter().any(|known| ending.eq_ignore_ascii_case(known.as_bytes()))
            || name.windows(4).any(|part| part == b".so.")
            || name.ends_with(b".min.js");
        if is_binary || SKIPPED.iter().any(|tree| file.path.starts_with(tree)) {
            return false;
        }
        let library = is_of_library(&file.path);
        if library && PROSE.iter().any(|known| ending.eq_ignore_ascii_case(known.as_bytes())) {
            return false;
        }
        !library || file.size <= LONGEST && !file.path.components().any(|part| TESTS.contains(&part))
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let mut reading = Reading::nothing();
        let mut bytes = Vec::new();
        (&mut *file.body).take(SNIFFED).read_to_end(&mut bytes)?;
        if bytes.contains(&0) {
            return Ok(reading);
        }
        (&mut *file.body).take(LONGEST - SNIFFED).read_to_end(&mut bytes)?;
        if file.header.size > LONGEST {
            reading.problem(format!("only the first {} MiB were searched for secrets", LONGEST >> 20));
        }
        let name = String::from_utf8_lossy(file.path().file_name()).into_owned();
        let library = is_of_library(file.path());
        let text = Text { name: &name, settings: !library && holds_settings(file.path()), library };
        let searched = scan_text(&bytes, text);
        if searched.cut {
            reading.problem("there is so much like secrets in it that the search was given up");
        }
        reading.facts = searched
            .hits
            .into_iter()
            .map(|hit| {
                Fact::Secret(SecretFact {
                    rule: hit.rule.id.to_owned(),
                    line: hit.line,
                    redacted: hit.redacted,
                })
            })
            .collect();
        Ok(reading)
    }
}

fn ending(name: &[u8]) -> &[u8] {
    name.iter().rposition(|&b| b == b'.').and_then(|dot| name.get(dot + 1..)).unwrap_or_default()
}

/// Whether it lies where a package manager or the distribution put what others wrote.
fn is_of_library(path: &ImagePath) -> bool {
    ["usr/lib/", "usr/share/", "lib/", "usr/local/lib/", "usr/local/share/", "usr/libexec/", "usr/local/go/"]
        .iter()
        .any(|tree| path.as_bytes().starts_with(tree.as_bytes()))
        || path.components().any(|part| LIBRARIES.contains(&part))
}

/// Whether the file holds settings, by its name.
fn holds_settings(path: &ImagePath) -> bool {
    let name = path.file_name();
    let ending = ending(name);
    let known = SETTINGS.iter().any(|known| ending.eq_ignore_ascii_case(known.as_bytes()))
        || name.starts_with(b".env")
        || [
            &b"credentials"[..],
            b".git-credentials",
            b".bash_history",
            b".profile",
            b".bashrc",
            b"environment",
        ]
        .contains(&name);
    // Lock files are full of hashes.
    let is_lock = name.windows(4).any(|part| part.eq_ignore_ascii_case(b"lock"));
    known && !is_lock
}

#[cfg(test)]
mod tests {
    use pratique_image::EntryKind;

    use super::*;

    #[test]
    fn which_files() {
        let wants = |path: &str, size: u64, mode: u32| {
            let path = ImagePath::new(path).unwrap();
            SecretFiles.wants(&EntryHeader { path, kind: EntryKind::File, size, mode })
        };
        assert!(wants("app/.env", 100, 0o644));
        assert!(wants("root/.ssh/id_rsa", 100, 0o600));
        assert!(wants("app/node_modules/x/index.js", 100, 0o644));
        assert!(wants("app/tests/config.yml", 100, 0o644), "the image's own tests");
        for (path, size, mode) in [
            ("app/node_modules/x/test/key.pem", 100, 0o644),
            ("app/node_modules/x/README.md", 100, 0o644),
            ("usr/lib/libx.so.1", 100, 0o644),
            ("app/logo.PNG", 100, 0o644),
            ("usr/share/doc/x/README", 100, 0o644),
            ("usr/bin/node", 90 << 20, 0o755),
            ("app/node_modules/typescript/lib/tsc.js", 9 << 20, 0o644),
        ] {
            assert!(!wants(path, size, mode), "{path}");
        }
    }
}
