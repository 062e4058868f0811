//! An import or update that is killed at any moment leaves the old database or the new one, whole.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests fail by panicking and say what they did")]

mod support;

use std::{
    fmt::Write as _,
    fs,
    io::{Cursor, Write as _},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use pratique_advisory::Database;
use support::Pratique;
use zip::{ZipWriter, write::SimpleFileOptions};

/// Times that it is killed: `PRATIQUE_KILLS`.
const KILLS: u32 = 100;

fn record(number: u32, modified: &str, summary: &str) -> String {
    format!(
        r#"{{"id":"TEST-{number}","modified":"{modified}","summary":"{summary}","affected":[{{"package":
        {{"ecosystem":"npm","name":"package-{number}"}},"ranges":[{{"type":"SEMVER","events":
        [{{"introduced":"0"}},{{"fixed":"{number}.0.0"}}]}}]}}]}}"#
    )
}

/// An export of that many records, large enough that writing it takes a while.
fn export(folder: &Path, records: u32) {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for number in 0..records {
        let mut noise = String::new();
        for word in 0..40_u64 {
            let _ =
                write!(noise, "{:x} ", (u64::from(number) * 40 + word).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
        let record = record(number, "2024-01-01T00:00:00Z", &noise);
        zip.start_file(format!("TEST-{number}.json"), SimpleFileOptions::default()).unwrap();
        zip.write_all(record.as_bytes()).unwrap();
    }
    fs::create_dir_all(folder.join("npm")).unwrap();
    fs::write(folder.join("npm/all.zip"), zip.finish().unwrap().into_inner()).unwrap();
    fs::write(folder.join("ecosystems.txt"), "npm").unwrap();
}

fn kills() -> u32 {
    std::env::var("PRATIQUE_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS)
}

#[test]
fn a_killed_update_leaves_the_old_or_the_new_database() {
    const RECORDS: u32 = 2000;
    let pratique = Pratique::new();
    let home = pratique.home.path();
    let source = home.join("export");
    export(&source, RECORDS);
    fs::write(source.join("npm/modified_id.csv"), "").unwrap();
    let target = home.join("db/a.pdb");
    let update = || {
        let mut command = pratique.command();
        command.args(["db", "update", "--quiet", "--db-source"]).arg(&source).arg("--db").arg(&target);
        command
    };
    let whole = || {
        let database = Database::open(&target).unwrap();
        database.verify().unwrap();
        database.info().records
    };
    assert!(update().status().unwrap().success());
    let start = Instant::now();
    assert!(update().status().unwrap().success());
    let time = start.elapsed();
    let (mut old, mut new) = (0, 0);
    let mut list = String::new();
    for kill in 0..kills() {
        // One more record is published each time.
        let number = RECORDS + kill;
        let modified = format!("2024-01-02T{:02}:{:02}:{:02}Z", kill / 3600, kill / 60 % 60, kill % 60);
        fs::write(source.join(format!("npm/TEST-{number}.json")), record(number, &modified, "new")).unwrap();
        list = format!("{modified},TEST-{number}\n{list}");
        fs::write(source.join("npm/modified_id.csv"), &list).unwrap();
        let before = whole();
        let mut child = update().spawn().unwrap();
        let share = f64::from(kill) * 0.618_033_988_749_895 % 1.0;
        thread::sleep(Duration::from_secs_f64(time.as_secs_f64() * 1.3 * share));
        child.kill().unwrap();
        child.wait().unwrap();
        match whole() {
            records if records == before => old += 1,
            records if records == number + 1 => new += 1,
            records => panic!("kill {kill}: a database of {records} records"),
        }
    }
    println!("{} kills within {time:?}: {old} times the old database, {new} times the new", kills());
    assert!(old > 0 && old + new == kills());
    assert!(update().status().unwrap().success());
    assert_eq!(whole(), RECORDS + kills(), "nothing that was published is missed by what was killed");
}

#[test]
fn a_killed_import_leaves_the_old_or_the_new_database() {
    let kills = kills();
    let pratique = Pratique::new();
    let home = pratique.home.path();
    let sizes = [450, 500];
    let exports = sizes.map(|records| home.join(format!("export-{records}")));
    for (folder, records) in exports.iter().zip(sizes) {
        export(folder, records);
    }
    let folder = home.join("db");
    fs::create_dir_all(&folder).unwrap();
    let target = folder.join("a.pdb");
    let import = |export: &Path| {
        let mut command = pratique.command();
        command.args(["db", "import", "--quiet"]).arg(export).arg("--db").arg(&target);
        command
    };
    let whole = || {
        let database = Database::open(&target).unwrap();
        database.verify().unwrap();
        usize::try_from(database.info().records).unwrap()
    };
    assert!(import(&exports[0]).status().unwrap().success());
    // How long it takes when nobody disturbs it, once the program lies in memory.
    let start = Instant::now();
    assert!(import(&exports[0]).status().unwrap().success());
    let time = start.elapsed();
    let (mut old, mut new, mut left) = (0, 0, 0);
    for kill in 0..kills {
        let before = whole();
        // The other of the two exports, so that it shows which database is there.
        let next = usize::from(before == sizes[0] as usize);
        let mut child = import(&exports[next]).spawn().unwrap();
        // All over its time, and a little beyond: golden ratio steps are as even as they can be.
        let share = f64::from(kill) * 0.618_033_988_749_895 % 1.0;
        thread::sleep(Duration::from_secs_f64(time.as_secs_f64() * 1.3 * share));
        // SIGKILL: nothing in the process runs any more.
        child.kill().unwrap();
        child.wait().unwrap();
        match whole() {
            records if records == before => old += 1,
            records if records == sizes[next] as usize => new += 1,
            records => panic!("kill {kill}: a database of {records} records"),
        }
        let beside = fs::read_dir(&folder).unwrap().count() - 1;
        left += usize::from(beside > 0);
        // One import has three temporary files: more would be of two.
        assert!(beside <= 3, "kill {kill}: what earlier imports left was not removed: {beside} files");
    }
    println!(
        "{kills} kills within {time:?}: {old} times the old database, {new} times the new, {left} left files"
    );
    assert!(old > 0 && old + new == kills);
    assert!(import(&exports[0]).status().unwrap().success());
    assert_eq!(whole(), sizes[0] as usize);
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files, std::slice::from_ref(&target), "the next import removes what was left");
}
