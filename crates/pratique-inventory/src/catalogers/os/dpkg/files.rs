//! Which files dpkg's packages brought.
//!
//! `info/NAME[:ARCH].list` has every path, folders included, absolute, folders before what is in them;
//! `info/….md5sums` only regular files that are no configuration, relative (deb-md5sums(5)). Distroless images
//! keep nothing but `status.d/FILE.md5sums`. There FILE is the name of the control file beside it, and the
//! package is the one that file states: see [`control_file`].
//!
//! Paths are as the package has them. Where `/lib` is a link to `usr/lib`, a package's `lib/x` lies at
//! `usr/lib/x`; where the local administrator diverted a file (dpkg-divert(1)), it lies elsewhere still.

use pratique_image::{EntryHeader, ImagePath};

use super::{DATABASE, file_in};
use crate::catalogers::os::{
    file_list::{self, Listed},
    lines::Line,
};
use crate::{Cataloger, CatalogerId, Fact, File, PathSet, Reading, Unreadable};

/// Reads dpkg's lists of the files of a package.
pub struct DpkgFiles;

/// How a file lists paths.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    /// One path a line.
    List,
    /// `HASH  PATH`.
    Md5sums,
}

/// The package (or control file) and the format that a file's path tells.
fn listed(path: &ImagePath) -> Option<(&[u8], Format)> {
    let rest = path.as_bytes().strip_prefix(DATABASE)?;
    let name = match rest.first() {
        Some(b'i') => file_in(path, b"info")?,
        _ => file_in(path, b"status.d")?,
    };
    let (package, format) = match name.strip_suffix(b".list") {
        Some(package) => (package, Format::List),
        None => (name.strip_suffix(b".md5sums")?, Format::Md5sums),
    };
    (!package.is_empty()).then_some((package, format))
}

/// For `status.d/FILE.md5sums` (or `.list`): the control file `status.d/FILE` that states the package.
///
/// `None` for lists in `info`, whose name is the package's own.
pub fn control_file(path: &ImagePath) -> Option<ImagePath> {
    file_in(path, b"status.d")?;
    let bytes = path.as_bytes();
    let control = bytes.strip_suffix(b".md5sums").or_else(|| bytes.strip_suffix(b".list"))?;
    ImagePath::new(control).ok()
}

impl Cataloger for DpkgFiles {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "os/dpkg-files", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &[
            "var/lib/dpkg/info/*.list",
            "var/lib/dpkg/info/*.md5sums",
            "var/lib/dpkg/status.d/*.list",
            "var/lib/dpkg/status.d/*.md5sums",
        ]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        listed(&file.path).is_some()
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let Some((package, format)) = listed(&file.header.path) else { return Ok(Reading::nothing()) };
        let package = String::from_utf8_lossy(package).into_owned();
        let mut reading = Reading::nothing();
        let mut files = Files::default();
        file_list::each(file, &mut reading, |line| named(format, line), |path| files.add(path))?;
        let files = files.finish();
        if !files.is_empty() {
            reading.facts.push(Fact::PackageFiles { package, files });
        }
        Ok(reading)
    }
}

