//! The feeds of Debian, Red Hat, Ubuntu, NVD and of vendors' VEX documents: real samples, read into a database and asked,
//! with every entry accounted for; and the same samples damaged.

#![allow(unreachable_pub, clippy::unwrap_used, clippy::print_stdout, reason = "a test program")]

#[path = "../common/mod.rs"]
mod common;
mod damage;
mod debian;
mod nvd;
mod red_hat;
mod ubuntu;
mod vex;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::{Cursor, Read},
    path::Path,
};

use common::{Outcome, options, shared};
use pratique_advisory::{
    Counts, Database, Event, Feed, FeedInput, Folder, ImportOptions, ImportReport, SkipReason, Source,
    SourceError, import,
};

/// A place with files in memory.
#[derive(Clone, Default)]
pub struct Files {
    files: BTreeMap<String, Vec<u8>>,
    lists: bool,
}

impl Files {
    /// Files that can be listed, as a folder's.
    pub fn folder<const N: usize>(files: [(&str, Vec<u8>); N]) -> Files {
        Files {
            files: files.into_iter().map(|(path, bytes)| (path.to_owned(), bytes)).collect(),
            lists: true,
        }
    }

    /// Files that cannot, as a server's.
    pub fn server<const N: usize>(files: [(&str, Vec<u8>); N]) -> Files {
        Files { lists: false, ..Files::folder(files) }
    }
}

impl Source for Files {
    fn name(&self) -> String {
        "memory".into()
    }

    fn read(&self, path: &str) -> Result<Option<Box<dyn Read + Send + '_>>, SourceError> {
        Ok(self.files.get(path).map(|bytes| Box::new(Cursor::new(bytes)) as _))
    }

    fn list(&self) -> Result<Option<Vec<String>>, SourceError> {
        Ok(self.lists.then(|| self.files.keys().cloned().collect()))
    }
}

/// A database of one feed.
pub struct Imported {
    database: Database,
    report: ImportReport,
    /// The database lies in it.
    _folder: tempfile::TempDir,
}

/// Imports one feed.
pub fn read<'a>(feed: &'a dyn Feed, source: impl Source + 'a) -> Outcome<Imported> {
    let folder = tempfile::tempdir()?;
    let target = folder.path().join("feed.pdb");
    let feeds = vec![FeedInput { feed, source: Box::new(source) }];
    let report = import(None, &target, ImportOptions { feeds, ..options() })?;
    Ok(Imported { database: Database::open(&target)?, report, _folder: folder })
}

impl Imported {
    /// What became of the feed's entries; they add up.
    pub fn counts(&self) -> &Counts {
        assert_eq!(self.report.problems, []);
        let feed = self.report.info.feeds.values().next().unwrap();
        assert!(feed.counts.add_up(), "{:?}", feed.counts);
        &feed.counts
    }

    /// Entries that were skipped, or left out, with the reason.
    pub fn skipped(&self, why: SkipReason) -> Vec<String> {
        let skipped = self.report.skipped.iter().filter(|skipped| skipped.reason == why);
        skipped.map(|it| format!("{}: {}", it.member, it.detail.as_deref().unwrap_or_default())).collect()
    }

    /// One line for each entry of a package.
    pub fn rows(&self, ecosystem: &str, package: &str) -> Outcome<Vec<String>> {
        let mut rows = Vec::new();
        for entry in self.database.affected(ecosystem, package)? {
            let entry = entry?;
            let mut row = self.database.record_of(&entry)?.id().to_owned();
            for range in entry.ranges() {
                let events = range.events.map(|event| match event {
                    Event::Introduced(version) => format!(" >={version}"),
                    Event::Fixed(version) => format!(" <{version}"),
                    Event::LastAffected(version) => format!(" <={version}"),
                    Event::Limit(version) => format!(" limit {version}"),
                });
                row.extend(events);
            }
            let versions: Vec<&str> = entry.versions().iter().collect();
            if !versions.is_empty() {
                let _ = write!(row, " {versions:?}");
            }
            let _ = write!(row, " {:?}", entry.state());
            if let Some(rating) = entry.rating()? {
                let _ = write!(row, " {}={:?}", rating.text, rating.level);
            }
            rows.push(row);
        }
        Ok(rows)
    }

    /// How many entries there are, over all packages.
    pub fn entries(&self) -> u32 {
        self.report.info.entries
    }
}

/// A folder of the shared samples, or why a test does nothing.
pub fn samples(name: &str) -> Option<Folder> {
    let Some(shared) = shared() else {
        println!("skipped: the shared samples are not on this machine");
        return None;
    };
    Some(Folder::new(shared.join("feeds").join(name)))
}

/// A file of the shared samples.
pub fn sample(name: &str) -> Option<Vec<u8>> {
    let Some(shared) = shared() else {
        println!("skipped: the shared samples are not on this machine");
        return None;
    };
    fs::read(shared.join("feeds").join(name)).ok()
}

/// A file of this crate's own samples.
pub fn kept(name: &str) -> Outcome<Vec<u8>> {
    Ok(fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/feeds").join(name))?)
}
