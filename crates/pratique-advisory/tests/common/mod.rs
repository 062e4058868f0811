//! What several test programs need: the records of `testdata` packed as an export, and a database asked everything.

#![allow(dead_code, unreachable_pub, reason = "each test program uses a part")]

use std::{
    error::Error,
    fmt::Write as _,
    fs,
    io::{Cursor, Write as _},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use pratique_advisory::{
    Affected, Database, Error as DatabaseError, Folder, ImportOptions, ImportReport, import,
};
use zip::{ZipWriter, write::SimpleFileOptions};

pub type Outcome<T = ()> = Result<T, Box<dyn Error>>;

pub fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

/// The folder with the project's large inputs, if this machine has it.
pub fn shared() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let folder = std::env::var_os("PRATIQUE_SHARED").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    folder.join("osv/ecosystems.txt").exists().then_some(folder)
}

/// Members of zips: ecosystem, name, contents.
pub type Members = Vec<(String, String, Vec<u8>)>;

/// The records of `testdata`.
pub fn golden() -> Outcome<Members> {
    let mut members = Vec::new();
    for folder in fs::read_dir(testdata().join("osv"))? {
        let folder = folder?;
        let ecosystem = folder.file_name().to_string_lossy().into_owned();
        for file in fs::read_dir(folder.path())? {
            let file = file?;
            members.push((
                ecosystem.clone(),
                file.file_name().to_string_lossy().into_owned(),
                fs::read(file.path())?,
            ));
        }
    }
    members.sort();
    Ok(members)
}

/// A few of them, for a small database.
pub fn few() -> Outcome<Members> {
    let names = [
        "GHSA-29mw-wpgm-hmr9.json",
        "UBUNTU-CVE-2008-7320.json",
        "RUSTSEC-2016-0004.json",
        "DSA-1001-1.json",
    ];
    Ok(golden()?.into_iter().filter(|(_, name, _)| names.contains(&name.as_str())).collect())
}

/// Lays members out as an export.
pub fn pack(members: &[(String, String, Vec<u8>)], folder: &Path) -> Outcome {
    let mut names: Vec<&str> = members.iter().map(|(ecosystem, _, _)| ecosystem.as_str()).collect();
    names.dedup();
    for name in &names {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (_, member, bytes) in members.iter().filter(|(ecosystem, _, _)| ecosystem == name) {
            zip.start_file(member.as_str(), SimpleFileOptions::default())?;
            zip.write_all(bytes)?;
        }
        fs::create_dir_all(folder.join(name))?;
        fs::write(folder.join(name).join("all.zip"), zip.finish()?.into_inner())?;
    }
    fs::write(folder.join("ecosystems.txt"), names.join("\n"))?;
    Ok(())
}

/// A member for an ecosystem.
pub fn member(ecosystem: &str, name: &str, json: &str) -> (String, String, Vec<u8>) {
    (ecosystem.to_owned(), name.to_owned(), json.as_bytes().to_vec())
}

/// Fixed, so that databases can be compared.
pub fn options() -> ImportOptions<'static> {
    ImportOptions { created: Timestamp::from_second(1_790_000_000).ok(), ..ImportOptions::default() }
}

/// Packs members and imports them to `folder/name`.
pub fn build(
    members: &[(String, String, Vec<u8>)],
    folder: &Path,
    name: &str,
) -> Outcome<(PathBuf, ImportReport)> {
    let export = folder.join("export");
    let _ = fs::remove_dir_all(&export);
    pack(members, &export)?;
    let target = folder.join(name);
    let report = import(Some(&Folder::new(&export)), &target, options())?;
    Ok((target, report))
}

/// One entry, as text.
pub fn show(entry: &Affected<'_>) -> Result<String, DatabaseError> {
    let ranges: Vec<String> = entry
        .ranges()
        .map(|range| format!("{:?} {:?}", range.kind, range.events.collect::<Vec<_>>()))
        .collect();
    let versions: Vec<&str> = entry.versions().iter().collect();
    Ok(format!(
        "{ranges:?} {versions:?} {:?} {:?} {:?} {:?}",
        entry.severities()?,
        entry.rating()?,
        entry.state(),
        entry.informational()
    ))
}

/// Everything that a database answers, as text.
pub fn ask_everything(database: &Database) -> Result<String, DatabaseError> {
    let mut all = format!("{:?}\n{:?}\n", database.info(), database.ecosystems());
    let mut say = |line: String| {
        all.push_str(&line);
        all.push('\n');
    };
    for key in database.keys() {
        let key = key?;
        say(format!("{key:?}"));
        for entry in database.affected(&key.ecosystem, &key.name)? {
            let entry = entry?;
            say(format!("  {} {}", database.record_of(&entry)?.id(), show(&entry)?));
        }
    }
    for number in database.record_ids()? {
        let record = database.record(number)?;
        let mut line = String::new();
        let times = (record.modified(), record.published());
        let lists = [record.aliases(), record.upstream(), record.related()].map(Iterator::collect::<Vec<_>>);
        let _ = write!(
            line,
            "{} {times:?} {lists:?} {:?} {:?} ",
            record.id(),
            record.severities()?,
            record.rating()?
        );
        let _ = write!(line, "{:?}", database.text(number)?);
        say(line);
        for id in lists.iter().flatten().chain([&record.id()]) {
            say(format!(
                "{id}: {:?} {:?} {:?}",
                database.find(id)?,
                database.mentions(id)?,
                database.cve(id)?
            ));
        }
    }
    Ok(all)
}
