//! Facts kept by layer digest, so that a layer is read once.
//!
//! One file per layer below the cache directory, written to a temporary name and renamed: many processes may
//! read and write at once without a lock, and none sees half a file. A file that is damaged, or of another
//! format, counts as absent. The digest must be one that was *verified* over the layer's bytes; a digest that
//! an image merely claims (the diff id of a compressed layer) would let one image poison another's facts.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    thread,
    time::SystemTime,
};

use pratique_image::{Digest, ImagePath};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::{
    cataloger::Cataloger,
    fact::{Fact, FileFacts, LayerFacts},
};

/// Raise when [`LayerFacts`] or [`crate::Fact`] change shape, or the pass itself changes what it answers.
const FORMAT: u32 = 7;
const MAGIC: &[u8; 8] = b"PRATFACT";
/// Most bytes that one layer's facts may expand to: a damaged or hostile file stops there.
const MAX_EXPANDED: usize = 1 << 30;

/// The facts of one layer and the catalogers that found them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CachedLayer {
    /// Name and revision of every cataloger that was asked.
    pub asked: BTreeMap<String, u32>,
    /// What they found.
    pub facts: LayerFacts,
}

impl CachedLayer {
    /// The catalogers whose answers are missing, or older than their revision.
    pub fn missing<'c>(&self, catalogers: &[&'c dyn Cataloger]) -> Vec<&'c dyn Cataloger> {
        let known = |c: &&&dyn Cataloger| self.asked.get(c.id().name) == Some(&c.id().revision);
        catalogers.iter().filter(|c| !known(c)).copied().collect()
    }

    /// Puts `newer` answers in place of older ones of the same catalogers, as if all had been asked at once.
    ///
    /// `order` is that of the catalogers: the facts of one file stand in it, whoever was asked when.
    pub fn merge(&mut self, newer: LayerFacts, asked: &[&dyn Cataloger], order: &[&dyn Cataloger]) {
        let again = |name: &str| asked.iter().any(|c| c.id().name == name);
        let place = |name: &str| order.iter().position(|c| c.id().name == name);
        for found in self.facts.files.values_mut() {
            found.retain(|file| !again(&file.cataloger));
        }
        for (path, found) in newer.files {
            // Most files have one reader, and room for one.
            let all = match self.facts.files.entry(path) {
                Entry::Vacant(free) => free.insert(found),
                Entry::Occupied(known) => {
                    let all = known.into_mut();
                    all.extend(found);
                    all
                }
            };
            all.sort_by_key(|file| place(&file.cataloger));
        }
        self.facts.files.retain(|_, found| !found.is_empty());
        // What the reader of the layer itself says comes anew with every reading of it.
        self.facts.problems.retain(|problem| problem.cataloger.as_deref().is_some_and(|name| !again(name)));
        self.facts.problems.extend(newer.problems);
        self.facts.problems.sort();
        self.facts.links_below.extend(newer.links_below);
        self.facts.symlinks.extend(newer.symlinks);
        self.facts.replaced = newer.replaced;
        self.facts.directories = newer.directories;
        self.facts.removed = newer.removed;
        self.facts.opaque = newer.opaque;
        self.facts.modes = newer.modes;
        self.facts.incomplete |= newer.incomplete;
        self.asked.extend(asked.iter().map(|c| (c.id().name.to_owned(), c.id().revision)));
    }

    /// The answers of `catalogers` alone: a file may hold those of others from another run.
    pub fn only(mut self, catalogers: &[&dyn Cataloger]) -> LayerFacts {
        let names: Vec<_> = catalogers.iter().map(|c| c.id().name).collect();
        if self.asked.keys().any(|name| !names.contains(&name.as_str())) {
            for found in self.facts.files.values_mut() {
                found.retain(|file| names.contains(&file.cataloger.as_str()));
            }
            self.facts.files.retain(|_, found| !found.is_empty());
            let asked = |problem: &crate::Problem| {
                problem.cataloger.as_deref().is_none_or(|name| names.contains(&name))
            };
            self.facts.problems.retain(asked);
        }
        self.facts
    }
}

/// A directory of facts by layer digest, bounded in size.
#[derive(Debug, Clone)]
pub struct Cache {
    directory: PathBuf,
    max_bytes: u64,
}