/// What a line of such a list names.
fn named(format: Format, line: Line<'_>) -> Listed<'_> {
    match format {
        _ if line.bytes.is_empty() => Listed::Nothing,
        Format::List => Listed::Path(line.bytes),
        Format::Md5sums => md5sums_path(line.bytes).map_or(Listed::Unclear, Listed::Path),
    }
}

/// The path of a line of md5sum(1)'s format: 32 hexadecimal digits, two characters, the path.
fn md5sums_path(line: &[u8]) -> Option<&[u8]> {
    let (sum, rest) = line.split_at_checked(32)?;
    let path = rest.strip_prefix(b"  ").or_else(|| rest.strip_prefix(b" *"))?;
    sum.iter().all(u8::is_ascii_hexdigit).then_some(path)
}

/// Paths of a list, folders left out.
#[derive(Default)]
struct Files {
    hashes: Vec<u64>,
    /// The last path: a folder if the next one lies below it.
    last: Vec<u8>,
}

impl Files {
    /// Adds a path, and answers how many there are.
    fn add(&mut self, path: &[u8]) -> usize {
        let path = trimmed(path);
        let below = path.strip_prefix(self.last.as_slice()).is_some_and(|rest| rest.first() == Some(&b'/'));
        if !below {
            self.keep_last();
        }
        self.last.clear();
        self.last.extend_from_slice(path);
        self.hashes.len()
    }

    fn keep_last(&mut self) {
        if !self.last.is_empty() {
            self.hashes.push(PathSet::hash(&self.last));
        }
    }

    fn finish(mut self) -> PathSet {
        self.keep_last();
        PathSet::from_hashes(self.hashes)
    }
}

/// Without `/`, `./` and `/.` around it.
fn trimmed(mut path: &[u8]) -> &[u8] {
    while let [b'.', b'/', rest @ ..] | [b'/', rest @ ..] = path {
        path = rest;
    }
    while let [rest @ .., b'/'] = path {
        path = rest;
    }
    if path == b"." { b"" } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    fn read(path: &str, text: &[u8]) -> Reading {
        trial::read(&DpkgFiles, path, text)
    }

    fn files(package: &str, files: &[&str]) -> Vec<Fact> {
        vec![Fact::PackageFiles { package: package.into(), files: files.iter().collect() }]
    }

    #[test]
    fn lists_leave_folders_out() {
        let text = b"/.\n/usr\n/usr/lib\n/usr/lib/libffi.so.8\n/usr/lib/libffi.so.8.1\n/usr/share\n/usr/share/doc x\n";
        let reading = read("var/lib/dpkg/info/libffi8:amd64.list", text);
        assert_eq!(reading.problems, Vec::<String>::new());
        let want = ["usr/lib/libffi.so.8", "usr/lib/libffi.so.8.1", "usr/share/doc x"];
        assert_eq!(reading.facts, files("libffi8:amd64", &want));
    }

    #[test]
    fn sums() {
        let text =
            b"35870a44b869523da532317bbeb79e03  usr/lib/a b\n35870a44b869523da532317bbeb79e03 *./x\nbroken\n";
        let reading = read("var/lib/dpkg/status.d/libgomp1.md5sums", text);
        assert_eq!(reading.facts, files("libgomp1", &["usr/lib/a b", "x"]));
        assert_eq!(reading.problems, ["line 3 names no file"]);
    }

    #[test]
    fn nothing_in_it_is_nothing() {
        assert_eq!(read("var/lib/dpkg/info/a.list", b"/.\n"), Reading::nothing());
        assert_eq!(read("var/lib/dpkg/info/a.md5sums", b""), Reading::nothing());
    }

    #[test]
    fn which_files() {
        for (path, want) in [
            ("var/lib/dpkg/info/a.list", Some((&b"a"[..], true))),
            ("var/lib/dpkg/info/python3.11:arm64.md5sums", Some((b"python3.11:arm64", false))),
            ("var/lib/dpkg/status.d/base.md5sums", Some((b"base", false))),
            ("var/lib/dpkg/info/a.postinst", None),
            ("var/lib/dpkg/info/.list", None),
            ("var/lib/dpkg/info/x/a.list", None),
            ("var/lib/dpkg/status", None),
            ("srv/var/lib/dpkg/info/a.list", None),
        ] {
            let path = ImagePath::new(path).unwrap();
            assert_eq!(listed(&path).map(|(name, format)| (name, format == Format::List)), want, "{path}");
        }
        let control = |path| control_file(&ImagePath::new(path).unwrap()).map(|path| path.to_string());
        let base = control("var/lib/dpkg/status.d/base.md5sums");
        assert_eq!(base.as_deref(), Some("var/lib/dpkg/status.d/base"));
        assert_eq!(control("var/lib/dpkg/info/base.md5sums"), None);
    }
}
