//! From a package's header to what it states.

use super::error::BadHeader;
use super::header::{Header, Tag};
use crate::catalogers::os::lines::text;
use crate::{Limits, PackageKind, PathSet, SourcePackage, Stated};

/// How much the packages of one database may still state together.
///
/// The bytes of a header bound what it can say, but two bytes of a name become thirty of a `String`, and a file
/// list names folders by number, so that one long folder may be hashed for each of a million files.
#[derive(Debug)]
pub(super) struct Budget {
    names: usize,
    files: usize,
    path_bytes: usize,
}

impl Budget {
    pub(super) fn new(limits: &Limits, database: usize) -> Self {
        // In real databases, which hold digests and change logs too, paths are about as long as the file.
        let path_bytes = database.saturating_mul(64);
        Self { names: limits.records, files: limits.records.saturating_mul(8), path_bytes }
    }
}

/// What the package with this header is. Parts of it that make no sense are left out and named in `problems`.
///
/// # Errors
/// [`BadHeader`] when not even name and version can be told.
pub(super) fn stated(
    blob: &[u8],
    budget: &mut Budget,
    problems: &mut Vec<(String, BadHeader)>,
) -> Result<Stated, BadHeader> {
    let header = Header::parse(blob)?;
    let name = required(&header, Tag::Name)?;
    let version = required(&header, Tag::Version)?;
    let mut note = |bad: BadHeader| problems.push((name.clone(), bad));
    let mut optional = |tag| match header.string(tag) {
        // "(none)" is how rpm prints what is missing, and some tools write it back.
        Ok(value) => value.map(text).filter(|value| !matches!(value.as_str(), "" | "(none)")),
        Err(bad) => {
            note(bad);
            None
        }
    };
    let release = optional(Tag::Release);
    let arch = optional(Tag::Arch);
    let licences = optional(Tag::Licence).into_iter().collect();
    let source_rpm = optional(Tag::SourceRpm);
    let details = [
        ("vendor", optional(Tag::Vendor)),
        ("modularity", optional(Tag::ModularityLabel)),
        ("sourcerpm", source_rpm.clone()),
    ];
    let mut details: std::collections::BTreeMap<String, String> =
        details.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();

    let version_release = match release {
        Some(release) => format!("{version}-{release}"),
        None => version,
    };
    let epoch = match header.words(Tag::Epoch) {
        Ok(mut words) => words.next(),
        Err(bad) => {
            note(bad);
            None
        }
    };
    let full_version = match epoch {
        // An epoch of 0 that is stated is kept: it compares like none.
        Some(epoch) => format!("{epoch}:{version_release}"),
        None => version_release.clone(),
    };
    let source = source_rpm.and_then(|file| source(&file, &version_release, &full_version));
    let depends = names(&header, Tag::RequireName, &name, budget).unwrap_or_else(|bad| {
        note(bad);
        Vec::new()
    });
    match names(&header, Tag::ProvideName, &name, budget) {
        Ok(provides) if provides.is_empty() => {}
        Ok(provides) => {
            details.insert("provides".into(), provides.join(" "));
        }
        Err(bad) => note(bad),
    }
    let files = files(&header, budget).unwrap_or_else(|bad| {
        note(bad);
        PathSet::new()
    });
    Ok(Stated {
        kind: PackageKind::Rpm,
        version: full_version,
        arch,
        source,
        licences,
        files,
        depends: depends.into_iter().map(Into::into).collect(),
        details,
        name,
        ..Stated::default()
    })
}

fn required(header: &Header<'_>, tag: Tag) -> Result<String, BadHeader> {
    let value = header.string(tag)?.map(text).filter(|value| !value.is_empty());
    let (number, name) = tag.known_as();
    value.ok_or(BadHeader::Missing { tag: number, name })
}