/// What is in a cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CacheSize {
    /// Layers.
    pub layers: u64,
    /// Bytes on disk.
    pub bytes: u64,
}

impl Cache {
    /// Size to which a cache is trimmed unless told otherwise: 1 GiB.
    pub const DEFAULT_MAX_BYTES: u64 = 1 << 30;

    /// A cache in `directory`, which is made when something is kept for the first time.
    pub fn new(directory: impl Into<PathBuf>, max_bytes: u64) -> Self {
        Self { directory: directory.into(), max_bytes }
    }

    /// Where it lies.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What is known of the layer whose bytes have `digest`; damaged files count as unknown.
    pub fn get(&self, digest: &Digest) -> Option<CachedLayer> {
        let path = self.path(digest);
        let bytes = fs::read(&path).ok()?;
        let layer = decode(&bytes)?;
        // What was used last is dropped last. A cache on a read-only disk works all the same.
        if let Ok(file) = fs::File::open(&path) {
            let _ = file.set_modified(SystemTime::now());
        }
        Some(layer)
    }

    /// Keeps what was found in the layer whose bytes have `digest`.
    ///
    /// # Errors
    /// When the file cannot be written; nothing is lost but time.
    pub fn put(&self, digest: &Digest, layer: &CachedLayer) -> io::Result<()> {
        let path = self.path(digest);
        let parent = path.parent().unwrap_or(&self.directory);
        fs::create_dir_all(parent)?;
        // A name of its own for every writer: threads, and processes that think they have the same id.
        let mut temporary = tempfile::Builder::new().suffix(".tmp").tempfile_in(parent)?;
        temporary.write_all(&encode(layer)?)?;
        temporary.persist(&path).map_err(|error| error.error)?;
        Ok(())
    }

    /// Number of layers and bytes.
    ///
    /// # Errors
    /// When the directory cannot be listed.
    pub fn size(&self) -> io::Result<CacheSize> {
        let files = self.files()?;
        let layers = files.iter().filter(|file| file.path.extension().is_some_and(|e| e == "facts")).count();
        Ok(CacheSize { layers: layers as u64, bytes: files.iter().map(|file| file.bytes).sum() })
    }

    /// Removes what was used longest ago until nine tenths of the bound are kept, if the bound is passed.
    ///
    /// # Errors
    /// When the directory cannot be listed. A file that another process removed first is no error.
    pub fn trim(&self) -> io::Result<()> {
        let mut files = self.files()?;
        let mut bytes: u64 = files.iter().map(|file| file.bytes).sum();
        if bytes <= self.max_bytes {
            return Ok(());
        }
        files.sort_by_key(|file| file.used);
        for file in files {
            if bytes <= self.max_bytes / 10 * 9 {
                break;
            }
            if fs::remove_file(&file.path).is_ok() {
                bytes -= file.bytes;
            }
        }
        Ok(())
    }

    /// Removes everything and says how much it was.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn clear(&self) -> io::Result<CacheSize> {
        let mut gone = CacheSize::default();
        for file in self.files()? {
            match fs::remove_file(&file.path) {
                Ok(()) => gone = CacheSize { layers: gone.layers + 1, bytes: gone.bytes + file.bytes },
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(e),
            }
        }
        Ok(gone)
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let text = digest.to_string();
        let (algorithm, hex) = text.split_once(':').unwrap_or(("unknown", &text));
        let shard = hex.get(..2).unwrap_or("00");
        self.directory.join(algorithm).join(shard).join(format!("{hex}.facts"))
    }

    fn files(&self) -> io::Result<Vec<CacheFile>> {
        let mut found = Vec::new();
        let mut open = vec![self.directory.clone()];
        while let Some(directory) = open.pop() {
            let entries = match fs::read_dir(&directory) {
                Ok(entries) => entries,
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(e),
            };
            for entry in entries {
                let entry = entry?;
                let Ok(metadata) = entry.metadata() else { continue };
                if metadata.is_dir() {
                    open.push(entry.path());
                    continue;
                }
                // Other files are not ours to count or to remove; a temporary one was left by a crash.
                let path = entry.path();
                if path.extension().is_some_and(|e| e == "facts" || e == "tmp") {
                    let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                    found.push(CacheFile { path, bytes: metadata.len(), used });
                }
            }
        }
        Ok(found)
    }
}

