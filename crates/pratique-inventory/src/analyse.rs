//! The one pass over a layer: every file is offered to the catalogers while it streams past.

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashSet},
    io::{Cursor, Read},
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use pratique_image::{Entries, Entry, EntryHeader, EntryKind, ImagePath, LayerError, LayerNote};

use crate::{
    cataloger::{Cataloger, File, Limits, Reading, Unreadable},
    fact::{FileFacts, LayerFacts, Problem, SpecialMode},
    path_set::PathSet,
    selection::Selection,
};

/// Most files and directories with special permissions that are kept of one layer: a directory on a file system without
/// permissions shows every file open to everybody.
const MODES: usize = 50_000;

/// Reads a layer once and collects what its files state and what they cover of the layers below.
///
/// Only the catalogers of `selection` are asked; the answer depends on the layer's bytes and on them alone.
///
/// # Errors
/// [`LayerError`] when the layer cannot be read to its end. What one file lacks is a [`Problem`] instead.
pub fn analyse(
    layer: &mut dyn Entries,
    selection: &Selection<'_>,
    limits: &Limits,
) -> Result<LayerFacts, LayerError> {
    let start = selection.costs().map(|costs| (costs, Instant::now()));
    let mut pass = Pass::new(selection, limits);
    while let Some(entry) = layer.next_entry()? {
        pass.take(entry);
    }
    for note in layer.take_notes() {
        pass.note(&note);
    }
    if let Some((costs, start)) = start {
        costs.add_pass(start.elapsed());
    }
    Ok(pass.finish())
}

/// State of the pass.
struct Pass<'a> {
    selection: &'a Selection<'a>,
    limits: &'a Limits,
    files: BTreeMap<ImagePath, Vec<FileFacts>>,
    /// Hashes of all directories above a path in `files` or `problems`: only there can an entry cover
    /// something that this same layer said earlier.
    above_files: HashSet<u64>,
    /// Hard links that a cataloger wants and whose target it has not read: target and the link's mode.
    links: BTreeMap<ImagePath, (ImagePath, u32)>,
    /// Symbolic links whose name alone tells what the file is: target.
    symlinks: BTreeMap<ImagePath, ImagePath>,
    /// Records that hard links repeat.
    linked: usize,
    /// Ordered as `files` is: a layer of a million files that cannot be read must not make each entry a search.
    problems: BTreeMap<ImagePath, Vec<Problem>>,
    incomplete: bool,
    modes: BTreeMap<ImagePath, SpecialMode>,
    replaced: Vec<u64>,
    directories: Vec<u64>,
    removed: Vec<u64>,
    opaque: Vec<u64>,
}

impl<'a> Pass<'a> {
    fn new(selection: &'a Selection<'a>, limits: &'a Limits) -> Self {
        Self {
            selection,
            limits,
            files: BTreeMap::new(),
            above_files: HashSet::new(),
            links: BTreeMap::new(),
            symlinks: BTreeMap::new(),
            linked: 0,
            problems: BTreeMap::new(),
            incomplete: false,
            replaced: Vec::new(),
            directories: Vec::new(),
            removed: Vec::new(),
            opaque: Vec::new(),
            modes: BTreeMap::new(),
        }
    }

    fn take(&mut self, entry: Entry<'_>) {
        let Entry { header, body } = entry;
        let hash = PathSet::hash(header.path.as_bytes());
        match &header.kind {
            EntryKind::Whiteout => self.removed.push(hash),
            EntryKind::OpaqueDirectory => self.opaque.push(hash),
            EntryKind::Directory => {
                self.directories.push(hash);
                self.forget(&header.path);
                let selection = self.selection;
                for cataloger in selection.of_directories() {
                    if let Some(fact) = cataloger.directory(&header.path) {
                        self.keep(&header.path, cataloger.id().name, vec![fact]);
                    }
                }
                self.permissions(&header, SpecialMode { mode: header.mode, directory: true });
            }
            EntryKind::File => {
                self.replace(&header.path, hash);
                self.permissions(&header, SpecialMode { mode: header.mode, directory: false });
                self.read(&header, body);
            }
            EntryKind::HardLink(target) => {
                self.replace(&header.path, hash);
                // One file of two names: what its own entry says counts, where that is in this layer.
                let mode = SpecialMode { mode: header.mode, directory: false };
                let mode = self.modes.get(target).copied().unwrap_or(mode);
                self.permissions(&header, mode);
                self.link(&header, target);
            }
            EntryKind::SymLink(target) => {
                self.replace(&header.path, hash);
                let target = target_of(&header.path, target);
                if self.only_the_link_tells(&header.path, &target) {
                    self.remember(&header.path);
                    self.symlinks.insert(header.path, target);
                }
            }
            EntryKind::Special => self.replace(&header.path, hash),
        }
    }

