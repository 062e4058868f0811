//! Rust's audit list: the crates of a program, which `cargo auditable` puts into a section `.dep-v0`.
//!
//! Follows the cargo-auditable project's `PARSING.md` and its JSON schema: the section holds one zlib stream
//! (RFC 1950) of JSON, `{"packages":[{"name","version","source","kind","dependencies","root"}]}`.
//!
//! The trouble is ELF: the table that says where sections lie is the last thing in the file, after the list
//! itself. So every place that could begin such a stream is tried (two bytes of zlib header, then as much
//! inflating as it takes to see how the JSON begins), what was found is kept, and the table decides at the
//! end which of the candidates begins a section. One that begins none belongs to another program that this
//! one carries as data.

use std::collections::{BTreeMap, BTreeSet};

use flate2::{Decompress, FlushDecompress, Status};
use serde::Deserialize;

use super::{
    Appetite, Detector,
    asked::{Asked, beginning, plausible},
    layout::{Layout, Sections},
    window::{Tap, Window},
};
use crate::{Fact, PackageKind, Reading, Stated};

const SECTION: &[u8] = b".dep-v0";

/// How the JSON begins.
const OPENING: &[u8] = b"{\"packages\":";

/// Longest list that is read, inflated. The largest programs have a thousand crates: 200 KiB.
const LONGEST: usize = 8 << 20;

/// Most lists that are read of one file: its own, and those of programs it carries.
const MOST_LISTS: usize = 8;

/// Looks for the audit list.
pub(super) struct AuditList {
    place: Place,
    trial: Decompress,
    open: Option<Open>,
    found: Vec<Found>,
    problems: Vec<String>,
}

/// What is known of the place where the list must begin.
enum Place {
    /// Only there (PE, Mach-O).
    At(u64),
    /// Where a section begins, says the table that is being gathered (ELF).
    Section(Tap, super::layout::SectionTable),
    /// Nowhere: there is no such section.
    Nowhere,
    /// Unknown: the section table has been cut off.
    Unknown,
}

/// A list that is being inflated.
struct Open {
    offset: u64,
    next: u64,
    inflate: Decompress,
    json: Vec<u8>,
}

/// A list that has been read.
struct Found {
    offset: u64,
    length: u64,
    json: Vec<u8>,
}

impl AuditList {
    pub(super) fn new(layout: &Layout) -> Self {
        let place = match &layout.sections {
            Sections::Listed(_) => {
                layout.section(SECTION).map_or(Place::Nowhere, |section| Place::At(section.offset))
            }
            Sections::Table(table) => Place::Section(Tap::new(table.offset, table.bytes()), *table),
            Sections::Absent => Place::Unknown,
        };
        let trial = Decompress::new(true);
        Self { place, trial, open: None, found: Vec::new(), problems: Vec::new() }
    }

    /// Takes the open list further; closes it when it ends.
    fn inflate(&mut self, window: &Window<'_>) {
        let Some(mut open) = self.open.take() else { return };
        let from = open.next.saturating_sub(window.offset);
        let mut input = window.from(usize::try_from(from).unwrap_or(usize::MAX));
        loop {
            let (before_in, before_out) = (open.inflate.total_in(), open.inflate.total_out());
            open.json.reserve(32 << 10);
            let status = open.inflate.decompress_vec(input, &mut open.json, FlushDecompress::None);
            let taken = open.inflate.total_in() - before_in;
            input = input.get(taken as usize..).unwrap_or_default();
            open.next += taken;
            match status {
                Ok(_) if open.json.len() > LONGEST => {
                    self.problems.push(format!(
                        "the audit list at offset {} is longer than {LONGEST} bytes and was not read",
                        open.offset
                    ));
                    return;
                }
                Ok(Status::StreamEnd) => {
                    let length = open.inflate.total_in();
                    self.found.push(Found { offset: open.offset, length, json: open.json });
                    return;
                }
                Ok(_) if input.is_empty() || (taken == 0 && open.inflate.total_out() == before_out) => {
                    self.open = Some(open);
                    return;
                }
                Ok(_) => {}
                Err(error) => {
                    self.problems
                        .push(format!("the audit list at offset {} is damaged: {error}", open.offset));
                    return;
                }
            }
        }
    }

    /// Whether a list begins with these bytes.
    fn begins(&mut self, bytes: &[u8]) -> bool {
        let Some(&[_, _, first, ..]) = bytes.first_chunk::<8>() else { return false };
        // RFC 1951, 3.2.3: two bits of block type behind the final-block bit; the fourth type is an error.
        if first >> 1 & 3 == 3 {
            return false;
        }
        self.trial.reset(true);
        let mut out = [0; OPENING.len()];
        let tried = self.trial.decompress(bytes, &mut out, FlushDecompress::None);
        tried.is_ok() && out == OPENING
    }

