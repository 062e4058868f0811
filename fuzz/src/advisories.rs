//! Records as they come in, and the database file as somebody else may have made it.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

use pratique_advisory::{
    Database, Error, FeedId, FeedInput, ImportOptions, ReadSeek, Source, SourceError, feeds, import, osv,
};
use xxhash_rust::xxh3::xxh3_64;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// A file of this process in memory, where the system has such a place.
fn scratch(name: &str) -> PathBuf {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    folder.join(format!("pratique-fuzz-{}-{name}.pdb", std::process::id()))
}

/// Any bytes as a database: once as they are, and once with checksums that are right, as an enemy would send it.
pub fn advisory_database(bytes: &[u8]) {
    let path = scratch("database");
    for sealed in [false, true] {
        let mut bytes = bytes.to_vec();
        if sealed && seal(&mut bytes).is_none() {
            continue;
        }
        fs::write(&path, &bytes).expect("scratch files can be written");
        let _ = Database::open(&path).and_then(|database| {
            database.verify()?;
            ask(&database)
        });
    }
    let _ = fs::remove_file(&path);
}

/// Asks everything that a database can be asked, as long as the answers go on.
fn ask(database: &Database) -> Result<(), Error> {
    // Numbers of entries are an enemy's to choose, and each is answered in bounded time.
    const MOST: usize = 300;
    for key in database.keys().take(MOST) {
        let key = key?;
        for entry in database.affected(&key.ecosystem, &key.name)?.take(MOST) {
            let entry = entry?;
            let _ = database.record_of(&entry).map(|record| record.id().len());
            entry.ranges().take(MOST).for_each(|range| range.events.take(MOST).for_each(drop));
            let _ = (entry.versions().iter().take(MOST).count(), entry.severities(), entry.rating());
            let _ = (entry.state(), entry.informational());
        }
    }
    let _ = (database.affected("npm", "lodash"), database.affected("PyPI", "Django"));
    for number in database.record_ids()?.take(MOST) {
        let Ok(record) = database.record(number) else { continue };
        let _ = (record.modified(), record.published(), record.severities(), record.rating());
        let lists = [record.aliases(), record.upstream(), record.related()];
        for id in lists.into_iter().flat_map(|list| list.take(MOST)).chain([record.id()]) {
            let _ = (database.find(id), database.mentions(id), database.cve(id));
        }
        let _ = database.text(number);
    }
    for id in ["CVE-2021-44228", "GHSA-29mw-wpgm-hmr9", ""] {
        let _ = (database.find(id), database.mentions(id), database.cve(id));
    }
    Database::diff(database, database).take(MOST).for_each(drop);
    Ok(())
}

/// Puts right checksums under the bytes; the layout is that of the description in the crate's `file/header.rs`.
/// `None` where there is no place for them.
fn seal(bytes: &mut Vec<u8>) -> Option<()> {
    const HEADER: usize = 4096;
    const BLOCK: usize = 64 * 1024;
    if bytes.len() <= HEADER {
        return None;
    }
    // Whatever the input says, the sections reach to its end and the table of checksums comes behind them.
    let table = bytes.len();
    let sums: Vec<u8> =
        bytes.get(HEADER..)?.chunks(BLOCK).flat_map(|block| xxh3_64(block).to_le_bytes()).collect();
    bytes.extend_from_slice(&sums);
    let length = bytes.len() as u64;
    bytes.get_mut(32..40)?.copy_from_slice(&length.to_le_bytes());
    bytes.get_mut(40..48)?.copy_from_slice(&(table as u64).to_le_bytes());
    bytes.get_mut(48..56)?.copy_from_slice(&xxh3_64(&sums).to_le_bytes());
    let sum = xxh3_64(bytes.get(..HEADER - 8)?);
    bytes.get_mut(HEADER - 8..HEADER)?.copy_from_slice(&sum.to_le_bytes());
    Some(())
}

/// Any bytes as a record of an export, from the zip to the answers of the database.
pub fn osv_record(bytes: &[u8]) {
    let record = osv::Record::parse(bytes);
    let path = scratch("record");
    let options = ImportOptions { strict: true, ..ImportOptions::default() };
    if import(Some(&OneRecord(bytes)), &path, options).is_ok() {
        let record = record.expect("what is imported can be read");
        let database = Database::open(&path).expect("what was just written can be opened");
        database.verify().expect("what was just written is sound");
        let found = database.find(&record.id).expect("its record can be found");
        assert!(!found.is_empty(), "{:?} is not found", record.id);
        ask(&database).expect("what was just written can be read");
        for key in database.keys() {
            let key = key.expect("what was just written can be read");
            let entries = database.affected(&key.ecosystem, &key.name).expect("a key leads to entries");
            let entries: Vec<_> = entries.collect::<Result<_, _>>().expect("entries can be read");
            assert!(!entries.is_empty(), "{key:?}");
        }
    }
    let _ = fs::remove_file(&path);
}