    /// An entry that is no directory now lies at `path`: what this layer put there before is gone.
    fn replace(&mut self, path: &ImagePath, hash: u64) {
        self.replaced.push(hash);
        self.forget(path);
        if self.above_files.contains(&hash) {
            remove_below(&mut self.files, path);
            remove_below(&mut self.links, path);
            remove_below(&mut self.symlinks, path);
            remove_below(&mut self.problems, path);
            remove_below(&mut self.modes, path);
        }
    }

    /// Drops what this layer said of `path` itself: a later entry of the same name counts.
    fn forget(&mut self, path: &ImagePath) {
        self.files.remove(path);
        self.links.remove(path);
        self.symlinks.remove(path);
        self.problems.remove(path);
        self.modes.remove(path);
    }

    /// Remembers permissions that give more than usual.
    fn permissions(&mut self, header: &EntryHeader, mode: SpecialMode) {
        if !mode.is_special() {
            return;
        }
        if self.modes.len() < MODES {
            self.remember(&header.path);
            self.modes.insert(header.path.clone(), mode);
            return;
        }
        let what = format!("more than {MODES} files with special permissions: checks see only these");
        let told = self.problems.entry(ImagePath::root()).or_default();
        if !told.iter().any(|known| known.what == what) {
            told.push(Problem { path: ImagePath::root(), cataloger: None, what, lost: false });
        }
    }

    fn read(&mut self, header: &EntryHeader, body: &mut dyn Read) {
        let selection = self.selection;
        let mut wanting = selection.wanting(header);
        let Some(first) = wanting.next() else { return };
        let more: Vec<_> = wanting.collect();
        if more.is_empty() {
            self.ask(first, header, body);
            return;
        }
        let whole = File { header, body, limits: self.limits }.bytes();
        match whole {
            Ok(bytes) => {
                self.ask(first, header, &mut Cursor::new(&bytes));
                for cataloger in more {
                    self.ask(cataloger, header, &mut Cursor::new(&bytes));
                }
            }
            Err(why) => self.unreadable(first, &header.path, &why.to_string()),
        }
    }

    fn ask(&mut self, cataloger: &dyn Cataloger, header: &EntryHeader, body: &mut dyn Read) {
        // A reader that panics has a bug; the scan goes on and says which file it could not read.
        let read = |body: &mut dyn Read| {
            let mut file = File { header, body, limits: self.limits };
            catch_unwind(AssertUnwindSafe(|| cataloger.read(&mut file)))
        };
        let answer = match self.selection.costs() {
            Some(costs) => costs.measure(cataloger.id().name, body, read),
            None => read(body),
        };
        match answer {
            Ok(Ok(reading)) => {
                let Reading { facts, problems } = reading.finished();
                for what in problems {
                    self.unreadable(cataloger, &header.path, &what);
                }
                if !facts.is_empty() {
                    self.keep(&header.path, cataloger.id().name, facts);
                }
            }
            // The next entry, or the end of the layer, tells what happened to the stream.
            Ok(Err(
                why @ (Unreadable::Io(_) | Unreadable::TooLarge { .. } | Unreadable::Malformed { .. }),
            )) => {
                self.unreadable(cataloger, &header.path, &why.to_string());
            }
            Err(_) => self.unreadable(cataloger, &header.path, "its reader failed; please report this file"),
        }
    }

    fn keep(&mut self, path: &ImagePath, cataloger: &str, facts: Vec<crate::Fact>) {
        self.remember(path);
        let facts = FileFacts { cataloger: cataloger.to_owned(), facts };
        self.files.entry(path.clone()).or_insert_with(|| Vec::with_capacity(1)).push(facts);
    }

    fn unreadable(&mut self, cataloger: &dyn Cataloger, path: &ImagePath, what: &str) {
        self.remember(path);
        self.problem(Problem::lost(path.clone(), Some(cataloger.id().name), what));
    }

    fn problem(&mut self, problem: Problem) {
        self.problems.entry(problem.path.clone()).or_default().push(problem);
    }

    fn remember(&mut self, path: &ImagePath) {
        self.above_files.extend(path.ancestors().map(PathSet::hash));
    }

    /// What the reader of the layer itself had to say.
    fn note(&mut self, note: &LayerNote) {
        self.incomplete |= matches!(note, LayerNote::Absent { .. } | LayerNote::Unreadable { .. });
        let path = match note {
            LayerNote::Unreadable { path, .. }
            | LayerNote::Skipped { path, .. }
            | LayerNote::OutsideTree { path, .. }
            | LayerNote::UnknownType { path, .. } => path.clone(),
            _ => ImagePath::root(),
        };
        self.problem(Problem { path, cataloger: None, what: note.to_string(), lost: note.loses_content() });
    }