    fn search(&mut self, window: &Window<'_>) {
        let mut from = 0;
        while let Some(at) = memchr::memchr(0x78, window.own().get(from..).unwrap_or_default()) {
            let at = from + at;
            from = at + 1;
            let candidate = window.from(at);
            if !matches!(candidate, [_, 0x01 | 0x5e | 0x9c | 0xda, ..]) || !self.begins(candidate) {
                continue;
            }
            let offset = window.offset_of(at);
            if self.found.len() == MOST_LISTS {
                self.problems.push(format!("it holds more than {MOST_LISTS} audit lists"));
                return;
            }
            let inflate = Decompress::new(true);
            self.open = Some(Open { offset, next: offset, inflate, json: Vec::new() });
            self.inflate(window);
            if self.open.is_some() {
                return;
            }
            let read = self.found.last().filter(|list| list.offset == offset).map_or(0, |list| list.length);
            from = from.max(at + read as usize);
        }
    }
}

impl Detector for AuditList {
    fn feed(&mut self, window: &Window<'_>) -> Appetite {
        match &mut self.place {
            Place::Nowhere => return Appetite::Enough,
            Place::Section(table, _) => table.feed(window),
            Place::At(offset) if self.open.is_none() => {
                let Some(at) = offset.checked_sub(window.offset) else { return Appetite::Enough };
                if at >= window.starts as u64 {
                    return Appetite::More;
                }
                let inflate = Decompress::new(true);
                self.open = Some(Open { offset: *offset, next: *offset, inflate, json: Vec::new() });
            }
            Place::At(_) | Place::Unknown => {}
        }
        self.inflate(window);
        if matches!(self.place, Place::At(_)) {
            return if self.open.is_some() { Appetite::More } else { Appetite::Enough };
        }
        if self.open.is_none() && self.problems.len() < MOST_LISTS {
            self.search(window);
        }
        Appetite::More
    }

    fn finish(&mut self, reading: &mut Reading) {
        if let Some(open) = self.open.take() {
            self.problems.push(format!("the audit list at offset {} breaks off", open.offset));
        }
        let sections: Option<BTreeMap<u64, u64>> = match &self.place {
            Place::Section(tap, table) if tap.whole().is_some() => {
                Some(table.sections(tap.bytes()).map(|section| (section.offset, section.size)).collect())
            }
            _ => None,
        };
        let mut own = false;
        for list in &self.found {
            let confirmed = match (&self.place, &sections) {
                (Place::At(offset), _) => *offset == list.offset,
                (_, Some(sections)) => sections.get(&list.offset).is_some_and(|&size| size >= list.length),
                // Nothing says where sections are: the first list is most likely the program's own.
                (_, None) => {
                    if !own {
                        self.problems.push(format!(
                            "its section table cannot be read: that the audit list at offset {} is its own \
                             could not be checked",
                            list.offset
                        ));
                    }
                    !own
                }
            };
            if confirmed && !own {
                own = true;
                if let Err(error) = state(&list.json, reading) {
                    self.problems
                        .push(format!("the audit list at offset {} is no such list: {error}", list.offset));
                }
            } else {
                self.problems.push(format!(
                    "it carries another program as data, whose audit list at offset {} was not looked into",
                    list.offset
                ));
            }
        }
        for problem in self.problems.drain(..) {
            reading.problem(problem);
        }
    }
}

/// The list, as `cargo auditable` writes it.
#[derive(Deserialize)]
struct List {
    packages: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    kind: Kind,
    #[serde(default)]
    dependencies: Vec<usize>,
    #[serde(default)]
    root: bool,
}

/// What a crate is needed for.
#[derive(Deserialize, Default, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// Linked into the program.
    #[default]
    Runtime,
    /// Ran while it was built (build scripts, procedural macros): not in the program.
    Build,
    /// A kind of the future: rather stated than lost.
    #[serde(other)]
    Other,
}

/// States the crates that are in the program: the root one too, not those that only built it.
fn state(json: &[u8], reading: &mut Reading) -> Result<(), serde_json::Error> {
    let list: List = serde_json::from_slice(json)?;
    let linked = |indexes: &[usize]| -> BTreeSet<usize> {
        let linked =
            |i: &usize| list.packages.get(*i).is_some_and(|dependency| dependency.kind != Kind::Build);
        indexes.iter().copied().filter(linked).collect()
    };
    let has_root = list.packages.iter().any(|each| each.root);
    let roots = list.packages.iter().filter(|each| each.root);
    let asked: BTreeSet<usize> = roots.flat_map(|root| linked(&root.dependencies)).collect();
    let stated = list.packages.iter().enumerate().filter(|(_, each)| each.kind != Kind::Build);
    let mut all_asked = Asked::new();
    for (index, each) in stated {
        let dependencies = linked(&each.dependencies);
        let dependencies = dependencies.iter().filter_map(|&i| list.packages.get(i));
        let dependencies = dependencies.filter(|one| plausible(&[&one.name, &one.version]));
        let dependencies = dependencies.map(|one| (one.name.clone(), one.version.as_str()));
        let depends = all_asked.of(beginning(&each.name), dependencies, reading);
        let mut details = BTreeMap::new();
        if !each.source.is_empty() && each.source != "crates.io" {
            details.insert("source".into(), each.source.clone());
        }
        if each.root {
            details.insert("root".into(), "true".into());
        }
        reading.facts.push(Fact::Package(Box::new(Stated {
            kind: PackageKind::Cargo,
            name: each.name.clone(),
            version: each.version.clone(),
            // Without a root there is nobody who asks.
            direct: (!each.root && has_root).then(|| asked.contains(&index)),
            depends,
            details,
            ..Stated::default()
        })));
    }
    Ok(())
}