/// An export of one ecosystem with one record.
struct OneRecord<'a>(&'a [u8]);

impl Source for OneRecord<'_> {
    fn name(&self) -> String {
        "one record".into()
    }

    fn read(&self, path: &str) -> Result<Option<Box<dyn Read + Send + '_>>, SourceError> {
        Ok((path == "ecosystems.txt").then(|| Box::new(&b"npm"[..]) as _))
    }

    fn open(&self, _: &str, _: &Path) -> Result<Option<Box<dyn ReadSeek + '_>>, SourceError> {
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("record.json", stored).expect("memory can be written");
        zip.write_all(self.0).expect("memory can be written");
        Ok(Some(Box::new(zip.finish().expect("memory can be written"))))
    }
}

/// Any bytes as a file of a distribution's feed, which the first line names, to the answers of the database.
pub fn distribution_feed(bytes: &[u8]) {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return };
    let (name, file) = (&bytes[..end], &bytes[end + 1..]);
    let Some(id) = std::str::from_utf8(name).ok().and_then(FeedId::from_name) else { return };
    let Some(feed) = feeds::all().iter().find(|feed| feed.id() == id) else { return };
    let path = scratch("feed");
    let inputs = vec![FeedInput { feed: *feed, source: Box::new(OneFile { id, file }) }];
    if import(None, &path, ImportOptions { feeds: inputs, ..ImportOptions::default() }).is_ok() {
        let database = Database::open(&path).expect("what was just written can be opened");
        database.verify().expect("what was just written is sound");
        ask(&database).expect("what was just written can be read");
    }
    let _ = fs::remove_file(&path);
}

/// A feed with one file, and what leads to it.
struct OneFile<'a> {
    id: FeedId,
    file: &'a [u8],
}

impl Source for OneFile<'_> {
    fn name(&self) -> String {
        "one file".into()
    }

    fn read(&self, path: &str) -> Result<Option<Box<dyn Read + Send + '_>>, SourceError> {
        const INDEX: &[u8] =
            b"<repomd><data type='updateinfo'><location href='updateinfo.xml'/></data></repomd>";
        let here = match (self.id, path) {
            (FeedId::Alpine, "v3.20/main.json") => Some(self.file),
            (FeedId::Alpine, _) | (FeedId::Photon, "photon_versions.json") => None,
            (FeedId::Amazon, "al2023/core/mirrors/latest/x86_64/mirror.list") => Some(&b"here"[..]),
            (FeedId::Amazon, "here/repodata/repomd.xml") => Some(INDEX),
            (FeedId::Amazon, "here/updateinfo.xml") => Some(self.file),
            (FeedId::Amazon, _) => None,
            (_, "cve_data_photon5.0.json") => Some(self.file),
            (FeedId::Photon, _) => None,
            _ => Some(self.file),
        };
        Ok(here.map(|bytes| Box::new(Cursor::new(bytes)) as _))
    }
}

/// The first line says whose feed it is and where the file lies in it, as in `vex document.json`; the rest is that file, the
/// only one there is.
pub fn publisher_feed(bytes: &[u8]) {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return };
    let (line, file) = (&bytes[..end], &bytes[end + 1..]);
    let Some((name, path)) = std::str::from_utf8(line).ok().and_then(|line| line.split_once(' ')) else {
        return;
    };
    let Some(id) = FeedId::from_name(name) else { return };
    let Some(feed) = feeds::all().iter().find(|feed| feed.id() == id) else { return };
    let target = scratch("publisher");
    let inputs = vec![FeedInput { feed: *feed, source: Box::new(OnlyFile { path, file }) }];
    if import(None, &target, ImportOptions { feeds: inputs, ..ImportOptions::default() }).is_ok() {
        let database = Database::open(&target).expect("what was just written can be opened");
        database.verify().expect("what was just written is sound");
        ask(&database).expect("what was just written can be read");
    }
    let _ = fs::remove_file(&target);
}

struct OnlyFile<'a> {
    path: &'a str,
    file: &'a [u8],
}

impl Source for OnlyFile<'_> {
    fn name(&self) -> String {
        "only file".into()
    }

    fn read(&self, path: &str) -> Result<Option<Box<dyn Read + Send + '_>>, SourceError> {
        Ok((path == self.path).then(|| Box::new(Cursor::new(self.file)) as _))
    }

    fn list(&self) -> Result<Option<Vec<String>>, SourceError> {
        Ok(Some(vec![self.path.to_owned()]))
    }
}