    /// A hard link states what its target states, for the catalogers that would read it by its own name.
    fn link(&mut self, header: &EntryHeader, target: &ImagePath) {
        let as_file = EntryHeader { kind: EntryKind::File, ..header.clone() };
        let wanting: Vec<_> = self.selection.wanting(&as_file).filter(|c| c.goes_by_name()).collect();
        if wanting.is_empty() {
            return;
        }
        let known = self.files.get(target).into_iter().flatten();
        let known = known.filter(|facts| wanting.iter().any(|c| c.id().name == facts.cataloger));
        let records: usize = known.clone().map(|facts| facts.facts.len()).sum();
        let most = self.limits.records;
        if self.linked + records > most {
            // A header of 512 bytes can repeat a file of a million records, a million times.
            let what = format!("a link to {target}, and links of this layer repeat more than {most} records");
            self.remember(&header.path);
            self.problem(Problem::lost(header.path.clone(), None, what));
            return;
        }
        self.linked += records;
        let known: Vec<_> = known.cloned().collect();
        let is_told = !known.is_empty();
        for facts in known {
            self.keep(&header.path, &facts.cataloger, facts.facts);
        }
        if !is_told {
            // A link to a link leads where that one leads.
            let target = self.links.get(target).map_or(target, |(end, _)| end).clone();
            self.remember(&header.path);
            self.links.insert(header.path.clone(), (target, header.mode));
        }
    }

    /// Whether a cataloger would read the file under the link's name, but not under the name it really has.
    fn only_the_link_tells(&self, link: &ImagePath, target: &ImagePath) -> bool {
        // By name only: the mode of a link says nothing of its target.
        let named = |path: &ImagePath| EntryHeader {
            path: path.clone(),
            kind: EntryKind::File,
            size: 4096,
            mode: 0o644,
        };
        let (link, target) = (named(link), named(target));
        self.selection.wanting(&link).any(|cataloger| cataloger.goes_by_name() && !cataloger.wants(&target))
    }

    fn finish(self) -> LayerFacts {
        let replaced = PathSet::from_hashes(self.replaced);
        // A link whose target was read here had nothing to state; one whose target was passed over by name
        // is told of, and one whose target lies in a layer below is resolved when the layers are overlaid.
        let (mut links_below, mut symlinks) = (BTreeMap::new(), self.symlinks);
        for (link, (target, mode)) in self.links {
            if !replaced.contains(target.as_bytes()) {
                links_below.insert(link, target);
                continue;
            }
            let as_file = |path: &ImagePath| EntryHeader {
                path: path.clone(),
                kind: EntryKind::File,
                size: 4096,
                mode,
            };
            let (l, t) = (as_file(&link), as_file(&target));
            if self.selection.wanting(&l).any(|cataloger| cataloger.goes_by_name() && !cataloger.wants(&t)) {
                symlinks.insert(link, target);
            }
        }
        let mut problems: Vec<Problem> = self.problems.into_values().flatten().collect();
        problems.sort();
        LayerFacts {
            files: self.files,
            links_below,
            symlinks,
            replaced,
            directories: PathSet::from_hashes(self.directories),
            removed: PathSet::from_hashes(self.removed),
            opaque: PathSet::from_hashes(self.opaque),
            modes: self.modes,
            problems,
            incomplete: self.incomplete,
        }
    }
}

/// Takes out all paths below `path`, which are neighbours in the order of their bytes.
fn remove_below<T>(map: &mut BTreeMap<ImagePath, T>, path: &ImagePath) {
    // No name sorts before this one, and what lies between `a` and `a/…` (`a.b`) comes before it.
    let Ok(first) = path.join(b"\x01") else { return };
    let is_below = |other: &ImagePath| {
        other.as_bytes().strip_prefix(path.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'/'))
    };
    while let Some((next, _)) = map.range(&first..).next()
        && is_below(next)
    {
        let next = next.clone();
        map.remove(&next);
    }
}

/// Where a symbolic link leads, never out of the tree: `..` at the root stays there, as in a chroot.
fn target_of(link: &ImagePath, target: &[u8]) -> ImagePath {
    // An absolute target starts at the root, as a chroot has it.
    let mut raw = if target.first() == Some(&b'/') {
        Vec::new()
    } else {
        link.parent().unwrap_or_default().as_bytes().to_vec()
    };
    raw.push(b'/');
    raw.extend_from_slice(target);
    // A target that no path can be is nothing that could be read.
    ImagePath::clamped(raw).map(|(path, _)| path).unwrap_or_default()
}
