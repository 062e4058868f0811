//! Records and packages by words.
//!
//! There is no index of words: identifiers, package names and titles are a small part of the file and are passed over
//! in parallel, each block of texts expanded once. A word is looked for anywhere in them, whatever its case, so that
//! `4jshell` finds Log4Shell's kin; ASCII letters alone are folded.

use std::sync::atomic::{AtomicU8, Ordering};

use rayon::prelude::*;

use crate::{Database, EcosystemEntry, Error, Key, RecordId, scan::Groups};

/// How well something answers to a word; a better one is greater.
mod rank {
    pub(super) const IN_TITLE: u8 = 1;
    pub(super) const WORD_OF_TITLE: u8 = 2;
    pub(super) const IN_ID: u8 = 3;
    pub(super) const IN_PACKAGE: u8 = 4;
    pub(super) const BEGINS_PACKAGE: u8 = 5;
    pub(super) const PACKAGE: u8 = 6;
    pub(super) const OTHER_ID: u8 = 7;
    pub(super) const ID: u8 = 8;
}

/// What was found, the best first.
#[derive(Debug, Default)]
pub struct Hits {
    /// Packages with all words in their name, and how many entries each has.
    pub packages: Vec<(Key, usize)>,
    /// Records with each word in an identifier, their title, or the name of a package that they are about.
    pub records: Vec<RecordId>,
}

/// A word in lower case, and where it occurs.
struct Word {
    bytes: Vec<u8>,
    /// For each record how well it answers.
    ranks: Vec<AtomicU8>,
}

impl Word {
    fn raise(&self, record: RecordId, rank: u8) {
        if let Some(known) = self.ranks.get(record.0 as usize) {
            // Relaxed: all writers are joined before anybody reads.
            known.fetch_max(rank, Ordering::Relaxed);
        }
    }

    fn rank(&self, record: usize) -> u8 {
        self.ranks.get(record).map_or(0, |rank| rank.load(Ordering::Relaxed))
    }

    /// How well a package's name answers; its last part is a name of its own (`log4j-core` of
    /// `org.apache.logging.log4j:log4j-core`).
    fn in_package(&self, name: &[u8]) -> u8 {
        if !contains(name, &self.bytes) {
            return 0;
        }
        let own = name.rsplit(|byte| matches!(byte, b'/' | b':')).next().unwrap_or(name);
        match () {
            () if name == self.bytes || own == self.bytes => rank::PACKAGE,
            () if name.starts_with(&self.bytes) || own.starts_with(&self.bytes) => rank::BEGINS_PACKAGE,
            () => rank::IN_PACKAGE,
        }
    }

    fn in_title(&self, title: &[u8]) -> u8 {
        let mut best = 0;
        let mut from = 0;
        while let Some(at) = title.get(from..).and_then(|rest| find(rest, &self.bytes)) {
            let (start, end) = (from + at, from + at + self.bytes.len());
            let is_part =
                |at: Option<usize>| at.and_then(|at| title.get(at)).is_some_and(u8::is_ascii_alphanumeric);
            if !is_part(start.checked_sub(1)) && !is_part(Some(end)) {
                return rank::WORD_OF_TITLE;
            }
            best = rank::IN_TITLE;
            from = start + 1;
        }
        best
    }
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, word)
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    find(text, word).is_some()
}