struct CacheFile {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

/// A file's path, and what was found in it.
type Found = (ImagePath, Vec<FileFacts>);

/// Facts of files that are worth a thread of their own, in bytes.
const WORTH_A_THREAD: usize = 64 * 1024;

/// `magic | format | checksum of the rest`, little-endian, and three parts, each `expanded length | packed length |
/// zstd`: all but the facts of files, and those in two halves, which are read at the same time. A single layer often
/// holds nearly everything, and reading that is what a scan of a known image takes longest for.
fn encode(layer: &CachedLayer) -> io::Result<Vec<u8>> {
    let head = postcard::to_stdvec(layer).map_err(io::Error::other)?;
    let (first, second) = halves(&layer.facts.files)?;
    let mut rest = Vec::new();
    for plain in [head, first, second] {
        let packed = zstd::bulk::compress(&plain, 1)?;
        rest.extend_from_slice(&(plain.len() as u64).to_le_bytes());
        rest.extend_from_slice(&(packed.len() as u64).to_le_bytes());
        rest.extend_from_slice(&packed);
    }
    let mut out = Vec::with_capacity(rest.len() + 20);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&FORMAT.to_le_bytes());
    out.extend_from_slice(&xxh3_64(&rest).to_le_bytes());
    out.extend_from_slice(&rest);
    Ok(out)
}

/// The facts of files one after the other, in two parts that take about as long to read.
fn halves(files: &BTreeMap<ImagePath, Vec<FileFacts>>) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let (mut all, mut ends, mut cost) = (Vec::new(), Vec::with_capacity(files.len()), 0);
    for found in files {
        let before = all.len();
        all = postcard::to_extend(&found, all).map_err(io::Error::other)?;
        // What takes time are strings; a set of paths is read in one piece.
        let hashes: usize = found.1.iter().flat_map(|file| &file.facts).map(paths_of).sum();
        cost += (all.len() - before).saturating_sub(hashes * 8);
        ends.push((cost, all.len()));
    }
    let half = cost / 2;
    let middle = ends.get(ends.partition_point(|(cost, _)| *cost < half)).map_or(all.len(), |(_, end)| *end);
    let second = all.split_off(middle);
    Ok((all, second))
}

/// How many paths a fact holds as a set.
fn paths_of(fact: &Fact) -> usize {
    match fact {
        Fact::Package(stated) => stated.files.len(),
        Fact::PackageFiles { files, .. } => files.len(),
        _ => 0,
    }
}

fn decode(bytes: &[u8]) -> Option<CachedLayer> {
    let bytes = bytes.strip_prefix(MAGIC)?;
    let (format, bytes) = bytes.split_first_chunk::<4>()?;
    let (checksum, rest) = bytes.split_first_chunk::<8>()?;
    if u32::from_le_bytes(*format) != FORMAT || u64::from_le_bytes(*checksum) != xxh3_64(rest) {
        return None;
    }
    let (head, rest) = Packed::split(rest)?;
    let (first, rest) = Packed::split(rest)?;
    let (second, rest) = Packed::split(rest)?;
    let expanded =
        [&head, &first, &second].iter().try_fold(0_usize, |sum, part| sum.checked_add(part.expanded))?;
    if !rest.is_empty() || expanded > MAX_EXPANDED {
        return None;
    }
    let (first, second) = if first.expanded.min(second.expanded) < WORTH_A_THREAD {
        (first.files()?, second.files()?)
    } else {
        thread::scope(|scope| {
            let second = scope.spawn(move || second.files());
            Some((first.files()?, second.join().ok()??))
        })?
    };
    let mut layer: CachedLayer = postcard::from_bytes(&head.expand()?).ok()?;
    // They come in order, which makes a map of them cheap.
    layer.facts.files = first.into_iter().chain(second).collect();
    Some(layer)
}

/// A part of a file of facts.
struct Packed<'a> {
    expanded: usize,
    bytes: &'a [u8],
}

