//! Runs catalogers over the shared fixtures, as the driver does over a layer, and compares what they state.
//!
//! The fixtures are found through `PRATIQUE_SHARED`, or beside the workspace. They may be packed: a file that
//! ends in `.zst` stands for the file without that ending.

#![allow(dead_code, unreachable_pub, clippy::print_stdout, clippy::unwrap_used)] // Each test binary uses its own part of this.

pub mod lists;
pub mod oracle;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use pratique_image::{EntryHeader, EntryKind, ImagePath};
use pratique_inventory::{
    Cataloger, Fact, File, FileFacts, Inventory, LayerFacts, Limits, Problem, Reading, Selection, Stated,
    Unreadable,
};

/// The folder `fixtures` of the shared data, or `None` with a line on standard output that says what is skipped.
pub fn fixtures(what: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("PRATIQUE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let fixtures = shared.join("fixtures");
    if fixtures.is_dir() {
        return Some(fixtures);
    }
    println!("skipped: {what}: there is no {} (set PRATIQUE_SHARED)", fixtures.display());
    None
}

/// One file that a cataloger wanted, and what came of it.
pub struct Read {
    pub path: ImagePath,
    pub cataloger: &'static str,
    pub result: Result<Reading, Unreadable>,
}

/// Offers every regular file below `root` to every cataloger, in order of path.
pub fn read_tree(catalogers: &[&dyn Cataloger], root: &Path) -> Vec<Read> {
    let mut files = Vec::new();
    walk(root, &mut files);
    files.sort();
    let selection = Selection::of(catalogers);
    let mut found = Vec::new();
    for file in files {
        let meta = fs::metadata(&file).unwrap();
        let packed = file.extension().is_some_and(|e| e == "zst");
        let unpacked = if packed { file.with_extension("") } else { file.clone() };
        let path = unpacked.strip_prefix(root).unwrap();
        let header = header(path.to_str().unwrap(), meta.permissions().mode() & 0o7777, meta.len());
        let mut bytes = None;
        for cataloger in catalogers.iter().filter(|c| c.wants(&header)) {
            let offered = selection.wanting(&header).any(|c| c.id() == cataloger.id());
            assert!(offered, "{} wants {} and its globs do not", cataloger.id().name, header.path);
            let bytes = bytes.get_or_insert_with(|| {
                let raw = fs::read(&file).unwrap();
                if packed { zstd::decode_all(raw.as_slice()).unwrap() } else { raw }
            });
            let header = EntryHeader { size: bytes.len() as u64, ..header.clone() };
            let limits = Limits::default();
            let mut body = bytes.as_slice();
            let result = cataloger
                .read(&mut File { header: &header, body: &mut body, limits: &limits })
                .map(Reading::finished);
            found.push(Read { path: header.path.clone(), cataloger: cataloger.id().name, result });
        }
    }
    found
}

/// What an image of one layer with this tree states; what could not be read is among the problems.
pub fn layer(catalogers: &[&dyn Cataloger], root: &Path) -> LayerFacts {
    let mut layer = LayerFacts::default();
    for Read { path, cataloger, result } in read_tree(catalogers, root) {
        let lost = |what: &str| Problem::lost(path.clone(), Some(cataloger), what);
        match result {
            Ok(reading) => {
                layer.problems.extend(reading.problems.iter().map(|what| lost(what)));
                if !reading.facts.is_empty() {
                    let facts = FileFacts { cataloger: cataloger.to_owned(), facts: reading.facts };
                    layer.files.entry(path).or_default().push(facts);
                }
            }
            Err(error) => layer.problems.push(lost(&error.to_string())),
        }
    }
    layer
}

/// The inventory of that image.
pub fn inventory(catalogers: &[&dyn Cataloger], root: &Path) -> Inventory {
    Inventory::of_layers(&[layer(catalogers, root)])
}

fn walk(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            walk(&entry.path(), files);
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
}

/// The header of a regular file.
pub fn header(path: &str, mode: u32, size: u64) -> EntryHeader {
    EntryHeader { path: ImagePath::new(path).unwrap(), kind: EntryKind::File, size, mode }
}

/// Whether the cataloger wants a regular file of some size at `path`.
pub fn wants(cataloger: &dyn Cataloger, path: &str) -> bool {
    cataloger.wants(&header(path, 0o644, 100))
}

/// Lets one cataloger read `bytes` as if they lay at `path`.
pub fn read_bytes(
    cataloger: &dyn Cataloger,
    path: &str,
    mode: u32,
    mut bytes: &[u8],
) -> Result<Reading, Unreadable> {
    let header = header(path, mode, bytes.len() as u64);
    let limits = Limits::default();
    cataloger.read(&mut File { header: &header, body: &mut bytes, limits: &limits }).map(Reading::finished)
}

/// All packages of a tree, each with the path of the file that states it; problems are panics.
pub fn packages(read: Vec<Read>) -> Vec<(ImagePath, Stated)> {
    let mut found = Vec::new();
    for Read { path, cataloger, result } in read {
        let reading = result.unwrap_or_else(|e| panic!("{cataloger}: {path}: {e}"));
        assert!(reading.problems.is_empty(), "{cataloger}: {path}: {:?}", reading.problems);
        for fact in reading.facts {
            if let Fact::Package(stated) = fact {
                found.push((path.clone(), *stated));
            }
        }
    }
    found
}

/// `expected.json` or `native.json` of a case (which may be packed), or `None` when it has none.
pub fn json(case: &Path, name: &str) -> Option<serde_json::Value> {
    let plain = fs::read(case.join(name)).ok();
    let bytes = plain.or_else(|| {
        let packed = fs::read(case.join(format!("{name}.zst"))).ok()?;
        Some(zstd::decode_all(packed.as_slice()).unwrap())
    })?;
    Some(serde_json::from_slice(&bytes).unwrap())
}

/// What two lists have that the other lacks, each entry as often as it is missing there: left only, right only.
pub fn difference<T: Ord + Clone>(
    left: impl IntoIterator<Item = T>,
    right: impl IntoIterator<Item = T>,
) -> (Vec<T>, Vec<T>) {
    let mut counts: BTreeMap<T, i64> = BTreeMap::new();
    for item in left {
        *counts.entry(item).or_default() += 1;
    }
    for item in right {
        *counts.entry(item).or_default() -= 1;
    }
    let (mut only_left, mut only_right) = (Vec::new(), Vec::new());
    for (item, count) in counts {
        match count {
            1.. => only_left.extend(std::iter::repeat_n(item, count.unsigned_abs() as usize)),
            ..0 => only_right.extend(std::iter::repeat_n(item, count.unsigned_abs() as usize)),
            0 => {}
        }
    }
    (only_left, only_right)
}