impl Database {
    /// Records and packages that contain all of `words`, those that are one of the words exactly first; of equally good
    /// records the newest first.
    ///
    /// With `ecosystems` only packages of these, and records that speak of one. Passes over the whole database, on all
    /// cores.
    pub fn search(&self, words: &[&str], ecosystems: Option<&[&EcosystemEntry]>) -> Result<Hits, Error> {
        let groups = Groups::of(self)?;
        let words: Vec<Word> = words
            .iter()
            .flat_map(|words| words.split_whitespace())
            .map(|word| Word {
                bytes: word.to_ascii_lowercase().into_bytes(),
                ranks: (0..groups.records).map(|_| AtomicU8::new(0)).collect(),
            })
            .collect();
        if words.is_empty() {
            return Ok(Hits::default());
        }
        let within: Vec<AtomicU8> = (0..groups.records).map(|_| AtomicU8::new(0)).collect();
        let packages = self.search_packages(&groups, &words, ecosystems, &within)?;
        self.search_records(&words)?;
        let mut found = Vec::new();
        for record in self.record_ids()? {
            let place = record.0 as usize;
            let inside =
                ecosystems.is_none() || within.get(place).is_some_and(|it| it.load(Ordering::Relaxed) > 0);
            if !inside || words.iter().any(|word| word.rank(place) == 0) {
                continue;
            }
            let rank: u32 = words.iter().map(|word| u32::from(word.rank(place))).sum();
            let view = self.record(record)?;
            found.push((rank, view.published().unwrap_or(view.modified()), record));
        }
        found.sort_unstable_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)).then(a.2.cmp(&b.2)));
        Ok(Hits { packages, records: found.into_iter().map(|(_, _, record)| record).collect() })
    }

    /// Looks for the words in package names, notes for the records of such a package how well it answers, and in
    /// `within` which records speak of these ecosystems at all.
    fn search_packages(
        &self,
        groups: &Groups<'_>,
        words: &[Word],
        ecosystems: Option<&[&EcosystemEntry]>,
        within: &[AtomicU8],
    ) -> Result<Vec<(Key, usize)>, Error> {
        let visit = |ecosystem: &EcosystemEntry, name: &[u8], value| {
            let lower = name.to_ascii_lowercase();
            let ranks: Vec<u8> = words.iter().map(|word| word.in_package(&lower)).collect();
            if ecosystems.is_none() && ranks.iter().all(|rank| *rank == 0) {
                return Ok(None);
            }
            let mut entries = 0;
            for record in groups.records(value)? {
                let record = record?;
                entries += 1;
                for (word, rank) in words.iter().zip(&ranks).filter(|(_, rank)| **rank > 0) {
                    word.raise(record, *rank);
                }
                if let Some(inside) = within.get(record.0 as usize) {
                    inside.store(1, Ordering::Relaxed);
                }
            }
            let rank: u32 = ranks.iter().map(|rank| u32::from(*rank)).sum();
            Ok((!ranks.contains(&0)).then(|| {
                let name = String::from_utf8_lossy(name).into();
                (rank, Key { ecosystem: ecosystem.name.clone(), name }, entries)
            }))
        };
        let mut found = match ecosystems {
            Some(some) => groups.visit(some.iter().copied(), visit)?,
            None => groups.visit(self.ecosystems(), visit)?,
        };
        let length = |key: &Key| key.name.len();
        found.sort_by(|a, b| {
            (b.0, length(&a.1), b.2).cmp(&(a.0, length(&b.1), a.2)).then_with(|| a.1.cmp(&b.1))
        });
        Ok(found.into_iter().map(|(_, key, entries)| (key, entries)).collect())
    }

    /// Looks for the words in identifiers and titles of all records.
    fn search_records(&self, words: &[Word]) -> Result<(), Error> {
        let all: Vec<RecordId> = self.record_ids()?.collect();
        let pointers: Result<Vec<_>, Error> = all
            .par_iter()
            .with_min_len(1024)
            .map(|&number| {
                let record = self.record(number)?;
                for word in words {
                    // Publishers write identifiers in upper case; the letters of a GHSA are lower.
                    let is = |id: &str| id.as_bytes().eq_ignore_ascii_case(&word.bytes);
                    let mut others = record.aliases().chain(record.upstream());
                    if is(record.id()) {
                        word.raise(number, rank::ID);
                    } else if others.clone().any(is) {
                        word.raise(number, rank::OTHER_ID);
                    } else {
                        let has = |id: &str| contains(&id.as_bytes().to_ascii_lowercase(), &word.bytes);
                        if has(record.id()) || others.any(has) {
                            word.raise(number, rank::IN_ID);
                        }
                    }
                }
                Ok((record.text.block, record.text.offset, number))
            })
            .collect();
        let mut pointers = pointers?;
        pointers.par_sort_unstable();
        let blocks: Vec<_> = pointers.chunk_by(|a, b| a.0 == b.0).collect();
        blocks.into_par_iter().try_for_each(|records| {
            let Some(&(block, _, _)) = records.first() else { return Ok(()) };
            let (section, bytes) = self.expand_block(block)?;
            for &(_, offset, number) in records {
                let title = crate::section::text::read_title(section, &bytes, offset)?.to_ascii_lowercase();
                for word in words {
                    match word.in_title(title.as_bytes()) {
                        0 => {}
                        rank => word.raise(number, rank),
                    }
                }
            }
            Ok(())
        })
    }
}