/// The source package that the file `NAME-VERSION-RELEASE.src.rpm` holds.
///
/// The file's name leaves the epoch out. Where version and release are the binary package's, so is the epoch; a
/// subpackage with a version of its own (`perl-Errno` of `perl`) may have another.
pub(crate) fn source(file: &str, own: &str, own_with_epoch: &str) -> Option<SourcePackage> {
    let stem = file.strip_suffix(".src.rpm").or_else(|| file.strip_suffix(".nosrc.rpm"))?;
    let (rest, release) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    let version = format!("{version}-{release}");
    let version = if version == own { own_with_epoch.to_owned() } else { version };
    (!name.is_empty()).then(|| SourcePackage { name: name.to_owned(), version })
}

/// The names of an array of dependencies, each once, sorted.
///
/// Left out are the package's own name, what only rpm itself can provide (`rpmlib(…)`), and versions of symbols
/// (`libc.so.6(GLIBC_2.4)(64bit)`), which always come with the library (`libc.so.6()(64bit)`).
fn names(header: &Header<'_>, tag: Tag, own: &str, budget: &mut Budget) -> Result<Vec<String>, BadHeader> {
    let mut found: Vec<&[u8]> = Vec::new();
    for name in header.strings(tag)? {
        if name.is_empty()
            || name == own.as_bytes()
            || name.starts_with(b"rpmlib(")
            || is_symbol_version(name)
        {
            continue;
        }
        if found.len() >= budget.names {
            return Err(BadHeader::TooMany("dependencies"));
        }
        found.push(name);
    }
    found.sort_unstable();
    found.dedup();
    budget.names -= found.len().min(budget.names);
    Ok(found.into_iter().map(text).collect())
}

fn is_symbol_version(name: &[u8]) -> bool {
    let Some(open) = memchr::memchr(b'(', name) else { return false };
    let (library, behind) = name.split_at(open);
    memchr::memmem::find(library, b".so").is_some() && behind.get(1).is_some_and(|&b| b != b')')
}

/// The files of a package, folders left out.
///
/// `BASENAMES` has the names, `DIRINDEXES` for each the number of its folder in `DIRNAMES`. Packages from before
/// 1999 have whole paths in `OLDFILENAMES`.
fn files(header: &Header<'_>, budget: &mut Budget) -> Result<PathSet, BadHeader> {
    const FOLDER: u16 = 0o040_000;
    const KIND: u16 = 0o170_000;
    let mut hashes = Vec::new();
    let folders: Vec<&[u8]> = header.strings(Tag::DirNames)?.take(budget.files).collect();
    let mut modes = header.halves(Tag::FileModes)?;
    let mut add = |folder: &[u8], name: &[u8], path: &mut Vec<u8>| {
        if modes.next().is_some_and(|mode| mode & KIND == FOLDER) {
            return Ok(());
        }
        let length = folder.len() + name.len();
        if length > pratique_image::ImagePath::MAX_BYTES || length > budget.path_bytes || budget.files == 0 {
            return Err(BadHeader::TooMany("files or longer paths"));
        }
        budget.path_bytes -= length;
        budget.files -= 1;
        path.clear();
        path.extend_from_slice(folder);
        path.extend_from_slice(name);
        hashes.push(PathSet::hash(path.strip_prefix(b"/").unwrap_or(path)));
        Ok(())
    };
    let mut path = Vec::new();
    let mut indexes = header.words(Tag::DirIndexes)?;
    let count = indexes.len();
    let mut names = 0;
    for name in header.strings(Tag::BaseNames)? {
        names += 1;
        let folder = indexes.next().and_then(|index| folders.get(index as usize));
        add(folder.ok_or(BadHeader::FileList { names, folders: count })?, name, &mut path)?;
    }
    if names != count {
        return Err(BadHeader::FileList { names, folders: count });
    }
    if names == 0 {
        for whole in header.strings(Tag::OldFileNames)? {
            add(b"", whole, &mut path)?;
        }
    }
    Ok(PathSet::from_hashes(hashes))
}