impl<'a> Packed<'a> {
    /// The part that comes first, and the rest.
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (expanded, bytes) = bytes.split_first_chunk::<8>()?;
        let (length, bytes) = bytes.split_first_chunk::<8>()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let expanded = usize::try_from(u64::from_le_bytes(*expanded)).ok()?;
        let (bytes, rest) = bytes.split_at_checked(length)?;
        Some((Self { expanded, bytes }, rest))
    }

    fn expand(&self) -> Option<Vec<u8>> {
        zstd::bulk::decompress(self.bytes, self.expanded).ok()
    }

    /// The facts of files.
    fn files(&self) -> Option<Vec<Found>> {
        let plain = self.expand()?;
        let (mut rest, mut found) = (plain.as_slice(), Vec::new());
        while !rest.is_empty() {
            let (one, behind) = postcard::take_from_bytes::<Found>(rest).ok()?;
            found.push(one);
            rest = behind;
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use pratique_image::ImagePath;

    use super::*;
    use crate::{PathSet, Stated};

    fn sample() -> CachedLayer {
        let stated = Stated { name: "bash".into(), version: "5.2".into(), ..Stated::default() };
        let file = FileFacts { cataloger: "os/dpkg".into(), facts: vec![Fact::Package(Box::new(stated))] };
        let path = ImagePath::new(b"var/lib/\xff/status").unwrap();
        let facts = LayerFacts {
            files: [(path, vec![file])].into(),
            replaced: ["a", "b"].into_iter().collect::<PathSet>(),
            ..LayerFacts::default()
        };
        CachedLayer { asked: [("os/dpkg".to_owned(), 1)].into(), facts }
    }

    fn digest() -> Digest {
        format!("sha256:{}", "ab".repeat(32)).parse().unwrap()
    }

    #[test]
    fn gives_back_what_it_was_given() {
        let home = tempfile::tempdir().unwrap();
        let cache = Cache::new(home.path().join("facts"), Cache::DEFAULT_MAX_BYTES);
        assert_eq!(cache.get(&digest()), None);
        assert_eq!(cache.size().unwrap(), CacheSize::default());
        cache.put(&digest(), &sample()).unwrap();
        assert_eq!(cache.get(&digest()), Some(sample()));
        assert_eq!(cache.size().unwrap().layers, 1);
        assert_eq!(cache.clear().unwrap().layers, 1);
        assert_eq!(cache.get(&digest()), None);
    }

    #[test]
    fn damage_counts_as_absence() {
        let good = encode(&sample()).unwrap();
        assert_eq!(decode(&good), Some(sample()));
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x40;
            assert_eq!(decode(&bad), None, "byte {at}");
            assert_eq!(decode(&good[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn what_is_read_in_two_parts_comes_out_whole() {
        let mut large = sample();
        let long = "x".repeat(1000);
        for n in 0..500 {
            let stated = Stated { name: format!("{long}{n}"), ..Stated::default() };
            let file =
                FileFacts { cataloger: "os/dpkg".into(), facts: vec![Fact::Package(Box::new(stated))] };
            large.facts.files.insert(ImagePath::new(format!("app/{n}")).unwrap(), vec![file]);
        }
        let bytes = encode(&large).unwrap();
        assert_eq!(decode(&bytes), Some(large));
        let (_, rest) = Packed::split(&bytes[20..]).unwrap();
        let (first, rest) = Packed::split(rest).unwrap();
        let (second, _) = Packed::split(rest).unwrap();
        assert!(first.expanded.abs_diff(second.expanded) < 4000 && second.expanded > WORTH_A_THREAD);
        // One file alone, or none.
        let mut few = sample();
        assert_eq!(decode(&encode(&few).unwrap()), Some(sample()));
        few.facts.files.clear();
        assert_eq!(decode(&encode(&few).unwrap()), Some(few));
    }

    #[test]
    fn stays_within_its_bound() {
        let home = tempfile::tempdir().unwrap();
        let cache = Cache::new(home.path(), 1500);
        for n in 0..16u8 {
            let digest = format!("sha256:{}", format!("{n:02x}").repeat(32)).parse().unwrap();
            cache.put(&digest, &sample()).unwrap();
        }
        assert!(cache.size().unwrap().bytes > 1500);
        cache.trim().unwrap();
        let size = cache.size().unwrap();
        assert!(size.bytes <= 1350 && size.layers > 0, "{size:?}");
    }
}
